//! What lists share: the search above, the pager below, and links that leave the portal.

use super::icon::Icon;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What the address asks a list for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What is searched.
    pub q: String,
    /// A second filter, where the list has one.
    pub system: String,
    /// After which cursor.
    pub after: String,
    /// The same for what waits, on a page with two lists.
    pub waits: String,
}

/// What the address of this page asks for.
pub fn asked() -> Asked {
    let query = use_query_map().get_untracked();
    let of = |name| query.get(name).unwrap_or_default();
    Asked { q: of("q"), system: of("system"), after: of("after"), waits: of("waits") }
}

/// The field to search a list by; its text stays in the address.
#[component]
pub fn Search(
    /// Where the list is.
    to: &'static str,
    /// What can be searched.
    #[prop(into)]
    label: String,
    /// What is searched now.
    value: String,
    /// More filters.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <form class="filters standing" method="get" action=to role="search">
            <div class="field grow">
                <label for="q">{label}</label>
                <div class="search">
                    {Icon::Search.svg()}
                    <input id="q" name="q" type="search" autocomplete="off" maxlength="200" value=value />
                </div>
            </div>
            {children.map(|more| more())}
            <button class="button" type="submit">
                "Find"
            </button>
        </form>
    }
    .into_any()
}

/// How much is shown, and the way to the next page and back to the first.
#[component]
pub fn Pager(
    /// What the address asks for now.
    asked: Asked,
    /// How many are shown.
    shown: usize,
    /// The cursor of the next page.
    next: Option<String>,
    /// What the address calls this list's cursor.
    #[prop(default = "after")]
    of: &'static str,
) -> impl IntoView {
    let here = if of == "waits" { &asked.waits } else { &asked.after };
    let first = (!here.is_empty()).then(|| link(&asked, of, ""));
    let all = first.is_none() && next.is_none();
    (!all).then(move || {
        view! {
            <nav class="pager" aria-label="Pages">
                <span>{shown} " shown"</span>
                <span class="acts">
                    {first.map(|to| view! { <a class="button small" href=to>"Back to the first"</a> })}
                    {next.map(|next| view! { <a class="button small" rel="next" href=link(&asked, of, &next)>"More"</a> })}
                </span>
            </nav>
        }
    })
}

/// The address of this page with another cursor under this name.
fn link(asked: &Asked, name: &str, cursor: &str) -> String {
    let parts = [("q", &asked.q), ("system", &asked.system), ("after", &asked.after), ("waits", &asked.waits)]
        .into_iter()
        .map(|(part, value)| (part, if part == name { cursor } else { value.as_str() }))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect::<Vec<_>>();
    format!("?{}", parts.join("&"))
}

/// What has a meaning of its own in an address (RFC 3986, section 2.3, names the others).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Text as it may stand in an address.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// A link that somebody typed: only the web, in plain sight, and without a trace of us.
#[component]
pub fn Outside(
    /// The address.
    to: String,
) -> impl IntoView {
    let web = ["https://", "http://"].iter().find_map(|scheme| to.strip_prefix(scheme)).map(str::to_owned);
    match web {
        Some(shown) => view! { <a href=to rel="noopener noreferrer nofollow">{shown}</a> }.into_any(),
        None => view! { <span>{to}</span> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_whatever_was_typed() {
        let asked = Asked { q: "röd & blå".to_owned(), ..Asked::default() };
        assert_eq!(link(&asked, "after", "x"), "?q=r%C3%B6d%20%26%20bl%C3%A5&after=x");
        let asked = Asked { after: "x".to_owned(), ..Asked::default() };
        assert_eq!(link(&asked, "waits", "y"), "?after=x&waits=y", "the other list stays where it is");
        assert_eq!(link(&asked, "after", ""), "?");
    }
}
