//! Acts: each is a plain form with a button, so it works before, and without, any script.

use leptos::prelude::*;

/// One button that does one thing.
#[component]
pub fn Act(
    /// Where it is sent.
    #[prop(into)]
    to: String,
    /// What goes with it.
    #[prop(optional)]
    with: Vec<(&'static str, String)>,
    /// What the button says.
    #[prop(into)]
    label: String,
    /// What it says to those who hear it among many like it.
    #[prop(optional, into)]
    aria: Option<String>,
    /// Its kind: `button`, `button small`, `button danger`.
    #[prop(default = "button")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <form method="post" action=to>
            <Hidden of=with />
            <button class=class type="submit" aria-label=aria>
                {label}
            </button>
        </form>
    }
    .into_any()
}

/// Fields that go along unseen.
#[component]
pub fn Hidden(
    /// Their names and values.
    of: Vec<(&'static str, String)>,
) -> impl IntoView {
    of.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view()
}

/// A button that opens a small form.
#[component]
pub fn More(
    /// What the button says.
    #[prop(into)]
    label: String,
    /// Its id, so that a link can lead to it.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Its kind.
    #[prop(default = "button quiet")]
    class: &'static str,
    /// Whether it is open at first.
    #[prop(optional)]
    open: bool,
    /// The form.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="more" id=id open=open>
            <summary class=class>{label}</summary>
            {children()}
        </details>
    }
    .into_any()
}
