//! The component, which this adapter imports. Its caps on memory and time are those of the engine that runs it.

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

/// In bytes, as the native command has it.
const INPUT_LIMIT: usize = 128 << 20;

mod bindings {
    #![allow(missing_docs, reason = "wit/ has them")]
    #![allow(unsafe_code, reason = "the canonical ABI speaks in pointers; wit-bindgen's macro does it")]

    /// The functions, and of the types that wit-bindgen makes twice those that borrow.
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
