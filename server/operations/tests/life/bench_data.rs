//! A made company with years of history: all of it is as valid as what people lived through, and goes on as if they had.

use crate::{
    on_both,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::Actor;
use operations::{BenchData, Error, Made};

on_both! {
    a_made_history_is_as_valid_as_one_that_was_lived
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

// R11, R41, R57
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
