//! Ironic's API, as far as a deployment needs it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::collection::Collection;
use super::error::Error;
use super::feature::Feature;
use super::ident::NodeIdent;
use super::node::Node;
use super::operation::Operation;
use super::preview::Preview;
use super::provision::{ProvisionRequest, SealedRequest};
use super::record::Record;
use super::validation::Validation;
use crate::transport::{Answer, Body, Fault, Method, Microversion, Request, Transport, TransportError, VersionRange};

/// Ironic's API in the newest version that both sides know. Each method sends one request, and none sends it again.
pub struct Ironic<T> {
    transport: T,
    spoken: Mutex<Spoken>,
}

#[derive(Clone, Copy)]
struct Spoken {
    range: VersionRange,
    version: Microversion,
}

impl Spoken {
    fn new(range: VersionRange) -> Result<Self, Error> {
        let version = range.negotiate().ok_or(Error::TooNew(range))?;
        Ok(Self { range, version })
    }

    /// The version for a request that relies on `feature`.
    fn version_for(self, feature: Feature) -> Result<Microversion, Error> {
        if self.version < feature.since() {
            return Err(Error::TooOld { feature, max: self.range.max });
        }
        Ok(self.version)
    }
}

impl<T: Transport> Ironic<T> {
    /// Asks which versions the server speaks.
    pub async fn connect(transport: T) -> Result<Self, Error> {
        let operation = Operation::Versions;
        let answer = transport.send(Request::get("/v1")).await;
        let answer = Self::judge(&transport, operation.clone(), answer)?;
        let Some(range) = answer.versions else {
            let what = "what answers is not Ironic: its headers name no API versions";
            return Err(Error::NotIronic { operation, endpoint: transport.endpoint().to_owned(), what });
        };
        Ok(Self { transport, spoken: Mutex::new(Spoken::new(range)?) })
    }

    /// The version in which everything is asked.
    pub fn version(&self) -> Microversion {
        self.spoken().version
    }

    /// Where Ironic is, without `/v1`.
    pub fn endpoint(&self) -> &str {
        self.transport.endpoint()
    }

    /// Looks a node up.
    pub async fn node(&self, ident: &NodeIdent) -> Result<Node, Error> {
        let operation = Operation::Node(ident.clone());
        let answer = self.send(operation.clone(), Feature::Nodes, |version| Request {
            query: vec![("fields", Node::fields(version))],
            ..Request::get(format!("/v1/nodes/{ident}"))
        });
        serde_json::from_slice(&answer.await?.body)
            .map_err(|_| self.not_ironic(operation, "the answer is no node as Ironic describes them"))
    }

    /// The node's ports as JSON text, an object whose member `ports` is their list, as the component takes it. The
    /// ports themselves are not looked at.
    pub async fn ports(&self, node: &Node) -> Result<String, Error> {
        self.collection("ports", Operation::Ports(node.label().clone()), Feature::Nodes, node).await
    }

    /// The same for `portgroups`.
    pub async fn portgroups(&self, node: &Node) -> Result<String, Error> {
        self.collection("portgroups", Operation::PortGroups(node.label().clone()), Feature::PortGroups, node).await
    }

    /// Has Ironic try whether the node is fit for a deployment.
    pub async fn validate(&self, node: &Node) -> Result<Validation, Error> {
        let operation = Operation::Validate(node.label().clone());
        let request = |_| Request::get(format!("/v1/nodes/{}/validate", node.uuid));
        let answer = self.send(operation.clone(), Feature::Nodes, request).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.not_ironic(operation, "the answer is no validation as Ironic describes them"))
    }

    /// Starts what `request` says. Ironic answers when the node's state has changed, not when the work is done.
    ///
    /// Not to be repeated blindly: after [`TransportError::Lost`] and [`TransportError::Timeout`] the node's state
    /// tells whether the request arrived. [`deploy`](super::deploy()) looks.
    pub async fn provision(&self, node: &Node, request: &SealedRequest) -> Result<(), Error> {
        let put = |_| Self::put(node, request.body.clone());
        self.send(request.operation(node.label().clone()), request.feature, put).await?;
        Ok(())
    }

    /// What [`provision`](Self::provision) would send.
    pub fn preview(&self, node: &Node, request: &ProvisionRequest) -> Preview {
        let put = Request { version: Some(self.version()), ..Self::put(node, Body(Bytes::new())) };
        Preview::new(self.endpoint(), &put, request)
    }

    /// Writes `record` into the node's `extra`.
    pub(super) async fn record(&self, node: &Node, record: &Record) -> Result<(), Error> {
        let operation = Operation::Record(node.label().clone());
        let path = format!("/extra/{}", Record::MEMBER);
        let patch = serde_json::json!([{"op": "add", "path": path, "value": record}]).to_string();
        let body = Body(patch.into());
        self.send(operation, Feature::Nodes, |_| Request {
            method: Method::Patch,
            body: Some(body.clone()),
            ..Request::get(format!("/v1/nodes/{}", node.uuid))
        })
        .await?;
        Ok(())
    }

    /// Whether the server's version and its limit allow `request`.
    pub(super) fn can_provision(&self, request: &ProvisionRequest) -> Result<(), Error> {
        self.spoken().version_for(request.feature())?;
        match request.length() {
            length if length > ProvisionRequest::LIMIT => Err(Error::TooLarge { length }),
            _ => Ok(()),
        }
    }

    fn put(node: &Node, body: Body) -> Request {
        let path = format!("/v1/nodes/{}/states/provision", node.uuid);
        Request { method: Method::Put, body: Some(body), timeout: UPLOAD_TIMEOUT, ..Request::get(path) }
    }

    /// All pages of a list as one.
    async fn collection(
        &self,
        name: &'static str,
        operation: Operation,
        feature: Feature,
        node: &Node,
    ) -> Result<String, Error> {
        let mut collection = Collection::new(name);
        let mut marker: Option<NodeIdent> = None;
        loop {
            let mut query = vec![("node", node.uuid.to_string())];
            query.extend(marker.as_ref().map(|marker| ("marker", marker.to_string())));
            let request = |_| Request { query: query.clone(), ..Request::get(format!("/v1/{name}/detail")) };
            let answer = self.send(operation.clone(), feature, request).await?;
            marker = collection.page(answer.body).map_err(|what| self.not_ironic(operation.clone(), what))?;
            if marker.is_none() {
                return Ok(collection.into_json());
            }
        }
    }

    /// Sends the request that `of` makes for the version. Behind one address there can be Ironics of several versions,
    /// as long as an upgrade takes: one that says 406 also says what it speaks.
    async fn send(
        &self,
        operation: Operation,
        feature: Feature,
        of: impl Fn(Microversion) -> Request,
    ) -> Result<Answer, Error> {
        loop {
            let version = self.spoken().version_for(feature)?;
            let answer = self.transport.send(Request { version: Some(version), ..of(version) }).await;
            if let Ok(Answer { status: NOT_ACCEPTABLE, versions: Some(range), .. }) = &answer {
                let spoken = Spoken::new(*range)?;
                if spoken.version < version {
                    *self.spoken() = spoken;
                    continue;
                }
            }
            return Self::judge(&self.transport, operation, answer);
        }
    }

    fn judge(transport: &T, operation: Operation, answer: Result<Answer, TransportError>) -> Result<Answer, Error> {
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
            Ok(answer) => Err(Error::Refused { operation, fault: Fault::decode(answer.status, &answer.body) }),
            Err(error) => Err(Error::Transport { operation, endpoint: transport.endpoint().to_owned(), error }),
        }
    }

    fn spoken(&self) -> MutexGuard<'_, Spoken> {
        self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_ironic(&self, operation: Operation, what: &'static str) -> Error {
        Error::NotIronic { operation, endpoint: self.endpoint().to_owned(), what }
    }
}

const NOT_ACCEPTABLE: u16 = 406;
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

#[cfg(test)]
mod tests {
    use super::super::provision::{Drive, Target};
    use super::super::testing::{Script, run};
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
            let request = ProvisionRequest { target: Target::Rebuild, drive };
            ironic.provision(&node, &request.seal().unwrap()).await
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
        assert!(matches!(error, Error::NotIronic { operation: Operation::Node(_), .. }), "{error}");
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
