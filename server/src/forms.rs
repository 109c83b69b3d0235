//! Plain forms, for browsers without our script: a refused form goes back to its page with what was typed and why it was refused, and a
//! form that went through goes on to where the server function says. What is kept of a form is for the same session only.

use std::collections::BTreeMap;

use app::fault::{Fault, Flash};
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use leptos::server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use leptos::server_fn::redirect::REDIRECT_HEADER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Running;
use crate::guard::is_our_origin;
use crate::session::Key;
use crate::words::accepts;

const KEPT: &str = "kept";
// Where an act is confirmed, and the form that led there.
const CONFIRM: &[u8] = b"/confirm/";
const FORM_BEFORE: &str = "form";
const FORM: &str = "application/x-www-form-urlencoded";
const IN_A_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
// What a stranger may leave with us for a while; who is signed in may leave whole forms.
const OF_A_STRANGER: usize = 16 * 1024;
const BODY_AT_MOST: usize = 2 * 1024 * 1024;

/// Gives back on the way in what was kept of a form, and catches on the way out what goes wrong with one.
pub async fn plain_forms(State(running): State<Running>, request: Request, next: Next) -> Response {
    if request.method() == Method::GET {
        return next.run(with_kept_form(&running, request).await).await;
    }
    if !is_plain_form(&request) {
        return next.run(request).await;
    }
    match Form::taken_from(&running, request).await {
        Ok((form, request)) => form.after(&running, next.run(request).await).await,
        Err(response) => response,
    }
}

fn is_plain_form(request: &Request) -> bool {
    let is_form = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with(FORM));
    request.method() == Method::POST
        && request.uri().path().starts_with("/api/")
        && is_form
        && accepts(request.headers(), "text/html")
}

async fn with_kept_form(running: &Running, mut request: Request) -> Request {
    let token = request.uri().query().and_then(|query| {
        form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == KEPT).map(|(_, token)| token.into_owned())
    });
    let Some(token) = token else {
        return request;
    };
    let session = request.extensions().get::<Key>().copied();
    match kept_form(running, session, &token).await {
        Ok(Some(flash)) => {
            request.extensions_mut().insert(flash);
        }
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "could not look up a kept form"),
    }
    request
}

async fn kept_form(running: &Running, session: Option<Key>, token: &str) -> anyhow::Result<Option<Flash>> {
    let of_this_session = match session {
        Some(key) => running.portal.kept_form(Some(&key.0), token).await?,
        None => None,
    };
    let kept = match of_this_session {
        Some(kept) => Some(kept),
        // Kept while nobody was signed in: whoever has the link may see it, also after signing in.
        None => running.portal.kept_form(None, token).await?,
    };
    Ok(kept.map(|kept| serde_json::from_str(&kept)).transpose()?)
}

/// What a form holds: the values of each field.
type Fields = BTreeMap<String, Vec<String>>;

/// A form on its way: what to keep of it should it be refused, and where to go back to.
struct Form {
    act: String,
    fields: Fields,
    page: String,
    session: Option<Key>,
}

impl Form {
    /// Reads the fields, and has the server function answer as it answers the browser part: with its status and its fault in the body.
    async fn taken_from(running: &Running, request: Request) -> Result<(Self, Request), Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, BODY_AT_MOST).await else {
            return Err(StatusCode::BAD_REQUEST.into_response());
        };
        let form = Self {
            act: parts.uri.path().to_owned(),
            fields: fields(&body),
            page: page(&parts.headers, running.own_origin()),
            session: parts.extensions.get::<Key>().copied(),
        };
        parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok((form, Request::from_parts(parts, Body::from(body))))
    }

    async fn after(self, running: &Running, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        let target = if parts.headers.contains_key(SERVER_FN_ERROR_HEADER) {
            let fault = to_bytes(body, BODY_AT_MOST).await.map_or(Fault::Ours, Fault::de);
            self.kept(running, fault).await
        } else if parts.status.is_server_error() {
            self.kept(running, Fault::Ours).await
        } else if parts.status.is_client_error() {
            return Response::from_parts(parts, body);
        } else {
            match parts.headers.get(header::LOCATION).cloned() {
                Some(to) if to.as_bytes().starts_with(CONFIRM) => self.kept_on_the_way(running, to).await,
                to => to.unwrap_or_else(|| location(&self.page)),
            }
        };
        for name in ["content-type", "content-length", SERVER_FN_ERROR_HEADER, REDIRECT_HEADER] {
            parts.headers.remove(name);
        }
        parts.headers.insert(header::LOCATION, target);
        parts.status = StatusCode::SEE_OTHER;
        Response::from_parts(parts, Body::empty())
    }

    /// Keeps the form of an act that is to be confirmed first: whoever turns back finds it as it was.
    async fn kept_on_the_way(self, running: &Running, confirm: HeaderValue) -> HeaderValue {
        let flash = Flash { act: self.act, fault: Some(Fault::Kept), fields: self.fields, ..Flash::default() };
        let session = self.session.map(|key| key.0);
        let kept = match serde_json::to_string(&flash) {
            Ok(flash) => running.portal.keep_form(session.as_ref(), &flash).await.map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        match (kept, confirm.to_str()) {
            (Ok(token), Ok(page)) => location(&with_parameter(page, FORM_BEFORE, &token)),
            (Ok(_), Err(_)) => confirm,
            (Err(error), _) => {
                tracing::error!(%error, "could not keep a form");
                confirm
            }
        }
    }

    /// Keeps the form, and says where it is shown again.
    async fn kept(self, running: &Running, fault: Fault) -> HeaderValue {
        let nobody = fault == Fault::SignIn;
        // A session that has just ended could never ask for the form again: it is bound to the link alone.
        let session = if nobody { None } else { self.session };
        let fields = if session.is_some() { self.fields } else { little_of(self.fields) };
        let flash = Flash { act: self.act, fault: Some(fault), fields, ..Flash::default() };
        let token = match serde_json::to_string(&flash) {
            Ok(flash) => running.portal.keep_form(session.map(|key| key.0).as_ref(), &flash).await,
            Err(error) => {
                tracing::error!(%error, "a form cannot be kept");
                return location(&self.page);
            }
        };
        let page = match token {
            Ok(token) => with_parameter(&self.page, KEPT, &token),
            Err(error) => {
                tracing::error!(%error, "could not keep a form");
                self.page
            }
        };
        location(&if nobody { with_parameter("/sign-in", "next", &page) } else { page })
    }
}

fn location(page: &str) -> HeaderValue {
    HeaderValue::from_str(page).unwrap_or(HeaderValue::from_static("/"))
}

/// What was typed, but nothing that opens a door: no password, and nothing that is the same as one (it is often typed twice).
fn fields(body: &[u8]) -> Fields {
    let (secret, plain): (Vec<_>, Vec<_>) =
        form_urlencoded::parse(body).into_owned().partition(|(name, _)| is_secret(name));
    let mut fields = Fields::new();
    for (name, value) in plain {
        if value.is_empty() || secret.iter().all(|(_, secret)| *secret != value) {
            fields.entry(name).or_default().push(value);
        }
    }
    fields
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| matches!(word, "password" | "again" | "token" | "code" | "passkey" | "secret"))
}

fn little_of(fields: Fields) -> Fields {
    let mut room = OF_A_STRANGER;
    let mut fits = |name: &str, values: &[String]| match room.checked_sub(size(name, values)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    fields.into_iter().filter(|(name, values)| fits(name, values)).collect()
}

fn size(name: &str, values: &[String]) -> usize {
    values.iter().map(|value| name.len() + value.len()).sum()
}

/// The page that holds the form: the Referer, if it is one of ours.
fn page(headers: &HeaderMap, own: Option<&str>) -> String {
    headers
        .get(header::REFERER)
        .and_then(|referer| referer.to_str().ok()?.parse::<Uri>().ok())
        .filter(|referer| {
            let origin =
                referer.scheme_str().zip(referer.authority()).map(|(scheme, host)| format!("{scheme}://{host}"));
            origin.is_some_and(|origin| is_our_origin(&origin, headers, own))
        })
        .and_then(|referer| referer.path_and_query().map(without_kept))
        // Two slashes would lead to another host.
        .filter(|page| !page.starts_with("//"))
        .unwrap_or_else(|| "/".to_owned())
}

fn without_kept(page: &PathAndQuery) -> String {
    let rest: Vec<&str> = page
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && *pair != KEPT && !pair.starts_with("kept="))
        .collect();
    if rest.is_empty() { page.path().to_owned() } else { format!("{}?{}", page.path(), rest.join("&")) }
}

fn with_parameter(page: &str, name: &str, value: &str) -> String {
    let sign = if page.contains('?') { '&' } else { '?' };
    format!("{page}{sign}{name}={}", utf8_percent_encode(value, IN_A_QUERY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(referer: &str, own: Option<&str>) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("here:8080"));
        headers.insert(header::REFERER, referer.parse().expect("a header"));
        page(&headers, own)
    }

    #[test]
    fn a_form_goes_back_to_its_own_page_and_nowhere_else() {
        for (referer, page) in [
            ("http://here:8080/request/orders-read?a=1", "/request/orders-read?a=1"),
            ("http://here:8080/inbox?kept=abc&q=x&kept=def", "/inbox?q=x"),
            ("http://here:8080/inbox?kept=abc", "/inbox"),
            ("http://here:8080", "/"),
            ("http://elsewhere/inbox", "/"),
            ("http://here:8080//elsewhere/x", "/"),
            ("/inbox", "/"),
            ("nonsense nonsense", "/"),
        ] {
            assert_eq!(page_of(referer, None), page, "{referer}");
        }
        assert_eq!(page_of("https://access.example/inbox", Some("https://access.example")), "/inbox");
        assert_eq!(page(&HeaderMap::new(), None), "/");
    }

    #[test]
    fn what_opens_a_door_is_never_kept() {
        let kept = fields(b"name=maya&password=x&new_password=y&again=z&repeated=y&asking%5Btoken%5D=x&code=x&passkey=%7B%22id%22%3A1%7D&asking%5Bjustification%5D=because+1%2B1&postcode=12");
        let names: Vec<&str> = kept.keys().map(String::as_str).collect();
        assert_eq!(names, ["asking[justification]", "name", "postcode"]);
        assert_eq!(kept.get("asking[justification]").map(Vec::as_slice), Some(["because 1+1".to_owned()].as_slice()));
    }

    #[test]
    fn a_stranger_leaves_only_little_with_us() {
        let short = || ("b".to_owned(), vec!["short".to_owned(), "and sweet".to_owned()]);
        let fields = Fields::from([("a".to_owned(), vec!["x".repeat(OF_A_STRANGER)]), short()]);
        assert_eq!(little_of(fields), Fields::from([short()]));
    }

    #[test]
    fn parameters_are_added_so_that_they_survive() {
        assert_eq!(with_parameter("/inbox", "kept", "a-b"), "/inbox?kept=a-b");
        assert_eq!(with_parameter("/inbox?q=1", "kept", "a"), "/inbox?q=1&kept=a");
        assert_eq!(with_parameter("/sign-in", "next", "/x?q=1&kept=a"), "/sign-in?next=/x%3Fq%3D1%26kept%3Da");
    }
}
