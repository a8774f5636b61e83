//! Keystone's catalogue, and Ironic's endpoint in it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::endpoint::Endpoint;
use super::error::Error;

/// The services that a token comes with (Identity API v3, "Authentication and token management").
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

/// Which of Ironic's endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub region: Option<String>,
    /// In the order in which they are tried.
    pub interfaces: Vec<Interface>,
}

/// Which of the networks that a cloud is reached through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// For everybody.
    Public,
    /// For the cloud's own services.
    Internal,
    /// For its operators.
    Admin,
}

impl Catalogue {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds Ironic as keystoneauth does: the type's own name goes before its alias, and of several the first is taken.
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
            not_found(format!("service of the type {SERVICE_TYPE}"), types)
        }))
    }
}

fn pick(endpoints: &[&ServiceEndpoint], filter: &Filter) -> Result<Endpoint, Error> {
    let here =
        endpoints.iter().filter(|endpoint| filter.region.is_none() || endpoint.region() == filter.region.as_deref());
    let here = here.collect::<Vec<_>>();
    let place = match &filter.region {
        Some(region) => format!(" in the region {region:?}"),
        None => String::new(),
    };
    if here.is_empty() {
        return Err(not_found(
            format!("{SERVICE_TYPE}{place}"),
            endpoints.iter().filter_map(|endpoint| endpoint.region()),
        ));
    }
    let mut in_order = filter.interfaces.iter().filter_map(|interface| {
        here.iter().find(|endpoint| endpoint.interface.as_deref().and_then(Interface::parse) == Some(*interface))
    });
    let Some(url) = in_order.next().and_then(|endpoint| endpoint.url.as_deref()) else {
        let wanted = filter.interfaces.iter().map(Interface::to_string).collect::<Vec<_>>().join(" or ");
        let known = here.iter().filter_map(|endpoint| endpoint.interface.as_deref());
        return Err(not_found(format!("{wanted} endpoint of {SERVICE_TYPE}{place}"), known));
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
    pub(super) const WANTED: &str = "public, internal or admin";

    /// `publicURL` is what Keystone's API v2 said.
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

/// Text that is no [`Interface`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnInterface;

impl fmt::Display for NotAnInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it should be {}", Interface::WANTED)
    }
}

impl std::error::Error for NotAnInterface {}

/// Ironic's, by the service types authority.
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
    fn what_the_catalogue_has_not_is_told_with_what_it_has() {
        let error = |region, interface| find(TWO_REGIONS, region, &[interface]).unwrap_err();
        assert_eq!(
            error(Some("C"), Interface::Public),
            r#"the catalogue has no baremetal in the region "C"; it has A, B"#
        );
        assert_eq!(
            error(Some("B"), Interface::Public),
            r#"the catalogue has no public endpoint of baremetal in the region "B"; it has internal"#
        );
        let error = find(r#"[{"type": "identity"}, {"type": "image"}]"#, None, &[Interface::Public]).unwrap_err();
        assert_eq!(error, "the catalogue has no service of the type baremetal; it has identity, image");
    }

    #[test]
    fn the_alias_of_the_service_type_does_too() {
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
