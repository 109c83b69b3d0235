//! My access: what is live, what waits, what is over.

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
use domain::views::MyAccess;
use leptos::prelude::*;
use leptos_meta::Title;

/// The page of what the reader has.
#[component]
pub fn Access() -> impl IntoView {
    let asked = asked();
    page(api::my_access(asked.after.clone()), |access| view! { <Draw asked access /> })
}

#[component]
fn Draw(asked: Asked, access: MyAccess) -> impl IntoView {
    let MyAccess { active, waiting, ended } = access;
    let (has, waits, over) = (active.len(), waiting.len(), ended.items.len());
    let next_end = active.iter().filter_map(|card| card.until).min();
    let has_word = match has {
        0 => "no access".to_owned(),
        1 => "one access".to_owned(),
        n => format!("{} accesses", number(n)),
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let active = active.into_iter().map(|card| view! { <GrantRow card /> }).collect_view();
    let waiting = waiting.into_iter().map(|card| view! { <RequestRow card withdraw=true /> }).collect_view();
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
        <section aria-labelledby="active" id="now" data-live="" hidden=has == 0>
            <h2 id="active">"Active " <Count of=count(has) what="active" quiet=true /></h2>
            <ul class="rows">{active}</ul>
        </section>
        <section aria-labelledby="waits" id="waiting" data-live="" hidden=waits == 0>
            <h2 id="waits">"Waiting " <Count of=count(waits) what="waiting" quiet=true /></h2>
            <ul class="rows">{waiting}</ul>
        </section>
        <section aria-label="Nothing yet" id="nothing" data-live="" hidden=has + waits + over != 0>
            <Empty icon=Icon::Key title="Nothing here yet">
                <p>"What you get shows up here, with the time left and the ways to extend it or to give it back."</p>
                <p class="acts">
                    <a class="button" href="/catalogue">
                        "See the catalogue"
                    </a>
                </p>
            </Empty>
        </section>
        <section aria-labelledby="over" id="ended" data-live="" hidden=over == 0>
            <h2 id="over">"Ended"</h2>
            <ul class="rows tight">{ended}</ul>
            <Pager asked shown=over next />
        </section>
    }
    .into_any()
}
