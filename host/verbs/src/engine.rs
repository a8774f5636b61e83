//! Where the verbs get the component from.

use clap::Args;
use configdrive_contract::{ConfigDrive, Error};

/// Options of the command line that decide about the component, such as its limits.
pub trait Engine: Args {
    /// The component.
    type Component: ConfigDrive;

    /// Returns how large a document or a drive may be, in bytes.
    fn input_limit(&self) -> usize;

    /// Starts the component. Verbs call this once they have read their input.
    fn start(&self) -> Result<Self::Component, Error>;
}
