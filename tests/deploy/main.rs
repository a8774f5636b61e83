//! `configdrive deploy` on a real Ironic.
//!
//! `tests/ironic/ironic.py` installs Ironic and starts one for all tests, each of which enrols nodes of its own. It ends with this process.

#![cfg(test)]

// Keystone, Swift, and HTTP's basic authentication.
mod cloud;
// The command and its document.
mod desk;
// Answers that are lost, late or wrong.
mod faults;
// Many nodes.
mod fleet;
// Ironic and its nodes.
mod lab;
// One node.
mod one;
// A proxy that does what `faults` is about.
mod proxy;
// Signals, deadlines and restarts while the command waits, and what it logs.
mod waiting;
