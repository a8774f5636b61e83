//! Jinja templates, as far as they are judged.

/// Returns the mark of an expression, a statement or a comment that nothing closes: Jinja refuses such a template.
pub fn unclosed(template: &str) -> Option<&'static str> {
    let mut rest = template;
    while let Some((mark, after)) = opened(rest) {
        let closed = match mark {
            "{#" => after.split_once("#}").map(|(_, after)| after),
            "{%" => closed(after, "%}").and_then(|(statement, after)| match inside(statement) {
                "raw" => end_of_raw(after),
                _ => Some(after),
            }),
            _ => closed(after, "}}").map(|(_, after)| after),
        };
        let Some(closed) = closed else { return Some(mark) };
        rest = closed;
    }
    None
}

/// Returns the first mark, and what follows it.
fn opened(text: &str) -> Option<(&'static str, &str)> {
    let found = ["{{", "{%", "{#"].into_iter().filter_map(|mark| Some((text.find(mark)?, mark)));
    let (at, mark) = found.min()?;
    Some((mark, text.get(at..)?.strip_prefix(mark)?))
}

/// Splits after the mark `end`, which does not count in a string.
fn closed<'t>(text: &'t str, end: &str) -> Option<(&'t str, &'t str)> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if character == '\\' => is_escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if ['"', '\''].contains(&character) => quote = Some(character),
            None => {
                if let Some(after) = text.get(at..).and_then(|rest| rest.strip_prefix(end)) {
                    return Some((text.get(..at)?, after));
                }
            }
        }
    }
    None
}

fn end_of_raw(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.split_once("{%")?.1;
        if let Some((statement, after)) = rest.split_once("%}")
            && inside(statement) == "endraw"
        {
            return Some(after);
        }
    }
}

/// Returns a statement without the signs that control white space.
fn inside(statement: &str) -> &str {
    statement.trim_start_matches(['-', '+']).trim_end_matches(['-', '+']).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jinja 3.1 raised `TemplateSyntaxError` for the second list only.
    #[test]
    fn a_template_is_unclosed_if_jinja_refuses_it() {
        for template in [
            "a } }} %} #}",
            "{{ a }}{% set b = 1 %}{# {{ #}",
            "{{ '}} {{' }}",
            r#"{{ "\"}} {%" }}"#,
            "{{ {'a': {'b': 1}} }}",
            "{% raw %}{{ {% {# {% endraw %}",
            "{%- raw -%}{{{%- endraw +%}",
        ] {
            assert_eq!(unclosed(template), None, "{template}");
        }
        for (template, mark) in [
            ("{{ v1.\n", "{{"),
            ("{{ 'a }}", "{{"),
            ("a\n{% if b }", "{%"),
            ("{# a }}", "{#"),
            ("{% raw %}{{ a", "{%"),
            ("{{ a }} {{", "{{"),
        ] {
            assert_eq!(unclosed(template), Some(mark), "{template}");
        }
    }
}
