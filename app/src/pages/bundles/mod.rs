//! Bundles as admins see them: each as a sentence, its draft beside what is published, and the text it is written in.

pub mod api;

use crate::{
    components::{
        acts::{Hidden, More},
        badge::{Badge, Tone},
        field::{Area, Errors},
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::{Crumb, Empty, Id, Note, Stopped},
        timeline::Timeline,
        words::{capital, full, number, said, so_many},
    },
    fault::Flash,
    frame::page,
};
use domain::{
    identity::PortalRole,
    views::{BundlePage, BundleRow, Change, Page, Shell},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const DRAFT: &str = "/api/bundles/draft";

const NEW: &str = r#"[[bundle]]
key = "system-read"
name = "System, read"
says = "What one can do with it, as a person would say it"
tags = []
entitlements = ["system/read"]
longest = "8h"
default = "4h"
askers = { groups = ["engineering"], kinds = ["person"] }
justification = { at_least = 20 }
  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

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
    let (shown, drafts) = (items.len(), items.iter().filter(|row| row.draft.is_some()).count());
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
                        <More label="Write a new bundle" class="button" open=!Flash::of(&[DRAFT]).is_empty()>
                            <Editor text=NEW.to_owned() />
                        </More>
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
    if row.draft.is_some() {
        states.push((Tone::Wait, Icon::Clock, "Draft waits"));
    }
    states.into_iter().map(|(tone, icon, label)| view! { <Badge tone icon label /> }).collect_view()
}

#[component]
fn DrawOne(bundle: BundlePage) -> impl IntoView {
    let BundlePage { row, sentence, draft_sentence, diff, gaps, draft_by, may_publish, why_not, text, lines, may_edit } =
        bundle;
    let states = states(&row);
    let (title, hold) = (row.name.clone(), hold(row.live));
    let open = Flash::of(&[DRAFT]);
    let opening = sentence.or_else(|| draft_sentence.clone()).unwrap_or_else(|| row.says.clone());
    let standing = match (row.published, row.draft, row.retired) {
        (Some(version), Some(draft), false) => format!("Version {version} holds; a draft of version {draft} waits."),
        (Some(version), None, false) => format!("Version {version} holds."),
        (None, Some(draft), false) => format!("Nothing is published; a draft of version {draft} waits."),
        (None, None, false) => "Nothing is published.".to_owned(),
        (_, _, true) => "It can no longer be asked for; what people hold runs to its end.".to_owned(),
    };
    view! {
        <Title text=title.clone() />
        <Crumb to="/bundles" name="Bundles" />
        <h1 class="sentence">
            <strong>{title.clone()}</strong>
            {format!(": {hold}.")}
        </h1>
        <p class="lead">{full(&opening)}</p>
        <p class="standing">{states} " " <span>{standing}</span></p>
        <Stopped acts=vec!["/api/bundles/publish", "/api/bundles/discard", "/api/bundles/retire"] />
        <div class="beside">
            <div>
                {row
                    .draft
                    .map(|number| {
                        view! { <Draft key=row.key.clone() number by=draft_by says=draft_sentence diff gaps may_publish why_not may_edit /> }
                    })}
                {may_edit
                    .then(|| {
                        view! {
                            <section aria-labelledby="edit">
                                <h2 id="edit">"Change it"</h2>
                                <More label="Write a new version" class="button" open=!open.is_empty()>
                                    <Editor text />
                                </More>
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
                        <dd>{so_many(row.live as usize, "live grant", "live grants")}</dd>
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
                    {(may_edit && row.published.is_some() && !row.retired).then(|| view! { <Retire key=row.key.clone() /> })}
                </section>
            </aside>
        </div>
    }
    .into_any()
}

#[component]
fn Draft(
    key: String,
    number: u32,
    by: Option<String>,
    says: Option<String>,
    diff: Vec<Change>,
    gaps: Vec<String>,
    may_publish: bool,
    why_not: Option<String>,
    may_edit: bool,
) -> impl IntoView {
    let with = vec![("key", key), ("number", number.to_string())];
    let changes = diff.into_iter().map(|change| view! { <Changed change /> }).collect_view();
    let gaps = gaps
        .into_iter()
        .map(|gap| {
            view! {
                <li data-tone="bad">
                    {Icon::Cross.svg()} <span>
                        <span class="vh">"Does not hold: "</span>
                        {said(&gap)}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="decide" aria-labelledby="draft">
            <h2 id="draft">
                {match by {
                    Some(name) => format!("{name} wants to change it"),
                    None => format!("The draft of version {number}"),
                }}
            </h2>
            {says.map(|says| view! { <p>{full(&says)}</p> })}
            {(!changes.is_empty()).then(|| view! { <ul class="diff" aria-label="What the draft would change">{changes}</ul> })}
            {(!gaps.is_empty()).then(|| view! { <ul class="checks">{gaps}</ul> })}
            <p class="hint">"What people hold now keeps the version it was granted under."</p>
            {why_not.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
            {(may_publish || may_edit)
                .then(|| {
                    view! {
                        <form class="form" method="post" action="/api/bundles/publish">
                            <Hidden of=with />
                            <div class="acts">
                                {may_publish
                                    .then(|| {
                                        view! {
                                            <button class="button primary" type="submit">
                                                {format!("Publish version {number}")}
                                            </button>
                                        }
                                    })}
                                <button class="button danger" type="submit" formaction="/api/bundles/discard">
                                    "Throw the draft away"
                                </button>
                            </div>
                        </form>
                    }
                })}
        </section>
    }
    .into_any()
}

#[component]
fn Changed(change: Change) -> impl IntoView {
    let Change { what, before, after } = change;
    let said = |value: String| if value.is_empty() { "nothing".to_owned() } else { value };
    view! {
        <li class="minus">
            <span aria-hidden="true">"−"</span>
            <del>{format!("{what}: {}", said(before))}</del>
        </li>
        <li class="plus">
            <span aria-hidden="true">"+"</span>
            <ins>{format!("{what}: {}", said(after))}</ins>
        </li>
    }
    .into_any()
}

#[component]
fn Editor(text: String) -> impl IntoView {
    let flash = Flash::of(&[DRAFT]);
    let summary: Vec<_> = flash.field().map(|(_, says)| (Some("text"), capital(says))).into_iter().collect();
    let untold = summary.is_empty();
    view! {
        <form class="form" method="post" action="/api/bundles/draft">
            <Errors title="Something to put right" of=summary />
            {untold.then(|| view! { <Stopped acts=vec![DRAFT] /> })}
            <Area
                name="text"
                label="As it is written in the catalogue"
                hint="Saved as a draft. Another admin looks at it and publishes it; until then what is published holds."
                value=text
                kept=flash.kept("text")
                rows=22
                most=20_000
                required=true
                code=true
            />
            <div class="acts">
                <button class="button primary" type="submit">
                    "Save as a draft"
                </button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Retire(key: String) -> impl IntoView {
    view! {
        <More label="Retire it">
            <form class="form" method="post" action="/api/bundles/retire">
                <Hidden of=vec![("key", key)] />
                <p>"Nobody can ask for it any more. What people hold runs to its end."</p>
                <div class="acts">
                    <button class="button danger" type="submit">
                        "Retire it now"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}
