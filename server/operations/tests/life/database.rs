//! What the database itself refuses, whoever asks: the promises that do not hang on our code.

use crate::{
    on_both,
    world::{On, World},
};
use chrono::TimeDelta;
use futures::{FutureExt as _, future::join_all};
use operations::Clock as _;
use std::{future::poll_fn, task::Poll};

on_both! {
    no_grant_without_an_approved_request
    no_approval_is_used_twice
    no_approval_without_a_yes
    events_are_neither_changed_nor_removed
    nobody_decides_twice_on_one_request
    nobody_waits_twice_or_holds_twice_the_same_bundle
    an_account_belongs_to_one_identity
    what_a_migration_fills_in_is_as_the_trail_says
    memory_is_freed_beside_those_who_use_it
    who_goes_away_leaves_no_transaction_behind
}

/// An insert that copies a grant under a new id, with some of its columns changed.
fn copied(id: &str, request: &str, approval: &str, state: &str) -> String {
    format!(
        "insert into grants (id, version, body, request_id, approval_id, subject_id, bundle_id, state, until)
         select {id}, version, body, {request}, {approval}, subject_id, bundle_id, {state}, until from grants limit 1"
    )
}

async fn refused(world: &World, statement: String, rule: fn(&dyn sqlx::error::DatabaseError) -> bool) {
    let error = world.sql(statement.clone()).await.expect_err(&statement);
    let error = error.as_database_error().unwrap_or_else(|| panic!("{error:?} for {statement}"));
    assert!(rule(error), "another rule said no: {error:?} for {statement}");
}

/// R28: provisioning is impossible without an approved request, by the database and not by convention.
async fn no_grant_without_an_approved_request(on: On) {
    let world = World::on(on).await;
    world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    let waiting = world.ask("bo.asker", "life-one", "1h").await;
    let ids = domain::ids::GrantId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003));
    let (id, waiting, made_up) = (
        world.literal(ids.0),
        world.literal(waiting.0),
        world.literal(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0004)),
    );
    // No request at all; a request that waits, with an approval that was made up.
    refused(&world, copied(&id, &made_up, &made_up, "'ended'"), |e| e.is_foreign_key_violation()).await;
    refused(&world, copied(&id, &waiting, &made_up, "'ended'"), |e| e.is_foreign_key_violation()).await;
    // Nor with none: the columns are never empty.
    let empty = world.sql(copied(&id, &waiting, "null", "'ended'")).await.expect_err("an approval is needed");
    assert!(
        empty.as_database_error().is_some_and(|e| e.kind() == sqlx::error::ErrorKind::NotNullViolation),
        "{empty:?}"
    );
    world.is_sound().await;
}

/// R29: an approval is used once, for its own request.
async fn no_approval_is_used_twice(on: On) {
    let world = World::on(on).await;
    world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    let other = world.ask("bo.asker", "life-one", "1h").await;
    world.approve("olga.owner", other).await.expect("an owner decides");
    let id = world.literal(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0005));
    refused(&world, copied(&id, "request_id", "approval_id", "'ended'"), |e| e.is_unique_violation()).await;
    // For another request, which is approved too, but by another approval.
    let stolen =
        world.sql(copied(&id, &world.literal(other.0), "approval_id", "'ended'")).await.expect_err("it is used");
    let stolen = stolen.as_database_error().expect("the database says so");
    assert!(stolen.is_unique_violation() || stolen.is_foreign_key_violation(), "{stolen:?}");
    // Nor does one approval stand on two requests.
    let twice =
        "update requests set state = 'approved', approval_id = (select approval_id from grants limit 1) where id = ";
    refused(&world, format!("{twice}{}", world.literal(other.0)), |e| e.is_unique_violation()).await;
    world.is_sound().await;
}

/// R28: an approval exists exactly while a request is approved or granted.
async fn no_approval_without_a_yes(on: On) {
    let world = World::on(on).await;
    let waiting = world.literal(world.ask("ann.asker", "life-one", "1h").await.0);
    let made_up = world.literal(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0006));
    refused(&world, format!("update requests set approval_id = {made_up} where id = {waiting}"), |e| {
        e.is_check_violation()
    })
    .await;
    refused(&world, format!("update requests set state = 'approved' where id = {waiting}"), |e| e.is_check_violation())
        .await;
    world.is_sound().await;
}

/// R76: the trail is only ever added to.
async fn events_are_neither_changed_nor_removed(on: On) {
    let world = World::on(on).await;
    world.ask("ann.asker", "life-one", "1h").await;
    let mut statements = vec![
        "update events set hash = hash",
        "update events set name = 'approved' where name = 'asked'",
        "delete from events",
    ];
    if on == On::Postgres {
        // SQLite: has no truncate.
        statements.push("truncate events");
    }
    for statement in statements {
        let error = world.sql(statement.to_owned()).await.expect_err(statement);
        let says = error.as_database_error().expect("the database says so").message().to_owned();
        assert!(says.contains("the trail is never"), "{statement}: {says}");
    }
    world.is_sound().await;
}

/// R30: one person counts once in a request, whatever the stage.
async fn nobody_decides_twice_on_one_request(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-two", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    let again = "insert into decisions (request_id, identity_id, approves, at, since) select request_id, identity_id, approves, at, since from decisions";
    refused(&world, again.to_owned(), |e| e.is_unique_violation()).await;
    world.is_sound().await;
}

/// R29: one open request and one running grant for each person and bundle.
async fn nobody_waits_twice_or_holds_twice_the_same_bundle(on: On) {
    let world = World::on(on).await;
    let waiting = world.literal(world.ask("ann.asker", "life-two", "1h").await.0);
    let id = world.literal(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0007));
    let twice = format!(
        "insert into requests (id, version, body, bundle_id, subject_id, asker_id, state, approval_id, asked_at, until)
         select {id}, version, body, bundle_id, subject_id, asker_id, state, approval_id, asked_at, until from requests where id = {waiting}"
    );
    refused(&world, twice, |e| e.is_unique_violation()).await;

    let one = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    world.portal.give_back(&world.actor("ann.asker").await, one).await.expect("it is hers");
    world.run_jobs().await;
    world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    let revived = format!("update grants set state = 'active' where id = {}", world.literal(one.0));
    refused(&world, revived, |e| e.is_unique_violation()).await;
    world.is_sound().await;
}

/// R25: an account on a system is one identity's.
async fn an_account_belongs_to_one_identity(on: On) {
    let world = World::on(on).await;
    let bo = world.literal(world.id("bo.asker").await.0);
    let taken = format!(
        "insert into accounts (identity_id, system_id, name) select {bo}, system_id, name from accounts where name = 'ANN'"
    );
    refused(&world, taken, |e| e.is_unique_violation()).await;
    world.is_sound().await;
}

/// R76: what is added to the tables of a company that lives says what its events say, of what is over and of what is not.
async fn what_a_migration_fills_in_is_as_the_trail_says(on: On) {
    let world = World::on(on).await;
    let over = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    world.portal.give_back(&world.actor("ann.asker").await, over).await.expect("it is hers");
    world.run_jobs().await;
    world.granted("bo.asker", "life-one", "1h", &["olga.owner"]).await;
    // Decided twice, not in one moment; by nobody; with a no; and not yet.
    let twice = world.ask("bo.asker", "life-two", "1h").await;
    world.approve("olga.owner", twice).await.expect("an owner decides");
    world.clock.advance(TimeDelta::minutes(3));
    world.approve("otto.owner", twice).await.expect("the other owner decides");
    world.ask("bo.asker", "life-auto", "1h").await;
    let denied = world.ask("ann.asker", "life-xy", "1h").await;
    let terms = world.request(denied).await.terms;
    world.portal.deny(&world.actor("olga.owner").await, denied, terms, "not today").await.expect("an owner decides");
    world.ask("bo.asker", "life-xy", "1h").await;
    world.run_jobs().await;
    world.is_sound().await;
    for undo in [
        "drop index identities_known",
        "drop index groups_known",
        "drop index systems_known",
        "drop index bundles_known",
        "drop table bundle_incompatible",
        "drop index jobs_next",
        "drop index jobs_leased",
        "drop index assignments_live",
        "drop index grants_of",
        "drop index grants_live_of",
        "create index grants_by_subject on grants (subject_id, id)",
        "create index grants_by_bundle on grants (bundle_id, id)",
        "alter table assignments drop column ended",
        "drop index requests_granted",
        "create index requests_granted on requests (bundle_id, id, asked_at) where state = 'granted'",
        "alter table requests drop column decided_at",
        "delete from _sqlx_migrations where version >= 20261126120000",
    ] {
        world.sql(undo.to_owned()).await.expect(undo);
    }
    world.store.check_schema().await.expect_err("it is the schema of before");
    world.store.migrate().await.expect("it can be brought up to date");
    world.store.check_schema().await.expect("it is the schema of now");
    assert!(!world.is_in("ann.asker", "life-x").await, "hers is over");
    assert!(world.is_in("bo.asker", "life-x").await, "his is not");
    world.is_sound().await;
}

/// Memory is freed without waiting for whoever reads or writes, and without taking anything from them.
async fn memory_is_freed_beside_those_who_use_it(on: On) {
    let world = World::on(on).await;
    let (mut reads, mut writes) =
        (world.store.read().await.expect("it begins"), world.store.write().await.expect("it begins"));
    let before = reads.portal().await.expect("it answers");
    writes.forget_tries("nobody").await.expect("it may write");
    world.store.free_memory().await.expect("it waits for nobody");
    assert_eq!(reads.portal().await.expect("it answers"), before);
    writes.commit().await.expect("it is still there");
    drop(reads);
    world.store.free_memory().await.expect("nobody is in the way");
    assert_eq!(world.store.read().await.expect("it begins").portal().await.expect("it answers"), before);
}

/// ASVS 15.4.2: a browser that goes away while a transaction begins leaves none open in a connection that others are given: they would read
/// what stood there then, and could neither begin one of another kind nor write.
async fn who_goes_away_leaves_no_transaction_behind(on: On) {
    let world = World::empty(on).await;
    let (nobody, now) = (domain::ids::IdentityId(uuid::Uuid::nil()), world.clock.now());
    for looks in 0..100 {
        let begin =
            |nth: usize| if nth.is_multiple_of(2) { world.store.read().boxed() } else { world.store.write().boxed() };
        let mut begins: Vec<_> = (0..4).map(begin).collect();
        // Each goes on as far as it comes without waiting, up to ten times; then nobody waits for it any more.
        for _ in 0..=looks % 10 {
            poll_fn(|context| {
                begins.retain_mut(|begin| begin.poll_unpin(context).is_pending());
                Poll::Ready(())
            })
            .await;
            tokio::task::yield_now().await;
        }
        drop(begins);
        // These need no transaction, and so would stand in one that was left open.
        let frames = join_all((0..8).map(|_| world.store.frame(nobody, now))).await;
        assert!(frames.iter().all(Result::is_ok), "{frames:?}");
        let readers = if on == On::Postgres { 8 } else { 1 };
        let begun = join_all((0..readers).map(|_| world.store.read())).await;
        assert!(begun.iter().all(Result::is_ok), "{begun:?}");
        drop(begun);
        let mut tx = world.store.write().await.expect("it begins");
        tx.touch_portal().await.expect("it may write");
    }
}
