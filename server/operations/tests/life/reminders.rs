//! Requests that wait long: who is reminded and when, who hears of it, and who may decide then.

use crate::{
    on_both,
    people::notices,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    Refusal,
    ids::RequestId,
    job::{Job, JobKey},
    views::Asking,
};
use operations::{Clock as _, Error};
use std::collections::BTreeSet;

on_both! {
    who_decides_is_reminded_at_half_and_at_three_quarters_once_each
    who_could_step_in_sees_the_request_once_they_are_told
    where_the_bundle_says_so_the_backup_decides_after_a_time
    nobody_comes_in_who_could_not_have_decided_when_it_was_asked
    a_stage_that_comes_later_has_its_own_time
}

/// Bundles whose stages escalate; they wait for four days.
pub const BUNDLES: &str = r#"
[[service]]
key = "life.robot"
name = "Life robot"
kind = "pipeline"
purpose = "Counts at night"
owners = ["ann.asker", "bea.backup"]

[[bundle]]
key = "life-pace"
name = "Decided in a day"
says = "Right X, by the yes of an owner or, after a day, of who stands in"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
waits = "4d"
askers = { kinds = ["person", "pipeline"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
  escalates_after = "1d"

[[bundle]]
key = "life-paces"
name = "Decided in two days"
says = "Right Y, by the yes of a seat and, within a day more, of an owner"
entitlements = ["life-desk/y"]
longest = "8h"
default = "4h"
waits = "4d"
askers = { kinds = ["person"] }

  [[bundle.stage]]
  name = "Seat"
  need = 1
  from = { group = "life-seat" }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
  escalates_after = "1d"
"#;

/// How often somebody was told this.
async fn hears(world: &World, who: &str, what: &str) -> usize {
    notices(world, who).await.iter().filter(|says| says.contains(what)).count()
}

/// Another look at the request, by another process: what was done is not done again.
async fn is_looked_at_again(world: &World, id: RequestId) {
    let mut tx = world.store.write().await.expect("the database answers");
    let look = Job::at(JobKey::Request { id }, world.clock.now());
    tx.enqueue(&look).await.expect("it can be asked for");
    tx.commit().await.expect("it can be committed");
    let other = world.replica().await;
    assert!(other.run_due_jobs(64).await.expect("jobs can be claimed") > 0, "it was looked at");
    other.close().await;
    world.run_jobs().await;
}

/// Half of the seven days is over after 84 hours, three quarters after 126.
async fn who_decides_is_reminded_at_half_and_at_three_quarters_once_each(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    world.pass(TimeDelta::hours(84) - TimeDelta::minutes(1)).await;
    assert_eq!(hears(&world, "olga.owner", "of its time is over").await, 0);
    world.pass(TimeDelta::minutes(1)).await;
    is_looked_at_again(&world, id).await;
    let half = "One of the owners for Ann Asker is yours to decide until 9 March, 09:00 UTC: half of its time is over";
    for (who, told) in [("olga.owner", 1), ("otto.owner", 1), ("bea.backup", 0), ("ann.asker", 0)] {
        assert_eq!(hears(&world, who, half).await, told, "{who}");
    }
    world.is_sound().await;

    world.pass(TimeDelta::hours(42)).await;
    is_looked_at_again(&world, id).await;
    let late = "three quarters of its time is over";
    let next = "waits for Olga Owner or Otto Owner until 9 March, 09:00 UTC";
    for (who, reminded, told) in
        [("olga.owner", 1, 0), ("otto.owner", 1, 0), ("bea.backup", 0, 1), ("fay.fallback", 0, 0), ("ann.asker", 0, 0)]
    {
        assert_eq!((hears(&world, who, late).await, hears(&world, who, next).await), (reminded, told), "{who}");
    }
    // Being told lets nobody decide.
    let early = world.approve("bea.backup", id).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotADecider { .. }))), "{early:?}");
    world.is_sound().await;

    world.pass(TimeDelta::hours(42)).await;
    assert_eq!(world.told(id).await, ["asked", "request_expired"], "a reminder is nothing to write down");
    for who in ["olga.owner", "otto.owner"] {
        assert_eq!(hears(&world, who, "of its time is over").await, 2, "{who}");
    }
    world.is_sound().await;
}

/// R14: whoever is told of a request can look at it, and nobody else of their group could before.
async fn who_could_step_in_sees_the_request_once_they_are_told(on: On) {
    let world = World::on(on).await;
    let (astrid, bea) = (world.actor("astrid.nyberg").await, world.id("bea.backup").await);
    world.portal.mark_left(&astrid, bea).await.expect("an admin says so");
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let fay = world.actor("fay.fallback").await;
    let sees = async || world.portal.request(&fay, id).await;
    world.pass(TimeDelta::hours(126) - TimeDelta::minutes(1)).await;
    assert!(matches!(sees().await, Err(Error::NotFound)), "she has nothing to do with it");
    world.pass(TimeDelta::minutes(1)).await;
    for who in ["fay.fallback", "finn.fallback"] {
        assert_eq!(hears(&world, who, "see that somebody decides, as their stand-in").await, 1, "{who}");
    }
    let page = sees().await.expect("she was told of it");
    assert!(!page.acts.decide && page.context.is_none(), "{:?}", page.acts);
    let held = page.ruling.stages[0].holding.as_ref().expect("somebody holds it");
    assert_eq!(held.who, ["Olga Owner", "Otto Owner"]);
    assert_eq!(held.beside[0].0, "Life, fallback heard of it on");
    let early = world.approve("fay.fallback", id).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotADecider { .. }))), "{early:?}");
    world.approve("otto.owner", id).await.expect("it is still his");
    assert!(matches!(sees().await, Err(Error::NotFound)), "it is over, and nothing of hers");
    world.is_sound().await;
}

/// R14, R31: a day without an answer lets the backup decide too; it is an event, and the page says so before and after.
async fn where_the_bundle_says_so_the_backup_decides_after_a_time(on: On) {
    let world = World::on(on).await;
    world.import(BUNDLES).await;
    let id = world.ask("ann.asker", "life-pace", "1h").await;
    let (asked_at, ann) = (world.clock.now(), world.actor("ann.asker").await);
    let held = async || {
        let page = world.portal.request(&ann, id).await.expect("it is hers");
        page.ruling.stages[0].holding.clone().expect("somebody holds it")
    };
    let before = held().await;
    assert_eq!((before.who.join(", "), before.since), ("Olga Owner, Otto Owner".to_owned(), asked_at));
    let day = asked_at + TimeDelta::days(1);
    assert_eq!(before.beside, [("the backup owners may decide too from".to_owned(), day)]);
    world.pass(TimeDelta::days(1) - TimeDelta::minutes(1)).await;
    let early = world.approve("bea.backup", id).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotADecider { .. }))), "{early:?}");

    world.pass(TimeDelta::minutes(1)).await;
    is_looked_at_again(&world, id).await;
    assert_eq!(world.told(id).await, ["asked", "escalated"], "once");
    assert_eq!(hears(&world, "bea.backup", "Decided in a day for Ann Asker is yours to decide too now").await, 1);
    assert_eq!(hears(&world, "ann.asker", "the backup owners may decide too now").await, 1);
    assert_eq!(hears(&world, "olga.owner", "yours to decide too now").await, 0);
    let after = held().await;
    assert_eq!((after.who.join(", "), after.since), ("Olga Owner, Otto Owner".to_owned(), asked_at));
    let others = [("Bea Backup may decide too since".to_owned(), day)];
    assert_eq!(after.beside[..1], others, "then the fallback group: {:?}", after.beside);
    world.is_sound().await;

    // The next ones after her only hear of it.
    let fay = world.approve("fay.fallback", id).await;
    assert!(matches!(fay, Err(Error::NotFound)), "{fay:?}");
    world.pass(TimeDelta::days(2)).await;
    assert_eq!(hears(&world, "fay.fallback", "see that somebody decides").await, 1);
    assert_eq!(world.told(id).await, ["asked", "escalated"], "a stage escalates once");
    world.approve("bea.backup", id).await.expect("it is hers too by now");
    let decision = world.request(id).await.decisions.pop().expect("she decided");
    assert_eq!(decision.since, Some(day), "since when it was hers");
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    world.is_sound().await;
}

/// R30, R31: whoever answers for the machine is never let in, nor is who was made a backup after it was asked: the next ones are.
async fn nobody_comes_in_who_could_not_have_decided_when_it_was_asked(on: On) {
    let world = World::on(on).await;
    world.import(BUNDLES).await;
    let robot =
        world.read().await.identity_by_key("life.robot").await.expect("it can be read").expect("it is there").id;
    let asking = Asking { subject: robot.to_string(), ..world.asking("ann.asker", "life-pace", "1h").await };
    let id = world.portal.ask(&world.actor("ann.asker").await, &asking).await.expect("she owns it");
    let backups = "backup_owners = [\"bea.backup\"]";
    let more = crate::world::COMPANY.replace(backups, "backup_owners = [\"bea.backup\", \"hal.hand\"]");
    assert_ne!(more, crate::world::COMPANY);
    world.import(&more).await;

    world.pass(TimeDelta::days(1)).await;
    assert_eq!(world.told(id).await, ["asked", "escalated"]);
    let mut may = BTreeSet::new();
    for who in ["olga.owner", "otto.owner", "fay.fallback", "finn.fallback"] {
        may.insert(world.id(who).await);
    }
    assert_eq!(world.request(id).await.may_decide_now(), may);
    let own = world.approve("bea.backup", id).await;
    assert!(matches!(own, Err(Error::Refused(Refusal::OwnRequest))), "{own:?}");
    let late = world.approve("hal.hand", id).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::NotADecider { .. }))), "{late:?}");
    for who in ["bea.backup", "hal.hand"] {
        assert_eq!(hears(&world, who, "yours to decide").await, 0, "{who}");
    }
    // Who leaves meanwhile is out, whatever was escalated.
    let astrid = world.actor("astrid.nyberg").await;
    world.portal.mark_left(&astrid, world.id("finn.fallback").await).await.expect("an admin says so");
    assert!(!world.request(id).await.may_decide_now().contains(&world.id("finn.fallback").await));
    world.approve("fay.fallback", id).await.expect("it is hers too by now");
    world.is_sound().await;
}

/// A stage's time begins when it is its turn, not when it was asked.
async fn a_stage_that_comes_later_has_its_own_time(on: On) {
    let world = World::on(on).await;
    world.import(BUNDLES).await;
    let id = world.ask("ann.asker", "life-paces", "1h").await;
    world.pass(TimeDelta::hours(36)).await;
    world.approve("hal.hand", id).await.expect("he has a seat");
    world.is_sound().await;
    let request = world.request(id).await;
    assert_eq!(request.stage_since(), Some(world.clock.now()));
    assert_eq!(request.escalates_at(), Some(world.clock.now() + TimeDelta::days(1)));

    world.pass(TimeDelta::hours(24) - TimeDelta::minutes(1)).await;
    assert_eq!(world.told(id).await, ["asked", "approved"]);
    world.pass(TimeDelta::minutes(1)).await;
    assert_eq!(world.told(id).await, ["asked", "approved", "escalated"]);
    world.approve("bea.backup", id).await.expect("it is hers too by now");
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    world.is_sound().await;
}
