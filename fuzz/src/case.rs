//! A document with the operator's options in one file, as `document` takes them.

use configdrive::{ImageFormat, Options, VendordataProvider};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The document, and the operator's options.
///
/// The input is `{"document": …, "options": {…}}`. A document that is text stands for itself, JSON or not; and so does an
/// input that is no JSON.
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

fn options(options: &Value) -> Options {
    let text = |name: &str| options.get(name).and_then(Value::as_str).map(String::from);
    let json = |name: &str| options.get(name).cloned().map(json_text);
    let number = |name: &str| options.get(name).and_then(Value::as_u64);
    let provider = |name: &Value| match name.as_str()? {
        "StaticJSON" => Some(VendordataProvider::StaticJson),
        "DynamicJSON" => Some(VendordataProvider::DynamicJson),
        _ => None,
    };
    Options {
        format: if text("format").as_deref() == Some("vfat") { ImageFormat::Vfat } else { ImageFormat::Iso9660 },
        size: number("size").filter(|size| !SLOW_SIZES.contains(size)),
        sector_size: number("sector_size").and_then(|size| size.try_into().ok()),
        skip_versions: text("skip_versions"),
        dhcp_domain: text("dhcp_domain"),
        vendordata_providers: options
            .get("vendordata_providers")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(provider).collect()),
        ports: json("ports"),
        portgroups: json("portgroups"),
        vendor_data: json("vendor_data"),
        vendor_data2: json("vendor_data2"),
        random_seed: text("random_seed"),
        default_random_seed: text("default_random_seed"),
        source_date_epoch: number("source_date_epoch"),
    }
}

/// In bytes. Zeros by the megabyte take time and find nothing.
const SLOW_SIZES: std::ops::RangeInclusive<u64> = (4 << 20) + 1..=64 << 20;

fn json_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        value => value.to_string(),
    }
}
