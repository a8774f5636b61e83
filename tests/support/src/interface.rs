//! What `wit/configdrive.wit` declares.

use std::fs;

use crate::below;

/// Returns the names of the options, as `wit/` spells them.
pub fn options() -> Vec<String> {
    let wit = fs::read_to_string(below("wit/configdrive.wit")).unwrap();
    let (_, record) = wit.split_once("record options {").expect("the record of options");
    let (fields, _) = record.split_once('}').expect("the end of the record");
    let fields = fields.lines().map(str::trim).filter(|line| !line.starts_with("///"));
    let names: Vec<_> = fields.filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
    assert!(names.len() > 10, "{names:?}");
    names
}
