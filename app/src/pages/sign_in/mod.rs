//! Signing in.

pub mod api;

use crate::{
    Demo,
    components::{
        acts::Hidden,
        field::Line,
        note::{Id, Stopped},
    },
    fault::Flash,
    frame::{self, Closed, Gate},
};
use domain::views::Banners;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

const SENT_TO: &str = "/api/sessions/sign-in";

/// The page before the door.
#[component]
pub fn SignIn() -> impl IntoView {
    let flash = Flash::of(&[SENT_TO]);
    let next = use_query_map().get_untracked().get("next").or_else(|| flash.value("next")).unwrap_or_default();
    Suspend::new(async move {
        match frame::api::banners().await {
            Ok(banners) => view! { <Door banners flash next /> }.into_any(),
            Err(fault) => view! { <Closed fault banners=Banners::default() /> }.into_any(),
        }
    })
}

#[component]
fn Door(banners: Banners, flash: Flash, next: String) -> impl IntoView {
    view! {
        <Title text="Sign in" />
        <Gate banners>
            <h1 class="sentence">
                <strong>"Sign in"</strong>
                " to ask for access, or to decide about it."
            </h1>
            <Stopped acts=vec![SENT_TO] />
            <form class="form" method="post" action="/api/sessions/sign-in">
                <Hidden of=vec![("next", next)] />
                <Line
                    name="name"
                    label="Name"
                    hint="The one you have here, like maya.lindqvist, or your work email"
                    kept=flash.kept("name")
                    autocomplete="username"
                    required=true
                    autofocus=true
                />
                <Line
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                    most=1000
                    required=true
                />
                <button class="button primary" type="submit">
                    "Sign in"
                </button>
            </form>
            <p class="hint">"No password yet, or lost it? An admin can send you a link that lets you set one."</p>
            {use_context::<Demo>().map(|demo| view! { <People demo /> })}
        </Gate>
    }
    .into_any()
}

#[component]
fn People(demo: Demo) -> impl IntoView {
    let people = demo
        .people
        .into_iter()
        .map(|(what, name)| {
            view! {
                <dt>{what}</dt>
                <dd>
                    <Id of=name />
                </dd>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="demo-title">
            <h2 id="demo-title">"People of the demo"</h2>
            <p class="hint">"All with the password " <Id of=demo.password /></p>
            <dl class="facts logins">{people}</dl>
        </section>
    }
    .into_any()
}
