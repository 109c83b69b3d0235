//! What the catalogue says of each thing, before its keys have become ids.

use super::{
    Mistake, Place, Stanza,
    keys::{Resolve, Sort},
};
use domain::{
    bundle::{BundleSpec, Source, Stage},
    condition::Condition,
    group::GroupSpec,
    identity::{IdentitySpec, Kind, PortalRole},
    ids::{BundleId, EntitlementId, GroupId, IdentityId, SystemId},
    minutes::Minutes,
    resource::{ConnectorKind, DataClass, Entitlement, Environment, Sensitivity, SystemSpec},
    stepup::Strength,
    text::Key,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A reference to another thing, and where it is written. Two are equal when they mean the same thing, wherever they stand.
#[derive(Clone, Debug)]
pub struct Mention<K = Key> {
    /// What is meant.
    pub key: K,
    /// Where.
    pub at: Place,
}

impl<K: PartialEq> PartialEq for Mention<K> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: Eq> Eq for Mention<K> {}

impl<K: PartialOrd> PartialOrd for Mention<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.key.partial_cmp(&other.key)
    }
}

impl<K: Ord> Ord for Mention<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// An entitlement by name: `orders-db/read`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntitlementKey {
    /// Its system's key.
    pub system: Key,
    /// Its own key within the system.
    pub key: Key,
}

impl fmt::Display for EntitlementKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.system, self.key)
    }
}

/// What the catalogue says of a person or a non-human identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityDraft {
    /// Its key.
    pub key: Key,
    /// Person, or which kind of non-human identity.
    pub kind: Kind,
    /// Its name as people say it.
    pub name: String,
    /// Where to write to a person.
    pub email: Option<String>,
    /// What a person does.
    pub title: Option<String>,
    /// Where a person works.
    pub department: Option<String>,
    /// A person's manager.
    pub manager: Option<Mention>,
    /// What a non-human identity is for.
    pub purpose: Option<String>,
    /// The people accountable for a non-human identity.
    pub owners: BTreeSet<Mention>,
    /// Roles in the portal.
    pub roles: BTreeSet<PortalRole>,
    /// At most one account per system, by the target's own name.
    pub accounts: BTreeMap<Mention, String>,
    /// Whether it says that the identity has left.
    pub left: bool,
}

/// What the catalogue says of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDraft {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// Who is in it, in one sentence.
    pub says: String,
    /// Its standing members.
    pub members: BTreeSet<Mention>,
    /// Groups whose members are members here too.
    pub groups: BTreeSet<Mention>,
}

/// What the catalogue says of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemDraft {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// What it is, in one sentence.
    pub says: String,
    /// Where it stands.
    pub environment: Environment,
    /// How much harm misuse could do.
    pub sensitivity: Sensitivity,
    /// How closely its data is held.
    pub data_class: DataClass,
    /// Whether it reaches beyond the company.
    pub external: bool,
    /// Who decides about it.
    pub owners: BTreeSet<Mention>,
    /// Who decides when the owners cannot.
    pub backup_owners: BTreeSet<Mention>,
    /// The group that decides when neither can.
    pub fallback: Mention,
    /// The group that does and attests manual tasks; the owners when none is named.
    pub operators: Option<Mention>,
    /// How it is changed.
    pub connector: ConnectorKind,
    /// What its connector needs to know; never a secret, only a secret's name.
    pub settings: BTreeMap<String, String>,
    /// What it can give.
    pub entitlements: BTreeMap<Key, Stanza<Entitlement>>,
}

/// What the catalogue says of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleDraft {
    /// Its key.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// What one can do with it, in one sentence.
    pub says: String,
    /// Words to find it by.
    pub tags: BTreeSet<String>,
    /// What it confers.
    pub entitlements: BTreeSet<Mention<EntitlementKey>>,
    /// The longest it can be had for.
    pub longest: Minutes,
    /// What the form offers.
    pub default: Minutes,
    /// The longest a non-human identity can have it for.
    pub non_human_longest: Minutes,
    /// How long a request waits for a decision.
    pub waits: Minutes,
    /// Whether it is granted without a person's decision when it is low-risk and reversible.
    pub automatic: bool,
    /// What must be so.
    pub conditions: Vec<ConditionDraft>,
    /// Who decides, in sequence.
    pub stages: Vec<StageDraft>,
    /// How surely the asker shows who they are.
    pub step_up: Option<Strength>,
}

/// A condition of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionDraft {
    /// Who may ask: members of one of these groups, of one of these kinds.
    Askers {
        /// The groups.
        groups: BTreeSet<Mention>,
        /// The kinds of identity.
        kinds: BTreeSet<Kind>,
    },
    /// Not while holding, or waiting for, one of these bundles.
    Incompatible {
        /// Which.
        bundles: BTreeSet<Mention>,
    },
    /// Any that refers to nothing else, in the domain's own words.
    Plain(Condition),
}

/// A stage of approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageDraft {
    /// Its name.
    pub name: String,
    /// How many distinct people must approve.
    pub need: u8,
    /// Who they are.
    pub from: SourceDraft,
    /// How surely each shows who they are.
    pub step_up: Option<Strength>,
    /// How long it waits before those who stand in may decide as well.
    pub escalates_after: Option<Minutes>,
}

/// From whom a stage's approvals come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceDraft {
    /// The owners of each system in the bundle.
    Owners,
    /// The members of a group.
    Group(Mention),
    /// Named people.
    People(BTreeSet<Mention>),
    /// The manager of the person it is for; for a non-human identity, the managers of its owners.
    Manager,
}

impl IdentityDraft {
    /// The same with ids for keys, or every reference that nobody knows.
    pub fn resolve(&self, known: &dyn Resolve) -> Result<IdentitySpec, Vec<Mistake>> {
        let mut ask = Asking::new(known);
        let spec = self.spec(&mut ask);
        ask.done(Some(spec))
    }

    pub(super) fn spec(&self, ask: &mut Asking<'_>) -> IdentitySpec {
        let manager = self.manager.as_ref().and_then(|manager| ask.identity(manager));
        let owners = ask.identities(&self.owners);
        let accounts =
            self.accounts.iter().filter_map(|(system, name)| Some((ask.system(system)?, name.clone()))).collect();
        IdentitySpec {
            key: self.key.clone(),
            kind: self.kind,
            name: self.name.clone(),
            email: self.email.clone(),
            title: self.title.clone(),
            department: self.department.clone(),
            manager,
            purpose: self.purpose.clone(),
            owners,
            roles: self.roles.clone(),
            accounts,
        }
    }
}

impl GroupDraft {
    /// The same with ids for keys, or every reference that nobody knows.
    pub fn resolve(&self, known: &dyn Resolve) -> Result<GroupSpec, Vec<Mistake>> {
        let mut ask = Asking::new(known);
        let spec = self.spec(&mut ask);
        ask.done(Some(spec))
    }

    pub(super) fn spec(&self, ask: &mut Asking<'_>) -> GroupSpec {
        let members = ask.identities(&self.members);
        let groups = ask.groups(&self.groups);
        GroupSpec { key: self.key.clone(), name: self.name.clone(), says: self.says.clone(), members, groups }
    }
}

impl SystemDraft {
    /// The same with ids for keys, or every reference that nobody knows. Its own entitlements must have ids too.
    pub fn resolve(&self, known: &dyn Resolve) -> Result<SystemSpec, Vec<Mistake>> {
        let mut ask = Asking::new(known);
        let spec = self.spec(&mut ask);
        ask.done(spec)
    }

    pub(super) fn spec(&self, ask: &mut Asking<'_>) -> Option<SystemSpec> {
        let owners = ask.identities(&self.owners);
        let backup_owners = ask.identities(&self.backup_owners);
        let fallback = ask.group(&self.fallback);
        let operators = self.operators.as_ref().and_then(|operators| ask.group(operators));
        let entitlements =
            self.entitlements.values().filter_map(|stanza| Some((ask.own(self, stanza)?, stanza.it.clone()))).collect();
        fallback.map(|fallback| SystemSpec {
            key: self.key.clone(),
            name: self.name.clone(),
            says: self.says.clone(),
            environment: self.environment,
            sensitivity: self.sensitivity,
            data_class: self.data_class,
            external: self.external,
            owners,
            backup_owners,
            fallback,
            operators,
            connector: self.connector,
            settings: self.settings.clone(),
            entitlements,
        })
    }
}

impl BundleDraft {
    /// The same with ids for keys, or every reference that nobody knows.
    pub fn resolve(&self, known: &dyn Resolve) -> Result<BundleSpec, Vec<Mistake>> {
        let mut ask = Asking::new(known);
        let spec = self.spec(&mut ask);
        ask.done(Some(spec))
    }

    pub(super) fn spec(&self, ask: &mut Asking<'_>) -> BundleSpec {
        let entitlements = self.entitlements.iter().filter_map(|mention| ask.entitlement(mention)).collect();
        let conditions = self.conditions.iter().map(|condition| condition.resolve(ask)).collect();
        let stages = self.stages.iter().filter_map(|stage| stage.resolve(ask)).collect();
        BundleSpec {
            key: self.key.clone(),
            name: self.name.clone(),
            says: self.says.clone(),
            tags: self.tags.clone(),
            entitlements,
            longest: self.longest,
            default: self.default,
            non_human_longest: self.non_human_longest,
            waits: self.waits,
            automatic: self.automatic,
            conditions,
            stages,
            step_up: self.step_up,
        }
    }
}

impl ConditionDraft {
    fn resolve(&self, ask: &mut Asking<'_>) -> Condition {
        match self {
            Self::Askers { groups, kinds } => Condition::Askers { groups: ask.groups(groups), kinds: kinds.clone() },
            Self::Incompatible { bundles } => {
                Condition::Incompatible { bundles: bundles.iter().filter_map(|bundle| ask.bundle(bundle)).collect() }
            }
            Self::Plain(condition) => condition.clone(),
        }
    }
}

impl StageDraft {
    fn resolve(&self, ask: &mut Asking<'_>) -> Option<Stage> {
        let from = match &self.from {
            SourceDraft::Owners => Source::Owners,
            SourceDraft::Manager => Source::Manager,
            SourceDraft::Group(group) => Source::Group { group: ask.group(group)? },
            SourceDraft::People(people) => Source::People { people: ask.identities(people) },
        };
        let (step_up, escalates_after) = (self.step_up, self.escalates_after);
        Some(Stage { name: self.name.clone(), need: self.need, from, step_up, escalates_after })
    }
}

/// So many unknown keys are compared with the known ones, to find what was meant; comparing every one with every one takes too long.
const COMPARED: usize = 100;

/// Asks for ids, and remembers what nobody knew.
pub(super) struct Asking<'r> {
    known: &'r dyn Resolve,
    pub(super) unknown: Vec<Mistake>,
}

impl<'r> Asking<'r> {
    pub(super) fn new(known: &'r dyn Resolve) -> Self {
        Self { known, unknown: Vec::new() }
    }

    /// What was made with the answers, if all of them came.
    fn done<T>(self, made: Option<T>) -> Result<T, Vec<Mistake>> {
        made.filter(|_| self.unknown.is_empty()).ok_or(self.unknown)
    }

    fn identity(&mut self, mention: &Mention) -> Option<IdentityId> {
        let id = self.known.identity(&mention.key);
        self.noted(id, Sort::Identity, &mention.key, &mention.at)
    }

    fn identities(&mut self, mentions: &BTreeSet<Mention>) -> BTreeSet<IdentityId> {
        mentions.iter().filter_map(|mention| self.identity(mention)).collect()
    }

    fn group(&mut self, mention: &Mention) -> Option<GroupId> {
        let id = self.known.group(&mention.key);
        self.noted(id, Sort::Group, &mention.key, &mention.at)
    }

    fn groups(&mut self, mentions: &BTreeSet<Mention>) -> BTreeSet<GroupId> {
        mentions.iter().filter_map(|mention| self.group(mention)).collect()
    }

    fn system(&mut self, mention: &Mention) -> Option<SystemId> {
        let id = self.known.system(&mention.key);
        self.noted(id, Sort::System, &mention.key, &mention.at)
    }

    fn bundle(&mut self, mention: &Mention) -> Option<BundleId> {
        let id = self.known.bundle(&mention.key);
        self.noted(id, Sort::Bundle, &mention.key, &mention.at)
    }

    fn entitlement(&mut self, mention: &Mention<EntitlementKey>) -> Option<EntitlementId> {
        let EntitlementKey { system, key } = &mention.key;
        if self.known.system(system).is_none() {
            return self.noted(None, Sort::System, system, &mention.at);
        }
        let id = self.known.entitlement(system, key);
        self.noted(id, Sort::Entitlement, &mention.key, &mention.at)
    }

    /// The id of one of the system's own entitlements. In the directory it is a group that is given, and somebody must know it.
    fn own(&mut self, system: &SystemDraft, stanza: &Stanza<Entitlement>) -> Option<EntitlementId> {
        if system.connector == ConnectorKind::Directory
            && let Ok(group) = stanza.it.native.parse::<Key>()
        {
            self.group(&Mention { key: group, at: stanza.at.clone() });
        }
        let id = self.known.entitlement(&system.key, &stanza.it.key);
        let key = EntitlementKey { system: system.key.clone(), key: stanza.it.key.clone() };
        self.noted(id, Sort::Entitlement, &key, &stanza.at)
    }

    fn noted<I>(&mut self, id: Option<I>, sort: Sort, key: &impl fmt::Display, at: &Place) -> Option<I> {
        if id.is_none() {
            let key = key.to_string();
            let near = if self.unknown.len() < COMPARED { self.known.near(sort, &key) } else { None };
            let meant = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "add it to the catalogue or name another".to_owned(),
            };
            self.unknown.push(Mistake::at(at, format!("there is no {sort} `{key}`: {meant}")));
        }
        id
    }
}
