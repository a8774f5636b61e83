//! `configdrive deploy` on a real Ironic.
//!
//! `tests/ironic/ironic.py` installs Ironic and starts one for all tests; it stops with this process. Each test enrols its own
//! nodes.

#![cfg(test)]

// Keystone, Swift, and HTTP's basic authentication.
mod cloud;
// The command and its document.
mod desk;
// Finished drives, and requested deploy steps.
mod drives;
// Answers that are lost, late or wrong.
mod faults;
// Many nodes.
mod fleet;
// Ironic and its nodes.
mod lab;
// The verb that replaces genisoimage, for OpenStack's client and for Ironic's conductor.
mod mkisofs;
// One node.
mod one;
// The proxy that causes the faults of `faults`.
mod proxy;
// Nodes that get their image from the command, too.
mod standalone;
// Fleets in tables.
mod table;
// Signals, timeouts and restarts while the command waits, and what it logs.
mod waiting;
