//! What a floor writes is held against what the portal writes, on both kinds of database.

use std::collections::BTreeMap;
use std::env;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use domain::Actor;
use operations::{BenchData, Clock as _, Finding, Ids as _, Portal, SystemClock, SystemIds};
use server::config::{Flags, Settings};
use server::{demo, memory};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::Store;

use crate::commit::{Act, Floors};
use crate::copies::{self, TABLES};
use crate::example::newest;
use crate::sql::row;
use crate::{rates, raw};

/// Runs each test on both kinds of database, under a name of its own.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() { super::$test(super::On::Sqlite).await; })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() { super::$test(super::On::Postgres).await; })*
        }
    };
}

on_both! {
    a_floor_writes_as_many_rows_as_the_act
    what_is_written_again_and_again_never_collides
    rates_are_measured_on_what_is_recorded
}

#[derive(Clone, Copy)]
enum On {
    Sqlite,
    Postgres,
}

/// A made company with a short history, which ends now.
struct World {
    portal: Portal,
    store: Store,
    _folder: tempfile::TempDir,
}

impl World {
    async fn on(on: On) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = match on {
            On::Sqlite => format!("sqlite://{}/floors.db", folder.path().display()),
            On::Postgres => database_of_its_own().await,
        };
        let flags = Flags { database: Some(database.clone()), ..Flags::default() };
        let settings = Settings::read(&flags, Vec::new()).expect("the settings are right");
        let clock = Arc::new(demo::Backdated::default());
        clock.set_back(BenchData::SPAN);
        let portal = memory::open_with(&settings, clock.clone()).await.expect("the database is there");
        portal.migrate().await.expect("the database is empty");
        let wanted = BenchData { people: 60, bundles: 30, requests: 150, seed: 7 };
        let made = portal.make_bench_data(&Actor::Operator, &wanted, demo::PASSWORD, &mut |_| ()).await;
        made.expect("the portal is empty");
        clock.set_back(TimeDelta::zero());
        let store = Store::open(&database).await.expect("the database is there");
        Self { portal, store, _folder: folder }
    }

    async fn floors(&self, examples: usize) -> Floors {
        Floors::open(&self.portal, self.store.clone(), examples).await.expect("somebody can ask for something")
    }

    /// How many rows stand in the portal's tables, or in their copies, and how often those that are held were touched.
    async fn rows(&self, prefix: &str) -> BTreeMap<String, i64> {
        let mut tx = self.store.read().await.expect("the database answers");
        let counted = TABLES.map(|table| (table.to_owned(), format!("select count(*) from {prefix}{table}")));
        let touched = ["identities", "systems"].map(|table| {
            (format!("{table} touched"), format!("select coalesce(sum(touched), 0) from {prefix}{table}"))
        });
        let mut rows = BTreeMap::new();
        for (what, sql) in counted.into_iter().chain(touched) {
            let (count,) = row!(&mut tx, (i64,), AssertSqlSafe(sql)).expect("it can be counted");
            rows.insert(what, count);
        }
        rows
    }

    async fn is_sound(&self) {
        let mut found = Vec::new();
        let mut hear = |finding: Finding| found.push(finding.to_string());
        self.portal.verify(&mut |_| (), &mut hear).await.expect("it can be checked");
        assert_eq!(found, Vec::<String>::new());
    }
}

async fn database_of_its_own() -> String {
    let cluster = env::var("SALLYPORT_TEST_POSTGRES_15")
        .expect("SALLYPORT_TEST_POSTGRES_15 is not set, and this test needs a Postgres: run `cargo xtask test`");
    let name = format!("floors_{}", SystemIds::default().next(SystemClock.now()).simple());
    let mut server = PgConnection::connect(&cluster).await.expect("the cluster answers");
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut server)
        .await
        .expect("a superuser may make a database");
    let (server, _) = cluster.rsplit_once('/').expect("an address ends in a database");
    format!("{server}/{name}")
}

/// What came to be between two countings.
fn written(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    after.iter().map(|(what, count)| (what.clone(), count - before[what])).collect()
}

async fn a_floor_writes_as_many_rows_as_the_act(on: On) {
    let world = World::on(on).await;
    let before = world.rows("").await;
    let floors = world.floors(1).await;
    assert_eq!(world.rows("").await, before, "a rehearsal leaves nothing behind");

    let example = &floors.examples[0];
    let id = world.portal.ask(&example.asker, &example.asking).await.expect("they may ask");
    let asked = world.rows("").await;
    let mut tx = world.store.read().await.expect("the database answers");
    let terms = tx.request(id).await.expect("it can be read").expect("it is there").terms;
    drop(tx);
    world.portal.approve(&example.decider, id, terms, "", "").await.expect("they may decide");
    let decided = world.rows("").await;

    let floor_before = world.rows("floor_").await;
    floors.commit(Act::Ask).await.expect("it can be written");
    let floor_asked = world.rows("floor_").await;
    floors.commit(Act::Decide).await.expect("it can be written");
    let floor_decided = world.rows("floor_").await;

    let ask = written(&before, &asked);
    assert!(ask["notices"] > 0 && ask["deciders"] > 0 && ask["identities touched"] > 0, "{ask:?}");
    assert_eq!(written(&floor_before, &floor_asked), ask);
    let decision = written(&asked, &decided);
    assert!(decision["decisions"] == 1 && decision["systems touched"] > 0, "{decision:?}");
    assert_eq!(written(&floor_asked, &floor_decided), decision);

    copies::remove(&world.store).await.expect("they can be taken away");
    world.is_sound().await;
}

async fn what_is_written_again_and_again_never_collides(on: On) {
    let world = World::on(on).await;
    let before = world.rows("").await;
    let floors = Arc::new(world.floors(8).await);
    let found = raw::measure(&floors, Duration::from_millis(300)).await.expect("it can be written");
    for act in ["ask", "decide"] {
        assert!(found[act]["per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{found}");
    }
    assert_eq!(world.rows("").await, before, "floors write to their own tables");
    floors.close().await.expect("the copies can be taken away");
}

async fn rates_are_measured_on_what_is_recorded(on: On) {
    let world = World::on(on).await;
    let found = rates::measure(&world.portal, &world.store, 1).await.expect("it can be measured");
    for rate in [
        "ruling_us_p50",
        "ruling_50_guardrails_us_p50",
        "replay_per_second",
        "rejudge_per_second",
        "verify_events_per_second",
        "sign_ins_per_second",
    ] {
        assert!(found[rate].as_f64().is_some_and(|rate| rate > 0.0), "{rate}: {found}");
    }
}

#[tokio::test]
async fn fifty_guardrails_are_in_force() {
    assert_eq!(rates::GUARDRAILS.matches("@id(").count(), 50);
    let world = World::on(On::Sqlite).await;
    let recorded = newest(&mut world.store.read().await.expect("the database answers"), 100).await;
    rates::guardrails(&recorded.expect("they can be read")).expect("they can be used");
}
