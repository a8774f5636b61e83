//! Reads the options about config drives from nova.conf, by the names and groups of Nova 34.

use std::path::{Path, PathBuf};

use configparser::ini::{Ini, IniDefault};

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
        let ini = read(text).map_err(invalid)?;
        let conf = Self::from_ini(&ini).map_err(invalid)?;
        Ok(Self { path: path.to_owned(), ..conf })
    }

    /// Returns the name of one of its options, for errors.
    pub(crate) fn source(&self, option: &str) -> Source {
        Source::OptionFile { path: self.path.clone(), option: option.to_owned() }
    }

    fn from_ini(ini: &Ini) -> Result<Self, String> {
        if let Some(template) = value(ini, DEFAULT, "injected_network_template") {
            injected_network_template(&template)
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

/// Parses the file as oslo.config does (`oslo_config.iniparser`): an indented line continues the one above, only whole lines are
/// comments, and an option that is set twice has the last value. Errors do not quote the file, which contains passwords.
fn read(text: &str) -> Result<Ini, String> {
    let mut dialect = IniDefault::default();
    dialect.default_section = NO_GROUP.into();
    dialect.comment_symbols = vec!['#', ';'];
    dialect.delimiters = vec!['=', ':'];
    dialect.enable_inline_comments = false;
    dialect.case_sensitive = true;
    dialect.multiline = true;
    let mut ini = Ini::new_from_defaults(dialect);
    ini.read(text.to_owned()).map_err(|error| {
        // The error starts with `line 7:` or `line 7:1:`.
        let place = error.split(':').next().unwrap_or_default();
        format!("{place}: expected [group] or name = value")
    })?;
    let groups = ini.get_map_ref();
    if groups.contains_key(NO_GROUP) {
        return Err("expected [group] before the first option".into());
    }
    for (group, options) in groups {
        if options.values().any(Option::is_none) {
            return Err(format!("[{group}]: expected name = value, found a line without `=`"));
        }
    }
    Ok(ini)
}

const NO_GROUP: &str = "";
const DEFAULT: &str = "DEFAULT";
const API: &str = "api";

fn option<T>(
    ini: &Ini,
    group: &str,
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    let Some(value) = value(ini, group, name) else { return Ok(None) };
    let parsed = if value.contains('$') {
        Err("expected a value without substitutions such as $name; write the value out".into())
    } else {
        parse(&value)
    };
    parsed.map(Some).map_err(|error| format!("[{group}] {name}: {error}"))
}

/// Returns an option's value, without quotes around its first line.
fn value(ini: &Ini, group: &str, name: &str) -> Option<String> {
    let value = ini.get_map_ref().get(group)?.get(name)?.as_deref()?;
    let (first, others) = value.split_at_checked(value.find(['\r', '\n']).unwrap_or(value.len()))?;
    let mut inner = ['"', '\''].iter().filter_map(|quote| first.strip_prefix(*quote)?.strip_suffix(*quote));
    Some([inner.next().unwrap_or(first), others].concat())
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
             [api]\ndhcp_domain = \"half\\n # no comment\nvendordata_providers = StaticJSON,\n  DynamicJSON\n\
             config_drive_skip_versions =\nvendordata_jsonfile_path = /etc/nova/vendor.json\n[other]\nkey: value\n",
        )
        .unwrap();
        assert_eq!(conf.force_config_drive, Some(true));
        assert_eq!(conf.dhcp_domain.as_deref(), Some("\"half\\n # no comment"));
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
    fn values_are_read_as_oslo_config_reads_them() {
        let domain = |value: &str| parse(&format!("[api]\ndhcp_domain{value}\n")).unwrap().dhcp_domain.unwrap();
        for (value, expected) in [
            (" = \"a.b\"", "a.b"),
            (": 'a.b'", "a.b"),
            (" = 'a.b\"", "'a.b\""),
            (" = a.b ; c", "a.b ; c"),
            (" = a\ndhcp_domain = b", "b"),
            (" = a=b:c", "a=b:c"),
            (" = \n[x]\nA = b\n[api]\nDHCP_DOMAIN = c", ""),
        ] {
            assert_eq!(domain(value), expected, "{value}");
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
            ("[api]\n[api\n", "line 2: expected [group] or name = value"),
            ("[api]\n= SECRET\n", "line 2: expected [group] or name = value"),
            ("[api]\nSECRET\n", "[api]: expected name = value"),
            ("password = SECRET\n[api]\n", "expected [group] before the first option"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(named) && error.contains("nova.conf"), "{text}: {error}");
            assert!(!error.contains("SECRET"), "{error}");
        }
        assert!(parse("[DEFAULT]\ninjected_network_template = $pybasedir/nova/virt/interfaces.template\n").is_ok());
    }
}
