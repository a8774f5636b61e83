//! Any nova.conf is parsed into options, or refused with a one-line error.

use std::path::Path;

use configdrive_verbs::{Failure, nova_conf::NovaConf};

use super::assert_one_line;

pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(error) = NovaConf::parse(&text, Path::new("nova.conf")) {
        assert_one_line(&error.sentence());
    }
}
