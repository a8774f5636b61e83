//! The component, which this adapter imports. The engine that runs both sets the limits on memory and time.

use clap::Args;
use configdrive_contract::Error;
use configdrive_verbs::Engine;

/// The imported component. It needs no options.
#[derive(Args, Clone)]
pub struct Imported {}

configdrive_contract::imported!(Imported, bindings::drive);

impl Engine for Imported {
    type Component = Self;

    fn input_limit(&self) -> usize {
        INPUT_LIMIT
    }

    fn start(&self) -> Result<Self, Error> {
        Ok(self.clone())
    }
}

/// Input limit in bytes, the same as the native command's.
const INPUT_LIMIT: usize = 128 << 20;

mod bindings {
    #![allow(missing_docs, reason = "the docs are in wit/")]
    #![allow(unsafe_code, reason = "the canonical ABI uses pointers; wit-bindgen's macro generates the code for it")]

    /// The functions and types. wit-bindgen generates two versions of some types; these are the ones that borrow.
    pub mod drive {
        pub use super::ironic::configdrive::drive::{DriveSourceParam as DriveSource, OptionsParam as Options, *};
    }

    wit_bindgen::generate!({
        inline: "package ironic:adapters; world adapter { import ironic:configdrive/drive@0.1.0; }",
        path: "../../../wit",
        world: "ironic:adapters/adapter",
        ownership: Borrowing { duplicate_if_necessary: true },
        generate_all,
    });
}
