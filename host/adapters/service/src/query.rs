//! The operator's settings as query parameters, named as in nova.conf and `wit/`.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    str::FromStr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_contract::{ImageFormat, Options, Policy, Recipient, Recipients, UnknownProvider, UnknownRecipient};
use wasip2::random::random::get_random_bytes;

use super::problem::Problem;

/// The query parameters that have not been read yet.
pub struct Query {
    parameters: BTreeMap<String, String>,
}

impl Query {
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match parameters.entry(name.into_owned()) {
                Entry::Vacant(entry) => _ = entry.insert(value.into_owned()),
                Entry::Occupied(entry) => {
                    return Err(Problem::invalid_option(format!(
                        "query parameter {:?} appears twice; remove one",
                        entry.key()
                    )));
                }
            }
        }
        Ok(Self { parameters })
    }

    /// Reads the parameters for the decision whether an instance gets a drive.
    pub fn policy(&mut self) -> Result<Policy, Problem> {
        let mut policy = Policy::default();
        policy.force_config_drive = self.parsed("force-config-drive", "true or false")?.unwrap_or_default();
        Ok(policy)
    }

    /// Reads the parameters for a drive. As with the command, a document without a random seed gets one.
    pub fn options(&mut self) -> Result<Options, Problem> {
        let providers = self.parameters.remove("vendordata-providers");
        let providers = providers.map(|names| {
            let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(str::parse).collect::<Result<_, _>>().map_err(|error: UnknownProvider| {
                Problem::invalid_option(format!("query parameter vendordata-providers: {error}"))
            })
        });
        let mut options = Options::default();
        options.format = match self.parameters.remove("format").as_deref() {
            None | Some("iso9660") => ImageFormat::Iso9660,
            Some("vfat") => ImageFormat::Vfat,
            Some(format) => return Err(invalid("format", format, "iso9660 or vfat")),
        };
        options.size = self.parsed("size", "a number of bytes")?;
        options.sector_size = self.parsed("sector-size", "a number of bytes")?;
        options.skip_versions = self.parameters.remove("skip-versions");
        options.newest_version = self.parameters.remove("newest-version");
        options.dhcp_domain = self.parameters.remove("dhcp-domain");
        options.vendordata_providers = providers.transpose()?;
        options.default_random_seed = Some(STANDARD.encode(get_random_bytes(SEED)));
        options.source_date_epoch = self.parsed("source-date-epoch", "a number of seconds")?;
        Ok(options)
    }

    /// Reads the parameters that select findings.
    pub fn recipients(&mut self) -> Result<Recipients, Problem> {
        let all = self.parsed("all", "true or false")?.unwrap_or_default();
        let names = self.parameters.remove("for");
        match (names, all) {
            (Some(_), true) => {
                Err(Problem::invalid_option("query parameters all and for exclude each other; remove one".into()))
            }
            (None, true) => Ok(Recipients::all()),
            (names, false) => {
                let names = names.iter().flat_map(|names| names.split(',')).filter(|name| !name.is_empty());
                names
                    .map(str::parse::<Recipient>)
                    .collect::<Result<_, _>>()
                    .map_err(|error: UnknownRecipient| Problem::invalid_option(format!("query parameter for: {error}")))
            }
        }
    }

    /// Rejects parameters that were not read: a misspelt name would silently do nothing.
    pub fn end(self) -> Result<(), Problem> {
        match self.parameters.keys().next() {
            None => Ok(()),
            Some(name) => Err(Problem::invalid_option(format!(
                "this endpoint has no query parameter {name:?}; /v1/openapi.json lists the parameters"
            ))),
        }
    }

    fn parsed<T: FromStr>(&mut self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        let Some(value) = self.parameters.remove(name) else { return Ok(None) };
        match value.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(invalid(name, &value, expected)),
        }
    }
}

fn invalid(name: &str, value: &str, expected: &str) -> Problem {
    Problem::invalid_option(format!("query parameter {name}: expected {expected}, found {value:?}"))
}

/// Size of the random seed in bytes, as in Nova.
const SEED: u64 = 512;
