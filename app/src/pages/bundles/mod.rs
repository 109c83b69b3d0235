//! Bundles as admins see them: each as a sentence, its draft beside what is published, and the text it is written in.

pub mod api;

use crate::{
    components::{
        acts::{Act, Hidden, More},
        badge::{Badge, Tone},
        diff::Differences,
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::{Crumb, Empty, Id, Stopped},
        remarks::Remarks,
        review::{DraftAct, Gaps, Replay, Version, Waiting},
        time::When,
        timeline::Timeline,
        words::{capital, full, number, so_many},
    },
    frame::page,
};
use domain::{
    identity::PortalRole,
    views::{BundleActs, BundlePage, BundleRow, Page, Shell},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// Where the page's buttons are sent; what they are refused is said at its head.
const BUTTONS: [&str; 7] = [
    "/api/bundles/publish",
    "/api/bundles/submit",
    "/api/bundles/withdraw",
    "/api/bundles/discard",
    "/api/bundles/retire",
    "/api/bundles/retire-confirm",
    "/api/bundles/keep",
];

/// All bundles.
#[component]
pub fn Bundles() -> impl IntoView {
    let asked = asked();
    let Asked { q, after, .. } = asked.clone();
    page(api::bundles(q, after), |list| view! { <DrawAll asked list /> })
}

/// One bundle.
#[component]
pub fn Bundle() -> impl IntoView {
    page(api::bundle(super::named("key")), |bundle| view! { <DrawOne bundle /> })
}

#[component]
fn DrawAll(asked: Asked, list: Page<BundleRow>) -> impl IntoView {
    let Page { items, next } = list;
    let (shown, drafts) = (items.len(), items.iter().filter(|row| row.in_review).count());
    let admin = use_context::<Shell>().is_some_and(|shell| shell.roles.contains(&PortalRole::Admin));
    let wait = (drafts > 0).then(|| {
        view! {
            "; "
            <strong>{so_many(drafts, "draft", "drafts")}</strong>
            {if drafts == 1 { " waits for a second admin" } else { " wait for a second admin" }}
        }
    });
    let here = if next.is_some() || !asked.after.is_empty() { " on this page" } else { "" };
    view! {
        <Title text="Bundles" />
        <h1 class="sentence">
            {match (shown, asked.q.is_empty()) {
                (0, true) => view! { <strong>"No bundle"</strong> " is written yet." }.into_any(),
                (0, false) => view! { <strong>"No bundle"</strong> {format!(" matches “{}”.", asked.q)} }.into_any(),
                (n, _) => {
                    view! { <strong>{capital(&so_many(n, "bundle", "bundles"))}</strong> {here} {wait} "." }.into_any()
                }
            }}
        </h1>
        <Search to="/bundles" label="Name, system or tag" value=asked.q.clone() />
        {admin
            .then(|| {
                view! {
                    <div class="acts standing">
                        <a class="button" href="/editor">
                            "Write a new bundle"
                        </a>
                    </div>
                }
            })}
        <section aria-label="Bundles">
            {if items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Search title="No such bundle">
                            <p>"Try another word, or write it."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(view! { <ul class="rows">{items.into_iter().map(|row| view! { <Row row /> }).collect_view()}</ul> })
            }} <Pager asked shown next />
        </section>
    }
    .into_any()
}

#[component]
fn Row(row: BundleRow) -> impl IntoView {
    let states = states(&row);
    let BundleRow { key, name, says, published, live, .. } = row;
    let hold = hold(live);
    view! {
        <li>
            <div>
                <h2>
                    <a href=format!("/bundles/{key}")>{name}</a>
                </h2>
                <p>{says}</p>
                <p class="meta">
                    {published.map(|version| view! { <span>{format!("version {version}")}</span> })} <span>{hold}</span>
                </p>
            </div>
            <div class="side">{states}</div>
        </li>
    }
    .into_any()
}

fn hold(live: u32) -> String {
    match live {
        0 => "nobody holds it now".to_owned(),
        1 => "one holds it now".to_owned(),
        n => format!("{} hold it now", number(n as usize)),
    }
}

fn states(row: &BundleRow) -> impl IntoView + use<> {
    let mut states = Vec::new();
    if row.retired {
        states.push((Tone::None, Icon::End, "Retired"));
    } else if row.published.is_some() {
        states.push((Tone::Good, Icon::Check, "Published"));
    } else {
        states.push((Tone::None, Icon::Note, "Not published"));
    }
    match (row.draft, row.in_review) {
        (Some(_), true) => states.push((Tone::Wait, Icon::Clock, "In review")),
        (Some(_), false) => states.push((Tone::Info, Icon::Note, "Draft")),
        (None, _) => {}
    }
    states.into_iter().map(|(tone, icon, label)| view! { <Badge tone icon label /> }).collect_view()
}

#[component]
fn DrawOne(bundle: BundlePage) -> impl IntoView {
    let BundlePage { row, sentence, draft_sentence, replay, remarks, lines, may_edit, .. } = bundle.clone();
    let states = states(&row);
    let (title, hold) = (row.name.clone(), hold(row.live));
    let opening = sentence.or(draft_sentence).unwrap_or_else(|| row.says.clone());
    let standing = standing(&row);
    let has_draft = row.draft.is_some();
    view! {
        <Title text=title.clone() />
        <Crumb to="/bundles" name="Bundles" />
        <h1 class="sentence">
            <strong>{title.clone()}</strong>
            {format!(": {hold}.")}
        </h1>
        <p class="lead">{full(&opening)}</p>
        <p class="standing" id="state" data-live="">
            {states}
            " "
            <span>{standing}</span>
        </p>
        <Stopped acts=BUTTONS.to_vec() />
        <div class="beside">
            <div>
                <div id="review" data-live="">
                    {has_draft.then(|| view! { <Draft page=bundle.clone() /> })}
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
                                <h2 id="edit">"Change it"</h2>
                                <p class="acts">
                                    <a class="button" href=format!("/editor/{}", row.key)>
                                        {if has_draft { "Edit the draft" } else { "Write a new version" }}
                                    </a>
                                </p>
                            </section>
                        }
                    })}
                <section aria-labelledby="story">
                    <h2 id="story">"What happened"</h2>
                    <Timeline lines />
                </section>
            </div>
            <aside aria-label="About this bundle">
                <section>
                    <h2>"Record"</h2>
                    <dl class="facts">
                        <dt>"Key"</dt>
                        <dd>
                            <Id of=row.key.clone() />
                        </dd>
                        <dt>"Now"</dt>
                        <dd>{so_many(row.live as usize, "holder", "holders")}</dd>
                    </dl>
                    {(row.published.is_some() && !row.retired)
                        .then(|| {
                            view! {
                                <p class="acts standing">
                                    <a class="button small" href=format!("/ask/{}", row.key)>
                                        "See it as people do"
                                    </a>
                                </p>
                            }
                        })}
                </section>
                <div id="retirement" data-live="">
                    <Retirement page=bundle />
                </div>
            </aside>
        </div>
    }
    .into_any()
}

/// Which version holds, and which waits.
fn standing(row: &BundleRow) -> String {
    let waits = match (row.draft, row.in_review) {
        (Some(draft), true) => format!("version {draft} is in review"),
        (Some(draft), false) => format!("version {draft} is a draft"),
        (None, _) => String::new(),
    };
    let holds = match (row.published, row.retired) {
        (_, true) => "It can no longer be asked for; what people hold runs to its end".to_owned(),
        (Some(version), false) => format!("Version {version} holds"),
        (None, false) => "Nothing is published".to_owned(),
    };
    if waits.is_empty() { format!("{holds}.") } else { format!("{holds}; {waits}.") }
}

/// The version that is written and not published.
#[component]
fn Draft(page: BundlePage) -> impl IntoView {
    let BundlePage {
        row, draft_sentence, diff, gaps, draft_by, submitted, acts, may_publish, why_not, sentence, ..
    } = page;
    let BundleActs { submit, withdraw, comment, send_back, discard, .. } = acts;
    let number = row.draft.unwrap_or_default();
    let with = vec![("key", row.key), ("number", number.to_string())];
    let acts = DraftAct::allowed([
        (DraftAct::Publish, may_publish),
        (DraftAct::Submit, submit),
        (DraftAct::Withdraw, withdraw),
        (DraftAct::Discard, discard),
        (DraftAct::Comment, comment),
        (DraftAct::SendBack, send_back),
    ]);
    let by = draft_by.unwrap_or_else(|| "somebody".to_owned());
    let version = Version { number, by, submitted, acts, why_not };
    let label = if sentence.is_some() { "What the draft would change" } else { "What the draft says" };
    view! {
        <Waiting
            version
            to="/api/bundles"
            with
            hint="What people hold now keeps the version it was granted under."
        >
            {draft_sentence.map(|says| view! { <p>{full(&says)}</p> })}
            {(!diff.is_empty()).then(|| view! { <Differences of=diff label /> })}
            <Gaps of=gaps />
        </Waiting>
    }
    .into_any()
}

/// The way out of the catalogue: one admin proposes it, another confirms it.
#[component]
fn Retirement(page: BundlePage) -> impl IntoView {
    let BundlePage { row, retiring, acts, .. } = page;
    let BundleActs { propose_retirement, confirm_retirement, drop_retirement, .. } = acts;
    let (key, number) = (row.key.clone(), row.published.unwrap_or_default());
    let with = move || vec![("key", key.clone()), ("number", number.to_string())];
    let proposed = retiring.map(|(by, at)| {
        view! {
            <section aria-labelledby="retiring">
                <h2 id="retiring">"Out of the catalogue?"</h2>
                <p>
                    <strong>{capital(&by)}</strong>
                    " wants that nobody can ask for it any more. What people hold runs to its end."
                </p>
                <p class="meta">
                    <When at />
                </p>
                <div class="acts">
                    {confirm_retirement
                        .then(|| {
                            view! {
                                <Act
                                    to="/api/bundles/retire-confirm"
                                    with=with()
                                    label="Retire it now"
                                    class="button danger"
                                />
                            }
                        })}
                    {drop_retirement.then(|| view! { <Act to="/api/bundles/keep" with=with() label="Let it stay" /> })}
                </div>
                {(drop_retirement && !confirm_retirement)
                    .then(|| view! { <p class="hint">"Another admin confirms it."</p> })}
            </section>
        }
    });
    view! {
        {proposed}
        {propose_retirement.then(|| view! { <Retire key=row.key /> })}
    }
    .into_any()
}

#[component]
fn Retire(key: String) -> impl IntoView {
    view! {
        <More label="Retire it">
            <form class="form" method="post" action="/api/bundles/retire">
                <Hidden of=vec![("key", key)] />
                <p>
                    "Nobody can ask for it any more once another admin has confirmed it. What people hold runs to its end."
                </p>
                <div class="acts">
                    <button class="button danger" type="submit">
                        "Propose to retire it"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}
