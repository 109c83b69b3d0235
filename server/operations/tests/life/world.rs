//! A portal of its own for each test: the demo's company and a small one beside it in a fresh database, and a clock that the test
//! advances.

use crate::soft::{DOMAIN, ORIGIN};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    grant::Grant,
    ids::{GrantId, IdentityId, RequestId, StreamId, TaskId},
    minutes::Minutes,
    request::Request,
    views::Asking,
};
use operations::{
    Answer, Clock, Error, Finding, Ids, Import, Imported, Portal, RelyingParty, SecretsKey, Setup, SystemIds, Wanted,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};
use store::{Store, Tx};

/// The password of everybody in these tests who has one.
pub const PASSWORD: &str = "correct horse battery staple";

/// On which kind of database a world stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A file in a folder that goes with the world.
    Sqlite,
    /// A database of its own in the cluster that `cargo xtask test` starts.
    Postgres,
}

/// A clock that stands still until it is advanced; it begins on a Monday morning, when offices are open.
pub struct TestClock(Mutex<DateTime<Utc>>);

impl TestClock {
    fn new() -> Self {
        Self(Mutex::new("2026-03-02T09:00:00Z".parse().expect("a time")))
    }

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

/// A portal with people in it.
pub struct World {
    /// What can be done.
    pub portal: Portal,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// Its memory, for looking at what stands there.
    pub store: Store,
    on: On,
    database: String,
    secrets: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
}

/// The small company beside the demo's: Ann and Bo ask, Olga and Otto own, Bea stands in for them, Fay and Finn decide when nobody else
/// may, Hal and Hedda work by hand.
pub const COMPANY: &str = include_str!("company.toml");

impl World {
    /// A world on this kind of database, with the demo's catalogue and the small company.
    pub async fn on(on: On) -> Self {
        let world = Self::empty(on).await;
        world
            .portal
            .import(&Actor::Operator, demo_catalogue(), Import::default())
            .await
            .expect("the demo's catalogue loads");
        world.import(COMPANY).await;
        world
    }

    /// A world in which nobody lives yet.
    pub async fn empty(on: On) -> Self {
        let world = Self::unfounded(on).await;
        world.portal.migrate().await.expect("the database is empty");
        world
    }

    /// A world whose database has its tables, and nothing in them yet.
    pub async fn unfounded(on: On) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = match on {
            On::Sqlite => format!("sqlite://{}/life.db", folder.path().display()),
            On::Postgres => database_of_its_own().await,
        };
        let clock = Arc::new(TestClock::new());
        let secrets = BTreeMap::new();
        let portal = open(&database, &clock, &secrets).await;
        let store = Store::open(&database).await.expect("the database is there");
        store.migrate().await.expect("the database is empty");
        Self { portal, clock, store, on, database, secrets, _folder: folder }
    }

    /// Another replica of the same portal.
    pub async fn replica(&self) -> Portal {
        open(&self.database, &self.clock, &self.secrets).await
    }

    /// Tells the portal, and each replica from now on, the secret by which a target is reached.
    pub async fn is_told(&mut self, name: &str, secret: String) {
        self.secrets.insert(name.to_owned(), secret);
        self.portal.close().await;
        self.portal = self.replica().await;
    }

    /// Loads a catalogue file.
    pub async fn import(&self, text: &str) -> Imported {
        self.try_import(text, Import::default()).await.expect("the catalogue loads")
    }

    /// Loads a catalogue file, or says why not.
    pub async fn try_import(&self, text: &str, how: Import) -> Result<Imported, Error> {
        self.portal.import_files(&Actor::Operator, &[("more.toml".to_owned(), text.to_owned())], how).await
    }

    /// The actor behind a key.
    pub async fn actor(&self, key: &str) -> Actor {
        self.portal.actor_by_key(key).await.expect("they are in the catalogue")
    }

    /// The id behind a key.
    pub async fn id(&self, key: &str) -> IdentityId {
        self.actor(key).await.person().expect("a person")
    }

    /// What somebody writes to ask for a bundle for themselves.
    pub async fn asking(&self, who: &str, bundle: &str, duration: &str) -> Asking {
        Asking {
            bundle: bundle.to_owned(),
            subject: self.id(who).await.to_string(),
            duration: duration.to_owned(),
            justification: "to look into what a customer told us this morning".to_owned(),
            work_item: String::new(),
            link: String::new(),
            continues: String::new(),
            exception: String::new(),
        }
    }

    /// Somebody asks for a bundle for themselves.
    pub async fn ask(&self, who: &str, bundle: &str, duration: &str) -> RequestId {
        let asking = self.asking(who, bundle, duration).await;
        self.portal.ask(&self.actor(who).await, &asking).await.expect("they may ask")
    }

    /// Somebody says yes to a request as it stands.
    pub async fn approve(&self, who: &str, id: RequestId) -> Result<(), Error> {
        let terms = self.request(id).await.terms;
        self.portal.approve(&self.actor(who).await, id, terms, "", "").await
    }

    /// Somebody with a password asks for a bundle that wants them to show who they are.
    pub async fn ask_surely(&self, who: &str, bundle: &str) -> RequestId {
        let (actor, asking) = (self.actor(who).await, self.asking(who, bundle, "2h").await);
        let known =
            self.read().await.identity(self.id(who).await).await.expect("it can be read").expect("they are there");
        if known.password_set_at.is_none() {
            crate::people::is_let_in(self, who).await;
        }
        let id = self.portal.begin_step_up(&actor, &Wanted::Ask(asking), "/").await.expect("they may ask");
        let lead = self.portal.confirm(&actor, id, &Answer::Password(PASSWORD.to_owned())).await.expect("they may ask");
        lead.rsplit('/').next().and_then(|id| id.parse().ok()).expect("it leads to the request")
    }

    /// What came of an act, confirmed by the password where it wants a step-up.
    pub async fn confirming(&self, actor: &Actor, done: Result<(), Error>, wanted: Wanted) -> Result<(), Error> {
        let Err(Error::Refused(Refusal::StepUp { .. })) = done else { return done };
        let id = self.portal.begin_step_up(actor, &wanted, "/").await?;
        self.portal.confirm(actor, id, &Answer::Password(PASSWORD.to_owned())).await.map(|_| ())
    }

    /// A grant that is active: asked by somebody, approved by these, and made so.
    pub async fn granted(&self, who: &str, bundle: &str, duration: &str, by: &[&str]) -> GrantId {
        let id = self.ask(who, bundle, duration).await;
        for by in by {
            self.approve(by, id).await.expect("they may decide");
        }
        self.run_jobs().await;
        let grant = self.grant_of(id).await;
        assert_eq!(grant.state.word(), "active");
        grant.id
    }

    /// Somebody asks that a grant of theirs be continued.
    pub async fn renew(&self, who: &str, bundle: &str, duration: &str, grant: GrantId) -> RequestId {
        let asking = Asking { continues: grant.to_string(), ..self.asking(who, bundle, duration).await };
        self.portal.ask(&self.actor(who).await, &asking).await.expect("it is live")
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

    /// The memory, from one moment.
    pub async fn read(&self) -> Tx {
        self.store.read().await.expect("the database answers")
    }

    /// A request as it stands.
    pub async fn request(&self, id: RequestId) -> Request {
        self.read().await.request(id).await.expect("it can be read").expect("it is there")
    }

    /// A grant as it stands.
    pub async fn grant(&self, id: GrantId) -> Grant {
        self.read().await.grant(id).await.expect("it can be read").expect("it is there")
    }

    /// The grants of somebody that are not over.
    pub async fn live_grants(&self, who: &str) -> Vec<GrantId> {
        let id = self.id(who).await;
        let grants = self.read().await.live_grants_of(id).await.expect("they can be read");
        grants.into_iter().map(|grant| grant.id).collect()
    }

    /// The grant that followed from a request.
    pub async fn grant_of(&self, id: RequestId) -> Grant {
        self.read().await.grant_of(id).await.expect("it can be read").expect("it was granted")
    }

    /// The names of a request's events, in order, the grant's among them.
    pub async fn told(&self, id: RequestId) -> Vec<String> {
        let events = self.read().await.events(StreamId(id.0), 1, 1000).await.expect("they can be read");
        events.iter().map(|e| e.envelope().expect("it can be read").event.name().to_owned()).collect()
    }

    /// Whether somebody is a member of a group now.
    pub async fn is_in(&self, who: &str, group: &str) -> bool {
        let id = self.id(who).await;
        let now = self.clock.now();
        let mut tx = self.read().await;
        let group = tx.group_by_key(group).await.expect("it can be read").expect("it is there").id;
        tx.groups_of(id, now).await.expect("they can be read").contains(&group)
    }

    /// The tasks somebody sees: id, whether it takes away, whether they must not do it.
    pub async fn tasks(&self, who: &str) -> Vec<(TaskId, bool, bool)> {
        let tasks = self.portal.tasks(&self.actor(who).await, "").await.expect("they can be read");
        tasks.items.into_iter().map(|t| (t.id, t.takes_away, t.why_not.is_some())).collect()
    }

    /// The names of the events of a person, in order.
    pub async fn happened(&self, who: &str) -> Vec<String> {
        let events = self.read().await.events(StreamId(self.id(who).await.0), 1, 1000).await.expect("they can be read");
        events.iter().map(|e| e.envelope().expect("it can be read").event.name().to_owned()).collect()
    }

    /// What the check of the trail finds.
    pub async fn findings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut hear = |finding: Finding| found.push(finding.to_string());
        let count = self.portal.verify(&mut |_| (), &mut hear).await.expect("it can be checked");
        assert_eq!(u64::try_from(found.len()).ok(), Some(count));
        found
    }

    /// Asserts that the check of the trail finds nothing, and that every event stands there as the library writes its canonical form.
    pub async fn is_sound(&self) {
        assert_eq!(self.findings().await, Vec::<String>::new());
        let newest = self.read().await.trail(store::FIRST, 1000).await.expect("it can be read");
        for event in newest {
            let envelope = event.envelope().expect("it can be read");
            let canonical = serde_json_canonicalizer::to_vec(&envelope).expect("it has a canonical form");
            assert_eq!(String::from_utf8(event.bytes), String::from_utf8(canonical));
        }
    }

    /// Runs a statement past the portal, as somebody with the database in their hands would.
    pub async fn sql(&self, statement: String) -> Result<u64, sqlx::Error> {
        match self.on {
            On::Sqlite => {
                let mut db = SqliteConnection::connect(&self.database).await.expect("the file is there");
                // SQLite: foreign keys are held only on connections that ask for it.
                sqlx::query("pragma foreign_keys = on").execute(&mut db).await?;
                sqlx::query(AssertSqlSafe(statement)).execute(&mut db).await.map(|r| r.rows_affected())
            }
            On::Postgres => {
                let mut db = PgConnection::connect(&self.database).await.expect("the database is there");
                sqlx::query(AssertSqlSafe(statement)).execute(&mut db).await.map(|r| r.rows_affected())
            }
        }
    }

    /// Runs statements past the portal that must succeed, with the triggers that guard the trail out of the way until they are done.
    pub async fn tamper(&self, statements: &[String]) {
        let (off, on): (&[&str], &[&str]) = match self.on {
            On::Sqlite => (
                &["drop trigger events_never_change", "drop trigger events_never_go"],
                &[
                    // Word for word as they were migrated: any other text guards nothing.
                    "create trigger events_never_change before update on events begin\n  \
                     select raise(abort, 'the trail is never changed');\nend",
                    "create trigger events_never_go before delete on events begin\n  \
                     select raise(abort, 'the trail is never shortened');\nend",
                ],
            ),
            On::Postgres => (&["alter table events disable trigger user"], &["alter table events enable trigger user"]),
        };
        for trigger in off {
            self.sql((*trigger).to_owned()).await.expect("a trigger can be dropped");
        }
        for statement in statements {
            let changed = self.sql(statement.clone()).await.expect("the statement is right");
            assert!(changed > 0, "changed nothing: {statement}");
        }
        for trigger in on {
            self.sql((*trigger).to_owned()).await.expect("a trigger can be made");
        }
    }

    /// An id as it is written in a statement.
    pub fn literal(&self, id: uuid::Uuid) -> String {
        match self.on {
            On::Sqlite => format!("x'{}'", id.simple()),
            On::Postgres => format!("'{id}'::uuid"),
        }
    }

    /// Bytes as they are written in a statement.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        match self.on {
            On::Sqlite => format!("x'{}'", hex::encode(bytes)),
            On::Postgres => format!("'\\x{}'::bytea", hex::encode(bytes)),
        }
    }
}

/// The demo's catalogue, where it stands in the tree.
pub fn demo_catalogue() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../demo/catalogue"))
}

async fn open(database: &str, clock: &Arc<TestClock>, secrets: &BTreeMap<String, String>) -> Portal {
    let setup = Setup {
        database: database.to_owned(),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ids: Arc::new(SystemIds::default()),
        idle: TimeDelta::hours(1),
        absolute: TimeDelta::hours(12),
        approval_lapse: "1d".parse::<Minutes>().expect("a length of time"),
        hashing_at_once: 1,
        secrets: secrets.clone(),
        secrets_key: Some(SecretsKey::new([7; 32])),
        relying_party: Some(RelyingParty { id: DOMAIN.to_owned(), origin: ORIGIN.to_owned() }),
    };
    Portal::open(setup).await.expect("the database is there")
}

async fn database_of_its_own() -> String {
    let cluster = std::env::var("SALLYPORT_TEST_POSTGRES_15")
        .expect("SALLYPORT_TEST_POSTGRES_15 is not set, and this test needs a Postgres: run `cargo xtask test`");
    let name = format!("life_{}", hex::encode(&SystemIds::default().secret()[..8]));
    let mut server = PgConnection::connect(&cluster).await.expect("the cluster answers");
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut server)
        .await
        .expect("a superuser may make a database");
    let (server, _) = cluster.rsplit_once('/').expect("an address ends in a database");
    format!("{server}/{name}")
}
