//! A bundle, a request or a grant as one row of a list.

use super::{
    acts::Act,
    badge::{Badge, State, Tone, shown},
    icon::Icon,
    time::{Left, Moment, When, short},
    words::{Names, said},
};
use domain::views::{BundleCard, GrantCard, RequestCard, Shell};
use leptos::prelude::*;

/// Whether somebody is the reader, by name.
pub fn is_reader(name: &str) -> bool {
    use_context::<Shell>().is_some_and(|shell| shell.name == name)
}

fn for_whom(subject: String) -> Option<impl IntoView> {
    (!is_reader(&subject)).then(|| view! { <span>"for " <strong>{subject}</strong></span> })
}

/// A bundle one may ask for, or the reason why not.
#[component]
pub fn BundleRow(
    /// What is shown.
    card: BundleCard,
) -> impl IntoView {
    let BundleCard { key, name, says, inside, longest, approval, usual_minutes, why_not, standing, others, .. } = card;
    let to = format!("/ask/{key}");
    let may = !others.is_empty() || (why_not.is_none() && standing.is_none());
    let approved = if approval.starts_with("at once") { approval } else { format!("approved by {approval}") };
    let usually = usual_minutes
        .and_then(|m| domain::minutes::Minutes::new(m).ok())
        .map(|m| view! { <span>"usually " {short(m)}</span> });
    view! {
        <li>
            <div>
                <h2>
                    <a href=to.clone()>{name.clone()}</a>
                </h2>
                <p>{says}</p>
                <p class="meta">
                    {inside.into_iter().map(|right| view! { <span>{right}</span> }).collect_view()}
                    <span>"up to " {short(longest)}</span> <span>{approved}</span> {usually}
                </p>
                <WhyNot why_not others />
            </div>
            <div class="side">
                {standing.map(|word| view! { <Standing word /> })}
                {may
                    .then(|| {
                        view! {
                            <a class="button small" href=to aria-label=format!("Ask for {name}")>
                                "Ask"
                            </a>
                        }
                    })}
            </div>
        </li>
    }
    .into_any()
}

/// Why the reader cannot ask for themselves, and for whom they can.
#[component]
fn WhyNot(why_not: Option<String>, others: Vec<String>) -> impl IntoView {
    let why = why_not.map(|why| said(&why));
    if others.is_empty() {
        return why
            .map(|why| {
                view! {
                    <p class="why-not">
                        {Icon::Lock.svg()} <span>
                            <strong>"You cannot ask."</strong>
                            " "
                            {why}
                        </span>
                    </p>
                }
            })
            .into_any();
    }
    view! {
        <p class="why-not">
            {Icon::Ask.svg()} <span>
                "You may ask for it for " <Names of=others /> ". "
                {why.map(|why| view! { "Not for yourself: " {why} })}
            </span>
        </p>
    }
    .into_any()
}

/// Where a bundle stands for the reader, who has it only when it is there.
#[component]
fn Standing(word: String) -> impl IntoView {
    if word == "active" {
        view! { <Badge tone=Tone::Good icon=Icon::Check label="You have it" /> }.into_any()
    } else {
        view! { <State word /> }.into_any()
    }
}

/// A grant: what, for whom, until when; with what the reader may do about it.
#[component]
pub fn GrantRow(
    /// What is shown.
    card: GrantCard,
    /// Whether the page is about its holder, who then need not be named.
    #[prop(optional)]
    own: bool,
) -> impl IntoView {
    let GrantCard {
        id,
        request,
        bundle,
        bundle_key,
        subject,
        state,
        since,
        until,
        ended,
        trouble,
        may_give_back,
        may_extend,
        ..
    } = card;
    let (_, tone, _) = shown(&state);
    let troubled = trouble.is_some();
    let tone = if troubled { Tone::Bad } else { tone };
    let left = (state == "active").then(|| since.zip(until)).flatten();
    let over = state == "ended";
    view! {
        <li data-tone=tone.word()>
            <div>
                <h3>
                    <a href=format!("/requests/{request}")>{bundle.clone()}</a>
                </h3>
                {trouble.map(|why| view! { <p>{said(&why)}</p> })}
                <p class="meta">
                    {(!own).then(|| for_whom(subject))}
                    {match ended {
                        Some((at, why)) => view! { <span>{why} " " <Moment at /></span> }.into_any(),
                        None => {
                            until
                                .map(|at| {
                                    view! { <span>{if state == "ending" { "ended " } else { "ends " }} <When at /></span> }
                                })
                                .into_any()
                        }
                    }}
                </p>
                {left.map(|(from, until)| view! { <Left from until /> })}
            </div>
            <div class="side">
                <State word=state />
                {troubled.then(|| view! { <Badge tone=Tone::Bad icon=Icon::Warn label="Not as it should be" /> })}
                {may_extend
                    .then(|| {
                        view! {
                            <a
                                class="button small"
                                href=format!("/ask/{bundle_key}?continues={id}")
                                aria-label=format!("Extend {bundle}")
                            >
                                "Extend"
                            </a>
                        }
                    })}
                {may_give_back
                    .then(|| {
                        view! {
                            <Act
                                to="/api/grants/give-back"
                                with=vec![("grant", id.to_string())]
                                class="button small"
                                label="Give back"
                                aria=format!("Give back {bundle}")
                            />
                        }
                    })}
                {over
                    .then(|| {
                        view! {
                            <a class="button small" href=format!("/ask/{bundle_key}") aria-label=format!("Ask again for {bundle}")>
                                "Ask again"
                            </a>
                        }
                    })}
            </div>
        </li>
    }
    .into_any()
}

/// A request: what, for whom, on whom it waits.
#[component]
pub fn RequestRow(
    /// What is shown.
    card: RequestCard,
    /// Whether the reader may withdraw it from here.
    #[prop(optional)]
    withdraw: bool,
) -> impl IntoView {
    let RequestCard { id, bundle, subject, state, asked_at, waits_on, minutes, .. } = card;
    let one_of = if waits_on.len() > 1 { "On one of " } else { "On " };
    view! {
        <li>
            <div>
                <h3>
                    <a href=format!("/requests/{id}")>{bundle.clone()}</a>
                </h3>
                {(!waits_on.is_empty()).then(|| view! { <p class="small">{one_of} <Names of=waits_on /></p> })}
                <p class="meta">
                    {for_whom(subject)} <span>"asked " <When at=asked_at /></span> <span>{short(minutes)}</span>
                </p>
            </div>
            {withdraw
                .then(|| {
                    view! {
                        <div class="side">
                            <State word=state />
                            <Act
                                to="/api/requests/withdraw"
                                with=vec![("request", id.to_string())]
                                class="button small"
                                label="Withdraw"
                                aria=format!("Withdraw {bundle}")
                            />
                        </div>
                    }
                })}
        </li>
    }
    .into_any()
}
