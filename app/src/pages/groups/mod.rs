//! Groups: who is in them, for good or for a while, and what they open or decide.

pub mod api;

use crate::{
    components::{
        acts::Act,
        badge::Tone,
        diff::Differences,
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::{Crumb, Empty, Face, Id, Note, Stopped},
        remarks::{Answer, Remarks},
        tabs::IdentityTabs,
        time::When,
        words::{capital, full, number, said, so_many},
    },
    frame::page,
};
use domain::views::{GroupPage, MembersView, Named, Page};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const CONFIRM: &str = "/api/groups/members-confirm";
const REJECT: &str = "/api/groups/members-reject";

/// All groups.
#[component]
pub fn Groups() -> impl IntoView {
    let asked = asked();
    let Asked { q, after, .. } = asked.clone();
    page(api::groups(q, after), |list| view! { <DrawAll asked list /> })
}

/// One group.
#[component]
pub fn Group() -> impl IntoView {
    page(api::group(super::named("key")), |group| view! { <DrawOne group /> })
}

#[component]
fn DrawAll(asked: Asked, list: Page<Named>) -> impl IntoView {
    let Page { items, next } = list;
    let shown = items.len();
    view! {
        <Title text="Groups" />
        <h1 class="sentence">
            {match shown {
                0 => view! { <strong>"No group"</strong> " fits." }.into_any(),
                1 => view! { <strong>"One group"</strong> " says who may ask, and who decides." }.into_any(),
                n => view! { <strong>{capital(&number(n))} " groups"</strong> " say who may ask, and who decides." }.into_any(),
            }}
        </h1>
        <IdentityTabs />
        <Search to="/groups" label="Name" value=asked.q.clone() />
        <section aria-label="Groups">
            {if items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Search title="No such group">
                            <p>"Try a part of its name."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(
                    view! {
                        <ul class="rows tight">
                            {items
                                .into_iter()
                                .map(|group| {
                                    view! {
                                        <li>
                                            <div>
                                                <h2>
                                                    <a href=format!("/groups/{}", group.id)>{group.name}</a>
                                                </h2>
                                            </div>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                    },
                )
            }} <Pager asked shown next />
        </section>
    }
    .into_any()
}

#[component]
fn DrawOne(group: GroupPage) -> impl IntoView {
    let GroupPage { key, name, says, members, by_grant, groups, used_by, proposal, remarks, .. } = group;
    let standing = members.len();
    let for_a_while = by_grant.len();
    let members = members.into_iter().map(|member| view! { <Member member /> }).collect_view();
    let by_grant = by_grant
        .into_iter()
        .map(|(member, at)| {
            view! {
                <Member member>
                    <p class="meta">
                        <span>"until " <When at /></span>
                    </p>
                </Member>
            }
        })
        .collect_view();
    view! {
        <Title text=name.clone() />
        <Crumb to="/groups" name="Groups" />
        <h1 class="sentence">
            <strong>{name}</strong>
            " has "
            <strong>{so_many(standing, "member", "members")}</strong>
            {(for_a_while > 0).then(|| format!(", and {} for a while", number(for_a_while)))}
            "."
        </h1>
        <p class="lead">{full(&says)}</p>
        <Stopped acts=vec![CONFIRM] />
        <div class="beside">
            <div>
                <div id="proposal" data-live="">
                    {proposal.map(|proposal| view! { <Proposal key=key.clone() proposal /> })}
                </div>
                <div id="remarks" data-live="">
                    {(!remarks.is_empty()).then(|| view! { <Remarks remarks on="proposal" /> })}
                </div>
                {(for_a_while > 0)
                    .then(|| {
                        view! {
                            <section aria-labelledby="while" id="by-grant" data-live="">
                                <h2 id="while">"For a while"</h2>
                                <ul class="rows tight">{by_grant}</ul>
                            </section>
                        }
                    })}
                <section aria-labelledby="members">
                    <h2 id="members">"Members"</h2>
                    {(standing == 0).then(|| view! { <p class="soft">"Nobody stands in it by itself."</p> })}
                    <ul class="rows tight">{members}</ul>
                </section>
            </div>
            <aside aria-label="About this group">
                {(!groups.is_empty())
                    .then(|| {
                        view! {
                            <section>
                                <h2>"Groups in it"</h2>
                                <ul class="rows tight">
                                    {groups
                                        .into_iter()
                                        .map(|inner| {
                                            view! {
                                                <li>
                                                    <div>
                                                        <a class="name" href=format!("/groups/{}", inner.id)>
                                                            {inner.name}
                                                        </a>
                                                    </div>
                                                </li>
                                            }
                                        })
                                        .collect_view()}
                                </ul>
                            </section>
                        }
                    })}
                {(!used_by.is_empty())
                    .then(|| {
                        view! {
                            <section>
                                <h2>"Opens or decides"</h2>
                                <ul class="rows tight">
                                    {used_by
                                        .into_iter()
                                        .map(|used| {
                                            view! {
                                                <li>
                                                    <div>
                                                        <a class="name" href=format!("/{}", used.id)>
                                                            {used.name}
                                                        </a>
                                                    </div>
                                                </li>
                                            }
                                        })
                                        .collect_view()}
                                </ul>
                            </section>
                        }
                    })} <section>
                    <h2>"Record"</h2>
                    <dl class="facts">
                        <dt>"Key"</dt>
                        <dd>
                            <Id of=key />
                        </dd>
                    </dl>
                </section>
            </aside>
        </div>
    }
    .into_any()
}

/// Others who are to be in it, and both doors.
#[component]
fn Proposal(key: String, proposal: MembersView) -> impl IntoView {
    let MembersView { number, by, at, changes, may_confirm, may_reject, why_not } = proposal;
    let with = move || vec![("key", key.clone()), ("number", number.to_string())];
    view! {
        <section class="decide" aria-labelledby="proposed">
            <h2 id="proposed">"Who is in it is to change"</h2>
            <p class="meta">
                <span>{format!("proposed by {by}")}</span>
                <When at />
            </p>
            <Differences of=changes label="Who would go and who would come" />
            <p class="hint">"This group decides, so until an admin confirms it those are in it who were."</p>
            {why_not.map(|why| view! { <Note tone=Tone::Info><p>{said(&why)}</p></Note> })}
            <div class="acts">
                {may_confirm.then(|| view! { <Act to=CONFIRM with=with() label="Confirm it" class="button primary" /> })}
            </div>
            {may_reject.then(|| view! { <Answer with=with() comment=None send_back=Some(REJECT.to_owned()) /> })}
        </section>
    }
    .into_any()
}

#[component]
fn Member(member: Named, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <li>
            <div class="person">
                <Face name=member.name.clone() />
                <h3>
                    <a href=format!("/identities/{}", member.id)>{member.name}</a>
                </h3>
                {children.map(|more| more())}
            </div>
        </li>
    }
    .into_any()
}
