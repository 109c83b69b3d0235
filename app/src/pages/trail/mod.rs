//! The trail: everything that happened, in one search.

pub mod api;

use crate::{
    components::{
        icon::Icon,
        list::{Asked, Pager, Search, asked},
        note::Empty,
        time::Moment,
        words::{capital, marked, number, so_many},
    },
    frame::page,
};
use domain::views::{Page, TrailRow};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The trail.
#[component]
pub fn Trail() -> impl IntoView {
    let asked = asked();
    let Asked { q, after, .. } = asked.clone();
    page(api::trail(q, after), |list| view! { <Draw asked list /> })
}

#[component]
fn Draw(asked: Asked, list: Page<TrailRow>) -> impl IntoView {
    let Page { items, next } = list;
    let shown = items.len();
    let named = (!asked.q.is_empty()).then(|| format!("name “{}”", asked.q));
    let says = match (shown, named) {
        (0, None) => ("Nothing".to_owned(), " is recorded yet.".to_owned()),
        (0, Some(_)) => ("Nothing".to_owned(), format!(" recorded names “{}”.", asked.q)),
        (n, Some(named)) if next.is_none() && asked.after.is_empty() => {
            (capital(&so_many(n, "event", "events")), format!(" {named}."))
        }
        (n, Some(named)) => (format!("{} events", capital(&number(n))), format!(" of those that {named}.")),
        (n, None) => {
            (format!("{} events", capital(&number(n))), " of everything that happened, newest first.".to_owned())
        }
    };
    view! {
        <Title text="Trail" />
        <h1 class="sentence">
            <strong>{says.0}</strong>
            {says.1}
        </h1>
        <Search to="/trail" label="A person, bundle or system by its key, a request by its id, or what happened" value=asked.q.clone() />
        <section aria-label="Events">
            {if items.is_empty() {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Search title="No event">
                            <p>"Try a key such as orders-read or maya.lindqvist, the whole id of a request, or a word such as approved."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(view! { <Events items /> })
            }} <Pager asked shown next />
        </section>
    }
    .into_any()
}

#[component]
fn Events(items: Vec<TrailRow>) -> impl IntoView {
    let rows = items
        .into_iter()
        .map(|TrailRow { line, name, path, kind }| {
            view! {
                <tr>
                    <th scope="row">
                        <Moment at=line.at />
                    </th>
                    <td data-label="What">{marked(&capital(&line.what))} {line.founding.then_some(", in founding mode")}</td>
                    <td data-label="Who">{line.who}</td>
                    <td data-label="About">
                        <a href=path>{name}</a>
                        " "
                        <span class="soft">{kind}</span>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <caption>"Newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"When"</th>
                    <th scope="col">"What happened"</th>
                    <th scope="col">"Who did it"</th>
                    <th scope="col">"About"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
