//! The component, which this adapter imports. The engine that runs both sets the limits on memory and time.

/// The imported component.
pub struct Imported;

configdrive_contract::imported!(Imported, bindings::drive);

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
