//! Confirming an act: what one states by it, and the ways to show who one is.

pub mod api;

use crate::{
    components::{
        acts::Hidden,
        field::Line,
        note::{Crumb, Stopped},
        passkey::Passkey,
        time::When,
        words::full,
    },
    frame::page,
};
use domain::{ids::PendingId, stepup::Strength, views::authenticators::ConfirmPage};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

const SENT_TO: &str = "/api/confirm";

/// The page where an act is confirmed.
#[component]
pub fn Confirm() -> impl IntoView {
    let id = super::named("id");
    let form = use_query_map().get_untracked().get("form");
    page(
        async move {
            let id: PendingId = id.parse().map_err(|_| crate::fault::Fault::NotFound.told())?;
            let mut waiting = api::waiting(id).await?;
            if let Some(form) = form {
                waiting.back = with_form(&waiting.back, &form);
            }
            Ok(waiting)
        },
        |waiting| view! { <Draw waiting /> },
    )
}

/// The page one came from, with what its form held.
fn with_form(page: &str, form: &str) -> String {
    if !form.chars().all(|c| c.is_ascii_alphanumeric()) {
        return page.to_owned();
    }
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let kept = format!("kept={form}");
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("kept="));
    let query: Vec<_> = others.chain([kept.as_str()]).collect();
    format!("{path}?{}", query.join("&"))
}

#[component]
fn Draw(waiting: ConfirmPage) -> impl IntoView {
    let ConfirmPage { id, says, needed, passkey, code, password, back, expires_at } = waiting;
    let several = [passkey.is_some(), code, password].into_iter().filter(|way| *way).count() > 1;
    view! {
        <Title text="Confirm" />
        <Crumb to=back name="Back, without doing it" />
        <p class="eyebrow">"You state"</p>
        <h1 class="sentence statement">{full(&says)}</h1>
        <p class="lead">
            "This wants " <strong>{needed.word()}</strong> ", for this very act. What you sent is kept, and lapses "
            <When at=expires_at /> "."
        </p>
        <Stopped acts=vec![SENT_TO] />
        <div class="ways">
            {passkey
                .map(|options| {
                    view! {
                        <section aria-labelledby="by-passkey">
                            <h2 id="by-passkey">"With a passkey"</h2>
                            <p class="hint">"Your passkey signs exactly this statement, and the signature stays with it."</p>
                            <Passkey to=SENT_TO id does="get" options label="Confirm with a passkey" />
                        </section>
                    }
                })}
            {code.then(|| view! { <ByCode id first=!several /> })} {password.then(|| view! { <ByPassword id first=!several /> })}
        </div>
        {(needed == Strength::Passkey)
            .then(|| {
                view! {
                    <p class="hint">
                        "Passkeys work only at the address they were made for. "
                        <a href="/authenticators">"Your passkeys and codes"</a>
                    </p>
                }
            })}
    }
    .into_any()
}

#[component]
fn ByCode(id: PendingId, first: bool) -> impl IntoView {
    view! {
        <section aria-labelledby="by-code">
            <h2 id="by-code">"With a one-time code"</h2>
            <form class="form" method="post" action=SENT_TO>
                <Hidden of=vec![("id", id.to_string())] />
                <Line
                    name="code"
                    label="Code"
                    hint="The six digits that your app shows now, or one of your recovery codes"
                    autocomplete="one-time-code"
                    class="short"
                    most=40
                    required=true
                    autofocus=first
                />
                <div class="acts">
                    <button class="button primary" type="submit">
                        "Confirm with a code"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn ByPassword(id: PendingId, first: bool) -> impl IntoView {
    view! {
        <section aria-labelledby="by-password">
            <h2 id="by-password">"With your password"</h2>
            <form class="form" method="post" action=SENT_TO>
                <Hidden of=vec![("id", id.to_string())] />
                <Line
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="current-password"
                    class="short"
                    most=256
                    required=true
                    autofocus=first
                />
                <div class="acts">
                    <button class="button primary" type="submit">
                        "Confirm with the password"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_the_form_as_it_was() {
        for (page, form, leads) in [
            ("/inbox/1", "abc1", "/inbox/1?kept=abc1"),
            ("/ask/x?continues=2&kept=old", "abc1", "/ask/x?continues=2&kept=abc1"),
            ("/inbox?kept=old", "abc1", "/inbox?kept=abc1"),
            ("/inbox/1", "a&b=//elsewhere", "/inbox/1"),
        ] {
            assert_eq!(with_form(page, form), leads);
        }
    }
}
