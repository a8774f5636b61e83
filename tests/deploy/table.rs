//! Fleets in tables, with one document for all nodes.

use serde_json::Value;

use crate::{
    desk::{Desk, INVALID_INPUT, configdrive, failure, success},
    lab::{enroll, state, stored},
};

#[test]
fn placeholder() {}
