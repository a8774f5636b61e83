//! The authentication types, and what each requires.

use reqwest::Url;

use super::catalogue::Filter;
use super::endpoint::{Endpoint, base_url};
use super::error::{Error, Origin};
use super::members::Members;
use super::secret::Secret;

/// How to authenticate, and how to find Ironic.
#[derive(Debug)]
pub enum Auth {
    /// Without authentication.
    None { endpoint: Endpoint },
    /// HTTP Basic authentication (RFC 7617).
    HttpBasic { endpoint: Endpoint, username: String, password: Secret },
    /// With a token from Keystone.
    Keystone { identity: Box<Identity>, find: Find },
}

/// How to find Ironic in a cloud that has a catalogue.
#[derive(Debug)]
pub enum Find {
    At(Endpoint),
    InCatalogue(Filter),
}

/// A login to Keystone, and the scope of the token that it requests (Identity API v3, "Authentication and token management").
#[derive(Debug)]
pub struct Identity {
    pub origin: Origin,
    /// `…/v3/auth/tokens`
    pub url: Url,
    pub method: Method,
    pub scope: Scope,
}

#[derive(Debug)]
pub enum Method {
    Password { user: User, password: Secret },
    Token(Secret),
    ApplicationCredential { credential: ApplicationCredential, secret: Secret },
}

#[derive(Debug)]
pub enum ApplicationCredential {
    Id(String),
    Name { name: String, user: User },
}

#[derive(Debug, PartialEq, Eq)]
pub enum User {
    Id(String),
    Name { name: String, domain: Domain },
}

#[derive(Debug, PartialEq, Eq)]
pub enum Domain {
    Id(String),
    Name(String),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Scope {
    /// The user's default project, if there is one.
    Unscoped,
    ProjectId(String),
    ProjectName {
        name: String,
        domain: Domain,
    },
    Domain(Domain),
    System,
    Trust(String),
}

impl Auth {
    /// Reads `auth_type` and the members that it requires. `endpoint` is Ironic's URL, if it is configured.
    pub fn parse(members: &Members, endpoint: Option<Endpoint>, filter: Filter) -> Result<Self, Error> {
        let auth_type = members.first(&["auth_type", "auth_plugin"])?;
        let method = match auth_type.unwrap_or("password") {
            "none" | "noauth" | "None" => {
                return Ok(Self::None { endpoint: fixed(members, endpoint, "the authentication type none")? });
            }
            "http_basic" => {
                let needed_for = "the authentication type http_basic";
                return Ok(Self::HttpBasic {
                    endpoint: fixed(members, endpoint, needed_for)?,
                    username: members.needed(&["username", "user_name"], needed_for)?.to_owned(),
                    password: Secret::new(members.needed(&["password"], needed_for)?),
                });
            }
            "password" | "v3password" => {
                let needed_for = "password authentication";
                Method::Password {
                    user: user(members, needed_for, auth_type.is_none())?,
                    password: Secret::new(members.needed(&["password"], needed_for)?),
                }
            }
            "token" | "v3token" => {
                let needed_for = "token authentication";
                Method::Token(Secret::new(members.needed(&["token", "auth_token"], needed_for)?))
            }
            "v3applicationcredential" => application_credential(members)?,
            other => {
                let why = match other {
                    "admin_token" | "token_endpoint" => {
                        "admin_token and token_endpoint have no catalogue and cannot renew tokens; use token, or http_basic or \
                         none for a standalone Ironic"
                    }
                    "v2password" | "v2token" => {
                        "v2password and v2token are for Keystone's API v2, which no longer exists; use password or token"
                    }
                    _ => "expected password, token, v3applicationcredential, http_basic or none",
                };
                return Err(Error::AuthType { origin: members.origin.clone(), why });
            }
        };
        let identity =
            Identity { origin: members.origin.clone(), url: token_url(members)?, method, scope: scope(members)? };
        Ok(Self::Keystone { identity: Box::new(identity), find: endpoint.map_or(Find::InCatalogue(filter), Find::At) })
    }
}

/// Returns the endpoint of an Ironic without a catalogue.
fn fixed(members: &Members, endpoint: Option<Endpoint>, needed_for: &'static str) -> Result<Endpoint, Error> {
    if let Some(endpoint) = endpoint {
        return Ok(endpoint);
    }
    let text = members.auth(&["endpoint"])?.ok_or_else(|| members.missing(&["endpoint"], needed_for, ""))?;
    Endpoint::parse(text).map_err(|error| url_error(members, "endpoint", error.0))
}

/// Returns the URL for tokens. As in openstacksdk, `auth_url` may or may not contain the version.
fn token_url(members: &Members) -> Result<Url, Error> {
    let text = members.needed(&["auth_url"], "Keystone authentication")?;
    // A profile for several regions has a placeholder for the region in its URL.
    let text = match members.text("region_name")? {
        Some(region) => text.replace("{region_name}", region),
        None => text.to_owned(),
    };
    let mut url = base_url(&text).map_err(|error| url_error(members, "auth_url", error.0))?;
    let path = url.path().trim_end_matches('/').to_owned();
    if path.ends_with("/v2.0") || path.ends_with("/v2") {
        return Err(url_error(
            members,
            "auth_url",
            "is for Keystone's API v2, which no longer exists; remove /v2.0 or replace it with /v3",
        ));
    }
    url.set_path(&format!("{}/v3/auth/tokens", path.strip_suffix("/v3").unwrap_or(&path)));
    Ok(url)
}

fn application_credential(members: &Members) -> Result<Method, Error> {
    let needed_for = "the authentication type v3applicationcredential";
    let credential = match members.auth(&["application_credential_id"])? {
        Some(id) => ApplicationCredential::Id(id.to_owned()),
        None => {
            let names = &["application_credential_id", "application_credential_name"];
            let name = members.auth(&["application_credential_name"])?;
            let name = name.ok_or_else(|| members.missing(names, needed_for, ""))?.to_owned();
            ApplicationCredential::Name { name, user: user(members, "an application credential given by name", false)? }
        }
    };
    let secret = Secret::new(members.needed(&["application_credential_secret"], needed_for)?);
    Ok(Method::ApplicationCredential { credential, secret })
}

fn user(members: &Members, needed_for: &'static str, by_default: bool) -> Result<User, Error> {
    if let Some(id) = members.auth(&["user_id"])? {
        return Ok(User::Id(id.to_owned()));
    }
    let Some(name) = members.auth(&["username", "user_name"])? else {
        let forgotten = by_default && members.auth(&["application_credential_secret"])?.is_some();
        let hint =
            if forgotten { "; an application credential requires auth_type v3applicationcredential" } else { "" };
        return Err(members.missing(&["username", "user_id"], needed_for, hint));
    };
    let domain = domain(members, &["user_domain_id", "user_domain_name"], is_for_project(members)?, "the user's name")?;
    Ok(User::Name { name: name.to_owned(), domain })
}

fn scope(members: &Members) -> Result<Scope, Error> {
    let project = match (members.auth(&["project_id"])?, members.auth(&["tenant_id"])?) {
        (Some(id), _) | (None, Some(id)) => Some(Scope::ProjectId(id.to_owned())),
        (None, None) => match members.auth(&["project_name", "tenant_name"])? {
            None => None,
            Some(name) => {
                let names = &["project_domain_id", "project_domain_name"];
                let domain = domain(members, names, true, "the project's name")?;
                Some(Scope::ProjectName { name: name.to_owned(), domain })
            }
        },
    };
    let of_domain = match (members.auth(&["domain_id"])?, members.auth(&["domain_name"])?) {
        // With a project, this is the domain of the project and of the user, not a scope.
        _ if project.is_some() => None,
        (Some(id), _) => Some(Scope::Domain(Domain::Id(id.to_owned()))),
        (None, name) => name.map(|name| Scope::Domain(Domain::Name(name.to_owned()))),
    };
    let system = match members.auth(&["system_scope"])? {
        Some("all") => Some(Scope::System),
        Some(_) => return Err(members.wrong("system_scope", "`all`, the only supported value")),
        None => None,
    };
    let trust = members.auth(&["trust_id"])?.map(|id| Scope::Trust(id.to_owned()));
    let mut scopes = [project, of_domain, system, trust].into_iter().flatten();
    match (scopes.next(), scopes.next()) {
        (None, _) => Ok(Scope::Unscoped),
        (Some(scope), None) => Ok(scope),
        (Some(Scope::ProjectId(_) | Scope::ProjectName { .. }), Some(Scope::System)) => {
            Err(members.wrong("system_scope", "omitted if a project is set: a token has one scope"))
        }
        _ => Err(members
            .wrong("trust_id", "omitted if another scope is set: a token is for one project, domain, system or trust")),
    }
}

/// Returns the domain of a user or project that is given by name: names are unique only within a domain (Identity API v3).
fn domain(
    members: &Members,
    [id, name]: &'static [&'static str; 2],
    with_project: bool,
    needed_for: &'static str,
) -> Result<Domain, Error> {
    let ids = [*id, if with_project { "domain_id" } else { *id }, "default_domain_id"];
    let names = [*name, if with_project { "domain_name" } else { *name }, "default_domain_name"];
    for (id, name) in ids.into_iter().zip(names) {
        if let Some(id) = members.auth(&[id])? {
            return Ok(Domain::Id(id.to_owned()));
        }
        if let Some(name) = members.auth(&[name])? {
            return Ok(Domain::Name(name.to_owned()));
        }
    }
    let names: &'static [&'static str] = match *id {
        "user_domain_id" => &["user_domain_name", "user_domain_id"],
        _ => &["project_domain_name", "project_domain_id"],
    };
    Err(members.missing(
        names,
        needed_for,
        " because names are unique only within a domain; in most clouds it is Default",
    ))
}

fn is_for_project(members: &Members) -> Result<bool, Error> {
    Ok(members.auth(&["project_id", "project_name", "tenant_id", "tenant_name"])?.is_some())
}

fn url_error(members: &Members, member: &str, why: &'static str) -> Error {
    Error::Url { what: format!("{}: {}", members.origin, members.origin.member(member)), why }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::config::{Configuration, Environment};
    use super::super::settings::CloudSettings;
    use super::*;

    const PASSWORD: [(&str, &str); 4] = [
        ("OS_AUTH_URL", "https://k/identity/v3/"),
        ("OS_USERNAME", "u"),
        ("OS_USER_DOMAIN_ID", "default"),
        ("OS_PASSWORD", "hunter2"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Auth, Error> {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        let environment = Environment::new(variables.collect::<BTreeMap<_, _>>(), "/nowhere".into());
        Configuration::read(CloudSettings::default(), &environment).map(|read| read.auth)
    }

    fn identity(more: &[(&str, &str)]) -> Result<Identity, String> {
        match read(&[&PASSWORD, more].concat()) {
            Ok(Auth::Keystone { identity, .. }) => Ok(*identity),
            Ok(_) => panic!("{more:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_version_in_the_url_is_optional() {
        for (url, expected) in [
            ("https://k:5000", "https://k:5000/v3/auth/tokens"),
            ("https://k:5000/", "https://k:5000/v3/auth/tokens"),
            ("https://k:5000/v3", "https://k:5000/v3/auth/tokens"),
            ("https://k/identity", "https://k/identity/v3/auth/tokens"),
            ("https://k/identity/v3/", "https://k/identity/v3/auth/tokens"),
        ] {
            assert_eq!(identity(&[("OS_AUTH_URL", url)]).unwrap().url.as_str(), expected);
        }
        let error = identity(&[("OS_AUTH_URL", "https://k:5000/v2.0")]).unwrap_err();
        assert!(error.starts_with("the environment: OS_AUTH_URL is for Keystone's API v2"), "{error}");
    }

    #[test]
    fn a_token_has_one_scope() {
        let scope = |more: &[(&str, &str)]| identity(more).map(|identity| identity.scope);
        let domain = || Domain::Name("D".into());
        assert_eq!(scope(&[]), Ok(Scope::Unscoped));
        assert_eq!(scope(&[("OS_PROJECT_ID", "i"), ("OS_PROJECT_NAME", "p")]), Ok(Scope::ProjectId("i".into())));
        let by_name = [("OS_TENANT_NAME", "p"), ("OS_PROJECT_DOMAIN_NAME", "D")];
        assert_eq!(scope(&by_name), Ok(Scope::ProjectName { name: "p".into(), domain: domain() }));
        let default = [("OS_PROJECT_NAME", "p"), ("OS_DEFAULT_DOMAIN_NAME", "D")];
        assert_eq!(scope(&default), Ok(Scope::ProjectName { name: "p".into(), domain: domain() }));
        let both = [("OS_PROJECT_NAME", "p"), ("OS_DOMAIN_NAME", "D")];
        assert_eq!(scope(&both), Ok(Scope::ProjectName { name: "p".into(), domain: domain() }));
        assert_eq!(scope(&[("OS_DOMAIN_NAME", "D")]), Ok(Scope::Domain(domain())));
        assert_eq!(scope(&[("OS_SYSTEM_SCOPE", "all")]), Ok(Scope::System));
        assert_eq!(scope(&[("OS_TRUST_ID", "t")]), Ok(Scope::Trust("t".into())));
        for more in [
            &[("OS_SYSTEM_SCOPE", "some")][..],
            &[("OS_SYSTEM_SCOPE", "all"), ("OS_PROJECT_ID", "i")],
            &[("OS_SYSTEM_SCOPE", "all"), ("OS_DOMAIN_ID", "i")],
            &[("OS_TRUST_ID", "t"), ("OS_PROJECT_ID", "i")],
        ] {
            assert!(scope(more).is_err(), "{more:?}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |variables: &[(&str, &str)]| read(variables).unwrap_err().to_string();
        let url = ("OS_AUTH_URL", "http://k");
        assert_eq!(
            missing(&PASSWORD[1..]),
            "the environment has no OS_AUTH_URL, which Keystone authentication requires"
        );
        assert_eq!(
            missing(&[url]),
            "the environment has neither OS_USERNAME nor OS_USER_ID, which password authentication requires"
        );
        assert_eq!(
            missing(&PASSWORD[..3]),
            "the environment has no OS_PASSWORD, which password authentication requires"
        );
        assert_eq!(
            missing(&[url, PASSWORD[1], PASSWORD[3]]),
            "the environment has neither OS_USER_DOMAIN_NAME nor OS_USER_DOMAIN_ID, which the user's name requires because \
             names are unique only within a domain; in most clouds it is Default"
        );
        assert!(identity(&[("OS_PROJECT_NAME", "p")]).unwrap_err().contains("OS_PROJECT_DOMAIN_NAME"));
        let credential = [url, ("OS_APPLICATION_CREDENTIAL_ID", "i"), ("OS_APPLICATION_CREDENTIAL_SECRET", "hunter2")];
        assert!(missing(&credential).ends_with("an application credential requires auth_type v3applicationcredential"));
        let credential = [url, ("OS_AUTH_TYPE", "v3applicationcredential")];
        assert!(
            missing(&credential).contains("neither OS_APPLICATION_CREDENTIAL_ID nor OS_APPLICATION_CREDENTIAL_NAME")
        );
        assert!(missing(&[("OS_AUTH_TYPE", "none")]).contains("no OS_ENDPOINT"));
    }

    #[test]
    fn an_unsupported_authentication_type_is_reported() {
        for (auth_type, why) in [
            ("admin_token", "admin_token and token_endpoint have no catalogue"),
            ("v2password", "v2password and v2token are for Keystone's API v2"),
            ("hunter2", "expected password, token, v3applicationcredential, http_basic or none"),
        ] {
            let error = identity(&[("OS_AUTH_TYPE", auth_type)]).unwrap_err();
            let start = format!("the environment: cannot use this OS_AUTH_TYPE: {why}");
            assert!(error.starts_with(&start) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        for more in [
            &[][..],
            &[("OS_AUTH_TYPE", "token"), ("OS_TOKEN", "hunter2")],
            &[
                ("OS_AUTH_TYPE", "v3applicationcredential"),
                ("OS_APPLICATION_CREDENTIAL_NAME", "n"),
                ("OS_APPLICATION_CREDENTIAL_SECRET", "hunter2"),
            ],
            &[("OS_AUTH_TYPE", "http_basic"), ("OS_ENDPOINT", "http://i")],
        ] {
            let shown = format!("{:?}", read(&[&PASSWORD, more].concat()).unwrap());
            assert!(shown.contains("Secret") && !shown.contains("hunter2"), "{shown}");
        }
    }
}
