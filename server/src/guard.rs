//! What every request passes on its way in and every answer on its way out: its number, its line in the log, the headers that tell
//! browsers to be careful, and the refusals that no page needs to hear of.

use std::any::Any;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Span, info_span};

use crate::Running;
use crate::words::Words;

/// The header that carries a request's number, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a page answers itself with when it brings no policy of its own: nothing runs, nothing is loaded but our style and pictures.
const NOTHING_RUNS: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
                           midi=(), payment=(), usb=()";
const TWO_YEARS: &str = "max-age=63072000; includeSubDomains";

const BODY_AT_MOST: usize = 2 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

/// A request's number; stands in its extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Numbers the requests of one process so that no two processes give the same number.
pub struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Numbers that begin with something by chance.
    pub fn new(chance: u64) -> Self {
        Self { process: chance, next: AtomicU64::new(1) }
    }

    fn next(&self) -> String {
        format!("{:016x}-{}", self.process, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Gives the request its number, or takes the one that a proxy gave it, and says it in the answer.
pub async fn number(State(running): State<Running>, mut request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| is_plain(id))
        .map_or_else(|| running.request_ids.next(), ToOwned::to_owned);
    let header = HeaderValue::from_str(&id);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Ok(header) = header {
        response.headers_mut().insert(REQUEST_ID, header);
    }
    response
}

// What comes from outside goes into our log: nothing that could look like something else there.
fn is_plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The span that all log lines of a request stand in.
pub fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().map_or("", |id| id.0.as_str());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    info_span!("request", id, method = %request.method(), path = path_to_log(request.uri().path()), route)
}

/// One line for each answer.
pub fn log_answer(response: &Response, took: Duration, _: &Span) {
    let status = response.status().as_u16();
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if response.status().is_server_error() {
        tracing::warn!(status, millis, "answered");
    } else {
        tracing::info!(status, millis, "answered");
    }
}

/// The path without what opens a door: a one-time link is a password as long as it works. (The query is never logged.)
fn path_to_log(path: &str) -> &str {
    if path.starts_with("/welcome/") { "/welcome/…" } else { path }
}

/// Headers that tell a browser what our answers may not be used for.
pub async fn careful_headers(State(running): State<Running>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut unless_set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    unless_set(header::CONTENT_SECURITY_POLICY, NOTHING_RUNS);
    unless_set(header::REFERRER_POLICY, "same-origin");
    unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(header::X_FRAME_OPTIONS, "DENY");
    unless_set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    unless_set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    unless_set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if running.settings.is_https() {
        unless_set(header::STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    response
}

/// The policy of a page whose scripts carry this nonce.
pub fn policy_with(nonce: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'wasm-unsafe-eval' 'strict-dynamic'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ))
    .ok()
}

/// What a page says is for its reader alone, and only now.
pub async fn not_kept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses to change anything for a form that another site made the browser send.
pub async fn own_pages_only(State(running): State<Running>, request: Request, next: Next) -> Response {
    if changes_nothing(request.method()) || is_from_us(request.headers(), running.own_origin()) {
        return next.run(request).await;
    }
    tracing::warn!("refused a form from elsewhere");
    Words {
        status: StatusCode::FORBIDDEN,
        title: "This did not come from Sallyport",
        says: "Sallyport takes forms only from its own pages: open the page here and send it again.",
    }
    .answer(request.headers())
}

/// Whether a method only reads.
pub fn changes_nothing(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

fn is_from_us(headers: &HeaderMap, own: Option<&str>) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return sites.all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    }
    // Older browsers, and those that reach us by plain http, say only this. Who says neither is no browser of today.
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
        return false;
    };
    is_our_origin(origin, headers, own)
}

/// Whether an origin is the portal's own: the one it is known by, else the one that this request was sent to.
pub fn is_our_origin(origin: &str, headers: &HeaderMap, own: Option<&str>) -> bool {
    if let Some(own) = own {
        return origin.eq_ignore_ascii_case(own);
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let said = origin.split_once("://").map(|(_, host)| host);
    host.zip(said).is_some_and(|(host, said)| host.eq_ignore_ascii_case(said))
}

/// Takes the whole of a body in, and refuses one that is too large.
pub async fn bodies_within_bounds(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let said = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0);
    let body = if usize::try_from(said).is_ok_and(|said| said <= BODY_AT_MOST) {
        to_bytes(body, BODY_AT_MOST).await.ok()
    } else {
        None
    };
    let Some(body) = body else {
        return Words {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            title: "That was too much",
            says: "What was sent is larger than 2 MiB, and nothing was changed: go back, shorten it and send it again.",
        }
        .answer(&parts.headers);
    };
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// Answers in words when an answer takes too long.
pub async fn within_time(request: Request, next: Next) -> Response {
    let asked = request.headers().clone();
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => {
            tracing::error!(seconds = PATIENCE.as_secs(), "gave up on an answer");
            Words {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "This took too long",
                says: "Sallyport could not answer in time: look whether it was done before you try again.",
            }
            .answer(&asked)
        }
    }
}

/// A defect of ours becomes a page that says so, and a line in the log.
pub async fn defects_in_words(request: Request, next: Next) -> Response {
    use futures::FutureExt as _;

    let asked = request.headers().clone();
    let id = request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
    // Nothing of ours is looked at again after the panic: the request is dropped whole.
    let answer = std::panic::AssertUnwindSafe(next.run(request)).catch_unwind().await;
    answer.unwrap_or_else(|panic| {
        tracing::error!(what = panic_says(panic.as_ref()), "a defect of ours");
        let mut says = "Something went wrong on our side. It has been written down".to_owned();
        // A number that a proxy gave may hold anything plain; it is escaped where it is shown.
        if write!(says, " under {id}: try again, or tell an admin that number.").is_err() {
            says.push('.');
        }
        Words { status: StatusCode::INTERNAL_SERVER_ERROR, title: "That was our fault", says: &says }.answer(&asked)
    })
}

fn panic_says(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it said nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_form_counts_only_when_it_comes_from_our_own_pages() {
        let own = Some("https://access.example");
        for (said, own, counts) in [
            (&[("sec-fetch-site", "same-origin")][..], None, true),
            (&[("sec-fetch-site", "none")], None, true),
            (&[("sec-fetch-site", "same-site")], None, false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://here"), ("host", "here")], None, false),
            (&[("origin", "http://here:8080"), ("host", "here:8080")], None, true),
            (&[("origin", "http://here:8081"), ("host", "here:8080")], None, false),
            (&[("origin", "null"), ("host", "null")], None, false),
            (&[("origin", "https://access.example"), ("host", "inside")], own, true),
            (&[("origin", "http://inside"), ("host", "inside")], own, false),
            (&[("host", "here")], None, false),
        ] {
            assert_eq!(is_from_us(&headers(said), own), counts, "{said:?} {own:?}");
        }
    }

    #[test]
    fn one_time_links_do_not_reach_the_log() {
        assert_eq!(path_to_log("/welcome/abc"), "/welcome/…");
        assert_eq!(path_to_log("/requests"), "/requests");
    }

    #[test]
    fn a_number_from_outside_is_taken_only_when_it_is_plain() {
        assert!(is_plain("7f3a-01_b.c"));
        for id in ["", "a b", "a\nb", "ä", &"a".repeat(65)] {
            assert!(!is_plain(id), "{id:?}");
        }
    }
}
