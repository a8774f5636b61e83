//! The parts of Ironic's API that a deployment needs.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::collection::Collection;
use super::error::Error;
use super::feature::Feature;
use super::ident::NodeIdent;
use super::instance_info::InstanceInfo;
use super::node::Node;
use super::operation::Operation;
use super::patience::Patience;
use super::preview::Preview;
use super::provision::{ProvisionRequest, SealedRequest};
use super::record::Record;
use super::validation::Validation;
use crate::transport::{Answer, Body, Fault, Method, Microversion, Request, Transport, TransportError, VersionRange};

/// A client for Ironic's API, in the newest version that both sides know. Methods do not retry failed requests, except for
/// [`connect`](Self::connect).
pub struct Ironic<T> {
    transport: T,
    negotiated: Mutex<Negotiated>,
}

#[derive(Clone, Copy)]
struct Negotiated {
    range: VersionRange,
    version: Microversion,
}

impl Negotiated {
    fn new(range: VersionRange) -> Result<Self, Error> {
        let version = range.negotiate().ok_or(Error::TooNew(range))?;
        Ok(Self { range, version })
    }

    /// Returns the version for a request that relies on `feature`.
    fn version_for(self, feature: Feature) -> Result<Microversion, Error> {
        if self.version < feature.since() {
            return Err(Error::TooOld { feature, max: self.range.max });
        }
        Ok(self.version)
    }
}

impl<T: Transport> Ironic<T> {
    /// Asks which versions the server supports, and chooses one. Asks a busy server again for two minutes; a server that cannot be
    /// reached at all, or is not Ironic, is an error at once.
    pub async fn connect(transport: T) -> Result<Self, Error> {
        Self::connect_until(transport, None).await
    }

    /// Like [`connect`](Self::connect), but asks a busy server until the deadline, if there is one, instead of for two minutes.
    pub async fn connect_until(transport: T, deadline: Option<Instant>) -> Result<Self, Error> {
        let operation = Operation::Versions;
        let patience = Patience::new(None, deadline);
        let mut attempts = patience.attempts();
        let mut last = None;
        let answer = loop {
            let Some(answer) = patience.limit(transport.send(Request::get("/v1"))).await else {
                return Err(Error::OutOfTime { operation, last });
            };
            match Self::check_status(&transport, operation.clone(), answer) {
                Err(error) if error.is_busy() => {
                    if !attempts.again(&error, &mut |step| tracing::warn!("{step}")).await {
                        return Err(attempts.give_up(operation, error));
                    }
                    last = Some(error.into());
                }
                outcome => break outcome?,
            }
        };
        let Some(range) = answer.versions else {
            let what = "the server is not Ironic: its headers name no API versions";
            return Err(Error::NotIronic { operation, endpoint: transport.endpoint().to_owned(), what });
        };
        Ok(Self { transport, negotiated: Mutex::new(Negotiated::new(range)?) })
    }

    /// Returns the API version of the requests.
    pub fn version(&self) -> Microversion {
        self.negotiated().version
    }

    /// Returns Ironic's URL, without `/v1`.
    pub fn endpoint(&self) -> &str {
        self.transport.endpoint()
    }

    /// Looks up a node.
    pub async fn node(&self, ident: &NodeIdent) -> Result<Node, Error> {
        let operation = Operation::Node(ident.clone());
        let answer = self.send(operation.clone(), Feature::Nodes, |version| Request {
            query: vec![("fields", Node::fields(version))],
            ..Request::get(format!("/v1/nodes/{ident}"))
        });
        serde_json::from_slice(&answer.await?.body)
            .map_err(|_| self.not_ironic(operation, "the answer is not a node as Ironic describes it"))
    }

    /// Returns the node's ports as the component accepts them: a JSON object whose member `ports` is the list. The ports
    /// themselves are not parsed.
    pub async fn ports(&self, node: &Node) -> Result<String, Error> {
        self.collection("ports", Operation::Ports(node.label().clone()), Feature::Nodes, node).await
    }

    /// Returns the node's port groups in the same form, in the member `portgroups`.
    pub async fn portgroups(&self, node: &Node) -> Result<String, Error> {
        self.collection("portgroups", Operation::PortGroups(node.label().clone()), Feature::PortGroups, node).await
    }

    /// Asks Ironic to validate that the node can be deployed.
    pub async fn validate(&self, node: &Node) -> Result<Validation, Error> {
        let operation = Operation::Validate(node.label().clone());
        let request = |_| Request::get(format!("/v1/nodes/{}/validate", node.uuid));
        let answer = self.send(operation.clone(), Feature::Nodes, request).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.not_ironic(operation, "the answer is not a validation as Ironic describes it"))
    }

    /// Sends `request`, which starts a deployment. Ironic answers when the node's state has changed, not when the work is done.
    ///
    /// Do not repeat this blindly: after any error that may come from a proxy, only the node's state shows whether the request
    /// arrived. [`deploy`](super::deploy()) checks it.
    pub async fn provision(&self, node: &Node, request: &SealedRequest) -> Result<(), Error> {
        let operation = request.operation(node.label().clone());
        let version = self.negotiated().version_for(request.feature)?;
        let put = Request { version: Some(version), ..Self::put(node, request.body.clone()) };
        let answer = self.transport.send(put).await;
        if let Ok(answer) = &answer {
            // The request is not repeated here: a proxy's 406 may hide that it was processed.
            self.renegotiate(answer, version)?;
        }
        match Self::check_status(&self.transport, operation.clone(), answer)? {
            Answer { status: ACCEPTED, .. } => Ok(()),
            Answer { status, .. } => {
                Err(Error::Refused { operation, fault: Fault { status, words: "expected 202".to_owned() } })
            }
        }
    }

    /// Returns the request that [`deploy`](super::deploy()) would send, and what it would set in the node's `instance_info` before.
    pub fn preview(&self, node: &Node, request: &ProvisionRequest, info: &InstanceInfo) -> Preview {
        let put = Request { version: Some(self.version()), ..Self::put(node, Body(Bytes::new())) };
        Preview::new(self.endpoint(), &put, request, info)
    }

    /// Writes `record` into the node's `extra`.
    pub(super) async fn record(&self, node: &Node, record: &Record) -> Result<(), Error> {
        self.patch(Operation::Record(node.label().clone()), node, json!([record.patch()])).await?;
        Ok(())
    }

    /// Sets the node's `instance_uuid`, writes `record` into its `extra`, and sets `info` in its `instance_info`. Ironic refuses this if the node has another
    /// `instance_uuid`, and while it is locked or being deployed. Returns the node as it is afterwards, if the answer contains it.
    ///
    /// The answer comes from the conductor that is responsible for the node, not from a database that may lag.
    pub(super) async fn claim(
        &self,
        node: &Node,
        instance_uuid: &str,
        record: Option<&Record>,
        info: &InstanceInfo,
    ) -> Result<Option<Node>, Error> {
        let claim = json!({"op": "add", "path": "/instance_uuid", "value": instance_uuid});
        let claim = std::iter::once(claim).chain(record.map(Record::patch));
        let patch: Vec<_> = claim.chain(info.patch(&node.instance_info)).collect();
        let answer = self.patch(Operation::Claim(node.label().clone()), node, json!(patch)).await?;
        Ok(serde_json::from_slice(&answer.body).ok().filter(|patched: &Node| patched.uuid == node.uuid))
    }

    /// Sets `info` in the node's `instance_info`, without a claim.
    pub(super) async fn set_instance_info(&self, node: &Node, info: &InstanceInfo) -> Result<(), Error> {
        let patch = json!(info.patch(&node.instance_info));
        self.patch(Operation::SetInstanceInfo(node.label().clone()), node, patch).await?;
        Ok(())
    }

    /// Removes the node's `instance_uuid`.
    pub(super) async fn release(&self, node: &Node) -> Result<(), Error> {
        let patch = json!([{"op": "remove", "path": "/instance_uuid"}]);
        self.patch(Operation::Release(node.label().clone()), node, patch).await?;
        Ok(())
    }

    /// Changes members of the node (RFC 6902).
    async fn patch(&self, operation: Operation, node: &Node, patch: Value) -> Result<Answer, Error> {
        let body = Body(patch.to_string().into());
        let patch = |_| Request {
            method: Method::Patch,
            body: Some(body.clone()),
            ..Request::get(format!("/v1/nodes/{}", node.uuid))
        };
        self.send(operation, Feature::Nodes, patch).await
    }

    /// Checks whether the server's version and size limit allow `request`.
    pub(super) fn can_provision(&self, request: &ProvisionRequest) -> Result<(), Error> {
        self.negotiated().version_for(request.feature())?;
        match request.length() {
            length if length > ProvisionRequest::LIMIT => Err(Error::TooLarge { length }),
            _ => Ok(()),
        }
    }

    fn put(node: &Node, body: Body) -> Request {
        let path = format!("/v1/nodes/{}/states/provision", node.uuid);
        Request { method: Method::Put, body: Some(body), timeout: UPLOAD_TIMEOUT, ..Request::get(path) }
    }

    /// Fetches all pages of a list as one.
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

    /// Sends the request that `build` returns for the negotiated version. During an upgrade, Ironic services of several versions may
    /// share one address. A service that answers 406 also reports the versions that it supports, and this sends the request again in
    /// an older one.
    async fn send(
        &self,
        operation: Operation,
        feature: Feature,
        build: impl Fn(Microversion) -> Request,
    ) -> Result<Answer, Error> {
        loop {
            let version = self.negotiated().version_for(feature)?;
            let answer = self.transport.send(Request { version: Some(version), ..build(version) }).await;
            match &answer {
                Ok(answer) if self.renegotiate(answer, version)? => {}
                _ => return Self::check_status(&self.transport, operation, answer),
            }
        }
    }

    /// Chooses an older version if the server refused `version`. Returns whether there is one.
    fn renegotiate(&self, answer: &Answer, version: Microversion) -> Result<bool, Error> {
        let Answer { status: NOT_ACCEPTABLE, versions: Some(range), .. } = answer else { return Ok(false) };
        let negotiated = Negotiated::new(*range)?;
        let is_older = negotiated.version < version;
        if is_older {
            *self.negotiated() = negotiated;
        }
        Ok(is_older)
    }

    fn check_status(
        transport: &T,
        operation: Operation,
        answer: Result<Answer, TransportError>,
    ) -> Result<Answer, Error> {
        match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(answer),
            Ok(answer) => Err(Error::Refused { operation, fault: Fault::decode(answer.status, &answer.body) }),
            Err(error) => Err(Error::Transport { operation, endpoint: transport.endpoint().to_owned(), error }),
        }
    }

    fn negotiated(&self) -> MutexGuard<'_, Negotiated> {
        self.negotiated.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_ironic(&self, operation: Operation, what: &'static str) -> Error {
        Error::NotIronic { operation, endpoint: self.endpoint().to_owned(), what }
    }
}

/// The only status that means that a deployment was started (Ironic's API reference, "Change Node Provision State").
const ACCEPTED: u16 = 202;
const NOT_ACCEPTABLE: u16 = 406;
/// The time limit for requests without a drive.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The time limit for requests with a drive, enough for 64 MiB at 1 Mbit/s.
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
    fn an_ironic_that_is_too_old_is_refused_with_the_required_version() {
        let script = Script::new(Some(("1.1", "1.25")), vec![Ok(NODE)]);
        let error = run(async {
            let ironic = Ironic::connect(&script).await?;
            let node = ironic.node(&"n".parse().unwrap()).await?;
            ironic.portgroups(&node).await
        });
        assert_eq!(
            error.unwrap_err().to_string(),
            "this Ironic is too old: it supports API versions up to 1.25, and port groups with their properties require \
             1.26"
        );
        assert_eq!(script.requests().len(), 2, "no request was sent that the server does not support");
    }

    #[test]
    fn a_rebuild_with_a_drive_is_not_sent_to_an_ironic_that_would_refuse_it() {
        let script = Script::new(Some(("1.1", "1.34")), vec![Ok(NODE)]);
        let error = run(async {
            let ironic = Ironic::connect(&script).await?;
            let node = ironic.node(&"n".parse().unwrap()).await?;
            let drive = Drive::new("H4sI".into()).ok();
            let request = ProvisionRequest { target: Target::Rebuild, drive, deploy_steps: None };
            ironic.provision(&node, &request.seal().unwrap()).await
        });
        assert!(matches!(error, Err(Error::TooOld { feature: Feature::RebuildWithDrive, .. })), "{error:?}");
        assert_eq!(script.requests().len(), 2);
    }

    #[test]
    fn a_server_that_is_not_ironic_is_recognised() {
        let script = Script::new(None, vec![]);
        let error = run(Ironic::connect(&script)).err().unwrap().to_string();
        assert!(
            error.ends_with("http://script: the server is not Ironic: its headers name no API versions"),
            "{error}"
        );

        let script = Script::new(Some(("1.1", "1.115")), vec![Ok("<html>")]);
        let error = run(async { Ironic::connect(&script).await?.node(&"n".parse().unwrap()).await }).err().unwrap();
        assert!(matches!(error, Error::NotIronic { operation: Operation::Node(_), .. }), "{error}");
    }

    #[test]
    fn a_busy_server_is_asked_again_for_its_versions_until_the_deadline() {
        let busy = |count| {
            let answers = (0..count).map(|_| Ok((503, ""))).chain([Ok((200, "{}"))]).collect();
            Script::of(Some(("1.1", "1.115")), answers)
        };
        assert!(run(Ironic::connect(&busy(3))).is_ok());
        let script = busy(1000);
        let error = run(async {
            Ironic::connect_until(&script, Instant::now().checked_add(Duration::from_secs(5))).await.err().unwrap()
        });
        let words = "cannot get the API versions: Ironic answered 503 with no message; the time limit was reached";
        assert_eq!(error.to_string(), words);
    }

    #[test]
    fn the_next_page_is_requested_from_the_same_server() {
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
        let last = script.requests().pop().unwrap();
        assert_eq!(
            (last.path.as_str(), last.query),
            ("/v1/ports/detail", vec![("node", "u".into()), ("marker", "a".into())])
        );
    }
}
