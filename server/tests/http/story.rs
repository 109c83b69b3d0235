//! One access from the form to its end, in plain forms: that a world's clock, jobs and browsers belong together.

use chrono::TimeDelta;

use crate::on_both;
use crate::world::{On, World};

on_both! {
    access_is_asked_for_given_and_over
}

async fn access_is_asked_for_given_and_over(on: On) {
    let world = World::on(on).await;
    let mut hamza = world.sign_in("hamza.yilmaz").await;
    let domain::Actor::Person { id, .. } = world.actor("hamza.yilmaz").await else { panic!("he is a person") };

    hamza.get("/ask/flags-staging").await;
    let asked = hamza
        .submit(
            "/api/requests/ask",
            &[
                ("bundle", "flags-staging"),
                ("subject", &id.to_string()),
                ("duration", "7d"),
                ("justification", "The new basket"),
            ],
        )
        .await;
    assert!(asked.shows("Feature flags, staging"), "{}", asked.text());
    world.run_jobs().await;
    let given = hamza.follow("/access").await;
    assert!(given.shows("You have one access"), "{}", given.text());

    world.pass(TimeDelta::days(7) + TimeDelta::minutes(1)).await;
    let mut hamza = world.sign_in("hamza.yilmaz").await;
    let over = hamza.get("/access").await;
    assert!(over.shows("You have no access") && over.shows("its time was over"), "{}", over.text());
}
