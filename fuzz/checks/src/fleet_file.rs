//! Any fleet file is refused with a one-line error, or gives nodes without duplicates. The command line accepts the options of the
//! first node that has any, or refuses them with a one-line error.

use std::{collections::BTreeSet, path::Path};

use clap::{Args, FromArgMatches};
use configdrive_host::ironic::fleet_file::{Payload, parse};
use configdrive_verbs::{
    Failure,
    options::{OperatorOptions, overridden},
};

use super::assert_one_line;

pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let entries = match parse(&text, Path::new("")) {
        Ok(entries) => entries,
        Err(error) => return assert_one_line(&error),
    };
    assert!(!entries.is_empty());
    let mut nodes = BTreeSet::new();
    for entry in &entries {
        assert!(nodes.insert(entry.node.as_str()));
        for payload in [&entry.document, &entry.drive] {
            if let Some(Payload::Here(document)) = payload {
                assert!(document.starts_with(b"{") && document.ends_with(b"}"));
            }
        }
    }
    let flag = |(name, value): &(String, String)| format!("--{}={value}", name.replace('_', "-"));
    let with_options = entries.iter().find(|entry| !entry.options.is_empty());
    let with_options =
        with_options.map(|entry| overridden(&no_options(), &entry.options.iter().map(flag).collect::<Vec<_>>()));
    if let Some(Err(error)) = with_options {
        assert_one_line(&error.sentence());
    }
}

fn no_options() -> OperatorOptions {
    thread_local!(static NONE: OperatorOptions = {
        let matches = OperatorOptions::augment_args(clap::Command::new("options")).get_matches_from(["options"]);
        OperatorOptions::from_arg_matches(&matches).expect("no option is required")
    });
    NONE.with(Clone::clone)
}
