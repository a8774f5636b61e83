//! The configuration of the connection, combined from the settings, the environment and clouds.yaml.

mod clouds_yaml;
mod environment;

pub use self::environment::Environment;

use std::path::PathBuf;

use self::clouds_yaml::CloudsYaml;
use super::auth::Auth;
use super::catalogue::{Filter, Interface};
use super::endpoint::Endpoint;
use super::error::{Error, Origin};
use super::http::Tls;
use super::members::Members;
use super::settings::CloudSettings;
use super::value::{Map, Value, merge};

/// Everything that is needed before the first request.
pub struct Configuration {
    pub auth: Auth,
    pub tls: Tls,
}

impl Configuration {
    /// Combines the sources. As in OpenStack's command, the settings take precedence over the environment variables, and these
    /// over the cloud's own members.
    pub fn read(settings: CloudSettings, environment: &Environment) -> Result<Self, Error> {
        let variable = |name: &str| environment.get(name).map(str::to_owned);
        let endpoint = settings.endpoint.or_else(|| variable("OS_BAREMETAL_ENDPOINT_OVERRIDE"));
        let endpoint = endpoint.map(|text| Endpoint::parse(&text)).transpose();
        let endpoint = endpoint.map_err(|error| Error::Url { what: "the endpoint".to_owned(), why: error.0 })?;
        let region = settings.region.or_else(|| variable("OS_REGION_NAME"));
        let interface = match (settings.interface, environment.get("OS_INTERFACE")) {
            (None, Some(text)) => Some(Interface::parse(text).ok_or(Error::Wrong {
                origin: Origin::Environment,
                member: "interface".to_owned(),
                wanted: Interface::EXPECTED,
            })?),
            (interface, _) => interface,
        };

        let members = choose(settings.name, endpoint.is_some(), region.as_deref(), environment)?;
        let member_path = |name: &str| {
            let text = members.as_ref().map_or(Ok(None), |members| members.text(name))?;
            Ok(text.map(|text| environment.path(text)))
        };
        let path = |setting: Option<PathBuf>, variable: &str, name: &str| match setting {
            Some(path) => Ok(Some(path)),
            None => {
                environment.get(variable).map_or_else(|| member_path(name), |text| Ok(Some(environment.path(text))))
            }
        };
        let insecure = match &members {
            _ if settings.insecure => true,
            Some(members) => members.flag("insecure")? == Some(true) || members.flag("verify")? == Some(false),
            None => false,
        };
        let tls = Tls {
            insecure,
            ca: path(settings.ca_file, "OS_CACERT", "cacert")?,
            certificate: path(settings.certificate, "OS_CERT", "cert")?,
            key: path(settings.key, "OS_KEY", "key")?,
        };
        let auth = match (members, endpoint) {
            (None, Some(endpoint)) => Auth::None { endpoint },
            (None, None) => return Err(Error::NoCloud { known: Vec::new() }),
            (Some(members), endpoint) => {
                let filter = Filter {
                    region: match region {
                        Some(region) => Some(region),
                        None => members
                            .first(&["baremetal_region_name", "bare_metal_region_name", "region_name"])?
                            .map(str::to_owned),
                    },
                    interfaces: match interface {
                        Some(interface) => vec![interface],
                        None => interfaces(&members)?,
                    },
                };
                let endpoint = match endpoint {
                    Some(endpoint) => Some(endpoint),
                    None => own_endpoint(&members)?,
                };
                Auth::parse(&members, endpoint, filter)?
            }
        };
        Ok(Self { auth, tls })
    }
}

/// Chooses the named cloud, otherwise the environment's, otherwise the only one in clouds.yaml unless Ironic's URL is given.
/// (openstacksdk uses the only one even then. But credentials must not be sent to a URL that was not configured with them.)
fn choose(
    name: Option<String>,
    has_endpoint: bool,
    region: Option<&str>,
    environment: &Environment,
) -> Result<Option<Members>, Error> {
    let of_environment = environment.get("OS_CLOUD_NAME").unwrap_or("envvars");
    let name = name.or_else(|| environment.get("OS_CLOUD").map(str::to_owned));
    let name = match (name, environment.cloud()) {
        (None, Some(cloud)) => return Ok(Some(Members::new(cloud, Origin::Environment))),
        (Some(name), Some(cloud)) if name == of_environment => {
            return Ok(Some(Members::new(cloud, Origin::Environment)));
        }
        (None, None) if has_endpoint => return Ok(None),
        (name, _) => name,
    };
    let CloudsYaml { path: file, mut clouds } = CloudsYaml::read(environment)?;
    let known = clouds.keys().cloned().collect::<Vec<_>>();
    let name = match (name, known.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => only.clone(),
        (None, _) => return Err(Error::NoCloud { known }),
    };
    let origin = Origin::Cloud { name: name.clone(), file: file.clone() };
    let cloud = match clouds.remove(&name) {
        None => return Err(Error::UnknownCloud { name, file, known }),
        Some(Value::Map(cloud)) => Members::new(cloud, origin.clone()),
        Some(_) => {
            let path = file.unwrap_or_else(|| "secure.yaml".into());
            return Err(Error::NotAMap { path, member: format!("clouds.{name}") });
        }
    };
    let mut map = match cloud.first(&["profile", "cloud"])? {
        None => Map::new(),
        Some(profile) => clouds_yaml::profile(environment, profile)?
            .ok_or_else(|| Error::UnknownProfile { origin: origin.clone() })?,
    };
    map = Members::new(map, origin.clone()).into_map();
    merge(&mut map, cloud.into_map());
    merge_region(&mut map, region, &origin)?;
    Ok(Some(Members::new(map, origin)))
}

/// Overrides the cloud's members with those of the region. Without a chosen region, uses the first in the list.
fn merge_region(cloud: &mut Map, region: Option<&str>, origin: &Origin) -> Result<(), Error> {
    let wrong = || Error::Wrong {
        origin: origin.clone(),
        member: "regions".to_owned(),
        wanted: "a list of names, or of maps with `name` and `values`",
    };
    let list = match cloud.remove("regions") {
        None => return Ok(()),
        Some(Value::List(list)) => list,
        Some(_) => return Err(wrong()),
    };
    let mut regions = Vec::new();
    for entry in list {
        regions.push(match entry {
            Value::Text(name) => (name, Map::new()),
            Value::Map(mut entry) => match (entry.remove("name"), entry.remove("values")) {
                (Some(Value::Text(name)), None) => (name, Map::new()),
                (Some(Value::Text(name)), Some(Value::Map(values))) => (name, values),
                _ => return Err(wrong()),
            },
            Value::List(_) => return Err(wrong()),
        });
    }
    let known = regions.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let chosen = regions.into_iter().find(|(name, _)| region.is_none_or(|region| region == name));
    match (chosen, region) {
        (Some((name, values)), _) => {
            cloud.insert("region_name".to_owned(), Value::Text(name));
            merge(cloud, Members::new(values, origin.clone()).into_map());
            Ok(())
        }
        (None, Some(region)) => Err(Error::UnknownRegion { origin: origin.clone(), region: region.to_owned(), known }),
        (None, None) => Ok(()),
    }
}

fn own_endpoint(members: &Members) -> Result<Option<Endpoint>, Error> {
    let names =
        ["baremetal_endpoint_override", "bare_metal_endpoint_override", "baremetal_endpoint", "bare_metal_endpoint"];
    let Some(text) = members.first(&names)? else { return Ok(None) };
    let what = || format!("{}: {}", members.origin, members.origin.member("baremetal_endpoint_override"));
    Endpoint::parse(text).map(Some).map_err(|error| Error::Url { what: what(), why: error.0 })
}

/// Returns the acceptable interfaces, in order of preference.
fn interfaces(members: &Members) -> Result<Vec<Interface>, Error> {
    let names =
        ["baremetal_interface", "bare_metal_interface", "baremetal_endpoint_type", "interface", "endpoint_type"];
    let Some((name, value)) = names.iter().find_map(|name| Some((name, members.get(name)?))) else {
        return Ok(vec![Interface::Public]);
    };
    let one = |value: &Value| match value {
        Value::Text(text) => Interface::parse(text),
        _ => None,
    };
    let interfaces = match value {
        Value::List(list) if !list.is_empty() => list.iter().map(one).collect(),
        value => one(value).map(|interface| vec![interface]),
    };
    interfaces.ok_or_else(|| members.wrong(name, Interface::EXPECTED))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::auth::{Domain, Find, Method, Scope, User};
    use super::*;

    /// Reads a configuration from files in the working directory and from variables.
    fn read_with(
        files: &[(&str, &str)],
        variables: &[(&str, &str)],
        settings: CloudSettings,
    ) -> Result<Configuration, Error> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Configuration::read(settings, &Environment::new(variables, directory.path().to_owned()))
    }

    fn read(yaml: &str, variables: &[(&str, &str)], settings: CloudSettings) -> Result<Configuration, Error> {
        read_with(&[("clouds.yaml", yaml)], variables, settings)
    }

    fn named(name: &str) -> CloudSettings {
        CloudSettings { name: Some(name.to_owned()), ..CloudSettings::default() }
    }

    fn error(yaml: &str, variables: &[(&str, &str)], settings: CloudSettings) -> String {
        read(yaml, variables, settings).err().unwrap().to_string()
    }

    const LAB: &str = "
        lab:
          auth: {auth_url: 'http://k:5000', username: u, password: 0123, project_name: p, user_domain_name: D, project_domain_id: d}
          region_name: R
          cacert: ~/ca.pem
    ";

    fn lab() -> String {
        format!("clouds:{LAB}")
    }

    #[test]
    fn a_cloud_in_clouds_yaml_is_read_completely() {
        let read = read(&lab(), &[("HOME", "/h")], named("lab")).unwrap();
        assert_eq!(read.tls.ca.unwrap(), std::path::Path::new("/h/ca.pem"));
        assert!(!read.tls.insecure);
        let Auth::Keystone { identity, find: Find::InCatalogue(filter) } = read.auth else { panic!() };
        assert_eq!(identity.url.as_str(), "http://k:5000/v3/auth/tokens");
        assert_eq!(filter, Filter { region: Some("R".into()), interfaces: vec![Interface::Public] });
        let Method::Password { user, password } = identity.method else { panic!() };
        assert_eq!(user, User::Name { name: "u".into(), domain: Domain::Name("D".into()) });
        assert_eq!(password.expose(), "0123");
        assert_eq!(identity.scope, Scope::ProjectName { name: "p".into(), domain: Domain::Id("d".into()) });
    }

    #[test]
    fn settings_override_variables_and_variables_override_the_file() {
        let region = |variables: &[(&str, &str)], region: Option<&str>| {
            let settings = CloudSettings { region: region.map(str::to_owned), ..named("lab") };
            match read(&lab(), variables, settings).unwrap().auth {
                Auth::Keystone { find: Find::InCatalogue(filter), .. } => filter.region.unwrap(),
                _ => panic!(),
            }
        };
        assert_eq!(region(&[], None), "R");
        assert_eq!(region(&[("OS_REGION_NAME", "V")], None), "V");
        assert_eq!(region(&[("OS_REGION_NAME", "V")], Some("S")), "S");
        let tls = read(&lab(), &[("OS_CACERT", "/v.pem")], named("lab")).unwrap().tls;
        assert_eq!(tls.ca.unwrap(), std::path::Path::new("/v.pem"));
    }

    #[test]
    fn the_name_overrides_os_cloud_and_os_cloud_overrides_the_environments_own() {
        let two = "clouds: {a: {auth_type: none, endpoint: 'http://a'}, b: {auth_type: none, endpoint: 'http://b'}}";
        let own = [("OS_AUTH_TYPE", "none"), ("OS_ENDPOINT", "http://e")];
        let endpoint = |variables: &[(&str, &str)], settings| match read(two, variables, settings).unwrap().auth {
            Auth::None { endpoint } => endpoint.as_str().to_owned(),
            _ => panic!(),
        };
        assert_eq!(endpoint(&[own[0], own[1], ("OS_CLOUD", "b")], named("a")), "http://a");
        assert_eq!(endpoint(&[own[0], own[1], ("OS_CLOUD", "b")], CloudSettings::default()), "http://b");
        assert_eq!(endpoint(&own, CloudSettings::default()), "http://e");
        assert_eq!(endpoint(&own, named("envvars")), "http://e");
        assert_eq!(error(two, &[], CloudSettings::default()), "no cloud is selected; available clouds: a, b");
    }

    #[test]
    fn the_only_cloud_is_used_unless_ironics_url_is_given() {
        assert!(matches!(read(&lab(), &[], CloudSettings::default()).unwrap().auth, Auth::Keystone { .. }));
        let settings = CloudSettings { endpoint: Some("http://i/v1".into()), ..CloudSettings::default() };
        let alone = read(&lab(), &[("OS_CACERT", "/v.pem")], settings.clone()).unwrap();
        assert!(matches!(alone.auth, Auth::None { endpoint } if endpoint.as_str() == "http://i"));
        assert!(alone.tls.ca.is_some());
        let with_a_name = CloudSettings { name: Some("lab".into()), ..settings };
        assert!(matches!(read(&lab(), &[], with_a_name).unwrap().auth, Auth::Keystone { find: Find::At(_), .. }));
    }

    #[test]
    fn an_error_names_the_missing_cloud_and_those_there_are() {
        let error = error("clouds: {b: {}, a: {}}", &[], named("c"));
        assert!(error.ends_with("clouds.yaml\" has no cloud \"c\"; available clouds: a, b"), "{error}");
        let error = read_with(&[], &[], CloudSettings::default()).err().unwrap().to_string();
        assert_eq!(error, "no cloud is configured");
    }

    #[test]
    fn a_region_of_the_list_brings_its_own_members() {
        let yaml = "clouds: {c: {auth_type: none, endpoint: 'http://e', regions: [A, {name: B, values: {verify: no, auth: {endpoint: 'http://b'}}}]}}";
        let of = |region: Option<&str>| {
            let settings = CloudSettings { region: region.map(str::to_owned), ..named("c") };
            read(yaml, &[], settings).map(|read| {
                (read.tls.insecure, matches!(read.auth, Auth::None { endpoint } if endpoint.as_str() == "http://b"))
            })
        };
        assert_eq!(of(None).unwrap(), (false, false));
        assert_eq!(of(Some("B")).unwrap(), (true, true));
        assert!(of(Some("C")).unwrap_err().to_string().ends_with("has no region \"C\"; available regions: A, B"));
    }

    #[test]
    fn a_profile_comes_from_clouds_public_yaml_or_is_reported_missing() {
        let clouds = ("clouds.yaml", "clouds: {c: {profile: p, auth: {username: u}}}");
        let public = (
            "clouds-public.yaml",
            "public-clouds: {p: {auth-type: http_basic, auth: {password: x, endpoint: 'http://e'}}}",
        );
        let read = |files: &[(&str, &str)]| read_with(files, &[], named("c"));
        assert!(matches!(read(&[clouds, public]).unwrap().auth, Auth::HttpBasic { username, .. } if username == "u"));
        let secret = ("clouds.yaml", "clouds: {c: {profile: hunter2}}");
        for files in [&[secret][..], &[secret, public]] {
            let error = read(files).err().unwrap();
            let text = error.to_string();
            assert!(text.contains(": cannot find the profile that `profile` names: expected a profile of "), "{text}");
            assert!(!format!("{error:?} {text}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn interfaces_may_have_old_names_and_form_lists() {
        let of = |members: &str| {
            let yaml =
                format!("clouds: {{c: {{auth: {{auth_url: 'http://k', token: t}}, auth_type: token, {members}}}}}");
            read(&yaml, &[], named("c")).map(|read| match read.auth {
                Auth::Keystone { find: Find::InCatalogue(filter), .. } => filter.interfaces,
                _ => panic!(),
            })
        };
        assert_eq!(of("endpoint_type: internalURL").unwrap(), vec![Interface::Internal]);
        assert_eq!(
            of("interface: [admin, public], region_name: r").unwrap(),
            vec![Interface::Admin, Interface::Public]
        );
        assert_eq!(of("interface: public, baremetal-interface: admin").unwrap(), vec![Interface::Admin]);
        assert!(
            of("interface: outside").unwrap_err().to_string().contains("`interface` must be public, internal or admin")
        );
        assert!(of("interface: []").is_err());
    }

    #[test]
    fn a_configured_endpoint_overrides_the_catalogue() {
        let yaml = lab().trim_end().to_owned() + "\n          baremetal_endpoint_override: http://o:6385/v1\n";
        let at = |settings| match read(&yaml, &[], settings).unwrap().auth {
            Auth::Keystone { find: Find::At(endpoint), .. } => endpoint.as_str().to_owned(),
            _ => panic!(),
        };
        assert_eq!(at(named("lab")), "http://o:6385");
        assert_eq!(at(CloudSettings { endpoint: Some("http://s".into()), ..named("lab") }), "http://s");
    }
}
