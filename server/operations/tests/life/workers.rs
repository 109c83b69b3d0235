//! Workers that freeze: a look whose lease ran out and was taken over writes nothing.

use crate::{
    on_both,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::job::{Job, JobKey};
use operations::Clock;
use store::{Claim, Tx};

on_both! {
    a_claim_that_was_taken_over_holds_and_finishes_nothing
    a_claim_stays_spent_when_the_look_is_finished_and_asked_for_again
    a_look_left_half_done_is_taken_up_by_another_worker
    a_look_asked_for_meanwhile_is_due_again_when_the_first_is_finished
    what_takes_away_goes_first
}

const LEASE: TimeDelta = TimeDelta::seconds(60);

async fn write(world: &World) -> Tx {
    world.store.write().await.expect("the database answers")
}

async fn claim(world: &World) -> Option<Claim> {
    let mut tx = write(world).await;
    let claim = tx.claim(world.clock.now(), LEASE).await.expect("looks can be claimed");
    tx.commit().await.expect("it can be committed");
    claim
}

async fn holds(world: &World, claim: &Claim) -> bool {
    let mut tx = write(world).await;
    tx.still_holds(claim).await.expect("it can be asked")
}

async fn jobs(world: &World) -> (u32, u32) {
    let now = world.clock.now();
    world.read().await.count_jobs(now).await.expect("they can be counted")
}

/// The fence: the worker that wakes late finds its number spent, whatever it tries.
async fn a_claim_that_was_taken_over_holds_and_finishes_nothing(on: On) {
    let world = World::on(on).await;
    world.run_jobs().await;
    let id = world.ask("ann.asker", "life-auto", "1h").await;
    let frozen = claim(&world).await.expect("a look is due");
    assert_eq!(frozen.key, JobKey::Request { id });
    assert!(holds(&world, &frozen).await);
    assert!(claim(&world).await.is_none(), "one look at one thing at a time");
    let next = world.store.next_claim().await.expect("it can be asked");
    assert_eq!(next, Some(world.clock.now() + LEASE), "a worker that is gone does not keep it");

    world.clock.advance(LEASE);
    let other = claim(&world).await.expect("the lease ran out");
    assert_eq!(other.key, frozen.key);
    assert!(!holds(&world, &frozen).await);
    assert!(holds(&world, &other).await);

    let before = jobs(&world).await;
    let mut tx = write(&world).await;
    tx.finish(&frozen, None).await.expect("it writes nothing");
    tx.put_back(&frozen, world.clock.now() + TimeDelta::days(1)).await.expect("it writes nothing");
    tx.commit().await.expect("it can be committed");
    assert_eq!(jobs(&world).await, before);
    assert!(holds(&world, &other).await);
    assert!(claim(&world).await.is_none(), "the frozen worker did not free what another holds");

    let mut tx = write(&world).await;
    tx.finish(&other, None).await.expect("it can be finished");
    tx.commit().await.expect("it can be committed");
    assert!(!holds(&world, &other).await, "it is done and gone");
    let missing = format!("request {id}: nothing is due that looks at `request/{id}`");
    assert_eq!(world.findings().await, [missing], "nobody has looked, and nobody will");
}

/// The fence once more: who wakes after the look was finished, and asked for again, does not pass for the worker that has it now.
async fn a_claim_stays_spent_when_the_look_is_finished_and_asked_for_again(on: On) {
    let world = World::on(on).await;
    world.run_jobs().await;
    let id = world.ask("ann.asker", "life-auto", "1h").await;
    let frozen = claim(&world).await.expect("a look is due");
    world.clock.advance(LEASE);
    let other = claim(&world).await.expect("the lease ran out");
    let mut tx = write(&world).await;
    tx.finish(&other, None).await.expect("it can be finished");
    tx.enqueue(&Job::at(JobKey::Request { id }, world.clock.now())).await.expect("it can be asked for");
    tx.commit().await.expect("it can be committed");

    let third = claim(&world).await.expect("it is due again");
    assert_eq!(third.key, frozen.key);
    assert!(holds(&world, &third).await);
    assert!(!holds(&world, &frozen).await, "its number was not given out again");
    let mut tx = write(&world).await;
    tx.finish(&frozen, None).await.expect("it writes nothing");
    tx.commit().await.expect("it can be committed");
    assert!(holds(&world, &third).await, "nor does it end what another has begun");
}

/// R40: a worker that died does not keep access from coming, or from ending.
async fn a_look_left_half_done_is_taken_up_by_another_worker(on: On) {
    let world = World::on(on).await;
    world.run_jobs().await;
    let id = world.ask("ann.asker", "life-auto", "1h").await;
    let died = claim(&world).await.expect("a look is due");
    let other = world.replica().await;
    assert_eq!(other.run_due_jobs(10).await.expect("jobs can be claimed"), 0, "its lease is still good");
    world.clock.advance(LEASE);
    assert!(other.run_due_jobs(10).await.expect("jobs can be claimed") > 0);
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    assert!(!holds(&world, &died).await);
    other.close().await;
    world.is_sound().await;
}

/// A change that comes while a look is under way is not lost.
async fn a_look_asked_for_meanwhile_is_due_again_when_the_first_is_finished(on: On) {
    let world = World::on(on).await;
    world.run_jobs().await;
    let id = world.ask("ann.asker", "life-auto", "1h").await;
    let first = claim(&world).await.expect("a look is due");
    let mut tx = write(&world).await;
    tx.enqueue(&Job::at(JobKey::Request { id }, world.clock.now())).await.expect("it can be asked for");
    tx.commit().await.expect("it can be committed");
    assert!(claim(&world).await.is_none(), "not beside the first");
    let mut tx = write(&world).await;
    tx.finish(&first, None).await.expect("it can be finished");
    tx.commit().await.expect("it can be committed");
    let again = claim(&world).await.expect("it is due again");
    assert_eq!(again.key, JobKey::Request { id });
}

/// What takes access away never waits behind what gives it.
async fn what_takes_away_goes_first(on: On) {
    let world = World::on(on).await;
    let grant = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    world.ask("bo.asker", "life-auto", "1h").await;
    world.clock.advance(TimeDelta::seconds(1));
    world.portal.give_back(&world.actor("ann.asker").await, grant).await.expect("it is hers");
    let right = world.grant(grant).await.assignments[0].right();
    assert_eq!(claim(&world).await.expect("looks are due").key, JobKey::Right(right));
}
