//! A node's document: read, changed by options, and checked before Ironic is contacted.

use clap::Args;
use configdrive_host::{
    ConfigDrive,
    ironic::{self, Content, Job, NodeIdent},
};
use configdrive_verbs::{
    Engine, Error as VerbError, Source,
    document::{self, DocumentFlags, DocumentInput, format_uuid},
    input::Input,
    options::{self, OperatorOptions},
};
use sha2::{Digest, Sha256};

use super::{Inputs, error::Error, instance::InstanceOptions};
use crate::sandbox::SandboxOptions;

/// The options that each node of a fleet can have.
#[derive(Args, Clone)]
pub struct NodeOptions {
    #[command(flatten)]
    pub document: DocumentFlags,
    #[command(flatten)]
    pub instance: InstanceOptions,
    #[command(flatten)]
    pub operator: OperatorOptions,
}

impl NodeOptions {
    /// Returns a node's options: these, overridden by the node's own flags.
    pub fn with(&self, flags: &[String]) -> Result<Self, Error> {
        Ok(options::overridden(self, flags)?)
    }

    /// Returns what a node of a fleet gets, from what it has and from its options. `None` if it gets nothing.
    pub fn content(
        &self,
        node: &NodeIdent,
        base: Option<Base>,
        sandbox: &impl ConfigDrive,
        limit: usize,
    ) -> Result<Option<(Content, Source)>, Error> {
        let (document, is_its_own) = match base {
            Some(Base::Finished(..)) if self.document.is_given() => {
                return Err(VerbError::Usage(FINISHED.into()).into());
            }
            Some(Base::Finished(content, source)) => return Ok(Some((content, source))),
            Some(Base::Own(document)) => (document, true),
            Some(Base::Common(document)) => (document, false),
            None if self.document.is_given() => (document::empty(), false),
            None => return Ok(None),
        };
        let document = match self.document.read(limit)? {
            Some(changes) if is_its_own => changes.apply(sandbox, document)?,
            // Instances that share a document must not share its UUID.
            Some(changes) => changes.with_uuid(|changes| Ok(stable_uuid(node, changes)))?.apply(sandbox, document)?,
            None => document,
        };
        Ok(Some((document.bytes.into(), document.source)))
    }
}

/// What a node gets before its options are applied.
#[derive(Clone)]
pub enum Base {
    /// The node's own document.
    Own(Input),
    /// The document of all nodes that have none.
    Common(Input),
    /// A finished drive.
    Finished(Content, Source),
}

/// The error for a finished drive that options should change.
pub const FINISHED: &str = "a finished drive cannot be changed: the options for the document need a document";

/// Reads the document of a single node. Returns `None` if it was printed instead.
pub fn read(
    input: &DocumentInput,
    node: &NodeIdent,
    instance_uuid: Option<&str>,
    options: &configdrive_host::Options,
    sandbox: &SandboxOptions,
) -> Result<Option<Input>, Error> {
    let uuid = |changes: &str| Ok(instance_uuid.map_or_else(|| stable_uuid(node, changes), str::to_owned));
    let draft = input.read_with_uuid(sandbox.input_limit(), uuid)?;
    Ok(draft.finish(&sandbox.start()?, options)?)
}

/// Checks what a node gets, as far as that is possible without the node's ports: an error does not depend on Ironic.
pub fn check(job: &Job, inputs: &Inputs, sandbox: &SandboxOptions) -> Result<(), Error> {
    let checked = job.content.examine(&sandbox.start()?, job.policy, &job.options);
    checked.map_err(|error| inputs.explain(ironic::Error::Drive(error).into()))
}

/// Returns the UUID of an instance whose document has none. It is the same each time, so that an interrupted command can be run
/// again.
fn stable_uuid(node: &NodeIdent, changes: &str) -> String {
    let digest = Sha256::new().chain_update(node.as_str()).chain_update([0]).chain_update(changes).finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, digest)| *byte = digest);
    // Version 8 (RFC 9562): derived in a way of our own.
    format_uuid(bytes, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_keeps_its_uuid_when_the_command_is_run_again() {
        let uuid = |node: &str, changes| stable_uuid(&node.parse().unwrap(), changes);
        assert_eq!(uuid("a", "{}"), uuid("a", "{}"));
        assert_ne!(uuid("a", "{}"), uuid("b", "{}"));
        assert_ne!(uuid("a", "{}"), uuid("a", "{\"hostname\":\"h\"}"));
        assert_eq!(uuid("a", "{}").get(14..15), Some("8"));
    }
}
