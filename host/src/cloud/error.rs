use std::fmt;
use std::path::{Path, PathBuf};

use crate::ironic::TransportError;
use crate::untrusted::one_line;

/// Why there is no way to Ironic. Each `Display` is one line for people, fit for a terminal, and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Nothing tells which cloud.
    NoCloud {
        /// Those of clouds.yaml.
        known: Vec<String>,
    },
    /// clouds.yaml has no cloud of that name.
    UnknownCloud {
        /// The name.
        name: String,
        /// The file, if there is one.
        file: Option<PathBuf>,
        /// Those that it has.
        known: Vec<String>,
    },
    /// No clouds-public.yaml has the profile.
    UnknownProfile {
        /// Whose profile.
        place: Place,
        /// Its name.
        profile: String,
    },
    /// The cloud has a list of regions, and this one is not on it.
    UnknownRegion {
        /// Whose region.
        place: Place,
        /// Its name.
        region: String,
        /// The list.
        known: Vec<String>,
    },
    /// A variable that is not text.
    NotUtf8 {
        /// Its name.
        variable: String,
    },
    /// A file cannot be read.
    File {
        /// Which one it is.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// The operating system's words.
        error: String,
    },
    /// A file is not YAML.
    NotYaml {
        /// Which.
        path: PathBuf,
        /// Where it stops being YAML, from 1.
        line: u64,
        /// Where in that line, from 1.
        column: u64,
    },
    /// A file, or a member of it, is not a map.
    NotAMap {
        /// Which file.
        path: PathBuf,
        /// The member; empty for the whole.
        member: String,
    },
    /// A member is missing.
    Missing {
        /// Where.
        place: Place,
        /// What needs it.
        needed_for: &'static str,
        /// The member, or those of which one would do.
        members: &'static [&'static str],
        /// What else may be the matter.
        hint: &'static str,
    },
    /// A member has a value that it cannot have.
    Wrong {
        /// Where.
        place: Place,
        /// Which.
        member: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// An authentication type that configdrive does not have.
    AuthType {
        /// Where.
        place: Place,
        /// Its name.
        found: String,
        /// Why not, or which there are.
        why: &'static str,
    },
    /// A URL is none, or has what it should not have.
    Url {
        /// Which.
        what: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A file that should be PEM is something else.
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// The HTTP client cannot be set up.
    Http(String),
    /// Keystone said no.
    Refused {
        /// Its URL.
        keystone: String,
        /// Whose credentials.
        place: Place,
        /// The HTTP status.
        status: u16,
        /// Its words; may be empty.
        words: String,
    },
    /// Keystone gave no answer.
    Unreachable {
        /// Its URL.
        keystone: String,
        /// Why.
        error: TransportError,
    },
    /// What answers is not Keystone, or is out of order.
    NotKeystone {
        /// Its URL.
        keystone: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer; or its words.
        why: String,
    },
    /// The token comes without a catalogue.
    NoCatalogue {
        /// Whose token.
        place: Place,
    },
    /// The catalogue does not have what is looked for.
    NotInCatalogue {
        /// What is looked for.
        wanted: String,
        /// What there is in its place.
        known: Vec<String>,
    },
}

/// Where a cloud is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In variables such as `OS_AUTH_URL`.
    Environment,
    /// In clouds.yaml.
    Cloud {
        /// Its name.
        name: String,
        /// The file; none if only secure.yaml has it.
        file: Option<PathBuf>,
    },
}

impl Place {
    /// A member's name at that place.
    pub(super) fn member(&self, name: &str) -> String {
        match self {
            Self::Environment => format!("OS_{}", name.to_uppercase()),
            Self::Cloud { .. } => format!("`{name}`"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment"),
            Self::Cloud { name, file } => write!(f, "cloud {name:?} of {}", shown(file.as_deref())),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCloud { known } if known.is_empty() => f.write_str(
                "no cloud is configured: name one of clouds.yaml (--os-cloud or OS_CLOUD), set OS_AUTH_TYPE, OS_AUTH_URL \
                 and so on, or give the URL of an Ironic without authentication (--endpoint)",
            ),
            Self::NoCloud { known } => {
                write!(f, "no cloud is chosen: name one with --os-cloud or OS_CLOUD; there are {}", list(known))
            }
            Self::UnknownCloud { name, file, known } => {
                write!(f, "{} has no cloud {name:?}; it has {}", shown(file.as_deref()), list(known))
            }
            Self::UnknownProfile { place, profile } => write!(
                f,
                "{place}: no clouds-public.yaml has the profile {profile:?}, and configdrive has no list of public \
                 clouds: write the profile's members, such as `auth_url`, into the cloud itself"
            ),
            Self::UnknownRegion { place, region, known } => {
                write!(f, "{place} has no region {region:?}; it has {}", list(known))
            }
            Self::NotUtf8 { variable } => write!(f, "{variable} is not UTF-8 text"),
            Self::File { what, path, error } => write!(f, "{what}: cannot read {path:?}: {error}"),
            Self::NotYaml { path, line, column } => {
                write!(f, "{path:?} is not the YAML of a file of clouds: line {line}, column {column} does not fit")
            }
            Self::NotAMap { path, member } if member.is_empty() => {
                write!(f, "{path:?} is not a file of clouds: it should be a map with the member `clouds`")
            }
            Self::NotAMap { path, member } => write!(f, "{path:?}: `{member}` should be a map"),
            Self::Missing { place, needed_for, members, hint } => {
                let names = members.iter().map(|name| place.member(name)).collect::<Vec<_>>();
                let names = names.join(" nor ");
                let neither = if members.len() > 1 { "neither " } else { "no " };
                write!(f, "{place} has {neither}{names}, which {needed_for} needs{hint}")
            }
            Self::Wrong { place, member, wanted } => {
                write!(f, "{place}: {} should be {wanted}", place.member(member))
            }
            Self::AuthType { place, found, why } => {
                write!(f, "{place}: the authentication type {found:?} {why}")
            }
            Self::Url { what, why } => write!(f, "{what} {why}"),
            Self::Pem { path, why } => write!(f, "{path:?} {why}"),
            Self::Http(error) => write!(f, "cannot set up HTTP: {error}"),
            Self::Refused { keystone, place, status, words } => {
                let words = if words.is_empty() { "it does not say why" } else { words.trim_end_matches('.') };
                write!(
                    f,
                    "Keystone at {keystone} refuses the login with {status}: {words}; check user, password, domains \
                     and project of {place}"
                )
            }
            Self::Unreachable { keystone, error } => write!(f, "Keystone at {keystone}: {error}"),
            Self::NotKeystone { keystone, status, why } => {
                write!(f, "what should be Keystone at {keystone} answers {status}: {why}")
            }
            Self::NoCatalogue { place } => write!(
                f,
                "the token has no catalogue, as it is for no project, domain or system: {place} has no {}; or give \
                 Ironic's URL (--endpoint)",
                ["project_name", "domain_name", "system_scope"].map(|name| place.member(name)).join(", ")
            ),
            Self::NotInCatalogue { wanted, known } => write!(
                f,
                "the catalogue has no {wanted}; it has {}; or give Ironic's URL (--endpoint or \
                 OS_BAREMETAL_ENDPOINT_OVERRIDE)",
                list(known)
            ),
        }
    }
}

impl std::error::Error for Error {}

/// The file of clouds. Quoted: a name may hold anything.
fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "clouds.yaml".to_owned(), |path| format!("{path:?}"))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { one_line(&names.join(", "), 300) }
}
