//! Loading a catalogue into a portal in which people live.

use crate::{
    on_both,
    world::{COMPANY, On, World, demo_catalogue},
};
use domain::{
    Actor, Refusal,
    grant::{State, Why},
};
use operations::{Error, Import};
use std::fmt::Write as _;

on_both! {
    the_same_catalogue_twice_changes_nothing
    a_dry_run_writes_nothing
    a_dry_run_says_field_by_field_what_would_change
    absence_removes_nothing
    leaving_ends_what_one_has
    more_than_ten_ends_want_to_be_confirmed
    a_mistake_anywhere_writes_nothing
    a_circle_that_closes_with_what_is_known_is_a_mistake
    only_the_command_line_loads_a_catalogue
    pages_hear_of_what_a_command_has_changed
}

/// How much the trail holds: streams and events.
async fn trail(world: &World) -> (u64, u64) {
    world.read().await.count_trail().await.expect("it can be counted")
}

/// R13: policy is code: what was loaded before is not loaded again.
async fn the_same_catalogue_twice_changes_nothing(on: On) {
    let world = World::on(on).await;
    let before = trail(&world).await;
    let demo =
        world.portal.import(&Actor::Operator, demo_catalogue(), Import::default()).await.expect("it loads again");
    let company = world.import(COMPANY).await;
    for again in [demo, company] {
        assert_eq!((again.lines, again.created, again.changed, again.left, again.ended), (vec![], 0, 0, 0, 0));
    }
    assert_eq!(trail(&world).await, before);
    world.is_sound().await;
}

/// R13: one can look before one changes anything.
async fn a_dry_run_writes_nothing(on: On) {
    let world = World::empty(on).await;
    let before = trail(&world).await;
    let how = Import { dry_run: true, ..Import::default() };
    let would = world.portal.import(&Actor::Operator, demo_catalogue(), how).await.expect("it would load");
    assert!(would.created > 50, "{}", would.created);
    assert_eq!(trail(&world).await, before);
    assert!(matches!(world.portal.actor_by_key("ola.nord").await, Err(Error::NotFound)));

    let did = world.portal.import(&Actor::Operator, demo_catalogue(), Import::default()).await.expect("it loads");
    assert_eq!((did.lines, did.created), (would.lines, would.created), "the dry run said what would happen");
    world.is_sound().await;
}

/// R13: what one looks at before is what was, and what would be.
async fn a_dry_run_says_field_by_field_what_would_change(on: On) {
    let world = World::on(on).await;
    let mut text = COMPANY.to_owned();
    for (was, is) in [
        ("name = \"Ann Asker\"", "name = \"Ann Answer\"\ntitle = \"Counts parcels\""),
        ("members = [\"ann.asker\", \"bo.asker\"]", "members = [\"ann.asker\", \"new.asker\", \"olga.owner\"]"),
        ("owners = [\"olga.owner\", \"otto.owner\"]", "owners = [\"hal.hand\"]"),
        ("says = \"Do X\"", "says = \"Do X, and nothing else\""),
        ("accounts = { life-hand = \"ANN\" }", "accounts = { life-hand = \"ANN2\" }"),
        ("entitlements = [\"life-desk/x\"]\nlongest = \"8h\"", "entitlements = [\"life-desk/x\"]\nlongest = \"6h\""),
    ] {
        assert!(text.contains(was), "{was}");
        text = text.replacen(was, is, 1);
    }
    text.push_str("\n[[person]]\nkey = \"new.asker\"\nname = \"New Asker\"\n");
    let would = world.try_import(&text, Import { dry_run: true, ..Import::default() }).await.expect("it would load");
    insta::assert_snapshot!(would.lines.join("\n"), @r"
    ~ person ann.asker
        accounts life-hand: ANN → ANN2
        name: Ann Asker → Ann Answer
        title: nothing → Counts parcels
    + person new.asker: New Asker
    ~ group life-askers
        members: + new.asker, olga.owner; - bo.asker
    ~ system life-desk
        entitlement x, says: Do X → Do X, and nothing else
        owners: + hal.hand; - olga.owner, otto.owner
    ~ bundle life-one
        For at most: 8h → 6h
    ");
    assert_eq!(world.import(&text).await.lines, would.lines, "and that is what happens");
}

/// R13: what is checked is the whole that would be, not only the file.
async fn a_circle_that_closes_with_what_is_known_is_a_mistake(on: On) {
    let world = World::on(on).await;
    let group = |key: &str, holds: &str| {
        format!(
            "[[group]]\nkey = \"{key}\"\nname = \"{key}\"\nsays = \"One of a circle\"\nmembers = []\ngroups = [\"{holds}\"]\n"
        )
    };
    let person =
        |key: &str, manager: &str| format!("[[person]]\nkey = \"{key}\"\nname = \"{key}\"\nmanager = \"{manager}\"\n");
    let first = [group("ring-one", "life-askers"), person("head", "ann.asker")].join("\n");
    world.import(&first).await;
    let before = trail(&world).await;
    let closing = [
        (group("life-askers", "ring-one"), "the groups `life-askers` and `ring-one` hold one another"),
        (person("ann.asker", "head"), "`ann.asker` and `head` report to one another"),
    ];
    for (text, says) in closing {
        let files = [("ring.toml".to_owned(), text)];
        let refused = world.portal.import_files(&Actor::Operator, &files, Import::default()).await;
        let Err(Error::Refused(Refusal::Catalogue(mistakes))) = refused else { panic!("{refused:?}") };
        assert!(
            mistakes.len() == 1 && mistakes[0].contains("ring.toml:1: ") && mistakes[0].contains(says),
            "{mistakes:?}"
        );
    }
    assert_eq!(trail(&world).await, before);
    world.is_sound().await;
}

/// R46: nobody loses anything because a file does not mention them.
async fn absence_removes_nothing(on: On) {
    let world = World::on(on).await;
    let grant = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    let keys = world.read().await.keys().await.expect("they can be read");
    let done = world
        .import(
            r#"
            [[system]]
            key = "life-desk"
            name = "Life desk"
            says = "A system of the portal's own directory"
            environment = "staging"
            sensitivity = "low"
            data_class = "internal"
            owners = ["olga.owner", "otto.owner"]
            backup_owners = ["bea.backup"]
            fallback = "life-fallback"
            connector = "directory"

              [[system.entitlement]]
              key = "y"
              name = "Right Y"
              says = "Do Y"
              native = "life-y"
            "#,
        )
        .await;
    assert_eq!(done.lines, Vec::<String>::new(), "the right X stays, though the file no longer mentions it");
    let after = world.read().await.keys().await.expect("they can be read");
    assert_eq!(format!("{after:?}"), format!("{keys:?}"));
    world.run_jobs().await;
    assert_eq!(world.grant(grant).await.state.word(), "active");
    assert!(world.is_in("ann.asker", "life-x").await);
    world.is_sound().await;
}

/// R46: leaving, when said, ends what one has in the same moment.
async fn leaving_ends_what_one_has(on: On) {
    let world = World::on(on).await;
    let grant = world.granted("ann.asker", "life-one", "2h", &["olga.owner"]).await;
    let left = COMPANY.replace("name = \"Ann Asker\"", "name = \"Ann Asker\"\nleft = true");
    let done = world.import(&left).await;
    assert_eq!((done.created, done.left, done.ended), (0, 1, 1), "{:?}", done.lines);
    assert!(!world.is_in("ann.asker", "life-x").await);
    world.run_jobs().await;
    assert!(matches!(world.grant(grant).await.state, State::Ended { why: Why::Left {}, .. }));
    let asking = world.asking("ann.asker", "life-one", "1h").await;
    let refused = world.portal.ask(&world.actor("ann.asker").await, &asking).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotAllowed(_)))), "{refused:?}");
    let again = world.import(&left).await;
    assert_eq!((again.left, again.ended, again.lines.len()), (0, 0, 0), "leaving twice is leaving once");
    world.is_sound().await;
}

/// R46: one file does not end the work of a whole department by mistake.
async fn more_than_ten_ends_want_to_be_confirmed(on: On) {
    let world = World::on(on).await;
    let people = |left: bool| {
        let mut text = String::new();
        let mut members = vec!["\"ann.asker\"".to_owned(), "\"bo.asker\"".to_owned()];
        for n in 0..11 {
            let left = if left { "left = true" } else { "" };
            write!(
                text,
                "[[person]]\nkey = \"many{n}\"\nname = \"Many {n}\"\nemail = \"many{n}@tidewater.example\"\ndepartment = \"Life\"\n{left}\n\n"
            )
            .expect("text");
            members.push(format!("\"many{n}\""));
        }
        write!(
            text,
            "[[group]]\nkey = \"life-askers\"\nname = \"Life, askers\"\nsays = \"Who may ask in the small company\"\nmembers = [{}]\n",
            members.join(", ")
        )
        .expect("text");
        text
    };
    world.import(&people(false)).await;
    for n in 0..11 {
        world.granted(&format!("many{n}"), "life-auto", "2h", &[]).await;
    }
    let before = trail(&world).await;
    for confirm_ends in [0, 10, 12] {
        let refused = world.try_import(&people(true), Import { confirm_ends, dry_run: false }).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::ManyEnds { ends: 11 }))), "{refused:?}");
    }
    let would = world
        .try_import(&people(true), Import { dry_run: true, confirm_ends: 0 })
        .await
        .expect("a dry run only says so");
    assert_eq!((would.left, would.ended), (11, 11));
    assert_eq!(trail(&world).await, before);
    assert!(world.is_in("many7", "life-y").await);

    let did = world
        .try_import(&people(true), Import { confirm_ends: 11, dry_run: false })
        .await
        .expect("it was said exactly");
    assert_eq!((did.left, did.ended), (11, 11));
    world.run_jobs().await;
    assert!(!world.is_in("many7", "life-y").await);
    world.is_sound().await;
}

/// R13: all or nothing.
async fn a_mistake_anywhere_writes_nothing(on: On) {
    let world = World::on(on).await;
    let before = trail(&world).await;
    let text = r#"
        [[person]]
        key = "new.person"
        name = "New Person"
        email = "new.person@tidewater.example"
        department = "Life"

        [[group]]
        key = "new-group"
        name = "New group"
        says = "With somebody in it who is not there"
        members = ["new.person", "nobody.here"]
    "#;
    let refused = world.try_import(text, Import::default()).await;
    let Err(Error::Refused(Refusal::Catalogue(mistakes))) = refused else { panic!("{refused:?}") };
    assert!(
        matches!(&mistakes[..], [one] if one.contains("nobody.here") && one.starts_with("more.toml:")),
        "{mistakes:?}"
    );
    // One that is only seen while it is written: an account that is another's.
    let text = r#"
        [[person]]
        key = "new.person"
        name = "New Person"
        email = "new.person@tidewater.example"
        department = "Life"
        accounts = { life-hand = "ANN" }
    "#;
    let refused = world.try_import(text, Import::default()).await;
    let Err(Error::Refused(Refusal::Catalogue(mistakes))) = refused else { panic!("{refused:?}") };
    assert!(
        matches!(&mistakes[..], [one] if one.contains("takes an account that another identity has")),
        "{mistakes:?}"
    );
    assert!(matches!(world.portal.actor_by_key("new.person").await, Err(Error::NotFound)));
    assert_eq!(trail(&world).await, before);
    world.is_sound().await;
}

/// R2: no channel skips the checks; a person's session is not the command line.
async fn only_the_command_line_loads_a_catalogue(on: On) {
    let world = World::on(on).await;
    let before = trail(&world).await;
    for actor in [world.actor("astrid.nyberg").await, world.actor("ann.asker").await, Actor::System] {
        let refused = world.portal.import(&actor, demo_catalogue(), Import::default()).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::NotAllowed(_)))), "{refused:?}");
    }
    assert_eq!(trail(&world).await, before);
}

/// A command is a process of its own: what it changed is heard by those who serve pages once it has closed the portal, and no later.
async fn pages_hear_of_what_a_command_has_changed(on: On) {
    let world = World::on(on).await;
    let heard = async || world.portal.changes().await.expect("it counts");
    let before = heard().await;
    let files = [("more.toml".to_owned(), COMPANY.replace("name = \"Ann Asker\"", "name = \"Ann Answer\""))];
    let reading = Import { dry_run: true, ..Import::default() };
    for (how, moves) in [(reading, 0), (Import::default(), 1), (Import::default(), 0)] {
        let known = heard().await;
        let command = world.replica().await;
        command.import_files(&Actor::Operator, &files, how).await.expect("it loads");
        assert_eq!(heard().await, known, "it goes on");
        command.close().await;
        assert_eq!(heard().await, known + moves, "{how:?}");
    }
    assert_eq!(heard().await, before + 1);
    let refused = world.replica().await;
    refused.import_files(&Actor::System, &files, Import::default()).await.expect_err("it is no operator");
    refused.close().await;
    assert_eq!(heard().await, before + 1, "what changes nothing is not heard of");
}
