//! What is stale or missing (R74): each sort is found, and is not found again once it is mended.

use crate::{
    on_both,
    world::{COMPANY, On, World},
};
use chrono::TimeDelta;
use domain::{
    Refusal,
    views::findings::{FindingRow, Weight},
};
use operations::Error;

on_both! {
    where_nothing_is_stale_nothing_is_found_and_it_is_said_what_was_looked_for
    ownership_that_goes_stale_is_found_step_by_step
    a_machine_for_which_nobody_answers_is_found
    what_no_bundle_gives_is_found
    access_that_outlived_its_bundle_is_found
    access_that_gives_more_than_its_bundle_does_today_is_found
    a_bundle_that_nobody_asks_for_is_found_after_half_a_year
    a_bundle_that_names_a_lost_right_is_found
    what_is_taken_back_by_hand_is_found
    access_that_is_past_its_end_and_not_gone_is_found
    a_system_that_cannot_be_reached_is_found_without_reaching_for_it
    of_many_findings_the_first_are_told_and_the_rest_is_counted
}

const OWNERSHIP: &str = "Stale ownership";
const ENTRIES: &str = "Missing catalogue entries";
const ROLES: &str = "Stale role definitions";
const REVOCATION: &str = "Missing revocation automation";
const NOTHING: [(String, Weight); 0] = [];

const ADMIN: &str = "[[person]]\nkey = \"ada.admin\"\nname = \"Ada Admin\"\nroles = [\"admin\"]\n\n";

/// A system in which nothing is to be found: of two owners and their backup, reached through a secret that nobody told yet.
const NOWHERE: &str = r#"
[[system]]
key = "life-nowhere"
name = "Life nowhere"
says = "A database that does not answer"
environment = "staging"
sensitivity = "low"
data_class = "internal"
owners = ["olga.owner", "otto.owner"]
backup_owners = ["bea.backup"]
fallback = "life-fallback"
connector = "postgres"
settings = { secret = "life-nowhere" }

  [[system.entitlement]]
  key = "read"
  name = "Read"
  says = "Read what is there"
  native = "reader"
"#;

/// The small company alone, with an admin.
async fn small(on: On) -> World {
    let world = World::empty(on).await;
    world.import(&format!("{ADMIN}{COMPANY}")).await;
    world
}

/// What is found under a heading.
async fn under(world: &World, heading: &str) -> Vec<FindingRow> {
    let ada = world.actor("ada.admin").await;
    let page = world.portal.findings(&ada).await.expect("an admin sees it");
    page.headings.into_iter().find(|it| it.title == heading).expect("the heading is there").items
}

/// The names of what is found under a heading, and how pressing each is.
async fn names(world: &World, heading: &str) -> Vec<(String, Weight)> {
    under(world, heading).await.into_iter().map(|it| (it.name, it.weight)).collect()
}

fn named(name: &str, weight: Weight) -> (String, Weight) {
    (name.to_owned(), weight)
}

async fn leave(world: &World, who: &[&str]) {
    let ada = world.actor("ada.admin").await;
    for who in who {
        world.portal.mark_left(&ada, world.id(who).await).await.expect("an admin says so");
    }
}

async fn return_again(world: &World, who: &[&str]) {
    let ada = world.actor("ada.admin").await;
    for who in who {
        world.portal.mark_returned(&ada, world.id(who).await).await.expect("an admin says so");
    }
}

/// The catalogue with one text in the place of another.
fn with(was: &str, is: &str) -> String {
    let text = COMPANY.replace(was, is);
    assert_ne!(text, COMPANY, "{was}");
    text
}

/// A bundle of one right.
fn bundle(key: &str, right: &str) -> String {
    format!(
        "[[bundle]]\nkey = \"{key}\"\nname = \"Only {key}\"\nsays = \"One right\"\nentitlements = [\"{right}\"]\n\
         longest = \"8h\"\ndefault = \"4h\"\naskers = {{ groups = [\"life-askers\"], kinds = [\"person\"] }}\n\n  \
         [[bundle.stage]]\n  name = \"Owner\"\n  need = 1\n  from = {{ owners = true }}\n"
    )
}

/// R74: an empty list says what it is empty of. It is for those who look after the portal.
async fn where_nothing_is_stale_nothing_is_found_and_it_is_said_what_was_looked_for(on: On) {
    let world = World::empty(on).await;
    world.import(ADMIN).await;
    world.import("[[person]]\nkey = \"ann.asker\"\nname = \"Ann Asker\"\n").await;
    let page = world.portal.findings(&world.actor("ada.admin").await).await.expect("an admin sees it");
    let titles: Vec<_> = page.headings.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(titles, [OWNERSHIP, ENTRIES, ROLES, REVOCATION]);
    for it in &page.headings {
        assert!(it.items.is_empty() && it.more == 0 && !it.beyond && !it.looked_for.is_empty(), "{it:?}");
    }
    let no = world.portal.findings(&world.actor("ann.asker").await).await;
    assert!(matches!(no, Err(Error::Refused(Refusal::NotAllowed(_)))), "{no:?}");
}

/// R74, L13: first one owner is left, then only the backup, then nobody; and the group that decides then is empty too.
async fn ownership_that_goes_stale_is_found_step_by_step(on: On) {
    let world = small(on).await;
    assert_eq!(names(&world, OWNERSHIP).await, NOTHING);
    let both = |weight| [named("Life by hand", weight), named("Life desk", weight)];
    leave(&world, &["bea.backup"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, both(Weight::InTime), "nobody backs them up");
    leave(&world, &["olga.owner"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, both(Weight::Soon), "Otto alone");
    return_again(&world, &["bea.backup"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, both(Weight::InTime), "Otto, and Bea behind him");
    leave(&world, &["otto.owner"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, both(Weight::Soon), "only Bea");

    leave(&world, &["bea.backup", "fay.fallback", "finn.fallback"]).await;
    let found = under(&world, OWNERSHIP).await;
    assert!(found.iter().all(|it| it.weight == Weight::Now), "{found:?}");
    let paths: Vec<_> = found.iter().map(|it| it.path.as_str()).collect();
    for path in ["/systems/life-desk", "/systems/life-hand", "/bundles/life-one", "/groups/life-fallback"] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    let group = found.iter().find(|it| it.name == "Life, fallback").expect("nobody is in it");
    assert!(group.says.contains("decides about “Life desk” when no owner may"), "{}", group.says);

    return_again(&world, &["finn.fallback"]).await;
    assert!(under(&world, OWNERSHIP).await.iter().all(|it| it.name != "Life, fallback"), "Finn is back");
    return_again(&world, &["olga.owner", "otto.owner", "bea.backup"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, NOTHING);
    world.is_sound().await;
}

/// R48, R54, R74: a group that decides nothing may be empty, an identity without an owner may not.
async fn a_machine_for_which_nobody_answers_is_found(on: On) {
    let world = small(on).await;
    let robot = "[[service]]\nkey = \"svc.robot\"\nname = \"Life robot\"\nkind = \"service-account\"\n\
                 purpose = \"Does the chores\"\nowners = [\"ann.asker\", \"bo.asker\"]\n";
    world.import(robot).await;
    leave(&world, &["ann.asker"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, NOTHING, "Bo still answers for it");
    leave(&world, &["bo.asker"]).await;
    assert_eq!(names(&world, OWNERSHIP).await, [named("Life robot", Weight::Now)]);
    world.import(&robot.replace("\"ann.asker\", \"bo.asker\"", "\"hal.hand\"")).await;
    assert_eq!(names(&world, OWNERSHIP).await, NOTHING);
    world.is_sound().await;
}

/// R4, R74: what cannot be asked for is had past the portal.
async fn what_no_bundle_gives_is_found(on: On) {
    let world = small(on).await;
    assert_eq!(names(&world, ENTRIES).await, NOTHING);
    let more = "native = \"Role: Z\"\n\n  [[system.entitlement]]\n  key = \"w\"\n  name = \"Right W\"\n  says = \"Do W\"\n  \
                native = \"Role: W\"";
    world.import(&with("native = \"Role: Z\"", more)).await;
    world.import(NOWHERE).await;
    let found = [named("Life nowhere", Weight::Soon), named("Life by hand: Right W", Weight::InTime)];
    assert_eq!(names(&world, ENTRIES).await, found);
    world.import(&bundle("life-w", "life-hand/w")).await;
    assert_eq!(names(&world, ENTRIES).await, found[..1]);
    world.import(&bundle("life-read", "life-nowhere/read")).await;
    assert_eq!(names(&world, ENTRIES).await, NOTHING);
    world.is_sound().await;
}

/// R74: a bundle that is retired lets what was granted by it run on, and that is said.
async fn access_that_outlived_its_bundle_is_found(on: On) {
    let world = small(on).await;
    world.granted("ann.asker", "life-one", "1h", &["olga.owner"]).await;
    assert_eq!(names(&world, ENTRIES).await, NOTHING);
    let ada = world.actor("ada.admin").await;
    world.portal.retire_bundle(&ada, "life-one").await.expect("she may propose it");
    world.portal.confirm_retirement(&ada, "life-one", 1).await.expect("in founding mode she may confirm it too");
    assert_eq!(names(&world, ENTRIES).await, [named("One of the owners for Ann Asker", Weight::Soon)]);
    assert_eq!(names(&world, ROLES).await, NOTHING, "it is said once");
    world.pass(TimeDelta::hours(1)).await;
    assert_eq!(names(&world, ENTRIES).await, NOTHING);
    world.is_sound().await;
}

/// R16, R74: a newer version of a bundle takes nothing from those who have it, and that is said.
async fn access_that_gives_more_than_its_bundle_does_today_is_found(on: On) {
    let world = small(on).await;
    world.granted("ann.asker", "life-xy", "1h", &["olga.owner"]).await;
    assert_eq!(names(&world, ROLES).await, NOTHING);
    let narrower = with("entitlements = [\"life-desk/x\", \"life-desk/y\"]", "entitlements = [\"life-desk/x\"]");
    world.import(&narrower).await;
    let found = under(&world, ROLES).await;
    let [one] = &found[..] else { panic!("one finding: {found:?}") };
    assert_eq!((one.name.as_str(), one.weight), ("Both of the desk for Ann Asker", Weight::Soon));
    assert!(one.path.starts_with("/requests/"), "{}", one.path);
    world.pass(TimeDelta::hours(1)).await;
    assert_eq!(names(&world, ROLES).await, NOTHING);
    world.is_sound().await;
}

/// R74: what nobody asks for in half a year may be of no use; a new version begins anew.
async fn a_bundle_that_nobody_asks_for_is_found_after_half_a_year(on: On) {
    let world = small(on).await;
    world.pass(TimeDelta::days(179)).await;
    assert_eq!(names(&world, ROLES).await, NOTHING);
    world.pass(TimeDelta::days(1)).await;
    let before = names(&world, ROLES).await;
    for name in ["One of the owners", "Two of the owners", "By hand"] {
        assert!(before.contains(&named(name, Weight::InTime)), "{name}: {before:?}");
    }
    world.ask("ann.asker", "life-one", "1h").await;
    world.import(&with("by the yes of both owners", "by the yes of both of its owners")).await;
    let after = names(&world, ROLES).await;
    assert_eq!(after.len() + 2, before.len());
    assert!(after.iter().all(|(name, _)| name != "One of the owners" && name != "Two of the owners"), "{after:?}");
    world.is_sound().await;
}

/// R74: no act of the portal takes a right out of the catalogue, so somebody with the database in their hands does.
async fn a_bundle_that_names_a_lost_right_is_found(on: On) {
    let world = small(on).await;
    let keys = world.read().await.keys().await.expect("they can be read");
    let seat = keys.entitlements[&("life-desk".to_owned(), "seat".to_owned())];
    world.sql(format!("delete from entitlements where id = {}", world.literal(seat.0))).await.expect("nobody has it");
    assert_eq!(names(&world, ROLES).await, [named("A seat for a while", Weight::Now)]);
    let ada = world.actor("ada.admin").await;
    world.portal.retire_bundle(&ada, "life-seat").await.expect("she may propose it");
    world.portal.confirm_retirement(&ada, "life-seat", 1).await.expect("in founding mode she may confirm it too");
    assert_eq!(names(&world, ROLES).await, NOTHING);
}

/// R74, E14: a right that only people take back stays when they do not.
async fn what_is_taken_back_by_hand_is_found(on: On) {
    let world = small(on).await;
    let found = under(&world, REVOCATION).await;
    let [one] = &found[..] else { panic!("one finding: {found:?}") };
    assert_eq!((one.name.as_str(), one.weight), ("Life by hand", Weight::InTime));
    assert!(one.says.contains("by Life, operators"), "{}", one.says);
    let weighty = with(
        "says = \"A system that is changed by hand\"\nenvironment = \"staging\"",
        "says = \"By hand\"\nenvironment = \"production\"",
    );
    world.import(&weighty).await;
    assert_eq!(names(&world, REVOCATION).await, [named("Life by hand", Weight::Soon)]);
    leave(&world, &["hal.hand", "hedda.hand", "olga.owner", "ann.asker"]).await;
    assert_eq!(names(&world, REVOCATION).await, [named("Life by hand", Weight::Now)], "nobody is left who does it");

    let directory = weighty
        .replace("accounts = { life-hand = \"ANN\" }\n", "")
        .replace("connector = \"manual\"\noperators = \"life-operators\"", "connector = \"directory\"")
        .replace("native = \"Role: Z\"", "native = \"life-y\"");
    world.import(&directory).await;
    assert_eq!(names(&world, REVOCATION).await, NOTHING);
    world.is_sound().await;
}

/// R40, R74: an end that nobody has seen done within the hour is found, until it is.
async fn access_that_is_past_its_end_and_not_gone_is_found(on: On) {
    let world = small(on).await;
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    world.approve("otto.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let hal = world.actor("hal.hand").await;
    let [(task, false, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that gives") };
    world.portal.attest(&hal, task).await.expect("he had no part in it");
    world.run_jobs().await;
    let overdue = named("By hand for Ann Asker", Weight::Now);
    world.pass(TimeDelta::minutes(119)).await;
    assert!(!names(&world, REVOCATION).await.contains(&overdue), "there is time for it");
    world.pass(TimeDelta::hours(1)).await;
    let found = under(&world, REVOCATION).await;
    assert_eq!(found[0].path, format!("/requests/{id}"), "{found:?}");
    assert_eq!((found[0].name.clone(), found[0].weight), overdue);

    let [(away, true, false)] = world.tasks("hal.hand").await[..] else { panic!("one task that takes away") };
    world.portal.attest(&hal, away).await.expect("he had no part in it");
    world.run_jobs().await;
    assert!(!names(&world, REVOCATION).await.contains(&overdue));
    world.is_sound().await;
}

/// R74: what is not set is found, and what did not answer when it was looked at; the page itself looks at nothing.
async fn a_system_that_cannot_be_reached_is_found_without_reaching_for_it(on: On) {
    let mut world = small(on).await;
    world.import(NOWHERE).await;
    let unreached = named("Life nowhere", Weight::Now);
    let found = under(&world, REVOCATION).await;
    assert_eq!((found[0].name.clone(), found[0].weight), unreached);
    assert!(found[0].says.contains("the secret `life-nowhere` is not set"), "{}", found[0].says);
    // Nobody listens there: were it asked, it would not be well.
    world.is_told("life-nowhere", "postgres://nobody:nothing@127.0.0.1:1/nothing".to_owned()).await;
    assert!(!names(&world, REVOCATION).await.contains(&unreached));
    let health = world.portal.health(&world.actor("ada.admin").await, "life-nowhere").await.expect("an admin sees it");
    assert!(health.is_some_and(|health| !health.well));
    assert!(names(&world, REVOCATION).await.contains(&unreached), "it was looked at");

    // A right that cannot be given there is trouble of its own.
    let person = "[[person]]\nkey = \"ann.asker\"\nname = \"Ann Asker\"\nemail = \"ann.asker@tidewater.example\"\n\
                  department = \"Life\"\naccounts = { life-hand = \"ANN\", life-nowhere = \"ann\" }\n\n";
    world.import(&format!("{person}{}", bundle("life-read", "life-nowhere/read"))).await;
    let id = world.ask("ann.asker", "life-read", "1h").await;
    world.approve("otto.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let found = under(&world, REVOCATION).await;
    assert!(found.iter().any(|it| it.says == "one right there could not be made as it should be"), "{found:?}");
    world.is_sound().await;
}

/// A page is bounded, whatever there is to find.
async fn of_many_findings_the_first_are_told_and_the_rest_is_counted(on: On) {
    let world = small(on).await;
    let desk = |n: usize| {
        format!(
            "[[system]]\nkey = \"desk-{n:03}\"\nname = \"Desk {n:03}\"\nsays = \"One of many\"\nenvironment = \"staging\"\n\
             sensitivity = \"low\"\ndata_class = \"internal\"\nowners = [\"olga.owner\", \"otto.owner\"]\n\
             backup_owners = [\"bea.backup\"]\nfallback = \"life-fallback\"\nconnector = \"directory\"\n\n  \
             [[system.entitlement]]\n  key = \"x\"\n  name = \"Right X\"\n  says = \"Do X\"\n  native = \"life-x\"\n\n"
        )
    };
    let told = async |many: std::ops::Range<usize>| {
        world.import(&many.map(desk).collect::<String>()).await;
        let page = world.portal.findings(&world.actor("ada.admin").await).await.expect("an admin sees it");
        let found = page.headings.into_iter().find(|it| it.title == ENTRIES).expect("the heading is there");
        (found.items.len(), found.more, found.beyond)
    };
    assert_eq!(told(0..20).await, (20, 0, false));
    assert_eq!(told(20..100).await, (20, 80, false));
    assert_eq!(told(100..101).await, (20, 80, true));
}
