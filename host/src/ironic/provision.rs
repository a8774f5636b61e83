//! The request that starts a deployment.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::content::{DriveUrl, Metadata};
use super::deploy_steps::DeploySteps;
use super::feature::Feature;
use super::ident::NodeIdent;
use super::operation::Operation;
use crate::transport::Body;

/// The target of a provision request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Deploy a node that has no instance.
    Active,
    /// Redeploy a node that has an instance.
    Rebuild,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Rebuild => "rebuild",
        })
    }
}

/// A drive in a form that Ironic accepts. It contains secrets, so `Debug` shows only its digest.
#[derive(PartialEq, Eq)]
pub struct Drive {
    form: Form,
    /// Base64, or JSON in the other forms.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Base64 of a gzipped image.
    Base64,
    /// The URL of that text.
    Url(DriveUrl),
    /// An object from which Ironic builds the drive.
    Metadata { vendor_data: bool },
}

impl Drive {
    /// Checks the base64 text that the sandbox returned. No character of base64 (RFC 4648, section 4) can end a JSON string, so
    /// the sandbox's output cannot add anything else to the request.
    pub fn new(text: String) -> Result<Self, NotADrive> {
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        // Ironic would treat an empty string as no drive at all.
        if text.is_empty() || !text.bytes().all(base64) {
            return Err(NotADrive);
        }
        Ok(Self { form: Form::Base64, text })
    }

    /// Returns what identifies the drive, and is safe to show.
    pub fn digest(&self) -> DriveDigest {
        let hash = || Sha256::digest(self.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        match &self.form {
            Form::Base64 => DriveDigest::Base64 { length: self.text.len(), sha256: hash() },
            Form::Url(url) => DriveDigest::Url { url: url.to_string() },
            Form::Metadata { .. } => {
                DriveDigest::Metadata { metadata: MetadataDigest { length: self.text.len(), sha256: hash() } }
            }
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns what surrounds the text in JSON.
    fn quotes(&self) -> &'static str {
        if self.form == Form::Base64 { "\"" } else { "" }
    }
}

impl From<&DriveUrl> for Drive {
    fn from(url: &DriveUrl) -> Self {
        Self { form: Form::Url(url.clone()), text: Value::from(url.as_str()).to_string() }
    }
}

impl From<&Metadata> for Drive {
    fn from(metadata: &Metadata) -> Self {
        Self { form: Form::Metadata { vendor_data: metadata.has_vendor_data() }, text: metadata.json().to_owned() }
    }
}

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drive({})", self.digest())
    }
}

/// What distinguishes a drive from others without revealing it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DriveDigest {
    /// Of a drive in base64.
    Base64 {
        /// The length of the base64 text in bytes.
        length: usize,
        /// The SHA-256 of the base64 text, in hexadecimal digits.
        sha256: String,
    },
    /// Of a drive that Ironic fetches.
    Url {
        /// The URL without its query and its user.
        url: String,
    },
    /// Of a drive that Ironic builds.
    Metadata {
        /// The digest of the JSON object.
        metadata: MetadataDigest,
    },
}

/// The length and hash of a JSON object from which Ironic builds a drive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MetadataDigest {
    /// The length of the JSON text in bytes.
    pub length: usize,
    /// The SHA-256 of the JSON text, in hexadecimal digits.
    pub sha256: String,
}

impl fmt::Display for DriveDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base64 { length, sha256 } => write!(f, "{length} bytes of base64, SHA-256 {sha256}"),
            Self::Url { url } => write!(f, "fetched by Ironic from {url}"),
            Self::Metadata { metadata: MetadataDigest { length, sha256 } } => {
                write!(f, "built by Ironic from {length} bytes of JSON, SHA-256 {sha256}")
            }
        }
    }
}

/// The error for a string that is empty or not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADrive;

impl fmt::Display for NotADrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the drive is empty or not base64")
    }
}

impl std::error::Error for NotADrive {}

/// The body of `PUT /v1/nodes/{node}/states/provision`.
#[derive(Debug, PartialEq, Eq)]
pub struct ProvisionRequest {
    /// The requested target.
    pub target: Target,
    /// The instance's drive, if it needs one.
    pub drive: Option<Drive>,
    /// Deploy steps in addition to the node's own.
    pub deploy_steps: Option<DeploySteps>,
}

impl ProvisionRequest {
    /// The largest body that Ironic's API accepts, in bytes. The API refuses a larger one before it has read it, and closes the
    /// connection: many clients see a broken connection instead of the 413.
    pub const LIMIT: usize = 67_108_864;

    /// Returns the length of the body in bytes.
    pub fn length(&self) -> usize {
        let (before, after) = self.frame();
        before.len() + self.drive.as_ref().map_or(0, |drive| drive.text.len()) + after.len()
    }

    /// Builds the body. The drive, up to 64 MiB, is not copied but moved within its own memory.
    pub fn seal(self) -> Result<SealedRequest, TooLarge> {
        let length = self.length();
        if length > Self::LIMIT {
            return Err(TooLarge { length });
        }
        let (before, after) = self.frame();
        let (target, feature) = (self.target, self.feature());
        let mut body = self.drive.map(|drive| drive.text).unwrap_or_default();
        body.reserve_exact(before.len() + after.len());
        body.insert_str(0, &before);
        body.push_str(&after);
        Ok(SealedRequest { target, feature, body: Body(body.into()) })
    }

    /// Returns the feature that the server must have for this request: the newest of those that it relies on.
    pub(super) fn feature(&self) -> Feature {
        match (&self.deploy_steps, self.drive.as_ref().map(|drive| &drive.form)) {
            (Some(_), _) => Feature::RequestedSteps,
            (_, Some(Form::Metadata { vendor_data: true })) => Feature::MetadataVendorData,
            (_, Some(Form::Metadata { .. })) => Feature::MetadataDrive,
            (_, Some(_)) if self.target == Target::Rebuild => Feature::RebuildWithDrive,
            _ => Feature::Nodes,
        }
    }

    fn frame(&self) -> (String, String) {
        let mut before = format!(r#"{{"target": "{}""#, self.target);
        let mut after = String::new();
        if let Some(drive) = &self.drive {
            before.push_str(r#", "configdrive": "#);
            before.push_str(drive.quotes());
            after.push_str(drive.quotes());
        }
        if let Some(steps) = &self.deploy_steps {
            after.push_str(r#", "deploy_steps": "#);
            after.push_str(&steps.json());
        }
        after.push('}');
        (before, after)
    }
}

/// A request that fits Ironic's limit. It can be sent more than once: its bytes are shared, not copied.
#[derive(Clone, Debug)]
pub struct SealedRequest {
    pub(super) target: Target,
    pub(super) feature: Feature,
    pub(super) body: Body,
}

impl SealedRequest {
    /// Returns the operation that the request performs.
    pub(super) fn operation(&self, node: NodeIdent) -> Operation {
        match self.target {
            Target::Active => Operation::Deploy(node),
            Target::Rebuild => Operation::Rebuild(node),
        }
    }

    /// Returns the body as it is sent.
    pub fn body(&self) -> &Bytes {
        &self.body.0
    }
}

/// The error for a body of more than [`ProvisionRequest::LIMIT`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The length of the body in bytes.
    pub length: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the request would have {} bytes, and Ironic accepts at most {}",
            self.length,
            ProvisionRequest::LIMIT
        )
    }
}

impl std::error::Error for TooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: Target, drive: Option<&str>) -> ProvisionRequest {
        let drive = drive.map(|text| Drive::new(text.to_owned()).unwrap());
        ProvisionRequest { target, drive, deploy_steps: None }
    }

    #[test]
    fn the_body_is_json() {
        let json = |target, drive| {
            let request = request(target, drive);
            let length = request.length();
            let sealed = request.seal().unwrap();
            assert_eq!(sealed.body().len(), length);
            serde_json::from_slice::<serde_json::Value>(sealed.body()).unwrap()
        };
        assert_eq!(
            json(Target::Active, Some("H4sI+/==")),
            serde_json::json!({"target": "active", "configdrive": "H4sI+/=="})
        );
        assert_eq!(json(Target::Rebuild, None), serde_json::json!({"target": "rebuild"}));
    }

    #[test]
    fn a_drive_in_any_form_and_steps_are_json() {
        let json = |request: ProvisionRequest| {
            let length = request.length();
            let sealed = request.seal().unwrap();
            assert_eq!(sealed.body().len(), length);
            (serde_json::from_slice::<Value>(sealed.body()).unwrap(), sealed.feature)
        };
        let url: DriveUrl = r#"http://h/a"b\c?d\e"f"#.parse().unwrap();
        let metadata = Metadata::new(br#"{"user_data": "\"}"}"#).unwrap();
        let steps = DeploySteps::parse(r#"[{"interface": "bios", "step": "s", "priority": 1}]"#).unwrap();
        let target = Target::Rebuild;
        let request = ProvisionRequest { target, drive: Some(Drive::from(&url)), deploy_steps: None };
        assert_eq!(
            json(request),
            (serde_json::json!({"target": "rebuild", "configdrive": url.as_str()}), Feature::RebuildWithDrive)
        );
        let request = ProvisionRequest { target, drive: Some(Drive::from(&metadata)), deploy_steps: None };
        let expected = serde_json::json!({"target": "rebuild", "configdrive": {"user_data": "\"}"}});
        assert_eq!(json(request), (expected, Feature::MetadataDrive));
        let drive = Drive::new("H4sI".into()).ok();
        let expected = serde_json::json!({
            "target": "rebuild", "configdrive": "H4sI",
            "deploy_steps": [{"interface": "bios", "step": "s", "priority": 1, "args": {}}],
        });
        let request = ProvisionRequest { target, drive, deploy_steps: Some(steps) };
        assert_eq!(json(request), (expected, Feature::RequestedSteps));
    }

    #[test]
    fn a_drive_that_is_not_base64_never_reaches_a_request() {
        for text in ["", "a\"b", "a\\u0022", "a\n", "a-b_", "ä"] {
            assert_eq!(Drive::new(text.to_owned()), Err(NotADrive), "{text:?}");
        }
    }

    #[test]
    fn a_body_of_the_limit_is_sent_and_one_byte_more_is_not() {
        let frame = request(Target::Active, Some("A")).length() - 1;
        let fitting = "A".repeat(ProvisionRequest::LIMIT - frame);
        assert_eq!(request(Target::Active, Some(&fitting)).seal().unwrap().body().len(), ProvisionRequest::LIMIT);
        let length = ProvisionRequest::LIMIT + 1;
        assert_eq!(request(Target::Active, Some(&(fitting + "A"))).seal().unwrap_err(), TooLarge { length });
    }

    #[test]
    fn a_drive_is_never_shown() {
        let drive = Drive::new("c2VjcmV0".into()).unwrap();
        // printf c2VjcmV0 | sha256sum
        let digest = "1c1185e02ff3e23b3e5a1c5bc86cf15d4126caa3dcde0fdb6e93adc4deec119e";
        assert_eq!(drive.digest(), DriveDigest::Base64 { length: 8, sha256: digest.into() });
        let request = ProvisionRequest { target: Target::Active, drive: Some(drive), deploy_steps: None };
        assert!(!format!("{request:?}").contains("c2Vj"));
        assert!(!format!("{:?}", request.seal().unwrap()).contains("c2Vj"));
    }
}
