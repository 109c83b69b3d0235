//! The one door from pages and server functions to the portal: who asks, which portal answers, and what a fault does to the response.

pub use crate::{Demo, SiteFiles, fault::Flash};

use crate::{
    components::{list::encoded, time::Now},
    fault::{Fault, OnFault},
};
use axum::http::{HeaderValue, Method, StatusCode, header, request::Parts};
use domain::{
    Actor, Refusal,
    views::{Invitation, bulk::Answered},
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use operations::{Answer, Portal, SessionKeyHash, SignedIn, Wanted};
use std::sync::Arc;

/// Who asks; the session layer puts it into the extensions of every request.
#[derive(Clone)]
pub struct Viewer {
    /// Who is signed in.
    pub actor: Option<Actor>,
    /// Their session, as the portal keeps it.
    pub session: Option<SessionKeyHash>,
    /// From which address, as far as it can be trusted.
    pub address: String,
    /// Which browser, as it calls itself.
    pub agent: String,
    /// Begins and ends this browser's session.
    pub doorkeeper: Arc<dyn Doorkeeper>,
}

/// Begins and ends the session of the browser that asks.
#[async_trait::async_trait]
pub trait Doorkeeper: Send + Sync {
    /// Begins a session, under a new id, for somebody who has just shown who they are.
    async fn let_in(&self, who: &SignedIn) -> Result<(), operations::Error>;
    /// Ends the session.
    async fn let_out(&self) -> Result<(), operations::Error>;
}

/// Gives pages and server functions what they need of the running portal. To be called once for each request, where contexts are
/// provided, for pages and for `/api` alike.
pub fn open(portal: Portal, files: Option<SiteFiles>, demo: Option<Demo>) {
    provide_context(Now(portal.now()));
    provide_context(portal);
    if let Some(files) = files {
        provide_context(files);
    }
    if let Some(demo) = demo {
        provide_context(demo);
    }
    let Some(parts) = use_context::<Parts>() else { return };
    if let Some(flash) = parts.extensions.get::<Flash>() {
        provide_context(flash.clone());
    }
    if let Some(response) = use_context::<ResponseOptions>() {
        provide_context(OnFault(Arc::new(move |fault| answer(fault, &parts, &response))));
    }
}

/// The running portal.
pub fn portal() -> Result<Portal, Fault> {
    use_context().ok_or_else(|| {
        tracing::error!("no portal in the context: is `app::server::open` called?");
        Fault::Ours.told()
    })
}

/// Who is at the other end.
pub fn viewer() -> Result<Viewer, Fault> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get().cloned()).ok_or_else(|| {
        tracing::error!("no viewer in the request: is the session layer on this route?");
        Fault::Ours.told()
    })
}

/// Who is signed in.
#[expect(clippy::unused_async, reason = "asking who acts may one day ask the portal")]
pub async fn actor() -> Result<Actor, Fault> {
    viewer()?.actor.ok_or_else(|| Fault::SignIn.told())
}

/// Begins a session for somebody who has just shown who they are, and leads on.
pub async fn let_in(who: &SignedIn, to: &str) -> Result<(), Fault> {
    viewer()?.doorkeeper.let_in(who).await?;
    lead_to(to);
    Ok(())
}

/// Leads on to a path of our own; to the first page, if it is not one.
pub fn lead_to(path: &str) {
    leptos_axum::redirect(if is_ours(path) { path } else { "/" });
}

/// Keeps what came of an act that was sent for several, and leads to the page that shows it.
pub async fn show_answers(act: &str, answers: &[Answered], page: &str) -> Result<(), Fault> {
    let flash = Flash { act: act.to_owned(), answers: answers.to_vec(), ..Flash::default() };
    let (portal, session) = (portal()?, viewer()?.session);
    let kept = match serde_json::to_string(&flash) {
        Ok(flash) => portal.keep_form(session.as_ref(), &flash).await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match kept {
        Ok(token) => lead_to(&format!("{page}?kept={token}")),
        // The act is done: the page itself shows what is left.
        Err(error) => {
            tracing::error!(%error, "could not keep what came of an act");
            lead_to(page);
        }
    }
    Ok(())
}

/// Has the reader confirm an act, which is kept until then.
pub async fn confirm_first(wanted: Wanted) -> Result<(), Fault> {
    let id = portal()?.begin_step_up(&actor().await?, &wanted, &came_from()).await?;
    lead_to(&format!("/confirm/{id}"));
    Ok(())
}

/// What came of an act; `None` when it wants a step-up, to which the reader is led.
pub async fn or_confirm<T>(done: Result<T, operations::Error>, wanted: Wanted) -> Result<Option<T>, Fault> {
    match done {
        Err(operations::Error::Refused(Refusal::StepUp { .. })) => confirm_first(wanted).await.map(|()| None),
        done => Ok(Some(done?)),
    }
}

/// How somebody answers who was asked to confirm something: with the one of these that is not empty.
pub fn answer_of(password: String, code: String, passkey: String) -> Answer {
    if !passkey.is_empty() {
        Answer::Passkey(passkey)
    } else if !code.is_empty() {
        Answer::Code(code)
    } else {
        Answer::Password(password)
    }
}

/// The page that a form was sent from, as its browser says; the first page, where it does not.
fn came_from() -> String {
    let referer = use_context::<Parts>()
        .and_then(|parts| parts.headers.get(header::REFERER)?.to_str().ok()?.parse::<axum::http::Uri>().ok());
    let path = referer.and_then(|referer| referer.path_and_query().map(ToString::to_string));
    path.filter(|path| is_ours(path)).unwrap_or_else(|| "/".to_owned())
}

/// A path that cannot lead to another host, however a browser reads it.
fn is_ours(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// Puts a one-time link where only its person's page in this browser can show it, and leads there: a cookie that this page takes back.
/// The portal itself keeps no more than its hash.
pub fn hand_over(invitation: &Invitation) {
    let Invitation { key, path, .. } = invitation;
    let until = crate::components::time::stamp(invitation.expires_at);
    // The form came from one of our pages (others are turned away), so this is where the reader sees us.
    let origin = own_origin().unwrap_or_default();
    set_handed(key, &format!("{key}~{origin}{path}~{until}"), 300);
    lead_to(&format!("/identities/{key}"));
}

/// The one-time link that was just made for the person with this key and until when it works, once.
pub fn handed_over(key: &str) -> Option<(String, String)> {
    let parts = use_context::<Parts>()?;
    let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let (link, until) = handed_to(key, cookies)?;
    set_handed(key, "", 0);
    Some((link.to_owned(), until.to_owned()))
}

/// What was handed over for this key alone: somebody else's link may lie in the same browser.
fn handed_to<'a>(key: &str, mut cookies: impl Iterator<Item = &'a str>) -> Option<(&'a str, &'a str)> {
    let for_key = |cookie: &'a str| {
        let value = cookie.strip_prefix(HANDED)?.strip_prefix('=')?;
        value.strip_prefix(key)?.strip_prefix('~')?.split_once('~')
    };
    cookies.find_map(|line| line.split("; ").find_map(for_key))
}

/// The cookie that holds a one-time link from the act that makes it to the page that shows it.
const HANDED: &str = "sallyport-handed";

fn set_handed(key: &str, value: &str, seconds: u32) {
    let secure = if own_origin().is_some_and(|origin| origin.starts_with("https:")) { "; Secure" } else { "" };
    let page = format!("Path=/identities/{key}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let cookie = format!("{HANDED}={value}; {page}");
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}

/// Scheme and host as the browser that sends a form sees them.
fn own_origin() -> Option<String> {
    let origin = use_context::<Parts>()?.headers.get(header::ORIGIN)?.to_str().ok()?.to_owned();
    origin.starts_with("http").then_some(origin)
}

/// What a fault does to the response: it gets its status, or leads to the door where a page was asked for and nobody is signed in. The
/// status of a plain form's post is the business of the layer that keeps the form, which has it answered as a script's.
fn answer(fault: &Fault, parts: &Parts, response: &ResponseOptions) {
    let accepts = parts.headers.get_all(header::ACCEPT);
    let wants_a_page = accepts.iter().any(|line| line.to_str().is_ok_and(|line| line.contains("text/html")));
    if *fault == Fault::SignIn && parts.method == Method::GET && wants_a_page {
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        leptos_axum::redirect(&format!("/sign-in?next={}", encoded(here)));
    } else if let Ok(status) = StatusCode::from_u16(fault.status()) {
        response.set_status(status);
    }
}

impl From<operations::Error> for Fault {
    fn from(error: operations::Error) -> Self {
        use operations::Error;
        let fault = match error {
            Error::NotFound => Self::NotFound,
            Error::Refused(refusal) => refused(&refusal),
            Error::Conflict => Self::Conflict,
            Error::Unready(why) => {
                tracing::warn!(%why, "not ready");
                Self::Unready
            }
            Error::Store(_) | Error::Connector(_) => {
                tracing::error!(%error, "an act failed");
                Self::Ours
            }
        };
        fault.told()
    }
}

fn refused(refusal: &Refusal) -> Fault {
    let says = refusal.to_string();
    if matches!(refusal, Refusal::TooMany(_)) {
        return Fault::TooMany { says };
    }
    match field(refusal) {
        Some(name) => Fault::Field { name: name.to_owned(), says },
        None => Fault::Refused { says, about_actor: refusal.is_about_the_actor(), race: refusal.is_a_race() },
    }
}

/// The form's field that a refusal is about.
fn field(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Duration(_) => Some("duration"),
        Refusal::Longer { .. } => Some("shorter"),
        Refusal::NoReason => Some("comment"),
        Refusal::NotALink { .. } | Refusal::BadLink { .. } | Refusal::ManyLinks { .. } => Some("link"),
        Refusal::Password(_) => Some("password"),
        Refusal::NameTaken { .. } => Some("name"),
        Refusal::Catalogue(_) | Refusal::KeyChanged { .. } => Some("text"),
        Refusal::Text { field, .. }
        | Refusal::Missing(field)
        | Refusal::NotA { field, .. }
        | Refusal::WrongDay { field, .. }
        | Refusal::Unwritten { field, .. } => named(field),
        Refusal::NotAllowed(_)
        | Refusal::OwnRequest
        | Refusal::NotADecider { .. }
        | Refusal::DecidedAlready
        | Refusal::AlreadyOver { .. }
        | Refusal::StalePage
        | Refusal::GrantOver { .. }
        | Refusal::NotLive { .. }
        | Refusal::AlreadyLeft { .. }
        | Refusal::DepartureProposed { .. }
        | Refusal::SaidToHaveLeft { .. }
        | Refusal::NotLeft { .. }
        | Refusal::MovedIt
        | Refusal::TakeItBack
        | Refusal::NotItsProposer { .. }
        | Refusal::ProposalWaits { .. }
        | Refusal::NothingNew
        | Refusal::NotAPerson { .. }
        | Refusal::HasAPassword { .. }
        | Refusal::NotPublishable { .. }
        | Refusal::OwnDraft
        | Refusal::OwnReview
        | Refusal::NotItsAuthor { .. }
        | Refusal::AlreadyInReview { .. }
        | Refusal::NotInReview { .. }
        | Refusal::NotReplayed { .. }
        | Refusal::OwnProposal
        | Refusal::GainsByIt { .. }
        | Refusal::RetirementProposed { .. }
        | Refusal::NothingProposed
        | Refusal::NoDraft
        | Refusal::DraftChanged { .. }
        | Refusal::WrittenMeanwhile { .. }
        | Refusal::Form(_)
        | Refusal::NotPublished { .. }
        | Refusal::NotTheProvisioner
        | Refusal::TaskDone
        | Refusal::TooMany(_)
        | Refusal::SignIn
        | Refusal::StepUp { .. }
        | Refusal::NoAuthenticator { .. }
        | Refusal::TooYoung { .. }
        | Refusal::StepUpFailed { .. }
        | Refusal::Locked { .. }
        | Refusal::UsedCode
        | Refusal::ClonedPasskey
        | Refusal::NothingToConfirm
        | Refusal::NoSuchAuthenticator
        | Refusal::Barred { .. }
        | Refusal::MaybeOne
        | Refusal::NotTheSecondAdmin
        | Refusal::NothingToReset { .. }
        | Refusal::NoReset
        | Refusal::NoSecretsKey
        | Refusal::DeadLink
        | Refusal::ManyEnds { .. }
        | Refusal::Inconsistent(_) => None,
    }
}

/// The form's name for what the rules call this.
fn named(field: &str) -> Option<&'static str> {
    match field {
        "reason" | "justification" => Some("justification"),
        "comment" => Some("comment"),
        "review" => Some("review"),
        "sign-in name" | "sign-in name of somebody who can decide for you" => Some("to"),
        "first day" => Some("from"),
        "last day" => Some("until"),
        "work item" => Some("work_item"),
        "link" => Some("link"),
        "duration" | "length of time" => Some("duration"),
        "subject" | "identity" | "person or identity it is for" => Some("subject"),
        "password" => Some("password"),
        "name" => Some("name"),
        "rules" => Some("rules"),
        "tests" => Some("tests"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::delegation::{FIRST_DAY, LAST_DAY};

    #[test]
    fn a_wrong_day_is_told_at_its_field() {
        for (day, name) in [(FIRST_DAY, "from"), (LAST_DAY, "until")] {
            assert_eq!(field(&Refusal::WrongDay { field: day, wrong: "is over" }), Some(name));
            assert_eq!(field(&Refusal::Missing(day)), Some(name));
        }
    }

    #[test]
    fn leads_on_to_our_own_pages_only() {
        for ours in ["/", "/inbox", "/ask/orders-read?continues=1"] {
            assert!(is_ours(ours), "{ours}");
        }
        for theirs in ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "inbox", "/å"] {
            assert!(!is_ours(theirs), "{theirs}");
        }
    }

    #[test]
    fn a_link_is_handed_to_its_own_person_only() {
        let cookies =
            || ["a=1; sallyport-handed=ann~http://h/welcome/x~then", "sallyport-handed=ann.b~/welcome/y~later"];
        let handed = |key| handed_to(key, cookies().into_iter());
        assert_eq!(handed("ann"), Some(("http://h/welcome/x", "then")));
        assert_eq!(handed("ann.b"), Some(("/welcome/y", "later")));
        for nobody in ["an", "ann.", "bo", ""] {
            assert_eq!(handed(nobody), None, "{nobody}");
        }
    }
}
