//! The request that starts a deployment.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::feature::Feature;
use super::ident::NodeIdent;
use super::operation::Operation;
use crate::transport::Body;

/// What a node is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Deploy a node that is `available`.
    Active,
    /// Deploy a node again that has an instance.
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

/// A drive on its way to Ironic: base64 of a gzipped image. It holds secrets, so it shows its length and digest alone.
#[derive(PartialEq, Eq)]
pub struct Drive(String);

impl Drive {
    /// Takes the text that the sandbox made. Of base64's own characters (RFC 4648, section 4) none can end a JSON
    /// string, so what came out of the sandbox can say nothing else in the request.
    pub fn new(text: String) -> Result<Self, NotADrive> {
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        // Ironic takes an empty text for no drive at all.
        if text.is_empty() || !text.bytes().all(base64) {
            return Err(NotADrive);
        }
        Ok(Self(text))
    }

    /// What may be shown of it.
    pub fn digest(&self) -> DriveDigest {
        let sha256 = Sha256::digest(self.0.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        DriveDigest { length: self.0.len(), sha256 }
    }
}

impl fmt::Debug for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drive({})", self.digest())
    }
}

/// A drive without its contents: enough to tell it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriveDigest {
    /// Of the text, in bytes.
    pub length: usize,
    /// SHA-256 of the text, in hexadecimal digits.
    pub sha256: String,
}

impl fmt::Display for DriveDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of base64, SHA-256 {}", self.length, self.sha256)
    }
}

/// Text that is not base64.
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
    /// What the node is to do.
    pub target: Target,
    /// The drive that its instance gets, if it needs one.
    pub drive: Option<Drive>,
}

impl ProvisionRequest {
    /// The largest body that Ironic's API reads, in bytes. It answers a larger one before it has read it, and closes:
    /// many clients see a broken connection instead of the 413.
    pub const LIMIT: usize = 67_108_864;

    /// The length of the body in bytes.
    pub fn length(&self) -> usize {
        let (before, after) = self.frame();
        before.len() + self.drive.as_ref().map_or(0, |drive| drive.0.len()) + after.len()
    }

    /// Makes the body. The drive is moved within its own memory, not copied: it can be 64 MiB.
    pub fn seal(self) -> Result<SealedRequest, TooLarge> {
        let length = self.length();
        if length > Self::LIMIT {
            return Err(TooLarge { length });
        }
        let (before, after) = self.frame();
        let (target, feature) = (self.target, self.feature());
        let mut body = self.drive.map(|drive| drive.0).unwrap_or_default();
        body.reserve_exact(before.len() + after.len());
        body.insert_str(0, &before);
        body.push_str(after);
        Ok(SealedRequest { target, feature, body: Body(body.into()) })
    }

    /// What the server has to have for this request.
    pub(super) fn feature(&self) -> Feature {
        match (self.target, &self.drive) {
            (Target::Rebuild, Some(_)) => Feature::RebuildWithDrive,
            _ => Feature::Nodes,
        }
    }

    fn frame(&self) -> (String, &'static str) {
        match self.drive {
            Some(_) => (format!(r#"{{"target": "{}", "configdrive": ""#, self.target), r#""}"#),
            None => (format!(r#"{{"target": "{}""#, self.target), "}"),
        }
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
    /// What is asked for with it.
    pub(super) fn operation(&self, node: NodeIdent) -> Operation {
        match self.target {
            Target::Active => Operation::Deploy(node),
            Target::Rebuild => Operation::Rebuild(node),
        }
    }

    /// The body, as it is sent.
    pub fn body(&self) -> &Bytes {
        &self.body.0
    }
}

/// A body of more than [`ProvisionRequest::LIMIT`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Length of the body in bytes.
    pub length: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request would be {} bytes long, and Ironic reads {}", self.length, ProvisionRequest::LIMIT)
    }
}

impl std::error::Error for TooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: Target, drive: Option<&str>) -> ProvisionRequest {
        ProvisionRequest { target, drive: drive.map(|text| Drive::new(text.to_owned()).unwrap()) }
    }

    #[test]
    fn the_body_is_what_ironic_reads() {
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
        assert_eq!(drive.digest().sha256, digest);
        let request = ProvisionRequest { target: Target::Active, drive: Some(drive) };
        assert!(!format!("{request:?}").contains("c2Vj"));
        assert!(!format!("{:?}", request.seal().unwrap()).contains("c2Vj"));
    }
}
