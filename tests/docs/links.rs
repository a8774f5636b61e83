//! Checks the links between pages, and from pages to files.

use std::{collections::BTreeSet, fs};

use configdrive_support::trials::Trial;
use libtest_mimic::Failed;

use crate::markdown;

pub fn trials() -> Vec<Trial> {
    configdrive_support::trials![a_link_within_the_repository_has_a_target]
}

fn a_link_within_the_repository_has_a_target() -> Result<(), Failed> {
    let mut broken = Vec::new();
    for page in markdown::pages() {
        let page = page?;
        let text = fs::read_to_string(page.file())?;
        for link in text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            if link.contains("://") || link.contains(char::is_whitespace) {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.file() } else { page.file().parent().unwrap().join(path) };
            let found = if anchor.is_empty() {
                target.exists()
            } else {
                fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor))
            };
            if !found {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("links without a target:\n{}", broken.join("\n")).into()) }
}

/// Returns the anchors that GitHub makes for a page's headings, and explicit ones.
fn anchors(text: &str) -> BTreeSet<String> {
    let slug = |heading: &str| -> String {
        let kept = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#')));
    let written = text.split("<a id=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
    headings.chain(written).collect()
}
