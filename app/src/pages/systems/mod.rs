//! Systems: who can act on them now and why, what there is to have, who owns them.

pub mod api;

use crate::{
    components::{
        acts::Act,
        badge::{Badge, State, Tone},
        diff::Differences,
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::{Crumb, Empty, Face, Id, Note, Stopped},
        time::When,
        trouble::Trouble,
        words::{capital, full, number, said, so_many},
    },
    frame::page,
};
use domain::{
    text::and,
    views::{EntitlementRow, GrantCard, HealthView, Holder, OwnersView, Page, SystemPage, SystemRow},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const CONFIRM: &str = "/api/systems/owners-confirm";
const REJECT: &str = "/api/systems/owners-reject";

/// All systems the reader may look at.
#[component]
pub fn Systems() -> impl IntoView {
    let asked = asked();
    let Asked { q, after, .. } = asked.clone();
    page(api::systems(q, after), |list| view! { <DrawAll asked list /> })
}

/// One system.
#[component]
pub fn System() -> impl IntoView {
    let asked = asked();
    let load = api::system(super::named("key"), asked.after.clone());
    page(load, |(system, health)| view! { <DrawOne asked system health /> })
}

#[component]
fn DrawAll(asked: Asked, list: Page<SystemRow>) -> impl IntoView {
    let Page { items, next } = list;
    let (shown, trouble) = (items.len(), items.iter().filter(|row| row.trouble > 0).count());
    let ownerless = items.iter().filter(|row| row.owners.is_empty()).count();
    let says = |n: usize, one: &str, more: &str| {
        (n > 0).then(|| format!("; {} {}", number(n), if n == 1 { one } else { more }))
    };
    view! {
        <Title text="Systems" />
        <h1 class="sentence">
            {match (shown, asked.q.is_empty()) {
                (0, true) => view! { <strong>"No system"</strong> " is yours to look after." }.into_any(),
                (0, false) => view! { <strong>"No system"</strong> {format!(" matches “{}”.", asked.q)} }.into_any(),
                (n, _) => view! { <strong>{capital(&so_many(n, "system", "systems"))}</strong> }.into_any(),
            }} {says(trouble, "has a problem", "have a problem")} {says(ownerless, "has no owner", "have no owner")}
            {(shown > 0).then_some(".")}
        </h1>
        <Search to="/systems" label="Name or owner" value=asked.q.clone() />
        <section aria-label="Systems">
            {if items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Search title="Nothing to show">
                            <p>"Owners see the systems they own; admins and auditors see all."</p>
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

/// Whether all is in order, as far as is known: with its rights, with its owners, and with what reaches it.
fn order(row: &SystemRow, reached: bool) -> impl IntoView + use<> {
    let (tone, icon, label) = if row.trouble > 0 || !reached {
        (Tone::Bad, Icon::Warn, "Has a problem")
    } else if row.owners.is_empty() {
        (Tone::Wait, Icon::Warn, "No owner")
    } else {
        (Tone::Good, Icon::Check, "In order")
    };
    view! { <Badge tone icon label /> }
}

fn act_on_it(live: u32) -> String {
    match live {
        0 => "nobody can act on it now".to_owned(),
        1 => "one can act on it now".to_owned(),
        n => format!("{} can act on it now", number(n as usize)),
    }
}

#[component]
fn Row(row: SystemRow) -> impl IntoView {
    let order = order(&row, true);
    let SystemRow { key, name, says, environment, data_class, owners, live, .. } = row;
    let owned = if owners.is_empty() { "nobody owns it".to_owned() } else { format!("owned by {}", and(&owners)) };
    view! {
        <li>
            <div>
                <h2>
                    <a href=format!("/systems/{key}")>{name}</a>
                </h2>
                <p>{says}</p>
                <p class="meta">
                    <span>{environment}</span> <span>{data_class}</span> <span>{owned}</span> <span>{act_on_it(live)}</span>
                </p>
            </div>
            <div class="side">{order}</div>
        </li>
    }
    .into_any()
}

#[component]
fn DrawOne(asked: Asked, system: SystemPage, health: Option<HealthView>) -> impl IntoView {
    let SystemPage { row, external, backup_owners, fallback, proposal, entitlements, holders } = system;
    let Page { items: holders, next } = holders;
    let shown = holders.len();
    let key = row.key.clone();
    let order = order(&row, health.as_ref().is_none_or(|health| health.well));
    let who = match row.live {
        0 => "Nobody".to_owned(),
        n => capital(&number(n as usize)),
    };
    let coming = (row.coming > 0).then(|| format!("; access for {} is being made", number(row.coming as usize)));
    let beyond = if external { ", and it reaches beyond the company" } else { "" };
    let class = full(&format!("{}, {} sensitivity, {}{beyond}", row.environment, row.sensitivity, row.data_class));
    view! {
        <Title text=row.name.clone() />
        <Crumb to="/systems" name="Systems" />
        <h1 class="sentence" id="sentence" data-live="">
            <strong>{who}</strong>
            " can act on "
            <strong>{row.name.clone()}</strong>
            " now"
            {coming}
            "."
        </h1>
        <p class="standing" id="standing" data-live="">
            {order}
            " "
            <span>{class}</span>
        </p>
        <p class="lead">{full(&row.says)}</p>
        <Stopped acts=vec![CONFIRM, REJECT] />
        <div class="beside">
            <div>
                <div id="proposal" data-live="">
                    {proposal.map(|proposal| view! { <Proposal key proposal /> })}
                </div>
                <section aria-labelledby="now" id="holders" data-live="">
                    <h2 id="now">"Who can act on it now, and why"</h2>
                    {if holders.is_empty() {
                        Either::Left(view! { <p class="soft">"Nobody, by any grant."</p> })
                    } else {
                        Either::Right(view! { <Holders holders /> })
                    }} <Pager asked shown next />
                </section>
                <section aria-labelledby="ents">
                    <h2 id="ents">"What there is to have"</h2>
                    <ul class="rows tight">
                        {entitlements.into_iter().map(|right| view! { <Right right /> }).collect_view()}
                    </ul>
                </section>
            </div>
            <aside aria-label="About this system">
                <section>
                    <h2>"Owners"</h2>
                    <ul class="signoffs">
                        <Owners names=row.owners what="Owner" />
                        <Owners names=backup_owners what="Backup" />
                    </ul>
                    <p class="hint">{format!("When none of them may decide: {fallback}")}</p>
                </section>
                <section id="connector" data-live="">
                    <h2>"Connector"</h2>
                    <dl class="facts">
                        <dt>"Kind"</dt>
                        <dd>{capital(&row.connector)}</dd>
                        {health.map(|health| view! { <Health health /> })}
                        <dt>"Key"</dt>
                        <dd>
                            <Id of=row.key />
                        </dd>
                    </dl>
                </section>
            </aside>
        </div>
    }
    .into_any()
}

/// Whether the target answers, what it says, and when it was asked.
#[component]
fn Health(health: HealthView) -> impl IntoView {
    let HealthView { well, says, looked_at } = health;
    let (tone, icon, label) =
        if well { (Tone::Good, Icon::Check, "Works") } else { (Tone::Bad, Icon::Warn, "Does not work") };
    view! {
        <dt>"Health"</dt>
        <dd>
            <Badge tone icon label />
            <p class="small soft">{said(&says)}</p>
        </dd>
        <dt>"Last look"</dt>
        <dd>
            <When at=looked_at />
        </dd>
    }
    .into_any()
}

/// Other people who are to decide about it, and both doors.
#[component]
fn Proposal(key: String, proposal: OwnersView) -> impl IntoView {
    let OwnersView { number, by, at, changes, may_confirm, may_reject, why_not } = proposal;
    let with = move || vec![("key", key.clone()), ("number", number.to_string())];
    view! {
        <section class="decide" aria-labelledby="proposed">
            <h2 id="proposed">"Who decides about it is to change"</h2>
            <p class="meta">
                <span>{format!("proposed by {by}")}</span>
                <When at />
            </p>
            <Differences of=changes label="What would change" />
            <p class="hint">
                "Until an admin confirms it, those who decide now go on. Who is new does not decide on what is open already."
            </p>
            {why_not.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
            <div class="acts">
                {may_confirm.then(|| view! { <Act to=CONFIRM with=with() label="Confirm it" class="button primary" /> })}
                {may_reject.then(|| view! { <Act to=REJECT with=with() label="Leave it as it is" /> })}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Owners(names: Vec<String>, what: &'static str) -> impl IntoView {
    names
        .into_iter()
        .map(|name| {
            view! {
                <li class="person">
                    <Face name=name.clone() />
                    <strong>{name}</strong>
                    <span class="meta">{what}</span>
                </li>
            }
        })
        .collect_view()
}

#[component]
fn Holders(holders: Vec<Holder>) -> impl IntoView {
    let rows = holders
        .into_iter()
        .map(|Holder { grant, seen_at, troubles }| {
            let GrantCard { request, bundle, subject, inside, state, until, .. } = grant;
            let troubled = !troubles.is_empty();
            view! {
                <tr>
                    <th scope="row">
                        <span class="person">
                            <Face name=subject.clone() />
                            <strong>{subject}</strong>
                        </span>
                    </th>
                    <td data-label="May">{inside.join("; ")}</td>
                    <td data-label="Because">
                        <a href=format!("/requests/{request}")>{bundle}</a>
                    </td>
                    <td data-label="Until">{until.map(|at| view! { <When at /> })}</td>
                    <td data-label="State">
                        <State word=state />
                        {troubled
                            .then(|| view! { " " <Badge tone=Tone::Bad icon=Icon::Warn label="Not as it should be" /> })}
                        {seen_at.map(|at| view! { <p class="small soft">"seen so " <When at /></p> })}
                        {troubles.into_iter().map(|of| view! { <Trouble of /> }).collect_view()}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Who"</th>
                    <th scope="col">"May"</th>
                    <th scope="col">"Because"</th>
                    <th scope="col">"Until"</th>
                    <th scope="col">"State"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Right(right: EntitlementRow) -> impl IntoView {
    let EntitlementRow { name, says, native, privileged, bundles } = right;
    let bundles = bundles
        .into_iter()
        .map(|bundle| {
            view! {
                <span>
                    "in "
                    <a href=format!("/ask/{}", bundle.id)>{bundle.name}</a>
                </span>
            }
        })
        .collect_view();
    view! {
        <li>
            <div>
                <h3>{name}</h3>
                <p>{says}</p>
                <p class="meta">
                    <span>
                        "there "
                        <code>{native}</code>
                    </span>
                    {bundles}
                </p>
                {privileged.clone().map(|why| view! { <p class="hint">{full(&why)}</p> })}
            </div>
            {privileged
                .map(|_| {
                    view! {
                        <div class="side">
                            <Badge tone=Tone::None icon=Icon::Shield label="Privileged" />
                        </div>
                    }
                })}
        </li>
    }
    .into_any()
}
