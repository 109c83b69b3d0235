//! Approvers: how those who decide do so, those first whom there is most reason to look at.

pub mod api;

use crate::{
    components::{
        badge::{Badge, Tone},
        icon::Icon,
        list::{Asked, Pager, asked},
        note::Empty,
        tabs::IdentityTabs,
        words::{capital, number, so_many},
    },
    frame::page,
};
use domain::{
    signals::TELLING,
    views::{
        Page,
        signals::{SignalRow, SignalsPage},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// Those who decide.
#[component]
pub fn Signals() -> impl IntoView {
    let asked = asked();
    let after = asked.after.clone();
    page(api::signals(after), |signals| view! { <Draw asked signals /> })
}

#[component]
fn Draw(asked: Asked, signals: SignalsPage) -> impl IntoView {
    let SignalsPage { days, people, always_yes, list } = signals;
    let Page { items, next } = list;
    let shown = items.len();
    let many = format!("{TELLING} decisions or more");
    let (first, rest) = match (people as usize, always_yes as usize) {
        (0, _) => ("Nobody".to_owned(), format!(" decided anything in the last {days} days.")),
        (all, 0) => {
            let rest = format!(" decided in the last {days} days; none of those with {many} always said yes.");
            (so_many(all, "person", "people"), rest)
        }
        (all, always) => {
            let of = if always == all { String::new() } else { format!(", of {} who decided", number(all)) };
            let rest = format!(" always said yes in the last {days} days, over {many}{of}.");
            (so_many(always, "person", "people"), rest)
        }
    };
    view! {
        <Title text="Approvers" />
        <h1 class="sentence">
            <strong>{capital(&first)}</strong>
            {rest}
        </h1>
        <IdentityTabs />
        <p class="hint">
            "Those come first who never say no, then those who decide most in one go. It is counted from their decisions, and changes nothing by itself: no request is routed by it yet."
        </p>
        <section aria-label="Approvers">
            {if items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Inbox title="No decisions">
                            <p>"Whoever approves or denies a request shows up here."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(view! { <Approvers items /> })
            }} <Pager asked shown next />
        </section>
    }
    .into_any()
}

#[component]
fn Approvers(items: Vec<SignalRow>) -> impl IntoView {
    let rows = items
        .into_iter()
        .map(|SignalRow { key, name, signals }| {
            view! {
                <tr>
                    <th scope="row">
                        <a href=format!("/identities/{key}")>{name}</a>
                        {signals.always_yes.then(|| view! { " " <Badge tone=Tone::Wait icon=Icon::Warn label="Always yes" /> })}
                    </th>
                    <td data-label="Decisions">{signals.decisions}</td>
                    <td data-label="Yes">{format!("{} %", signals.share)}</td>
                    <td data-label="Usually takes">{signals.takes}</td>
                    <td data-label="In one go">{signals.in_one_go}</td>
                    <td data-label="Yes in a row">{signals.streak}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <caption>"In one go: within ten seconds of another decision"</caption>
            <thead>
                <tr>
                    <th scope="col">"Who"</th>
                    <th scope="col">"Decisions"</th>
                    <th scope="col">"Yes"</th>
                    <th scope="col">"Usually takes"</th>
                    <th scope="col">"In one go"</th>
                    <th scope="col">"Yes in a row"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
