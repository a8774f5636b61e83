//! Deployments, and the parts of Ironic's API that they need.
//!
//! [`deploy()`] performs the whole job. [`prepare`] performs its first half, which changes nothing. Both use an [`Ironic`], which
//! sends its requests through a [`Transport`](crate::transport::Transport): [`Cloud`](crate::cloud::Cloud) for real clouds.
//!
//! ```no_run
//! # #[cfg(feature = "sandbox")] mod example {
//! use std::sync::Arc;
//! use configdrive_host::cloud::{Cloud, CloudSettings};
//! use configdrive_host::ironic::{Ironic, Job, deploy};
//! use configdrive_host::{Limits, Sandbox};
//!
//! # async fn example(document: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Arc::new(Sandbox::new(Limits::default())?);
//! let ironic = Ironic::connect(Cloud::connect(CloudSettings::default()).await?).await?;
//! let mut job = Job::new("rack1-node7".parse()?, document);
//! job.wait = true;
//! let done = deploy(&ironic, &sandbox, job, |step| println!("{step}")).await?;
//! println!("{} is {}", done.node.label(), done.node.provision_state);
//! # Ok(())
//! # }
//! # }
//! ```

pub mod fleet_file;

mod claim;
mod client;
mod collection;
mod content;
mod deploy;
mod deploy_steps;
#[cfg(test)]
mod double;
mod drive;
mod error;
mod feature;
mod fleet;
mod fleet_table;
mod hold;
mod ident;
mod instance_info;
mod node;
mod operation;
mod patience;
mod preview;
#[cfg(test)]
mod proof;
mod provision;
mod record;
mod start;
mod step;
#[cfg(test)]
mod testing;
mod validation;
mod wait;

pub use self::client::Ironic;
pub use self::content::{Content, DriveUrl, Metadata, NotADriveUrl, NotMetadata};
pub use self::deploy::{Done, Job, Prepared, attach, deploy, prepare};
pub use self::deploy_steps::{DeploySteps, NotDeploySteps};
pub use self::error::Error;
pub use self::feature::Feature;
pub use self::fleet::{Member, distinct, fleet};
pub use self::ident::{NodeIdent, NotANode};
pub use self::instance_info::InstanceInfo;
pub use self::node::{DeployStep, Node, ProvisionState};
pub use self::operation::Operation;
pub use self::preview::{Preview, PreviewBody};
pub use self::provision::{
    Drive, DriveDigest, MetadataDigest, NotADrive, ProvisionRequest, SealedRequest, Target, TooLarge,
};
pub use self::record::Fingerprint;
pub use self::step::Step;
pub use self::validation::{Reason, Validation};
