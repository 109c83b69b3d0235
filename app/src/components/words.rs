//! Small words: numbers as one says them, and names in a row.

use leptos::prelude::*;

/// A number as one says it: in words up to twelve.
pub fn number(n: usize) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// So many of something: `three requests`.
pub fn so_many(n: usize, one: &str, more: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { more })
}

/// A sentence that begins in lower case, as a line of its own.
pub fn capital(says: &str) -> String {
    let mut letters = says.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A sentence of the rules, as one with its full stop.
pub fn full(says: &str) -> String {
    let says = capital(says.trim());
    if says.is_empty() || says.ends_with(['.', '?', '!', '…']) { says } else { format!("{says}.") }
}

/// A sentence of the rules as a page shows it: what machines read stands in backticks, and is shown as code.
pub fn said(says: &str) -> AnyView {
    marked(&full(says))
}

/// Words in which what stands in backticks is code.
pub fn marked(says: &str) -> AnyView {
    let parts: Vec<_> = says.split('`').collect();
    // Backticks come in pairs; where they do not, somebody typed one.
    if parts.len().is_multiple_of(2) {
        return says.to_owned().into_any();
    }
    let parts = parts.into_iter().map(str::to_owned).enumerate().map(|(at, part)| match at % 2 {
        0 => part.into_any(),
        _ => view! { <code>{part}</code> }.into_any(),
    });
    parts.collect_view().into_any()
}

/// The letters that stand for somebody.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    [words.next(), words.next_back()].into_iter().flatten().flat_map(char::to_uppercase).collect()
}

/// Names in a row, each in ink: **Ola Nord**, **Eva Holm**; after four of them only how many more there are.
#[component]
pub fn Names(
    /// Whose.
    of: Vec<String>,
    /// How many there are in all, where these are only the first.
    #[prop(optional)]
    in_all: usize,
) -> impl IntoView {
    const MOST: usize = 4;
    let more = of.len().max(in_all).saturating_sub(MOST.min(of.len()));
    let names = of
        .into_iter()
        .take(MOST)
        .enumerate()
        .map(|(at, name)| view! { {(at > 0).then_some(", ")} <strong>{name}</strong> })
        .collect_view();
    view! {
        {names}
        {(more > 0).then(|| format!(" and {more} more"))}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_numbers_and_names_as_people_do() {
        assert_eq!(so_many(0, "request", "requests"), "no requests");
        assert_eq!(so_many(1, "request", "requests"), "one request");
        assert_eq!(so_many(13, "request", "requests"), "13 requests");
        assert_eq!(initials("Maya Lindqvist"), "ML");
        assert_eq!(initials("Ana de la Cruz"), "AC");
        assert_eq!(initials("nightly"), "N");
        assert_eq!(full("`x` is not a key"), "`x` is not a key.");
        assert_eq!(full(""), "");
    }
}
