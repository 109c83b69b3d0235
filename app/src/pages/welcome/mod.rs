//! Setting a password by an invitation or a set-up link.

pub mod api;

use crate::{
    components::{
        acts::Hidden,
        field::{Errors, Line},
        note::Stopped,
        words::capital,
    },
    fault::{Fault, Flash},
    frame::{self, Closed, Gate},
};
use domain::views::Banners;
use leptos::prelude::*;
use leptos_meta::Title;

const SENT_TO: &str = "/api/invitations/accept";

/// The page that a one-time link leads to.
#[component]
pub fn Welcome() -> impl IntoView {
    let token = super::named("token");
    Suspend::new(async move {
        let banners = frame::api::banners().await.unwrap_or_default();
        match api::invitation(token.clone()).await {
            Ok(who) => view! { <SetPassword banners token key=who.id name=who.name /> }.into_any(),
            Err(fault) => view! { <Closed fault banners /> }.into_any(),
        }
    })
}

#[component]
fn SetPassword(banners: Banners, token: String, key: String, name: String) -> impl IntoView {
    let flash = Flash::of(&[SENT_TO]);
    let wrong = match flash.field() {
        Some(("again", says)) => vec![(Some("again".to_owned()), capital(says))],
        Some((_, says)) => vec![(Some("password".to_owned()), capital(says))],
        None => Vec::new(),
    };
    let other = wrong.is_empty();
    view! {
        <Title text="Set your password" />
        <Gate banners>
            <div>
                <h1 class="sentence">"Welcome, " <strong>{name}</strong> ". Set a password and you are in."</h1>
                <p class="lead">"This link works once."</p>
            </div>
            <Errors title="One thing to put right" of=wrong />
            {other.then(|| view! { <Stopped acts=vec![SENT_TO] /> })}
            <form class="form" method="post" action="/api/invitations/accept">
                <Hidden of=vec![("token", token)] />
                <input
                    class="vh"
                    type="text"
                    name="name"
                    autocomplete="username"
                    value=key
                    readonly
                    tabindex="-1"
                    aria-label="Name"
                />
                <Line
                    name="password"
                    label="New password"
                    hint="At least 12 characters. Three or four words you can remember are better than signs you cannot."
                    kept=flash.kept("password")
                    kind="password"
                    autocomplete="new-password"
                    fewest=12
                    most=1000
                    required=true
                />
                <Line
                    name="again"
                    label="The same once more"
                    kept=flash.kept("again")
                    kind="password"
                    autocomplete="new-password"
                    most=1000
                    required=true
                />
                <button class="button primary" type="submit">
                    "Set password and sign in"
                </button>
            </form>
        </Gate>
    }
    .into_any()
}

/// Whether the password was typed the same twice.
pub fn same(password: &str, again: &str) -> Result<(), Fault> {
    if password == again {
        return Ok(());
    }
    Err(Fault::Field { name: "again".to_owned(), says: "these are two different passwords".to_owned() }.told())
}
