//! A real target while things happen at once: a worker that freezes in the middle of giving, and grants that end while others begin. The
//! target is a Postgres; what counts is what stands in it, at the end and at every moment.

use crate::{
    on_both,
    races::{at_once, rounds, works},
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    grant::{State, Why},
    job::JobKey,
};
use operations::{Clock, Error, Ids, Portal, SystemIds};
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;

on_both! {
    what_a_frozen_worker_gives_after_the_end_is_taken_back
    what_a_frozen_worker_gives_late_stays_where_another_grant_needs_it
    a_renewal_that_begins_as_the_old_grant_ends_leaves_no_gap
    the_end_of_one_grant_while_another_begins_never_takes_the_right
}

/// Longer than any lease.
const LONGER_THAN_A_LEASE: TimeDelta = TimeDelta::minutes(5);

/// A role that is given and an account that gets it, on a server that others use too.
struct Target {
    server: PgConnectOptions,
    root: PgConnection,
    account: String,
    role: String,
    keeper: String,
}

impl Target {
    /// A target that the portal of this world reaches, with the people and bundles for it: Tess asks.
    async fn of(world: &mut World, on: On) -> Self {
        // So that both versions are met.
        let name = match on {
            On::Sqlite => "SALLYPORT_TEST_POSTGRES_18",
            On::Postgres => "SALLYPORT_TEST_POSTGRES_15",
        };
        let address = std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"));
        let server: PgConnectOptions = address.parse().expect("the address of a server");
        let root = PgConnection::connect_with(&server).await.expect("the server answers");
        let tag = format!("life_{}", hex::encode(&SystemIds::default().secret()[..8]));
        let [account, role, keeper] = ["tess", "read", "keeper"].map(|name| format!("{tag}_{name}"));
        let mut target = Self { server, root, account, role, keeper };
        target.is_set_up(&tag).await;

        let (host, port) = (target.server.get_host(), target.server.get_port());
        let (_, database) = address.rsplit_once('/').expect("an address ends in a database");
        let secret = format!("postgres://{}:{tag}@{host}:{port}/{database}", target.keeper);
        world.is_told("life-target", secret).await;
        world.import(&COMPANY.replace("ACCOUNT", &target.account).replace("ROLE", &target.role)).await;
        target
    }

    async fn is_set_up(&mut self, password: &str) {
        let Self { account, role, keeper, .. } = &*self;
        let roles = format!(
            "create role {account} login; create role {role};
             create role {keeper} login password '{password}';
             grant pg_signal_backend to {keeper}; grant {role} to {keeper} with admin option"
        );
        run(&mut self.root, &roles).await;
    }

    /// Another superuser's session.
    async fn session(&self) -> PgConnection {
        PgConnection::connect_with(&self.server).await.expect("the server answers")
    }

    /// Whether the account has the role.
    async fn has(&mut self) -> bool {
        const SQL: &str =
            "select exists (select from pg_auth_members where roleid = $1::regrole and member = $2::regrole)";
        let has = sqlx::query_scalar(SQL).bind(&self.role).bind(&self.account).fetch_one(&mut self.root).await;
        has.expect("the server answers")
    }

    /// Waits until the connector waits for somebody else's change.
    async fn makes_the_keeper_wait(&mut self) {
        const SQL: &str =
            "select exists (select from pg_stat_activity where usename = $1 and wait_event_type = 'Lock')";
        for _ in 0..2000 {
            let waits = sqlx::query_scalar(SQL).bind(&self.keeper).fetch_one(&mut self.root).await;
            if waits.expect("the server answers") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the connector waits for nobody");
    }
}

async fn run(session: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await.unwrap_or_else(|why| panic!("{why}: {sql}"));
}

const COMPANY: &str = r#"
[[person]]
key = "tess.target"
name = "Tess Target"
email = "tess.target@tidewater.example"
department = "Life"
accounts = { life-target = "ACCOUNT" }

[[group]]
key = "target-askers"
name = "Target, askers"
says = "Who may ask for what is in the target"
members = ["tess.target"]

[[system]]
key = "life-target"
name = "Life target"
says = "A server in which rights are really given"
environment = "staging"
sensitivity = "low"
data_class = "internal"
owners = ["olga.owner", "otto.owner"]
backup_owners = ["bea.backup"]
fallback = "life-fallback"
connector = "postgres"
settings = { secret = "life-target" }

  [[system.entitlement]]
  key = "read"
  name = "Read"
  says = "Read what is there"
  native = "ROLE"

[[bundle]]
key = "target-one"
name = "Read in the target"
says = "Read, by the yes of one owner"
entitlements = ["life-target/read"]
longest = "8h"
default = "4h"
askers = { groups = ["target-askers"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

[[bundle]]
key = "target-two"
name = "Read in the target for longer"
says = "Read too, by the yes of one owner"
entitlements = ["life-target/read"]
longest = "2d"
default = "1d"
askers = { groups = ["target-askers"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

/// One look of a worker on a replica of its own.
async fn looks_once(portal: Portal) -> Result<u32, Error> {
    let done = portal.run_due_jobs(1).await;
    portal.close().await;
    done
}

/// R40: a worker freezes in the middle of giving and wakes after the access has ended: what it gave then is taken back.
async fn what_a_frozen_worker_gives_after_the_end_is_taken_back(on: On) {
    let mut world = World::on(on).await;
    let mut target = Target::of(&mut world, on).await;
    world.run_jobs().await;
    let id = world.ask("tess.target", "target-one", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the request opens its grant");
    let grant = world.grant_of(id).await;
    let (tess, look) = (world.actor("tess.target").await, JobKey::Right(grant.assignments[0].right()));

    // Somebody else is in the middle of a change to the same membership, so that what the worker gives has to wait.
    let mut busy = target.session().await;
    run(&mut busy, &format!("begin; grant {} to {}", target.role, target.account)).await;
    let frozen = tokio::spawn(looks_once(world.replica().await));
    target.makes_the_keeper_wait().await;

    world.clock.advance(LONGER_THAN_A_LEASE);
    world.portal.give_back(&tess, grant.id).await.expect("it is hers");
    world.run_jobs().await;
    assert!(matches!(world.grant(grant.id).await.state, State::Ended { why: Why::GivenBack {}, .. }));
    let next = async || {
        let looks = world.read().await.next_looks(&[look.clone()].into()).await.expect("they can be read");
        looks.get(&look).copied()
    };
    assert_eq!(next().await, None, "it is over and done");
    run(&mut busy, "rollback").await;
    assert_eq!(frozen.await.expect("it does not panic").expect("jobs can be claimed"), 1);

    assert!(!target.has().await, "what was given after the end");
    assert_eq!(next().await, Some(world.clock.now()), "whoever was late has it looked at once more");
    world.run_jobs().await;
    assert!(!target.has().await);
    world.is_sound().await;
}

/// R39: the same while another grant needs the right by then: what came late harms nobody, and is not taken from who has it.
async fn what_a_frozen_worker_gives_late_stays_where_another_grant_needs_it(on: On) {
    let mut world = World::on(on).await;
    let mut target = Target::of(&mut world, on).await;
    world.run_jobs().await;
    let id = world.ask("tess.target", "target-one", "1h").await;
    let other = world.ask("tess.target", "target-two", "1d").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the request opens its grant");
    let ends = world.grant_of(id).await;
    let (tess, look) = (world.actor("tess.target").await, JobKey::Right(ends.assignments[0].right()));

    let mut busy = target.session().await;
    run(&mut busy, &format!("begin; grant {} to {}", target.role, target.account)).await;
    let frozen = tokio::spawn(looks_once(world.replica().await));
    target.makes_the_keeper_wait().await;
    world.approve("otto.owner", other).await.expect("an owner decides");
    assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the other opens its grant");

    world.clock.advance(LONGER_THAN_A_LEASE);
    world.portal.give_back(&tess, ends.id).await.expect("it is hers");
    let mut tx = world.store.write().await.expect("the database answers");
    let taken_over = tx.claim(world.clock.now(), LONGER_THAN_A_LEASE).await.expect("looks can be claimed");
    assert_eq!(taken_over.expect("the lease ran out").key, look);
    tx.commit().await.expect("it can be committed");
    run(&mut busy, "rollback").await;
    assert_eq!(frozen.await.expect("it does not panic").expect("jobs can be claimed"), 1);
    assert!(target.has().await, "another grant needs it");

    world.pass(LONGER_THAN_A_LEASE).await;
    assert!(target.has().await);
    assert!(matches!(world.grant(ends.id).await.state, State::Ended { why: Why::GivenBack {}, .. }));
    let lives = world.grant_of(other).await;
    assert_eq!(lives.state.word(), "active");
    assert_eq!(world.live_grants("tess.target").await, [lives.id]);
    world.pass(TimeDelta::days(1)).await;
    assert!(!target.has().await, "it was ours to take");
    world.is_sound().await;
}

/// R39, R42: the old grant's time is over in the moment in which its renewal is made: the right is never gone from the target.
async fn a_renewal_that_begins_as_the_old_grant_ends_leaves_no_gap(on: On) {
    let mut world = World::on(on).await;
    let mut target = Target::of(&mut world, on).await;
    for _ in 0..rounds() {
        let old = world.granted("tess.target", "target-one", "1h", &["olga.owner"]).await;
        world.pass(TimeDelta::minutes(50)).await;
        let renewal = world.renew("tess.target", "target-one", "1h", old).await;
        world.approve("otto.owner", renewal).await.expect("an owner decides");
        assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the renewal opens its grant");
        world.clock.advance(TimeDelta::minutes(10));
        let race = tokio::spawn(at_once(works(world.replica().await), works(world.replica().await)));
        while !race.is_finished() {
            assert!(target.has().await, "there is no gap");
        }
        let (one, other) = race.await.expect("it does not panic");
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        world.run_jobs().await;

        let (now, new) = (world.clock.now(), world.grant_of(renewal).await);
        assert_eq!(new.state, State::Active { since: now, until: now + TimeDelta::hours(1) });
        assert_eq!(world.live_grants("tess.target").await, [new.id]);
        assert!(target.has().await);
        world.is_sound().await;
        world.pass(TimeDelta::hours(1)).await;
        assert!(!target.has().await);
    }
}

/// R39, R69: one of two grants that share a right ends while a worker makes the other: the right is never gone from the target.
async fn the_end_of_one_grant_while_another_begins_never_takes_the_right(on: On) {
    let mut world = World::on(on).await;
    let mut target = Target::of(&mut world, on).await;
    for _ in 0..rounds() {
        let ends = world.granted("tess.target", "target-one", "1h", &["olga.owner"]).await;
        let id = world.ask("tess.target", "target-two", "2h").await;
        world.approve("otto.owner", id).await.expect("an owner decides");
        assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the request opens its grant");
        let (worker, other, tess) = (world.replica().await, world.replica().await, world.actor("tess.target").await);
        let ending = async move {
            other.give_back(&tess, ends).await?;
            works(other).await
        };
        let race = tokio::spawn(at_once(works(worker), ending));
        while !race.is_finished() {
            assert!(target.has().await, "another grant needs it");
        }
        let (looked, ended) = race.await.expect("it does not panic");
        assert!(looked.is_ok() && ended.is_ok(), "{looked:?} {ended:?}");
        world.run_jobs().await;

        assert!(matches!(world.grant(ends).await.state, State::Ended { why: Why::GivenBack {}, .. }));
        assert_eq!(world.live_grants("tess.target").await, [world.grant_of(id).await.id]);
        assert!(target.has().await);
        world.is_sound().await;
        world.pass(TimeDelta::hours(2)).await;
        assert!(!target.has().await, "it is gone with the last of them");
    }
}
