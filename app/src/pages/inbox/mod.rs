//! The inbox: what waits for me, and beside it the one I look at. On a phone one comes after the other.

pub mod api;

use crate::{
    components::{
        badge::Tone,
        chain::DependencyChain,
        field::Area,
        icon::Icon,
        list::{Asked, Outside, Pager, asked, encoded},
        note::{Empty, Note, Stopped},
        request::{Approvals, Behind, Decide, Excepted, Sentence, Standing, TooLate, Weigh},
        tabs::InboxTabs,
        time::{When, short},
        words::{capital, said, so_many},
    },
    fault::{Fault, Flash},
    frame::page,
};
use domain::{
    ids::RequestId,
    views::{
        Page, RequestCard, RequestPage,
        bulk::{Answered, Chosen},
    },
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const TO_SEVERAL: &str = "/api/requests/approve-many";

/// The list, and beside it the first.
#[component]
pub fn Inbox() -> impl IntoView {
    let asked = asked();
    page(api::inbox(asked.after.clone(), None), |(list, picked)| view! { <Draw asked list picked open=false /> })
}

/// The list, and beside it the one that the address names.
#[component]
pub fn InboxItem() -> impl IntoView {
    let (asked, id) = (asked(), super::named("id"));
    let after = asked.after.clone();
    let load = async move {
        // An id that is none names nothing.
        let id = id.parse().map_err(|_| Fault::NotFound.told())?;
        api::inbox(after, Some(id)).await
    };
    page(load, |(list, picked)| view! { <Draw asked list picked open=true /> })
}

#[component]
fn Draw(asked: Asked, list: Page<RequestCard>, picked: Option<RequestPage>, open: bool) -> impl IntoView {
    let shown = list.items.len();
    let whole = list.next.is_none() && asked.after.is_empty();
    let from = if asked.after.is_empty() { String::new() } else { format!("?after={}", encoded(&asked.after)) };
    let oldest = list.items.iter().map(|card| card.asked_at).min();
    let at = picked.as_ref().map(|page| page.card.id);
    let class = if open { "split open" } else { "split" };
    let answers = Flash::of(&[TO_SEVERAL]).answers;
    let title = if answers.is_empty() { "Inbox".to_owned() } else { approved_of(&answers) };
    view! {
        <Title text=title />
        <h1 class="sentence" id="sentence" data-live="">
            {match (shown, oldest) {
                (0, _) | (_, None) => {
                    let says = if whole { " waits for you." } else { " more waits for you on this page." };
                    view! { <strong>"Nothing"</strong> {says} }.into_any()
                }
                (n, Some(_)) if !whole => {
                    view! {
                        "Here are "
                        <strong>{so_many(n, "request", "requests")}</strong>
                        " of those that wait for you, what is sensitive first."
                    }
                        .into_any()
                }
                (1, Some(at)) => {
                    view! { <strong>"One request"</strong> " waits for you, asked " <strong><When at /></strong> "." }.into_any()
                }
                (n, Some(at)) => {
                    view! {
                        <strong>{capital(&so_many(n, "request", "requests"))}</strong>
                        " wait for you, the oldest asked "
                        <strong>
                            <When at />
                        </strong>
                        "."
                    }
                        .into_any()
                }
            }}
        </h1>
        <Answers answers />
        <Stopped acts=vec![TO_SEVERAL] />
        <InboxTabs />
        {match picked {
            None => {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Inbox title="All answered">
                            <p>"New requests show up here by themselves."</p>
                        </Empty>
                        <Pager asked shown next=list.next />
                    },
                )
            }
            Some(page) => {
                Either::Right(
                    view! {
                        <div class=class>
                            <nav class="list" aria-label="Requests that wait for you" id="list" data-live="">
                                <Picks items=list.items at from=from.clone() />
                                <Pager asked shown next=list.next />
                                <p class="hint keys-hint">
                                    <kbd>"j"</kbd>
                                    " "
                                    <kbd>"k"</kbd>
                                    " to move, "
                                    <kbd>"?"</kbd>
                                    " for all keys"
                                </p>
                            </nav>
                            <Detail page from />
                        </div>
                    },
                )
            }
        }}
        <Keys />
    }
    .into_any()
}

fn approved_of(answers: &[Answered]) -> String {
    let approved = answers.iter().filter(|answer| answer.why_not.is_none()).count();
    format!("{approved} of {} approved", answers.len())
}

/// What came of a yes to several, and why it was none to some of them.
#[component]
fn Answers(answers: Vec<Answered>) -> impl IntoView {
    let title = approved_of(&answers);
    let any = !answers.is_empty();
    let others = answers
        .into_iter()
        .filter_map(|Answered { request, what, why_not }| {
            let why = said(&why_not?);
            let open = what.map(|what| view! { <a href=format!("/inbox/{request}")>{what}</a> <br /> });
            Some(view! { <li>{open} {why}</li> })
        })
        .collect::<Vec<_>>();
    let tone = if others.is_empty() { Tone::Good } else { Tone::Info };
    any.then(|| {
        view! {
            <Note tone>
                <h2>{title}</h2>
                {(!others.is_empty()).then(|| view! { <ul class="answers">{others}</ul> })}
            </Note>
        }
    })
}

#[component]
fn Picks(items: Vec<RequestCard>, at: Option<RequestId>, from: String) -> impl IntoView {
    if items.is_empty() {
        let here =
            if from.is_empty() { "Nothing else waits for you." } else { "Nothing else waits for you on this page." };
        return view! { <p class="soft">{here}</p> }.into_any();
    }
    let flash = Flash::of(&[TO_SEVERAL]);
    let items = items
        .into_iter()
        .map(|card| {
            let by = (card.asker != card.subject).then(|| format!("by {} ", card.asker));
            let value = Chosen { request: card.id, terms: card.terms }.to_string();
            let chosen = flash.values("chosen[]").contains(&value);
            view! {
                <li>
                    <label class="tick">
                        <input
                            type="checkbox"
                            name="chosen[]"
                            value=value
                            checked=chosen
                            aria-label=format!("Choose {} · {}", card.subject, card.bundle)
                        />
                    </label>
                    <a href=format!("/inbox/{}{from}", card.id) aria-current=(at == Some(card.id)).then_some("true")>
                        <strong>{card.subject}</strong>
                        " · "
                        {card.bundle}
                        <p class="meta">
                            <span>{short(card.minutes)}</span>
                            <span>"asked " {by} <When at=card.asked_at /></span>
                            {card.for_whom.map(|whom| view! { <span>{format!("in the place of {whom}")}</span> })}
                            {(!card.excepted.is_empty()).then(|| view! { <span>"an exception"</span> })}
                            {card.weighty.then(|| view! { <span>"sensitive: " {card.system}</span> })}
                        </p>
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <form method="post" action="/api/requests/approve-many">
            <ul class="picks">{items}</ul>
            <div class="bulk">
                <Area
                    id="bulk-comment"
                    name="comment"
                    label="A word to each of them"
                    kept=flash.kept("comment")
                    rows=2
                    optional=true
                />
                <p class="hint">"Each is decided by itself. To say no, open one: a denial carries its own reason."</p>
                <div class="acts">
                    <button class="button" type="submit">
                        "Approve these"
                    </button>
                </div>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Detail(page: RequestPage, from: String) -> impl IntoView {
    let decides = page.acts.decide;
    let why_not = page.acts.why_not_decide.clone().filter(|_| !decides);
    let items = page.work_items.join(", ");
    let chain = page.context.as_ref().and_then(|context| context.chain.clone());
    view! {
        <article class="detail" aria-labelledby="picked">
            <a class="crumb back" href=format!("/inbox{from}")>
                {Icon::Back.svg()}
                "Inbox"
            </a>
            <h2 class="sentence" id="picked">
                <Sentence page=page.clone() />
            </h2>
            <Standing page=page.clone() />
            <Excepted page=page.clone() level=3 />
            <p class="meta">
                <span>"asked " <When at=page.card.asked_at /></span>
                {(!items.is_empty()).then(|| view! { <span>{items}</span> })}
                {page.links.clone().into_iter().map(|to| view! { <Outside to /> }).collect_view()}
                <a href=format!("/requests/{}", page.card.id)>"whole request"</a>
            </p>
            {page
                .justification
                .clone()
                .map(|why| {
                    view! {
                        <section aria-labelledby="reason">
                            <h3 class="vh" id="reason">
                                "Why"
                            </h3>
                            <blockquote class="quote">{why}</blockquote>
                        </section>
                    }
                })}
            {chain.map(|chain| view! { <DependencyChain chain level=3 /> })}
            {page.context.clone().map(|context| view! { <Weigh context level=3 /> })}
            {why_not.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
            {if decides {
                Either::Left(view! { <Decide page=page.clone() level=3 /> })
            } else {
                Either::Right(
                    view! {
                        <TooLate />
                        <Approvals page=page.clone() level=3 />
                    },
                )
            }}
            <Behind page />
        </article>
    }
    .into_any()
}

#[component]
fn Keys() -> impl IntoView {
    view! {
        <dialog class="keys" id="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">"Keys"</h2>
            <dl>
                <dt>
                    <kbd>"j"</kbd>
                    " "
                    <kbd>"k"</kbd>
                </dt>
                <dd>"next, previous"</dd>
                <dt>
                    <kbd>"a"</kbd>
                </dt>
                <dd>"to the approval"</dd>
                <dt>
                    <kbd>"d"</kbd>
                </dt>
                <dd>"to the denial, asks for a comment"</dd>
                <dt>
                    <kbd>"Ctrl"</kbd>
                    " "
                    <kbd>"K"</kbd>
                </dt>
                <dd>"go anywhere"</dd>
                <dt>
                    <kbd>"?"</kbd>
                </dt>
                <dd>"this list"</dd>
            </dl>
            <form method="dialog">
                <button class="button" type="submit">
                    "Close"
                </button>
            </form>
        </dialog>
    }
    .into_any()
}
