//! A browser without scripts, for everything around the load: signing in, finding what can be asked and decided, looking at what came of it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::http::{HeaderMap, header};
use ureq::{Agent, RequestBuilder};

use super::html;

/// Everybody's password in a demo, and so in what `sallyport bench-data` makes.
const PASSWORD: &str = "sallyport-demo";

const FORM: &str = "application/x-www-form-urlencoded";

/// What has a meaning of its own in an address or a form (RFC 3986, section 2.3, names the others).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a browser sends once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it goes.
    pub path: String,
    /// The page it is sent from.
    pub page: String,
    /// Who sends it.
    pub cookie: String,
    /// The form that is sent; a page is looked at without one.
    pub form: Option<String>,
}

/// Somebody with a session.
pub struct SignedIn {
    cookie: String,
}

impl SignedIn {
    /// They look at a page.
    pub fn looks_at(&self, path: &str) -> Line {
        Line { path: path.to_owned(), page: "/".to_owned(), cookie: self.cookie.clone(), form: None }
    }

    /// They send a form from a page.
    pub fn sends(&self, path: &str, page: &str, fields: &[(&str, &str)]) -> Line {
        let form = Some(form(fields));
        Line { path: path.to_owned(), page: page.to_owned(), cookie: self.cookie.clone(), form }
    }
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Where it leads, or nothing.
    pub location: String,
    /// The page.
    pub body: String,
    cookie: String,
}

/// The browser, and the portal it is pointed at.
pub struct Client {
    agent: Agent,
    origin: String,
}

impl Client {
    /// For the portal at this address, such as `http://127.0.0.1:8080`.
    pub fn new(origin: &str) -> Self {
        let agent = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_mins(1)))
            .build()
            .new_agent();
        Self { agent, origin: origin.trim_end_matches('/').to_owned() }
    }

    /// The portal's address.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends what a browser would, under this number.
    pub fn send(&self, line: &Line, number: &str) -> Result<Answer> {
        let to = format!("{}{}", self.origin, line.path);
        let answer = match &line.form {
            None => self.headed(self.agent.get(&to), line, number).call(),
            Some(form) => {
                let request = self.headed(self.agent.post(&to), line, number);
                request.header(header::ORIGIN, self.origin.as_str()).header(header::CONTENT_TYPE, FORM).send(form)
            }
        };
        let mut answer = answer.with_context(|| format!("`{to}` does not answer"))?;
        let first = |name| text(answer.headers(), name);
        let (location, cookie) = (first(header::LOCATION), first(header::SET_COOKIE));
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(Answer { status: answer.status().as_u16(), location, body: answer.body_mut().read_to_string()?, cookie })
    }

    /// A page that must be there.
    pub fn page(&self, who: &SignedIn, path: &str) -> Result<String> {
        let answer = self.send(&who.looks_at(path), "bench")?;
        ensure!(answer.status == 200, "`{path}` answers with {} and leads to `{}`", answer.status, answer.location);
        Ok(answer.body)
    }

    /// Signs somebody in.
    pub fn sign_in(&self, name: &str) -> Result<SignedIn> {
        let stranger = SignedIn { cookie: String::new() };
        let fields = [("next", ""), ("name", name), ("password", PASSWORD)];
        let answer = self.send(&stranger.sends("/api/sessions/sign-in", "/sign-in", &fields), "bench")?;
        if answer.cookie.is_empty() {
            let page = self.page(&stranger, &answer.location).unwrap_or_default();
            let why = html::why_not(&page).unwrap_or_else(|| format!("it answers with {}", answer.status));
            bail!("`{name}` cannot sign in with the demo's password: {why}");
        }
        Ok(SignedIn { cookie: answer.cookie })
    }

    /// Whether there is an answer, and a good one.
    pub fn is_there(&self, path: &str) -> bool {
        self.agent.get(format!("{}{path}", self.origin)).call().is_ok_and(|answer| answer.status().is_success())
    }

    fn headed<B>(&self, request: RequestBuilder<B>, line: &Line, number: &str) -> RequestBuilder<B> {
        request
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, line.cookie.as_str())
            .header(header::REFERER, format!("{}{}", self.origin, line.page))
            .header("sec-fetch-site", "same-origin")
            .header("x-request-id", number)
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Fields as a browser sends them.
fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

/// Text as it may stand in an address or a form.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_whatever_is_typed() {
        assert_eq!(form(&[("why", "a & b"), ("link", "")]), "why=a%20%26%20b&link=");
    }

    #[test]
    fn a_page_is_looked_at_and_a_form_is_sent() {
        let who = SignedIn { cookie: "c=1".to_owned() };
        assert_eq!(who.looks_at("/inbox").form, None);
        assert_eq!(who.sends("/api/x", "/x", &[("a", "1")]).form.as_deref(), Some("a=1"));
    }
}
