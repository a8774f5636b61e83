//! Changes to a document, such as those that a person writes as options of the command: JSON → JSON.

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Kind,
    error::{DocumentError, Problem},
    json::{Json, Object},
    members,
    read::{Members, Result, all, base64, every, list, object, text},
};

/// What replaces or extends a document's data, whatever its form.
#[derive(Debug)]
pub struct Changes<'a> {
    uuid: Option<&'a str>,
    hostname: Option<&'a str>,
    /// In base64.
    user_data: Option<&'a str>,
    public_keys: Option<Vec<&'a str>>,
    metadata: Option<&'a Object<'a>>,
    network_data: Option<Json<'a>>,
    vendor_data: Option<Json<'a>>,
    injected_files: Option<Vec<(&'a str, &'a Json<'a>)>>,
    admin_pass: Option<&'a str>,
}

impl<'a> Changes<'a> {
    /// Reads the changes. Unlike those of a document, their errors are ones of options.
    pub fn parse(changes: &'a Json<'a>) -> Result<Self> {
        let changes = Members::of(changes).map_err(|error| error.in_option("changes"))?;
        changes.closed(members::CHANGES).map_err(|error| error.in_option("changes"))?;
        all!(Self {
            uuid: option(changes, "uuid", text),
            hostname: option(changes, "hostname", text),
            user_data: option(changes, "user_data", |value| base64(value).and(text(value))),
            public_keys: option(changes, "public_keys", |value| list(value, text)),
            metadata: option(changes, "metadata", |value| {
                let metadata = object(value)?;
                every(metadata.iter().map(|(name, value)| text(value).map(drop).map_err(|error| error.below(name))))?;
                Ok(metadata)
            }),
            network_data: option(changes, "network_data", parsed),
            vendor_data: option(changes, "vendor_data", parsed),
            injected_files: option(changes, "injected_files", |value| {
                list(value, |file| {
                    let members = Members::of(file)?;
                    members.required("contents", base64)?;
                    Ok((members.required("path", text)?, file))
                })
            }),
            admin_pass: option(changes, "admin_pass", text),
        })
    }

    /// Returns the changed document.
    pub fn apply(&self, document: &'a Json<'a>) -> Result<Json<'a>> {
        let members = Members::of(document)?;
        let kind = Kind::of(members)?;
        kind.closed(members)?;
        let mut changed = object(document)?.clone();
        match kind {
            Kind::Instance => self.instance_document(&mut changed)?,
            Kind::MetaData => self.meta_data_document(&mut changed)?,
            Kind::Files => {
                if let Some(option) = self.first() {
                    return Err(DocumentError::from(Problem::Conflict(FILES)).in_option(option));
                }
            }
        }
        Ok(changed.into())
    }

    fn instance_document(&self, document: &mut Object<'a>) -> Result<()> {
        if let Some(network_data) = &self.network_data {
            document.set("network_data", network_data.clone());
            // It would describe another network.
            for name in ["network_info", "ports", "portgroups"] {
                document.remove(name);
            }
        }
        if let Some(vendor_data) = &self.vendor_data {
            document.set("vendor_data", vendor_data.clone());
        }
        if let Some(password) = self.admin_pass {
            document.set("admin_pass", password.into());
        }
        self.injected_files(document)?;
        let instance = inner(document, "instance")?;
        for (name, value) in [("uuid", self.uuid), ("hostname", self.hostname), ("user_data", self.user_data)] {
            if let Some(value) = value {
                instance.set(name, value.into());
            }
        }
        if let Some(metadata) = self.metadata {
            extend(instance, "metadata", metadata).map_err(|error| error.below("instance"))?;
        }
        match self.public_keys.as_deref() {
            None => {}
            Some([key]) => {
                let pair = [("name", KEY_NAME.into()), ("type", "ssh".into()), ("public_key", (*key).into())];
                instance.set("key_name", KEY_NAME.into());
                instance.set("key_data", (*key).into());
                instance.set("keypairs", [Json::from(Object::from(pair))].into_iter().collect());
            }
            Some(_) => return Err(DocumentError::from(Problem::Conflict(ONE_KEY)).in_option("public_keys")),
        }
        Ok(())
    }

    fn meta_data_document(&self, document: &mut Object<'a>) -> Result<()> {
        if let Some(network_data) = &self.network_data {
            document.set("network_data", network_data.clone());
        }
        if let Some(vendor_data) = &self.vendor_data {
            document.set("vendor_data", vendor_data.clone());
        }
        if let Some(user_data) = self.user_data {
            for name in ["user_data", "user_data_base64"] {
                document.remove(name);
            }
            match String::from_utf8(base64(&user_data.into())?) {
                Ok(text) => document.set("user_data", text.into()),
                Err(_) => document.set("user_data_base64", user_data.into()),
            }
        }
        self.injected_files(document)?;
        let meta_data = inner(document, "meta_data")?;
        // glean takes the host name from `name`, so that changes too, unless it was another one.
        let named_after_host = meta_data.get("name").is_none_or(|name| Some(name) == meta_data.get("hostname"));
        for (name, value) in [("uuid", self.uuid), ("hostname", self.hostname), ("admin_pass", self.admin_pass)] {
            if let Some(value) = value {
                meta_data.set(name, value.into());
            }
        }
        if let (Some(hostname), true) = (self.hostname, named_after_host) {
            meta_data.set("name", hostname.into());
        }
        if let Some(metadata) = self.metadata {
            extend(meta_data, "meta", metadata).map_err(|error| error.below("meta_data"))?;
        }
        if let Some(keys) = &self.public_keys {
            let named = keys.iter().zip(1usize..).map(|(key, number)| {
                let name = if number == 1 { KEY_NAME.to_string() } else { alloc::format!("{KEY_NAME}-{number}") };
                (Cow::Owned(name), Json::from(*key))
            });
            meta_data.set("public_keys", named.collect::<Object<'_>>().into());
            // Nova's list of the same.
            meta_data.remove("keys");
        }
        Ok(())
    }

    /// Adds the files. One replaces a file of the document with the same path.
    fn injected_files(&self, document: &mut Object<'a>) -> Result<()> {
        let Some(files) = &self.injected_files else { return Ok(()) };
        let present = match document.get("injected_files") {
            None | Some(Json::Null) => &[],
            Some(Json::List(files)) => files.as_slice(),
            Some(other) => {
                return Err(DocumentError::from(Problem::kind(other, "an array")).below("injected_files"));
            }
        };
        let is_replaced = |file: &&Json<'_>| match file {
            Json::Object(file) => {
                let path = |new: &(&str, _)| matches!(file.get("path"), Some(Json::Text(path)) if path == new.0);
                files.iter().any(path)
            }
            _ => false,
        };
        let kept = present.iter().filter(|file| !is_replaced(file)).cloned();
        let all = kept.chain(files.iter().map(|(_, file)| (*file).clone())).collect();
        document.set("injected_files", all);
        Ok(())
    }

    /// Returns the name of the first change.
    fn first(&self) -> Option<&'static str> {
        let given = [
            ("uuid", self.uuid.is_some()),
            ("hostname", self.hostname.is_some()),
            ("user_data", self.user_data.is_some()),
            ("public_keys", self.public_keys.is_some()),
            ("metadata", self.metadata.is_some()),
            ("network_data", self.network_data.is_some()),
            ("vendor_data", self.vendor_data.is_some()),
            ("injected_files", self.injected_files.is_some()),
            ("admin_pass", self.admin_pass.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// The name of the first key pair.
const KEY_NAME: &str = "default";

const FILES: &str =
    "a document with files is put on the drive as it is; use a document with meta_data or instance instead";

const ONE_KEY: &str =
    "an instance document has one key pair, as in Nova; give one key, or put the others into the user data";

fn option<'a, T>(
    changes: Members<'a>,
    name: &'static str,
    read: impl FnOnce(&'a Json<'a>) -> Result<T>,
) -> Result<Option<T>> {
    // The option's name is its place, so the pointer starts inside it.
    changes.value(name).map(read).transpose().map_err(|error| error.in_option(name))
}

/// Reads an object that is given as JSON or YAML text.
fn parsed<'a>(value: &'a Json<'a>) -> Result<Json<'a>> {
    let value = super::parse(text(value)?)?;
    match value {
        Json::Object(_) => Ok(value),
        other => Err(Problem::kind(&other, "an object").into()),
    }
}

/// Returns the member `name`, which must be an object.
fn inner<'d, 'a>(object: &'d mut Object<'a>, name: &'static str) -> Result<&'d mut Object<'a>> {
    match object.get_mut(name) {
        Some(Json::Object(object)) => Ok(object),
        Some(other) => Err(DocumentError::from(Problem::kind(other, "an object")).below(name)),
        None => Err(DocumentError::from(Problem::Missing).below(name)),
    }
}

/// Sets members of the object `name`.
fn extend<'a>(object: &mut Object<'a>, name: &'static str, members: &'a Object<'a>) -> Result<()> {
    if matches!(object.get(name), None | Some(Json::Null)) {
        object.set(name, Object::default().into());
    }
    let object = inner(object, name)?;
    for (name, value) in members.iter() {
        object.set(name, value.clone());
    }
    Ok(())
}

/// Replaces what may be a secret in a document by a note: user data, passwords, seeds, vendor data and the contents of files.
pub fn conceal(document: &mut Json<'_>) {
    match document {
        Json::Object(members) => {
            for (name, value) in members.iter_mut() {
                if SECRETS.contains(&name) { conceal_all(value) } else { conceal(value) }
            }
        }
        Json::List(items) => items.iter_mut().for_each(conceal),
        _ => {}
    }
}

fn conceal_all(value: &mut Json<'_>) {
    match value {
        Json::Null => {}
        Json::Object(members) => members.iter_mut().for_each(|(_, value)| conceal_all(value)),
        Json::List(items) => items.iter_mut().for_each(conceal_all),
        value => *value = CONCEALED.into(),
    }
}

const CONCEALED: &str = "(not shown)";

/// Members that are secret, wherever they are: those of documents, and those of Nova's objects and of metadata in which passwords
/// are usual.
const SECRETS: [&str; 11] = [
    "user_data",
    "user_data_base64",
    "admin_pass",
    "admin_password",
    "password",
    "random_seed",
    "contents",
    "vendor_data",
    "vendor_data2",
    "system_metadata",
    "auth_token",
];

#[cfg(test)]
mod tests {
    use crate::amend;
    use alloc::string::{String, ToString};

    fn amended(document: &str, changes: &str) -> String {
        match amend(document, changes, false) {
            Ok(text) => text.split_whitespace().collect(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn changes_replace_a_documents_members_where_its_form_has_them() {
        let changes = r#"{"uuid": "u", "hostname": "h", "user_data": "IyE=", "public_keys": ["k"], "admin_pass": "p",
            "metadata": {"a": "1"}, "network_data": "{\"links\": []}", "vendor_data": "{}",
            "injected_files": [{"path": "/a", "contents": ""}]}"#;
        assert_eq!(
            amended(r#"{"meta_data": {"uuid": "old", "meta": {"a": "0", "b": "2"}}, "user_data": {"x": 1}}"#, changes),
            concat!(
                r#"{"meta_data":{"uuid":"u","meta":{"a":"1","b":"2"},"hostname":"h","admin_pass":"p","name":"h","#,
                r#""public_keys":{"default":"k"}},"network_data":{"links":[]},"vendor_data":{},"user_data":"#,
                r##""#!","injected_files":[{"path":"/a","contents":""}]}"##
            )
        );
        let instance = r#"{"instance": {"uuid": "old", "extra": 1}, "network_info": [], "ports": [],
            "injected_files": [{"path": "/b", "contents": ""}, {"path": "/a", "contents": "AA=="}]}"#;
        assert_eq!(
            amended(instance, changes),
            concat!(
                r#"{"instance":{"uuid":"u","extra":1,"hostname":"h","user_data":"IyE=","metadata":{"a":"1"},"#,
                r#""key_name":"default","key_data":"k","keypairs":[{"name":"default","type":"ssh","public_key":"k"}]},"#,
                r#""injected_files":[{"path":"/b","contents":""},{"path":"/a","contents":""}],"network_data":"#,
                r#"{"links":[]},"vendor_data":{},"admin_pass":"p"}"#
            )
        );
    }

    #[test]
    fn user_data_that_is_no_text_stays_in_base64() {
        assert_eq!(
            amended(r#"{"meta_data": {}, "user_data": "x"}"#, r#"{"user_data": "H4sI"}"#),
            r#"{"meta_data":{},"user_data_base64":"H4sI"}"#
        );
        for (before, after) in [("old", "new"), ("other", "other")] {
            assert_eq!(
                amended(
                    &alloc::format!(r#"{{"meta_data": {{"hostname": "old", "name": "{before}"}}}}"#),
                    r#"{"hostname": "new"}"#
                ),
                alloc::format!(r#"{{"meta_data":{{"hostname":"new","name":"{after}"}}}}"#)
            );
        }
    }

    #[test]
    fn a_change_that_the_document_cannot_have_is_an_invalid_option() {
        for (document, changes, message) in [
            (r#"{"files": []}"#, r#"{"hostname": "h"}"#, "option hostname: a document with files is put on"),
            (
                r#"{"instance": {}}"#,
                r#"{"public_keys": ["a", "b"]}"#,
                "option public_keys: an instance document has one",
            ),
            (
                r#"{"meta_data": {}}"#,
                r#"{"network_data": "[]"}"#,
                "option network_data: expected an object, found an array",
            ),
            (
                r#"{"meta_data": {}}"#,
                r#"{"network_data": "{"}"#,
                "option network_data: expected a JSON document, found",
            ),
            (r#"{"meta_data": {}}"#, r#"{"user_data": "x"}"#, "option user_data: invalid base64 at character 1"),
            (
                r#"{"meta_data": {}}"#,
                r#"{"metadata": {"a": 1}}"#,
                "option metadata: /a: expected a string, found a number",
            ),
            (
                r#"{"meta_data": {}}"#,
                r#"{"host_name": "h"}"#,
                "option changes: unknown member \"host_name\"; did you mean",
            ),
            (r#"{"meta_data": {}}"#, "[]", "option changes: expected an object, found an array"),
            (r#"{"meta_data": {}}"#, "", "option changes: expected a JSON document, found invalid JSON"),
        ] {
            let found = amended(document, changes);
            assert!(found.starts_with(message), "{found}");
        }
    }

    #[test]
    fn a_document_for_people_has_no_secrets() {
        let document = r#"{"meta_data": {"name": "n", "admin_pass": "SECRET", "meta": {"admin_pass": "SECRET"}},
            "user_data": {"password": ["SECRET", 5, null]}, "vendor_data": {"a": {"b": "SECRET"}},
            "user_data_base64": "SECRET", "injected_files": [{"path": "/a", "contents": "SECRET"}]}"#;
        let shown = amend(document, "{}", true).unwrap();
        assert!(!shown.contains("SECRET") && !shown.contains('5') && shown.contains("\"path\": \"/a\""), "{shown}");
        assert!(amend(document, "{}", false).unwrap().contains("SECRET"));
    }
}
