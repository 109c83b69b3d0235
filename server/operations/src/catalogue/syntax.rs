//! Text into TOML tables that know where they stand. A stanza that is no TOML is reported and left out; the others are read all the
//! same.

use super::field::shown;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Error},
};

/// What could be read of a file.
#[derive(Default)]
pub(super) struct Parsed<'t> {
    /// Tables, each with the offset at which its part of the text begins.
    pub(super) tables: Vec<(usize, DeTable<'t>)>,
    /// What is no TOML: the offset, and what is wrong there.
    pub(super) faults: Vec<(usize, String)>,
    /// What is no TOML in the file as a whole, though each stanza is sound by itself (`[person]` twice). Mostly the stanzas are wrong
    /// for a better reason; this is for when they are not.
    pub(super) otherwise: Vec<(usize, String)>,
}

/// Where each line of a text begins.
pub(super) fn lines(text: &str) -> Vec<usize> {
    [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// Reads a file: as a whole where it is sound, else stanza by stanza, so that one broken stanza does not hide the others.
pub(super) fn parse<'t>(text: &'t str, lines: &[usize]) -> Parsed<'t> {
    let (whole, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Parsed { tables: vec![(0, whole.into_inner())], ..Parsed::default() };
    }
    let mut parsed = Parsed::default();
    for part in parts(text) {
        let (table, errors) = DeTable::parse_recoverable(&text[part.clone()]);
        parsed.faults.extend(faults(text, lines, &part, table.get_ref(), &errors));
        // A field written twice leaves the rest as it was meant; anything else may have swallowed what follows.
        if errors.iter().all(is_repeated) {
            parsed.tables.push((part.start, table.into_inner()));
        }
    }
    parsed.otherwise = faults(text, lines, &(0..text.len()), whole.get_ref(), &errors);
    parsed
}

/// The text cut before each line that opens a stanza.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut cuts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > 0 && opens_a_stanza(line) {
            cuts.push(at);
        }
        at += line.len();
    }
    let ends = cuts.iter().skip(1).copied().chain([text.len()]).collect::<Vec<_>>();
    cuts.into_iter().zip(ends).map(|(start, end)| start..end).collect()
}

/// Whether a line begins a table of its own (`[[person]]`, also with a bracket missing), not one within another
/// (`[[system.entitlement]]`).
fn opens_a_stanza(line: &str) -> bool {
    let Some(name) = line.trim_start().strip_prefix('[') else {
        return false;
    };
    let name = name.strip_prefix('[').unwrap_or(name).trim_start();
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(name.len());
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name[end..].trim_start().starts_with(['.', ','])
}

/// The mistakes in a part, the first that was noticed on each line: the others are mostly its echo.
fn faults(
    text: &str,
    lines: &[usize],
    part: &Range<usize>,
    table: &DeTable<'_>,
    errors: &[Error],
) -> Vec<(usize, String)> {
    let mut known = BTreeMap::new();
    keys(table, &mut known);
    let mut faults = BTreeMap::new();
    for error in errors {
        let span = error.span().map_or(part.end..part.end, |span| part.start + span.start..part.start + span.end);
        let start = text.floor_char_boundary(span.start);
        let line = lines.partition_point(|begin| *begin <= start);
        faults.entry(line).or_insert_with(|| {
            let says = if is_repeated(error) {
                let name = text.get(span).unwrap_or_default().trim_matches(['"', '\'']);
                let first = first_before(start - part.start, known.get(name));
                repeated(name, first.map(|first| lines.partition_point(|begin| *begin <= part.start + first)))
            } else {
                let begins = lines.get(line - 1).copied().unwrap_or_default();
                not_toml(&text[begins..start], error)
            };
            (start, says)
        });
    }
    faults.into_values().collect()
}

/// The nearest of some offsets before another: where a field that is written twice stands first.
fn first_before(offset: usize, offsets: Option<&BTreeSet<usize>>) -> Option<usize> {
    offsets?.range(..offset).next_back().copied()
}

fn is_repeated(error: &Error) -> bool {
    error.message() == "duplicate key"
}

fn not_toml(before: &str, error: &Error) -> String {
    let column = before.chars().count() + 1;
    let (says, wants) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let says = match (says, wants) {
        ("string values must be quoted", _) => "a text stands in quotes".to_owned(),
        ("invalid basic string", "`\"`") => "the text has no end; close it with `\"`".to_owned(),
        ("invalid literal string", "`'`") => "the text has no end; close it with `'`".to_owned(),
        ("missing escaped value", _) => {
            "a backslash begins an escape; write it twice, or the text in single quotes".to_owned()
        }
        ("unexpected `=` in array", _) => "a list is still open here; close it with `]`".to_owned(),
        (says, "") => says.to_owned(),
        (says, wants) => format!("{says}; write {wants}"),
    };
    format!("not TOML at character {column}: {says}")
}

fn repeated(name: &str, first: Option<usize>) -> String {
    let name = shown(name);
    match first {
        Some(line) => format!("`{name}` is already set at line {line}; keep one of them"),
        None => format!("`{name}` is already set in this table; keep one of them"),
    }
}

/// Every key of a table and the tables in it, with its offsets.
fn keys<'d>(table: &'d DeTable<'_>, into: &mut BTreeMap<&'d str, BTreeSet<usize>>) {
    for (key, value) in table {
        into.entry(key.get_ref()).or_default().insert(key.span().start);
        keys_of_value(value, into);
    }
}

fn keys_of_value<'d>(value: &'d Spanned<DeValue<'_>>, into: &mut BTreeMap<&'d str, BTreeSet<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => keys(table, into),
        DeValue::Array(items) => items.iter().for_each(|item| keys_of_value(item, into)),
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Parsed<'_> {
        parse(text, &lines(text))
    }

    #[test]
    fn reads_the_stanzas_around_a_broken_one() {
        let parsed = parsed("[[group]]\nkey = \"a\"\n\n[[group]]\nkey \"b\"\n\n[[group]]\nkey = \"c\"\n");
        assert_eq!(parsed.tables.len(), 2);
        assert_eq!(parsed.faults, [(35, "not TOML at character 5: key with no value; write `=`".to_owned())]);
    }

    #[test]
    fn says_where_a_field_was_set_first() {
        let parsed = parsed("[[group]]\nkey = \"a\"\nname = \"A\"\nkey = \"b\"\n");
        assert_eq!(parsed.tables.len(), 1);
        assert_eq!(parsed.faults, [(31, "`key` is already set at line 2; keep one of them".to_owned())]);
    }

    #[test]
    fn knows_a_stanza_from_a_list() {
        for opens in ["[[person]]\n", "  [ person ]", "[[person", "[[person] # x"] {
            assert!(opens_a_stanza(opens), "{opens}");
        }
        for not in ["[[system.entitlement]]", "[\"a\", \"b\"],", "[", "key = [", "[1, 2]", "[true, false]", ""] {
            assert!(!opens_a_stanza(not), "{not}");
        }
    }
}
