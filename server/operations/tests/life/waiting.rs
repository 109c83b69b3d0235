//! Approvals that wait: for the hours of their bundle, and no longer than they hold.

use crate::{
    on_both,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{
    Refusal,
    grant::State as GrantState,
    request::{Request, State},
};
use operations::{Clock, Error};

on_both! {
    an_approval_waits_for_the_hours_of_its_bundle
    an_approval_whose_hours_do_not_come_lapses
}

/// Right X, while the office is open.
const OFFICE: &str = r#"
[[bundle]]
key = "life-office"
name = "While the office is open"
says = "Right X, on weekdays"
entitlements = ["life-desk/x"]
longest = "8h"
default = "4h"
askers = { groups = ["life-askers"], kinds = ["person"] }
hours = { days = ["mon", "tue", "wed", "thu", "fri"], from = "08:00", to = "18:00", zone = "Europe/London" }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

/// Asked while the office is open, and approved an hour after it has closed: at seven in the evening, so many days after the first.
async fn approved_in_the_evening(world: &World, days: i64) -> Request {
    world.import(OFFICE).await;
    world.run_jobs().await;
    world.clock.advance(TimeDelta::days(days) + TimeDelta::hours(8));
    let id = world.ask("ann.asker", "life-office", "1h").await;
    world.clock.advance(TimeDelta::hours(2));
    world.approve("olga.owner", id).await.expect("she may say so at any hour");
    world.run_jobs().await;
    world.request(id).await
}

async fn is_still_waiting(world: &World, request: &Request) {
    assert!(matches!(world.request(request.id).await.state, State::Approved { .. }));
    assert!(world.read().await.grant_of(request.id).await.expect("it can be read").is_none());
    assert!(!world.is_in("ann.asker", "life-x").await);
    assert_eq!(world.told(request.id).await, ["asked", "approved"], "waiting is nothing to write down");
}

/// R6, R7: policy is looked at again when it is granted: outside the hours nothing is given, and soon after they begin it is.
async fn an_approval_waits_for_the_hours_of_its_bundle(on: On) {
    let world = World::on(on).await;
    let request = approved_in_the_evening(&world, 0).await;
    is_still_waiting(&world, &request).await;
    world.pass(TimeDelta::hours(13) - TimeDelta::minutes(1)).await;
    is_still_waiting(&world, &request).await;

    // It is looked at every five minutes.
    world.pass(TimeDelta::minutes(5)).await;
    let (now, grant) = (world.clock.now(), world.grant_of(request.id).await);
    assert_eq!(grant.state, GrantState::Active { since: now, until: now + TimeDelta::hours(1) });
    assert!(world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// R7, R29: an approval whose hours do not come in time lapses: it gives nothing any more, and stands in nobody's way.
async fn an_approval_whose_hours_do_not_come_lapses(on: On) {
    let world = World::on(on).await;
    // The first day is a Monday, so this is the evening of a Friday.
    let request = approved_in_the_evening(&world, 4).await;
    let State::Approved { lapses_at, .. } = request.state else { panic!("it is approved: {:?}", request.state) };
    assert_eq!(lapses_at, world.clock.now() + TimeDelta::days(1));
    world.pass(TimeDelta::days(1) - TimeDelta::minutes(1)).await;
    is_still_waiting(&world, &request).await;

    world.pass(TimeDelta::minutes(1)).await;
    assert_eq!(world.request(request.id).await.state, State::Lapsed { at: lapses_at });
    assert_eq!(world.told(request.id).await, ["asked", "approved", "approval_lapsed"]);
    let late = world.portal.withdraw(&world.actor("ann.asker").await, request.id).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::AlreadyOver { what: "lapsed", .. }))), "{late:?}");

    world.pass(TimeDelta::hours(39)).await;
    assert!(world.read().await.grant_of(request.id).await.expect("it can be read").is_none(), "Monday changes nothing");
    assert!(!world.is_in("ann.asker", "life-x").await);
    let again = world.ask("ann.asker", "life-office", "1h").await;
    assert!(matches!(world.request(again).await.state, State::Waiting { .. }), "it can be asked for anew");
    world.is_sound().await;
}
