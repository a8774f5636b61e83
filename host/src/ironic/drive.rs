//! The drive of a job: built from a document, or finished already.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use configdrive_contract::{
    self as contract, ConfigDrive, DriveSource, Finding, Options, Recipient, Recipients, Severity,
};

use super::content::Content;
use super::deploy::Job;
use super::error::Error;
use super::node::Node;
use super::provision::Drive;
use super::step::Step;

/// Returns whether the instance needs a drive. Rejects invalid documents and drives, without a request to Ironic.
pub(super) async fn required(component: &Arc<impl ConfigDrive>, job: &Job) -> Result<bool, Error> {
    let policy = job.policy;
    match &job.content {
        Content::Document(document) => {
            let document = Arc::clone(document);
            on_blocking_thread(component, move |component| component.required_by(&document, policy)).await
        }
        Content::Drive(bytes) => {
            let bytes = Arc::clone(bytes);
            on_blocking_thread(component, move |component| component.inspect(DriveSource::Bytes(&bytes))).await?;
            Ok(true)
        }
        Content::Metadata(metadata) => {
            let document = metadata.document(None);
            on_blocking_thread(component, move |component| component.required_by(&document, policy)).await
        }
        Content::Url(_) => Ok(true),
    }
}

/// Checks the drive, and builds it if it is not finished.
pub(super) async fn make(
    component: &Arc<impl ConfigDrive>,
    job: &Job,
    options: &Options,
    node: &Node,
    observe: &mut impl FnMut(Step<'_>),
) -> Result<Drive, Error> {
    observe(match &job.content {
        Content::Document(_) => Step::Building,
        Content::Url(_) => Step::NotInspected,
        _ => Step::Inspecting,
    });
    if job.check {
        let (content, options, node_now) = (job.content.clone(), options.clone(), node.clone());
        let check = move |component: &_| findings(component, &content, &options, &node_now);
        judge(on_blocking_thread(component, check).await?, node, observe)?;
    }
    match &job.content {
        Content::Document(document) => {
            let text = pack(component, document, options).await?;
            Drive::new(text).map_err(|_| Error::NotADrive)
        }
        Content::Drive(bytes) => finished(component, bytes).await,
        Content::Url(url) => Ok(url.into()),
        Content::Metadata(metadata) => Ok(metadata.into()),
    }
}

/// Returns a text that identifies the drive from one run to the next: without the random bytes drawn for one run.
pub(super) async fn identity(
    component: &Arc<impl ConfigDrive>,
    job: &Job,
    mut options: Options,
    drive: &Drive,
) -> Result<String, Error> {
    let Content::Document(document) = &job.content else { return Ok(drive.text().to_owned()) };
    options.default_random_seed = None;
    pack(component, document, &options).await
}

async fn pack(component: &Arc<impl ConfigDrive>, document: &Arc<[u8]>, options: &Options) -> Result<String, Error> {
    let (document, options) = (Arc::clone(document), options.clone());
    on_blocking_thread(component, move |component| component.pack(&document, &options)).await
}

fn findings(
    component: &impl ConfigDrive,
    content: &Content,
    options: &Options,
    node: &Node,
) -> Result<Vec<Finding>, contract::Error> {
    match content {
        Content::Document(document) => component.check_document(document, options),
        Content::Drive(bytes) => component.check_drive(DriveSource::Bytes(bytes)),
        // Ironic's builder knows none of the operator's options.
        Content::Metadata(metadata) => component.check_document(&metadata.document(Some(node)), &Options::default()),
        Content::Url(_) => Ok(Vec::new()),
    }
}

/// Reports the findings that concern the node's drive.
fn judge(findings: Vec<Finding>, node: &Node, observe: &mut impl FnMut(Step<'_>)) -> Result<(), Error> {
    let findings = recipients(node).select(findings).findings;
    for finding in &findings {
        observe(Step::Finding(finding));
    }
    match findings.iter().filter(|finding| finding.severity == Severity::Error).count() {
        0 => Ok(()),
        errors => Err(Error::CheckFailed { errors }),
    }
}

/// Returns what is known about the recipients of the node's drive. Not whether its disk is 4Kn: a node's properties do not say that,
/// and Ironic's agent rebuilds a drive that it cannot mount.
fn recipients(node: &Node) -> Recipients {
    // With `noop`, Ironic has no network data of its own to put on a drive.
    let opens_drives = node.network_interface.as_deref() != Some("noop");
    opens_drives.then_some(Recipient::Flat).into_iter().collect()
}

/// Brings a drive that the component has inspected into the form that Ironic accepts.
async fn finished(component: &Arc<impl ConfigDrive>, bytes: &Arc<[u8]>) -> Result<Drive, Error> {
    let text = match Form::of(bytes) {
        Form::Gzip => STANDARD.encode(bytes),
        Form::Text(text) if text.starts_with(GZIP_IN_BASE64) => text,
        Form::Text(text) => {
            let image = STANDARD.decode(text).map_err(|_| Error::NotADrive)?;
            on_blocking_thread(component, move |component| component.encode(&image)).await?
        }
        Form::Image => {
            let bytes = Arc::clone(bytes);
            on_blocking_thread(component, move |component| component.encode(&bytes)).await?
        }
    };
    Drive::new(text).map_err(|_| Error::NotADrive)
}

/// The form of a finished drive.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    Gzip,
    /// Base64 of an image or its gzip, without its line breaks and spaces, which Ironic would store.
    Text(String),
    Image,
}

impl Form {
    fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(&GZIP) {
            return Self::Gzip;
        }
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte) || byte.is_ascii_whitespace();
        match str::from_utf8(bytes) {
            Ok(text) if bytes.iter().all(is_base64) => {
                Self::Text(text.chars().filter(|character| !character.is_ascii_whitespace()).collect())
            }
            _ => Self::Image,
        }
    }
}

/// The first bytes of gzip (RFC 1952): its magic number and the compression method.
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// The same in base64.
const GZIP_IN_BASE64: &str = "H4sI";

/// Calls the component on a separate thread, since it computes for milliseconds to seconds.
async fn on_blocking_thread<C: ConfigDrive, R: Send + 'static>(
    component: &Arc<C>,
    call: impl FnOnce(&C) -> Result<R, contract::Error> + Send + 'static,
) -> Result<R, Error> {
    let component = Arc::clone(component);
    match tokio::task::spawn_blocking(move || call(&component)).await {
        Ok(result) => result.map_err(Error::Drive),
        // The runtime is shutting down, or the call panicked.
        Err(error) => Err(Error::Drive(contract::Error::Start(Arc::new(error)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drives_form_shows_in_its_bytes() {
        assert_eq!(Form::of(b"\x1f\x8b\x08\x00"), Form::Gzip);
        assert_eq!(Form::of(b"H4sI\r\n AAAA==\n"), Form::Text("H4sIAAAA==".into()));
        assert_eq!(Form::of(&[0; 512]), Form::Image);
        assert_eq!(Form::of(b"\xeb\x3c\x90"), Form::Image);
        assert_eq!(STANDARD.encode(GZIP), GZIP_IN_BASE64);
    }
}
