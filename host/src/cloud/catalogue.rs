//! Keystone's catalogue, and Ironic's endpoint in it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::endpoint::Endpoint;
use super::error::Error;

/// The services listed with a token (Identity API v3, "Authentication and token management").
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Catalogue(Vec<Service>);

#[derive(Debug, Deserialize)]
struct Service {
    #[serde(rename = "type")]
    service_type: Option<String>,
    #[serde(default)]
    endpoints: Vec<ServiceEndpoint>,
}

#[derive(Debug, Deserialize)]
struct ServiceEndpoint {
    interface: Option<String>,
    region_id: Option<String>,
    region: Option<String>,
    url: Option<String>,
}

/// Which of Ironic's endpoints to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub region: Option<String>,
    /// The acceptable interfaces, in order of preference.
    pub interfaces: Vec<Interface>,
}

/// The network through which to reach a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// The public network.
    Public,
    /// The network of the cloud's own services.
    Internal,
    /// The network of the cloud's operators.
    Admin,
}

impl Catalogue {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds Ironic as keystoneauth does: the service type takes precedence over its alias, and the first match is used.
    pub fn find(&self, filter: &Filter) -> Result<Endpoint, Error> {
        let of_type = |service_type: &str| {
            let services = self.0.iter().filter(|service| service.service_type.as_deref() == Some(service_type));
            services
                .flat_map(|service| &service.endpoints)
                .filter(|endpoint| endpoint.url.is_some())
                .collect::<Vec<_>>()
        };
        let all = [SERVICE_TYPE, ALIAS].map(of_type);
        let mut first_error = None;
        for endpoints in all.iter().filter(|endpoints| !endpoints.is_empty()) {
            match pick(endpoints, filter) {
                Ok(endpoint) => return Ok(endpoint),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or_else(|| {
            let types = self.0.iter().filter_map(|service| service.service_type.as_deref());
            not_found(format!("service of type {SERVICE_TYPE}"), types)
        }))
    }
}

fn pick(endpoints: &[&ServiceEndpoint], filter: &Filter) -> Result<Endpoint, Error> {
    let here =
        endpoints.iter().filter(|endpoint| filter.region.is_none() || endpoint.region() == filter.region.as_deref());
    let here = here.collect::<Vec<_>>();
    let place = match &filter.region {
        Some(region) => format!(" in region {region:?}"),
        None => String::new(),
    };
    if here.is_empty() {
        return Err(not_found(
            format!("{SERVICE_TYPE} endpoint{place}"),
            endpoints.iter().filter_map(|endpoint| endpoint.region()),
        ));
    }
    let mut in_order = filter.interfaces.iter().filter_map(|interface| {
        here.iter().find(|endpoint| endpoint.interface.as_deref().and_then(Interface::parse) == Some(*interface))
    });
    let Some(url) = in_order.next().and_then(|endpoint| endpoint.url.as_deref()) else {
        let expected = filter.interfaces.iter().map(Interface::to_string).collect::<Vec<_>>().join(" or ");
        let known = here.iter().filter_map(|endpoint| endpoint.interface.as_deref());
        return Err(not_found(format!("{expected} {SERVICE_TYPE} endpoint{place}"), known));
    };
    Endpoint::parse(url)
        .map_err(|error| Error::Url { what: "Ironic's endpoint in the catalogue".to_owned(), why: error.0 })
}

fn not_found<'a>(wanted: String, known: impl Iterator<Item = &'a str>) -> Error {
    let known = known.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
    Error::NotInCatalogue { wanted, known }
}

impl ServiceEndpoint {
    fn region(&self) -> Option<&str> {
        self.region_id.as_deref().or(self.region.as_deref())
    }
}

impl Interface {
    pub(super) const EXPECTED: &str = "public, internal or admin";

    /// Parses a name, including the old forms of Keystone's API v2, such as `publicURL`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix("URL").unwrap_or(text) {
            "public" => Some(Self::Public),
            "internal" => Some(Self::Internal),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

impl FromStr for Interface {
    type Err = NotAnInterface;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(NotAnInterface)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        })
    }
}

/// The error for a string that is not an [`Interface`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnInterface;

impl fmt::Display for NotAnInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", Interface::EXPECTED)
    }
}

impl std::error::Error for NotAnInterface {}

/// Ironic's type according to the OpenStack Service Types Authority.
const SERVICE_TYPE: &str = "baremetal";
const ALIAS: &str = "bare-metal";

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(text: &str) -> Catalogue {
        serde_json::from_str(text).unwrap()
    }

    fn find(text: &str, region: Option<&str>, interfaces: &[Interface]) -> Result<String, String> {
        let filter = Filter { region: region.map(str::to_owned), interfaces: interfaces.to_vec() };
        catalogue(text).find(&filter).map(|found| found.as_str().to_owned()).map_err(|error| error.to_string())
    }

    const TWO_REGIONS: &str = r#"[
        {"type": "baremetal-introspection", "endpoints": [{"interface": "public", "region_id": "A", "url": "http://i"}]},
        {"type": "baremetal", "name": "ironic", "endpoints": [
            {"interface": "admin", "region": "A", "region_id": "A", "url": "http://admin.a:6385"},
            {"interface": "public", "region": "A", "region_id": "A", "url": "http://a:6385/v1/"},
            {"interface": "internal", "region": "B", "region_id": "B", "url": "http://b/baremetal"}]},
        {"type": "compute", "endpoints": []}
    ]"#;

    #[test]
    fn the_region_and_the_interface_choose_the_endpoint() {
        use Interface::{Admin, Internal, Public};
        assert_eq!(find(TWO_REGIONS, None, &[Public]).unwrap(), "http://a:6385");
        assert_eq!(find(TWO_REGIONS, Some("A"), &[Internal, Admin]).unwrap(), "http://admin.a:6385");
        assert_eq!(find(TWO_REGIONS, Some("B"), &[Public, Internal]).unwrap(), "http://b/baremetal");
    }

    #[test]
    fn an_error_names_what_is_missing_and_what_there_is() {
        let error = |region, interface| find(TWO_REGIONS, region, &[interface]).unwrap_err();
        assert_eq!(
            error(Some("C"), Interface::Public),
            r#"the catalogue has no baremetal endpoint in region "C"; it has A, B"#
        );
        assert_eq!(
            error(Some("B"), Interface::Public),
            r#"the catalogue has no public baremetal endpoint in region "B"; it has internal"#
        );
        let error = find(r#"[{"type": "identity"}, {"type": "image"}]"#, None, &[Interface::Public]).unwrap_err();
        assert_eq!(error, "the catalogue has no service of type baremetal; it has identity, image");
    }

    #[test]
    fn the_alias_of_the_service_type_is_found_too() {
        let endpoint = |host| format!(r#"[{{"interface": "public", "url": "http://{host}"}}]"#);
        let alias = format!(r#"{{"type": "bare-metal", "endpoints": {}}}"#, endpoint("alias"));
        let own = format!(r#"{{"type": "baremetal", "endpoints": {}}}"#, endpoint("own"));
        assert_eq!(find(&format!("[{alias}]"), None, &[Interface::Public]).unwrap(), "http://alias");
        assert_eq!(find(&format!("[{alias}, {own}]"), None, &[Interface::Public]).unwrap(), "http://own");
    }

    #[test]
    fn the_old_names_of_interfaces_are_known() {
        assert_eq!("internalURL".parse(), Ok(Interface::Internal));
        assert_eq!("external".parse::<Interface>(), Err(NotAnInterface));
    }
}
