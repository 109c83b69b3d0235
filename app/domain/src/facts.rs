//! The facts a ruling is made from. They are read in one transaction, frozen onto the request, and enough to make the ruling again.

use crate::{
    bundle::BundleVersion,
    identity::Kind,
    ids::{BundleId, EntitlementId, GrantId, GroupId, IdentityId, SystemId},
    minutes::Minutes,
    resource::{ConnectorKind, DataClass, Environment, Sensitivity},
    text::Key,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of this schema.
pub const SCHEMA: u32 = 2;

/// The most people of one group that are kept as facts; a stage may not draw on a larger group.
pub const MOST_MEMBERS: usize = 500;

/// What is asked for, by whom, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Who asks.
    pub asker: IdentityId,
    /// For whom.
    pub subject: IdentityId,
    /// For how long.
    pub minutes: Minutes,
    /// What is known of the reason without reading it; the text itself can be erased.
    pub reason: Reason,
    /// Work item and links.
    pub evidence: Vec<Evidence>,
    /// The grant it continues, if it is a renewal.
    pub continues: Option<GrantId>,
    /// What it is asked for beside, as an exception from separation of duties; what is not said is not written either, so that older asks
    /// read and hash as they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<BTreeSet<BundleId>>,
}

/// What is known of a justification without its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// How many characters it has.
    pub length: u32,
    /// Whether it fits the bundle's pattern; true where there is none.
    pub fits: bool,
}

/// Structured evidence (R23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Evidence {
    /// A change, an incident, a task in somebody's ITSM.
    WorkItem {
        /// Its reference there.
        reference: String,
    },
    /// A page that says more.
    Link {
        /// Its address; `https:` or `http:`.
        url: String,
    },
}

/// Everything a ruling is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The version of this schema.
    pub schema: u32,
    /// When they were read.
    pub at: DateTime<Utc>,
    /// What is asked for.
    pub bundle: BundleVersion,
    /// Whether that version could be asked for then.
    pub published: bool,
    /// Whether it was asked for before these facts were read: who owns it by now is then a matter of who decides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked_already: bool,
    /// For whom.
    pub subject: SubjectFacts,
    /// By whom.
    pub asker: AskerFacts,
    /// The systems the bundle reaches.
    pub systems: BTreeMap<SystemId, SystemFacts>,
    /// What the bundle confers.
    pub entitlements: BTreeMap<EntitlementId, EntitlementFacts>,
    /// The groups its stages, fallbacks and guardrails draw on, those it names, and those the subject is in.
    pub groups: BTreeMap<GroupId, GroupFacts>,
    /// The managers a manager stage would ask.
    pub managers: BTreeSet<IdentityId>,
    /// The bundles the subject holds or has asked for, without this very request and without the grant it continues.
    pub held: BTreeMap<BundleId, Held>,
    /// Of those, the ones whose own version says that they do not go together with this one.
    pub conflicts: BTreeSet<BundleId>,
    /// The names of the bundles that its conditions mention.
    pub bundles: BTreeMap<BundleId, String>,
    /// The names of everybody mentioned above who is active. Who is not here can decide nothing.
    pub people: BTreeMap<IdentityId, String>,
}

/// The identity the access is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectFacts {
    /// Who.
    pub id: IdentityId,
    /// Its key; what was recorded by the first schema has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Whether it belongs to the company.
    pub active: bool,
    /// Where it works.
    pub department: Option<String>,
    /// A person's manager.
    pub manager: Option<IdentityId>,
    /// A non-human identity's owners.
    pub owners: BTreeSet<IdentityId>,
    /// The groups it is in, through nesting and by grants; by the first schema only those of them that the bundle names.
    pub groups: BTreeSet<GroupId>,
    /// Its accounts on the bundle's systems.
    pub accounts: BTreeMap<SystemId, String>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskerFacts {
    /// Who.
    pub id: IdentityId,
    /// Its key; what was recorded by the first schema has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Their name.
    pub name: String,
    /// Whether they belong to the company.
    pub active: bool,
}

/// A system the bundle reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemFacts {
    /// Its key; what was recorded by the first schema has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub environment: Environment,
    /// How much harm misuse could do.
    pub sensitivity: Sensitivity,
    /// How closely its data is held.
    pub data_class: DataClass,
    /// Whether it reaches beyond the company.
    pub external: bool,
    /// How it is changed.
    pub connector: ConnectorKind,
    /// Its active owners.
    pub owners: BTreeSet<IdentityId>,
    /// Its active backup owners.
    pub backup_owners: BTreeSet<IdentityId>,
    /// Who decides when neither can.
    pub fallback: GroupId,
}

/// One right the bundle confers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitlementFacts {
    /// On which system.
    pub system: SystemId,
    /// Its key; what was recorded by the first schema has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Its name.
    pub name: String,
    /// The target's own name for it.
    pub native: String,
    /// Why it is privileged, if it is: the catalogue says so, or by derivation (R15).
    pub privileged: Option<String>,
    /// The groups one joins by it, through nesting.
    pub joins: BTreeSet<GroupId>,
}

/// A group the ruling looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFacts {
    /// Its key; what was recorded by the first schema has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Its name.
    pub name: String,
    /// The active people in it, through nesting and by grants; only for groups that may decide.
    pub members: BTreeSet<IdentityId>,
}

/// A bundle the subject already has to do with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its key; what was recorded by the first schema has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Its name.
    pub name: String,
    /// Whether it is held, or only asked for.
    pub live: bool,
}

impl Facts {
    /// The systems that nobody owns any more, first hand or as backup.
    pub fn unowned(&self) -> impl Iterator<Item = &SystemFacts> {
        self.systems.values().filter(|system| system.owners.is_empty() && system.backup_owners.is_empty())
    }

    /// The name of a person, as it was.
    pub fn name(&self, id: IdentityId) -> String {
        self.people.get(&id).cloned().unwrap_or_else(|| "somebody who has left".to_owned())
    }

    /// The name of a group, as it was.
    pub fn group(&self, id: GroupId) -> String {
        self.groups.get(&id).map_or_else(|| "a group that is gone".to_owned(), |g| g.name.clone())
    }

    /// The group with this key.
    pub fn group_by_key(&self, key: &Key) -> Option<GroupId> {
        self.groups.iter().find(|(_, group)| group.key.as_ref() == Some(key)).map(|(id, _)| *id)
    }

    /// The system whose backup owners and fallback group step in: the most sensitive one.
    pub fn weightiest(&self) -> Option<(&SystemId, &SystemFacts)> {
        self.systems.iter().max_by_key(|(id, s)| (s.sensitivity, s.data_class, s.environment, std::cmp::Reverse(**id)))
    }
}
