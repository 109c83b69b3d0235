//! What differs between two versions of something, in words.

use domain::views::Change;
use leptos::prelude::*;

/// A difference, line by line.
#[component]
pub fn Differences(
    /// Its lines.
    of: Vec<Change>,
    /// What it is, for those who only hear it.
    label: &'static str,
) -> impl IntoView {
    let lines = of.into_iter().map(|change| view! { <Changed change /> }).collect_view();
    view! {
        <ul class="diff" aria-label=label>
            {lines}
        </ul>
    }
    .into_any()
}

#[component]
fn Changed(change: Change) -> impl IntoView {
    let Change { what, before, after } = change;
    let said = |value: String| if value.is_empty() { "nothing".to_owned() } else { value };
    view! {
        <li class="minus">
            <span aria-hidden="true">"−"</span>
            <del>{format!("{what}: {}", said(before))}</del>
        </li>
        <li class="plus">
            <span aria-hidden="true">"+"</span>
            <ins>{format!("{what}: {}", said(after))}</ins>
        </li>
    }
    .into_any()
}
