//! How the database finds things: every statement that the portal runs while its pages are read and its acts are done is explained, on SQLite
//! and on Postgres, and none reads the whole of a table that grows. The statements are heard in the driver's own log, so that what is
//! explained is what is run.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use chrono::TimeDelta;
use domain::Actor;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::on_both;
use crate::stranger::{Scene, acts, pages, pairs};
use crate::world::On;

on_both! {
    no_statement_reads_a_table_that_grows_from_end_to_end
}

/// Tables that stay small, and why: these may be read whole.
const SMALL: [(&str, &str); 9] = [
    ("portal", "it has one row"),
    ("guardrails", "it has one row"),
    ("changes", "it has a row for each replica"),
    ("system_groups", "it has a row or two for each system"),
    ("throttles", "what has run out is swept away"),
    ("kept_forms", "what has run out is swept away"),
    ("pending", "what has run out is swept away"),
    ("invitations", "what has run out is swept away"),
    ("sessions", "what has run out is swept away"),
];

/// How statements begin that read everything on purpose, and why.
const ON_PURPOSE: [(&str, &str); 10] = [
    ("select key, name from systems order by name", "it is a list of names, and no longer than one can choose from"),
    ("select key, id from ", "a catalogue is held against every key there is"),
    ("select s.key, e.key, e.id from entitlements e ", "a catalogue is held against every key there is"),
    ("select id, signs_in from identities where admin ", "admins are few, and seldom told something all at once"),
    ("select count(*) from passwords p join identities i ", "it is asked in founding mode only"),
    ("select count(*) from requests", "the replay of a draft goes through all of them"),
    ("select count(*) from streams", "the whole trail is checked"),
    ("select count(*) from events", "the whole trail is checked"),
    ("select t.id from ", "the whole trail is checked"),
    ("select e.id from events e left join streams s ", "the whole trail is checked"),
];

/// What must have been among the statements, or this test has not looked.
const SOUGHT: [(&str, &str); 44] = [
    ("open requests for somebody", "from requests where state in ('waiting', 'approved') and subject_id = $1"),
    ("open requests by somebody", "from requests where state in ('waiting', 'approved') and asker_id = $1"),
    ("open requests", "from requests where state in ('waiting', 'approved') and id > $1"),
    (
        "requests that wait for somebody",
        "from deciders d join requests r on r.id = d.request_id where d.identity_id = $1",
    ),
    (
        "requests that wait for whom somebody stands in for",
        "from delegations g join deciders d on d.identity_id = g.identity_id",
    ),
    (
        "who stands in for those whom a request waits for",
        "from deciders d join delegations g on g.identity_id = d.identity_id where d.request_id = $1",
    ),
    ("reviews that are owed", "where r.owes_review = $1 and r.id > $2 and g.state = 'ended'"),
    ("requests of a bundle", "from requests where bundle_id = b.id and state = 'granted'"),
    ("somebody's live grants", "from grants where subject_id = $1 and state <> 'ended'"),
    ("somebody's ended grants", "from grants where subject_id = $1 and state = 'ended' and id < $2"),
    ("live grants of a bundle", "from grants g where g.bundle_id = $1"),
    ("live grants on a system", "from grants g where g.state in ('opening', 'active', 'ending')"),
    (
        "grants of a right",
        "from assignments a join grants g on g.id = a.grant_id where a.system_id = $1 and a.entitlement_id = $2",
    ),
    ("somebody's notices", "from notices where identity_id = $1 and id < $2"),
    ("what somebody heard of a request", "from notices where identity_id = $1 and path = $2 and at >= $3"),
    ("somebody's decisions", "from decisions where identity_id = $1 and at >= $2"),
    ("everybody's decisions", "from decisions where at >= $1"),
    ("unread notices", "from notices where identity_id = $1 and read_at is null"),
    ("when the next look can be claimed", "select min(at) from ( select min(due_at) as at from jobs"),
    ("looks that are due", "from jobs where takes_away = $2 and due_at <= $1"),
    ("open tasks of a system", "from tasks where system_id = $1 and done_at is null"),
    ("events of a stream", "from events where stream_id = $1 and seq >= $2"),
    ("events of the chains that are checked", "from events where (stream_id, seq) > ($1, $2) and stream_id <= $3"),
    ("events about a thing", "from events where thing_id = $1 and id < $2 order by id desc"),
    ("what somebody did", "from events where actor_id = $1 and id < $2"),
    ("events of a name", "from events where name = $1 and id < $2"),
    ("the whole trail", "from events where id < $1 order by id desc"),
    ("the catalogue", "and listed and not exists"),
    ("the catalogue of a system", "and id in (select b.bundle_id from bundle_entitlements b"),
    ("identities by name", "from identities where (name > $1 or (name = $1 and id > $2))"),
    ("identities by email", "from identities where email = $1"),
    ("systems by name", "from systems where (name > $1 or (name = $1 and id > $2))"),
    ("bundles by name", "from bundles where (name > $1 or (name = $1 and id > $2))"),
    ("systems with few owners", "from systems x where x.id > $1"),
    ("bundles that nobody owns", "from bundles where name >= $1 and listed and exists"),
    ("identities for which nobody answers", "from identity_owners o cross join identities i where o.identity_id > $1"),
    ("rights that no bundle gives", "from entitlements e where e.system_id > $1"),
    ("grants that give more than their bundle", "where g.state in ('opening', 'active') and b.listed = $1"),
    ("bundles that nobody asks for", "from bundles b where b.id > $1 and b.listed and coalesce"),
    ("grants that are past their end", "and (g.until is null or g.until <= $1)"),
    ("who is in a group", "with recursive down (id) as ( select id from groups where id = $1"),
    ("who else has a bundle", "select name, count(*) over () from ( select distinct i.id, i.name from grants g"),
    ("somebody's grants of a bundle", "from grants where subject_id = $1 and bundle_id = $2 order by id desc"),
    ("groups somebody is in", "with recursive up (id) as ( select group_id from group_members where identity_id = $1"),
];

/// By which index SQLite must find what a statement looks for: others would do, and lead through all there ever was.
const BY: [(&str, &str); 21] = [
    ("with recursive down (id) as ( select id from groups where id = $1", "INDEX assignments_live"),
    ("select gr.subject_id, gr.until from entitlements e", "INDEX assignments_live"),
    ("union select g.id from grants gr join assignments a on a.grant_id = gr.id", "COVERING INDEX grants_live"),
    ("select b.id, b.key, b.name, false from requests r join bundles b", "COVERING INDEX requests_open_for"),
    ("select b.id, b.key, b.name, false from requests r join bundles b", "COVERING INDEX grants_live"),
    ("select b.id, b.key, b.name, false from requests r join bundles b", "COVERING INDEX bundles_known"),
    ("select b.id, b.name, r.state, 0 from requests r join bundles b", "COVERING INDEX requests_open_for"),
    ("select b.id, b.name, r.state, 0 from requests r join bundles b", "COVERING INDEX grants_live"),
    ("select b.id, b.name, r.state, 0 from requests r join bundles b", "COVERING INDEX bundles_known"),
    ("select id, key, name from groups where id", "COVERING INDEX groups_known"),
    ("select id, name from bundles where id", "COVERING INDEX bundles_known"),
    ("from entitlements e join systems s on s.id = e.system_id and s.key > ''", "COVERING INDEX systems_known"),
    ("select min(at) from ( select min(due_at) as at from jobs", "INDEX jobs_next"),
    ("select min(at) from ( select min(due_at) as at from jobs", "COVERING INDEX jobs_leased"),
    ("select i.name, b.name, d.approves, d.at from requests r", "COVERING INDEX requests_by_subject"),
    ("from requests where bundle_id = b.id and state = 'granted'", "COVERING INDEX requests_granted"),
    ("select i.id from members cross join identities i", "COVERING INDEX identities_known"),
    ("select id, name, active from identities", "COVERING INDEX identities_known"),
    ("from grants where subject_id = $1 and state <> 'ended'", "INDEX grants_live"),
    (
        "select name, count(*) over () from ( select distinct i.id, i.name from grants g",
        "COVERING INDEX grants_live_of",
    ),
    ("from grants where subject_id = $1 and bundle_id = $2 order by id desc", "INDEX grants_of"),
];

/// What the table of pages does not lead to: searches.
const SEARCHES: [&str; 4] =
    ["/catalogue?q=orders&system=orders-db", "/trail?q=maya.lindqvist", "/trail?q=orders-read", "/trail?q=asked"];

async fn no_statement_reads_a_table_that_grows_from_end_to_end(on: On) {
    let heard = Heard::listening();
    let scene = Scene::new(on).await;
    lives(&scene).await;
    let statements = heard.statements();
    for (what, part) in SOUGHT {
        assert!(statements.iter().any(|it| it.contains(part)), "nobody looked for {what}: …{part}…");
    }
    let read = match on {
        On::Sqlite => read_whole_on_sqlite(&scene.world.database, &statements).await,
        On::Postgres => read_whole_on_postgres(&scene.world.database, &statements).await,
    };
    let wrong: Vec<_> = read
        .iter()
        .filter(|it| SMALL.iter().all(|(table, _)| it.table != *table))
        .filter(|it| ON_PURPOSE.iter().all(|(begins, _)| !it.statement.starts_with(begins)))
        .map(ToString::to_string)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who asked, who decides and an admin read every page and try every act; then time passes, and the trail is checked.
async fn lives(scene: &Scene) {
    let world = &scene.world;
    for who in ["maya.lindqvist", "priya.raman", "tomas.ferreira"] {
        let mut browser = world.sign_in(who).await;
        for path in pages(scene).iter().map(|(_, path, _)| path.as_str()).chain(SEARCHES) {
            browser.get(path).await;
        }
        for act in acts(scene).await {
            browser.call(act.path, &pairs(&act.fields)).await;
        }
    }
    // Half of the time of what waits is over, then all of it.
    for days in [2, 6] {
        world.pass(TimeDelta::days(days)).await;
    }
    world.portal.tidy().await.expect("it tidies up");
    world.portal.export(&Actor::Operator).await.expect("the catalogue can be written");
    let mut findings = Vec::new();
    world.portal.verify(&mut |_| {}, &mut |finding| findings.push(finding)).await.expect("it can be checked");
    assert!(findings.is_empty(), "{findings:?}");
}

/// A statement that reads the whole of a table.
struct ReadWhole {
    table: String,
    step: String,
    statement: String,
}

impl fmt::Display for ReadWhole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is read whole ({}) by: {}", self.table, self.step, self.statement)
    }
}

/// SQLite: it keeps no statistics unless it is asked to, so an empty table is looked up as a large one is.
async fn read_whole_on_sqlite(database: &str, statements: &BTreeSet<String>) -> Vec<ReadWhole> {
    let mut db = SqliteConnection::connect(database).await.expect("the file is there");
    let tables: Vec<String> = sqlx::query_scalar("select name from sqlite_master where type = 'table'")
        .fetch_all(&mut db)
        .await
        .expect("it says what it holds");
    let mut found = Vec::new();
    for statement in statements {
        let explain = AssertSqlSafe(format!("explain query plan {statement}"));
        // A value that is not bound is null, and does not change the plan.
        let plan = sqlx::query_as::<_, (i64, i64, i64, String)>(explain).fetch_all(&mut db).await;
        let plan = plan.unwrap_or_else(|why| panic!("{why}: {statement}"));
        for (_, index) in BY.iter().filter(|(part, _)| statement.contains(part)) {
            let (by, first) = (format!(" {index} ("), format!(" {index}"));
            // A search by nothing is of the first row of an index alone.
            let uses = |step: &str| step.contains(&by) || step.starts_with("SEARCH ") && step.ends_with(&first);
            assert!(plan.iter().any(|(.., step)| uses(step)), "{statement} does not use {index}: {plan:?}");
        }
        for (.., step) in plan {
            if let Some(table) = walked(&step).and_then(|name| called(name, statement, &tables)) {
                found.push(ReadWhole { table: table.to_owned(), step, statement: statement.clone() });
            }
        }
    }
    found
}

/// What a step of SQLite's plan reads from end to end: it scans it, with an index or without, or searches it by nothing, or by an index
/// that it makes first.
fn walked(step: &str) -> Option<&str> {
    let (how, rest) = step.split_once(' ')?;
    let (name, by) = rest.split_once(' ').unwrap_or((rest, ""));
    let whole = match how {
        "SCAN" => true,
        "SEARCH" => by.is_empty() || by.contains("AUTOMATIC"),
        _ => false,
    };
    whole.then_some(name)
}

/// The table behind a name in a statement: itself, or the one that is called so there. None for what the statement makes itself.
fn called<'a>(name: &str, statement: &str, tables: &'a [String]) -> Option<&'a str> {
    let words: Vec<_> =
        statement.split(|c: char| c.is_whitespace() || "(),".contains(c)).filter(|word| !word.is_empty()).collect();
    let is = |word: &str| tables.iter().find(|table| *table == word).map(String::as_str);
    is(name).or_else(|| words.windows(2).filter(|pair| pair[1] == name).find_map(|pair| is(pair[0])))
}

/// Postgres: forbidden to read a table whole, it still does where no index helps at all. For a plan that holds whatever the values are,
/// each statement is prepared.
async fn read_whole_on_postgres(database: &str, statements: &BTreeSet<String>) -> Vec<ReadWhole> {
    const PREPARED: &str =
        "select coalesce(array_length(parameter_types, 1), 0) from pg_prepared_statements where name = 'p'";
    let mut db = PgConnection::connect(database).await.expect("the database is there");
    for setting in ["set enable_seqscan = off", "set plan_cache_mode = force_generic_plan"] {
        db.execute(setting).await.expect("it can be set");
    }
    let mut found = Vec::new();
    for statement in statements {
        let prepared = db.execute(AssertSqlSafe(format!("prepare p as {statement}"))).await;
        prepared.unwrap_or_else(|why| panic!("{why}: {statement}"));
        let values: i32 = sqlx::query_scalar(PREPARED).fetch_one(&mut db).await.expect("it was prepared");
        let values: Vec<_> = (0..values).map(|_| "null").collect();
        let values = if values.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
        let plan = db.fetch_all(AssertSqlSafe(format!("explain (costs off) execute p{values}"))).await;
        for line in plan.unwrap_or_else(|why| panic!("{why}: {statement}")) {
            let step: String = line.get(0);
            if let Some((_, table)) = step.split_once("Seq Scan on ") {
                let table = table.split_whitespace().next().unwrap_or_default().to_owned();
                found.push(ReadWhole { table, step: step.trim().to_owned(), statement: statement.clone() });
            }
        }
        db.execute("deallocate p").await.expect("it was prepared");
    }
    found
}

/// Every statement that was run by anybody in this process, as the driver says it in its log.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<BTreeSet<String>>>);

impl Heard {
    /// Listens from the first call on. For the whole process, as SQLite's statements are run on threads of their own.
    fn listening() -> &'static Self {
        static HEARD: OnceLock<Heard> = OnceLock::new();
        HEARD.get_or_init(|| {
            let heard = Self::default();
            let only = Targets::new().with_target("sqlx::query", Level::DEBUG);
            let log = tracing_subscriber::registry().with(heard.clone().with_filter(only));
            tracing::subscriber::set_global_default(log).expect("nobody else listens in these tests");
            heard
        })
    }

    /// What looks something up or changes what it looked up; not what is asked of the database about itself.
    fn statements(&self) -> BTreeSet<String> {
        let ours = |it: &&String| {
            let looks_up = ["select ", "with ", "update ", "delete "].iter().any(|begins| it.starts_with(begins));
            let of_itself = ["_sqlx_migrations", "sqlite_master", "pg_"].iter().any(|part| it.contains(part));
            looks_up && !of_itself
        };
        self.0.lock().expect("no test panicked").iter().filter(ours).cloned().collect()
    }
}

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        // A statement of a few words is its own summary.
        let statement = if said.whole.is_empty() { said.summary } else { said.whole };
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0.lock().expect("no test panicked").insert(statement);
    }
}

/// What one line of the driver's log says.
#[derive(Default)]
struct Said {
    summary: String,
    whole: String,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
