//! Systems and the entitlements they can give.

use crate::{
    actor::Actor,
    authority::Authority,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{EntitlementId, GroupId, IdentityId, SystemId},
    refusal::Refusal,
    review::Remark,
    ruling::Via,
    stepup::{Act, Confirmed, Verified, digest},
    text::{Key, TextRef, Words},
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

/// What guards a system beside its sensitivity: what the catalogue alone raises, and never lowers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guards {
    /// Where it stands.
    pub environment: Environment,
    /// How closely its data is held.
    pub data_class: DataClass,
    /// Whether it reaches beyond the company.
    pub external: bool,
    /// Whether the catalogue calls each of its rights privileged.
    pub privileged: BTreeMap<EntitlementId, bool>,
}

impl Guards {
    /// Those of a system, as the catalogue says.
    pub fn of(spec: &SystemSpec) -> Self {
        Self {
            environment: spec.environment,
            data_class: spec.data_class,
            external: spec.external,
            privileged: spec.entitlements.iter().map(|(id, right)| (*id, right.privileged)).collect(),
        }
    }

    /// Each of these or of the others, whichever is the stricter.
    fn stricter(&self, others: &Self) -> Self {
        let mut privileged = others.privileged.clone();
        for (id, held) in &self.privileged {
            *privileged.entry(*id).or_default() |= *held;
        }
        Self {
            environment: self.environment.max(others.environment),
            data_class: self.data_class.max(others.data_class),
            external: self.external || others.external,
            privileged,
        }
    }

    /// The same system under these.
    fn over(&self, mut spec: SystemSpec) -> SystemSpec {
        spec.environment = self.environment;
        spec.data_class = self.data_class;
        spec.external = self.external;
        for (id, privileged) in &self.privileged {
            if let Some(right) = spec.entitlements.get_mut(id) {
                right.privileged = *privileged;
            }
        }
        spec
    }
}

/// Who decides about a system, and what guards it: what is not changed behind its owners' backs where the system is sensitive, and never
/// lowered by one. What is not proposed is not written either, so that older events read and hash as they did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stewards {
    /// Who decides about it.
    pub owners: BTreeSet<IdentityId>,
    /// Who decides when the owners cannot.
    pub backup_owners: BTreeSet<IdentityId>,
    /// Who decides when neither can.
    pub fallback: GroupId,
    /// How much harm misuse could do; `None` leaves it as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<Sensitivity>,
    /// What guards it besides; `None` leaves that as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guards: Option<Guards>,
}

impl Stewards {
    /// Those of a system and all that guards it, as the catalogue says.
    pub fn of(spec: &SystemSpec) -> Self {
        Self {
            sensitivity: Some(spec.sensitivity),
            guards: Some(Guards::of(spec)),
            ..Self::people(spec.owners.clone(), spec.backup_owners.clone(), spec.fallback)
        }
    }

    /// Only who decides; what guards the system stays as it is.
    pub fn people(owners: BTreeSet<IdentityId>, backup_owners: BTreeSet<IdentityId>, fallback: GroupId) -> Self {
        Self { owners, backup_owners, fallback, sensitivity: None, guards: None }
    }

    /// The same system with these in the place of its own.
    fn over(&self, spec: SystemSpec) -> SystemSpec {
        let spec = SystemSpec {
            owners: self.owners.clone(),
            backup_owners: self.backup_owners.clone(),
            fallback: self.fallback,
            sensitivity: self.sensitivity.unwrap_or(spec.sensitivity),
            ..spec
        };
        match &self.guards {
            Some(guards) => guards.over(spec),
            None => spec,
        }
    }

    /// Whether the same people decide.
    pub fn are_those_of(&self, other: &Self) -> bool {
        self.owners == other.owners && self.backup_owners == other.backup_owners && self.fallback == other.fallback
    }
}

/// Those who decide about something of today, as one person stands to them: first hand, then as backup, then in the fallback group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deciders {
    /// Who decides first hand.
    pub first: BTreeSet<IdentityId>,
    /// Who decides when those are too few.
    pub backup: BTreeSet<IdentityId>,
    /// Whether the person is in the group that decides when these are too few as well.
    pub in_fallback: bool,
}

impl Deciders {
    /// Whether the person is among those who are asked where so many distinct people are needed.
    fn ask(&self, who: IdentityId, need: usize) -> bool {
        self.first.contains(&who)
            || (self.backup.contains(&who) && self.first.len() < need)
            || (self.in_fallback && self.first.union(&self.backup).count() < need)
    }

    /// Whether the person would be asked once it is these who decide, and is not asked now, with up to so many people needed.
    pub fn would_gain(&self, who: IdentityId, then: &Self, most: usize) -> bool {
        (1..=most).any(|need| then.ask(who, need) && !self.ask(who, need))
    }
}

/// Other people are to decide about a system, or less is to guard it; until an admin confirms it all is as it was.
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
    /// What was written on them.
    #[serde(default)]
    pub remarks: Vec<Remark>,
}

/// What can happen to a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
pub enum SystemEvent {
    /// The catalogue says something new of it.
    SystemDefined {
        /// All it says.
        spec: SystemSpec,
    },
    /// Other people are to decide about it, or less is to guard it.
    OwnersProposed {
        /// Which proposal.
        number: u32,
        /// Who, and what.
        stewards: Stewards,
    },
    /// Somebody wrote on that.
    OwnersCommented {
        /// On which proposal.
        number: u32,
        /// What.
        text: TextRef,
    },
    /// It is so from now on.
    OwnersConfirmed {
        /// Which proposal.
        number: u32,
        /// How the admin showed who they are, for this very act.
        verified: Option<Verified>,
    },
    /// An admin does not confirm it, and says why.
    OwnersRejected {
        /// Which proposal.
        number: u32,
        /// Why; older events do not say, and hash as they did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<TextRef>,
    },
    /// Whoever proposed it no longer does.
    OwnersTakenBack {
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
    /// who decide about it; on any, less that guards it.
    pub fn part(&self, spec: SystemSpec) -> (SystemSpec, Option<Stewards>) {
        let (held, wanted) = (Stewards::of(&self.spec), Stewards::of(&spec));
        let sensitivity = self.spec.sensitivity.max(spec.sensitivity);
        let guards = Guards::of(&self.spec).stricter(&Guards::of(&spec));
        let others = sensitivity >= Sensitivity::High && !wanted.are_those_of(&held);
        let stricter = Stewards { sensitivity: Some(sensitivity), guards: Some(guards), ..wanted.clone() };
        if !others && stricter == wanted {
            return (spec, None);
        }
        let (owners, backup_owners, fallback) = if others {
            (held.owners, held.backup_owners, held.fallback)
        } else {
            (stricter.owners, stricter.backup_owners, stricter.fallback)
        };
        (Stewards { owners, backup_owners, fallback, ..stricter }.over(spec), Some(wanted))
    }

    /// Proposes other people to decide about it, or less to guard it; `None` when just that is proposed already.
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

    /// An admin proposes other people to decide about it, where nothing else is proposed.
    pub fn propose_people(&self, actor: &Actor, stewards: Stewards, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if let Some(proposed) = &self.proposed {
            return Err(Refusal::ProposalWaits { by: proposed.by.to_string() });
        }
        if stewards.are_those_of(&Stewards::of(&self.spec)) {
            return Err(Refusal::NothingNew);
        }
        self.propose_owners(actor, stewards, now)?.ok_or(Refusal::NothingNew)
    }

    /// Writes on what is proposed.
    pub fn comment_on_owners(
        &self,
        actor: &Actor,
        number: u32,
        text: Words,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.expect_proposed(number)?;
        let event = SystemEvent::OwnersCommented { number, text: text.reference() };
        Ok(self.change(actor, event, now)?.with_words([text]))
    }

    /// Makes it so as was proposed. An admin confirms it who would not decide by it, and did not propose it; in founding mode the founder
    /// may.
    pub fn confirm_owners(
        &self,
        authority: &Authority,
        number: u32,
        founding: bool,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let proposed = self.expect_proposed(number)?;
        let actor = authority.actor();
        if !founding {
            if proposed.by.is_one_with(actor) {
                return Err(Refusal::OwnProposal);
            }
            let by_group = authority.still_has(&Via::Fallback { group: proposed.stewards.fallback });
            if actor.person().is_some_and(|who| self.admits(&proposed.stewards, who, by_group)) {
                return Err(Refusal::GainsByIt { name: self.spec.name.clone() });
            }
        }
        let verified = confirmed.of(actor, &self.confirmation_act(proposed))?;
        self.change(actor, SystemEvent::OwnersConfirmed { number, verified }, now)
    }

    /// Confirming what is proposed, as a step-up confirms it.
    pub fn confirmation_act(&self, proposed: &OwnersProposal) -> Act {
        Act::ConfirmOwners { system: self.id, number: proposed.number, stewards: digest(&proposed.stewards) }
    }

    /// Leaves it as it is, and says why.
    pub fn reject_owners(
        &self,
        actor: &Actor,
        number: u32,
        why: Words,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        if self.expect_proposed(number)?.by.is_one_with(actor) {
            return Err(Refusal::TakeItBack);
        }
        let event = SystemEvent::OwnersRejected { number, text: Some(why.reference()) };
        Ok(self.change(actor, event, now)?.with_words([why]))
    }

    /// Whoever proposed it takes it back.
    pub fn take_back_owners(&self, actor: &Actor, number: u32, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        let by = &self.expect_proposed(number)?.by;
        if !by.is_one_with(actor) {
            return Err(Refusal::NotItsProposer { by: by.to_string() });
        }
        self.change(actor, SystemEvent::OwnersTakenBack { number }, now)
    }

    /// Whether somebody, who is in the fallback group of these or not, would decide about it by them, and does not yet, or only when others
    /// cannot.
    pub fn admits(&self, stewards: &Stewards, who: IdentityId, in_fallback: bool) -> bool {
        let held = &self.spec;
        let first_hand = stewards.owners.contains(&who) && !held.owners.contains(&who);
        let as_backup = stewards.backup_owners.contains(&who) && !self.is_owned_by(who);
        first_hand || as_backup || (stewards.fallback != held.fallback && in_fallback)
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

    fn remark(&mut self, number: u32, text: &TextRef, sends_back: bool, stamp: &Stamp) {
        let (by, text) = (stamp.actor.clone(), text.clone());
        self.remarks.push(Remark { number, by, at: stamp.at, text, sends_back });
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
                let (owner_since, remarks) = (BTreeMap::new(), Vec::new());
                Self { id, version: 0, spec: spec.clone(), owner_since, proposed: None, proposals: 0, remarks }
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
            SystemEvent::OwnersCommented { number, text } => system.remark(*number, text, false, stamp),
            SystemEvent::OwnersRejected { number, text } => {
                system.proposed = None;
                if let Some(text) = text {
                    system.remark(*number, text, true, stamp);
                }
            }
            SystemEvent::OwnersTakenBack { .. } => system.proposed = None,
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
