//! Reads the options about config drives from nova.conf, by the names and groups of Nova 34.

use std::path::{Path, PathBuf};

use ini::{Ini, ParseOption};

use crate::{
    error::Error,
    source::Source,
    values::{Format, Providers},
};

/// The options that nova.conf sets.
#[derive(Debug, Default)]
pub struct NovaConf {
    pub(crate) force_config_drive: Option<bool>,
    pub(crate) config_drive_format: Option<Format>,
    pub(crate) config_drive_skip_versions: Option<String>,
    pub(crate) dhcp_domain: Option<String>,
    pub(crate) vendordata_providers: Option<Providers>,
    pub(crate) vendordata_jsonfile_path: Option<PathBuf>,
    /// The file, if there is one.
    path: PathBuf,
}

impl NovaConf {
    /// Parses the content of the file at `path`.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let invalid = |message| Error::Config { source: Source::File(path.to_owned()), message };
        // As oslo.config reads: quotes and backslashes are literal, and an indented line continues the one above.
        let options = ParseOption {
            enabled_quote: false,
            enabled_escape: false,
            enabled_indented_mutiline_value: true,
            ..ParseOption::default()
        };
        let ini = Ini::load_from_str_opt(text, options).map_err(|error| {
            invalid(format!("line {} column {}: expected [group] or name = value", error.line, error.col))
        })?;
        let conf = Self::from_ini(&ini).map_err(invalid)?;
        Ok(Self { path: path.to_owned(), ..conf })
    }

    /// Returns the name of one of its options, for errors.
    pub(crate) fn source(&self, option: &str) -> Source {
        Source::OptionFile { path: self.path.clone(), option: option.to_owned() }
    }

    fn from_ini(ini: &Ini) -> Result<Self, String> {
        if let Some(template) = ini.get_from(DEFAULT, "injected_network_template") {
            injected_network_template(template)
                .map_err(|error| format!("[DEFAULT] injected_network_template: {error}"))?;
        }
        Ok(Self {
            force_config_drive: option(ini, DEFAULT, "force_config_drive", boolean)?,
            config_drive_format: option(ini, DEFAULT, "config_drive_format", format)?,
            config_drive_skip_versions: option(ini, API, "config_drive_skip_versions", text)?,
            dhcp_domain: option(ini, API, "dhcp_domain", text)?,
            vendordata_providers: option(ini, API, "vendordata_providers", providers)?,
            vendordata_jsonfile_path: option(ini, API, "vendordata_jsonfile_path", path)?
                .filter(|path| !path.as_os_str().is_empty()),
            path: PathBuf::new(),
        })
    }
}

/// Accepts the path of Nova's own template wherever it is installed, even with `$pybasedir`.
pub(crate) fn injected_network_template(path: &str) -> Result<String, String> {
    if path.ends_with("nova/virt/interfaces.template") {
        return Ok(path.to_owned());
    }
    Err("expected Nova's own nova/virt/interfaces.template, found another template; omit the option, or put network_data in \
         the document"
        .into())
}

const DEFAULT: Option<&str> = Some("DEFAULT");
const API: Option<&str> = Some("api");

fn option<T>(
    ini: &Ini,
    group: Option<&str>,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    // If an option is set twice, oslo.config uses the last.
    let Some(value) = ini.section(group).and_then(|group| group.get_all(name).last()) else { return Ok(None) };
    let parsed = if value.contains('$') {
        Err("expected a value without substitutions such as $name; write the value out".into())
    } else {
        parse(value)
    };
    parsed.map(Some).map_err(|error| format!("[{}] {name}: {error}", group.unwrap_or_default()))
}

fn format(value: &str) -> Result<Format, String> {
    match value {
        "iso9660" => Ok(Format::Iso9660),
        "vfat" => Ok(Format::Vfat),
        _ => Err("invalid value: expected iso9660 or vfat".into()),
    }
}

// Errors do not show values: a line that is indented by mistake continues the option above, and may be a password.

fn providers(value: &str) -> Result<Providers, String> {
    value.parse().map_err(|_| "invalid value: expected StaticJSON, DynamicJSON, or both separated by a comma".into())
}

fn path(value: &str) -> Result<PathBuf, String> {
    if value.contains('\n') { Err("expected a path, found several lines".into()) } else { Ok(value.into()) }
}

fn text(value: &str) -> Result<String, String> {
    Ok(value.to_owned())
}

/// Reads a boolean as `oslo_config.types.Boolean` does.
fn boolean(value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err("invalid value: expected true or false".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use configdrive_contract::VendordataProvider;

    fn parse(text: &str) -> Result<NovaConf, String> {
        NovaConf::parse(text, Path::new("nova.conf")).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_found_in_their_groups() {
        let conf = parse(
            "[DEFAULT]\n# a comment\nforce_config_drive = True\nconfig_drive_format=iso9660\ndhcp_domain = not.here\n\
             [api]\ndhcp_domain = \"quoted\\n\nvendordata_providers = StaticJSON,\n  DynamicJSON\n\
             config_drive_skip_versions =\nvendordata_jsonfile_path = /etc/nova/vendor.json\n[other]\nkey: value\n",
        )
        .unwrap();
        assert_eq!(conf.force_config_drive, Some(true));
        assert_eq!(conf.dhcp_domain.as_deref(), Some("\"quoted\\n"));
        assert_eq!(conf.config_drive_skip_versions.as_deref(), Some(""));
        let Providers(providers) = conf.vendordata_providers.unwrap();
        assert_eq!(providers, [VendordataProvider::StaticJson, VendordataProvider::DynamicJson]);
        assert_eq!(conf.vendordata_jsonfile_path, Some(PathBuf::from("/etc/nova/vendor.json")));
    }

    #[test]
    fn both_of_novas_file_systems_are_known() {
        for (name, format) in [("iso9660", Format::Iso9660), ("vfat", Format::Vfat)] {
            let conf = parse(&format!("[DEFAULT]\nconfig_drive_format = {name}\n")).unwrap();
            assert_eq!(conf.config_drive_format, Some(format));
        }
    }

    #[test]
    fn an_empty_file_sets_nothing() {
        let conf = parse("").unwrap();
        assert_eq!((conf.force_config_drive, conf.dhcp_domain), (None, None));
    }

    #[test]
    fn an_error_names_the_file_and_the_option() {
        for (text, named) in [
            ("[DEFAULT]\nforce_config_drive = maybe\n", "[DEFAULT] force_config_drive"),
            ("[DEFAULT]\nconfig_drive_format = ext4\n", "[DEFAULT] config_drive_format"),
            // An alias of the flag, which Nova does not know.
            ("[DEFAULT]\nconfig_drive_format = iso\n", "[DEFAULT] config_drive_format"),
            ("[DEFAULT]\ninjected_network_template = /etc/mine\n", "[DEFAULT] injected_network_template"),
            ("[api]\nvendordata_providers = StaticJSON,Mine\n", "[api] vendordata_providers"),
            ("[api]\ndhcp_domain = $my_domain\n", "[api] dhcp_domain"),
            ("[api\n", "line 2 column 1"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(named) && error.contains("nova.conf"), "{text}: {error}");
        }
        assert!(parse("[DEFAULT]\ninjected_network_template = $pybasedir/nova/virt/interfaces.template\n").is_ok());
    }
}
