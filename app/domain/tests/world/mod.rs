//! A small company to rule on: Ada asks, Maya is her manager, Olof owns the orders database, Bea backs him up, Fay and Finn are the
//! fallback group, Gus and Gil the change board. `robot` is a pipeline that Olof's colleague Oona owns.
#![allow(dead_code, reason = "each test binary uses its own part of this world")]

use chrono::{DateTime, Utc};
use domain::{
    bundle::{BundleSpec, BundleVersion, Source, Stage},
    condition::Condition,
    facts::{Ask, AskerFacts, EntitlementFacts, Facts, GroupFacts, Reason, SCHEMA, SubjectFacts, SystemFacts},
    guardrail::Unguarded,
    identity::Kind,
    ids::{BundleId, EntitlementId, GroupId, IdentityId, SystemId},
    minutes::Minutes,
    resource::{ConnectorKind, DataClass, Environment, Sensitivity},
    ruling::{Check, Ruling, judge},
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub const ADA: IdentityId = IdentityId(Uuid::from_u128(1));
pub const MAYA: IdentityId = IdentityId(Uuid::from_u128(2));
pub const OLOF: IdentityId = IdentityId(Uuid::from_u128(3));
pub const BEA: IdentityId = IdentityId(Uuid::from_u128(4));
pub const FAY: IdentityId = IdentityId(Uuid::from_u128(5));
pub const FINN: IdentityId = IdentityId(Uuid::from_u128(6));
pub const GUS: IdentityId = IdentityId(Uuid::from_u128(7));
pub const GIL: IdentityId = IdentityId(Uuid::from_u128(8));
pub const OONA: IdentityId = IdentityId(Uuid::from_u128(9));
pub const ROBOT: IdentityId = IdentityId(Uuid::from_u128(20));

/// Everybody who can act.
pub const PEOPLE: [(IdentityId, &str); 9] = [
    (ADA, "Ada"),
    (MAYA, "Maya"),
    (OLOF, "Olof"),
    (BEA, "Bea"),
    (FAY, "Fay"),
    (FINN, "Finn"),
    (GUS, "Gus"),
    (GIL, "Gil"),
    (OONA, "Oona"),
];

pub const FALLBACK: GroupId = GroupId(Uuid::from_u128(30));
pub const BOARD: GroupId = GroupId(Uuid::from_u128(31));
pub const ORDERS: SystemId = SystemId(Uuid::from_u128(40));
pub const STOCK: SystemId = SystemId(Uuid::from_u128(41));
pub const READ: EntitlementId = EntitlementId(Uuid::from_u128(50));
pub const COUNT: EntitlementId = EntitlementId(Uuid::from_u128(51));
pub const BUNDLE: BundleId = BundleId(Uuid::from_u128(60));
pub const OTHER: BundleId = BundleId(Uuid::from_u128(61));

/// A moment, as one writes it.
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

pub fn minutes(n: u32) -> Minutes {
    Minutes::new(n).expect("a length of time")
}

pub fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    items.into_iter().collect()
}

pub fn stage(name: &str, need: u8, from: Source) -> Stage {
    Stage { name: name.to_owned(), need, from, step_up: None, escalates_after: None }
}

pub fn system(name: &str) -> SystemFacts {
    SystemFacts {
        key: None,
        name: name.to_owned(),
        environment: Environment::Staging,
        sensitivity: Sensitivity::Low,
        data_class: DataClass::Internal,
        external: false,
        connector: ConnectorKind::Postgres,
        owners: set([OLOF]),
        backup_owners: set([BEA]),
        fallback: FALLBACK,
    }
}

/// Ada asks, for eight hours on a Wednesday morning, to read orders in staging; nothing about it is privileged.
pub fn ordinary() -> (Ask, Facts) {
    let ask = Ask {
        asker: ADA,
        subject: ADA,
        minutes: minutes(480),
        reason: Reason { length: 30, fits: true },
        evidence: Vec::new(),
        continues: None,
        exception: None,
    };
    let spec = BundleSpec {
        key: "orders-read".parse().expect("a key"),
        name: "Orders, read".to_owned(),
        says: "Read orders".to_owned(),
        tags: BTreeSet::new(),
        entitlements: set([READ]),
        longest: minutes(1440),
        default: minutes(480),
        non_human_longest: minutes(240),
        waits: minutes(2880),
        automatic: false,
        conditions: Vec::new(),
        stages: Vec::new(),
        step_up: None,
    };
    let facts = Facts {
        schema: SCHEMA,
        at: at("2026-03-11T09:00:00Z"),
        bundle: BundleVersion { bundle: BUNDLE, number: 3, spec },
        published: true,
        asked_already: false,
        subject: SubjectFacts {
            id: ADA,
            key: None,
            name: "Ada".to_owned(),
            kind: Kind::Person,
            active: true,
            department: None,
            manager: Some(MAYA),
            owners: BTreeSet::new(),
            groups: BTreeSet::new(),
            accounts: BTreeMap::from([(ORDERS, "ada_l".to_owned()), (STOCK, "ada.l".to_owned())]),
        },
        asker: AskerFacts { id: ADA, key: None, name: "Ada".to_owned(), active: true },
        systems: BTreeMap::from([(ORDERS, system("orders"))]),
        entitlements: BTreeMap::from([(
            READ,
            EntitlementFacts {
                system: ORDERS,
                key: None,
                name: "read".to_owned(),
                native: "orders_read".to_owned(),
                privileged: None,
                joins: BTreeSet::new(),
            },
        )]),
        groups: BTreeMap::from([
            (FALLBACK, GroupFacts { key: None, name: "Fallback".to_owned(), members: set([FAY, FINN]) }),
            (BOARD, GroupFacts { key: None, name: "Change board".to_owned(), members: set([GUS, GIL]) }),
        ]),
        managers: set([MAYA]),
        held: BTreeMap::new(),
        conflicts: BTreeSet::new(),
        bundles: BTreeMap::from([(OTHER, "Orders, pay".to_owned())]),
        people: PEOPLE.iter().map(|(id, name)| (*id, (*name).to_owned())).collect(),
    };
    (ask, facts)
}

/// The same for a pipeline that Oona and Ada own; Ada asks.
pub fn for_robot() -> (Ask, Facts) {
    let (mut ask, mut facts) = ordinary();
    ask.subject = ROBOT;
    ask.minutes = minutes(60);
    facts.subject = SubjectFacts {
        id: ROBOT,
        key: None,
        name: "robot".to_owned(),
        kind: Kind::Pipeline,
        active: true,
        department: None,
        manager: None,
        owners: set([ADA, OONA]),
        groups: BTreeSet::new(),
        accounts: BTreeMap::from([(ORDERS, "robot".to_owned()), (STOCK, "robot".to_owned())]),
    };
    (ask, facts)
}

/// A second system, stock, with the same owners' names unless changed, and one right on it.
pub fn with_stock(facts: &mut Facts) {
    facts.systems.insert(STOCK, SystemFacts { owners: set([GUS]), backup_owners: set([GIL]), ..system("stock") });
    facts.bundle.spec.entitlements.insert(COUNT);
    facts.entitlements.insert(
        COUNT,
        EntitlementFacts {
            system: STOCK,
            key: None,
            name: "count".to_owned(),
            native: "stock_count".to_owned(),
            privileged: None,
            joins: BTreeSet::new(),
        },
    );
}

pub fn privileged(facts: &mut Facts) {
    if let Some(read) = facts.entitlements.get_mut(&READ) {
        read.privileged = Some("read reaches card numbers".to_owned());
    }
}

pub fn orders(facts: &mut Facts) -> &mut SystemFacts {
    facts.systems.get_mut(&ORDERS).expect("orders is always there")
}

/// The ruling under one more condition.
pub fn under(condition: Condition, ask: &Ask, facts: &Facts) -> Ruling {
    let mut facts = facts.clone();
    facts.bundle.spec.conditions.push(condition);
    judge(ask, &facts, &Unguarded)
}

/// The check of one rule.
pub fn check<'a>(ruling: &'a Ruling, rule: &str) -> &'a Check {
    ruling.checks.iter().find(|c| c.rule == rule).unwrap_or_else(|| panic!("no check `{rule}` in {:?}", ruling.checks))
}
