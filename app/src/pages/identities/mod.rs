//! People and non-human identities: who they are, what they have, and letting them in and out.

pub mod api;

use crate::{
    components::{
        acts::{Act, Hidden, More},
        badge::{Badge, Tone},
        cards::{GrantRow, is_reader},
        chain::DependencyChain,
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::{Crumb, Empty, Face, Id, Note, Stopped},
        tabs::IdentityTabs,
        time::{Moment, When},
        timeline::Timeline,
        words::{capital, full, number, said, so_many},
    },
    frame::{page, role_word},
};
use chrono::{DateTime, Utc};
use domain::{
    identity::PortalRole,
    views::{DepartureView, IdentityPage, IdentityRow, Named, Page, authenticators::ResetView, signals::SignalsView},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// Where the page's buttons are sent; what they are refused is said at its head.
const BUTTONS: [&str; 8] = [
    "/api/identities/invite",
    LEAVE,
    CONFIRM_LEFT,
    STAY,
    RETURN,
    "/api/authenticators/ask-reset",
    "/api/authenticators/reset",
    "/api/authenticators/refuse-reset",
];
const LEAVE: &str = "/api/identities/leave";
const CONFIRM_LEFT: &str = "/api/identities/leave-confirm";
const STAY: &str = "/api/identities/stay";
const RETURN: &str = "/api/identities/return";

/// Everybody.
#[component]
pub fn Identities() -> impl IntoView {
    let asked = asked();
    let Asked { q, after, .. } = asked.clone();
    page(api::identities(q, after), |list| view! { <DrawAll asked list /> })
}

/// One of them.
#[component]
pub fn Identity() -> impl IntoView {
    page(api::identity(super::named("key")), |(identity, link)| view! { <DrawOne identity link /> })
}

#[component]
fn DrawAll(asked: Asked, list: Page<IdentityRow>) -> impl IntoView {
    let Page { items, next } = list;
    let shown = items.len();
    let machines = items.iter().filter(|row| !row.kind.is_person()).count();
    let people = shown - machines;
    let ownerless = items.iter().filter(|row| row.ownerless).count();
    let unowned = match ownerless {
        0 => None,
        1 => Some("; nobody owns one of them".to_owned()),
        n => Some(format!("; nobody owns {} of them", number(n))),
    };
    let first = if next.is_some() || !asked.after.is_empty() { " on this page" } else { "" };
    view! {
        <Title text="Identities" />
        <h1 class="sentence">
            {match (shown, asked.q.is_empty()) {
                (0, true) => view! { <strong>"Nobody"</strong> " is known here yet." }.into_any(),
                (0, false) => view! { <strong>"Nobody"</strong> {format!(" matches “{}”.", asked.q)} }.into_any(),
                _ => {
                    view! {
                        <strong>{capital(&so_many(people, "person", "people"))}</strong>
                        " and "
                        <strong>{so_many(machines, "non-human identity", "non-human identities")}</strong>
                        {first}
                        {unowned}
                        "."
                    }
                        .into_any()
                }
            }}
        </h1>
        <IdentityTabs />
        <Search to="/identities" label="Name, department or account" value=asked.q.clone() />
        <section aria-label="Identities">
            {if items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Search title="Nobody by that name">
                            <p>"Try a part of the name, or a department."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(
                    view! { <ul class="rows tight">{items.into_iter().map(|row| view! { <Row row /> }).collect_view()}</ul> },
                )
            }} <Pager asked shown next />
        </section>
    }
    .into_any()
}

fn access(live: u32) -> String {
    match live {
        0 => "has no access".to_owned(),
        1 => "has one access".to_owned(),
        n => format!("has {} accesses", number(n as usize)),
    }
}

#[component]
fn Row(row: IdentityRow) -> impl IntoView {
    let IdentityRow { key, name, kind, says, department, roles, left, signs_in, ownerless, live, .. } = row;
    let machine = !kind.is_person();
    let facts = [machine.then(|| kind.singular().to_owned()), Some(says), Some(department)]
        .into_iter()
        .flatten()
        .filter(|fact| !fact.is_empty())
        .map(|fact| view! { <span>{fact}</span> })
        .collect_view();
    view! {
        <li>
            <div class="person">
                <Face name=name.clone() machine />
                <h2>
                    <a href=format!("/identities/{key}")>{name}</a>
                </h2>
                <p class="meta">{facts} <span>{access(live)}</span></p>
            </div>
            <div class="side">
                {if left {
                    view! { <Badge tone=Tone::None icon=Icon::Out label="Left" /> }.into_any()
                } else if ownerless {
                    view! { <Badge tone=Tone::Wait icon=Icon::Warn label="Nobody owns it" /> }.into_any()
                } else if !machine && !signs_in {
                    view! { <Badge tone=Tone::None icon=Icon::Lock label="No password yet" /> }.into_any()
                } else {
                    view! { <Roles roles /> }.into_any()
                }}
            </div>
        </li>
    }
    .into_any()
}

#[component]
fn Roles(roles: Vec<PortalRole>) -> impl IntoView {
    roles
        .into_iter()
        .map(|role| view! { <Badge tone=Tone::Info icon=Icon::Shield label=role_word(role) /> })
        .collect_view()
}

#[component]
fn DrawOne(identity: IdentityPage, link: Option<(String, String)>) -> impl IntoView {
    let IdentityPage {
        row,
        email,
        manager,
        owners,
        answers_for,
        accounts,
        groups,
        grants,
        lines,
        may_invite,
        why_no_link,
        may_leave,
        departure,
        may_return,
        reset,
        chain,
        signals,
    } = identity;
    let machine = !row.kind.is_person();
    let (name, live) = (row.name.clone(), row.live);
    let lead = [machine.then(|| row.kind.singular().to_owned()), Some(row.says.clone()), Some(row.department.clone())]
        .into_iter()
        .flatten()
        .filter(|fact| !fact.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    let grants = grants.into_iter().map(|card| view! { <GrantRow card own=true /> }).collect_view();
    view! {
        <Title text=name.clone() />
        <Crumb to="/identities" name="Identities" />
        <h1 class="sentence">
            {if is_reader(&name) {
                Either::Left(view! { "You are " <strong>{name.clone()}</strong> })
            } else {
                Either::Right(view! { <strong>{name.clone()}</strong> {format!(" {}", access(live))} })
            }} {row.left.then_some(" and has left")} {(!machine && !row.left && !row.signs_in).then_some(" and has no password yet")} "."
        </h1>
        <p class="standing">
            <Roles roles=row.roles.clone() />
            " "
            <span>{full(&lead)}</span>
        </p>
        {row
            .ownerless
            .then(|| {
                view! {
                    <Note tone=Tone::Wait>
                        <p>
                            <strong>"Nobody owns it."</strong>
                            " All who answered for it have left: nobody can ask for it or give back what it has. Name an owner in the catalogue."
                        </p>
                    </Note>
                }
            })}
        {link.map(|link| view! { <OneTime link name=name.clone() /> })}
        <Stopped acts=BUTTONS.to_vec() />
        <div id="departure" data-live="">
            {departure.map(|departure| view! { <Departure departure id=row.id.to_string() name=name.clone() /> })}
        </div>
        {(may_invite || may_leave || may_return)
            .then(|| {
                view! {
                    <div class="acts standing" id="invite">
                        {may_invite
                            .then(|| {
                                view! {
                                    <Act
                                        to="/api/identities/invite"
                                        with=vec![("identity", row.id.to_string())]
                                        label="Make an invitation link"
                                    />
                                }
                            })}
                        {may_leave.then(|| view! { <Leave id=row.id.to_string() name=name.clone() /> })}
                        {may_return.then(|| view! { <Return id=row.id.to_string() name=name.clone() /> })}
                    </div>
                }
            })}
        {why_no_link.map(|why| view! { <p class="hint">{said(&why)}</p> })}
        {reset.map(|reset| view! { <Reset reset id=row.id.to_string() name=row.name.clone() /> })}
        <div class="beside">
            <div>
                {chain.map(|chain| view! { <DependencyChain chain /> })}
                <section aria-labelledby="acc" id="grants" data-live="">
                    <h2 id="acc">"Access"</h2>
                    {if grants.is_empty() {
                        Either::Left(view! { <p class="soft">"Nothing now."</p> })
                    } else {
                        Either::Right(view! { <ul class="rows">{grants}</ul> })
                    }}
                </section>
                {(!accounts.is_empty()).then(|| view! { <Accounts accounts /> })}
                {signals.map(|signals| view! { <Decides signals own=is_reader(&name) /> })}
                {(!lines.is_empty())
                    .then(|| {
                        view! {
                            <section aria-labelledby="story">
                                <h2 id="story">"What happened"</h2>
                                <Timeline lines />
                            </section>
                        }
                    })}
            </div>
            <aside aria-label=format!("About {name}")>
                <Links title="In" under="/groups" of=groups />
                <Links title="Answers for" under="/identities" of=answers_for />
                <Links title="Owned by" under="/identities" of=owners />
                <section>
                    <h2>"Record"</h2>
                    <dl class="facts">
                        {email
                            .map(|email| {
                                view! {
                                    <dt>"Email"</dt>
                                    <dd>{email}</dd>
                                }
                            })}
                        {manager
                            .map(|manager| {
                                view! {
                                    <dt>"Manager"</dt>
                                    <dd>
                                        <a href=format!("/identities/{}", manager.id)>{manager.name}</a>
                                    </dd>
                                }
                            })} <dt>"Key"</dt>
                        <dd>
                            <Id of=row.key.clone() />
                        </dd>
                    </dl>
                </section>
            </aside>
        </div>
    }
    .into_any()
}

/// Two admins reset the authenticators of somebody who has lost theirs.
#[component]
fn Reset(reset: ResetView, id: String, name: String) -> impl IntoView {
    let ResetView { count, asked, may_ask, may_confirm, may_refuse, barred_until } = reset;
    let with = || vec![("identity", id.clone())];
    view! {
        {barred_until.map(|until| view! { <p class="hint">{name.clone()} " decides nothing until " <When at=until /> ", after a reset."</p> })}
        {asked
            .map(|(by, at)| {
                view! {
                    <Note tone=Tone::Wait>
                        <p>
                            <strong>{by}</strong>
                            " asked "
                            <When at />
                            {format!(
                                " to remove {} of {name}. Make sure by another way that it is them who lost it.",
                                so_many(count, "passkey or app", "passkeys and apps"),
                            )}
                        </p>
                    </Note>
                }
            })}
        <div class="acts standing">
            {may_ask.then(|| view! { <Act to="/api/authenticators/ask-reset" with=with() label="Reset passkeys and codes" /> })}
            {may_confirm
                .then(|| view! { <Act to="/api/authenticators/reset" with=with() class="button danger" label="Confirm the reset" /> })}
            {may_refuse.then(|| view! { <Act to="/api/authenticators/refuse-reset" with=with() label="Refuse the reset" /> })}
        </div>
    }
    .into_any()
}

#[component]
fn OneTime(link: (String, String), name: String) -> impl IntoView {
    let (link, until) = link;
    let until = until.parse::<DateTime<Utc>>().ok();
    view! {
        <Note tone=Tone::Good>
            <p>
                <strong>{format!("This link lets {name} set a password.")}</strong>
                " It works once"
                {until.map(|at| view! { ", until " <Moment at /> })}
                ", and is shown only now. For a day after it was used, the two of you count as one person wherever two are asked."
            </p>
            <p>
                <code class="id" id="one-time">
                    {link}
                </code>
            </p>
            <p>
                <button class="button small" type="button" data-copy="#one-time" hidden>
                    "Copy the link"
                </button>
            </p>
        </Note>
    }
    .into_any()
}

#[component]
fn Leave(id: String, name: String) -> impl IntoView {
    view! {
        <More label="Has left">
            <form class="form" method="post" action=LEAVE>
                <Hidden of=vec![("identity", id)] />
                <p>
                    <strong>{name}</strong>
                    " is signed out everywhere at once, all their access ends, what they asked for is stopped, and what they own goes to the backup owners. You yourself decide nothing that waits and others must decide by this."
                </p>
                <p class="hint">
                    "Where they are an admin or decide about a sensitive system, or where you would come to decide by it, another admin confirms it first. Until then they only cannot sign in."
                </p>
                <label class="check">
                    <input type="checkbox" name="sure" value="yes" required />
                    " I am sure"
                </label>
                <div class="acts">
                    <button class="button danger" type="submit">
                        "Mark as left"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}

/// That somebody is said to have left, and the doors of who is to confirm it.
#[component]
fn Departure(departure: DepartureView, id: String, name: String) -> impl IntoView {
    let DepartureView { by, at, may_confirm, may_take_back, own, why_not } = departure;
    let with = || vec![("identity", id.clone())];
    let back = if own { "Take it back" } else { "They have not left" };
    let (says, confirm) = (format!(" says that {name} has left, "), format!("Confirm that {name} has left"));
    view! {
        <Note tone=Tone::Wait>
            <p>
                <strong>{capital(&by)}</strong>
                {says}
                <When at />
                ". Until another admin confirms it they cannot sign in, and all else is as it was."
            </p>
            {may_take_back
                .then(|| {
                    view! {
                        <p class="hint">
                            "Where no other admin is left to confirm it, the command line does: "
                            <code>"left = true"</code>
                            " in the catalogue."
                        </p>
                    }
                })}
        </Note>
        {why_not.map(|why| view! { <p class="hint">{said(&why)}</p> })}
        <div class="acts standing">
            {may_confirm
                .then(|| view! { <Act to=CONFIRM_LEFT with=with() class="button danger" label=confirm /> })}
            {may_take_back.then(|| view! { <Act to=STAY with=with() label=back /> })}
        </div>
    }
    .into_any()
}

#[component]
fn Return(id: String, name: String) -> impl IntoView {
    view! {
        <More label="Is back">
            <form class="form" method="post" action=RETURN>
                <Hidden of=vec![("identity", id)] />
                <p>
                    <strong>{name}</strong>
                    " comes back as somebody who is new: with nothing of what they had, and with a password only once you make a link for them. What the catalogue says of them counts again. The other admins hear of it."
                </p>
                <div class="acts">
                    <button class="button" type="submit">
                        "Say that they are back"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}

#[component]
fn Accounts(accounts: Vec<(String, String, DateTime<Utc>, String)>) -> impl IntoView {
    let rows = accounts
        .into_iter()
        .map(|(system, account, at, by)| {
            view! {
                <tr>
                    <th scope="row">{system}</th>
                    <td data-label="Account">
                        <code>{account}</code>
                    </td>
                    <td data-label="Linked">{by} ", " <When at /></td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="accounts">
            <h2 id="accounts">"Accounts on systems"</h2>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"System"</th>
                        <th scope="col">"Account"</th>
                        <th scope="col">"Linked"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// How somebody decides on what others ask for.
#[component]
fn Decides(signals: SignalsView, own: bool) -> impl IntoView {
    let SignalsView { days, decisions, yes, share, takes, streak, in_one_go, always_yes } = signals;
    let title = if own { "How you decide" } else { "How they decide" };
    let who = if own { "You and those who look after the portal see it" } else { "They see it too" };
    view! {
        <section aria-labelledby="decides">
            <h2 id="decides">{title}</h2>
            {always_yes
                .then(|| view! { <p><Badge tone=Tone::Wait icon=Icon::Warn label="Always yes" /></p> })}
            <dl class="facts">
                <dt>"Decisions"</dt>
                <dd>{format!("{decisions} in the last {days} days")}</dd>
                <dt>"Yes"</dt>
                <dd>{format!("{yes}, {share} %; {streak} in a row at most")}</dd>
                <dt>"Usually takes"</dt>
                <dd>{takes}</dd>
                <dt>"In one go"</dt>
                <dd>{format!("{in_one_go} within ten seconds of another")}</dd>
            </dl>
            <p class="hint">{format!("{who}. It changes nothing by itself yet.")}</p>
        </section>
    }
    .into_any()
}

#[component]
fn Links(title: &'static str, under: &'static str, of: Vec<Named>) -> impl IntoView {
    (!of.is_empty()).then(|| {
        let rows = of
            .into_iter()
            .map(|one| {
                view! {
                    <li>
                        <div>
                            <a class="name" href=format!("{under}/{}", one.id)>
                                {one.name}
                            </a>
                        </div>
                    </li>
                }
            })
            .collect_view();
        view! {
            <section>
                <h2>{title}</h2>
                <ul class="rows tight">{rows}</ul>
            </section>
        }
    })
}
