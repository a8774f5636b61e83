//! The source of the component that the verbs call.

use clap::Args;
use configdrive_contract::{ConfigDrive, Error};

/// The command-line options for the component, such as its limits, and the way to start it.
pub trait Engine: Args {
    /// The component.
    type Component: ConfigDrive;

    /// Returns the largest size of a document or a drive, in bytes.
    fn input_limit(&self) -> usize;

    /// Starts the component. Verbs call this after they have read their input.
    fn start(&self) -> Result<Self::Component, Error>;
}
