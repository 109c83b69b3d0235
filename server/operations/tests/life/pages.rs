//! Pages that are out of date, authority that moves while a request is open, and what is found by name.

use crate::{
    on_both,
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{Refusal, request::State};
use operations::Error;

on_both! {
    a_yes_to_older_terms_is_refused
    a_comment_does_not_make_a_page_stale
    becoming_an_owner_does_not_count_for_open_requests
    when_owners_leave_the_backup_decides_then_the_fallback
    when_nobody_is_left_the_request_stops
    nobody_decides_on_their_own_request
    authority_lost_after_the_yes_of_another_counts_at_once
    policy_is_judged_again_at_the_moment_of_granting
    one_goes_by_name_to_what_one_may_see_and_nowhere_else
}

/// R32: nobody agrees to a page that is out of date.
async fn a_yes_to_older_terms_is_refused(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-two", "4h").await;
    let shown = world.request(id).await.terms;
    world
        .portal
        .approve(&world.actor("olga.owner").await, id, shown, "1h", "an hour will do")
        .await
        .expect("she may shorten it");
    let otto = world.actor("otto.owner").await;
    let stale = world.portal.approve(&otto, id, shown, "", "").await;
    assert!(matches!(stale, Err(Error::Refused(Refusal::StalePage))), "{stale:?}");
    assert_eq!(world.request(id).await.decisions.len(), 1);

    let terms = world.request(id).await.terms;
    assert_eq!(terms, shown + 1);
    let longer = world.portal.approve(&otto, id, terms, "2h", "").await;
    assert!(matches!(longer, Err(Error::Refused(Refusal::Longer { .. }))), "never longer again: {longer:?}");
    world.portal.approve(&otto, id, terms, "", "").await.expect("he has looked again");
    world.run_jobs().await;
    let grant = world.grant_of(id).await;
    let now = operations::Clock::now(&*world.clock);
    assert_eq!(grant.until(), Some(now + TimeDelta::hours(1)), "R16: not longer than the shortest yes");
    world.is_sound().await;
}

/// R32: what does not change the terms does not send people back.
async fn a_comment_does_not_make_a_page_stale(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-two", "4h").await;
    let shown = world.request(id).await.terms;
    world
        .portal
        .comment(&world.actor("ann.asker").await, id, "it is for the count on Friday")
        .await
        .expect("she takes part");
    world.portal.approve(&world.actor("olga.owner").await, id, shown, "", "").await.expect("a plain yes");
    world.portal.approve(&world.actor("otto.owner").await, id, shown, "", "").await.expect("another plain yes");
    assert!(matches!(world.request(id).await.state, State::Approved { .. }));
    world.is_sound().await;
}

/// R31: authority is what one had when it was asked, and still has.
async fn becoming_an_owner_does_not_count_for_open_requests(on: On) {
    let world = World::on(on).await;
    let open = world.ask("ann.asker", "life-one", "1h").await;
    let more = COMPANY.replace(
        "owners = [\"olga.owner\", \"otto.owner\"]",
        "owners = [\"olga.owner\", \"otto.owner\", \"hal.hand\"]",
    );
    assert_ne!(more, COMPANY);
    world.import(&more).await;
    let refused = world.approve("hal.hand", open).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotADecider { .. }))), "{refused:?}");
    assert!(!world.request(open).await.may_decide_now().contains(&world.id("hal.hand").await));

    let later = world.ask("bo.asker", "life-one", "1h").await;
    world.approve("hal.hand", later).await.expect("for what is asked from now on he counts");
    world.approve("otto.owner", open).await.expect("who was an owner still decides");
    world.is_sound().await;
}

/// R31, R74: when who decides is gone, those who stand in for them do.
async fn when_owners_leave_the_backup_decides_then_the_fallback(on: On) {
    let world = World::on(on).await;
    let admin = world.actor("astrid.nyberg").await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let early = world.approve("bea.backup", id).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotADecider { .. }))), "not while owners can: {early:?}");

    for owner in ["olga.owner", "otto.owner"] {
        world.portal.mark_left(&admin, world.id(owner).await).await.expect("an admin says so");
    }
    assert_eq!(world.request(id).await.may_decide_now(), [world.id("bea.backup").await].into());
    for owner in ["olga.owner", "otto.owner"] {
        let gone = world.approve(owner, id).await;
        assert!(matches!(gone, Err(Error::Refused(_))), "{owner}: {gone:?}");
    }
    world.portal.mark_left(&admin, world.id("bea.backup").await).await.expect("an admin says so");
    let both = [world.id("fay.fallback").await, world.id("finn.fallback").await];
    assert_eq!(world.request(id).await.may_decide_now(), both.into());
    world.approve("finn.fallback", id).await.expect("he is in the fallback group");
    world.run_jobs().await;
    assert_eq!(world.grant_of(id).await.state.word(), "active");
    world.is_sound().await;
}

/// R14: a request that nobody may decide does not lie about; it stops and says so.
async fn when_nobody_is_left_the_request_stops(on: On) {
    let world = World::on(on).await;
    let admin = world.actor("astrid.nyberg").await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    for who in ["olga.owner", "otto.owner", "bea.backup", "fay.fallback", "finn.fallback"] {
        assert!(world.request(id).await.state.is_open());
        world.portal.mark_left(&admin, world.id(who).await).await.expect("an admin says so");
    }
    let State::Stopped { why, .. } = world.request(id).await.state else { panic!("it stops") };
    assert!(why.contains("“Owner”") && why.contains("finds 0"), "{why}");
    world.is_sound().await;
}

/// R30: an owner who asks is not among those who decide, whoever asked in whose name.
async fn nobody_decides_on_their_own_request(on: On) {
    let world = World::on(on).await;
    let owners_ask = COMPANY
        .replace("members = [\"ann.asker\", \"bo.asker\"]", "members = [\"ann.asker\", \"bo.asker\", \"olga.owner\"]");
    world.import(&owners_ask).await;
    let id = world.ask("olga.owner", "life-one", "1h").await;
    let own = world.approve("olga.owner", id).await;
    assert!(matches!(own, Err(Error::Refused(Refusal::OwnRequest))), "{own:?}");
    assert_eq!(world.request(id).await.may_decide_now(), [world.id("otto.owner").await].into());
    let stranger = world.approve("bo.asker", id).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "what is not theirs to see does not exist: {stranger:?}");
    let admin = world.approve("astrid.nyberg", id).await;
    assert!(matches!(admin, Err(Error::Refused(Refusal::NotADecider { .. }))), "an admin is no approver: {admin:?}");
    assert!(world.request(id).await.decisions.is_empty());
    world.is_sound().await;
}

/// R31: at decision time one must still have the authority, by an import as by a removal.
async fn authority_lost_after_the_yes_of_another_counts_at_once(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-two", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    let fewer = COMPANY.replace("owners = [\"olga.owner\", \"otto.owner\"]", "owners = [\"olga.owner\"]");
    world.import(&fewer).await;
    let lost = world.approve("otto.owner", id).await;
    assert!(matches!(lost, Err(Error::NotFound)), "it is not his to see any more: {lost:?}");
    assert_eq!(world.request(id).await.may_decide_now(), [world.id("bea.backup").await].into());
    world.approve("bea.backup", id).await.expect("she stands in");
    assert!(matches!(world.request(id).await.state, State::Approved { .. }));
    world.is_sound().await;
}

/// R7: a stale approval does not grant.
async fn policy_is_judged_again_at_the_moment_of_granting(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    // Before a worker comes to it she is no longer among those who may ask.
    world.import(&COMPANY.replace("members = [\"ann.asker\", \"bo.asker\"]", "members = [\"bo.asker\"]")).await;
    world.run_jobs().await;
    let request = world.request(id).await;
    assert!(matches!(request.state, State::Stopped { .. }), "{:?}", request.state);
    assert!(request.second_ruling.is_some(), "the second ruling is kept too (R12)");
    assert!(world.read().await.grant_of(id).await.expect("it can be read").is_none());
    assert!(!world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// What somebody finds under a name: what it is, and where it leads, one by one.
async fn found(world: &World, who: &str, q: &str) -> Vec<(String, String)> {
    let places = world.portal.places(&world.actor(who).await, q).await.expect("they may look");
    places.into_iter().map(|place| (place.kind, place.path)).collect()
}

/// What is not theirs to see is not found by its name either.
async fn one_goes_by_name_to_what_one_may_see_and_nowhere_else(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let place = |kind: &str, path: &str| (kind.to_owned(), path.to_owned());
    let one = place("bundle", "/ask/life-one");
    let request = place("request", &format!("/requests/{id}"));
    assert_eq!(found(&world, "ann.asker", "One of the OWNERS").await, [one.clone(), request]);
    for other in ["bo.asker", "olga.owner", "astrid.nyberg"] {
        assert_eq!(found(&world, other, "one of the owners").await, std::slice::from_ref(&one), "{other} did not ask");
    }

    let ann = place("person", "/identities/ann.asker");
    for (who, finds) in [("astrid.nyberg", true), ("ann.asker", true), ("bo.asker", false), ("olga.owner", false)] {
        assert_eq!(found(&world, who, "ann asker").await.contains(&ann), finds, "{who}");
    }
    let desk = place("system", "/systems/life-desk");
    let askers = place("group", "/groups/life-askers");
    for (who, owns, is_in) in [("astrid.nyberg", true, true), ("olga.owner", true, false), ("bo.asker", false, true)] {
        assert_eq!(found(&world, who, "life desk").await.contains(&desk), owns, "{who}");
        assert_eq!(found(&world, who, "life, askers").await.contains(&askers), is_in, "{who}");
    }
    for who in ["astrid.nyberg", "ann.asker"] {
        let all = found(&world, who, "").await;
        for kind in ["bundle", "system", "person", "group", "request"] {
            assert!(all.iter().filter(|(it, _)| it == kind).count() <= 5, "{who}: {all:?}");
        }
    }
}
