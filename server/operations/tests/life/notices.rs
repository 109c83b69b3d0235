//! What people are told, and when: what is true at that moment, once, and to nobody whom it does not concern.

use crate::{
    on_both,
    people::notices,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    job::{Job, JobKey},
    views::Asking,
};
use operations::Clock as _;

on_both! {
    an_end_is_told_before_it_comes_when_it_begins_and_when_it_is_there
    of_a_short_time_the_last_quarter_is_its_end
    what_is_taken_away_by_hand_is_gone_when_somebody_has_done_it
    what_another_grant_needs_is_not_said_to_be_gone
    who_extends_in_time_hears_of_no_end
    who_was_to_decide_hears_that_it_was_taken_back
}

async fn hears(world: &World, who: &str, what: &str) -> usize {
    notices(world, who).await.iter().filter(|says| says.contains(what)).count()
}

/// R40, R41: nobody is surprised by an end, and nobody reads that access is gone while it is there.
async fn an_end_is_told_before_it_comes_when_it_begins_and_when_it_is_there(on: On) {
    let world = World::on(on).await;
    let grant = world.granted("ann.asker", "life-one", "8h", &["olga.owner"]).await;
    world.pass(TimeDelta::minutes(7 * 60 - 1)).await;
    assert_eq!(hears(&world, "ann.asker", "ends in").await, 0);
    world.pass(TimeDelta::minutes(1)).await;
    let page = world.portal.notices(&world.actor("ann.asker").await, "").await.expect("they can be read");
    let request = world.grant(grant).await.request;
    assert_eq!(page.items[0].path, format!("/requests/{request}#acts"), "it leads to what she can do");
    // Another look in its last hour says nothing new.
    let mut tx = world.store.write().await.expect("the database answers");
    let look = Job::at(JobKey::Grant { id: grant }, world.clock.now());
    tx.enqueue(&look).await.expect("it can be asked for");
    tx.commit().await.expect("it can be committed");
    world.pass(TimeDelta::minutes(30)).await;
    world.pass(TimeDelta::minutes(30)).await;
    assert_eq!(
        notices(&world, "ann.asker").await,
        [
            "One of the owners: the access is gone",
            "One of the owners: its time is over, and the access is being taken away",
            "One of the owners: the access ends in 1 hour, at 17:00 UTC",
            "One of the owners: the access is there",
            "Olga Owner approved One of the owners for Ann Asker",
        ]
    );
    world.is_sound().await;
}

async fn of_a_short_time_the_last_quarter_is_its_end(on: On) {
    let world = World::on(on).await;
    world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    world.pass(TimeDelta::minutes(89)).await;
    assert_eq!(hears(&world, "ann.asker", "ends in").await, 0);
    // A worker that comes late says what is left then.
    world.pass(TimeDelta::minutes(11)).await;
    assert_eq!(hears(&world, "ann.asker", "the access ends in 20 minutes, at 11:00 UTC").await, 1);
    world.is_sound().await;
}

/// R30, R70: operators hear of their tasks, save of those that are not theirs to do.
async fn what_is_taken_away_by_hand_is_gone_when_somebody_has_done_it(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    world.run_jobs().await;
    let give = "Give `ANN` the right “Right Z” on Life by hand: a task for you";
    for (who, told) in [("hal.hand", 1), ("hedda.hand", 1), ("olga.owner", 0), ("ann.asker", 0), ("otto.owner", 0)] {
        assert_eq!(hears(&world, who, give).await, told, "{who}");
    }
    let [(task, ..)] = world.tasks("hal.hand").await[..] else { panic!("one task") };
    world.portal.attest(&world.actor("hal.hand").await, task).await.expect("he had no part in it");
    world.run_jobs().await;

    world.pass(TimeDelta::hours(1)).await;
    assert_eq!(hears(&world, "ann.asker", "is being taken away").await, 1);
    assert_eq!(hears(&world, "ann.asker", "is gone").await, 0, "nobody has done it");
    let take = "Take the right “Right Z” on Life by hand away from `ANN`: a task for you";
    assert_eq!(hears(&world, "hedda.hand", take).await, 1);
    let [(task, ..)] = world.tasks("hedda.hand").await[..] else { panic!("one task") };
    world.portal.attest(&world.actor("hedda.hand").await, task).await.expect("she had no part in it");
    world.run_jobs().await;
    assert_eq!(hears(&world, "ann.asker", "By hand: the access is gone").await, 1);
    world.is_sound().await;
}

async fn what_another_grant_needs_is_not_said_to_be_gone(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    let first = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    let second = world.granted("ann.asker", "life-two", "4h", &["olga.owner", "otto.owner"]).await;
    world.portal.give_back(&ann, first).await.expect("it is hers");
    world.run_jobs().await;
    assert_eq!(hears(&world, "ann.asker", "that another grant needs, stays").await, 1);
    assert_eq!(hears(&world, "ann.asker", "is gone").await, 0);
    world.portal.revoke(&world.actor("otto.owner").await, second).await.expect("he owns it");
    assert_eq!(hears(&world, "ann.asker", "Otto Owner ends Two of the owners for Ann Asker").await, 1);
    assert_eq!(hears(&world, "ann.asker", "is gone").await, 0, "not yet");
    world.run_jobs().await;
    assert_eq!(hears(&world, "ann.asker", "Two of the owners: the access is gone").await, 1);
    world.is_sound().await;
}

async fn who_extends_in_time_hears_of_no_end(on: On) {
    let world = World::on(on).await;
    let old = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    world.pass(TimeDelta::minutes(60)).await;
    let asking = Asking { continues: old.to_string(), ..world.asking("ann.asker", "life-one", "2h").await };
    let renewal = world.portal.ask(&world.actor("ann.asker").await, &asking).await.expect("it is live");
    world.approve("otto.owner", renewal).await.expect("an owner decides");
    world.run_jobs().await;
    world.pass(TimeDelta::minutes(60)).await;
    for end in ["is gone", "ends in", "is over"] {
        assert_eq!(hears(&world, "ann.asker", end).await, 0, "{end}");
    }
    world.pass(TimeDelta::minutes(30)).await;
    assert_eq!(hears(&world, "ann.asker", "ends in 30 minutes").await, 1);
    world.is_sound().await;
}

async fn who_was_to_decide_hears_that_it_was_taken_back(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-two", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.portal.withdraw(&world.actor("ann.asker").await, id).await.expect("it is hers");
    let says = "Ann Asker took back Two of the owners for Ann Asker";
    for (who, told) in [("olga.owner", 1), ("otto.owner", 1), ("ann.asker", 0), ("bea.backup", 0)] {
        assert_eq!(hears(&world, who, says).await, told, "{who}");
    }
    world.is_sound().await;
}
