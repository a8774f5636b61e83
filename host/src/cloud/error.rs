//! Errors in connecting to a cloud.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use crate::transport::TransportError;
use crate::untrusted::one_line;

/// An error in connecting to a cloud.
///
/// `Display` is one line that contains no secrets and is safe to print to a terminal.
/// [`source`](std::error::Error::source) returns the cause, if there is one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// No cloud was selected.
    NoCloud {
        /// The clouds in clouds.yaml.
        known: Vec<String>,
    },
    /// clouds.yaml has no cloud of that name.
    UnknownCloud {
        /// The requested name.
        name: String,
        /// The path of clouds.yaml, if there is one.
        file: Option<PathBuf>,
        /// The clouds that exist.
        known: Vec<String>,
    },
    /// No clouds-public.yaml has the profile.
    UnknownProfile {
        /// The cloud that names the profile. The name itself may be a misplaced password.
        origin: Origin,
    },
    /// The cloud has a list of regions that does not contain this one.
    UnknownRegion {
        /// The cloud.
        origin: Origin,
        /// The requested region.
        region: String,
        /// The cloud's list.
        known: Vec<String>,
    },
    /// An environment variable is not UTF-8.
    NotUtf8 {
        /// The variable's name.
        variable: String,
    },
    /// A file cannot be read.
    File {
        /// The file's role, such as `the CA file`.
        what: &'static str,
        /// The file's path.
        path: PathBuf,
        /// The cause, shared so that errors can be cloned.
        error: Arc<io::Error>,
    },
    /// A file is not YAML.
    NotYaml {
        /// The file's path.
        path: PathBuf,
        /// The line of the error, counted from 1.
        line: u64,
        /// The column in that line, counted from 1.
        column: u64,
    },
    /// A file, or a member of it, is not a map.
    NotAMap {
        /// The file's path.
        path: PathBuf,
        /// The member; empty for the whole file.
        member: String,
    },
    /// A member is missing.
    Missing {
        /// The cloud's configuration.
        origin: Origin,
        /// What requires the member.
        needed_for: &'static str,
        /// The member, or the alternatives of which one is required.
        members: &'static [&'static str],
        /// A hint that follows the message; may be empty.
        hint: &'static str,
    },
    /// A member has an invalid value.
    Wrong {
        /// The cloud's configuration.
        origin: Origin,
        /// The member's name.
        member: String,
        /// The values that are valid.
        wanted: &'static str,
    },
    /// The authentication type is not supported.
    AuthType {
        /// The cloud's configuration. The value of `auth_type` may be a misplaced password.
        origin: Origin,
        /// What is expected, or why a known type is not supported and what to use instead.
        why: &'static str,
    },
    /// A URL is invalid.
    Url {
        /// The URL's role. The URL itself may contain a password.
        what: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A PEM file does not contain what it should.
    Pem {
        /// The file's path.
        path: PathBuf,
        /// What it should contain.
        expected: Pem,
    },
    /// The HTTP client cannot be set up.
    Http(String),
    /// Keystone refused the credentials.
    Refused {
        /// Keystone's URL.
        keystone: String,
        /// The configuration that contains the credentials.
        origin: Origin,
        /// The HTTP status.
        status: u16,
        /// Keystone's message; may be empty.
        words: String,
    },
    /// There was no answer from Keystone.
    Unreachable {
        /// Keystone's URL.
        keystone: String,
        /// The cause.
        error: TransportError,
    },
    /// The server is not Keystone, or it failed.
    NotKeystone {
        /// Keystone's URL.
        keystone: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer, or the server's message.
        why: String,
    },
    /// The time limit was reached before Keystone issued a token.
    OutOfTime {
        /// Keystone's URL.
        keystone: String,
        /// Why the last attempt failed, if there was one.
        last: Option<Box<Error>>,
    },
    /// The token has no catalogue.
    NoCatalogue {
        /// The configuration that the token was requested with.
        origin: Origin,
    },
    /// The catalogue has no matching service or endpoint.
    NotInCatalogue {
        /// What was looked for.
        wanted: String,
        /// What the catalogue has instead.
        known: Vec<String>,
    },
}

/// Where a cloud's configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Environment variables such as `OS_AUTH_URL`.
    Environment,
    /// An entry in clouds.yaml.
    Cloud {
        /// The cloud's name.
        name: String,
        /// The path of clouds.yaml, or `None` if only secure.yaml exists.
        file: Option<PathBuf>,
    },
}

impl Origin {
    /// Returns a member's name as it is written there.
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
            Self::Cloud { name, file } => write!(f, "cloud {name:?} in {}", shown(file.as_deref())),
        }
    }
}

impl Error {
    /// Returns whether Keystone exists but did not process the request this time. Statuses from 520 come from proxies.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Unreachable { error, .. } => matches!(error, TransportError::Lost(_) | TransportError::Timeout(_)),
            Self::NotKeystone { status, .. } => matches!(status, 500 | 502..=504 | 520..=530),
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCloud { known } if known.is_empty() => f.write_str("no cloud is configured"),
            Self::NoCloud { known } => write!(f, "no cloud is selected; available clouds: {}", list(known)),
            Self::UnknownCloud { name, file: None, .. } => {
                write!(f, "cannot find the cloud {name:?}: no clouds.yaml was found")
            }
            Self::UnknownCloud { name, file: Some(file), known } => {
                write!(f, "{file:?} has no cloud {name:?}; available clouds: {}", list(known))
            }
            Self::UnknownProfile { origin } => write!(
                f,
                "{origin}: cannot find the profile that {} names: expected a profile of clouds-public.yaml, since configdrive has \
                 no built-in list of public clouds; copy the profile's members, such as `auth_url`, into the cloud's entry",
                origin.member("profile")
            ),
            Self::UnknownRegion { origin, region, known } => {
                write!(f, "{origin} has no region {region:?}; available regions: {}", list(known))
            }
            Self::NotUtf8 { variable } => write!(f, "{variable} is not UTF-8"),
            Self::File { what, path, .. } => write!(f, "{what}: cannot read {path:?}"),
            Self::NotYaml { path, line, column } => {
                write!(f, "{path:?} is not a valid clouds file: YAML error at line {line}, column {column}")
            }
            Self::NotAMap { path, member } if member.is_empty() => {
                write!(f, "{path:?} is not a valid clouds file: expected a map with the member `clouds`")
            }
            Self::NotAMap { path, member } => write!(f, "{path:?}: `{member}` must be a map"),
            Self::Missing { origin, needed_for, members, hint } => {
                let names = members.iter().map(|name| origin.member(name)).collect::<Vec<_>>();
                let names = names.join(" nor ");
                let neither = if members.len() > 1 { "neither " } else { "no " };
                write!(f, "{origin} has {neither}{names}, which {needed_for} requires{hint}")
            }
            Self::Wrong { origin, member, wanted } => {
                write!(f, "{origin}: {} must be {wanted}", origin.member(member))
            }
            Self::AuthType { origin, why } => {
                write!(f, "{origin}: cannot use this {}: {why}", origin.member("auth_type"))
            }
            Self::Url { what, why } => write!(f, "{what} {why}"),
            Self::Pem { path, expected } => write!(f, "{path:?} {expected}"),
            Self::Http(error) => write!(f, "cannot set up HTTP: {error}"),
            Self::Refused { keystone, origin, status, words } => {
                let words = if words.is_empty() { "no message" } else { words.trim_end_matches('.') };
                write!(
                    f,
                    "Keystone at {keystone} refused the login with {status}: {words}; check the user, password, domains \
                     and project in {origin}"
                )
            }
            Self::OutOfTime { keystone, last: None } => {
                write!(f, "cannot log in to Keystone at {keystone}: the time limit was reached")
            }
            Self::OutOfTime { last: Some(error), .. } => {
                write!(f, "{}; the time limit was reached", configdrive_contract::chain(&**error))
            }
            Self::Unreachable { keystone, .. } => write!(f, "cannot log in to Keystone at {keystone}"),
            Self::NotKeystone { keystone, status, why } => {
                write!(f, "cannot log in to Keystone at {keystone}: it answered {status}: {why}")
            }
            Self::NoCatalogue { origin } => {
                let [project, domain, system] =
                    ["project_name", "domain_name", "system_scope"].map(|name| origin.member(name));
                write!(
                    f,
                    "the token has no catalogue because it has no scope: set {project}, {domain} or {system} in {origin}"
                )
            }
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

/// What a PEM file should contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pem {
    /// CA certificates.
    Authorities,
    /// A client certificate, with its key in the same file or in another.
    ClientCertificate,
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authorities => "contains no CA certificates in PEM",
            Self::ClientCertificate => {
                "must contain a client certificate in PEM, with its unencrypted key in this file or a separate one"
            }
        })
    }
}

/// Returns the path of the clouds file, quoted because a file name may contain any character.
fn shown(path: Option<&Path>) -> String {
    path.map_or_else(|| "clouds.yaml".to_owned(), |path| format!("{path:?}"))
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { one_line(&names.join(", "), 300) }
}
