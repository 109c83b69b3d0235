//! Whole lives: from the ask to the end, in the order people live them.

use crate::{
    on_both,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    Refusal,
    grant::{State, Why},
    request::State as RequestState,
};
use operations::{Clock, Error};

on_both! {
    access_is_asked_approved_there_and_ends_by_itself
    access_by_policy_alone_is_there_at_once_and_ends_by_itself
    a_task_is_attested_by_somebody_who_neither_asked_nor_approved
    ending_one_grant_leaves_the_right_that_another_still_needs
    ending_one_of_two_by_the_clock_leaves_the_other
    a_renewal_leaves_no_gap
    a_refused_ask_is_a_record_that_says_why
    a_request_that_nobody_decides_expires
    who_loses_a_seat_no_longer_decides_from_it
}

/// R27, R39, R40, R41: the life of access is one story, told in one stream, and ends by the clock.
async fn access_is_asked_approved_there_and_ends_by_itself(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    assert!(matches!(world.request(id).await.state, RequestState::Waiting { .. }));
    world.run_jobs().await;
    assert!(!world.is_in("ann.asker", "life-x").await, "nobody has said yes");

    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let granted_at = world.clock.now();
    let grant = world.grant_of(id).await;
    assert_eq!(grant.state, State::Active { since: granted_at, until: granted_at + TimeDelta::hours(2) });
    assert!(world.is_in("ann.asker", "life-x").await);
    assert!(matches!(world.request(id).await.state, RequestState::Granted { grant: g, .. } if g == grant.id));

    world.pass(TimeDelta::minutes(119)).await;
    assert_eq!(world.grant(grant.id).await.state.word(), "active");
    world.clock.advance(TimeDelta::minutes(1));
    assert!(!world.is_in("ann.asker", "life-x").await, "it ends to the minute, before any job has run");
    world.run_jobs().await;
    let over_at = granted_at + TimeDelta::hours(2);
    assert_eq!(world.grant(grant.id).await.state, State::Ended { at: over_at, why: Why::Expired {} });

    let told = world.told(id).await;
    assert_eq!(
        told,
        [
            "asked",
            "approved",
            "granted",
            "grant_opened",
            "looked_before",
            "seen_present",
            "grant_active",
            "grant_ending",
            "seen_absent",
            "grant_ended"
        ]
    );
    world.is_sound().await;
}

/// R9: low-risk access is given by policy alone, and its owners are told.
async fn access_by_policy_alone_is_there_at_once_and_ends_by_itself(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-auto", "1h").await;
    let request = world.request(id).await;
    assert!(matches!(request.state, RequestState::Approved { .. }));
    assert!(request.decisions.is_empty());
    world.run_jobs().await;
    let grant = world.grant_of(id).await;
    assert_eq!(grant.state.word(), "active");
    assert!(world.is_in("ann.asker", "life-y").await);
    let olga = world.actor("olga.owner").await;
    let notices = world.portal.notices(&olga, "").await.expect("they can be read");
    assert!(notices.items.iter().any(|n| n.says.contains("by policy alone")), "the owner is told");

    world.pass(TimeDelta::hours(1)).await;
    assert!(matches!(world.grant(grant.id).await.state, State::Ended { why: Why::Expired {}, .. }));
    assert!(!world.is_in("ann.asker", "life-y").await);
    world.is_sound().await;
}

/// R30: who asked for access, gets it or approved it does not also set it up.
async fn a_task_is_attested_by_somebody_who_neither_asked_nor_approved(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let grant = world.grant_of(id).await.id;
    assert_eq!(world.grant(grant).await.state.word(), "opening", "the clock does not run before the access is there");

    let [(task, false, true)] = world.tasks("olga.owner").await[..] else { panic!("one task, which she must not do") };
    for part in ["olga.owner", "ann.asker"] {
        let refused = world.portal.attest(&world.actor(part).await, task).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::NotTheProvisioner))), "{part}: {refused:?}");
    }
    for stranger in ["otto.owner", "bo.asker", "astrid.nyberg"] {
        let unknown = world.portal.attest(&world.actor(stranger).await, task).await;
        assert!(matches!(unknown, Err(Error::NotFound)), "{stranger}: {unknown:?}");
    }
    world.run_jobs().await;
    assert_eq!(world.grant(grant).await.state.word(), "opening");

    assert_eq!(world.tasks("hal.hand").await, [(task, false, false)]);
    world.clock.advance(TimeDelta::minutes(30));
    world.portal.attest(&world.actor("hal.hand").await, task).await.expect("Hal had no part in it");
    world.run_jobs().await;
    let there_at = world.clock.now();
    assert_eq!(
        world.grant(grant).await.state,
        State::Active { since: there_at, until: there_at + TimeDelta::hours(1) }
    );
    assert!(world.tasks("hal.hand").await.is_empty());

    world.pass(TimeDelta::hours(1)).await;
    assert_eq!(world.grant(grant).await.state.word(), "ending", "nobody has taken it away yet");
    let [(away, true, false)] = world.tasks("hedda.hand").await[..] else { panic!("one task that takes away") };
    let refused = world.portal.attest(&world.actor("olga.owner").await, away).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotTheProvisioner))), "{refused:?}");
    world.portal.attest(&world.actor("hedda.hand").await, away).await.expect("Hedda had no part in it");
    world.run_jobs().await;
    assert!(matches!(world.grant(grant).await.state, State::Ended { why: Why::Expired {}, .. }));
    world.is_sound().await;
}

/// R39, R69: the end of one grant never takes what another still needs.
async fn ending_one_grant_leaves_the_right_that_another_still_needs(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    let first = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    let second = world.granted("ann.asker", "life-two", "4h", &["olga.owner", "otto.owner"]).await;
    assert!(
        !world.grant(second).await.assignments[0].found_before,
        "it stands there by our own grant, and is ours to take"
    );

    world.portal.give_back(&ann, first).await.expect("it is hers");
    world.run_jobs().await;
    assert!(matches!(world.grant(first).await.state, State::Ended { why: Why::GivenBack {}, .. }));
    assert_eq!(world.grant(second).await.state.word(), "active");
    assert!(world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;

    world.portal.revoke(&world.actor("otto.owner").await, second).await.expect("he owns it");
    world.run_jobs().await;
    assert!(matches!(world.grant(second).await.state, State::Ended { why: Why::Revoked {}, .. }));
    assert!(!world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// R40, by the clock: the shorter one ends, the longer one lives.
async fn ending_one_of_two_by_the_clock_leaves_the_other(on: On) {
    let world = World::on(on).await;
    let long = world.granted("ann.asker", "life-two", "4h", &["olga.owner", "otto.owner"]).await;
    let short = world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    world.pass(TimeDelta::hours(1)).await;
    assert_eq!(world.grant(short).await.state.word(), "ended");
    assert_eq!(world.grant(long).await.state.word(), "active");
    assert!(world.grant(long).await.assignments[0].is_present());
    assert!(world.is_in("ann.asker", "life-x").await);
    world.pass(TimeDelta::hours(3)).await;
    assert_eq!(world.grant(long).await.state.word(), "ended");
    assert!(!world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// R42: a renewal is a new decision, and takes the old grant's place without a gap.
async fn a_renewal_leaves_no_gap(on: On) {
    let world = World::on(on).await;
    let old = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    world.pass(TimeDelta::minutes(100)).await;
    let renewal = world.renew("ann.asker", "life-one", "2h", old).await;
    assert!(matches!(world.request(renewal).await.state, RequestState::Waiting { .. }), "never a silent extension");
    world.approve("otto.owner", renewal).await.expect("an owner decides");
    // One look at a time: at no moment between them is the right gone, and never do two grants of one bundle run.
    while world.portal.run_due_jobs(1).await.expect("jobs can be claimed") > 0 {
        assert!(world.is_in("ann.asker", "life-x").await, "there is no gap");
    }
    let new = world.grant_of(renewal).await;
    let State::Active { since, until } = new.state else { panic!("it is active: {:?}", new.state) };
    assert_eq!((since, until), (world.clock.now(), world.clock.now() + TimeDelta::hours(2)));
    assert!(!new.assignments[0].found_before);
    assert!(matches!(world.grant(old).await.state, State::Ended { why: Why::Continued { by }, .. } if by == new.id));
    world.pass(TimeDelta::minutes(20)).await;
    assert!(world.is_in("ann.asker", "life-x").await, "the old one's hour changes nothing");
    world.pass(TimeDelta::minutes(100)).await;
    assert_eq!(world.grant(new.id).await.state.word(), "ended");
    assert!(!world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// R1, R12: a refused ask is a record too, and no yes can revive it.
async fn a_refused_ask_is_a_record_that_says_why(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "9h").await;
    let request = world.request(id).await;
    assert!(matches!(request.state, RequestState::Refused { .. }));
    let failed: Vec<_> = request.ruling.failures().map(|c| c.says.clone()).collect();
    assert_eq!(failed, ["9 hours is longer than the 8 hours allowed"]);
    let refused = world.approve("olga.owner", id).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::AlreadyOver { what: "refused", .. }))), "{refused:?}");
    world.run_jobs().await;
    assert!(world.read().await.grant_of(id).await.expect("it can be read").is_none());
    world.is_sound().await;
}

/// R34: what nobody decides does not wait for ever.
async fn a_request_that_nobody_decides_expires(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    world.clock.advance(TimeDelta::days(7));
    let late = world.approve("olga.owner", id).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::AlreadyOver { what: "expired", .. }))), "{late:?}");
    world.run_jobs().await;
    assert!(matches!(world.request(id).await.state, RequestState::Expired { .. }));
    assert_eq!(world.told(id).await, ["asked", "request_expired"]);
    world.is_sound().await;
}

/// R31: a right in the portal's own directory may be what somebody decides by; when it ends, others decide.
async fn who_loses_a_seat_no_longer_decides_from_it(on: On) {
    let world = World::on(on).await;
    let seat = world.granted("ann.asker", "life-seat", "2h", &["olga.owner", "otto.owner"]).await;
    let id = world.ask("bo.asker", "life-seated", "1h").await;
    let [ann, hal] = [world.id("ann.asker").await, world.id("hal.hand").await];
    assert_eq!(world.request(id).await.may_decide_now(), [ann, hal].into());

    world.portal.give_back(&world.actor("ann.asker").await, seat).await.expect("it is hers");
    world.run_jobs().await;
    assert_eq!(world.request(id).await.may_decide_now(), [hal].into(), "her seat is gone");
    let refused = world.approve("ann.asker", id).await;
    assert!(matches!(refused, Err(Error::NotFound | Error::Refused(Refusal::NotADecider { .. }))), "{refused:?}");
    world.approve("hal.hand", id).await.expect("he has a seat");
    world.is_sound().await;
}
