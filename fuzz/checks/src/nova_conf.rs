//! nova.conf: options, or an error of one line.

use std::path::Path;

use configdrive_verbs::{Failure, nova_conf::NovaConf};

use super::one_line;

pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(error) = NovaConf::parse(&text, Path::new("nova.conf")) {
        one_line(&error.sentence());
    }
}
