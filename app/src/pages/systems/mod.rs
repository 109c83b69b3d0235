//! Systems: who can act on them now and why, what there is to have, who owns them.

pub mod api;

use crate::{
    components::{
        acts::{Act, Hidden, More},
        badge::{Badge, State, Tone},
        diff::Differences,
        field::{Area, Field},
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::{Crumb, Empty, Face, Id, Note, Stopped},
        picks::{Choices, Picks, picked},
        remarks::{Answer, Remarks},
        time::When,
        trouble::Trouble,
        words::{capital, full, number, said, so_many},
    },
    fault::Flash,
    frame::page,
};
use domain::{
    text::and,
    views::{
        EntitlementRow, GrantCard, HealthView, Holder, Named, OwnersForm, OwnersView, Page, SystemPage, SystemRow,
        editor::Choice,
    },
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const PROPOSE: &str = "/api/systems/owners-propose";
const CONFIRM: &str = "/api/systems/owners-confirm";
const TAKE_BACK: &str = "/api/systems/owners-take-back";
const COMMENT: &str = "/api/systems/owners-comment";
const REJECT: &str = "/api/systems/owners-reject";

/// So many of the requests that change hands are listed.
const LISTED: usize = 20;

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
    let SystemPage { row, external, backup_owners, fallback, proposal, remarks, propose, entitlements, holders } =
        system;
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
        <Stopped acts=vec![CONFIRM, TAKE_BACK] />
        <div class="beside">
            <div>
                <div id="proposal" data-live="">
                    {proposal.map(|proposal| view! { <Proposal key=key.clone() proposal /> })}
                </div>
                <div id="remarks" data-live="">
                    {(!remarks.is_empty()).then(|| view! { <Remarks remarks on="proposal" /> })}
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
                {propose.map(|form| view! { <Propose key form /> })}
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

/// What is proposed for it, what that would change, and the doors the reader has.
#[component]
fn Proposal(key: String, proposal: OwnersView) -> impl IntoView {
    let OwnersView {
        number,
        by,
        at,
        changes,
        hands,
        stops,
        may_confirm,
        may_reject,
        may_take_back,
        may_comment,
        why_not,
    } = proposal;
    let with = move || vec![("key", key.clone()), ("number", number.to_string())];
    let send_back = may_reject.then(|| REJECT.to_owned());
    view! {
        <section class="decide" aria-labelledby="proposed">
            <h2 id="proposed">"A change of who decides, or of what guards it"</h2>
            <p class="meta">
                <span>{format!("proposed by {by}")}</span>
                <When at />
            </p>
            <Differences of=changes label="What would change" />
            <Hands hands stops />
            <p class="hint">
                "Until an admin confirms it, all stays as it is. Who is new does not decide on what is open already."
            </p>
            {why_not.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
            <div class="acts">
                {may_confirm.then(|| view! { <Act to=CONFIRM with=with() label="Confirm it" class="button primary" /> })}
                {may_take_back.then(|| view! { <Act to=TAKE_BACK with=with() label="Take it back" /> })}
            </div>
            {may_comment.then(|| view! { <Answer with=with() comment=Some(COMMENT.to_owned()) send_back /> })}
        </section>
    }
    .into_any()
}

/// The waiting requests that others would decide, and those that nobody could any more.
#[component]
fn Hands(hands: Vec<Named>, stops: Vec<Named>) -> impl IntoView {
    if hands.is_empty() && stops.is_empty() {
        return view! { <p class="hint">"No request that waits would change hands by it."</p> }.into_any();
    }
    view! {
        <Waiting of=hands would=" would change hands by it:" />
        <Waiting of=stops would=" would be stopped by it, with nobody left to decide:" />
    }
    .into_any()
}

/// Waiting requests, and what would become of them.
#[component]
fn Waiting(of: Vec<Named>, would: &'static str) -> impl IntoView {
    let (many, more) = (of.len(), of.len().saturating_sub(LISTED));
    let rows = of
        .into_iter()
        .take(LISTED)
        .map(|one| {
            view! {
                <li>
                    <div>
                        <a href=format!("/requests/{}", one.id)>{full(&one.name)}</a>
                    </div>
                </li>
            }
        })
        .collect_view();
    (many > 0).then(|| {
        view! {
            <p>
                <strong>{capital(&so_many(many, "waiting request", "waiting requests"))}</strong>
                {would}
            </p>
            <ul class="rows tight">{rows}</ul>
            {(more > 0).then(|| view! { <p class="hint">{format!("And {more} more, which are only counted.")}</p> })}
        }
    })
}

/// The form in which other people are proposed, with those of now in it.
#[component]
fn Propose(key: String, form: OwnersForm) -> impl IntoView {
    let OwnersForm { owners, backup_owners, fallback, people, groups } = form;
    let flash = Flash::of(&[PROPOSE]);
    let sent = !flash.is_empty();
    let owners = if sent { sent_back(&flash, "owners", &people) } else { owners };
    let backup_owners = if sent { sent_back(&flash, "backup_owners", &people) } else { backup_owners };
    let fallback = if sent { flash.value("fields[fallback][]").unwrap_or_default() } else { fallback };
    view! {
        <section aria-labelledby="change">
            <h2 id="change">"Change who decides"</h2>
            <More label="Propose other owners" open=sent>
                <form class="form" method="post" action=PROPOSE>
                    <Hidden of=vec![("key", key)] />
                    <Stopped acts=vec![PROPOSE] />
                    <fieldset class="field">
                        <legend>"Owners"</legend>
                        <Picks
                            id="owners"
                            name="fields[owners][]"
                            label="Owners: add by key"
                            picked=owners
                            list="people"
                        />
                    </fieldset>
                    <fieldset class="field">
                        <legend>"Backup owners"</legend>
                        <Picks
                            id="backup-owners"
                            name="fields[backup_owners][]"
                            label="Backup owners: add by key"
                            picked=backup_owners
                            list="people"
                        />
                    </fieldset>
                    <Field id="fallback" label="The group that decides when none of them may">
                        <input
                            id="fallback"
                            name="fields[fallback][]"
                            value=fallback
                            list="groups"
                            maxlength="80"
                            autocomplete="off"
                            spellcheck="false"
                            required
                        />
                    </Field>
                    <Area name="comment" label="Why" kept=flash.kept("comment") rows=2 optional=true />
                    <p class="hint">
                        "Another admin confirms it, who does not come to decide by it. A catalogue that is kept in files is changed there too: the next import says what they say."
                    </p>
                    <div class="acts">
                        <button class="button" type="submit">
                            "Propose it"
                        </button>
                    </div>
                </form>
            </More>
            <Choices id="people" of=people />
            <Choices id="groups" of=groups />
        </section>
    }
    .into_any()
}

/// What was picked in a field of a form that came back.
fn sent_back(flash: &Flash, field: &str, people: &[Choice]) -> Vec<Named> {
    picked(flash.fields.get(&format!("fields[{field}][]")).map(Vec::as_slice).unwrap_or_default(), people)
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
