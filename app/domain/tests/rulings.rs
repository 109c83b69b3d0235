//! What policy says, table by table: `judge` on the small world of `world`, with the sentences people read.

mod world;

use chrono::{NaiveTime, Weekday};
use domain::{
    bundle::Source,
    condition::Condition,
    facts::{Ask, Evidence, Facts, Held},
    guardrail::Unguarded,
    identity::Kind,
    ids::IdentityId,
    resource::{ConnectorKind, Deciders, Environment, Sensitivity},
    ruling::{Outcome, Ruling, StageRuling, Via, judge},
};
use std::collections::BTreeSet;
use world::{
    ADA, BEA, BOARD, BUNDLE, FALLBACK, FAY, FINN, GIL, GUS, MAYA, OLOF, OONA, ORDERS, OTHER, READ, STOCK, at, check,
    for_robot, minutes, orders, ordinary, privileged, set, stage, under, with_stock,
};

/// Something that makes the facts different.
type Change = fn(&mut Facts);

/// The outcome, and one rule's sentence with its nearest way in.
fn line(ruling: &Ruling, rule: &str) -> String {
    let check = check(ruling, rule);
    let instead = check.instead.as_ref().map(|i| format!(" → {i}")).unwrap_or_default();
    format!("{:?} {} {}{instead}", ruling.outcome, if check.passed { "yes:" } else { "no:" }, check.says)
}

/// Judges under a condition and expects this line.
fn expect(condition: &Condition, ask: &Ask, facts: &Facts, expected: &str) {
    assert_eq!(line(&under(condition.clone(), ask, facts), condition.rule()), expected);
}

fn eligible(ruling: &Ruling) -> Vec<Vec<IdentityId>> {
    ruling.stages.iter().map(StageRuling::eligible).map(|people| people.into_iter().collect()).collect()
}

fn work_item(reference: &str) -> Evidence {
    Evidence::WorkItem { reference: reference.to_owned() }
}

/// R6, R12: every rule that was tried is in the ruling, in order, with its sentence.
#[test]
fn an_ordinary_ask_is_decided_by_the_owner() {
    let (ask, facts) = ordinary();
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(ruling.outcome, Outcome::NeedsApproval);
    let path = ruling.checks.iter().map(|c| format!("{}: {}", c.rule, c.says)).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(path, @"
    published: “Orders, read” is in the catalogue
    may-ask-for: Ada asks for themselves
    duration: ends by itself after 8 hours, within the 1 day allowed
    one-grant: is not held or asked for already
    account: Ada is `ada_l` on orders
    deciders: decided by Olof
    ");
    assert_eq!(eligible(&ruling), [[OLOF]]);
    assert_eq!(ruling.stages[0].via(OLOF), Some(&Via::Owner { system: ORDERS }));
}

/// R11, R12: the same input gives the same ruling, and what is kept of both gives it again.
#[test]
fn the_same_input_gives_the_same_ruling_also_after_json() {
    let mut robot = for_robot();
    privileged(&mut robot.1);
    with_stock(&mut robot.1);
    let mut refused = ordinary();
    refused.1.published = false;
    for (ask, facts) in [ordinary(), robot, refused] {
        let ruling = judge(&ask, &facts, &Unguarded);
        assert_eq!(judge(&ask, &facts, &Unguarded), ruling);
        let kept = serde_json::to_string(&(&ask, &facts, &ruling)).expect("all of it has JSON");
        let (ask, facts, read): (Ask, Facts, Ruling) = serde_json::from_str(&kept).expect("its JSON can be read");
        assert_eq!(read, ruling);
        assert_eq!(judge(&ask, &facts, &Unguarded), ruling);
    }
}

/// R1, R4: what is not in the catalogue cannot be had.
#[test]
fn refuses_a_version_that_is_not_published() {
    let (ask, mut facts) = ordinary();
    facts.published = false;
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(line(&ruling, "published"), "Refused no: “Orders, read” cannot be asked for in this version any more");
}

/// R25: for oneself, for those one manages, for what one owns; for nobody else, and nobody who has left.
#[test]
fn asks_only_for_whom_one_answers_for() {
    let (ask, facts) = ordinary();
    let by = |asker: IdentityId, name: &str| {
        let mut facts = facts.clone();
        (facts.asker.id, facts.asker.name) = (asker, name.to_owned());
        judge(&Ask { asker, ..ask.clone() }, &facts, &Unguarded)
    };
    assert_eq!(line(&by(MAYA, "Maya"), "may-ask-for"), "NeedsApproval yes: Maya asks for Ada as their manager");
    assert_eq!(
        line(&by(GUS, "Gus"), "may-ask-for"),
        "Refused no: Gus may not ask for Ada: only the person, their manager or an owner may"
    );
    let (ask, facts) = for_robot();
    assert_eq!(
        line(&judge(&ask, &facts, &Unguarded), "may-ask-for"),
        "NeedsApproval yes: Ada asks for robot as its owner"
    );

    let (ask, mut facts) = ordinary();
    facts.subject.active = false;
    assert_eq!(line(&judge(&ask, &facts, &Unguarded), "belongs"), "Refused no: Ada has left");
    let (ask, mut facts) = for_robot();
    facts.asker.active = false;
    assert_eq!(line(&judge(&ask, &facts, &Unguarded), "belongs"), "Refused no: Ada has left");
}

/// R10: a non-human identity gets less time, and never more than a person would.
#[test]
fn non_human_identities_are_held_tighter() {
    let rows = [
        (ordinary(), 1440, "NeedsApproval yes: ends by itself after 1 day, within the 1 day allowed"),
        (ordinary(), 1441, "Refused no: 1 day 1 minute is longer than the 1 day allowed → ask for 1 day or less"),
        (
            for_robot(),
            240,
            "NeedsApproval yes: ends by itself after 4 hours, within the 4 hours allowed for a non-human identity",
        ),
        (
            for_robot(),
            480,
            "Refused no: 8 hours is longer than the 4 hours allowed for a non-human identity → ask for 4 hours or less",
        ),
    ];
    for ((ask, facts), asked, expected) in rows {
        assert_eq!(line(&judge(&Ask { minutes: minutes(asked), ..ask }, &facts, &Unguarded), "duration"), expected);
    }
    let (ask, mut facts) = for_robot();
    facts.bundle.spec.longest = minutes(30);
    assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::Refused, "never longer than a person");
}

/// R10, R25: who may ask, by group and by kind.
#[test]
fn askers() {
    let (ask, mut facts) = ordinary();
    let people = Condition::Askers { groups: BTreeSet::new(), kinds: set([Kind::Person]) };
    let board = Condition::Askers { groups: set([BOARD]), kinds: set([Kind::Person]) };
    expect(&people, &ask, &facts, "NeedsApproval yes: open to people");
    expect(&board, &ask, &facts, "Refused no: Ada is not in Change board");
    facts.subject.groups.insert(BOARD);
    expect(&board, &ask, &facts, "NeedsApproval yes: Ada is in Change board");
    let (ask, facts) = for_robot();
    expect(&people, &ask, &facts, "Refused no: robot is a pipeline; this is for people");
}

/// R21: a reason in words.
#[test]
fn justification() {
    let (mut ask, facts) = ordinary();
    let condition = Condition::Justification { at_least: 20, pattern: None, hint: None };
    let named = Condition::Justification {
        at_least: 20,
        pattern: Some("order [0-9]+".to_owned()),
        hint: Some("name the order".to_owned()),
    };
    expect(&condition, &ask, &facts, "NeedsApproval yes: says why");
    ask.reason.fits = false;
    expect(&named, &ask, &facts, "Refused no: the reason does not name what it must → name the order");
    ask.reason.length = 4;
    expect(&condition, &ask, &facts, "Refused no: say why in at least 20 characters; there are 4 → say what it is for");
    assert!(named.fits("look at order 77"));
    assert!(!named.fits("look at it"));
}

/// R23: structured evidence. A pattern that does not compile opens no door.
#[test]
fn work_items() {
    let (mut ask, facts) = ordinary();
    let condition =
        |pattern: &str| Condition::WorkItem { pattern: Some(pattern.to_owned()), hint: Some("a change".to_owned()) };
    expect(&condition("^CHG-"), &ask, &facts, "Refused no: needs a change → add a change");
    ask.evidence = vec![Evidence::Link { url: "https://chg.example/CHG-1".to_owned() }];
    expect(&condition("^CHG-"), &ask, &facts, "Refused no: needs a change → add a change");
    ask.evidence = vec![work_item("INC-1")];
    expect(&condition("^CHG-"), &ask, &facts, "Refused no: `INC-1` is not what is wanted: a change → add a change");
    ask.evidence = vec![work_item("CHG-1")];
    expect(&condition("^CHG-"), &ask, &facts, "NeedsApproval yes: belongs to CHG-1");
    expect(&condition("("), &ask, &facts, "Refused no: `CHG-1` is not what is wanted: a change → add a change");
}

/// R6: operational context. The hours are those of the zone, in winter and in summer, on both sides of the change.
#[test]
fn hours_in_their_zone() {
    let (ask, mut facts) = ordinary();
    let condition = Condition::Hours {
        days: vec![Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri],
        from: NaiveTime::from_hms_opt(8, 0, 0).expect("a time"),
        to: NaiveTime::from_hms_opt(18, 0, 0).expect("a time"),
        zone: chrono_tz::Europe::Berlin,
    };
    expect(
        &condition,
        &ask,
        &facts,
        "NeedsApproval yes: within its hours: on weekdays from 08:00 to 18:00 (Europe/Berlin)",
    );
    facts.at = at("2026-03-11T17:00:00Z");
    expect(
        &condition,
        &ask,
        &facts,
        "Refused no: outside its hours: on weekdays from 08:00 to 18:00 (Europe/Berlin) \
         → ask on weekdays from 08:00 to 18:00 (Europe/Berlin)",
    );
    assert!(under(condition.clone(), &ask, &facts).waits_only_for_its_hours());
    let rows = [
        ("2026-03-27T06:30:00Z", false, "Friday before the change: 07:30"),
        ("2026-03-27T07:00:00Z", true, "Friday before the change: 08:00"),
        ("2026-03-30T06:00:00Z", true, "Monday after the change: 08:00"),
        ("2026-03-30T05:59:59Z", false, "Monday after the change: 07:59"),
        ("2026-03-30T16:00:00Z", false, "Monday after the change: 18:00 is not included"),
        ("2026-10-23T06:00:00Z", true, "Friday before winter: 08:00"),
        ("2026-10-26T06:00:00Z", false, "Monday in winter: 07:00"),
        ("2026-03-28T10:00:00Z", false, "Saturday"),
    ];
    for (moment, open, why) in rows {
        facts.at = at(moment);
        assert_eq!(check(&under(condition.clone(), &ask, &facts), "hours").passed, open, "{why}");
    }
    // The day is the zone's day too: Sunday evening in UTC is Monday morning in Auckland.
    facts.at = at("2026-03-08T20:00:00Z");
    let Condition::Hours { days, from, to, .. } = condition else { return };
    let auckland = Condition::Hours { days, from, to, zone: chrono_tz::Pacific::Auckland };
    assert!(check(&under(auckland, &ask, &facts), "hours").passed);
}

/// R6: where the systems stand.
#[test]
fn environments() {
    let (ask, mut facts) = ordinary();
    let condition = Condition::Environments { only: set([Environment::Development, Environment::Staging]) };
    expect(&condition, &ask, &facts, "NeedsApproval yes: only in development or staging");
    orders(&mut facts).environment = Environment::Production;
    expect(&condition, &ask, &facts, "Refused no: orders stands elsewhere: only in development or staging");
}

/// R8: how much harm misuse could do.
#[test]
fn sensitivity() {
    let (ask, mut facts) = ordinary();
    let condition = Condition::SensitivityAtMost { most: Sensitivity::Medium };
    expect(&condition, &ask, &facts, "NeedsApproval yes: only up to medium sensitivity");
    orders(&mut facts).sensitivity = Sensitivity::High;
    expect(&condition, &ask, &facts, "Refused no: orders is more sensitive than medium");
}

/// R6: separation of duties counts from both sides, whether held or only asked for.
#[test]
fn incompatible_both_ways() {
    let (ask, mut facts) = ordinary();
    let condition = Condition::Incompatible { bundles: set([OTHER]) };
    expect(&condition, &ask, &facts, "NeedsApproval yes: nothing that conflicts is held or waiting");
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    assert_eq!(
        judge(&ask, &facts, &Unguarded).outcome,
        Outcome::NeedsApproval,
        "holding another bundle is no conflict by itself"
    );
    expect(
        &condition,
        &ask,
        &facts,
        "Refused no: Ada holds “Orders, pay”, which must not be in the same hands → give it back first",
    );
    facts.conflicts.insert(OTHER);
    assert_eq!(
        line(&judge(&ask, &facts, &Unguarded), "incompatible"),
        "Refused no: Ada has “Orders, pay”, which must not be in the same hands → give it back first"
    );
    facts.conflicts.clear();
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: false });
    expect(
        &condition,
        &ask,
        &facts,
        "Refused no: Ada has asked for “Orders, pay”, which must not be in the same hands → withdraw it first",
    );
}

/// R26, R37: an exception stands beside what it names, for a short time, with a reason, by two from different sources, never at once.
#[test]
fn an_exception_is_decided_by_an_owner_and_the_fallback_group() {
    let (mut ask, mut facts) = ordinary();
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    facts.conflicts.insert(OTHER);
    facts.bundle.spec.automatic = true;
    facts.bundle.spec.longest = minutes(43_200);
    ask.exception = Some(set([OTHER]));
    ask.reason.length = 40;
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(
        line(&ruling, "incompatible"),
        "NeedsApproval yes: “Orders, read” is asked for as an exception beside “Orders, pay”"
    );
    assert_eq!(eligible(&ruling), [vec![OLOF], vec![FAY, FINN]]);
    assert!(ruling.not_automatic.contains(&"it is asked for as an exception".to_owned()), "{:?}", ruling.not_automatic);

    let longer = Ask { minutes: minutes(10_081), ..ask.clone() };
    let says = line(&judge(&longer, &facts, &Unguarded), "duration");
    assert!(says.starts_with("Refused no: ") && says.contains(" allowed for an exception"), "{says}");
    let mut short = ask.clone();
    short.reason.length = 39;
    assert_eq!(
        line(&judge(&short, &facts, &Unguarded), "justification"),
        "Refused no: say why in at least 40 characters, as it is an exception; there are 39 → say why the two are needed \
         together"
    );

    // What it does not name says no as ever, and so does what is only asked for.
    let unnamed = Ask { exception: Some(set([BUNDLE])), ..ask.clone() };
    assert!(!check(&judge(&unnamed, &facts, &Unguarded), "incompatible").passed);
    let waiting = Held { key: None, name: "Orders, pay".to_owned(), live: false };
    facts.held.insert(OTHER, waiting);
    assert!(!check(&judge(&ask, &facts, &Unguarded), "incompatible").passed);
    facts.held.clear();
    facts.conflicts.clear();
    let from_nothing = Ask { exception: Some(BTreeSet::new()), ..ask };
    assert_eq!(
        line(&judge(&from_nothing, &facts, &Unguarded), "exception"),
        "Refused no: nothing that is held stands against it → ask without an exception"
    );
}

/// R26: of an exception nobody stands in for the fallback group; where it decides anyway, a second approver comes from the owners.
#[test]
fn the_fallback_group_has_its_own_part_in_an_exception() {
    let (mut ask, mut facts) = ordinary();
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    facts.conflicts.insert(OTHER);
    ask.exception = Some(set([OTHER]));
    ask.reason.length = 40;
    facts.bundle.spec.stages = vec![stage("Fallback", 1, Source::Group { group: FALLBACK })];
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [vec![FAY, FINN], vec![OLOF]]);
    if let Some(fallback) = facts.groups.get_mut(&FALLBACK) {
        fallback.members.clear();
    }
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(ruling.outcome, Outcome::Refused);
    assert!(!check(&ruling, "deciders").passed);
}

/// R26: two from different sides. The fallback group, which has its own part, does not also stand in for the owners.
#[test]
fn the_fallback_group_stands_in_for_no_owner_of_an_exception() {
    let (mut ask, mut facts) = ordinary();
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    facts.conflicts.insert(OTHER);
    ask.exception = Some(set([OTHER]));
    ask.reason.length = 40;
    orders(&mut facts).owners = set([ADA]);
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [vec![BEA], vec![FAY, FINN]], "a backup owner does");
    orders(&mut facts).backup_owners.clear();
    let says = line(&judge(&ask, &facts, &Unguarded), "deciders");
    assert!(says.starts_with("Refused no: ") && says.contains("finds 0, even among backup owners; Ada"), "{says}");
}

/// R29: one grant of a bundle at a time; a renewal continues it.
#[test]
fn one_grant_at_a_time() {
    let (mut ask, mut facts) = ordinary();
    let held = |live| Held { key: None, name: "Orders, read".to_owned(), live };
    facts.held.insert(BUNDLE, held(true));
    assert_eq!(
        line(&judge(&ask, &facts, &Unguarded), "one-grant"),
        "Refused no: Ada already has “Orders, read” → extend the grant instead"
    );
    facts.held.insert(BUNDLE, held(false));
    assert_eq!(
        line(&judge(&ask, &facts, &Unguarded), "one-grant"),
        "Refused no: Ada already waits for “Orders, read” → withdraw that request first"
    );
    facts.held.clear();
    ask.continues = Some(domain::ids::GrantId(BUNDLE.0));
    assert_eq!(line(&judge(&ask, &facts, &Unguarded), "one-grant"), "NeedsApproval yes: continues a live grant");
}

/// R27: no account, no assignment; a portal name is never taken for a target's name.
#[test]
fn needs_an_account() {
    let (ask, mut facts) = ordinary();
    facts.subject.accounts.clear();
    assert_eq!(
        line(&judge(&ask, &facts, &Unguarded), "account"),
        "Refused no: Ada has no account on orders → ask Olof for an account first"
    );
    orders(&mut facts).owners.clear();
    assert_eq!(
        line(&judge(&ask, &facts, &Unguarded), "account"),
        "Refused no: Ada has no account on orders → ask its owner for an account first"
    );
    orders(&mut facts).connector = ConnectorKind::Directory;
    assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::NeedsApproval, "the directory knows everybody");
}

/// R9: automatic only where it is low-risk and reversible; and the owners are told (R3).
#[test]
fn automatic_only_when_low_risk_and_reversible() {
    let (ask, mut facts) = ordinary();
    assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::NeedsApproval, "not unless the bundle says so");
    facts.bundle.spec.automatic = true;
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!((ruling.outcome, ruling.told, ruling.stages), (Outcome::Automatic, set([OLOF]), Vec::new()));

    let rows: [(Change, &str); 5] = [
        (privileged, "read reaches card numbers"),
        (|f| orders(f).environment = Environment::Production, "orders is production"),
        (|f| orders(f).sensitivity = Sensitivity::Medium, "orders is of medium sensitivity"),
        (|f| orders(f).external = true, "orders reaches beyond the company"),
        (|f| orders(f).connector = ConnectorKind::Manual, "access to orders is taken away by hand"),
    ];
    for (change, why) in rows {
        let mut facts = facts.clone();
        change(&mut facts);
        let ruling = judge(&ask, &facts, &Unguarded);
        assert_eq!((ruling.outcome, ruling.not_automatic), (Outcome::NeedsApproval, vec![why.to_owned()]));
        assert!(ruling.told.is_empty(), "those who decide need not be told");
    }
    facts.published = false;
    assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::Refused, "automatic is no way round a rule");
}

/// R3, R8, R15: privileged access takes two people, however few the bundle asks for.
#[test]
fn privileged_always_takes_two() {
    let stages = [
        vec![],
        vec![stage("Owner", 1, Source::Owners)],
        vec![stage("Board", 1, Source::Group { group: BOARD })],
        vec![stage("Board", 2, Source::Group { group: BOARD })],
        vec![stage("Manager", 1, Source::Manager)],
        vec![stage("Named", 1, Source::People { people: set([OLOF, GUS]) })],
    ];
    for stages in stages {
        let (ask, mut facts) = ordinary();
        privileged(&mut facts);
        facts.bundle.spec.automatic = true;
        facts.bundle.spec.stages.clone_from(&stages);
        let ruling = judge(&ask, &facts, &Unguarded);
        assert_eq!(ruling.outcome, Outcome::NeedsApproval);
        let total: u8 = ruling.stages.iter().map(|s| s.need).sum();
        assert_eq!(total, 2, "{stages:?}");
        let everybody = ruling.stages.iter().flat_map(StageRuling::eligible).collect::<BTreeSet<_>>();
        assert!(everybody.len() >= 2, "two distinct people: {everybody:?}");
        assert_eq!(ruling.privileged.get(&READ).map(String::as_str), Some("read reaches card numbers"));
    }
    // The only owner decides once; the backup owner is the second.
    let (ask, mut facts) = ordinary();
    privileged(&mut facts);
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(line(&ruling, "deciders"), "NeedsApproval yes: decided by Olof, then one of Olof or Bea");
}

/// R15: a group never decides on who joins it, neither as a stage nor as a fallback.
#[test]
fn a_group_never_decides_who_joins_it() {
    let (ask, mut facts) = ordinary();
    facts.bundle.spec.stages = vec![stage("Board", 1, Source::Group { group: BOARD })];
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[GUS, GIL]]);
    if let Some(read) = facts.entitlements.get_mut(&READ) {
        read.joins = set([BOARD]);
    }
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(eligible(&ruling), [[BEA]], "the backup owner steps in");
    orders(&mut facts).backup_owners.clear();
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[FAY, FINN]]);
    if let Some(read) = facts.entitlements.get_mut(&READ) {
        read.joins = set([BOARD, FALLBACK]);
    }
    assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::Refused);
}

/// R30: not the subject, not who asked, not who answers for a non-human subject.
#[test]
fn those_concerned_are_left_out() {
    let concerned = [ADA, MAYA, OONA];
    let (ask, mut facts) = ordinary();
    orders(&mut facts).owners = set([ADA, MAYA, OLOF]);
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[MAYA, OLOF]], "not the subject");

    let (ask, mut for_ada) = (Ask { asker: MAYA, ..ask }, facts.clone());
    (for_ada.asker.id, for_ada.asker.name) = (MAYA, "Maya".to_owned());
    assert_eq!(eligible(&judge(&ask, &for_ada, &Unguarded)), [[OLOF]], "nor who asked");

    let (ask, mut facts) = for_robot();
    orders(&mut facts).owners = set(concerned);
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[MAYA]], "nor the owners of a non-human identity");

    for from in [Source::Group { group: BOARD }, Source::People { people: set(concerned) }, Source::Manager] {
        let (ask, mut facts) = for_robot();
        if let Some(board) = facts.groups.get_mut(&BOARD) {
            board.members = set(concerned);
        }
        facts.managers = set(concerned);
        facts.bundle.spec.stages = vec![stage("Any", 1, from.clone())];
        assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[MAYA]], "{from:?}");
    }
    // Who has left is not among the people, and decides nothing (R31).
    let (ask, mut facts) = ordinary();
    facts.people.remove(&OLOF);
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[BEA]]);
}

/// R14: owners first, their backups only when needed, the fallback group last, each with the reason kept.
#[test]
fn backup_steps_in_then_the_fallback() {
    let (ask, mut facts) = ordinary();
    let via = |facts: &Facts, id| judge(&ask, facts, &Unguarded).stages[0].via(id).cloned();
    assert_eq!(via(&facts, BEA), None, "not while the owner can");
    orders(&mut facts).owners = set([ADA]);
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[BEA]]);
    assert_eq!(via(&facts, BEA), Some(Via::BackupOwner { system: ORDERS }));
    orders(&mut facts).backup_owners = set([ADA]);
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[FAY, FINN]]);
    assert_eq!(via(&facts, FAY), Some(Via::Fallback { group: FALLBACK }));
}

/// R1: where nobody may decide, the answer is no, and says how it could be otherwise.
#[test]
fn refuses_where_nobody_may_decide() {
    let (ask, mut facts) = ordinary();
    facts.groups.remove(&FALLBACK);
    orders(&mut facts).owners = set([ADA]);
    orders(&mut facts).backup_owners.clear();
    insta::assert_snapshot!(line(&judge(&ask, &facts, &Unguarded), "deciders"), @"Refused no: stage “Owner” needs 1 who may decide and finds 0, even among backup owners and the fallback group; Ada may not decide on this → ask an admin to name owners or a fallback group with enough people");

    // One person cannot fill two stages.
    orders(&mut facts).owners = set([OLOF]);
    facts.bundle.spec.stages =
        vec![stage("Owner", 1, Source::Owners), stage("Again", 1, Source::People { people: set([OLOF]) })];
    assert_eq!(judge(&ask, &facts, &Unguarded).outcome, Outcome::Refused);
}

/// R14: each system's owners are asked; systems with the same owners ask once.
#[test]
fn every_systems_owners_decide() {
    let (ask, mut facts) = ordinary();
    with_stock(&mut facts);
    let ruling = judge(&ask, &facts, &Unguarded);
    assert_eq!(line(&ruling, "deciders"), "NeedsApproval yes: decided by Olof, then Gus");
    assert_eq!(
        ruling.stages.iter().map(|s| (s.name.as_str(), s.system)).collect::<Vec<_>>(),
        [("Owner, orders", Some(ORDERS)), ("Owner, stock", Some(STOCK))]
    );
    if let Some(stock) = facts.systems.get_mut(&STOCK) {
        (stock.owners, stock.backup_owners) = (set([OLOF]), set([BEA]));
    }
    assert_eq!(eligible(&judge(&ask, &facts, &Unguarded)), [[OLOF]]);
}

/// R30: whoever would be asked next once others are gone decides more by it, and whoever is asked anyway does not.
#[test]
fn who_would_be_asked_once_others_are_gone() {
    let decide = |first: &[IdentityId], backup: &[IdentityId], in_fallback| Deciders {
        first: first.iter().copied().collect(),
        backup: backup.iter().copied().collect(),
        in_fallback,
    };
    let both = decide(&[OLOF, OONA], &[BEA], false);
    assert!(both.would_gain(BEA, &decide(&[OLOF], &[BEA], false), 2), "two may be needed");
    assert!(!both.would_gain(BEA, &decide(&[OLOF], &[BEA], false), 1), "one is, and Olof is there");
    assert!(both.would_gain(BEA, &decide(&[], &[BEA], false), 1));
    assert!(!both.would_gain(OLOF, &decide(&[OLOF], &[BEA], false), 2), "he decides as before");
    assert!(both.would_gain(GUS, &decide(&[OLOF, GUS], &[BEA], false), 1), "he becomes an owner");
    let behind = decide(&[OLOF, OONA], &[BEA], true);
    assert!(!behind.would_gain(FAY, &decide(&[OLOF], &[BEA], true), 2), "there are two before her");
    assert!(behind.would_gain(FAY, &decide(&[OLOF], &[], true), 2));
    assert!(both.would_gain(FAY, &decide(&[OLOF], &[], true), 2), "she joins the fallback group");
    let one = decide(&[OLOF], &[BEA], false);
    assert!(one.would_gain(BEA, &decide(&[], &[BEA], false), 2), "she was asked second, and is now asked first");
}
