//! The first page: what I have, what waits, and a search that already has the cursor.

pub mod api;

use crate::{
    components::{
        cards::{GrantRow, RequestRow},
        icon::Icon,
        list::encoded,
        note::Empty,
        time::When,
        words::{number, so_many},
    },
    frame::page,
};
use domain::views;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The first page.
#[component]
pub fn Home() -> impl IntoView {
    page(api::home(), |home| view! { <Draw home /> })
}

#[component]
fn Draw(home: views::Home) -> impl IntoView {
    let views::Home { have, waiting, waits, to_decide, tasks, reviews } = home;
    let to_decide_at = if to_decide > 0 { "/inbox" } else { "/tasks" };
    let nothing = have.is_empty() && waits == 0;
    let has = have.iter().filter(|card| card.there).count();
    let coming = have.iter().filter(|card| card.state == "opening").count();
    let waits = waits as usize;
    view! {
        <Title text="Home" />
        <h1 class="sentence" id="sentence" data-live="">
            <Sentence has coming waits />
        </h1>
        {(to_decide + tasks > 0)
            .then(|| {
                view! {
                    <p class="lead" id="to-decide" data-live="">
                        <a href=to_decide_at>
                            <ForYou to_decide tasks />
                        </a>
                        "."
                    </p>
                }
            })}
        <Reviews reviews />
        <form class="hunt" method="get" action="/catalogue" role="search">
            <label class="vh" for="hunt">
                "What do you want to do?"
            </label>
            <div class="search big">
                {Icon::Search.svg()}
                <input
                    id="hunt"
                    name="q"
                    type="search"
                    autocomplete="off"
                    maxlength="200"
                    placeholder="What do you want to do?"
                    autofocus
                />
            </div>
            <p class="hint">"Like “read orders”, “restart checkout” or the name of a system"</p>
        </form>
        {if nothing {
            Either::Left(
                view! {
                    <section aria-label="What you have" id="mine" data-live="">
                        <Empty icon=Icon::Key title="Nothing here yet">
                            <p>
                                "Say above what you want to do, or look through what there is. What you get shows up here with the time left."
                            </p>
                            <p class="acts">
                                <a class="button" href="/catalogue">
                                    "See the catalogue"
                                </a>
                            </p>
                        </Empty>
                    </section>
                },
            )
        } else {
            Either::Right(view! { <Mine have waiting /> })
        }}
    }
    .into_any()
}

#[component]
fn Sentence(has: usize, coming: usize, waits: usize) -> impl IntoView {
    let coming = (coming > 0).then(|| {
        let more = if has > 0 { format!("{} more", number(coming)) } else { number(coming) };
        view! {
            "; "
            <strong>{more}</strong>
            {if coming == 1 { " is being made" } else { " are being made" }}
        }
    });
    let waiting = (waits > 0).then(|| {
        view! {
            ", and "
            <strong>{so_many(waits, "request", "requests")}</strong>
            {if waits == 1 { " waits for an answer" } else { " wait for an answer" }}
        }
    });
    match has {
        0 => view! { "You have " <strong>"no access"</strong> " beyond your everyday tools" {coming} {waiting} "." }
            .into_any(),
        1 => view! { "You have " <strong>"one access"</strong> {coming} {waiting} "." }.into_any(),
        _ => view! { "You have " <strong>{number(has)} " accesses"</strong> {coming} {waiting} "." }.into_any(),
    }
}

#[component]
fn ForYou(to_decide: u32, tasks: u32) -> impl IntoView {
    let decide = so_many(to_decide as usize, "request", "requests");
    let do_by_hand = so_many(tasks as usize, "task", "tasks");
    let says = match (to_decide, tasks) {
        (1, 0) => "One request waits for you to decide".to_owned(),
        (_, 0) => format!("{decide} wait for you to decide"),
        (0, 1) => "One task waits to be done by hand".to_owned(),
        (0, _) => format!("{do_by_hand} wait to be done by hand"),
        (_, _) => format!("{decide} and {do_by_hand} wait for you"),
    };
    crate::components::words::capital(&says)
}

/// The exceptions that the reader is to look back at.
#[component]
fn Reviews(reviews: Vec<views::ReviewRow>) -> impl IntoView {
    let any = !reviews.is_empty();
    let rows = reviews
        .into_iter()
        .map(|views::ReviewRow { card, due, overdue }| {
            let what = format!("{} for {}", card.bundle, card.subject);
            view! {
                <li>
                    <div>
                        <h3>
                            <a href=format!("/requests/{}#exception", card.id)>{what}</a>
                        </h3>
                        <p class="meta">
                            <span>{if overdue { "was due " } else { "due " }} <When at=due /></span>
                        </p>
                    </div>
                </li>
            }
        })
        .collect_view();
    any.then(|| {
        view! {
            <section aria-labelledby="reviews" id="to-review" data-live="">
                <h2 id="reviews">"Exceptions for you to review"</h2>
                <ul class="rows tight">{rows}</ul>
            </section>
        }
    })
}

#[component]
fn Mine(have: Vec<views::GrantCard>, waiting: views::Page<views::RequestCard>) -> impl IntoView {
    let views::Page { items: waiting, next } = waiting;
    let held = have.into_iter().map(|card| view! { <GrantRow card /> }).collect_view();
    let none = held.is_empty();
    view! {
        <div class="beside" id="mine" data-live="">
            <section aria-labelledby="have">
                <div class="section-head">
                    <h2 id="have">"What you have"</h2>
                    <a class="small" href="/access">
                        "My access"
                    </a>
                </div>
                {none.then(|| view! { <p class="soft">"Nothing yet."</p> })}
                <ul class="rows">{held}</ul>
            </section>
            {(!waiting.is_empty())
                .then(|| {
                    view! {
                        <aside aria-labelledby="waits">
                            <section>
                                <h2 id="waits">"What waits"</h2>
                                <ul class="rows tight">
                                    {waiting.into_iter().map(|card| view! { <RequestRow card /> }).collect_view()}
                                </ul>
                                {next
                                    .map(|next| {
                                        view! {
                                            <p>
                                                <a class="small" href=format!("/access?waits={}", encoded(&next))>
                                                    "What else waits"
                                                </a>
                                            </p>
                                        }
                                    })}
                            </section>
                        </aside>
                    }
                })}
        </div>
    }
    .into_any()
}
