//! A document and the operator's options in one file: the input of the target `document`.

use configdrive_contract::{ImageFormat, Options, VendordataProvider};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Parses an input into the document and the operator's options.
///
/// The input is `{"document": …, "options": {…}}`. If the document is a string, its characters are the document, whether they are
/// JSON or not. An input of any other form is itself the document.
pub fn case(input: &[u8]) -> (String, Options) {
    #[derive(Deserialize)]
    struct Case<'a> {
        #[serde(borrow)]
        document: &'a RawValue,
        #[serde(default)]
        options: Value,
    }
    match serde_json::from_slice::<Case<'_>>(input) {
        Ok(Case { document, options }) => {
            let text = serde_json::from_str(document.get());
            (text.unwrap_or_else(|_| document.get().to_owned()), self::options(&options))
        }
        Err(_) => (String::from_utf8_lossy(input).into_owned(), Options::default()),
    }
}

fn options(given: &Value) -> Options {
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(String::from);
    let json = |name: &str| given.get(name).cloned().map(json_text);
    let number = |name: &str| given.get(name).and_then(Value::as_u64);
    let provider = |name: &Value| name.as_str()?.parse().ok();
    let providers = given.get("vendordata_providers").and_then(Value::as_array);
    let mut options = Options::default();
    options.format = if text("format").as_deref() == Some("vfat") { ImageFormat::Vfat } else { ImageFormat::Iso9660 };
    options.size = number("size").filter(|size| !SLOW_SIZES.contains(size));
    options.sector_size = number("sector_size").and_then(|size| size.try_into().ok());
    options.skip_versions = text("skip_versions");
    options.newest_version = text("newest_version");
    options.dhcp_domain = text("dhcp_domain");
    options.vendordata_providers = providers.map(|names| names.iter().filter_map(provider).collect());
    options.ports = json("ports");
    options.portgroups = json("portgroups");
    options.vendor_data = json("vendor_data");
    options.vendor_data2 = json("vendor_data2");
    options.random_seed = text("random_seed");
    options.default_random_seed = text("default_random_seed");
    options.source_date_epoch = number("source_date_epoch");
    options
}

/// Image sizes in bytes that are replaced by the default: megabytes of zeros take time and find nothing.
const SLOW_SIZES: std::ops::RangeInclusive<u64> = (4 << 20) + 1..=64 << 20;

fn json_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}

/// Converts the contract's options to the native library's.
pub fn native(options: &Options) -> configdrive::Options {
    let provider = |provider: &VendordataProvider| match provider {
        VendordataProvider::StaticJson => configdrive::VendordataProvider::StaticJson,
        VendordataProvider::DynamicJson => configdrive::VendordataProvider::DynamicJson,
    };
    let options = options.clone();
    configdrive::Options {
        format: match options.format {
            ImageFormat::Iso9660 => configdrive::ImageFormat::Iso9660,
            ImageFormat::Vfat => configdrive::ImageFormat::Vfat,
        },
        size: options.size,
        sector_size: options.sector_size,
        skip_versions: options.skip_versions,
        newest_version: options.newest_version,
        dhcp_domain: options.dhcp_domain,
        vendordata_providers: options.vendordata_providers.map(|names| names.iter().map(provider).collect()),
        ports: options.ports,
        portgroups: options.portgroups,
        vendor_data: options.vendor_data,
        vendor_data2: options.vendor_data2,
        random_seed: options.random_seed,
        default_random_seed: options.default_random_seed,
        source_date_epoch: options.source_date_epoch,
    }
}
