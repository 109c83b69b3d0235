//! What goes wrong with a right in its target, and what is done about it.

use super::{
    time::When,
    words::{said, so_many},
};
use domain::views::TroubleView;
use leptos::prelude::*;

/// What the target said, since when, how often it was tried, and when it is tried next.
#[component]
pub fn Trouble(
    /// What goes wrong.
    of: TroubleView,
) -> impl IntoView {
    let TroubleView { says, since, tries, next } = of;
    let tried = (tries > 0).then(|| format!("tried {}", so_many(tries as usize, "time", "times")));
    view! {
        <p class="small">{said(&says)}</p>
        <p class="meta">
            <span>"since " <When at=since /></span>
            {tried.map(|tried| view! { <span>{tried}</span> })}
            {next.map(|at| view! { <span>"next try " <When at /></span> })}
        </p>
    }
    .into_any()
}
