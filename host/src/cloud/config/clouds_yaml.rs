//! clouds.yaml and its companions.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::super::error::Error;
use super::super::value::{Broken, Map, Value, merge};
use super::environment::Environment;

/// clouds.yaml, overridden by secure.yaml, as openstacksdk finds and reads them (`openstack.config.loader`).
pub struct CloudsYaml {
    /// The path of the first clouds.yaml found, or `None` if there is none.
    pub path: Option<PathBuf>,
    /// The clouds by name.
    pub clouds: Map,
}

impl CloudsYaml {
    pub fn read(environment: &Environment) -> Result<Self, Error> {
        let mut clouds = Map::new();
        let mut path = None;
        for (name, variable) in [("clouds", "OS_CLIENT_CONFIG_FILE"), ("secure", "OS_CLIENT_SECURE_FILE")] {
            let Some(mut file) = find(environment, name, Some(variable))? else { continue };
            merge(&mut clouds, file.section("clouds")?);
            if name == "clouds" {
                path = Some(file.path);
            }
        }
        Ok(Self { path, clouds })
    }
}

/// Returns a profile from clouds-public.yaml. openstacksdk also has a built-in list of public clouds, which we do not copy.
pub fn profile(environment: &Environment, name: &str) -> Result<Option<Map>, Error> {
    let Some(mut file) = find(environment, "clouds-public", None)? else { return Ok(None) };
    match file.section("public-clouds")?.remove(name) {
        None => Ok(None),
        Some(Value::Map(profile)) => Ok(Some(profile)),
        Some(_) => Err(Error::NotAMap { path: file.path, member: format!("public-clouds.{name}") }),
    }
}

struct File {
    path: PathBuf,
    contents: Map,
}

impl File {
    fn section(&mut self, name: &str) -> Result<Map, Error> {
        match self.contents.remove(name) {
            Some(Value::Map(section)) => Ok(section),
            None => Ok(Map::new()),
            Some(_) => Err(Error::NotAMap { path: self.path.clone(), member: name.to_owned() }),
        }
    }
}

/// Reads the file that `variable` names, otherwise the first one called `name` with one of the usual endings.
fn find(environment: &Environment, name: &str, variable: Option<&'static str>) -> Result<Option<File>, Error> {
    if let Some((variable, path)) = variable.and_then(|variable| Some((variable, environment.get(variable)?))) {
        // If it cannot be read, openstacksdk tries the next file, and so may use a different cloud than intended.
        let path = environment.path(path);
        let text = fs::read_to_string(&path).map_err(|error| Error::File {
            what: variable,
            path: path.clone(),
            error: error.into(),
        })?;
        return parse(path, &text).map(Some);
    }
    for directory in environment.directories() {
        for ending in ["yaml", "yml", "json"] {
            let path = directory.join(format!("{name}.{ending}"));
            match fs::read_to_string(&path) {
                Ok(text) => return parse(path, &text).map(Some),
                Err(error) if error.kind() == ErrorKind::NotFound || error.kind() == ErrorKind::NotADirectory => {}
                // A file in /etc/openstack may be for other users.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    tracing::debug!(path = %path.display(), "skipped a clouds file that is not readable");
                }
                Err(error) => return Err(Error::File { what: "the clouds file", path, error: error.into() }),
            }
        }
    }
    Ok(None)
}

fn parse(path: PathBuf, text: &str) -> Result<File, Error> {
    match Value::parse(text) {
        Ok(Some(Value::Map(contents))) => Ok(File { path, contents }),
        Ok(None) => Ok(File { path, contents: Map::new() }),
        Ok(Some(_)) => Err(Error::NotAMap { path, member: String::new() }),
        Err(Broken { line, column }) => Err(Error::NotYaml { path, line, column }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Environment) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let home = directory.path().join("home").to_str().unwrap().to_owned();
        let here = directory.path().join("here");
        let environment = Environment::new([("HOME".to_owned(), home)].into(), here);
        (directory, environment)
    }

    #[test]
    fn the_first_file_found_is_used_and_overridden_by_secure_yaml() {
        let (_directory, environment) = directory(&[
            ("here/clouds.yml", "clouds: {a: {auth: {username: u}}}"),
            ("home/.config/openstack/clouds.yaml", "clouds: {b: {}}"),
            ("home/.config/openstack/secure.yaml", "clouds: {a: {auth: {password: p}}}"),
        ]);
        let found = CloudsYaml::read(&environment).unwrap();
        assert!(found.path.unwrap().ends_with("here/clouds.yml"));
        let expected = Value::parse("a: {auth: {username: u, password: p}}");
        assert!(Ok(Some(Value::Map(found.clouds))) == expected);
    }

    #[test]
    fn a_file_named_by_the_variable_takes_precedence_and_must_exist() {
        let (directory, environment) =
            directory(&[("here/clouds.yaml", "clouds: {a: {}}"), ("else.yaml", "clouds: {b: {}}")]);
        let named = |name: &str| {
            let path = directory.path().join(name).to_str().unwrap().to_owned();
            let mut variables = std::collections::BTreeMap::new();
            variables.insert("OS_CLIENT_CONFIG_FILE".to_owned(), path);
            CloudsYaml::read(&Environment::new(variables, directory.path().join("here")))
        };
        assert!(CloudsYaml::read(&environment).unwrap().clouds.contains_key("a"));
        assert!(named("else.yaml").unwrap().clouds.contains_key("b"));
        let error = named("missing.yaml").err().unwrap().to_string();
        assert!(error.starts_with("OS_CLIENT_CONFIG_FILE: cannot read \""), "{error}");
    }

    #[test]
    fn an_invalid_file_is_refused_without_showing_its_contents() {
        for text in ["clouds: hunter2", "hunter2", "clouds: {a: \"hunter2", "- hunter2", "clouds: [hunter2]"] {
            let (_directory, environment) = directory(&[("here/clouds.yaml", text)]);
            let error = CloudsYaml::read(&environment).err().unwrap().to_string();
            assert!(error.contains("here/clouds.yaml") && !error.contains("hunter2"), "{error}");
        }
        let (_directory, environment) = directory(&[("here/clouds.yaml", "")]);
        assert!(CloudsYaml::read(&environment).unwrap().clouds.is_empty());
    }

    #[test]
    fn a_profile_is_taken_from_clouds_public_yaml() {
        let (_directory, environment) =
            directory(&[("here/clouds-public.yaml", "public-clouds: {p: {auth: {auth_url: u}}}")]);
        assert!(profile(&environment, "p").unwrap().unwrap().contains_key("auth"));
        assert!(profile(&environment, "q").unwrap().is_none());
    }
}
