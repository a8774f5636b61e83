//! Drives for the tests, made by hand and by the library.

// Drives that are damaged.
pub mod damage;
// Drives with one fault each that `check` finds.
pub mod faults;
// Malicious drives.
pub mod malicious;
// Drives with faults in the metadata and the user data.
pub mod metadata;
// Drives with faults in the network, and without.
pub mod network;
// Drives that are odd but sound.
pub mod odd;
// Trees of files that are hard to read.
pub mod trees;
