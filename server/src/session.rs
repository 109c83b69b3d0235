//! A cookie becomes an actor. tower-sessions carries the cookie and gives out ids; what a session is, how old it may grow and when it is
//! over is the portal's to say, by its own clock. The database knows only a hash of the id.

use std::fmt;
use std::sync::Arc;

use app::server::{Doorkeeper, Viewer};
use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::Actor;
use domain::ids::IdentityId;
use operations::{LiveSession, Portal, SessionKeyHash, SignedIn};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{self, SessionStore};
use tower_sessions::{Session, SessionManagerLayer};

use crate::Running;
use crate::client::Client;
use crate::words::Words;

/// The cookie's name. The prefix makes browsers hold it to this very host, this path and TLS.
pub const COOKIE: &str = "__Host-sallyport";

// tower-sessions leaves `Secure` out when it takes a cookie back, and browsers then keep a `__Host-` cookie.
const TAKEN_BACK: &str = "__Host-sallyport=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0";

// What stands in the session's data until it is saved: who signed in, and from where.
const WHO: &str = "who";
const ADDRESS: &str = "address";
const AGENT: &str = "agent";

/// Pages that ask again by themselves say so, and do not count as being used.
const BY_ITSELF: &str = "x-sallyport-refresh";

/// The hash under which the database knows a session; stands in the extensions of a request that has a live one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub SessionKeyHash);

impl Key {
    fn of(id: Id) -> Self {
        Self(SessionKeyHash(Sha256::digest(id.0.to_le_bytes()).into()))
    }

    /// Whether it is still signed in; asking does not count as using it.
    pub async fn is_live(&self, portal: &Portal) -> bool {
        matches!(portal.session(&self.0, false).await, Ok(Some(_)))
    }
}

/// The layer that carries the cookie.
pub fn cookies(portal: Portal) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(portal))
        .with_name(COOKIE)
        .with_secure(true)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
}

/// Says in the request's extensions who asks, before any page or server function runs.
pub async fn know_the_viewer(
    State(running): State<Running>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<Client>().cloned();
    let (address, agent) = client.map_or_else(Default::default, |client| (client.address.to_string(), client.agent));

    let live = match live(&running.portal, &session, is_used(&request)).await {
        Ok(live) => live,
        Err(error) => {
            tracing::error!(%error, "could not look up a session");
            return Words {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "Sallyport cannot answer just now",
                says: "The portal's memory does not answer: wait a moment and load the page again.",
            }
            .answer(request.headers());
        }
    };
    if live.is_none() && session.id().is_some() {
        // The cookie leads nowhere any more: the browser is to forget it.
        if let Err(error) = session.flush().await {
            tracing::warn!(%error, "could not let go of a session");
        }
    }
    let key = live.as_ref().map(|(key, _)| *key);
    if let Some(key) = key {
        request.extensions_mut().insert(key);
    }
    let doorkeeper = Door { session, address: address.clone(), agent: agent.clone() };
    request.extensions_mut().insert(Viewer {
        actor: live.map(|(_, live)| Actor::Person { id: live.identity, name: live.name }),
        session: key.map(|key| key.0),
        address,
        agent,
        doorkeeper: Arc::new(doorkeeper),
    });
    next.run(request).await
}

/// The session of one browser, which the sign-in page begins and ends.
struct Door {
    session: Session,
    address: String,
    agent: String,
}

#[async_trait]
impl Doorkeeper for Door {
    async fn let_in(&self, who: &SignedIn) -> Result<(), operations::Error> {
        // A new id, so that nobody who slipped one to the browser before knows it now.
        self.session.cycle_id().await.map_err(unready)?;
        for (key, value) in
            [(WHO, who.identity.to_string()), (ADDRESS, self.address.clone()), (AGENT, self.agent.clone())]
        {
            self.session.insert(key, value).await.map_err(unready)?;
        }
        Ok(())
    }

    async fn let_out(&self) -> Result<(), operations::Error> {
        self.session.flush().await.map_err(unready)
    }
}

fn unready(error: impl fmt::Display) -> operations::Error {
    operations::Error::Unready(error.to_string())
}

/// Makes browsers really let go of a cookie that was taken back.
pub async fn take_cookies_back(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    mend(response.headers_mut());
    response
}

fn mend(headers: &mut HeaderMap) {
    let ours = |cookie: &HeaderValue| {
        cookie.to_str().is_ok_and(|cookie| cookie.starts_with(COOKIE) && cookie.contains("Max-Age=0"))
    };
    if !headers.get_all(header::SET_COOKIE).iter().any(ours) {
        return;
    }
    let others: Vec<HeaderValue> =
        headers.get_all(header::SET_COOKIE).iter().filter(|cookie| !ours(cookie)).cloned().collect();
    headers.insert(header::SET_COOKIE, HeaderValue::from_static(TAKEN_BACK));
    for other in others {
        headers.append(header::SET_COOKIE, other);
    }
}

async fn live(portal: &Portal, session: &Session, used: bool) -> Result<Option<(Key, LiveSession)>, operations::Error> {
    let Some(key) = session.id().map(Key::of) else {
        return Ok(None);
    };
    Ok(portal.session(&key.0, used).await?.map(|live| (key, live)))
}

fn is_used(request: &Request) -> bool {
    !request.headers().contains_key(BY_ITSELF) && request.uri().path() != "/events"
}

/// The portal's sessions, as tower-sessions wants to see them.
#[derive(Clone)]
pub struct Sessions(Portal);

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // Two ids of 128 random bits that are the same are not waited for: the database would refuse the second.
        let who = who(record)?.ok_or_else(|| backend("a session begins by signing in"))?;
        let text = |key| record.data.get(key).and_then(Value::as_str).unwrap_or_default();
        self.0.begin_session(&Key::of(record.id).0, who, text(ADDRESS), text(AGENT)).await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        // A session keeps nothing but whose it is, and that never changes: whoever signs in gets a new id.
        let kept = self.0.session(&Key::of(record.id).0, false).await.map_err(backend)?;
        if kept.map(|kept| kept.identity) == who(record)? {
            Ok(())
        } else {
            Err(backend("a session stays with the one who signed in"))
        }
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(live) = self.0.session(&Key::of(*id).0, false).await.map_err(backend)? else {
            return Ok(None);
        };
        let data = [(WHO.to_owned(), Value::from(live.identity.to_string()))].into();
        // How old it may grow is judged by the portal's clock; tower-sessions is not asked.
        Ok(Some(Record { id: *id, data, expiry_date: tower_sessions::cookie::time::OffsetDateTime::UNIX_EPOCH }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.forget_session(&Key::of(*id).0).await.map_err(backend)
    }
}

fn who(record: &Record) -> session_store::Result<Option<IdentityId>> {
    record
        .data
        .get(WHO)
        .map(|who| serde_json::from_value(who.clone()))
        .transpose()
        .map_err(|error| session_store::Error::Decode(error.to_string()))
}

fn backend(error: impl fmt::Display) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_taken_back_is_one_that_browsers_let_go_of() {
        let mut headers = HeaderMap::new();
        headers
            .append(header::SET_COOKIE, HeaderValue::from_static("__Host-sallyport=; Path=/; Max-Age=0; Expires=then"));
        headers.append(header::SET_COOKIE, HeaderValue::from_static("other=1"));
        mend(&mut headers);
        let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(cookies, [TAKEN_BACK, "other=1"]);
    }

    #[test]
    fn a_cookie_that_is_given_stays_as_it_is() {
        let mut headers = HeaderMap::new();
        let given = HeaderValue::from_static("__Host-sallyport=abc; HttpOnly; SameSite=Lax; Secure; Path=/");
        headers.append(header::SET_COOKIE, given.clone());
        mend(&mut headers);
        assert_eq!(headers.get(header::SET_COOKIE), Some(&given));
    }
}
