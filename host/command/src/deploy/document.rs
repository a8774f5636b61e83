//! A node's document: read, changed by options, and checked before Ironic is contacted.

use clap::Args;
use configdrive_host::{
    ConfigDrive,
    ironic::{self, Job, NodeIdent},
};
use configdrive_verbs::{
    Engine,
    document::{DocumentFlags, DocumentInput, format_uuid},
    input::Input,
    options::{self, OperatorOptions},
};
use sha2::{Digest, Sha256};

use super::{Inputs, error::Error};
use crate::sandbox::SandboxOptions;

/// The options of a fleet's node.
#[derive(Args, Clone)]
pub struct NodeOptions {
    #[command(flatten)]
    document: DocumentFlags,
    #[command(flatten)]
    pub operator: OperatorOptions,
}

impl NodeOptions {
    /// Returns a node's options: the fleet's, overridden by the node's own flags.
    pub fn new(operator: &OperatorOptions, flags: &[String]) -> Result<Self, Error> {
        let fleets = Self { document: DocumentFlags::default(), operator: operator.clone() };
        Ok(options::overridden(&fleets, flags)?)
    }

    /// Returns the document, changed by the options.
    pub fn change(&self, document: Input, sandbox: &impl ConfigDrive, limit: usize) -> Result<Input, Error> {
        Ok(match self.document.read(limit)? {
            Some(changes) => changes.apply(sandbox, document)?,
            None => document,
        })
    }
}

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

/// Checks the whole document, as far as that is possible without the node's ports: an error does not depend on Ironic.
pub fn check(job: &Job, inputs: &Inputs, sandbox: &SandboxOptions) -> Result<(), Error> {
    let sandbox = sandbox.start()?;
    let checked = sandbox.required_by(&job.document, job.policy).and_then(|required| match required {
        // The findings depend on the node, and are reported later.
        true => sandbox.check_document(&job.document, &job.options).map(drop),
        false => Ok(()),
    });
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
        assert_eq!(&uuid("a", "{}")[14..15], "8");
    }
}
