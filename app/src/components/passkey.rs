//! The button that asks the browser for a passkey.

use super::{acts::Hidden, icon::Icon};
use domain::ids::PendingId;
use leptos::prelude::*;

/// A form that a passkey answers. It needs a script, and says so where there is none.
#[component]
pub fn Passkey(
    /// Where it is sent.
    to: &'static str,
    /// What it answers.
    id: PendingId,
    /// `get` or `create`.
    does: &'static str,
    /// What the browser needs for it, as JSON.
    options: String,
    /// What the button says.
    label: &'static str,
) -> impl IntoView {
    view! {
        <form class="passkey" method="post" action=to data-passkey=does data-options=options>
            <Hidden of=vec![("id", id.to_string()), ("passkey", String::new())] />
            <button class="button primary" type="button" data-ask="" hidden>
                {Icon::Key.svg()}
                {label}
            </button>
            <p class="error" role="status"></p>
            <p class="plain-only hint">"A passkey needs JavaScript, which is off in this browser."</p>
        </form>
    }
    .into_any()
}
