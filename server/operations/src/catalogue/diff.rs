//! What differs between two things of one sort, a line for each field, under the names that the catalogue gives them.

use super::{Contents, Naming, form::plain, write};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// So much of a text is shown,
const SHOWN: usize = 60;
/// and so much of it before the place where the two part.
const BEFORE: usize = 20;
/// So many items of a list are named.
const NAMED: usize = 5;

/// What stands in the fields of a thing, by their names.
type Fields = BTreeMap<String, Vec<String>>;

/// What differs between a thing as it was and as it is now, a line for each field.
pub fn changes(before: &Contents<'_>, after: &Contents<'_>, names: &dyn Naming) -> Vec<String> {
    let (before, after) = (fields(before, names), fields(after, names));
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let held = |fields: &Fields, name: &str| fields.get(name).cloned().unwrap_or_default();
    let lines = all.into_iter().filter_map(|name| {
        let (before, after) = (held(&before, name), held(&after, name));
        let one = |held: &[String]| held.first().cloned().unwrap_or_default();
        match (before.len(), after.len()) {
            _ if before == after => None,
            (0 | 1, 0 | 1) => Some(format!("{name}: {}", turned(&one(&before), &one(&after)))),
            _ => Some(format!("{name}: {}", moved(&before, &after))),
        }
    });
    lines.collect()
}

fn fields(contents: &Contents<'_>, names: &dyn Naming) -> Fields {
    let mut fields = Fields::new();
    // A text that this crate wrote is read.
    let files = write(contents, names).into_iter().filter_map(|file| file.text.parse::<Table>().ok());
    for stanza in files.flat_map(|file| file.into_iter().map(|(_, stanzas)| stanzas)) {
        for one in tables(&stanza) {
            fill(&mut fields, "", one);
        }
    }
    fields
}

fn fill(fields: &mut Fields, within: &str, table: &Table) {
    for (name, value) in table {
        let name = format!("{within}{}", name.replace('_', " "));
        match value {
            Value::Table(inner) => {
                fields.extend(inner.iter().map(|(key, value)| (format!("{name} {key}"), plain(value))));
            }
            Value::Array(items) if items.iter().any(Value::is_table) => {
                for one in tables(value) {
                    let key = one.get("key").and_then(Value::as_str).unwrap_or_default();
                    fill(fields, &format!("{name} {key}, "), one);
                }
            }
            _ => {
                fields.insert(name, plain(value));
            }
        }
    }
}

fn tables(value: &Value) -> impl Iterator<Item = &Table> {
    value.as_array().into_iter().flatten().filter_map(Value::as_table)
}

/// What came to a list, and what went.
fn moved(before: &[String], after: &[String]) -> String {
    let only =
        |these: &[String], those: &[String]| these.iter().filter(|it| !those.contains(it)).cloned().collect::<Vec<_>>();
    let parts = [("+", only(after, before)), ("-", only(before, after))].map(|(sign, items)| {
        let more = items.len().saturating_sub(NAMED);
        let named = items.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        match (named.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!("{sign} {named}"),
            (false, more) => format!("{sign} {named} and {more} more"),
        }
    });
    let parts = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    if parts.is_empty() { "in another order".to_owned() } else { parts.join("; ") }
}

/// A text as it was and as it is now; of long ones the part where they differ.
pub fn turned(before: &str, after: &str) -> String {
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    format!("{} → {}", around(before, same), around(after, same))
}

fn around(text: &str, place: usize) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let beyond = text.chars().count().saturating_sub(SHOWN);
    let from = place.saturating_sub(BEFORE).min(beyond);
    let shown = text.chars().skip(from).take(SHOWN).collect::<String>();
    let (begins, ends) = (if from > 0 { "…" } else { "" }, if from < beyond { "…" } else { "" });
    format!("{begins}{shown}{ends}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_long_texts_one_sees_where_they_differ() {
        assert_eq!(turned("", "8h"), "nothing → 8h");
        let long = |word: &str| format!("{} {word} {}", "a b c d e".repeat(9), "v w x y z".repeat(9));
        let says = turned(&long("red"), &long("green"));
        let (before, after) = says.split_once(" → ").unwrap();
        for (side, word) in [(before, " red "), (after, " green ")] {
            assert!(side.contains(word) && side.chars().count() <= SHOWN + 2, "{side}");
            assert!(side.starts_with('…') && side.ends_with('…'), "{side}");
        }
        assert_eq!(turned(&"é".repeat(70), &"é".repeat(69)).matches('…').count(), 2);
    }

    #[test]
    fn of_a_list_one_sees_what_came_and_what_went() {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(moved(&list("a b c"), &list("a c d")), "+ d; - b");
        assert_eq!(moved(&list("a b c"), &list("c")), "- a, b");
        assert_eq!(moved(&[], &list("a b c d e f g")), "+ a, b, c, d, e and 2 more");
        assert_eq!(moved(&list("a b"), &list("b a")), "in another order");
    }
}
