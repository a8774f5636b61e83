//! The findings of a check, of which only the first of each code and each set of readers are listed.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use super::{Code, Finding, Place, Readers};

/// Maximum number of findings listed for each code and set of readers. Each set has its own count, so that selecting readers loses
/// none of their findings.
/// Without a limit, a document of 780 KB could have 189 MB of findings: an empty link takes three bytes and has three faults.
const LISTED: usize = 20;

/// Maximum size of a place or a message, in bytes. No check comes near it.
const MAX_TEXT: usize = 1000;

/// The findings so far.
#[derive(Default)]
pub struct Findings {
    list: Vec<Finding>,
    /// The places in the list by code, without their directories: the dated directory repeats what is in `latest`.
    listed: BTreeMap<Code, BTreeSet<String>>,
    tallies: BTreeMap<(Code, Readers), Tally>,
}

/// The places where a code was found for the same readers.
#[derive(Default)]
struct Tally {
    listed: usize,
    /// Number of other places in each file, by path.
    unlisted: BTreeMap<String, usize>,
}

impl Findings {
    pub fn add(&mut self, code: Code, readers: Readers, place: &Place<'_>, message: impl Into<String>) {
        let within = format!("{}#{}", place.name(), place.pointer);
        let listed = self.listed.entry(code).or_default();
        if listed.contains(&within) {
            return;
        }
        let tally = self.tallies.entry((code, readers)).or_default();
        if tally.listed < LISTED {
            tally.listed = tally.listed.saturating_add(1);
            listed.insert(within);
            self.push(Finding { code, readers, place: format!("{place}"), message: message.into() });
        } else if let Some(count) = tally.unlisted.get_mut(place.path) {
            *count = count.saturating_add(1);
        } else {
            tally.unlisted.insert(place.path.into(), 1);
        }
    }

    fn push(&mut self, finding: Finding) {
        let Finding { code, readers, place, message } = finding;
        self.list.push(Finding { code, readers, place: cut(place), message: cut(message) });
    }

    /// Returns the findings, worst first, and for each code and set of readers with more than are listed, one that says how many.
    pub fn finish(mut self) -> Vec<Finding> {
        for ((code, readers), tally) in core::mem::take(&mut self.tallies) {
            self.list.extend(tally.rest(code, readers));
        }
        // The sort is stable, so equally bad findings stay in the order of the checks.
        self.list.sort_by_key(|finding| (finding.code.severity(), finding.code.scope()));
        self.list
    }
}

impl Tally {
    /// Returns the finding that says how many places are not listed, if there are any.
    fn rest(self, code: Code, readers: Readers) -> Option<Finding> {
        // If there are two paths, they are the same file in two directories, and may have places in common.
        let at_least = if self.unlisted.len() > 1 { "at least " } else { "" };
        let (place, count) = self.unlisted.into_iter().max_by_key(|(_, count)| *count)?;
        let message = match count {
            1 => format!("{at_least}1 more place has the same fault and is not listed"),
            _ => format!("{at_least}{count} more places have the same fault and are not listed"),
        };
        Some(Finding { code, readers, place, message })
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds a finding for each of the first places of a file.
    fn add(findings: &mut Findings, path: &str, places: usize) {
        for index in 0..places {
            findings.add(Code::UnknownLink, Readers::CLOUD_INIT, &Place::file(path).below(index), "m");
        }
    }

    fn found(files: &[(&str, usize)]) -> Vec<Finding> {
        let mut findings = Findings::default();
        for (path, places) in files {
            add(&mut findings, path, *places);
        }
        findings.finish()
    }

    fn last(files: &[(&str, usize)]) -> String {
        format!("{}", found(files).pop().unwrap())
    }

    #[test]
    fn the_first_of_a_code_are_listed_and_the_others_counted() {
        assert_eq!(found(&[("a/x", LISTED)]).len(), LISTED);
        assert_eq!(found(&[("a/x", LISTED + 1)]).len(), LISTED + 1);
        assert_eq!(found(&[("a/x", 100_000)]).len(), LISTED + 1);
        let rest = |text: &str| format!("unknown-link: a/x: {text}; {}", Code::UnknownLink.remedy());
        assert_eq!(last(&[("a/x", LISTED + 1)]), rest("1 more place has the same fault and is not listed"));
        assert_eq!(last(&[("a/x", LISTED + 480)]), rest("480 more places have the same fault and are not listed"));
    }

    #[test]
    fn places_that_two_directories_have_in_common_are_counted_once() {
        // The first ones are listed; the other directory only repeats them.
        assert_eq!(found(&[("a/x", LISTED), ("b/x", LISTED)]).len(), LISTED);
        let rest = |path: &str, text: &str| format!("unknown-link: {path}: {text}; {}", Code::UnknownLink.remedy());
        let five = "5 more places have the same fault and are not listed";
        assert_eq!(last(&[("a/x", LISTED), ("b/x", LISTED + 5)]), rest("b/x", five));
        assert_eq!(last(&[("a/x", LISTED + 5), ("b/x", LISTED + 2)]), rest("a/x", &format!("at least {five}")));
    }

    #[test]
    fn each_code_has_a_limit_of_its_own_and_the_worst_still_come_first() {
        let mut findings = Findings::default();
        for code in [Code::LinkWithoutMtu, Code::DuplicateId, Code::UnknownLink] {
            for index in 0..50 {
                findings.add(code, Readers::CLOUD_INIT, &Place::file("a/x").below(index), "m");
            }
        }
        let codes: Vec<_> = findings.finish().into_iter().map(|finding| finding.code).collect();
        let expected = [Code::UnknownLink, Code::DuplicateId, Code::LinkWithoutMtu];
        assert_eq!(codes, expected.map(|code| [code; LISTED + 1]).concat());
    }

    #[test]
    fn findings_for_other_readers_do_not_crowd_out_those_of_a_reader() {
        let mut findings = Findings::default();
        for index in 0..100 {
            let readers = if index < 90 { Readers::CLOUD_INIT } else { Readers::GLEAN };
            findings.add(Code::UnknownLink, readers, &Place::file("a/x").below(index), "m");
        }
        let findings = findings.finish();
        let of = |readers| findings.iter().filter(|finding| finding.readers == readers).count();
        assert_eq!((of(Readers::CLOUD_INIT), of(Readers::GLEAN)), (LISTED + 1, 10));
        assert!(findings.iter().any(|finding| finding.message.starts_with("70 more places")));
    }

    #[test]
    fn a_place_and_a_message_are_cut_to_length() {
        let mut findings = Findings::default();
        let long = "\u{e9}".repeat(MAX_TEXT);
        findings.add(Code::UnknownLink, Readers::CLOUD_INIT, &Place::file("a").below(&long), &*long);
        let finding = findings.finish().pop().unwrap();
        // The place's characters start at an odd offset, after `a#/`.
        assert_eq!((finding.place.len(), finding.message.len()), (MAX_TEXT - 1, MAX_TEXT));
    }
}
