//! The portal's pages: the shell around them and the routes to them, one line a page. Both sides compile this; the rules are in `domain`,
//! what people can do is in `operations`, and only `server` (on the server) knows the way there.

#![recursion_limit = "256"]
#![expect(clippy::needless_pass_by_value, reason = "what a part of a page is given is its own")]
#![expect(clippy::fn_params_excessive_bools, reason = "each is an attribute of a field, written by its name")]

pub mod components;
pub mod fault;
pub mod frame;
pub mod islands;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};
use pages::{
    access::Access,
    ask::Ask,
    authenticators::{AddAuthenticator, Authenticators},
    bundles::{Bundle, Bundles},
    catalogue::Catalogue,
    confirm::Confirm,
    delegation::Delegation,
    editor::Editor,
    findings::Findings,
    groups::{Group, Groups},
    guardrails::{EditGuardrails, Guardrails},
    home::Home,
    identities::{Identities, Identity},
    inbox::{Inbox, InboxItem},
    missing::Missing,
    notices::Notices,
    requests::Request,
    sessions::Sessions,
    sign_in::SignIn,
    signals::Signals,
    systems::{System, Systems},
    tasks::Tasks,
    trail::Trail,
    welcome::Welcome,
};

/// Where the browser finds what the build made: `/pkg/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFiles {
    /// The script that loads the browser part.
    pub js: String,
    /// The browser part.
    pub wasm: String,
    /// The style.
    pub css: String,
}

/// That this portal is a demo, and how one signs in to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demo {
    /// Everybody's password.
    pub password: String,
    /// Who there is: what they are in the demo, and their sign-in name.
    pub people: Vec<(String, String)>,
}

/// The document around every page.
pub fn shell() -> impl IntoView {
    let files = use_context::<SiteFiles>();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {files.map(|files| view! { <link rel="stylesheet" href=files.css.clone() /> <Wake files /> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Loads the browser part and wakes the islands.
#[component]
fn Wake(files: SiteFiles) -> impl IntoView {
    let SiteFiles { js, wasm, .. } = files;
    if let Some(context) = Owner::current_shared_context() {
        // Only islands wake, so nothing else needs marks to be found by.
        context.set_is_hydrating(false);
    }
    let script = format!("{}({js:?},{wasm:?})", include_str!("wake.js"));
    view! {
        <link rel="modulepreload" href=js.clone() nonce=use_nonce() />
        <link rel="preload" href=wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <script type="module" nonce=use_nonce() inner_html=script></script>
    }
    .into_any()
}

/// Every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Sallyport".to_owned() } else { format!("{title} · Sallyport") } />
        <Router>
            <FlatRoutes fallback=Missing>
                <Route path=path!("/") view=Home ssr=SsrMode::Async />
                <Route path=path!("/sign-in") view=SignIn ssr=SsrMode::Async />
                <Route path=path!("/welcome/:token") view=Welcome ssr=SsrMode::Async />
                <Route path=path!("/catalogue") view=Catalogue ssr=SsrMode::Async />
                <Route path=path!("/ask/:bundle") view=Ask ssr=SsrMode::Async />
                <Route path=path!("/requests/:id") view=Request ssr=SsrMode::Async />
                <Route path=path!("/access") view=Access ssr=SsrMode::Async />
                <Route path=path!("/inbox") view=Inbox ssr=SsrMode::Async />
                <Route path=path!("/inbox/:id") view=InboxItem ssr=SsrMode::Async />
                <Route path=path!("/tasks") view=Tasks ssr=SsrMode::Async />
                <Route path=path!("/notices") view=Notices ssr=SsrMode::Async />
                <Route path=path!("/sessions") view=Sessions ssr=SsrMode::Async />
                <Route path=path!("/authenticators") view=Authenticators ssr=SsrMode::Async />
                <Route path=path!("/authenticators/add/:id") view=AddAuthenticator ssr=SsrMode::Async />
                <Route path=path!("/delegation") view=Delegation ssr=SsrMode::Async />
                <Route path=path!("/confirm/:id") view=Confirm ssr=SsrMode::Async />
                <Route path=path!("/bundles") view=Bundles ssr=SsrMode::Async />
                <Route path=path!("/bundles/:key") view=Bundle ssr=SsrMode::Async />
                <Route path=path!("/guardrails") view=Guardrails ssr=SsrMode::Async />
                <Route path=path!("/guardrails/edit") view=EditGuardrails ssr=SsrMode::Async />
                <Route path=path!("/editor") view=Editor ssr=SsrMode::Async />
                <Route path=path!("/editor/:key") view=Editor ssr=SsrMode::Async />
                <Route path=path!("/systems") view=Systems ssr=SsrMode::Async />
                <Route path=path!("/systems/:key") view=System ssr=SsrMode::Async />
                <Route path=path!("/identities") view=Identities ssr=SsrMode::Async />
                <Route path=path!("/identities/:key") view=Identity ssr=SsrMode::Async />
                <Route path=path!("/groups") view=Groups ssr=SsrMode::Async />
                <Route path=path!("/groups/:key") view=Group ssr=SsrMode::Async />
                <Route path=path!("/signals") view=Signals ssr=SsrMode::Async />
                <Route path=path!("/findings") view=Findings ssr=SsrMode::Async />
                <Route path=path!("/trail") view=Trail ssr=SsrMode::Async />
            </FlatRoutes>
        </Router>
    }
    .into_any()
}
