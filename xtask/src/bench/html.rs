//! What a script-less reader finds in the portal's pages: links, choices, and why something was not done.

use std::collections::BTreeSet;

/// The bundles that a catalogue's page lets its reader ask for, for themselves.
pub fn open_to_ask(html: &str) -> Vec<String> {
    let rows = html.split("<li").filter(|row| !row.contains("why-not"));
    rows.filter_map(|row| tags(row, "a").into_iter().filter(|tag| is_button(tag)).find_map(|tag| linked(tag, "/ask/")))
        .collect()
}

/// The query of a list's next page.
pub fn next(html: &str) -> Option<String> {
    let link = tags(html, "a").into_iter().find(|tag| attribute(tag, "rel").as_deref() == Some("next"))?;
    attribute(link, "href")
}

/// What a list to choose from offers first.
pub fn first_choice(html: &str, name: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("name=\"{name}\""))?;
    attribute(tags(rest, "option").first()?, "value")
}

/// The requests that a page leads to.
pub fn requests(html: &str) -> BTreeSet<String> {
    tags(html, "a").into_iter().filter_map(|tag| linked(tag, "/requests/")).collect()
}

/// The requests that an inbox lets its reader decide, each with the version of its terms.
pub fn to_decide(html: &str) -> Vec<(String, String)> {
    let ticks = tags(html, "input").into_iter().filter(|tag| attribute(tag, "name").as_deref() == Some("chosen[]"));
    ticks
        .filter_map(|tag| {
            let value = attribute(tag, "value")?;
            let (request, terms) = value.split_once(':')?;
            Some((request.to_owned(), terms.to_owned()))
        })
        .collect()
}

/// Why the form that was just sent was not taken, in the page's own words.
pub fn why_not(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("id=\"errors-title\"")?;
    let (_, title) = rest.split_once('>')?;
    let (title, _) = title.split_once("</div>")?;
    Some(words(title))
}

/// Whether the page is of a request that policy refused at once.
pub fn is_refused(html: &str) -> bool {
    html.contains("and it was refused")
}

fn is_button(tag: &str) -> bool {
    attribute(tag, "class").is_some_and(|class| class.split_whitespace().any(|it| it == "button"))
}

/// The last part of a link that begins so.
fn linked(tag: &str, begin: &str) -> Option<String> {
    let href = attribute(tag, "href")?;
    let last = href.strip_prefix(begin)?;
    (!last.is_empty() && !last.contains(['/', '?', '#'])).then(|| last.to_owned())
}

/// The tags of a kind, each without its brackets and its name.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opens = format!("<{name} ");
    html.split(opens.as_str()).skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let begins = format!("{name}=\"");
    // What comes first in a tag has lost the space before it.
    let rest = match tag.strip_prefix(begins.as_str()) {
        Some(rest) => rest,
        None => tag.split_once(format!(" {begins}").as_str())?.1,
    };
    let (value, _) = rest.split_once('"')?;
    Some(plain(value))
}

/// The text between the tags.
fn words(html: &str) -> String {
    let mut parts = html.split('<');
    let first = parts.next();
    let others = parts.filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    let text: Vec<_> = first.into_iter().chain(others).collect();
    plain(&text.join(" ")).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_can_be_asked_for_where_there_is_a_button_and_no_but() {
        let html = r#"<ul class="rows">
            <li><h2><a href="/ask/open">Open</a></h2><a href="/ask/open" aria-label="Ask for Open" class="button small">Ask</a></li>
            <li><h2><a href="/ask/held">Held</a></h2><span>You have it</span></li>
            <li><p class="why-not">You may ask for it for Bea.</p><a class="button small" href="/ask/others">Ask</a></li>
            </ul><a class="button small" rel="next" href="?system=a&amp;after=b%20c">More</a>"#;
        assert_eq!(open_to_ask(html), ["open"]);
        assert_eq!(next(html).as_deref(), Some("?system=a&after=b%20c"));
        assert_eq!(next("<a href=\"/\">Home</a>"), None);
    }

    #[test]
    fn the_first_of_the_subjects_is_oneself() {
        let html = r#"<select id="whom" name="subject"><option value="0a-1" selected>Ada</option><option value="0b-2">Bo</option></select>"#;
        assert_eq!(first_choice(html, "subject").as_deref(), Some("0a-1"));
        assert_eq!(first_choice(html, "unit"), None);
    }

    #[test]
    fn an_inbox_names_what_can_be_decided() {
        let html = r#"<input type="checkbox" name="chosen[]" value="0a-1:3" aria-label="Choose"><input name="comment" value="x">"#;
        assert_eq!(to_decide(html), [("0a-1".to_owned(), "3".to_owned())]);
        let html =
            r#"<a href="/requests/0a-1">one</a><a href="/requests/0a-1">again</a><a href="/requests/0b?x=1">not</a>"#;
        assert_eq!(requests(html).into_iter().collect::<Vec<_>>(), ["0a-1"]);
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let html = r#"<div class="errors" aria-labelledby="errors-title"><h2 id="errors-title">That was not done</h2><p>Ask for <code>4h</code> &amp; less</p></div>"#;
        assert_eq!(why_not(html).as_deref(), Some("That was not done Ask for 4h & less"));
        assert_eq!(why_not("<p>fine</p>"), None);
    }
}
