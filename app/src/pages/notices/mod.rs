//! What the reader should know.

pub mod api;

use crate::{
    components::{
        acts::Act,
        icon::Icon,
        list::{Asked, Pager, asked},
        note::Empty,
        time::When,
        words::{capital, number, said},
    },
    frame::page,
};
use domain::views::{NoticeView, Page, Shell};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The reader's notices.
#[component]
pub fn Notices() -> impl IntoView {
    let asked = asked();
    page(api::notices(asked.after.clone()), |list| view! { <Draw asked list /> })
}

#[component]
fn Draw(asked: Asked, list: Page<NoticeView>) -> impl IntoView {
    let new = use_context::<Shell>().map_or(0, |shell| shell.notices) as usize;
    let shown = list.items.len();
    view! {
        <Title text="Notices" />
        <h1 class="sentence" id="sentence" data-live="">
            {match new {
                0 => view! { <strong>"Nothing"</strong> " is new." }.into_any(),
                1 => view! { <strong>"One notice"</strong> " is new." }.into_any(),
                n => view! { <strong>{capital(&number(n))} " notices"</strong> " are new." }.into_any(),
            }}
        </h1>
        {(new > 0)
            .then(|| {
                view! {
                    <div class="acts standing">
                        <Act to="/api/notices/read" label="Mark all as read" />
                    </div>
                }
            })}
        <section aria-label="Notices" id="notices" data-live="">
            {if list.items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Inbox title="No notices">
                            <p>"When something you asked for is decided, given or about to end, you read it here."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(
                    view! {
                        <ul class="rows">{list.items.into_iter().map(|notice| view! { <Notice notice /> }).collect_view()}</ul>
                    },
                )
            }} <Pager asked shown next=list.next />
        </section>
    }
    .into_any()
}

#[component]
fn Notice(notice: NoticeView) -> impl IntoView {
    let NoticeView { at, says, path, read, .. } = notice;
    let unread = !read;
    view! {
        <li data-tone=if unread { "info" } else { "none" }>
            <div class="person">
                <span class="face" aria-hidden="true">
                    {Icon::Note.svg()}
                </span>
                <p class=unread.then_some("new")>
                    {unread.then(|| view! { <span class="vh">"Unread: "</span> })} <a href=path>{said(&says)}</a>
                </p>
                <p class="meta">
                    <When at />
                </p>
            </div>
            {unread
                .then(|| {
                    view! {
                        <div class="side">
                            <span class="dot" aria-hidden="true"></span>
                        </div>
                    }
                })}
        </li>
    }
    .into_any()
}
