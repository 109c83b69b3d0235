//! My access: what is there, what ends soon, what is being made or taken away, what waits, what one could ask for, what is over.

pub mod api;

use crate::{
    components::{
        badge::Count,
        cards::{GrantRow, RequestRow},
        icon::Icon,
        list::{Asked, Pager, asked},
        note::{Empty, Stopped},
        time::When,
        words::number,
    },
    frame::page,
};
use domain::views::{BundleCard, GrantCard, MyAccess, Page, RequestCard};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page of what the reader has.
#[component]
pub fn Access() -> impl IntoView {
    let asked = asked();
    let Asked { after, waits, .. } = asked.clone();
    page(api::my_access(after, waits), |access| view! { <Draw asked access /> })
}

#[component]
fn Draw(asked: Asked, access: MyAccess) -> impl IntoView {
    let MyAccess { active, waiting, waits, eligible, ended } = access;
    let (has, over) = (active.iter().filter(|card| card.there).count(), ended.items.len());
    let none = active.is_empty() && waits == 0 && over == 0;
    let next_end = active.iter().filter_map(|card| card.until).min();
    let has_word = match has {
        0 => "no access".to_owned(),
        1 => "one access".to_owned(),
        n => format!("{} accesses", number(n)),
    };
    let (there, changing): (Vec<_>, Vec<_>) = active.into_iter().partition(|card| card.state == "active");
    let (expiring, active): (Vec<_>, Vec<_>) = there.into_iter().partition(|card| card.expiring);
    let next = ended.next;
    let ended = ended.items.into_iter().map(|card| view! { <GrantRow card /> }).collect_view();
    view! {
        <Title text="My access" />
        <h1 class="sentence" id="sentence" data-live="">
            "You have "
            <strong>{has_word}</strong>
            {next_end.map(|at| view! { {if has == 1 { "; it ends " } else { "; the next ends " }} <strong><When at /></strong> })}
            "."
        </h1>
        <Stopped acts=vec!["/api/grants/give-back", "/api/requests/withdraw"] />
        <Held id="expiring" title="Ending soon" what="ending soon" cards=expiring />
        <Held id="now" title="Active" what="active" cards=active />
        <Held id="changing" title="Being made or taken away" what="being made or taken away" cards=changing />
        <Waiting asked=asked.clone() waiting waits />
        <section aria-label="Nothing yet" id="nothing" data-live="" hidden=!none>
            <Empty icon=Icon::Key title="Nothing here yet">
                <p>"What you get shows up here, with the time left and the ways to extend it or to give it back."</p>
                <p class="acts">
                    <a class="button" href="/catalogue">
                        "See the catalogue"
                    </a>
                </p>
            </Empty>
        </section>
        <Eligible eligible />
        <section aria-labelledby="over" id="ended" data-live="" hidden=over == 0>
            <h2 id="over">"Ended"</h2>
            <ul class="rows tight">{ended}</ul>
            <Pager asked shown=over next />
        </section>
    }
    .into_any()
}

/// Grants of one sort; the place stays when there are none, so that they can show up by themselves.
#[component]
fn Held(id: &'static str, title: &'static str, what: &'static str, cards: Vec<GrantCard>) -> impl IntoView {
    let count = u32::try_from(cards.len()).unwrap_or(u32::MAX);
    let heading = format!("{id}-title");
    let title_id = heading.clone();
    let rows = cards.into_iter().map(|card| view! { <GrantRow card /> }).collect_view();
    view! {
        <section aria-labelledby=heading id=id data-live="" hidden=count == 0>
            <h2 id=title_id>{title} " " <Count of=count what quiet=true /></h2>
            <ul class="rows">{rows}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn Waiting(asked: Asked, waiting: Page<RequestCard>, waits: u32) -> impl IntoView {
    let Page { items, next } = waiting;
    let shown = items.len();
    let rows = items.into_iter().map(|card| view! { <RequestRow card withdraw=true /> }).collect_view();
    view! {
        <section aria-labelledby="waits" id="waiting" data-live="" hidden=waits == 0>
            <h2 id="waits">"Waiting " <Count of=waits what="waiting" quiet=true /></h2>
            <ul class="rows">{rows}</ul>
            <Pager asked shown next of="waits" />
        </section>
    }
    .into_any()
}

/// What one could ask for, and the way to the rest of it.
#[component]
fn Eligible(eligible: Vec<BundleCard>) -> impl IntoView {
    let none = eligible.is_empty();
    let rows = eligible
        .into_iter()
        .map(|BundleCard { key, name, says, .. }| {
            let to = format!("/ask/{key}");
            view! {
                <li>
                    <div>
                        <h3>{name.clone()}</h3>
                        <p class="small">{says}</p>
                    </div>
                    <div class="side">
                        <a class="button small" href=to aria-label=format!("Ask for {name}")>
                            "Ask"
                        </a>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="eligible-title" id="eligible" data-live="" hidden=none>
            <div class="section-head">
                <h2 id="eligible-title">"You could ask for"</h2>
                <a class="small" href="/catalogue">
                    "The whole catalogue"
                </a>
            </div>
            <ul class="rows tight">{rows}</ul>
        </section>
    }
    .into_any()
}
