//! What is worked out while somebody types is worked out for everybody: nobody has it done without end.

use chrono::TimeDelta;

use crate::on_both;
use crate::world::{On, World};

on_both! {
    a_ruling_is_shown_sixty_times_a_minute_and_then_again_a_minute_later
    the_editors_are_paced_as_well
}

async fn a_ruling_is_shown_sixty_times_a_minute_and_then_again_a_minute_later(on: On) {
    let world = World::on(on).await;
    let me = world.actor("maya.lindqvist").await.person().expect("a person").to_string();
    let fields = [("bundle", "orders-read"), ("subject", me.as_str()), ("duration", "2h"), ("justification", "CASE-2")];
    let mut maya = world.sign_in("maya.lindqvist").await;
    for turn in 0..60 {
        let path = ["/api/requests/preview", "/api/requests/panel"][turn % 2];
        let answer = maya.call(path, &fields).await;
        assert_eq!(answer.status, 200, "{turn}: {}", answer.body);
    }
    for path in ["/api/requests/preview", "/api/requests/panel"] {
        let refused = maya.call(path, &fields).await;
        assert_eq!(refused.status, 429, "{path}: {}", refused.body);
        assert!(refused.body.to_lowercase().contains("too many tries: wait 1 second"), "{path}: {}", refused.body);
    }
    let page = maya.get("/ask/orders-read").await;
    assert!(page.shows("Too many tries: wait 1 second and try again."), "{}", page.text());

    let mut joao = world.sign_in("joao.marques").await;
    assert_eq!(joao.get("/ask/orders-read").await.status, 200, "others are not held up by it");
    world.clock.advance(TimeDelta::minutes(1));
    assert_eq!(maya.call("/api/requests/panel", &fields).await.status, 200);
}

async fn the_editors_are_paced_as_well(on: On) {
    let world = World::on(on).await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    let panels = [("/api/bundles/panel", ("bundle", "orders-read")), ("/api/guardrails/panel", ("rules", "permit"))];
    for (path, field) in panels {
        for _ in 0..60 {
            assert_eq!(astrid.call(path, &[field]).await.status, 200, "{path}");
        }
        assert_eq!(astrid.call(path, &[field]).await.status, 429, "{path}");
        world.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(astrid.call("/api/bundles/panel", &[("bundle", "orders-read")]).await.status, 200);
}
