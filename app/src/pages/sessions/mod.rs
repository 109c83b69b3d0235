//! My sessions: where I am signed in, and how to sign out of there.

pub mod api;

use crate::{
    components::{
        acts::Act,
        badge::{Badge, Tone},
        icon::Icon,
        note::Stopped,
        time::When,
        words::number,
    },
    frame::page,
};
use domain::views::SessionView;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

/// The reader's sessions.
#[component]
pub fn Sessions() -> impl IntoView {
    page(api::sessions(), |sessions| view! { <Draw sessions /> })
}

#[component]
fn Draw(sessions: Vec<SessionView>) -> impl IntoView {
    let places = match sessions.len() {
        0 | 1 => "in one place".to_owned(),
        n => format!("in {} places", number(n)),
    };
    view! {
        <Title text="My sessions" />
        <h1 class="sentence">"You are signed in " <strong>{places}</strong> "."</h1>
        <p class="lead">"A session ends by itself after some quiet, and at the latest after some hours in any case."</p>
        <Stopped acts=vec!["/api/sessions/end", "/api/sessions/sign-out-everywhere"] />
        <section aria-label="Sessions">
            <ul class="rows">{sessions.into_iter().map(|session| view! { <Session session /> }).collect_view()}</ul>
            <div class="acts standing">
                <Act to="/api/sessions/sign-out-everywhere" class="button danger" label="Sign out everywhere" />
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Session(session: SessionView) -> impl IntoView {
    let SessionView { id, signed_in_at, seen_at, agent, address, current } = session;
    let browser = browser(&agent);
    view! {
        <li>
            <div>
                <h2 title=agent>{browser.clone()}</h2>
                <p class="meta">
                    <span>"signed in " <When at=signed_in_at /></span> <span>"seen " <When at=seen_at /></span>
                    <span>"from " {address}</span>
                </p>
            </div>
            <div class="side">
                {if current {
                    Either::Left(view! { <Badge tone=Tone::Good icon=Icon::Check label="This one" /> })
                } else {
                    Either::Right(
                        view! {
                            <Act
                                to="/api/sessions/end"
                                with=vec![("session", id.to_string())]
                                class="button small"
                                label="Sign out"
                                aria=format!("Sign out {browser}")
                            />
                        },
                    )
                }}
            </div>
        </li>
    }
    .into_any()
}

/// A browser and where it runs, from what it says of itself; the whole of it where nothing is known.
fn browser(agent: &str) -> String {
    let first =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.trim().is_empty() => "A browser that does not say which".to_owned(),
        (None, None) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_browsers_as_people_know_them() {
        let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Mobile/15E148 Safari/604.1";
        assert_eq!(browser(linux), "Firefox on Linux");
        assert_eq!(browser(phone), "Safari on iPhone");
        assert_eq!(browser("a script"), "a script");
        assert_eq!(browser(""), "A browser that does not say which");
    }
}
