//! Ironic's API, as far as a deployment needs it, and the deployment itself.
//!
//! [`deploy()`] is the whole job; [`prepare`] is its first half, which changes nothing. Both go through an [`Ironic`],
//! which speaks through a [`Transport`]: [`Cloud`] for real clouds.
//!
//! ```no_run
//! use std::sync::Arc;
//! use configdrive_host::ironic::{Cloud, CloudSettings, Ironic, Job, Wait, deploy};
//! use configdrive_host::sandbox::{Limits, Sandbox};
//!
//! # async fn example(document: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Arc::new(Sandbox::new(Limits::default())?);
//! let ironic = Ironic::connect(Cloud::connect(CloudSettings::default()).await?).await?;
//! let job = Job { wait: Some(Wait::default()), ..Job::new("rack1-node7".parse()?, document) };
//! let done = deploy(&ironic, &sandbox, job, |step| println!("{step}")).await?;
//! println!("{} is {}", done.node.label(), done.node.provision_state);
//! # Ok(())
//! # }
//! ```

mod cloud;
mod collection;
mod deploy;
mod error;
mod fault;
mod node;
mod preview;
mod provision;
mod transport;
mod version;
mod wait;

pub use self::cloud::{Cloud, CloudSettings};
pub use self::deploy::{Done, Job, Prepared, Step, deploy, prepare};
pub use self::error::{Doing, Error};
pub use self::fault::Fault;
pub use self::node::{Node, NodeIdent, NotANode, ProvisionState};
pub use self::preview::{Preview, PreviewBody};
pub use self::provision::{Drive, DriveDigest, NotADrive, ProvisionRequest, Target, TooLarge};
pub use self::transport::{Answer, Body, Method, Request, Transport, TransportError};
pub use self::version::{Feature, Microversion, NotAVersion, VersionRange};
pub use self::wait::Wait;

use std::time::Duration;

use self::collection::Collection;

/// Ironic's API in the newest version that both sides know.
pub struct Ironic<T> {
    transport: T,
    range: VersionRange,
    version: Microversion,
}

impl<T: Transport> Ironic<T> {
    /// Asks which versions the server speaks.
    pub async fn connect(transport: T) -> Result<Self, Error> {
        let doing = Doing::Versions;
        let request = Request::get("/v1");
        let answer = send(&transport, doing.clone(), request).await?;
        let Some(range) = answer.versions else {
            let what = "what answers is not Ironic: its headers name no API versions";
            return Err(Error::NotIronic { doing, endpoint: transport.endpoint().to_owned(), what });
        };
        let version = range.negotiate().ok_or(Error::TooNew(range))?;
        Ok(Self { transport, range, version })
    }

    /// The version in which everything is asked.
    pub fn version(&self) -> Microversion {
        self.version
    }

    /// Where Ironic is, without `/v1`.
    pub fn endpoint(&self) -> &str {
        self.transport.endpoint()
    }

    /// Looks a node up.
    pub async fn node(&self, ident: &NodeIdent) -> Result<Node, Error> {
        self.need(Feature::Nodes)?;
        let doing = Doing::Node(ident.clone());
        let query = vec![("fields", Node::FIELDS.to_owned())];
        let answer = self.send(doing.clone(), Request { query, ..Request::get(format!("/v1/nodes/{ident}")) }).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.not_ironic(doing, "the answer is no node as Ironic describes them"))
    }

    /// The node's ports as JSON text, an object whose member `ports` is their list, as the component takes it. The
    /// ports themselves are not looked at.
    pub async fn ports(&self, node: &Node) -> Result<String, Error> {
        self.collection("ports", Doing::Ports(node.label().clone()), node).await
    }

    /// The same for `portgroups`.
    pub async fn portgroups(&self, node: &Node) -> Result<String, Error> {
        self.need(Feature::PortGroups)?;
        self.collection("portgroups", Doing::PortGroups(node.label().clone()), node).await
    }

    /// Starts what `request` says. Ironic answers when the node's state has changed, not when the work is done.
    ///
    /// Not to be repeated blindly: after [`TransportError::Lost`] and [`TransportError::Timeout`] the node's state
    /// tells whether the request arrived.
    pub async fn provision(&self, node: &Node, request: ProvisionRequest) -> Result<(), Error> {
        self.can_provision(&request)?;
        let doing = match request.target {
            Target::Active => Doing::Deploy(node.label().clone()),
            Target::Rebuild => Doing::Rebuild(node.label().clone()),
        };
        let body = request.into_body().map_err(|TooLarge { length }| Error::TooLarge { length })?;
        self.send(doing, Self::put(node, body)).await?;
        Ok(())
    }

    /// What [`provision`](Self::provision) would send.
    pub fn preview(&self, node: &Node, request: &ProvisionRequest) -> Preview {
        let put = Request { version: Some(self.version), ..Self::put(node, Vec::new()) };
        Preview::new(self.endpoint(), &put, request)
    }

    fn put(node: &Node, body: Vec<u8>) -> Request {
        let path = format!("/v1/nodes/{}/states/provision", node.uuid);
        Request { method: Method::Put, body: Some(Body(body)), timeout: UPLOAD_TIMEOUT, ..Request::get(path) }
    }

    /// Whether the server's version and its limit allow `request`.
    fn can_provision(&self, request: &ProvisionRequest) -> Result<(), Error> {
        self.need(request.needs())?;
        match request.length() {
            length if length > ProvisionRequest::LIMIT => Err(Error::TooLarge { length }),
            _ => Ok(()),
        }
    }

    fn need(&self, feature: Feature) -> Result<(), Error> {
        if self.version < feature.since() {
            return Err(Error::TooOld { feature, max: self.range.max });
        }
        Ok(())
    }

    /// All pages of a list as one.
    async fn collection(&self, name: &'static str, doing: Doing, node: &Node) -> Result<String, Error> {
        let mut collection = Collection::new(name);
        let mut marker = None;
        loop {
            let mut query = vec![("node", node.uuid.to_string())];
            query.extend(marker.map(|marker: NodeIdent| ("marker", marker.to_string())));
            let answer =
                self.send(doing.clone(), Request { query, ..Request::get(format!("/v1/{name}/detail")) }).await?;
            marker = collection.page(answer.body).map_err(|what| self.not_ironic(doing.clone(), what))?;
            if marker.is_none() {
                return Ok(collection.into_json());
            }
        }
    }

    async fn send(&self, doing: Doing, request: Request) -> Result<Answer, Error> {
        send(&self.transport, doing, Request { version: Some(self.version), ..request }).await
    }

    fn not_ironic(&self, doing: Doing, what: &'static str) -> Error {
        Error::NotIronic { doing, endpoint: self.endpoint().to_owned(), what }
    }
}

/// For everything but a drive.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// For a drive of 64 MiB by 1 Mbit/s.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

impl Request {
    fn get(path: impl Into<String>) -> Self {
        let (query, timeout) = (Vec::new(), ANSWER_TIMEOUT);
        Self { method: Method::Get, path: path.into(), query, version: None, body: None, timeout }
    }
}

async fn send<T: Transport>(transport: &T, doing: Doing, request: Request) -> Result<Answer, Error> {
    match transport.send(request).await {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
        Ok(answer) => Err(Error::Refused { doing, fault: Fault::decode(answer.status, &answer.body) }),
        Err(error) => Err(Error::Transport { doing, endpoint: transport.endpoint().to_owned(), error }),
    }
}

#[cfg(test)]
mod tests {
    use super::transport::{Script, run};
    use super::*;

    const NODE: &str = r#"{"uuid": "u", "name": "n", "provision_state": "active", "maintenance": false}"#;

    #[test]
    fn an_ironic_that_is_too_old_says_what_is_needed() {
        let script = Script::new(Some(("1.1", "1.25")), vec![Ok(NODE)]);
        let error = run(async {
            let ironic = Ironic::connect(&script).await?;
            let node = ironic.node(&"n".parse().unwrap()).await?;
            ironic.portgroups(&node).await
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "this Ironic is too old: it speaks API versions up to 1.25, and 1.26 is needed for port groups with their \
             properties"
        );
        assert_eq!(script.asked().len(), 2, "nothing was asked that the server does not know");
    }

    #[test]
    fn a_rebuild_with_a_drive_is_not_sent_to_an_ironic_that_would_refuse_it() {
        let script = Script::new(Some(("1.1", "1.34")), vec![Ok(NODE)]);
        let error = run(async {
            let ironic = Ironic::connect(&script).await?;
            let node = ironic.node(&"n".parse().unwrap()).await?;
            let drive = Drive::new("H4sI".into()).ok();
            ironic.provision(&node, ProvisionRequest { target: Target::Rebuild, drive }).await
        });
        assert!(matches!(error, Err(Error::TooOld { feature: Feature::RebuildWithDrive, .. })), "{error:?}");
        assert_eq!(script.asked().len(), 2);
    }

    #[test]
    fn a_server_that_is_not_ironic_is_told_apart() {
        let script = Script::new(None, vec![]);
        let error = run(Ironic::connect(&script)).err().unwrap().to_string();
        assert!(
            error.ends_with("http://script: what answers is not Ironic: its headers name no API versions"),
            "{error}"
        );

        let script = Script::new(Some(("1.1", "1.115")), vec![Ok("<html>")]);
        let error = run(async { Ironic::connect(&script).await?.node(&"n".parse().unwrap()).await }).err().unwrap();
        assert!(matches!(error, Error::NotIronic { doing: Doing::Node(_), .. }), "{error}");
    }

    #[test]
    fn the_next_page_is_asked_for_at_the_same_place() {
        let pages = [
            r#"{"ports": [{"uuid": "a"}], "next": "http://elsewhere/v1/ports?marker=x"}"#,
            r#"{"ports": [{"uuid": "b"}]}"#,
        ];
        let script = Script::new(Some(("1.1", "1.115")), vec![Ok(NODE), Ok(pages[0]), Ok(pages[1])]);
        let ports = run(async {
            let ironic = Ironic::connect(&script).await?;
            let node = ironic.node(&"n".parse().unwrap()).await?;
            ironic.ports(&node).await
        });
        assert_eq!(ports.unwrap(), r#"{"ports": [{"uuid": "a"},{"uuid": "b"}]}"#);
        let last = script.asked().pop().unwrap();
        assert_eq!(
            (last.path.as_str(), last.query),
            ("/v1/ports/detail", vec![("node", "u".into()), ("marker", "a".into())])
        );
    }
}
