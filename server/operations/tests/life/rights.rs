//! Rights in their targets, when something comes in between: a worker that died, an end before the beginning, a catalogue that changes.

use crate::{
    on_both,
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{
    Refusal,
    grant::{State, Why},
    job::JobKey,
};
use operations::{Clock, Error, Import};

on_both! {
    a_grant_is_not_closed_over_a_right_whose_look_was_cut_short
    what_is_set_up_by_hand_comes_before_what_is_not
    a_task_that_was_open_at_the_end_is_turned_around
    what_was_set_up_too_late_is_taken_away_again
    what_still_stands_after_it_was_taken_is_looked_at_again
    what_grants_stand_on_does_not_move_under_them
    one_right_has_one_name_in_its_system
}

/// R40, R69: a grant is over when each of its rights has been looked at, not when the others have.
async fn a_grant_is_not_closed_over_a_right_whose_look_was_cut_short(on: On) {
    let world = World::on(on).await;
    world.run_jobs().await;
    let id = world.ask("ann.asker", "life-xy", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    assert_eq!(world.portal.run_due_jobs(1).await.expect("jobs can be claimed"), 1, "the request opens its grant");
    let mut tx = world.store.write().await.expect("the database answers");
    let lease = TimeDelta::seconds(60);
    let died = tx.claim(world.clock.now(), lease).await.expect("looks can be claimed").expect("a right is to be given");
    tx.commit().await.expect("it can be committed");
    assert!(matches!(died.key, JobKey::Right(_)), "{}", died.key);

    let grant = world.grant_of(id).await.id;
    world.portal.give_back(&world.actor("ann.asker").await, grant).await.expect("it is hers");
    world.run_jobs().await;
    assert_eq!(world.grant(grant).await.state.word(), "ending", "nobody knows what the worker did before it died");
    world.pass(lease).await;
    assert!(matches!(world.grant(grant).await.state, State::Ended { why: Why::GivenBack {}, .. }));
    world.is_sound().await;
}

/// R16, R39: nobody has a right for hours before the clock runs.
async fn what_is_set_up_by_hand_comes_before_what_is_not(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-both", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    assert!(!world.is_in("ann.asker", "life-x").await, "nobody has set up the other right yet");
    world.pass(TimeDelta::hours(20)).await;
    assert!(!world.is_in("ann.asker", "life-x").await);

    let [(task, false, false)] = world.tasks("hal.hand").await[..] else { panic!("one task") };
    world.portal.attest(&world.actor("hal.hand").await, task).await.expect("Hal had no part in it");
    world.run_jobs().await;
    let now = world.clock.now();
    let grant = world.grant_of(id).await;
    assert_eq!(grant.state, State::Active { since: now, until: now + TimeDelta::hours(1) });
    assert!(world.is_in("ann.asker", "life-x").await);
    world.clock.advance(TimeDelta::hours(1));
    assert!(!world.is_in("ann.asker", "life-x").await, "to the minute, whatever becomes of the jobs");
    world.is_sound().await;
}

/// R40: what an operator may have done already, and not attested yet, is taken away again.
async fn a_task_that_was_open_at_the_end_is_turned_around(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let [(give, false, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that gives") };
    let grant = world.grant_of(id).await.id;
    world.portal.give_back(&world.actor("ann.asker").await, grant).await.expect("it is hers");
    world.run_jobs().await;
    assert_eq!(world.grant(grant).await.state.word(), "ending");

    let [(take, true, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that takes away") };
    let late = world.portal.attest(&world.actor("hal.hand").await, give).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::TaskDone))), "what he read is not wanted any more: {late:?}");
    world.portal.attest(&world.actor("hal.hand").await, take).await.expect("Hal made sure that it is gone");
    world.run_jobs().await;
    assert!(matches!(world.grant(grant).await.state, State::Ended { why: Why::GivenBack {}, .. }));
    assert!(world.tasks("hal.hand").await.is_empty());
    world.is_sound().await;
}

/// R30, R40: what an operator did after its time was done all the same: it is written down, and taken away.
async fn what_was_set_up_too_late_is_taken_away_again(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let [(give, false, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that gives") };
    world.clock.advance(TimeDelta::days(1));
    world.portal.attest(&world.actor("hal.hand").await, give).await.expect("no worker has been here yet");
    world.is_sound().await;
    world.run_jobs().await;
    let grant = world.grant_of(id).await;
    assert!(matches!(grant.state, State::Ending { why: Why::Lapsed {}, .. }));
    assert!(grant.assignments[0].is_present(), "he said that it is there");
    world.is_sound().await;

    let [(take, true, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that takes away") };
    world.portal.attest(&world.actor("hal.hand").await, take).await.expect("Hal had no part in it");
    world.run_jobs().await;
    assert!(matches!(world.grant(grant.id).await.state, State::Ended { why: Why::Lapsed {}, .. }));
    world.is_sound().await;
}

/// R40, R69: a grant whose right somebody gave in another way meanwhile does not end unnoticed, nor is it forgotten.
async fn what_still_stands_after_it_was_taken_is_looked_at_again(on: On) {
    let world = World::on(on).await;
    let grant = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    let nobody = "says = \"Who has the right X\"\nmembers = []";
    assert!(COMPANY.contains(nobody));
    world.import(&COMPANY.replace(nobody, &nobody.replace("[]", "[\"ann.asker\"]"))).await;
    world.portal.give_back(&world.actor("ann.asker").await, grant).await.expect("it is hers");
    world.run_jobs().await;
    let ending = world.grant(grant).await;
    assert_eq!(ending.state.word(), "ending");
    let trouble = ending.assignments[0].trouble.as_ref().expect("it still stands there");
    assert_eq!(trouble.says, "the right was taken away and still stands there: a standing member");
    world.is_sound().await;

    world.import(COMPANY).await;
    world.pass(TimeDelta::minutes(10)).await;
    assert!(matches!(world.grant(grant).await.state, State::Ended { why: Why::GivenBack {}, .. }));
    world.is_sound().await;
}

async fn mistakes(world: &World, text: &str) -> Vec<String> {
    match world.try_import(text, Import::default()).await {
        Err(Error::Refused(Refusal::Catalogue(mistakes))) => mistakes,
        other => panic!("it is full of mistakes: {other:?}"),
    }
}

/// R16, R69: what was given can be taken away where it was given: no catalogue moves it meanwhile.
async fn what_grants_stand_on_does_not_move_under_them(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-both", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let moves = [
        ("native = \"life-x\"", "native = \"life-askers\"", "grants give the right `x`"),
        ("native = \"Role: Z\"", "native = \"Role: A\"", "grants give the right `z`"),
        ("life-hand = \"ANN\"", "life-hand = \"BO\"", "access by the account `ANN`"),
        ("connector = \"manual\"\noperators", "connector = \"directory\"\n# operators", ""),
    ];
    for (before, after, says) in moves {
        assert!(COMPANY.contains(before), "{before}");
        let found = mistakes(&world, &COMPANY.replace(before, after)).await;
        assert!(found.iter().any(|it| it.contains(says)), "{after}: {found:?}");
    }
    world.portal.give_back(&world.actor("ann.asker").await, world.grant_of(id).await.id).await.expect("it is hers");
    world.run_jobs().await;
    let [(take, true, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that takes away") };
    world.portal.attest(&world.actor("hal.hand").await, take).await.expect("Hal had no part in it");
    world.run_jobs().await;
    for (before, after, _) in &moves[..3] {
        world.import(&COMPANY.replace(before, after)).await;
    }
    world.is_sound().await;
}

/// R69: two keys for one right in the target would let the end of one take the other.
async fn one_right_has_one_name_in_its_system(on: On) {
    let world = World::on(on).await;
    let renamed = COMPANY.replace("key = \"z\"", "key = \"zed\"").replace("life-hand/z", "life-hand/zed");
    let found = mistakes(&world, &renamed).await;
    assert!(found.iter().any(|it| it.contains("are both `Role: Z` there")), "{found:?}");
    world.is_sound().await;
}
