//! The environment variables that describe clouds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::error::Error;
use super::super::value::{Map, Value};

/// The part of the process's environment that concerns clouds.
pub struct Environment {
    /// The variables that are set and not empty.
    variables: BTreeMap<String, String>,
    directory: PathBuf,
}

impl Environment {
    pub fn of_process() -> Result<Self, Error> {
        let mut variables = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            if name.starts_with("OS_") || OTHERS.contains(&name.as_str()) {
                let value = value.into_string().map_err(|_| Error::NotUtf8 { variable: name.clone() })?;
                variables.insert(name, value);
            }
        }
        // The working directory is only needed to look for clouds.yaml, so it may be missing.
        Ok(Self::new(variables, std::env::current_dir().unwrap_or_default()))
    }

    pub fn new(mut variables: BTreeMap<String, String>, directory: PathBuf) -> Self {
        variables.retain(|_, value| !value.is_empty());
        Self { variables, directory }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns the cloud that the variables describe, with `OS_AUTH_URL` as the member `auth_url` and so on. Returns `None` if no
    /// variable concerns authentication: `OS_REGION_NAME` or `OS_CACERT` alone do not describe a cloud.
    pub fn cloud(&self) -> Option<Map> {
        AUTHENTICATION.iter().any(|name| self.get(name).is_some()).then(|| {
            let members = self.variables.iter().filter_map(|(name, value)| {
                Some((name.strip_prefix("OS_")?.to_lowercase(), Value::Text(value.clone())))
            });
            members.collect()
        })
    }

    /// Returns the directories to search for clouds.yaml and its companions, in order.
    pub fn directories(&self) -> Vec<PathBuf> {
        let below = |base: &str| Path::new(base).join("openstack");
        let mut directories = vec![self.directory.clone()];
        directories.extend(self.get("XDG_CONFIG_HOME").map(below));
        directories.extend(self.get("HOME").map(|home| below(&format!("{home}/.config"))));
        directories.extend(self.get("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg").split(':').map(below));
        directories.push("/etc/openstack".into());
        directories
    }

    /// Expands a leading `~/` to the home directory, as a shell does.
    pub fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.get("HOME")) {
            (Some(rest), Some(home)) => Path::new(home).join(rest),
            _ => text.into(),
        }
    }
}

const OTHERS: [&str; 3] = ["HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"];

/// The variables of which any one makes the environment a cloud. openstacksdk accepts any variable that starts with `OS_`, even
/// those of other programs.
const AUTHENTICATION: [&str; 13] = [
    "OS_AUTH_TYPE",
    "OS_AUTH_PLUGIN",
    "OS_AUTH_URL",
    "OS_USERNAME",
    "OS_USER_NAME",
    "OS_USER_ID",
    "OS_PASSWORD",
    "OS_TOKEN",
    "OS_AUTH_TOKEN",
    "OS_APPLICATION_CREDENTIAL_ID",
    "OS_APPLICATION_CREDENTIAL_NAME",
    "OS_APPLICATION_CREDENTIAL_SECRET",
    "OS_ENDPOINT",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Environment::new(variables.collect(), "/work".into())
    }

    #[test]
    fn variables_for_authentication_describe_a_cloud() {
        let cloud =
            environment(&[("OS_AUTH_URL", "http://k"), ("OS_REGION_NAME", "r"), ("HOME", "/h")]).cloud().unwrap();
        assert_eq!(cloud.keys().collect::<Vec<_>>(), ["auth_url", "region_name"]);
        let others =
            [("OS_CACERT", "/ca"), ("OS_REGION_NAME", "r"), ("OS_CLIENT_CONFIG_FILE", "/c"), ("OS_PASSWORD", "")];
        assert!(environment(&others).cloud().is_none());
    }

    #[test]
    fn files_are_searched_here_then_at_home_then_in_etc() {
        let directories = environment(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]).directories();
        let expected = ["/work", "/x/openstack", "/h/.config/openstack", "/etc/xdg/openstack", "/etc/openstack"];
        assert_eq!(directories, expected.map(PathBuf::from));
    }

    #[test]
    fn a_tilde_is_the_home_directory() {
        let environment = environment(&[("HOME", "/h")]);
        assert_eq!(environment.path("~/ca.pem"), Path::new("/h/ca.pem"));
        assert_eq!(environment.path("a/~/b"), Path::new("a/~/b"));
    }
}
