//! Who decides in my place, and in whose place I do.

pub mod api;

use crate::{
    components::{
        acts::Act,
        field::{Errors, Line},
        note::Stopped,
        time::{Moment, When},
        words::capital,
    },
    fault::Flash,
    frame::page,
};
use domain::views::delegation::{DelegationPage, DelegationView};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const MAKE: &str = "/api/delegation/make";
const END: &str = "/api/delegation/end";

/// Who decides in the reader's place.
#[component]
pub fn Delegation() -> impl IntoView {
    page(api::mine(), |mine| view! { <Draw mine /> })
}

#[component]
fn Draw(mine: DelegationPage) -> impl IntoView {
    let DelegationPage { mine, lent, today } = mine;
    let untold = Flash::of(&[MAKE]).field().is_none();
    let (who, does) = match &mine {
        Some(it) if it.begun => (it.name.clone(), " decides in your place."),
        Some(it) => (it.name.clone(), " will decide in your place."),
        None => ("Nobody".to_owned(), " decides in your place."),
    };
    view! {
        <Title text="Who decides for me" />
        <h1 class="sentence">
            <strong>{who}</strong>
            {does}
        </h1>
        <p class="lead">
            "While you are away somebody else can decide what you could decide yourself, save what is their own. On each request the two of you count as one person."
        </p>
        {untold.then(|| view! { <Stopped acts=vec![MAKE, END] /> })}
        {match mine {
            Some(it) => Either::Left(view! { <Mine it /> }),
            None => Either::Right(view! { <Make today /> }),
        }}
        {(!lent.is_empty())
            .then(|| {
                view! {
                    <section aria-labelledby="lent">
                        <h2 id="lent">"In whose place you decide"</h2>
                        <ul class="rows">{lent.into_iter().map(|it| view! { <Lent it /> }).collect_view()}</ul>
                    </section>
                }
            })}
    }
    .into_any()
}

#[component]
fn Mine(it: DelegationView) -> impl IntoView {
    let DelegationView { name, from, until, begun } = it;
    view! {
        <section aria-label="What there is">
            <p>
                {if begun {
                    Either::Left(view! { "It ends " <When at=until /> ", on " <Moment at=until /> "." })
                } else {
                    Either::Right(view! { "It begins " <Moment at=from /> " and ends " <Moment at=until /> "." })
                }}
            </p>
            <div class="acts standing">
                <Act to=END class="button danger" label="End it now" aria=format!("End it now: {name}") />
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Make(today: String) -> impl IntoView {
    let flash = Flash::of(&[MAKE]);
    let wrong = flash.field().map(|(name, says)| (Some(name.to_owned()), capital(says)));
    view! {
        <section aria-labelledby="make">
            <h2 id="make">"Let somebody decide for you"</h2>
            <form class="form" method="post" action=MAKE>
                <Errors title="One thing to put right" of=wrong.into_iter().collect() />
                <Line
                    name="to"
                    label="Their sign-in name"
                    hint="What they type to sign in"
                    kept=flash.kept("to")
                    class="short"
                    most=80
                    required=true
                />
                <Line
                    name="from"
                    label="First day"
                    hint="Days are whole, and begin at midnight UTC"
                    kind="date"
                    value=today
                    kept=flash.kept("from")
                    class="short"
                    required=true
                />
                <Line
                    name="until"
                    label="Last day"
                    hint="31 days at the most"
                    kind="date"
                    kept=flash.kept("until")
                    class="short"
                    required=true
                />
                <p class="hint">"You confirm it on the next page, with the surest that you have."</p>
                <div class="acts">
                    <button class="button primary" type="submit">
                        "Go on"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Lent(it: DelegationView) -> impl IntoView {
    let DelegationView { name, from, until, .. } = it;
    view! {
        <li>
            <div>
                <h3>{name}</h3>
                <p class="meta">
                    <span>"from " <Moment at=from /></span> <span>"until " <Moment at=until /></span>
                </p>
            </div>
        </li>
    }
    .into_any()
}
