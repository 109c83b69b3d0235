//! The guardrails: what counts now, rule by rule in words, and the version that waits. They are written on a page of their own.

pub mod api;
mod editor;
mod sketch;

pub use editor::{EditGuardrails, Panel};

use crate::{
    components::{
        badge::{Badge, Tone},
        diff::Differences,
        icon::Icon,
        note::{Empty, Fold, Note, Stopped},
        remarks::Remarks,
        review::{DraftAct, Replay, Version, Waiting},
        time::When,
        timeline::Timeline,
        words::so_many,
    },
    frame::page,
};
use domain::views::guardrails::{GuardrailDraft, GuardrailPage, GuardrailView};
use leptos::prelude::*;
use leptos_meta::Title;
use sketch::{Outcome, Rules, Source};

/// Where the page's buttons are sent; what they are refused is said at its head.
const BUTTONS: [&str; 4] =
    ["/api/guardrails/publish", "/api/guardrails/submit", "/api/guardrails/withdraw", "/api/guardrails/discard"];

/// The guardrails.
#[component]
pub fn Guardrails() -> impl IntoView {
    page(api::guardrails(), |guardrails| view! { <Draw guardrails /> })
}

#[component]
fn Draw(guardrails: GuardrailPage) -> impl IntoView {
    let GuardrailPage { published, rules, text, draft, remarks, may_edit, lines } = guardrails;
    let counts = published.as_ref().map(|(number, ..)| *number);
    let waits = draft.as_ref().map(|draft| (draft.number, draft.submitted.is_some()));
    let replay = draft.as_ref().and_then(|draft| draft.replay.clone());
    let edit = match (waits, counts) {
        (Some(_), _) => "Edit the draft",
        (None, Some(_)) => "Write a new version",
        (None, None) => "Write the first version",
    };
    view! {
        <Title text="Guardrails" />
        <h1 class="sentence" id="sentence" data-live="">
            {match published {
                Some((number, by, at)) => {
                    view! {
                        "Guardrails stand above every bundle: "
                        <strong>{format!("version {number}")}</strong>
                        " counts, published by "
                        <strong>{by}</strong>
                        " "
                        <When at />
                        "."
                    }
                        .into_any()
                }
                None => {
                    view! { <strong>"No guardrails"</strong> " are published: each bundle decides by its own conditions alone." }
                        .into_any()
                }
            }}
        </h1>
        <p class="standing" id="state" data-live="">
            <States counts waits />
            " "
            <span>{standing(counts, waits)}</span>
        </p>
        <Stopped acts=BUTTONS.to_vec() />
        <div class="beside">
            <div>
                <div id="counting" data-live="">
                    {match text {
                        Some(text) => view! { <Counting rules text /> }.into_any(),
                        None => view! { <Nothing /> }.into_any(),
                    }}
                </div>
                <div id="review" data-live="">
                    {draft.map(|draft| view! { <Draft draft first=counts.is_none() /> })}
                </div>
                <div id="replay" data-live="">
                    {replay.map(|replay| view! { <Replay replay /> })}
                </div>
                <div id="remarks" data-live="">
                    {(!remarks.is_empty()).then(|| view! { <Remarks remarks on="draft" /> })}
                </div>
                {may_edit
                    .then(|| {
                        view! {
                            <section aria-labelledby="edit">
                                <h2 id="edit">"Change them"</h2>
                                <p class="acts">
                                    <a class="button" href="/guardrails/edit">
                                        {edit}
                                    </a>
                                </p>
                            </section>
                        }
                    })}
                {(!lines.is_empty())
                    .then(|| {
                        view! {
                            <section aria-labelledby="story">
                                <h2 id="story">"What happened"</h2>
                                <Timeline lines />
                            </section>
                        }
                    })}
            </div>
            <aside aria-label="About the guardrails">
                <section class="prose small">
                    <h2>"How they count"</h2>
                    <p>"They are asked about every request, and again at the moment of granting."</p>
                    <p>
                        "One rule that forbids is enough for a no. What permits may demand something, and all of it is added to what the bundle demands."
                    </p>
                    <p>"A rule that cannot be worked out refuses, and the admins are told."</p>
                </section>
            </aside>
        </div>
    }
    .into_any()
}

#[component]
fn States(counts: Option<u32>, waits: Option<(u32, bool)>) -> impl IntoView {
    let (tone, icon, label) = match counts {
        Some(_) => (Tone::Good, Icon::Check, "Published"),
        None => (Tone::None, Icon::Note, "Not published"),
    };
    let draft = waits.map(|(_, in_review)| {
        let (tone, icon, label) =
            if in_review { (Tone::Wait, Icon::Clock, "In review") } else { (Tone::Info, Icon::Note, "Draft") };
        view! { <Badge tone icon label /> }
    });
    view! { <Badge tone icon label /> {draft} }.into_any()
}

/// Which version counts, and which waits.
fn standing(counts: Option<u32>, waits: Option<(u32, bool)>) -> String {
    let counts = counts.map_or_else(|| "Nothing is published".to_owned(), |number| format!("Version {number} counts"));
    match waits {
        Some((number, true)) => format!("{counts}; version {number} is in review."),
        Some((number, false)) => format!("{counts}; version {number} is a draft."),
        None => format!("{counts}."),
    }
}

/// The version that counts.
#[component]
fn Counting(rules: Vec<GuardrailView>, text: String) -> impl IntoView {
    let unread = rules.is_empty();
    view! {
        <section aria-labelledby="says">
            <h2 id="says">"What they say"</h2>
            {unread
                .then(|| {
                    view! {
                        <Note tone=Tone::Bad>
                            <p>
                                "This version of the portal cannot read them, and so nothing is granted: publish rules that it can read."
                            </p>
                        </Note>
                    }
                })}
            <Rules of=rules />
            <Fold title="As they are written" aside="Cedar">
                <Source text />
            </Fold>
        </section>
    }
    .into_any()
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <Empty icon=Icon::Shield title="Nothing is published yet">
            <p>"Rules that hold for everything, whatever a bundle says, are written and tested here, and published by a second admin."</p>
        </Empty>
    }
    .into_any()
}

/// The version that is written and not published.
#[component]
fn Draft(draft: GuardrailDraft, first: bool) -> impl IntoView {
    let GuardrailDraft { number, by, submitted, diff, sketch, may_publish, why_not, .. } = draft;
    let acts = DraftAct::allowed([
        (DraftAct::Publish, may_publish),
        (DraftAct::Submit, draft.submit),
        (DraftAct::Withdraw, draft.withdraw),
        (DraftAct::Discard, draft.discard),
        (DraftAct::Comment, draft.comment),
        (DraftAct::SendBack, draft.send_back),
    ]);
    let version = Version { number, by, submitted, acts, why_not };
    let label = if first { "What the draft says" } else { "What the draft would change" };
    let (rules, many) = (sketch.rules.clone(), so_many(sketch.rules.len(), "rule", "rules"));
    // Rules that cannot be read cannot be compared either.
    let changes = if sketch.rule_faults.is_empty() { diff } else { Vec::new() };
    view! {
        <Waiting
            version
            to="/api/guardrails"
            with=vec![("number", number.to_string())]
            hint="Once published it counts for every request, also for those that wait, when they are granted."
        >
            {(!changes.is_empty()).then(|| view! { <Differences of=changes label /> })}
            <Outcome sketch />
            {(!rules.is_empty())
                .then(|| {
                    view! {
                        <Fold title="Its rules in words" aside=many>
                            <Rules of=rules />
                        </Fold>
                    }
                })}
        </Waiting>
    }
    .into_any()
}
