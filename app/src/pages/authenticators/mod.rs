//! One's own passkeys and codes: what one has, adding, naming and removing.

pub mod api;

use crate::{
    components::{
        acts::{Act, Hidden, More},
        badge::Tone,
        field::Line,
        icon::Icon,
        note::{Crumb, Empty, Note, Stopped},
        passkey::Passkey,
        time::When,
        words::{number, so_many},
    },
    fault::{Fault, Flash},
    frame::page,
};
use domain::{
    ids::PendingId,
    stepup::Strength,
    views::authenticators::{AuthenticatorView, AuthenticatorsPage, EnrolPage, Enrolling},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

const ADD: &str = "/api/authenticators/add";
const ADDED: &str = "/api/authenticators/added";
const ACTS: [&str; 5] = [
    ADD,
    "/api/authenticators/rename",
    "/api/authenticators/remove",
    "/api/authenticators/codes",
    "/api/authenticators/refuse-reset",
];

/// The reader's passkeys and codes.
#[component]
pub fn Authenticators() -> impl IntoView {
    page(api::mine(), |mine| view! { <Draw mine /> })
}

/// Where one of them is added.
#[component]
pub fn AddAuthenticator() -> impl IntoView {
    let id = super::named("id");
    page(
        async move {
            let id: PendingId = id.parse().map_err(|_| Fault::NotFound.told())?;
            api::adding(id).await
        },
        |adding| view! { <DrawAdding adding /> },
    )
}

#[component]
fn Draw(mine: AuthenticatorsPage) -> impl IntoView {
    let AuthenticatorsPage { mine, recovery_codes, apps, passkeys_at, adds_with, locked_until, barred_until, reset } =
        mine;
    let count = |kind| mine.iter().filter(|a| a.kind == kind).count();
    let has = match (count(Strength::Passkey), count(Strength::Code)) {
        (0, 0) => "nothing but your password".to_owned(),
        (keys, 0) => so_many(keys, "passkey", "passkeys"),
        (0, apps) => so_many(apps, "authenticator app", "authenticator apps"),
        (keys, apps) => format!(
            "{} and {}",
            so_many(keys, "passkey", "passkeys"),
            so_many(apps, "authenticator app", "authenticator apps")
        ),
    };
    let has_app = count(Strength::Code) > 0;
    let none = mine.is_empty();
    view! {
        <Title text="Passkeys and codes" />
        <h1 class="sentence">"You show who you are with " <strong>{has}</strong> "."</h1>
        <p class="lead">
            "Some decisions want more than being signed in: a one-time code, or a passkey that signs the very decision."
        </p>
        {locked_until
            .map(|until| {
                view! {
                    <Note tone=Tone::Bad>
                        <p>"Too many tries failed. Nothing can be confirmed until " <When at=until /> "."</p>
                    </Note>
                }
            })}
        {barred_until
            .map(|until| {
                view! {
                    <Note tone=Tone::Wait>
                        <p>"Two admins reset what you had. You decide nothing until " <When at=until /> "."</p>
                    </Note>
                }
            })}
        {reset
            .map(|(by, at)| {
                view! {
                    <Note tone=Tone::Bad>
                        <p>
                            <strong>{by}</strong>
                            " asked to remove all of these "
                            <When at />
                            ". If you did not ask for that, refuse it."
                        </p>
                        <form method="post" action="/api/authenticators/refuse-reset">
                            <MyId />
                            <button class="button danger" type="submit">
                                "Refuse the reset"
                            </button>
                        </form>
                    </Note>
                }
            })}
        <Stopped acts=ACTS.to_vec() />
        <section aria-label="What you have">
            {if none {
                Either::Left(
                    view! {
                        <Empty icon=Icon::Key title="Add a passkey first">
                            <p>"It takes a moment, and it is both the quickest and the strongest way to confirm what you do."</p>
                        </Empty>
                    },
                )
            } else {
                Either::Right(view! { <ul class="rows">{mine.into_iter().map(|one| view! { <One one /> }).collect_view()}</ul> })
            }}
        </section>
        <section class="acts standing" aria-label="Add">
            {match passkeys_at {
                Some(at) => {
                    view! {
                        <More label="Add a passkey" class="button">
                            <Add
                                kind=Strength::Passkey
                                example="Work laptop"
                                hint=format!("Passkeys made here work at {at}")
                                adds_with
                            />
                        </More>
                    }
                        .into_any()
                }
                None => {
                    view! { <p class="hint">"Passkeys need a public address: an operator sets `public_url`."</p> }.into_any()
                }
            }}
            {if apps {
                view! {
                    <More label="Add an authenticator app" class="button">
                        <Add
                            kind=Strength::Code
                            example="Phone"
                            hint="Any app that makes six-digit codes".to_owned()
                            adds_with
                        />
                    </More>
                }
                    .into_any()
            } else {
                view! { <p class="hint">"One-time codes are not set up here: an operator sets `secrets_key`."</p> }.into_any()
            }}
        </section>
        {has_app
            .then(|| {
                view! {
                    <section aria-labelledby="recovery">
                        <h2 id="recovery">"Recovery codes"</h2>
                        <p>
                            {format!("You have {} left. ", so_many(recovery_codes, "code", "codes"))}
                            "Each stands in for the app once."
                        </p>
                        <Act to="/api/authenticators/codes" label="Make new ones" />
                    </section>
                }
            })}
    }
    .into_any()
}

/// The reader's own id, for acts that name a person.
#[component]
fn MyId() -> impl IntoView {
    let id = use_context::<domain::views::Shell>().map(|shell| shell.me.to_string()).unwrap_or_default();
    view! { <Hidden of=vec![("identity", id)] /> }
}

#[component]
fn Add(kind: Strength, example: &'static str, hint: String, adds_with: Option<Strength>) -> impl IntoView {
    let flash = Flash::of(&[ADD]);
    let waits = adds_with.filter(|with| *with < kind).map(|with| {
        format!(
            "You add it with {}, so for a day it counts for no more than that; from then on it counts as {}.",
            with.word(),
            kind.word()
        )
    });
    view! {
        <form class="form" method="post" action=ADD>
            <Hidden of=vec![("kind", kind.key().to_owned())] />
            <Line
                name="name"
                id=if kind == Strength::Passkey { "passkey-name" } else { "app-name" }
                label="What will you call it?"
                hint
                placeholder=example
                kept=flash.kept("name")
                class="short"
                most=60
                required=true
            />
            {waits.map(|says| view! { <p class="hint">{says}</p> })}
            <div class="acts">
                <button class="button primary" type="submit">
                    "Go on"
                </button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn One(one: AuthenticatorView) -> impl IntoView {
    let AuthenticatorView { id, name, kind, added_at, used_at, young } = one;
    let what = if kind == Strength::Passkey { "Passkey" } else { "Authenticator app" };
    let (field, aria, old) = ("name", format!("Remove {name}"), name.clone());
    view! {
        <li>
            <div>
                <h2>{name}</h2>
                <p class="meta">
                    <span>{what}</span> <span>"added " <When at=added_at /></span>
                    {used_at.map(|at| view! { <span>"used " <When at /></span> })}
                </p>
                {young
                    .map(|(counts, until)| {
                        view! {
                            <p class="hint">
                                {format!("It was added with {}, and counts for no more than that until ", counts.word())}
                                <When at=until /> "; then it counts as " {kind.word()} "."
                            </p>
                        }
                    })}
            </div>
            <div class="side">
                <More label="Rename" class="button small">
                    <form class="form" method="post" action="/api/authenticators/rename">
                        <Hidden of=vec![("authenticator", id.to_string())] />
                        <label>
                            "New name " <input class="short" name=field value=old maxlength="60" required autocomplete="off" />
                        </label>
                        <button class="button small" type="submit">
                            "Rename"
                        </button>
                    </form>
                </More>
                <Act
                    to="/api/authenticators/remove"
                    with=vec![("authenticator", id.to_string())]
                    class="button small danger"
                    label="Remove"
                    aria=aria
                />
            </div>
        </li>
    }
    .into_any()
}

#[component]
fn DrawAdding(adding: EnrolPage) -> impl IntoView {
    let EnrolPage { id, name, what, codes, expires_at } = adding;
    let codes = (!codes.is_empty()).then(|| view! { <Codes codes /> });
    view! {
        <Title text="Add" />
        <Crumb to="/authenticators" name="Passkeys and codes" />
        <h1 class="sentence">
            {match what {
                Enrolling::Codes => Either::Left(view! { "These are your new " <strong>"recovery codes"</strong> "." }),
                Enrolling::App { .. } | Enrolling::Passkey { .. } => {
                    Either::Right(view! { "Add " <strong>{format!("“{name}”")}</strong> "." })
                }
            }}
        </h1>
        <Stopped acts=vec![ADDED] />
        {match what {
            Enrolling::Passkey { options } => {
                view! {
                    <p class="lead">"Your browser asks how you unlock it. Sallyport keeps only its public key."</p>
                    <Passkey to=ADDED id does="create" options label="Make the passkey" />
                }
                    .into_any()
            }
            Enrolling::App { secret, url, picture } => {
                view! {
                    <p class="lead">"Scan this with your app, or type the secret into it, then write the code it shows."</p>
                    <div class="enrol">
                        <div class="qr" role="img" aria-label="The secret as a QR code" inner_html=picture></div>
                        <div>
                            <p>
                                <code class="id" id="app-secret">
                                    {secret}
                                </code>
                            </p>
                            <p>
                                <a href=url>"Open it in an app on this device"</a>
                            </p>
                        </div>
                    </div>
                    {codes}
                    <Finish id code=true label="Add it" />
                }
                    .into_any()
            }
            Enrolling::Codes => {
                view! {
                    {codes}
                    <Finish id code=false label="I have kept them" />
                }
                    .into_any()
            }
        }}
        <p class="hint">"This lapses " <When at=expires_at /> "."</p>
    }
    .into_any()
}

#[component]
fn Codes(codes: Vec<String>) -> impl IntoView {
    let many = number(codes.len());
    view! {
        <section aria-labelledby="codes">
            <h2 id="codes">"Keep these recovery codes"</h2>
            <p>{format!("Each of the {many} stands in for the app once, should you lose it. They are not shown again.")}</p>
            <ul class="codes" id="recovery-codes">
                {codes.into_iter().map(|code| view! { <li><code>{code}</code></li> }).collect_view()}
            </ul>
            <p>
                <button class="button small" type="button" data-copy="#recovery-codes" hidden>
                    "Copy them"
                </button>
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn Finish(id: PendingId, code: bool, label: &'static str) -> impl IntoView {
    view! {
        <form class="form" method="post" action=ADDED>
            <Hidden of=vec![("id", id.to_string())] />
            {code
                .then(|| {
                    view! {
                        <Line
                            name="code"
                            label="The code your app shows now"
                            autocomplete="one-time-code"
                            class="short"
                            most=10
                            required=true
                        />
                    }
                })}
            <div class="acts">
                <button class="button primary" type="submit">
                    {label}
                </button>
            </div>
        </form>
    }
    .into_any()
}
