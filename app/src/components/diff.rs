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
    let removed = (!before.is_empty()).then(|| {
        view! {
            <li class="minus">
                <span aria-hidden="true">"−"</span>
                <del>{format!("{what}: {before}")}</del>
            </li>
        }
    });
    let added = (!after.is_empty()).then(|| {
        view! {
            <li class="plus">
                <span aria-hidden="true">"+"</span>
                <ins>{format!("{what}: {after}")}</ins>
            </li>
        }
    });
    view! {
        {removed}
        {added}
    }
    .into_any()
}
