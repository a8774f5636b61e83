//! Drives for the tests, made by hand and by the library.

// Drives that are damaged.
pub mod damage;
// Drives with one fault each that `check` finds.
pub mod faults;
// Drives that were made to do harm.
pub mod malicious;
// Drives that are odd but sound.
pub mod odd;
// Trees that are hard on readers.
pub mod trees;
