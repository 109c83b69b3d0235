//! The nearest way in, table by table: each way, when followed, does pass; and nothing is offered that would not help.

mod world;

use chrono::{NaiveTime, Weekday};
use domain::{
    condition::Condition,
    facts::{Ask, Evidence, Facts, Held, Reason},
    guardrail::{Demands, Guardrails, Unguarded, Verdict},
    nearest::nearest,
    ruling::{Outcome, judge},
    text::Key,
};
use std::collections::{BTreeMap, BTreeSet};
use world::{OTHER, at, minutes, orders, ordinary, set};

/// Something that makes the ask or the facts different.
type Change = fn(&mut Ask, &mut Facts);

fn ways(change: Change, guardrails: &dyn Guardrails) -> Vec<String> {
    let (mut ask, mut facts) = ordinary();
    change(&mut ask, &mut facts);
    let ways = nearest(&ask, &facts, guardrails);
    for way in &ways {
        let followed = judge(&way.ask, &way.facts, guardrails);
        assert_ne!(followed.outcome, Outcome::Refused, "{}: {:?}", way.says(), followed.checks);
        assert_eq!(followed, way.ruling);
    }
    ways.iter().map(domain::nearest::Way::says).collect()
}

fn work_item(hint: Option<&str>) -> Condition {
    Condition::WorkItem { pattern: Some("^(CHG|INC)-[0-9]+$".to_owned()), hint: hint.map(str::to_owned) }
}

fn office_hours() -> Condition {
    Condition::Hours {
        days: vec![Weekday::Mon, Weekday::Tue],
        from: NaiveTime::from_hms_opt(9, 0, 0).expect("a time"),
        to: NaiveTime::from_hms_opt(17, 0, 0).expect("a time"),
        zone: chrono_tz::Europe::Stockholm,
    }
}

/// At most an hour, unless a work item is named: as a guardrail might say it.
struct AnHour;

impl Guardrails for AnHour {
    fn ask(&self, ask: &Ask, _: &Facts) -> Option<Verdict> {
        let named = ask.evidence.iter().any(|it| matches!(it, Evidence::WorkItem { .. }));
        let allows = named || ask.minutes <= minutes(60);
        let rules = BTreeMap::from([("an-hour".to_owned(), "an hour is enough without a work item".to_owned())]);
        let (demands, errors) = (Demands::default(), BTreeMap::new());
        Some(Verdict { number: 1, engine: "made up".to_owned(), schema: 1, allows, rules, demands, errors })
    }

    fn deciding_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn named_groups(&self) -> BTreeSet<Key> {
        BTreeSet::new()
    }

    fn most_approvals(&self) -> u8 {
        0
    }
}

/// L9: one change is enough.
#[test]
fn one_change_is_said_as_it_is() {
    let table: [(Change, &[&str]); 7] = [
        (|_, _| (), &[]),
        (|_, facts| facts.bundle.spec.longest = minutes(240), &["ask for 4 hours or less"]),
        (|ask, _| ask.minutes = minutes(100_000), &["ask for 1 day or less"]),
        (
            |_, facts| facts.bundle.spec.conditions = vec![work_item(Some("a change, like CHG-1042"))],
            &["name the work item it is for, like CHG-1042"],
        ),
        (|_, facts| facts.bundle.spec.conditions = vec![work_item(None)], &["name the work item it is for"]),
        (
            |ask, facts| {
                let (at_least, pattern, hint) = (20, Some("CASE".to_owned()), None);
                facts.bundle.spec.conditions = vec![Condition::Justification { at_least, pattern, hint }];
                ask.reason = Reason { length: 3, fits: false };
            },
            &["say why, as the bundle wants it said"],
        ),
        (
            |_, facts| {
                facts.at = at("2026-03-13T12:00:00Z");
                facts.bundle.spec.conditions = vec![office_hours()];
            },
            &["ask from Monday 09:00 (Europe/Stockholm)"],
        ),
    ];
    for (nth, (change, expected)) in table.into_iter().enumerate() {
        assert_eq!(ways(change, &Unguarded), expected, "row {nth}");
    }
}

/// An exception that is asked for with this reason, of a bundle that wants one of so many characters.
fn excepted(ask: &mut Ask, facts: &mut Facts, reason: Reason, at_least: u32) {
    let (pattern, hint) = (Some("CASE".to_owned()), None);
    facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
    facts.bundle.spec.conditions =
        vec![Condition::Incompatible { bundles: set([OTHER]) }, Condition::Justification { at_least, pattern, hint }];
    ask.exception = Some(set([OTHER]));
    ask.reason = reason;
}

/// L9, R37: an exception says why at some length, whatever its bundle wants.
#[test]
fn of_an_exception_it_is_said_how_long_its_reason_is() {
    let table: [(Change, &str); 4] = [
        (
            |ask, facts| excepted(ask, facts, Reason { length: 3, fits: true }, 20),
            "say why in at least 40 characters, as it is an exception",
        ),
        (
            |ask, facts| excepted(ask, facts, Reason { length: 3, fits: false }, 20),
            "say why as the bundle wants it said, in at least 40 characters, as it is an exception",
        ),
        (
            |ask, facts| excepted(ask, facts, Reason { length: 3, fits: true }, 60),
            "say why, as the bundle wants it said",
        ),
        (
            |ask, facts| excepted(ask, facts, Reason { length: 50, fits: false }, 20),
            "say why, as the bundle wants it said",
        ),
    ];
    for (nth, (change, expected)) in table.into_iter().enumerate() {
        assert_eq!(ways(change, &Unguarded), [expected], "row {nth}");
    }
}

/// L9: where one is not enough, the fewest that are.
#[test]
fn several_changes_are_said_together() {
    let both: Change = |_, facts| {
        facts.bundle.spec.longest = minutes(240);
        facts.bundle.spec.conditions = vec![work_item(Some("a change, like CHG-1042")), office_hours()];
        facts.at = at("2026-03-13T12:00:00Z");
    };
    let says = "ask for 4 hours or less, name the work item it is for, like CHG-1042 and ask from Monday 09:00 (Europe/Stockholm)";
    assert_eq!(ways(both, &Unguarded), [says]);
    let held: Change = |_, facts| {
        facts.held.insert(OTHER, Held { key: None, name: "Orders, pay".to_owned(), live: true });
        facts.bundle.spec.conditions = vec![Condition::Incompatible { bundles: set([OTHER]) }];
    };
    assert_eq!(
        ways(held, &Unguarded),
        ["give “Orders, pay” back first", "ask as an exception, which two approve and others review"]
    );
}

/// L9: guardrails are asked like everything else, and each way that is enough by itself is said.
#[test]
fn guardrails_have_their_ways_too() {
    let none: Change = |_, _| ();
    assert_eq!(ways(none, &AnHour), ["name the work item it is for", "ask for 1 hour or less"]);
}

/// What the asker cannot change is no way in.
#[test]
fn where_no_change_helps_none_is_offered() {
    let table: [Change; 4] = [
        |_, facts| facts.published = false,
        |_, facts| facts.subject.active = false,
        |_, facts| facts.subject.accounts.clear(),
        |_, facts| {
            orders(facts).owners.clear();
            orders(facts).backup_owners.clear();
            for group in facts.groups.values_mut() {
                group.members.clear();
            }
        },
    ];
    for (nth, change) in table.into_iter().enumerate() {
        assert_eq!(ways(change, &Unguarded), Vec::<String>::new(), "row {nth}");
    }
}
