//! The tests that stand beside guardrails: made-up asks, and what is expected of each. They are run before a version may be published.

use super::{Compiled, Mistake, check};
use chrono::{DateTime, Utc};
use domain::{
    bundle::{BundleSpec, BundleVersion},
    facts::{
        Ask, AskerFacts, EntitlementFacts, Evidence, Facts, GroupFacts, Held, Reason, SCHEMA, SubjectFacts, SystemFacts,
    },
    guardrail::{Guardrails, LONGEST, Verdict},
    identity::Kind,
    ids::{BundleId, EntitlementId, GrantId, GroupId, IdentityId, SystemId},
    minutes::Minutes,
    resource::{ConnectorKind, DataClass, Environment, Sensitivity},
    stepup::Strength,
    text::{Key, and},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    str::FromStr,
};
use toml::Spanned;
use uuid::Uuid;

/// A file of tests.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    test: Vec<Spanned<Test>>,
}

/// One made-up ask.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    says: String,
    #[serde(default)]
    subject: Subject,
    #[serde(default)]
    bundle: Bundle,
    #[serde(default = "an_hour", rename = "for", deserialize_with = "parsed")]
    minutes: Minutes,
    at: Option<DateTime<Utc>>,
    work_item: Option<String>,
    #[serde(default)]
    links: u8,
    #[serde(default = "forty")]
    reason: u32,
    #[serde(default)]
    renewal: bool,
    #[serde(default = "yes")]
    for_themselves: bool,
    expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Subject {
    key: Key,
    #[serde(deserialize_with = "kind")]
    kind: Kind,
    department: Option<String>,
    groups: BTreeSet<Key>,
    holds: BTreeSet<Key>,
    owned: bool,
}

impl Default for Subject {
    fn default() -> Self {
        let (groups, holds) = (BTreeSet::new(), BTreeSet::new());
        Self { key: plain("somebody"), kind: Kind::Person, department: None, groups, holds, owned: true }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Bundle {
    key: Key,
    system: Key,
    entitlement: Key,
    tags: BTreeSet<String>,
    environment: Environment,
    sensitivity: Sensitivity,
    data_class: DataClass,
    privileged: bool,
    external: bool,
    reversible: bool,
    #[serde(deserialize_with = "parsed")]
    longest: Minutes,
}

impl Default for Bundle {
    fn default() -> Self {
        Self {
            key: plain("some-bundle"),
            system: plain("some-system"),
            entitlement: plain("some-right"),
            tags: BTreeSet::new(),
            environment: Environment::Development,
            sensitivity: Sensitivity::Low,
            data_class: DataClass::Internal,
            privileged: false,
            external: false,
            reversible: true,
            longest: Minutes::hours(24 * 30),
        }
    }
}

/// What must come of it; what is not said does not matter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    allowed: bool,
    /// Rules that must be among those that made it so.
    #[serde(default)]
    by: BTreeSet<String>,
    approvals: Option<u8>,
    approved_by: Option<BTreeSet<String>>,
    requires: Option<String>,
    asker_requires: Option<String>,
    /// Whether a rule is expected to fail.
    #[serde(default)]
    fails: bool,
}

/// A key of our own choice.
fn plain(text: &str) -> Key {
    text.parse().expect("it is written as keys are")
}

fn an_hour() -> Minutes {
    Minutes::hours(1)
}

fn forty() -> u32 {
    40
}

fn yes() -> bool {
    true
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn kind<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
    let text = String::deserialize(from)?;
    let kinds = Kind::ALL.map(Kind::key).join(", ");
    let known = Kind::ALL.into_iter().find(|kind| kind.key() == text);
    known.ok_or_else(|| D::Error::custom(format!("`{text}` is not a kind of identity: there are {kinds}")))
}

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it says.
    pub says: String,
    /// Why it failed, in its own sentences; nothing when it held.
    pub failures: Vec<String>,
    /// In which line it begins.
    pub line: usize,
}

/// Runs the tests of some rules. They are read first, with every mistake and its line.
pub(super) fn run(rules: &Compiled, tests: &str) -> Result<Vec<Outcome>, Vec<Mistake>> {
    if tests.len() > LONGEST {
        return Err(vec![Mistake::of(format!("the tests have {} bytes; at most {LONGEST} are allowed", tests.len()))]);
    }
    if let Some(mistake) = check::unseen(tests) {
        return Err(vec![mistake]);
    }
    let file: File = toml::from_str(tests).map_err(|why| {
        let line = why.span().and_then(|span| tests.get(..span.start)).map(|it| it.matches('\n').count() + 1);
        vec![Mistake { line, says: why.message().to_owned() }]
    })?;
    let outcome = |test: Spanned<Test>| {
        let line = tests.get(..test.span().start).map_or(1, |it| it.matches('\n').count() + 1);
        let test = test.into_inner();
        let failures = match rules.ask(&test.ask(), &test.facts()) {
            Some(verdict) => test.expect.failures(&verdict),
            None => vec!["the rules were not asked".to_owned()],
        };
        Outcome { says: test.says, failures, line }
    };
    Ok(file.test.into_iter().map(outcome).collect())
}

impl Expect {
    fn failures(&self, verdict: &Verdict) -> Vec<String> {
        let mut failures = Vec::new();
        let by: Vec<_> = verdict.rules.keys().map(|id| format!("`{id}`")).collect();
        let by = if by.is_empty() { "no rule".to_owned() } else { and(&by) };
        if verdict.allows != self.allowed {
            let was = if verdict.allows { "allowed" } else { "refused" };
            failures.push(format!("it was {was}, by {by}"));
        }
        for id in self.by.iter().filter(|id| !verdict.rules.contains_key(*id)) {
            failures.push(format!("`{id}` had no part in it; {by} had"));
        }
        if verdict.errors.is_empty() == self.fails {
            let failed: Vec<_> = verdict.errors.iter().map(|(id, why)| format!("`{id}` failed: {why}")).collect();
            failures.push(if failed.is_empty() { "no rule failed".to_owned() } else { failed.join("; ") });
        }
        let demands = &verdict.demands;
        let approvals = demands.approvals.as_ref().map_or(0, |it| it.least);
        if let Some(expected) = self.approvals.filter(|expected| *expected != approvals) {
            failures.push(format!("it demands {approvals} approvals, not {expected}"));
        }
        let groups: BTreeSet<_> = demands.groups.keys().map(ToString::to_string).collect();
        if let Some(expected) = self.approved_by.as_ref().filter(|expected| **expected != groups) {
            failures.push(format!("it demands the approval of {groups:?}, not of {expected:?}"));
        }
        let strength = |demand: Option<Strength>| demand.map_or("nothing", Strength::key);
        let stated = [
            ("approvers", &self.requires, strength(demands.step_up.as_ref().map(|it| it.least))),
            ("the asker", &self.asker_requires, strength(demands.asker_step_up.as_ref().map(|it| it.least))),
        ];
        for (whom, expected, found) in stated {
            if let Some(expected) = expected.as_ref().filter(|expected| *expected != found) {
                failures.push(format!("of {whom} it demands {found}, not {expected}"));
            }
        }
        failures
    }
}

/// Ids that mean nothing beyond one made-up ask.
const SOMEBODY: IdentityId = IdentityId(Uuid::from_u128(1));
const ANOTHER: IdentityId = IdentityId(Uuid::from_u128(2));
const SYSTEM: SystemId = SystemId(Uuid::from_u128(3));
const RIGHT: EntitlementId = EntitlementId(Uuid::from_u128(4));
const BUNDLE: BundleId = BundleId(Uuid::from_u128(5));

impl Test {
    fn ask(&self) -> Ask {
        let item = self.work_item.iter().map(|reference| Evidence::WorkItem { reference: reference.clone() });
        let links = (0..self.links).map(|n| Evidence::Link { url: format!("https://example.org/{n}") });
        Ask {
            asker: if self.for_themselves { SOMEBODY } else { ANOTHER },
            subject: SOMEBODY,
            minutes: self.minutes,
            reason: Reason { length: self.reason, fits: true },
            evidence: item.chain(links).collect(),
            continues: self.renewal.then_some(GrantId(Uuid::from_u128(6))),
            exception: None,
        }
    }

    fn facts(&self) -> Facts {
        let key = |key: &Key| Some(key.clone());
        let bundle = &self.bundle;
        let group = |(n, name): (u128, &Key)| {
            (
                GroupId(Uuid::from_u128(100 + n)),
                GroupFacts { key: key(name), name: name.to_string(), members: BTreeSet::new() },
            )
        };
        let groups: BTreeMap<_, _> = (0..).zip(&self.subject.groups).map(group).collect();
        let held = |(n, name): (u128, &Key)| {
            (BundleId(Uuid::from_u128(200 + n)), Held { key: key(name), name: name.to_string(), live: true })
        };
        let owners = self.subject.owned && !self.subject.kind.is_person();
        let connector = if bundle.reversible { ConnectorKind::Directory } else { ConnectorKind::Manual };
        Facts {
            schema: SCHEMA,
            at: self.at.unwrap_or(DateTime::UNIX_EPOCH),
            bundle: BundleVersion { bundle: BUNDLE, number: 1, spec: bundle.spec() },
            published: true,
            asked_already: false,
            subject: SubjectFacts {
                id: SOMEBODY,
                key: key(&self.subject.key),
                name: self.subject.key.to_string(),
                kind: self.subject.kind,
                active: true,
                department: self.subject.department.clone(),
                manager: None,
                owners: if owners { BTreeSet::from([ANOTHER]) } else { BTreeSet::new() },
                groups: groups.keys().copied().collect(),
                accounts: BTreeMap::new(),
            },
            asker: AskerFacts { id: self.ask().asker, key: None, name: "asker".to_owned(), active: true },
            systems: BTreeMap::from([(
                SYSTEM,
                SystemFacts {
                    key: key(&bundle.system),
                    name: bundle.system.to_string(),
                    environment: bundle.environment,
                    sensitivity: bundle.sensitivity,
                    data_class: bundle.data_class,
                    external: bundle.external,
                    connector,
                    owners: BTreeSet::new(),
                    backup_owners: BTreeSet::new(),
                    fallback: GroupId(Uuid::nil()),
                },
            )]),
            entitlements: BTreeMap::from([(
                RIGHT,
                EntitlementFacts {
                    system: SYSTEM,
                    key: key(&bundle.entitlement),
                    name: bundle.entitlement.to_string(),
                    native: bundle.entitlement.to_string(),
                    privileged: bundle.privileged.then(|| "the test says so".to_owned()),
                    joins: BTreeSet::new(),
                },
            )]),
            groups,
            managers: BTreeSet::new(),
            held: (0..).zip(&self.subject.holds).map(held).collect(),
            conflicts: BTreeSet::new(),
            bundles: BTreeMap::new(),
            people: BTreeMap::new(),
        }
    }
}

impl Bundle {
    fn spec(&self) -> BundleSpec {
        BundleSpec {
            key: self.key.clone(),
            name: self.key.to_string(),
            says: String::new(),
            tags: self.tags.clone(),
            entitlements: BTreeSet::from([RIGHT]),
            longest: self.longest,
            default: self.longest,
            non_human_longest: self.longest,
            waits: self.longest,
            automatic: false,
            conditions: Vec::new(),
            stages: Vec::new(),
            step_up: None,
        }
    }
}
