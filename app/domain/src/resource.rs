//! Systems and the entitlements they can give.

use crate::{
    actor::Actor,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{EntitlementId, GroupId, IdentityId, SystemId},
    refusal::Refusal,
    text::Key,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where a system stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// Where things are tried out.
    Development,
    /// Where things are rehearsed.
    Staging,
    /// Where it counts.
    Production,
}

/// How much harm misuse of a system could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// How closely a system's data is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DataClass {
    /// Anyone may know.
    Public,
    /// Anyone in the company may know.
    Internal,
    /// Who needs it may know.
    Confidential,
    /// Named people may know.
    Restricted,
}

macro_rules! words {
    ($($ty:ident { $($variant:ident = $word:literal),+ })+) => {$(
        impl $ty {
            /// Every value, from least to most.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    )+};
}

words! {
    Environment { Development = "development", Staging = "staging", Production = "production" }
    Sensitivity { Low = "low", Medium = "medium", High = "high" }
    DataClass { Public = "public", Internal = "internal", Confidential = "confidential", Restricted = "restricted" }
    ConnectorKind { Directory = "directory", Manual = "manual", Postgres = "postgres" }
}

/// How a system is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectorKind {
    /// The portal's own groups, answered from live grants.
    Directory,
    /// A task for the system's operators.
    Manual,
    /// Role membership in a `PostgreSQL` database.
    Postgres,
}

impl ConnectorKind {
    /// Whether it takes rights away without a person's help; only then may access be automatic (R9).
    pub fn revokes_by_itself(self) -> bool {
        match self {
            Self::Directory | Self::Postgres => true,
            Self::Manual => false,
        }
    }

    /// Whether the target itself ends a right at a given time (R39). A role membership in `PostgreSQL` has no end of its own.
    pub fn holds_end(self) -> bool {
        match self {
            Self::Directory => true,
            Self::Manual | Self::Postgres => false,
        }
    }

    /// The settings a system with this connector must have: name, and what it holds.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Directory | Self::Manual => &[],
            Self::Postgres => &[("secret", "the name of the secret that holds the database's URL")],
        }
    }
}

/// One right a system can give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Its key within the system.
    pub key: Key,
    /// Its name.
    pub name: String,
    /// What it lets one do, in one sentence.
    pub says: String,
    /// The target's own name for it.
    pub native: String,
    /// Whether the catalogue calls it privileged. It may be privileged by derivation besides.
    pub privileged: bool,
}

/// What the catalogue says of a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemSpec {
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
    pub owners: BTreeSet<IdentityId>,
    /// Who decides when the owners cannot.
    pub backup_owners: BTreeSet<IdentityId>,
    /// Who decides when neither can.
    pub fallback: GroupId,
    /// Who does and attests manual tasks; the owners when none is named.
    pub operators: Option<GroupId>,
    /// How it is changed.
    pub connector: ConnectorKind,
    /// What its connector needs to know; never a secret, only a secret's name.
    pub settings: BTreeMap<String, String>,
    /// What it can give.
    pub entitlements: BTreeMap<EntitlementId, Entitlement>,
}

/// A target system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Its id.
    pub id: SystemId,
    /// How often it has changed.
    pub version: u32,
    /// What the catalogue says of it.
    pub spec: SystemSpec,
    /// Since when each owner and backup owner has been one: becoming an owner does not count for requests already open.
    pub owner_since: BTreeMap<IdentityId, DateTime<Utc>>,
}

/// What can happen to a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum SystemEvent {
    /// The catalogue says something new of it.
    SystemDefined {
        /// All it says.
        spec: SystemSpec,
    },
}

impl System {
    /// A new system.
    pub fn define(id: SystemId, actor: &Actor, spec: SystemSpec, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::first(Record::system_id(id), actor, SystemEvent::SystemDefined { spec }, now)
    }

    /// Makes it what the catalogue says now; `None` when it says nothing new.
    pub fn redefine(&self, actor: &Actor, spec: SystemSpec, now: DateTime<Utc>) -> Result<Option<Transition>, Refusal> {
        if self.spec == spec {
            return Ok(None);
        }
        Transition::next(Record::System(Box::new(self.clone())), actor, SystemEvent::SystemDefined { spec }, now)
            .map(Some)
    }

    /// Whether this identity owns the system, first hand or as backup.
    pub fn is_owned_by(&self, id: IdentityId) -> bool {
        self.spec.owners.contains(&id) || self.spec.backup_owners.contains(&id)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every kind of row is applied alike")]
    pub(crate) fn apply(
        before: Option<Self>,
        id: SystemId,
        event: &SystemEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let SystemEvent::SystemDefined { spec } = event;
        let known = before.map(|system| system.owner_since).unwrap_or_default();
        let owner_since = spec
            .owners
            .union(&spec.backup_owners)
            .map(|owner| (*owner, known.get(owner).copied().unwrap_or(stamp.at)))
            .collect();
        Ok(Self { id, version: stamp.version, spec: spec.clone(), owner_since })
    }
}

impl From<SystemEvent> for Event {
    fn from(event: SystemEvent) -> Self {
        Self::System(event)
    }
}
