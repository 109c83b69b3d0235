//! A made company with years of history: all of it is as valid as what people lived through, and goes on as if they had.

use crate::{
    guardrails::draft,
    on_both,
    races::is_long,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    Actor,
    event::Event,
    facts::Facts,
    ids::{RequestId, StreamId},
    request::{RequestEvent, State},
};
use operations::{BenchData, Error, Made, guardrails::GuardrailAct};
use uuid::Uuid;

on_both! {
    a_made_history_is_as_valid_as_one_that_was_lived
    what_was_made_up_is_what_would_have_been_read
    a_long_history_is_judged_again_and_comes_to_the_same
    the_same_seed_makes_up_the_same_and_another_does_not
    a_company_is_made_up_only_where_nobody_lives_yet
    what_cannot_be_made_up_says_why
}

const WANTED: BenchData = BenchData { people: 120, bundles: 60, requests: 300, seed: 7 };

async fn try_to_make(world: &World, wanted: &BenchData) -> Result<Made, Error> {
    world.portal.make_bench_data(&Actor::Operator, wanted, crate::world::PASSWORD, &mut |_| ()).await
}

/// A made company at the end of its history.
async fn made(on: On, wanted: &BenchData) -> (World, Made) {
    let world = World::empty(on).await;
    let made = try_to_make(&world, wanted).await.expect("the portal is empty");
    world.clock.advance(BenchData::SPAN);
    (world, made)
}

// R11, R76
async fn a_made_history_is_as_valid_as_one_that_was_lived(on: On) {
    let (world, made) = made(on, &WANTED).await;
    assert_eq!(made.values().sum::<usize>(), WANTED.requests);
    for became in ["ended", "waiting", "refused", "denied", "withdrawn", "expired"] {
        assert!(made.get(became).is_some_and(|count| *count > 0), "nothing is {became}: {made:?}");
    }
    assert!(made["ended"] > WANTED.requests / 2, "{made:?}");
    world.is_sound().await;

    let mut unlike = Vec::new();
    let mut hear = |it: operations::Unlike| unlike.push(it.to_string());
    let rejudged = world.portal.rejudge(&Actor::Operator, None, &mut hear, &mut |_| ()).await.expect("they can be");
    assert_eq!(unlike, Vec::<String>::new());
    assert!(rejudged.rulings > 400, "{rejudged:?}");

    // What is open goes on: nobody decides any more, and what was given ends.
    world.run_jobs().await;
    world.is_sound().await;
    for _ in 0..5 {
        world.pass(TimeDelta::days(8)).await;
    }
    world.is_sound().await;
    let mut tx = world.read().await;
    for who in tx.identities("", store::FIRST, 200).await.expect("they can be read") {
        assert_eq!(tx.count_open_requests_of(who.it.id).await.expect("they can be counted"), 0);
        assert_eq!(tx.live_grants_of(who.it.id).await.expect("they can be read"), []);
    }
    assert!(world.portal.is_demo().await.expect("it can be read"));
}

// What is judged again at the moment of granting is read by the portal itself.
async fn what_was_made_up_is_what_would_have_been_read(on: On) {
    let (world, _) = made(on, &WANTED).await;
    let open = world.read().await.open_requests(RequestId(Uuid::nil()), 100).await.expect("they can be read");
    let mut compared = 0;
    for asked in open {
        decide(&world, asked.id).await;
        world.run_jobs().await;
        let Some(read) = granted_on(&world, asked.id).await else { panic!("{} was not granted", asked.id) };
        // Of those who hold something else it may have ended meanwhile.
        if asked.facts.held.is_empty() && read.held.is_empty() {
            assert_eq!(Facts { at: read.at, asked_already: true, ..asked.facts }, read);
            compared += 1;
        }
    }
    assert!(compared > 2, "only {compared} could be compared");
    world.is_sound().await;
}

// R19, L1: each ruling comes to the same again, and a draft that changes nothing is replayed as changing nothing.
async fn a_long_history_is_judged_again_and_comes_to_the_same(on: On) {
    let long = BenchData { people: 2_000, bundles: 200, requests: 100_000, seed: 7 };
    let wanted = if is_long() { long } else { BenchData { requests: 500, ..WANTED } };
    let (world, _) = made(on, &wanted).await;
    let mut unlike = Vec::new();
    let mut hear = |it: operations::Unlike| unlike.push(it.to_string());
    let rejudged = world.portal.rejudge(&Actor::Operator, None, &mut hear, &mut |_| ()).await.expect("they can be");
    assert_eq!(unlike, Vec::<String>::new());
    assert!(usize::try_from(rejudged.rulings).is_ok_and(|made| made > wanted.requests), "{rejudged:?}");

    let (id, _) = world.read().await.admins().await.expect("they can be read")[0];
    let admin = Actor::Person { id, name: "An admin".to_owned() };
    let rule = "@id(\"a\") @says(\"b\") forbid (principal, action, resource) when { context.minutes > 100000 };";
    let number = draft(&world, &admin, rule).await;
    world.portal.change_guardrails(&admin, number, GuardrailAct::Submit).await.expect("they wrote it");
    world.run_jobs().await;
    let page = world.portal.guardrail_page(&admin).await.expect("it is there");
    let replay = page.draft.and_then(|draft| draft.replay).expect("it began");
    assert_eq!((replay.finished, replay.done, replay.total), (true, replay.total, replay.total));
    assert_eq!(usize::try_from(replay.total).ok(), Some(wanted.requests));
    assert_eq!(replay.sentence, format!("Of {} recorded requests, none would be decided otherwise.", wanted.requests));
}

/// Everybody says yes whom it takes.
async fn decide(world: &World, id: RequestId) {
    loop {
        let request = world.request(id).await;
        let State::Waiting { .. } = request.state else { return };
        let by = *request.may_decide_now().first().expect("somebody decides");
        let actor = Actor::Person { id: by, name: request.facts.name(by) };
        world.portal.approve(&actor, id, request.terms, "", "").await.expect("they may");
    }
}

/// The facts by which it was granted.
async fn granted_on(world: &World, id: RequestId) -> Option<Facts> {
    let events = world.read().await.events(StreamId(id.0), 1, 100).await.expect("they can be read");
    events.iter().find_map(|event| {
        let Event::Request(event) = event.envelope().expect("it can be read").event else { return None };
        let RequestEvent::Granted { facts, .. } = *event else { return None };
        Some(facts)
    })
}

async fn the_same_seed_makes_up_the_same_and_another_does_not(on: On) {
    let few = BenchData { requests: 150, ..WANTED };
    let (_, first) = made(on, &few).await;
    let (_, again) = made(on, &few).await;
    assert_eq!(first, again);
    let (_, other) = made(on, &BenchData { seed: 8, ..few }).await;
    assert_ne!(first, other);
}

async fn a_company_is_made_up_only_where_nobody_lives_yet(on: On) {
    let world = World::on(on).await;
    let no = try_to_make(&world, &WANTED).await.expect_err("somebody lives there");
    assert_eq!(no.to_string(), "it is in use, and everybody in it would get a known password: name an empty database");
    assert!(!world.portal.is_demo().await.expect("it can be read"));
    let maya = world.actor("maya.lindqvist").await;
    let no = world.portal.make_bench_data(&maya, &WANTED, "", &mut |_| ()).await.expect_err("a person may not");
    assert_eq!(no.to_string(), "only the command line makes up a company");
}

async fn what_cannot_be_made_up_says_why(on: On) {
    let world = World::empty(on).await;
    for (wanted, says) in [
        (BenchData { people: 39, ..WANTED }, "39 people cannot be made up: from 40 to 100000 can"),
        (BenchData { bundles: 5001, ..WANTED }, "5001 bundles cannot be made up: from 10 to 5000 can"),
        (
            BenchData { people: 40, requests: 40_001, ..WANTED },
            "40001 requests are too many for 40 people: at most 40000 can be made up",
        ),
    ] {
        assert_eq!(try_to_make(&world, &wanted).await.expect_err(says).to_string(), says);
    }
    world.is_sound().await;
}
