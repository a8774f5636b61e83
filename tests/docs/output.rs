//! Compares outputs with those in a page, where `…` matches any text within a line and, alone on a line, any lines.

use configdrive_support::trials::Trial;

pub fn trials() -> Vec<Trial> {
    configdrive_support::trials![an_ellipsis_matches_text_and_lines, blessing_keeps_the_ellipses_that_match]
}

/// Splits an output into lines, without trailing spaces and trailing empty lines.
pub fn lines(output: &str) -> Vec<String> {
    output.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Returns whether an output matches.
pub fn matches(shown: &[String], actual: &[String]) -> bool {
    match (shown, actual) {
        ([], []) => true,
        ([first, rest @ ..], _) if first == "…" => {
            (0..=actual.len()).any(|skipped| matches(rest, &actual[skipped..]))
        }
        ([first, rest @ ..], [line, others @ ..]) => line_matches(first, line) && matches(rest, others),
        _ => false,
    }
}

fn line_matches(shown: &str, actual: &str) -> bool {
    let shown = shown.trim_end();
    let Some((start, rest)) = shown.split_once('…') else { return shown == actual };
    let Some(actual) = actual.strip_prefix(start) else { return false };
    // There is no rest where an index cuts a character.
    (0..=actual.len()).any(|index| actual.get(index..).is_some_and(|actual| line_matches(rest, actual)))
}

/// Returns the lines that the page should show; keeps its wildcards where they still match.
pub fn bless(shown: &[String], actual: &[String]) -> Vec<String> {
    let same = |shown: &String, actual: &String| shown != "…" && line_matches(shown, actual);
    let head = shown.iter().zip(actual).take_while(|(shown, actual)| same(shown, actual)).count();
    let (shown_rest, actual_rest) = (&shown[head..], &actual[head..]);
    let tail =
        shown_rest.iter().rev().zip(actual_rest.iter().rev()).take_while(|(shown, actual)| same(shown, actual)).count();
    let shown_middle = &shown_rest[..shown_rest.len() - tail];
    let actual_middle = &actual_rest[..actual_rest.len() - tail];
    // If the page leaves lines out, keep as many on both sides as before.
    let middle = match shown_middle.iter().position(|line| line == "…") {
        Some(before) => {
            let before = before.min(actual_middle.len());
            let after = (shown_middle.len() - 1).saturating_sub(before).min(actual_middle.len() - before);
            let (start, end) = (&actual_middle[..before], &actual_middle[actual_middle.len() - after..]);
            [start, &["…".to_owned()], end].concat()
        }
        None => actual_middle.to_vec(),
    };
    [&shown[..head], &middle, &shown_rest[shown_rest.len() - tail..]].concat()
}

/// Describes a difference: the equal lines, then the rest of the page and of the output.
pub fn difference(shown: &[String], actual: &[String]) -> String {
    let head =
        shown.iter().zip(actual).take_while(|(shown, actual)| *shown != "…" && line_matches(shown, actual)).count();
    let mut text = String::new();
    for (sign, lines) in [(' ', &shown[..head]), ('-', &shown[head..]), ('+', &actual[head..])] {
        for line in lines {
            text += &format!("  {sign} {line}\n");
        }
    }
    text
}

fn an_ellipsis_matches_text_and_lines() {
    let output = lines("node a (1b2c) is available\nbuilding\nsending\nnode a is active\n");
    for shown in ["node a (…) is available\n…\nnode a is active", "…\nsending\n…", "…"] {
        assert!(matches(&lines(shown), &output), "{shown}");
    }
    for shown in ["node a (…) is active\n…", "…\nsending", "node…", ""] {
        assert!(!matches(&lines(shown), &output), "{shown}");
    }
}

fn blessing_keeps_the_ellipses_that_match() {
    let blessed = |shown, actual| bless(&lines(shown), &lines(actual)).join("|");
    assert_eq!(blessed("", "a\nb"), "a|b");
    assert_eq!(blessed("id …\nold\nend …", "id 1\nnew\nend 2"), "id …|new|end …");
    assert_eq!(blessed("old\n…\nend", "new\nx\ny\nend"), "new|…|end");
    assert_eq!(blessed("old\n…\nlast", "new\nx\ny\nend"), "new|…|end");
}
