//! The component, which this adapter imports. Its caps on memory and time are those of the engine that runs it.

/// The imported component.
pub struct Imported;

configdrive_contract::imported!(Imported, bindings::drive);

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
