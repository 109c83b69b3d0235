//! Findings: what is stale or missing, heading by heading, each with the way to where it is mended.

pub mod api;

use crate::{
    components::{
        badge::{Badge, Count, Tone},
        icon::Icon,
        words::{capital, number, said, so_many},
    },
    frame::page,
};
use domain::views::findings::{FindingRow, FindingsPage, FindingsUnder, Weight};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// Everything that is stale or missing.
#[component]
pub fn Findings() -> impl IntoView {
    page(api::findings(), |found| view! { <Draw found /> })
}

#[component]
fn Draw(found: FindingsPage) -> impl IntoView {
    let FindingsPage { headings } = found;
    let all: u32 = headings.iter().map(counted).sum();
    let beyond = headings.iter().any(|under| under.beyond);
    let pressing = headings.iter().flat_map(|under| &under.items).filter(|row| row.weight == Weight::Now).count();
    let first = match (all as usize, beyond) {
        (0, _) => "Nothing".to_owned(),
        (n, false) => capital(&so_many(n, "finding", "findings")),
        (n, true) => format!("More than {n} findings"),
    };
    let rest = match (all, pressing) {
        (0, _) => " was found to be stale or missing.".to_owned(),
        (_, 0) => "; none of them is pressing.".to_owned(),
        (_, 1) => "; one of them is to be mended now.".to_owned(),
        (_, n) => format!("; {} of them are to be mended now.", number(n)),
    };
    let headings = headings.into_iter().enumerate().map(|(at, under)| view! { <Under at under /> }).collect_view();
    view! {
        <Title text="Findings" />
        <h1 class="sentence">
            <strong>{first}</strong>
            {rest}
        </h1>
        <p class="hint">
            "It is worked out from what is on record whenever this page is opened; no system is asked for it. What is mended is not found again."
        </p>
        {headings}
    }
    .into_any()
}

fn counted(under: &FindingsUnder) -> u32 {
    u32::try_from(under.items.len()).unwrap_or(u32::MAX).saturating_add(under.more)
}

#[component]
fn Under(at: usize, under: FindingsUnder) -> impl IntoView {
    let of = counted(&under);
    let FindingsUnder { title, looked_for, items, more, beyond } = under;
    let id = format!("findings-{at}");
    let or_more = if beyond { ", or more" } else { "" };
    view! {
        <section aria-labelledby=id.clone()>
            <h2 id=id.clone()>{title} " " <Count of what="found" quiet=true /></h2>
            <p class="hint">{format!("Looked for: {looked_for}.")}</p>
            {if items.is_empty() {
                Either::Left(view! { <p class="soft">"Nothing was found."</p> })
            } else {
                Either::Right(
                    view! { <ul class="rows tight">{items.into_iter().map(|row| view! { <Row row /> }).collect_view()}</ul> },
                )
            }}
            {(more > 0).then(|| view! { <p class="hint">{format!("And {more} more{or_more}, which are only counted.")}</p> })}
        </section>
    }
    .into_any()
}

#[component]
fn Row(row: FindingRow) -> impl IntoView {
    let FindingRow { name, path, says, weight } = row;
    let (tone, icon, label) = match weight {
        Weight::Now => (Tone::Bad, Icon::Warn, "Mend it now"),
        Weight::Soon => (Tone::Wait, Icon::Clock, "Mend it soon"),
        Weight::InTime => (Tone::Info, Icon::Info, "Good to know"),
    };
    view! {
        <li>
            <div>
                <h3>
                    <a href=path>{name}</a>
                </h3>
                <p>{said(&says)}</p>
            </div>
            <div class="side">
                <Badge tone icon label />
            </div>
        </li>
    }
    .into_any()
}
