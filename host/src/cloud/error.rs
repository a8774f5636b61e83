//! Errors on the way into a cloud.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use crate::transport::TransportError;
use crate::untrusted::one_line;

/// An error on the way to Ironic.
///
/// `Display` says what happened in one line, without secrets and safe to print to a terminal; [`source`](std::error::Error::source) has the cause,
/// where there is one.
#[derive(Clone, Debug)]
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
        origin: Origin,
        /// Its name.
        profile: String,
    },
    /// The cloud has a list of regions, and this one is not on it.
    UnknownRegion {
        /// Whose region.
        origin: Origin,
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
        /// Why not; shared, so that errors can be cloned.
        error: Arc<io::Error>,
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
        origin: Origin,
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
        origin: Origin,
        /// Which.
        member: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// An authentication type that configdrive does not have.
    AuthType {
        /// Where.
        origin: Origin,
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
        /// What it should have.
        expected: Pem,
    },
    /// The HTTP client cannot be set up.
    Http(String),
    /// Keystone said no.
    Refused {
        /// Its URL.
        keystone: String,
        /// Whose credentials.
        origin: Origin,
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
        origin: Origin,
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
pub enum Origin {
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

impl Origin {
    /// A member's name there.
    pub(super) fn member(&self, name: &str) -> String {
        match self {
            Self::Environment => format!("OS_{}", name.to_uppercase()),
            Self::Cloud { .. } => format!("`{name}`"),
        }
    }
}

impl fmt::Display for Origin {
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
            Self::NoCloud { known } if known.is_empty() => f.write_str("no cloud is configured"),
            Self::NoCloud { known } => write!(f, "no cloud is chosen; there are {}", list(known)),
            Self::UnknownCloud { name, file, known } => {
                write!(f, "{} has no cloud {name:?}; it has {}", shown(file.as_deref()), list(known))
            }
            Self::UnknownProfile { origin, profile } => write!(
                f,
                "{origin}: no clouds-public.yaml has the profile {profile:?}, and configdrive has no list of public \
                 clouds: write the profile's members, such as `auth_url`, into the cloud itself"
            ),
            Self::UnknownRegion { origin, region, known } => {
                write!(f, "{origin} has no region {region:?}; it has {}", list(known))
            }
            Self::NotUtf8 { variable } => write!(f, "{variable} is not UTF-8 text"),
            Self::File { what, path, .. } => write!(f, "{what}: cannot read {path:?}"),
            Self::NotYaml { path, line, column } => {
                write!(f, "{path:?} is not the YAML of a file of clouds: line {line}, column {column} does not fit")
            }
            Self::NotAMap { path, member } if member.is_empty() => {
                write!(f, "{path:?} is not a file of clouds: it should be a map with the member `clouds`")
            }
            Self::NotAMap { path, member } => write!(f, "{path:?}: `{member}` should be a map"),
            Self::Missing { origin, needed_for, members, hint } => {
                let names = members.iter().map(|name| origin.member(name)).collect::<Vec<_>>();
                let names = names.join(" nor ");
                let neither = if members.len() > 1 { "neither " } else { "no " };
                write!(f, "{origin} has {neither}{names}, which {needed_for} needs{hint}")
            }
            Self::Wrong { origin, member, wanted } => {
                write!(f, "{origin}: {} should be {wanted}", origin.member(member))
            }
            Self::AuthType { origin, found, why } => {
                write!(f, "{origin}: the authentication type {found:?} {why}")
            }
            Self::Url { what, why } => write!(f, "{what} {why}"),
            Self::Pem { path, expected } => write!(f, "{path:?} {expected}"),
            Self::Http(error) => write!(f, "cannot set up HTTP: {error}"),
            Self::Refused { keystone, origin, status, words } => {
                let words = if words.is_empty() { "it does not say why" } else { words.trim_end_matches('.') };
                write!(
                    f,
                    "Keystone at {keystone} refuses the login with {status}: {words}; check user, password, domains \
                     and project of {origin}"
                )
            }
            Self::Unreachable { keystone, .. } => write!(f, "Keystone at {keystone}"),
            Self::NotKeystone { keystone, status, why } => {
                write!(f, "what should be Keystone at {keystone} answers {status}: {why}")
            }
            Self::NoCatalogue { origin } => write!(
                f,
                "the token has no catalogue, as it is for no project, domain or system: {origin} has no {}",
                ["project_name", "domain_name", "system_scope"].map(|name| origin.member(name)).join(", ")
            ),
            Self::NotInCatalogue { wanted, known } => {
                write!(f, "the catalogue has no {wanted}; it has {}", list(known))
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(&**error),
            Self::Unreachable { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// What a PEM file should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pem {
    /// The certificates of CAs.
    Authorities,
    /// A client's certificate, with its key there or in another file.
    ClientCertificate,
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorities => "should be a CA's certificates in PEM, and has none",
            Self::ClientCertificate => {
                "should be a client certificate in PEM, with its unencrypted key here or in a file of its own"
            }
        })
    }
}

/// The file of clouds. Quoted: a name may hold anything.
fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "clouds.yaml".to_owned(), |path| format!("{path:?}"))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { one_line(&names.join(", "), 300) }
}
