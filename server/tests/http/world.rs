//! A portal of its own for each test: the demo's company in a fresh database, a clock that the test advances, and browsers that keep their
//! cookies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use domain::Actor;
use operations::{Clock, Ids, Import, Portal, SystemIds};
use server::config::{Flags, Settings};
use server::events::{Looking, watch_changes};
use server::guard::RequestIds;
use server::router::router;
use server::stop::{self, Stopper};
use server::{Running, demo, memory};
use sqlx::{Connection, Executor};
use tokio::sync::Notify;
use tower::ServiceExt;

/// What everybody chooses when a test has them sign in.
pub const PASSWORD: &str = "four green bicycles";

/// Where browsers believe the portal to be.
pub const HERE: &str = "http://localhost:8080";

// Larger than any page, smaller than a mistake.
const ANSWER_AT_MOST: usize = 8 * 1024 * 1024;

/// On which kind of database a world stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A file in a folder that goes with the world.
    Sqlite,
    /// A database of its own in the cluster that `cargo xtask test` starts.
    Postgres,
}

/// A portal with the demo's company in it.
pub struct World {
    /// What can be done, for what a test does not do in a browser.
    pub portal: Portal,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// Looks for changes when the test says so.
    pub looking: Looking,
    /// Where it keeps what it remembers.
    pub database: String,
    router: Router,
    stopper: Stopper,
    known: Mutex<BTreeSet<String>>,
    _folder: tempfile::TempDir,
}

impl World {
    /// A world on this kind of database.
    pub async fn on(on: On) -> Self {
        let world = Self::empty(on, &[]).await;
        world
            .portal
            .import_files(&Actor::Operator, &demo::catalogue(), Import::default())
            .await
            .expect("the demo's catalogue loads");
        world
    }

    /// A world in which nobody lives yet; its settings come from these variables.
    pub async fn empty(on: On, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = match on {
            On::Sqlite => format!("sqlite://{}/world.db", folder.path().display()),
            On::Postgres => database_of_its_own().await,
        };
        let flags = Flags { database: Some(database.clone()), ..Flags::default() };
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Settings::read(&flags, environment).expect("the settings are right");

        let clock = Arc::new(TestClock::default());
        let setup = memory::setup(&settings, clock.clone(), Arc::new(SystemIds::default()));
        let portal = Portal::open(setup).await.expect("the database is there");
        portal.migrate().await.expect("the database is empty");
        let (stopper, stop) = stop::pair();
        let (changes, looking) = watch_changes(portal.clone()).await.expect("the database answers");
        let running = Running {
            portal: portal.clone(),
            settings: Arc::new(settings),
            demo: None,
            wake: Arc::new(Notify::new()),
            changes,
            stop,
            request_ids: Arc::new(RequestIds::new(7)),
        };
        let router = router(&running);
        Self { portal, clock, looking, database, router, stopper, known: Mutex::default(), _folder: folder }
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            page: "/".to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// A browser in which this person is signed in: the first time through a one-time link, then with the password chosen there.
    pub async fn sign_in(&self, key: &str) -> Browser {
        let mut browser = self.browser();
        let is_known = !self.known.lock().expect("no test panicked").insert(key.to_owned());
        let answer = if is_known {
            browser.get("/sign-in").await;
            browser.post("/api/sessions/sign-in", &[("name", key), ("password", PASSWORD), ("next", "/")]).await
        } else {
            let link = self.portal.invite_by_key(&Actor::Operator, key).await.expect("they are in the catalogue");
            let token = link.path.strip_prefix("/welcome/").expect("the link of an invitation");
            browser.get(&link.path).await;
            browser
                .post("/api/invitations/accept", &[("token", token), ("password", PASSWORD), ("again", PASSWORD)])
                .await
        };
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, Some("/")),
            "{key} signs in: {}",
            answer.body
        );
        browser
    }

    /// The actor behind a key, for what a test does not do in a browser.
    pub async fn actor(&self, key: &str) -> Actor {
        self.portal.actor_by_key(key).await.expect("they are in the catalogue")
    }

    /// Does every job that is due now, and those that follow from it.
    pub async fn run_jobs(&self) {
        for _ in 0..100 {
            if self.portal.run_due_jobs(64).await.expect("jobs can be claimed") == 0 {
                return;
            }
        }
        panic!("the jobs never end");
    }

    /// Lets time pass, and does what becomes due.
    pub async fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
        self.run_jobs().await;
    }

    /// Tells the portal to stop, as the machine would.
    pub fn stop(&self) {
        self.stopper.stop();
    }
}

async fn database_of_its_own() -> String {
    let cluster = std::env::var("SALLYPORT_TEST_POSTGRES_15")
        .expect("SALLYPORT_TEST_POSTGRES_15 is not set, and this test needs a Postgres: run `cargo xtask test`");
    let name = format!("http_{}", hex::encode(&SystemIds::default().secret()[..8]));
    let mut server = sqlx::PgConnection::connect(&cluster).await.expect("the cluster answers");
    server
        .execute(sqlx::AssertSqlSafe(format!("create database {name}")))
        .await
        .expect("a superuser may make a database");
    let (server, _) = cluster.rsplit_once('/').expect("an address ends in a database");
    format!("{server}/{name}")
}

/// A clock that stands still until it is advanced; it begins on a Monday morning, when offices are open.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new("2026-03-02T09:00:00Z".parse().expect("a time")))
    }
}

impl TestClock {
    /// Lets time pass.
    pub fn advance(&self, time: TimeDelta) {
        *self.0.lock().expect("no test panicked") += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("no test panicked")
    }
}

/// A browser: it keeps cookies, says where it is, and says what browsers say.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    page: String,
    headers: HeaderMap,
}

impl Browser {
    /// The same browser, which from now on sends this header too, or says something else in it.
    #[must_use]
    pub fn saying(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"));
        self
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Has a cookie that a test made up or took elsewhere.
    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Opens a page. Redirects are not followed, so that a test can look at them.
    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = self.send(Method::GET, path, "text/html", None).await;
        path.clone_into(&mut self.page);
        answer
    }

    /// Opens a page and goes where it leads.
    pub async fn follow(&mut self, path: &str) -> Answer {
        let mut answer = self.get(path).await;
        for _ in 0..5 {
            let Some(next) = answer.location().map(ToOwned::to_owned) else {
                return answer;
            };
            answer = self.get(&next).await;
        }
        panic!("{path} leads around in circles");
    }

    /// Sends a plain form of the page it is on, without any script.
    pub async fn post(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, act, "text/html", Some(form(fields))).await
    }

    /// Sends a plain form and goes where it leads.
    pub async fn submit(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(act, fields).await;
        match answer.location().map(ToOwned::to_owned) {
            Some(next) => self.follow(&next).await,
            None => answer,
        }
    }

    /// Calls a server function as the browser part does.
    pub async fn call(&mut self, act: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, act, "application/json", Some(form(fields))).await
    }

    /// Sends a request of any kind; `body` is a form.
    pub async fn send(&mut self, method: Method, path: &str, accept: &str, body: Option<String>) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HERE.trim_start_matches("http://"))
            .header(header::ACCEPT, accept)
            .header(header::USER_AGENT, "World/1.0")
            .header(header::REFERER, format!("{HERE}{}", self.page))
            .header("sec-fetch-site", "same-origin");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let mut request = request.body(body.map_or_else(Body::empty, Body::from)).expect("a request");
        for (name, value) in &self.headers {
            request.headers_mut().insert(name, value.clone());
        }
        let response = self.router.clone().oneshot(request).await.expect("the router always answers");
        let (parts, body) = response.into_parts();
        self.keep_cookies(&parts.headers);
        let body = to_bytes(body, ANSWER_AT_MOST).await.expect("the answer can be read");
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    fn keep_cookies(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok()) {
            let (cookie, rest) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, value)) = cookie.split_once('=') else {
                continue;
            };
            // As browsers do: a name that promises `Secure` is only heard when the cookie keeps the promise.
            if name.starts_with("__Host-") && !(rest.contains("Secure") && rest.contains("Path=/")) {
                continue;
            }
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl Answer {
    /// A header, as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where it leads, if it does.
    pub fn location(&self) -> Option<&str> {
        self.status.is_redirection().then(|| self.header("location")).flatten()
    }

    /// Whether a reader sees this text: tags are left out, and entities read.
    pub fn shows(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// What a reader sees.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut in_tag = false;
        for letter in self.body.chars() {
            match letter {
                '<' => in_tag = true,
                '>' => {
                    in_tag = false;
                    text.push(' ');
                }
                letter if !in_tag => text.push(letter),
                _ => {}
            }
        }
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#x27;", "'");
        text.replace("&amp;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
