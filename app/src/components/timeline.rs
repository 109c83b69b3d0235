//! What happened, on two tracks: what was decided, and what was done about it.

use super::{
    badge::Tone,
    icon::Icon,
    time::When,
    words::{capital, marked},
};
use domain::views::Line;
use leptos::prelude::*;

/// Everything that happened, and what comes next.
#[component]
pub fn Timeline(
    /// What happened, in the order to be shown.
    lines: Vec<Line>,
    /// What comes next, where something does.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let lines = lines.into_iter().map(|line| view! { <Entry line /> }).collect_view();
    view! {
        <p class="tracks" aria-hidden="true">
            <span>"Decided"</span>
            <span class="done">"Done"</span>
        </p>
        <ol class="timeline">{lines} {children.map(|next| next())}</ol>
    }
    .into_any()
}

#[component]
fn Entry(line: Line) -> impl IntoView {
    let (tone, icon) = shown(&line.event);
    let track = if line.decided { "decided" } else { "done" };
    view! {
        <li data-track=track data-tone=tone.word()>
            <span class="mark">{icon.svg()}</span>
            <div class="what">
                <p>
                    <strong>{capital(&line.who)}</strong>
                    " "
                    {marked(&line.what)}
                </p>
                {line.text.map(|text| view! { <blockquote>{text}</blockquote> })}
                <p class="meta">
                    <span>{if line.decided { "Decided" } else { "Done" }}</span>
                    <When at=line.at />
                    {line.founding.then(|| view! { <span>"in founding mode"</span> })}
                </p>
            </div>
        </li>
    }
    .into_any()
}

/// What comes next.
#[component]
pub fn Next(
    /// Whether somebody decides, rather than something being done.
    decided: bool,
    /// What, and when.
    children: Children,
) -> impl IntoView {
    view! {
        <li class="next" data-track=if decided { "decided" } else { "done" } data-tone="none">
            <span class="mark">{Icon::Clock.svg()}</span>
            <div class="what">{children()}</div>
        </li>
    }
    .into_any()
}

/// How an event is shown.
pub fn shown(event: &str) -> (Tone, Icon) {
    match event {
        "asked" => (Tone::Info, Icon::Ask),
        "approved"
        | "granted"
        | "bundle_published"
        | "guardrails_published"
        | "owners_confirmed"
        | "members_confirmed"
        | "exception_reviewed"
        | "authenticator_added" => (Tone::Good, Icon::Check),
        "denied" | "stopped" | "refused" => (Tone::Bad, Icon::Cross),
        "draft_discarded" | "guardrails_discarded" | "retirement_dropped" => (Tone::None, Icon::Cross),
        "withdrawn"
        | "draft_withdrawn"
        | "guardrails_withdrawn"
        | "owners_taken_back"
        | "members_taken_back"
        | "departure_taken_back" => (Tone::None, Icon::Back),
        "sent_back" | "draft_sent_back" | "guardrails_sent_back" | "owners_rejected" | "members_rejected" => {
            (Tone::Wait, Icon::Back)
        }
        "commented" | "draft_commented" | "guardrails_commented" | "owners_commented" => (Tone::None, Icon::Note),
        "rerouted"
        | "escalated"
        | "draft_submitted"
        | "guardrails_submitted"
        | "retirement_proposed"
        | "owners_proposed"
        | "members_proposed"
        | "reset_asked"
        | "departure_proposed" => (Tone::Wait, Icon::Ask),
        "attested" => (Tone::Info, Icon::Check),
        "bundle_drafted" | "guardrails_drafted" | "catalogue_imported" => (Tone::Info, Icon::Note),
        "request_expired" | "approval_lapsed" => (Tone::None, Icon::Clock),
        "grant_opened" | "invited" | "delegation_made" => (Tone::Info, Icon::Key),
        "looked_before" => (Tone::None, Icon::Search),
        "seen_present" | "grant_active" => (Tone::Good, Icon::Key),
        "seen_absent" | "grant_ending" | "identity_left" | "signed_out_everywhere" | "delegation_ended" => {
            (Tone::None, Icon::Out)
        }
        "troubled" => (Tone::Bad, Icon::Warn),
        "grant_ended" | "bundle_retired" => (Tone::None, Icon::End),
        "password_set" | "password_rehashed" => (Tone::Good, Icon::Lock),
        "founding_ended" => (Tone::Good, Icon::Shield),
        "portal_founded" => (Tone::Info, Icon::Shield),
        "identity_defined" | "identity_returned" | "group_defined" | "system_defined" => (Tone::Info, Icon::Plus),
        _ => (Tone::None, Icon::Info),
    }
}
