//! What stands around every page: where one can go, who is signed in, and what is said when a page cannot be shown.

pub mod api;

use crate::{
    components::{
        acts::Act,
        badge::{Count, Tone},
        icon::{Icon, Wordmark},
        list::encoded,
        note::Face,
        words::said,
    },
    fault::{Fault, Flash},
    islands::Alive,
};
use domain::{
    identity::PortalRole,
    views::{Banners, Shell},
};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_location;

/// A page for somebody signed in: waits for what it shows, then draws it in its frame, or says in words why it cannot.
pub fn page<T, V>(
    load: impl Future<Output = Result<T, Fault>> + Send + 'static,
    draw: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move {
        // First, because it says as of when the page is read.
        let shell = match api::shell().await {
            Ok(shell) => shell,
            Err(fault) => {
                // What could not be read is not said.
                let banners = api::banners().await.unwrap_or_default();
                return view! { <Closed fault banners /> }.into_any();
            }
        };
        provide_context(shell.clone());
        let content = match load.await {
            Ok(facts) => draw(facts).into_any(),
            Err(fault) => view! { <Stop fault /> }.into_any(),
        };
        view! { <Frame shell>{content}</Frame> }.into_any()
    })
}

#[component]
fn Frame(shell: Shell, children: Children) -> impl IntoView {
    let changes = shell.changes.to_string();
    view! {
        <SkipLink />
        <Top shell=shell.clone() />
        <main class="page" id="main" tabindex="-1" data-changes=changes>
            {children()}
        </main>
        <footer class="foot">
            <div>
                <span>"Sallyport " {env!("CARGO_PKG_VERSION")}</span>
                <span>
                    <kbd>"Ctrl"</kbd>
                    " "
                    <kbd>"K"</kbd>
                    " goes anywhere"
                </span>
                <a href="/delegation">"Who decides for me"</a>
                <a href="/sessions">"My sessions"</a>
            </div>
        </footer>
        <dialog class="palette" id="palette" aria-label="Go anywhere">
            <div class="search">
                {Icon::Search.svg()}
                <input
                    type="text"
                    role="combobox"
                    aria-label="Go to"
                    aria-expanded="true"
                    aria-controls="places"
                    autocomplete="off"
                    maxlength="200"
                    placeholder="A page, a bundle, a system, a name"
                />
            </div>
            <ul role="listbox" id="places" aria-label="Places"></ul>
        </dialog>
        <Alive />
    }
    .into_any()
}

#[component]
fn SkipLink() -> impl IntoView {
    view! {
        <a class="skip" href="#main">
            "Skip to the page"
        </a>
    }
    .into_any()
}

#[component]
fn Top(shell: Shell) -> impl IntoView {
    let new = shell.to_decide + shell.tasks + shell.notices;
    view! {
        <header class="top">
            <OfThePortal banners=shell.banners inside=true />
            <div class="bar">
                <a class="wordmark" href="/">
                    <Wordmark />
                </a>
                <Nav shell=shell.clone() />
                <div class="end">
                    <button class="button quiet menu" type="button" popovertarget="nav">
                        "Menu "
                        <span id="menu-count" data-live="">
                            <Count of=new what="new" />
                        </span>
                    </button>
                    <Account shell />
                </div>
            </div>
        </header>
    }
    .into_any()
}

#[component]
fn Banner(tone: Tone, icon: Icon, children: Children) -> impl IntoView {
    view! {
        <p class="banner" data-tone=tone.word()>
            {icon.svg()}
            <span>{children()}</span>
        </p>
    }
    .into_any()
}

/// What is said of the portal itself; to those inside also what to do about it.
#[component]
fn OfThePortal(banners: Banners, #[prop(optional)] inside: bool) -> impl IntoView {
    let invite = inside.then(|| view! { " " <a href="/identities">"Invite an admin"</a> });
    view! {
        {banners
            .founding
            .then(|| {
                view! {
                    <Banner tone=Tone::Wait icon=Icon::Warn>
                        <strong>"Founding mode."</strong>
                        " Until a second admin has signed in, one person may publish alone, and every event says so."
                        {invite}
                    </Banner>
                }
            })}
        {banners
            .demo
            .then(|| {
                view! {
                    <Banner tone=Tone::Info icon=Icon::Info>
                        <strong>"Demo."</strong>
                        " Made-up people, known passwords; nothing here is real."
                    </Banner>
                }
            })}
    }
    .into_any()
}

#[component]
fn Nav(shell: Shell) -> impl IntoView {
    let waits = shell.to_decide + shell.tasks;
    let sees_all = shell.roles.iter().any(|role| matches!(role, PortalRole::Admin | PortalRole::Auditor));
    view! {
        <nav class="nav" id="nav" popover="" aria-label="Main" data-live="">
            <ul>
                <Place to="/" under=&[] name="Home" />
                <Place to="/catalogue" under=&["/ask"] name="Catalogue" />
                <Place to="/access" under=&["/requests"] name="My access" />
                <Place to="/inbox" under=&["/tasks"] name="Inbox" count=waits what="waiting" />
                <Place to="/notices" under=&[] name="Notices" count=shell.notices what="unread" />
                {if sees_all {
                    Either::Left(
                        view! {
                            <Place to="/bundles" under=&[] name="Bundles" rule=true />
                            <Place to="/guardrails" under=&[] name="Guardrails" />
                            <Place to="/systems" under=&[] name="Systems" />
                            <Place to="/identities" under=&["/groups", "/signals"] name="Identities" />
                            <Place to="/findings" under=&[] name="Findings" />
                            <Place to="/trail" under=&[] name="Trail" />
                        },
                    )
                } else {
                    Either::Right(view! { <Place to="/systems" under=&[] name="Systems" rule=true /> })
                }}
            </ul>
        </nav>
    }
    .into_any()
}

#[component]
fn Place(
    to: &'static str,
    under: &'static [&'static str],
    name: &'static str,
    #[prop(optional)] count: u32,
    #[prop(optional)] what: &'static str,
    #[prop(optional)] rule: bool,
) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let below = |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let here = path == to || (to != "/" && below(to)) || under.iter().any(|place| below(place));
    view! {
        <li class=rule.then_some("rule")>
            <a href=to aria-current=here.then_some("page")>
                {name}
                " "
                <Count of=count what />
            </a>
        </li>
    }
    .into_any()
}

#[component]
fn Account(shell: Shell) -> impl IntoView {
    let roles = shell.roles.iter().map(|role| role_word(*role)).collect::<Vec<_>>().join(", ");
    view! {
        <details class="account">
            <summary>
                <Face name=shell.name.clone() />
                <span class="label">{shell.name.clone()}</span>
            </summary>
            <div>
                <p>
                    <strong>{shell.name}</strong>
                    {(!roles.is_empty()).then(|| view! { <br /> <span class="soft">{roles}</span> })}
                </p>
                <a href=format!("/identities/{}", shell.key)>"Who I am here"</a>
                <a href="/authenticators">"Passkeys and codes"</a>
                <a href="/sessions">"My sessions"</a>
                <Act to="/api/sessions/sign-out" label="Sign out" class="" />
            </div>
        </details>
    }
    .into_any()
}

/// A page before the door: nobody is signed in.
#[component]
pub fn Gate(
    /// What is said of the portal itself.
    banners: Banners,
    /// What it says.
    children: Children,
) -> impl IntoView {
    let any = banners.founding || banners.demo;
    view! {
        <SkipLink />
        {any.then(|| view! { <header><OfThePortal banners /></header> })}
        <main class="gate" id="main" tabindex="-1">
            <p class="wordmark">
                <Wordmark />
            </p>
            {children()}
        </main>
        <Alive />
    }
    .into_any()
}

/// What is said when there is not even a frame.
#[component]
pub fn Closed(
    /// What went wrong.
    fault: Fault,
    /// What is said of the portal itself.
    banners: Banners,
) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let then = fault.then();
    let door = if fault == Fault::SignIn { format!("/sign-in?next={}", encoded(&path)) } else { "/sign-in".to_owned() };
    let signs_in = matches!(fault, Fault::SignIn | Fault::Refused { .. });
    view! {
        <Title text=fault.says() />
        <Gate banners>
            <h1 class="sentence">{said(&fault.says())}</h1>
            {if signs_in {
                Either::Left(
                        view! {
                            <p class="acts">
                                <a class="button primary" href=door>
                                    "Sign in"
                                </a>
                            </p>
                        },
                    )
            } else {
                Either::Right(
                        view! {
                            {then.map(|then| view! { <p>{then}</p> })}
                            <p class="acts">
                                <a class="button" href=path>
                                    "Try again"
                                </a>
                            </p>
                        },
                    )
            }}
        </Gate>
    }
    .into_any()
}

/// What is said in the frame when the page itself cannot be shown.
#[component]
pub fn Stop(
    /// What went wrong.
    fault: Fault,
) -> impl IntoView {
    // A form that led here may have been told more than that nothing is here.
    let told = use_context::<Flash>().and_then(|flash| flash.trouble().cloned());
    let fault = told.filter(|_| fault == Fault::NotFound).unwrap_or(fault);
    let then = fault.then();
    view! {
        <Title text=fault.says() />
        <div class="stop">
            <h1 class="sentence">{stop_sentence(&fault)}</h1>
            {then.map(|then| view! { <p>{then}</p> })}
            <p class="acts">
                <a class="button" href="/">
                    "Home"
                </a>
                <a class="button quiet" href="/catalogue">
                    "Catalogue"
                </a>
            </p>
        </div>
    }
    .into_any()
}

fn stop_sentence(fault: &Fault) -> AnyView {
    if *fault == Fault::NotFound {
        view! { <strong>"Nothing is here"</strong> ", or nothing that you may see." }.into_any()
    } else if *fault == Fault::Ours {
        view! { <strong>"Something broke"</strong> " on our side, and nothing was changed." }.into_any()
    } else {
        said(&fault.says())
    }
}

/// A role as people say it.
pub fn role_word(role: PortalRole) -> &'static str {
    match role {
        PortalRole::Admin => "Admin",
        PortalRole::Auditor => "Auditor",
    }
}
