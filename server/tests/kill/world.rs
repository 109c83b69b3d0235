//! The portal as a process of its own, on a database and a target of its own, and people who keep trying while it is away.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{StatusCode, header};
use domain::Actor;
use domain::ids::IdentityId;
use operations::{Ids as _, Import, Portal, SystemClock, SystemIds};
use serde::de::DeserializeOwned;
use server::config::{Flags, Settings};
use server::memory;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

const PASSWORD: &str = "four green bicycles";

/// On which kind of database the portal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A file in a folder that goes with the world.
    Sqlite,
    /// A database of its own in the cluster that `cargo xtask test` starts.
    Postgres,
}

/// The portal, its database and its target.
pub struct World {
    /// The portal's memory, as a second replica that does no work sees it.
    pub portal: Portal,
    database: String,
    target: String,
    listen: String,
    running: Mutex<Option<Running>>,
    client: ureq::Agent,
    prefix: String,
    _folder: tempfile::TempDir,
}

/// The portal's process, which never outlives the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL; that it is gone already is no harm.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub id: IdentityId,
    cookies: String,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Where it leads, or nothing.
    pub location: String,
    /// The body, as text.
    pub body: String,
    cookies: String,
}

/// A number below `most`, by chance.
pub fn chance(most: u64) -> u64 {
    SystemIds::default().secret().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)) % most
}

fn cluster(version: &str) -> String {
    let name = format!("SALLYPORT_TEST_POSTGRES_{version}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}

async fn run(url: &str, statement: String) {
    let mut server = PgConnection::connect(url).await.expect("the cluster answers");
    server.execute(AssertSqlSafe(statement)).await.expect("a superuser may do so");
    server.close().await.expect("it lets go");
}

impl World {
    /// A portal with so many people, each with an account in the target, and so many bundles, each with a role there.
    pub async fn new(on: On, people: usize, bundles: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let prefix = format!("kill_{}", hex::encode(&SystemIds::default().secret()[..6]));
        let target = cluster("18");
        let database = match on {
            On::Sqlite => format!("sqlite://{}/kill.db", folder.path().display()),
            On::Postgres => {
                let cluster = cluster("15");
                run(&cluster, format!("create database {prefix}")).await;
                let (server, _) = cluster.rsplit_once('/').expect("an address ends in a database");
                format!("{server}/{prefix}")
            }
        };
        for n in 0..people {
            run(&target, format!("create role {prefix}_asker{n} login")).await;
        }
        for n in 0..bundles {
            run(&target, format!("create role {prefix}_role{n}")).await;
        }

        let flags = Flags { database: Some(database.clone()), ..Flags::default() };
        let settings = Settings::read(&flags, []).expect("the settings are right");
        let setup = memory::setup(&settings, Arc::new(SystemClock), Arc::new(SystemIds::default()));
        let portal = Portal::open(setup).await.expect("the database is there");
        portal.migrate().await.expect("the database is empty");
        let text = catalogue(&prefix, people, bundles);
        portal
            .import_files(&Actor::Operator, &[("kill.toml".to_owned(), text)], Import::default())
            .await
            .expect("the catalogue loads");
        portal.make_demo(&Actor::Operator, PASSWORD).await.expect("everybody gets a password");

        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let listen = free.local_addr().expect("it has an address").to_string();
        drop(free);
        let client = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).proxy(None).build();
        let client = client.new_agent();
        let world =
            Self { portal, database, target, listen, running: Mutex::default(), client, prefix, _folder: folder };
        world.start().await;
        world
    }

    /// Starts the portal, and waits until it is ready.
    pub async fn start(&self) {
        let child = Command::new(env!("CARGO_BIN_EXE_sallyport"))
            .args(["serve", "--listen", &self.listen, "--database", &self.database])
            .env("SALLYPORT_SECRET_KILL_DB", &self.target)
            .env("SALLYPORT_LOG_LEVEL", "error")
            .stdout(Stdio::null())
            .spawn()
            .expect("the portal starts");
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running(child));
        let begun = Instant::now();
        loop {
            let request = self.client.get(format!("http://{}/readyz", self.listen));
            let ready = spawn_blocking(|| request.call()).await.expect("it does not panic");
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "the portal does not come back");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills the portal: it cannot finish anything.
    pub fn kill(&self) {
        drop(self.running.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Signs somebody in.
    pub async fn sign_in(&self, key: &str) -> Person {
        let id = self.portal.actor_by_key(key).await.expect("they are in the catalogue").person().expect("a person");
        let fields = [("name", key), ("password", PASSWORD), ("next", "/")];
        let answer = self.send("", "/api/sessions/sign-in", &fields, "text/html").await.expect("the portal answers");
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        assert!(!answer.cookies.is_empty(), "{key} gets a session");
        Person { id, cookies: answer.cookies }
    }

    /// Sends a form, again and again until the portal answers for itself.
    pub async fn act(&self, who: &Person, path: &str, fields: &[(&str, &str)], accept: &str) -> Answer {
        loop {
            match self.send(&who.cookies, path, fields, accept).await {
                Some(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => return answer,
                Some(_) | None => sleep(Duration::from_millis(50 + chance(100))).await,
            }
        }
    }

    /// Sends a form once; `None` where there is no answer, or half of one.
    async fn send(&self, cookies: &str, path: &str, fields: &[(&str, &str)], accept: &str) -> Option<Answer> {
        let request = self
            .client
            .post(format!("http://{}{path}", self.listen))
            .header("sec-fetch-site", "same-origin")
            .header(header::ACCEPT, accept)
            .header(header::COOKIE, cookies);
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let sending = spawn_blocking(move || {
            let mut answer = request.send_form(fields).ok()?;
            let text = |name| answer.headers().get_all(name).iter().filter_map(|it| it.to_str().ok());
            let location = text(header::LOCATION).next().unwrap_or_default().to_owned();
            let cookies = text(header::SET_COOKIE).filter_map(|it| it.split(';').next()).collect::<Vec<_>>().join("; ");
            let body = answer.body_mut().read_to_string().ok()?;
            Some(Answer { status: answer.status(), location, cookies, body })
        });
        sending.await.expect("it does not panic")
    }

    /// The governed rows of a table (and a condition), as the portal remembers them.
    pub async fn rows<T: DeserializeOwned>(&self, table: &str) -> Vec<T> {
        let query = format!("select body from {table}");
        let bodies: Vec<(String,)> = if self.database.starts_with("sqlite:") {
            let mut db = SqliteConnection::connect(&self.database).await.expect("the file is there");
            let found = sqlx::query_as(AssertSqlSafe(query)).fetch_all(&mut db).await.expect("it can be read");
            db.close().await.expect("it lets go");
            found
        } else {
            let mut db = PgConnection::connect(&self.database).await.expect("the database is there");
            let found = sqlx::query_as(AssertSqlSafe(query)).fetch_all(&mut db).await.expect("it can be read");
            db.close().await.expect("it lets go");
            found
        };
        bodies.into_iter().map(|(body,)| serde_json::from_str(&body).expect("a row of this kind")).collect()
    }

    /// Who has what in the target now: account and role.
    pub async fn in_target(&self) -> BTreeSet<(String, String)> {
        let mut server = PgConnection::connect(&self.target).await.expect("the cluster answers");
        let found: Vec<(String, String)> = sqlx::query_as(
            "select member::regrole::text, roleid::regrole::text from pg_auth_members
             where starts_with(member::regrole::text, $1)",
        )
        .bind(&self.prefix)
        .fetch_all(&mut server)
        .await
        .expect("it can be read");
        server.close().await.expect("it lets go");
        found.into_iter().collect()
    }
}

fn catalogue(prefix: &str, people: usize, bundles: usize) -> String {
    let mut text = String::new();
    for key in ["olga", "otto", "bea", "fay", "finn"] {
        writeln!(text, "[[person]]\nkey = \"{key}\"\nname = \"{key}\"\n").expect("text");
    }
    let mut members = Vec::new();
    for n in 0..people {
        let account = format!("accounts = {{ kill-db = \"{prefix}_asker{n}\" }}");
        writeln!(text, "[[person]]\nkey = \"asker{n}\"\nname = \"Asker {n}\"\n{account}\n").expect("text");
        members.push(format!("\"asker{n}\""));
    }
    writeln!(
        text,
        r#"
        [[group]]
        key = "kill-askers"
        name = "Askers"
        says = "Who may ask"
        members = [{}]

        [[group]]
        key = "kill-fallback"
        name = "Fallback"
        says = "Who decides when nobody else may"
        members = ["fay", "finn"]

        [[system]]
        key = "kill-db"
        name = "A database"
        says = "A real one, in which roles come and go"
        environment = "staging"
        sensitivity = "low"
        data_class = "internal"
        owners = ["olga", "otto"]
        backup_owners = ["bea"]
        fallback = "kill-fallback"
        connector = "postgres"
        settings = {{ secret = "kill-db" }}
        "#,
        members.join(", ")
    )
    .expect("text");
    for n in 0..bundles {
        writeln!(
            text,
            "[[system.entitlement]]\nkey = \"role{n}\"\nname = \"Role {n}\"\nsays = \"Have role {n}\"\nnative = \"{prefix}_role{n}\"\n"
        )
        .expect("text");
    }
    for n in 0..bundles {
        writeln!(
            text,
            r#"
            [[bundle]]
            key = "kill{n}"
            name = "Role {n}"
            says = "Role {n}, by the yes of {need}"
            entitlements = ["kill-db/role{n}"]
            longest = "8h"
            default = "4h"
            askers = {{ groups = ["kill-askers"], kinds = ["person"] }}

              [[bundle.stage]]
              name = "Owner"
              need = {need}
              from = {{ owners = true }}
            "#,
            need = 1 + n % 2
        )
        .expect("text");
    }
    text
}
