//! Things said beside the page's own matter: notes, empty places, what stopped an act, and where a page stands.

use super::{
    badge::Tone,
    icon::Icon,
    words::{initials, said},
};
use crate::fault::{Fault, Flash};
use leptos::prelude::*;

/// Something to know before reading on.
#[component]
pub fn Note(
    /// How it feels.
    tone: Tone,
    /// What it says.
    children: Children,
) -> impl IntoView {
    let (role, icon) = match tone {
        Tone::Good => ("status", Icon::Check),
        Tone::Wait => ("note", Icon::Warn),
        Tone::Bad => ("alert", Icon::Cross),
        Tone::Info | Tone::None => ("status", Icon::Info),
    };
    view! {
        <div class="note" data-tone=tone.word() role=role>
            {icon.svg()}
            <div>{children()}</div>
        </div>
    }
    .into_any()
}

/// Nothing is here yet, and what to do about it.
#[component]
pub fn Empty(
    /// Its picture.
    icon: Icon,
    /// What is not here.
    #[prop(into)]
    title: String,
    /// What to do about it.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            {icon.svg()}
            <h2>{title}</h2>
            {children()}
        </div>
    }
    .into_any()
}

/// Why the form that was just sent was not accepted, where that is not about one of its fields.
#[component]
pub fn Stopped(
    /// The forms of the page: where they are sent.
    acts: Vec<&'static str>,
) -> impl IntoView {
    stopped(&Flash::of(&acts))
}

/// The same, by what was kept of the form.
pub fn stopped(flash: &Flash) -> Option<AnyView> {
    flash.trouble().map(|fault| {
        let then = fault.then();
        view! {
            <div class="errors" role="alert" tabindex="-1" aria-labelledby="errors-title">
                <h2 id="errors-title">{stop_title(fault)}</h2>
                <p>{said(&fault.says())}</p>
                {then.map(|then| view! { <p>{then}</p> })}
            </div>
        }
        .into_any()
    })
}

fn stop_title(fault: &Fault) -> &'static str {
    match fault {
        Fault::Refused { race: true, .. } | Fault::Conflict => "Somebody was faster",
        Fault::Refused { .. }
        | Fault::Field { .. }
        | Fault::TooMany { .. }
        | Fault::Garbled
        | Fault::NotFound
        | Fault::SignIn => "That was not done",
        Fault::Unready | Fault::Ours | Fault::Kept => "That did not work",
    }
}

/// The way back to the page above.
#[component]
pub fn Crumb(
    /// Where it leads.
    #[prop(into)]
    to: String,
    /// Its name.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    view! {
        <a class="crumb" href=to>
            {Icon::Back.svg()}
            {name}
        </a>
    }
    .into_any()
}

/// Somebody's letters, or a machine's wheel.
#[component]
pub fn Face(
    /// Whose.
    #[prop(into)]
    name: String,
    /// Whether it is not a person.
    #[prop(optional)]
    machine: bool,
) -> impl IntoView {
    if machine {
        view! { <span class="face machine" aria-hidden="true">{Icon::Gear.svg()}</span> }.into_any()
    } else {
        view! { <span class="face" aria-hidden="true">{initials(&name)}</span> }.into_any()
    }
}

/// An id, as one copies it: small and grey, and wholly selected by one click.
#[component]
pub fn Id(
    /// The id.
    #[prop(into)]
    of: String,
) -> impl IntoView {
    view! { <code class="id">{of}</code> }
}

/// Something that opens: what it is, how much is in it, and the rest.
#[component]
pub fn Fold(
    /// What it is.
    #[prop(into)]
    title: String,
    /// How much.
    #[prop(optional, into)]
    aside: Option<String>,
    /// What is inside.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="fold">
            <summary>
                {Icon::Chevron.svg()} {title} {aside.map(|aside| view! { <span class="soft">{aside}</span> })}
            </summary>
            <div>{children()}</div>
        </details>
    }
    .into_any()
}
