//! Systems and the entitlements they can give.

use crate::{
    actor::Actor,
    authority::Authority,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{EntitlementId, GroupId, IdentityId, SystemId},
    refusal::Refusal,
    ruling::Via,
    stepup::{Act, Confirmed, Verified, digest},
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

/// Who decides about a system, and how sensitive it is: what is not changed behind its owners' backs where the system is sensitive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stewards {
    /// Who decides about it.
    pub owners: BTreeSet<IdentityId>,
    /// Who decides when the owners cannot.
    pub backup_owners: BTreeSet<IdentityId>,
    /// Who decides when neither can.
    pub fallback: GroupId,
    /// How much harm misuse could do.
    pub sensitivity: Sensitivity,
}

impl Stewards {
    /// Those of a system, as the catalogue says.
    pub fn of(spec: &SystemSpec) -> Self {
        Self {
            owners: spec.owners.clone(),
            backup_owners: spec.backup_owners.clone(),
            fallback: spec.fallback,
            sensitivity: spec.sensitivity,
        }
    }

    /// The same system with these in the place of its own.
    fn over(&self, spec: SystemSpec) -> SystemSpec {
        SystemSpec {
            owners: self.owners.clone(),
            backup_owners: self.backup_owners.clone(),
            fallback: self.fallback,
            sensitivity: self.sensitivity,
            ..spec
        }
    }

    /// Whether the same people decide.
    fn are_those_of(&self, other: &Self) -> bool {
        self.owners == other.owners && self.backup_owners == other.backup_owners && self.fallback == other.fallback
    }
}

/// Other people are to decide about a sensitive system; until an admin confirms it the old ones do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnersProposal {
    /// Which proposal; the first of a system is 1.
    pub number: u32,
    /// What is proposed.
    pub stewards: Stewards,
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
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
    /// Who is to decide about it, where that is not confirmed yet.
    pub proposed: Option<OwnersProposal>,
    /// How many such proposals there were.
    pub proposals: u32,
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
    /// Other people are to decide about it.
    OwnersProposed {
        /// Which proposal.
        number: u32,
        /// Who.
        stewards: Stewards,
    },
    /// They do from now on.
    OwnersConfirmed {
        /// Which proposal.
        number: u32,
        /// How the admin showed who they are, for this very act.
        verified: Option<Verified>,
    },
    /// They do not.
    OwnersRejected {
        /// Which proposal.
        number: u32,
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
        self.change(actor, SystemEvent::SystemDefined { spec }, now).map(Some)
    }

    /// Parts what the catalogue says now into what holds at once and what an admin must confirm first: on a sensitive system, other people
    /// who decide about it, or a lower sensitivity.
    pub fn part(&self, spec: SystemSpec) -> (SystemSpec, Option<Stewards>) {
        let (held, wanted) = (Stewards::of(&self.spec), Stewards::of(&spec));
        let sensitive = held.sensitivity.max(wanted.sensitivity) >= Sensitivity::High;
        let lower = wanted.sensitivity < held.sensitivity;
        if !sensitive || (wanted.are_those_of(&held) && !lower) {
            return (spec, None);
        }
        let sensitivity = held.sensitivity.max(wanted.sensitivity);
        (Stewards { sensitivity, ..held }.over(spec), Some(wanted))
    }

    /// Proposes other people to decide about it; `None` when just that is proposed already.
    pub fn propose_owners(
        &self,
        actor: &Actor,
        stewards: Stewards,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if self.proposed.as_ref().is_some_and(|it| it.stewards == stewards) {
            return Ok(None);
        }
        let number = self.proposals.saturating_add(1);
        self.change(actor, SystemEvent::OwnersProposed { number, stewards }, now).map(Some)
    }

    /// Lets the people decide about it who were proposed. An admin confirms it who would not be one of them, and did not propose it.
    pub fn confirm_owners(
        &self,
        authority: &Authority,
        number: u32,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let proposed = self.expect_proposed(number)?;
        let actor = authority.actor();
        if proposed.by.is_one_with(actor) {
            return Err(Refusal::OwnProposal);
        }
        if self.would_gain(authority, &proposed.stewards) {
            return Err(Refusal::GainsByIt { name: self.spec.name.clone() });
        }
        let verified = confirmed.of(actor, &self.confirmation_act(proposed))?;
        self.change(actor, SystemEvent::OwnersConfirmed { number, verified }, now)
    }

    /// Confirming what is proposed, as a step-up confirms it.
    pub fn confirmation_act(&self, proposed: &OwnersProposal) -> Act {
        Act::ConfirmOwners { system: self.id, number: proposed.number, stewards: digest(&proposed.stewards) }
    }

    /// Leaves it to the people who decide about it now.
    pub fn reject_owners(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.expect_proposed(number)?;
        self.change(actor, SystemEvent::OwnersRejected { number }, now)
    }

    /// Whether the actor would decide about it by this, and does not yet, or only when others cannot.
    fn would_gain(&self, authority: &Authority, stewards: &Stewards) -> bool {
        let held = &self.spec;
        let owns = authority.actor().person().is_some_and(|id| {
            let first_hand = stewards.owners.contains(&id) && !held.owners.contains(&id);
            first_hand || (stewards.backup_owners.contains(&id) && !self.is_owned_by(id))
        });
        let group = stewards.fallback;
        owns || (group != held.fallback && authority.still_has(&Via::Fallback { group }))
    }

    /// The proposal with this number, where it still waits.
    ///
    /// # Errors
    /// [`Refusal::NothingProposed`].
    pub fn expect_proposed(&self, number: u32) -> Result<&OwnersProposal, Refusal> {
        self.proposed.as_ref().filter(|it| it.number == number).ok_or(Refusal::NothingProposed)
    }

    fn change(&self, actor: &Actor, event: SystemEvent, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        Transition::next(Record::System(Box::new(self.clone())), actor, event, now)
    }

    /// Whether this identity owns the system, first hand or as backup.
    pub fn is_owned_by(&self, id: IdentityId) -> bool {
        self.spec.owners.contains(&id) || self.spec.backup_owners.contains(&id)
    }

    pub(crate) fn apply(
        before: Option<Self>,
        id: SystemId,
        event: &SystemEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let mut system = match (before, event) {
            (Some(system), _) => system,
            (None, SystemEvent::SystemDefined { spec }) => {
                Self { id, version: 0, spec: spec.clone(), owner_since: BTreeMap::new(), proposed: None, proposals: 0 }
            }
            (None, _) => return Err(Inconsistent::NotBegun),
        };
        system.version = stamp.version;
        match event {
            SystemEvent::SystemDefined { spec } => system.spec.clone_from(spec),
            SystemEvent::OwnersProposed { number, stewards } => {
                system.proposals = *number;
                system.proposed = Some(OwnersProposal {
                    number: *number,
                    stewards: stewards.clone(),
                    by: stamp.actor.clone(),
                    at: stamp.at,
                });
            }
            SystemEvent::OwnersConfirmed { number, .. } => {
                let Some(proposed) = system.proposed.take().filter(|it| it.number == *number) else {
                    return Err(Inconsistent::OutOfTurn {
                        state: "no such proposal".to_owned(),
                        event: "owners_confirmed".to_owned(),
                    });
                };
                system.spec = proposed.stewards.over(system.spec);
            }
            SystemEvent::OwnersRejected { .. } => system.proposed = None,
        }
        let known = system.owner_since;
        let owners = system.spec.owners.union(&system.spec.backup_owners);
        system.owner_since = owners.map(|owner| (*owner, known.get(owner).copied().unwrap_or(stamp.at))).collect();
        Ok(system)
    }
}

impl From<SystemEvent> for Event {
    fn from(event: SystemEvent) -> Self {
        Self::System(event)
    }
}
