//! What waits to be done by hand on systems that no connector reaches.

pub mod api;

use crate::{
    components::{
        acts::{Hidden, More},
        badge::{Badge, Tone},
        icon::Icon,
        list::{Asked, Pager, asked},
        note::{Empty, Stopped},
        tabs::InboxTabs,
        time::When,
        words::{capital, number, said},
    },
    frame::page,
};
use domain::views::{Page, TaskView};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The tasks that wait for the reader.
#[component]
pub fn Tasks() -> impl IntoView {
    let asked = asked();
    page(api::tasks(asked.after.clone()), |tasks| view! { <Draw asked tasks /> })
}

#[component]
fn Draw(asked: Asked, tasks: Page<TaskView>) -> impl IntoView {
    let Page { items: tasks, next } = tasks;
    let whole = next.is_none() && asked.after.is_empty();
    let (all, takes) = (tasks.len(), tasks.iter().filter(|task| task.takes_away).count());
    let first = (takes > 0 && takes < all).then(|| view! { "; " <strong>"taking away"</strong> " comes first" });
    view! {
        <Title text="Tasks" />
        <h1 class="sentence" id="sentence" data-live="">
            {match all {
                0 => {
                    let says = if whole { " waits to be done by hand." } else { " more waits to be done by hand on this page." };
                    view! { <strong>"Nothing"</strong> {says} }.into_any()
                }
                n if !whole => {
                    view! { "Here are " <strong>{number(n)}</strong> " of the things that wait to be done by hand" {first} "." }
                        .into_any()
                }
                1 => view! { <strong>"One thing"</strong> " waits to be done by hand." }.into_any(),
                n => {
                    view! { <strong>{capital(&number(n))} " things"</strong> " wait to be done by hand" {first} "." }.into_any()
                }
            }}
        </h1>
        <InboxTabs />
        <Stopped acts=vec!["/api/tasks/attest"] />
        <div id="tasks" data-live="">
            {if all == 0 {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Inbox title="All done">
                            <p>
                                "When access has to be given or taken away by hand on a system you operate, the task shows up here by itself."
                            </p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(
                    view! { <ul class="rows">{tasks.into_iter().map(|task| view! { <Task task /> }).collect_view()}</ul> },
                )
            }} <Pager asked shown=all next />
        </div>
    }
    .into_any()
}

#[component]
fn Task(task: TaskView) -> impl IntoView {
    let TaskView { id, system, what, takes_away, account, subject, since, request, why_not } = task;
    let (tone, icon, says) = if takes_away {
        (Tone::Bad, Icon::Clock, "To be taken away")
    } else {
        (Tone::Wait, Icon::Clock, "Waits to be done")
    };
    view! {
        <li data-tone=tone.word()>
            <div>
                <h2>
                    <a href=format!("/requests/{request}")>
                        {if takes_away { "Take away: " } else { "Give: " }} {system}
                    </a>
                </h2>
                <p>{said(&what)}</p>
                <p class="meta">
                    <span>"account " <code>{account}</code></span> <span>"for " {subject}</span> <span>"since " <When at=since /></span>
                </p>
                {match why_not {
                    Some(why) => {
                        Either::Left(
                            view! {
                                <p class="why-not">
                                    {Icon::Lock.svg()} <span>
                                        <strong>"Not by you: "</strong>
                                        {why}
                                    </span>
                                </p>
                            },
                        )
                    }
                    None => Either::Right(view! { <Attest id=id.to_string() takes_away /> }),
                }}
            </div>
            <div class="side">
                <Badge tone icon label=says />
            </div>
        </li>
    }
    .into_any()
}

#[component]
fn Attest(id: String, takes_away: bool) -> impl IntoView {
    let says = if takes_away {
        "I removed it myself, and looked that it is gone"
    } else {
        "I gave it myself, and looked that it is there"
    };
    view! {
        <More label="I have done this" class="button">
            <form class="form" method="post" action="/api/tasks/attest">
                <Hidden of=vec![("task", id)] />
                <label class="check">
                    <input type="checkbox" name="attest" value="yes" required />
                    " "
                    {says}
                </label>
                <div class="acts">
                    <button class="button primary" type="submit">
                        "Attest that it is done"
                    </button>
                </div>
            </form>
        </More>
    }
    .into_any()
}
