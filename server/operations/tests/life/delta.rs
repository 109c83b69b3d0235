//! What an approver is shown before deciding: what becomes reachable that is not today (L11), and what hangs on an identity that is not a
//! person (R35, E9).

use crate::{
    on_both,
    world::{COMPANY, On, World},
};
use domain::{
    ids::RequestId,
    views::{Asking, Context, Delta, Reachable, bulk::Chosen, chain::Chain},
};
use operations::Error;
use std::fmt::Write;

on_both! {
    a_group_leads_through_others_to_what_relies_on_them
    a_seat_where_it_is_decided_is_a_way_that_opens
    who_answers_for_an_identity_reaches_what_it_reaches
    what_hangs_on_an_identity_is_shown_before_it_is_decided
    what_is_reachable_already_is_nothing_new
    what_stands_by_no_grant_is_marked
    no_more_is_listed_than_there_is_room_for
}

/// A group around another, and what relies on it.
const AROUND: &str = r#"
[[group]]
key = "life-circle"
name = "Life, circle"
says = "Who has the right X, and so is in here too"
members = []
groups = ["life-x"]

[[system]]
key = "life-vault"
name = "Life vault"
says = "A system that the circle works on by hand"
environment = "staging"
sensitivity = "low"
data_class = "internal"
owners = ["olga.owner"]
fallback = "life-fallback"
connector = "manual"
operators = "life-circle"

  [[system.entitlement]]
  key = "open"
  name = "Open the vault"
  says = "Open it"
  native = "Role: open"
  privileged = true

[[bundle]]
key = "life-inner"
name = "Inner"
says = "The vault, for the circle"
entitlements = ["life-vault/open"]
longest = "1h"
default = "1h"
askers = { groups = ["life-circle"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

[[bundle]]
key = "life-inward"
name = "Inward"
says = "A seat, for the circle"
entitlements = ["life-desk/seat"]
longest = "1h"
default = "1h"
askers = { groups = ["life-circle"], kinds = ["person"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

/// A service account of Ann's and Hal's, and another of Hal's.
const ROBOTS: &str = r#"
[[service]]
key = "svc.life-robot"
name = "Life robot"
kind = "service-account"
purpose = "Does the chores of the small company"
owners = ["ann.asker", "hal.hand"]
accounts = { life-hand = "ROBOT" }

[[service]]
key = "svc.life-helper"
name = "Life helper"
kind = "agent"
purpose = "Helps Hal"
owners = ["hal.hand"]

[[group]]
key = "life-robots"
name = "Life, robots"
says = "Service accounts of the small company"
members = ["svc.life-robot"]

[[bundle]]
key = "life-robot-x"
name = "X for a robot"
says = "Right X, for one chore"
entitlements = ["life-desk/x"]
longest = "8h"
default = "1h"
askers = { groups = ["life-robots"], kinds = ["service-account"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

[[bundle]]
key = "life-robot-y"
name = "Y for a robot"
says = "Right Y, for one chore"
entitlements = ["life-desk/y"]
longest = "8h"
default = "1h"
askers = { groups = ["life-robots"], kinds = ["service-account"] }

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }
"#;

/// What somebody is shown of a request before deciding; `None` where that is not theirs to know.
async fn context(world: &World, who: &str, id: RequestId) -> Option<Context> {
    world.portal.request(&world.actor(who).await, id).await.expect("they may see it").context
}

async fn delta(world: &World, who: &str, id: RequestId) -> Delta {
    context(world, who, id).await.expect("they decide, or are an admin").delta
}

/// The ways that open, each with how far it is.
fn ways(delta: &Delta) -> Vec<(u8, &str)> {
    delta.pathways.iter().map(|way| (way.depth, way.says.as_str())).collect()
}

/// The rights by name.
fn names(rights: &[Reachable]) -> Vec<(&str, &str)> {
    rights.iter().map(|it| (it.right.as_str(), it.system.as_str())).collect()
}

/// Ann asks for the robot.
async fn ask_for_the_robot(world: &World, bundle: &str) -> RequestId {
    let subject = world.id("svc.life-robot").await.to_string();
    let asking = Asking { subject, ..world.asking("ann.asker", bundle, "1h").await };
    world.portal.ask(&world.actor("ann.asker").await, &asking).await.expect("she answers for it")
}

/// L11, R15: the groups one is in by being in another, and what each of them is good for.
async fn a_group_leads_through_others_to_what_relies_on_them(on: On) {
    let world = World::on(on).await;
    world.import(AROUND).await;
    let id = world.ask("ann.asker", "life-one", "1h").await;
    let shown = delta(&world, "olga.owner", id).await;
    assert_eq!(names(&shown.gains), [("Right X", "Life desk")]);
    assert!(shown.gains[0].privileged.is_some() && !shown.gains[0].standing, "{shown:?}");
    assert!(shown.has.is_empty() && !shown.cut, "{shown:?}");
    assert_eq!(
        ways(&shown),
        [
            (0, "joins “Life, right X”"),
            (1, "by that, is in “Life, circle” as well"),
            (2, "may ask for “Inner”"),
            (3, "which gives Open the vault (privileged) on Life vault"),
            (2, "may ask for “Inward”"),
            (3, "which gives A seat on Life desk"),
            (4, "joins “Life, seat”"),
            (5, "may decide on “Decided from the seats”, at its stage “Seats”"),
            (6, "which gives Right Y on Life desk"),
            (2, "operates Life vault: makes by hand what is granted there, and attests it"),
            (3, "which gives Open the vault (privileged)"),
        ]
    );
    assert_eq!(context(&world, "ann.asker", id).await, None, "who asks sees no more than before");
    world.is_sound().await;
}

/// L11: a right to decide is a way of its own, and its page says so still when the access is there.
async fn a_seat_where_it_is_decided_is_a_way_that_opens(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-seat", "1h").await;
    let shown = delta(&world, "olga.owner", id).await;
    assert_eq!(names(&shown.gains), [("A seat", "Life desk")]);
    assert_eq!(
        ways(&shown),
        [
            (0, "joins “Life, seat”"),
            (1, "may decide on “Decided from the seats”, at its stage “Seats”"),
            (2, "which gives Right Y on Life desk"),
        ]
    );
    for owner in ["olga.owner", "otto.owner"] {
        world.approve(owner, id).await.expect("they own it");
    }
    world.run_jobs().await;
    assert!(world.is_in("ann.asker", "life-seat").await);
    assert_eq!(delta(&world, "astrid.nyberg", id).await, shown, "what it led to is not what there was before it");

    let again = world.ask("ann.asker", "life-seated", "1h").await;
    let other = delta(&world, "hal.hand", again).await;
    assert_eq!((names(&other.gains), ways(&other)), (vec![("Right Y", "Life desk")], vec![]));
    world.is_sound().await;
}

/// L11, R15: whoever owns an identity gains by what it gains, and by what it holds already.
async fn who_answers_for_an_identity_reaches_what_it_reaches(on: On) {
    let world = World::on(on).await;
    world.import(ROBOTS).await;
    let first = ask_for_the_robot(&world, "life-robot-y").await;
    let alone = " answers for Life robot and by it reaches what they cannot alone: Right Y on Life desk";
    let mut said =
        ways(&delta(&world, "olga.owner", first).await).iter().map(|way| way.1.to_owned()).collect::<Vec<_>>();
    said.sort();
    assert_eq!(said, [format!("Ann Asker{alone}"), format!("Hal Hand{alone}")]);
    world.approve("olga.owner", first).await.expect("she owns the desk");
    world.run_jobs().await;

    // Ann comes to hold X herself, and so gains nothing by the robot's.
    world.granted("ann.asker", "life-one", "1h", &["otto.owner"]).await;
    let second = ask_for_the_robot(&world, "life-robot-x").await;
    assert_eq!(
        ways(&delta(&world, "olga.owner", second).await),
        [
            (0, "Hal Hand answers for Life robot and by it reaches what they cannot alone: Right X on Life desk"),
            (1, "beside what it holds already: Right Y on Life desk"),
        ]
    );
    world.is_sound().await;
}

/// R35, E9: nobody decides for an identity without having been shown what hangs on it, and nobody else is shown it.
async fn what_hangs_on_an_identity_is_shown_before_it_is_decided(on: On) {
    let world = World::on(on).await;
    world.import(ROBOTS).await;
    let first = ask_for_the_robot(&world, "life-robot-y").await;
    let chain = context(&world, "olga.owner", first).await.and_then(|it| it.chain).expect("it is no person");
    assert_eq!((chain.holds.len(), chain.decided.len()), (0, 0), "{chain:?}");

    let one = Chosen { request: first, terms: world.request(first).await.terms };
    let olga = world.actor("olga.owner").await;
    let answers = world.portal.approve_many(&olga, &[one], "").await.expect("it is answered");
    let why = answers[0].why_not.as_deref().unwrap_or_default();
    assert!(why.contains("open it, and see what hangs on it"), "a list does not show it: {why}");
    assert!(world.request(first).await.decisions.is_empty());
    world.approve("olga.owner", first).await.expect("she has seen it");
    world.run_jobs().await;

    let second = ask_for_the_robot(&world, "life-robot-x").await;
    let chain = context(&world, "otto.owner", second).await.and_then(|it| it.chain).expect("it is no person");
    assert_eq!(chain.purpose.as_deref(), Some("Does the chores of the small company"));
    assert_eq!(others(&chain), [("Ann Asker", vec![]), ("Hal Hand", vec!["Life helper"])]);
    let held = &chain.holds[0];
    assert_eq!((held.bundle.as_str(), held.systems.as_slice()), ("Y for a robot", &["Life desk".to_owned()][..]));
    assert!(held.until.is_some() && chain.holds_in_all == 1, "{chain:?}");
    assert_eq!((chain.accounts[0].system.as_str(), chain.accounts[0].name.as_str()), ("Life by hand", "ROBOT"));
    let decided: Vec<_> = chain.decided.iter().map(|it| (it.by.as_str(), it.bundle.as_str(), it.yes)).collect();
    assert_eq!(decided, [("Olga Owner", "Y for a robot", true)]);
    assert_eq!(context(&world, "ann.asker", second).await, None, "who asks sees no more than before");
    let persons = world.ask("bo.asker", "life-one", "1h").await;
    assert_eq!(context(&world, "olga.owner", persons).await.and_then(|it| it.chain), None);

    let page = |who: &'static str| {
        let world = &world;
        async move { world.portal.identity(&world.actor(who).await, "svc.life-robot").await }
    };
    let hers = page("ann.asker").await.expect("she answers for it").chain.expect("it is no person");
    assert_eq!(others(&hers), [("Ann Asker", vec![]), ("Hal Hand", vec![])], "what Hal has besides is not hers to see");
    let stranger = page("bo.asker").await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    let admin = world.actor("astrid.nyberg").await;
    for owner in ["ann.asker", "hal.hand"] {
        world.portal.mark_left(&admin, world.id(owner).await).await.expect("an admin says so");
    }
    let nobody = page("astrid.nyberg").await.expect("an admin sees it").chain.expect("it is no person");
    assert!(nobody.owners.iter().all(|owner| owner.left_at.is_some()), "{nobody:?}");
    assert_eq!(others(&nobody), [("Ann Asker", vec![]), ("Hal Hand", vec![])]);
    world.is_sound().await;
}

/// Who answers for it, in the order of their names, each with what else they answer for.
fn others(chain: &Chain) -> Vec<(&str, Vec<&str>)> {
    let mut owners: Vec<_> = chain
        .owners
        .iter()
        .map(|owner| (owner.name.as_str(), owner.others.iter().map(String::as_str).collect::<Vec<_>>()))
        .collect();
    owners.sort();
    owners
}

/// L11: another bundle of the same right opens nothing.
async fn what_is_reachable_already_is_nothing_new(on: On) {
    let world = World::on(on).await;
    world.import(AROUND).await;
    let first = world.ask("ann.asker", "life-one", "2h").await;
    for owner in ["olga.owner", "otto.owner"] {
        world.approve(owner, first).await.expect("they own it");
    }
    world.run_jobs().await;
    let second = world.ask("ann.asker", "life-two", "1h").await;
    let shown = delta(&world, "olga.owner", second).await;
    assert_eq!((names(&shown.gains), names(&shown.has)), (vec![], vec![("Right X", "Life desk")]));
    assert!(!shown.has[0].standing && shown.pathways.is_empty() && !shown.cut, "{shown:?}");
    world.is_sound().await;
}

/// R38: what is privileged and had by no request is said to be so.
async fn what_stands_by_no_grant_is_marked(on: On) {
    let world = World::on(on).await;
    let askers = "members = [\"ann.asker\", \"bo.asker\"]";
    world.import(&COMPANY.replace(askers, "members = [\"ann.asker\", \"bo.asker\", \"hal.hand\"]")).await;
    let id = world.ask("hal.hand", "life-seat", "1h").await;
    let shown = delta(&world, "olga.owner", id).await;
    assert_eq!((names(&shown.gains), names(&shown.has)), (vec![], vec![("A seat", "Life desk")]));
    assert!(shown.has[0].standing && shown.has[0].privileged.is_some(), "{shown:?}");
    assert!(shown.pathways.is_empty(), "he sits there already: {shown:?}");
    world.is_sound().await;
}

/// L11: work and page are bounded, and what was cut is said to be.
async fn no_more_is_listed_than_there_is_room_for(on: On) {
    let world = World::on(on).await;
    let mut many = String::new();
    for n in 10..40 {
        write!(
            many,
            r#"
[[bundle]]
key = "life-many-{n}"
name = "Many {n}"
says = "One of many that are decided from the seats"
entitlements = ["life-desk/y"]
longest = "1h"
default = "1h"
askers = {{ groups = ["life-askers"], kinds = ["person"] }}

  [[bundle.stage]]
  name = "Seats"
  need = 1
  from = {{ group = "life-seat" }}
"#
        )
        .expect("there is room in a text");
    }
    world.import(&many).await;
    let id = world.ask("ann.asker", "life-seat", "1h").await;
    let shown = delta(&world, "olga.owner", id).await;
    assert_eq!((shown.pathways.len(), shown.cut), (50, true));
    assert_eq!(ways(&shown)[0], (0, "joins “Life, seat”"));
    world.is_sound().await;
}
