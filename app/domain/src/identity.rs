//! People and non-human identities, their accounts on systems, and how long they belong to the company.

use crate::{
    actor::Actor,
    authenticator::{Authenticator, Failure, Means, ResetAsked, Used, Young},
    delegation::Delegation,
    departure::Departure,
    event::{Event, Inconsistent, Record, Stamp, Transition},
    ids::{AuthenticatorId, IdentityId, SystemId},
    refusal::Refusal,
    stepup::{Strength, Verified},
    text::Key,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of identity it is; rules differ between people and the rest (R10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Somebody who signs in.
    Person,
    /// A program's account.
    ServiceAccount,
    /// A build or deployment pipeline.
    Pipeline,
    /// An AI agent.
    Agent,
    /// A third party's account, sponsored by its owners (R67).
    Vendor,
}

impl Kind {
    /// Every kind, in the order people read them.
    pub const ALL: [Self; 5] = [Self::Person, Self::ServiceAccount, Self::Pipeline, Self::Agent, Self::Vendor];

    /// Whether it is a person.
    pub fn is_person(self) -> bool {
        self == Self::Person
    }

    /// Its name in the catalogue.
    pub fn key(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::ServiceAccount => "service-account",
            Self::Pipeline => "pipeline",
            Self::Agent => "agent",
            Self::Vendor => "vendor",
        }
    }

    /// Its name in a sentence, in the plural.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Person => "people",
            Self::ServiceAccount => "service accounts",
            Self::Pipeline => "pipelines",
            Self::Agent => "AI agents",
            Self::Vendor => "vendors",
        }
    }

    /// Its name in a sentence.
    pub fn singular(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::ServiceAccount => "service account",
            Self::Pipeline => "pipeline",
            Self::Agent => "AI agent",
            Self::Vendor => "vendor",
        }
    }
}

/// What a person may do in the portal beyond asking and owning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortalRole {
    /// Edits bundles, invites people, revokes.
    Admin,
    /// Reads everything, changes nothing.
    Auditor,
}

/// Whether an identity still belongs to the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Standing {
    /// Belongs, and may hold access.
    Active,
    /// Has left: may not sign in, hold access, own or decide.
    Left {
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// What the catalogue says of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentitySpec {
    /// Its key in the catalogue, and a person's sign-in name.
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
    pub manager: Option<IdentityId>,
    /// What a non-human identity is for.
    pub purpose: Option<String>,
    /// The people accountable for a non-human identity (R48).
    pub owners: BTreeSet<IdentityId>,
    /// Roles in the portal.
    pub roles: BTreeSet<PortalRole>,
    /// At most one account per system, by the target's own name.
    pub accounts: BTreeMap<SystemId, String>,
}

/// An account on a system: the target's name for an identity, and how we came to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name in the target.
    pub name: String,
    /// Who linked it.
    pub linked_by: Actor,
    /// When.
    pub linked_at: DateTime<Utc>,
}

/// A person or a non-human identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// How often it has changed.
    pub version: u32,
    /// What the catalogue says of it.
    pub spec: IdentitySpec,
    /// Whether it still belongs.
    pub standing: Standing,
    /// That an admin says it has left, where another is to confirm it.
    pub departure: Option<Departure>,
    /// Its accounts, with where they come from.
    pub accounts: BTreeMap<SystemId, Account>,
    /// Whether a password was ever set for it; it can sign in since.
    pub password_set_at: Option<DateTime<Utc>>,
    /// SHA-256 of the password's hash as it is kept, in hexadecimal: no other hash is its own.
    pub password_digest: Option<String>,
    /// The person's passkeys and authenticator apps.
    pub authenticators: BTreeMap<AuthenticatorId, Authenticator>,
    /// SHA-256 of the recovery codes that are left, in hexadecimal.
    pub recovery_codes: BTreeSet<String>,
    /// For how long those count for less than a code, where less than a code made them.
    pub young_codes: Option<Young>,
    /// How many step-ups have failed since the last that went through and was as strong, by what they were tried with.
    pub failed_step_ups: BTreeMap<Strength, u32>,
    /// Until when no step-up counts, as too many failed.
    pub locked_until: Option<DateTime<Utc>>,
    /// Until when the person decides nothing, as others reset their authenticators.
    pub barred_until: Option<DateTime<Utc>>,
    /// A reset that one admin asked for and another is to confirm.
    pub reset: Option<ResetAsked>,
    /// Which admin made the newest one-time link; `None` where the command line did.
    pub invited_by: Option<IdentityId>,
    /// Which admin's link set the password, and when.
    pub let_in: Option<LetIn>,
    /// Who may decide in the person's place, and when. What is not said is not written either, so that older rows read as they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<Delegation>,
}

/// For so long after an admin's link let somebody in, the two count as one person where two are asked: whoever makes a link can use it.
pub const ONE_FOR: TimeDelta = TimeDelta::hours(24);

/// That somebody set their password through an admin's link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetIn {
    /// Whose link it was.
    pub by: IdentityId,
    /// When.
    pub at: DateTime<Utc>,
}

/// What can happen to an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(test, derive(strum::VariantNames))]
#[serde(rename_all = "snake_case", tag = "type")]
#[strum(serialize_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "few are alive at once; on wasm32 it is small enough, so `expect` would fail"
)]
pub enum IdentityEvent {
    /// The catalogue says something new of it.
    IdentityDefined {
        /// All it says.
        spec: IdentitySpec,
    },
    /// It left the company. What is not said is not written either, so that older events read and hash as they did.
    IdentityLeft {
        /// Which admin had said so, where another confirmed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said_by: Option<Actor>,
        /// How the admin showed who they are, for this very act; neither founding mode nor the command line asks for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verified: Option<Verified>,
    },
    /// An admin says that it has left, and another is to confirm it.
    DepartureProposed {
        /// How the admin showed who they are, for this very act.
        verified: Option<Verified>,
    },
    /// That was taken back, or refused.
    DepartureTakenBack {},
    /// It came back.
    IdentityReturned {
        /// How the admin showed who they are, for this very act; founding mode asks for nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verified: Option<Verified>,
    },
    /// Somebody was given a one-time link to set a password.
    Invited {
        /// Until when the link works.
        expires_at: DateTime<Utc>,
    },
    /// A password was set through such a link.
    PasswordSet {
        /// SHA-256 of its hash as it is kept, in hexadecimal.
        digest: String,
    },
    /// The password stayed as it was, and was hashed anew: more is asked of hashes now.
    PasswordRehashed {
        /// SHA-256 of its new hash as it is kept, in hexadecimal.
        digest: String,
    },
    /// Every session of the person was ended.
    SignedOutEverywhere {},
    /// An authenticator was added.
    AuthenticatorAdded {
        /// Its id.
        authenticator: AuthenticatorId,
        /// How its owner calls it.
        name: String,
        /// What it is; of a passkey also the public key.
        means: Means,
        /// SHA-256 of the recovery codes that came with it, in hexadecimal.
        recovery: BTreeSet<String>,
        /// How the person showed who they are.
        verified: Verified,
        /// For how long it counts for less than it is, as it was added by less.
        young: Option<Young>,
    },
    /// An authenticator is called otherwise.
    AuthenticatorRenamed {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: String,
        /// How the person showed who they are, where that was asked.
        verified: Option<Verified>,
    },
    /// An authenticator was removed by its owner.
    AuthenticatorRemoved {
        /// Which.
        authenticator: AuthenticatorId,
        /// How the person showed who they are.
        verified: Verified,
    },
    /// New recovery codes were made; the old ones no longer count.
    RecoveryCodesMade {
        /// SHA-256 of each, in hexadecimal.
        codes: BTreeSet<String>,
        /// How the person showed who they are.
        verified: Verified,
        /// For how long they count for less than a code, as less made them.
        young: Option<Young>,
    },
    /// The person showed who they are, for the act in the same commit.
    SteppedUp {
        /// What it used up.
        used: Used,
    },
    /// The person showed who they are, for an act that was refused all the same: what that used up does not count again.
    ProofSpent {
        /// What it used up.
        used: Used,
    },
    /// The person, or somebody in their place, failed to.
    StepUpFailed {
        /// With what.
        tried: Strength,
        /// Why.
        why: Failure,
        /// Until when no step-up counts, when it was one too many.
        until: Option<DateTime<Utc>>,
    },
    /// An admin asked that the authenticators be reset.
    ResetAsked {
        /// How the admin showed who they are, where that was asked.
        verified: Option<Verified>,
    },
    /// That was taken back, or refused.
    ResetRefused {},
    /// A second admin confirmed it: every authenticator is gone.
    AuthenticatorsReset {
        /// Who had asked.
        asked_by: Actor,
        /// Until when the person decides nothing.
        barred_until: DateTime<Utc>,
        /// How the second admin showed who they are.
        verified: Verified,
    },
    /// The person lets another decide in their place for a while.
    DelegationMade {
        /// Who.
        to: IdentityId,
        /// From when.
        from: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
        /// How the person showed who they are.
        verified: Verified,
    },
    /// They decide by themselves again.
    DelegationEnded {},
}

impl Identity {
    /// A new identity, as the catalogue describes it.
    pub fn define(
        id: IdentityId,
        actor: &Actor,
        spec: IdentitySpec,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        Transition::first(Record::identity_id(id), actor, IdentityEvent::IdentityDefined { spec }, now)
    }

    /// Makes it what the catalogue says now; `None` when it says nothing new.
    pub fn redefine(
        &self,
        actor: &Actor,
        spec: IdentitySpec,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        if self.spec == spec {
            return Ok(None);
        }
        self.change(actor, IdentityEvent::IdentityDefined { spec }, now).map(Some)
    }

    /// A one-time link was issued for the person.
    pub fn invite(&self, actor: &Actor, expires_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if !self.spec.kind.is_person() {
            return Err(Refusal::NotAPerson { name: self.spec.name.clone() });
        }
        self.expect_acting()?;
        self.change(actor, IdentityEvent::Invited { expires_at }, now)
    }

    /// The person set a password; `digest` is SHA-256 of its hash as it is kept.
    pub fn set_password(&self, actor: &Actor, digest: String, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.expect_acting()?;
        self.change(actor, IdentityEvent::PasswordSet { digest }, now)
    }

    /// The portal hashed the same password anew; `digest` is SHA-256 of the new hash as it is kept.
    pub fn rehash_password(&self, digest: String, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.change(&Actor::System, IdentityEvent::PasswordRehashed { digest }, now)
    }

    /// Whether the password's hash that this is the digest of is the one that was set.
    pub fn has_password(&self, digest: &str) -> bool {
        self.password_digest.as_deref() == Some(digest)
    }

    /// The person ended every session of theirs.
    pub fn sign_out_everywhere(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.change(actor, IdentityEvent::SignedOutEverywhere {}, now)
    }

    /// Which admin let the person in less than [`ONE_FOR`] ago, if one did.
    pub fn let_in_lately(&self, now: DateTime<Utc>) -> Option<IdentityId> {
        self.let_in.as_ref().filter(|it| now < it.at + ONE_FOR).map(|it| it.by)
    }

    /// Whether it belongs to the company now.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::Active
    }

    /// Whether the person has this role, and still belongs.
    pub fn has(&self, role: PortalRole) -> bool {
        self.is_active() && self.spec.roles.contains(&role)
    }

    pub(crate) fn change(
        &self,
        actor: &Actor,
        event: IdentityEvent,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        Transition::next(Record::Identity(Box::new(self.clone())), actor, event, now)
    }

    pub(crate) fn apply(
        before: Option<Self>,
        id: IdentityId,
        event: &IdentityEvent,
        stamp: &Stamp,
    ) -> Result<Self, Inconsistent> {
        let version = stamp.version;
        match (before, event) {
            (None, IdentityEvent::IdentityDefined { spec }) => Ok(Self {
                id,
                version,
                accounts: linked(&BTreeMap::new(), spec, stamp),
                spec: spec.clone(),
                standing: Standing::Active,
                departure: None,
                password_set_at: None,
                password_digest: None,
                authenticators: BTreeMap::new(),
                recovery_codes: BTreeSet::new(),
                young_codes: None,
                failed_step_ups: BTreeMap::new(),
                locked_until: None,
                barred_until: None,
                reset: None,
                invited_by: None,
                let_in: None,
                delegation: None,
            }),
            (None, _) => Err(Inconsistent::NotBegun),
            (Some(mut identity), event) => {
                identity.version = version;
                match event {
                    IdentityEvent::IdentityDefined { spec } => {
                        identity.accounts = linked(&identity.accounts, spec, stamp);
                        identity.spec = spec.clone();
                    }
                    IdentityEvent::IdentityLeft { .. } => {
                        identity.standing = Standing::Left { at: stamp.at };
                        identity.departure = None;
                        identity.delegation = None;
                    }
                    IdentityEvent::DepartureProposed { .. } => {
                        identity.departure = Some(Departure { by: stamp.actor.clone(), at: stamp.at });
                    }
                    IdentityEvent::DepartureTakenBack {} => identity.departure = None,
                    IdentityEvent::IdentityReturned { .. } => identity.begin_anew(),
                    IdentityEvent::PasswordSet { digest } => {
                        identity.password_set_at = Some(stamp.at);
                        identity.password_digest = Some(digest.clone());
                        identity.let_in = identity.invited_by.map(|by| LetIn { by, at: stamp.at });
                        // Whoever knew the old one has no more say by it.
                        identity.delegation = None;
                    }
                    IdentityEvent::Invited { .. } => identity.invited_by = stamp.actor.person(),
                    IdentityEvent::PasswordRehashed { digest } => identity.password_digest = Some(digest.clone()),
                    IdentityEvent::AuthenticatorAdded { .. }
                    | IdentityEvent::AuthenticatorRenamed { .. }
                    | IdentityEvent::AuthenticatorRemoved { .. }
                    | IdentityEvent::RecoveryCodesMade { .. }
                    | IdentityEvent::SteppedUp { .. }
                    | IdentityEvent::ProofSpent { .. }
                    | IdentityEvent::StepUpFailed { .. }
                    | IdentityEvent::ResetAsked { .. }
                    | IdentityEvent::ResetRefused {}
                    | IdentityEvent::AuthenticatorsReset { .. } => identity.authenticate(event, stamp)?,
                    IdentityEvent::DelegationMade { to, from, until, verified } => {
                        let shown = Some(verified.strength());
                        identity.delegation = Some(Delegation { to: *to, from: *from, until: *until, shown });
                    }
                    IdentityEvent::DelegationEnded {} => identity.delegation = None,
                    IdentityEvent::SignedOutEverywhere {} => {}
                }
                Ok(identity)
            }
        }
    }
}

fn linked(before: &BTreeMap<SystemId, Account>, spec: &IdentitySpec, stamp: &Stamp) -> BTreeMap<SystemId, Account> {
    spec.accounts
        .iter()
        .map(|(system, name)| {
            let account = match before.get(system) {
                Some(known) if known.name == *name => known.clone(),
                _ => Account { name: name.clone(), linked_by: stamp.actor.clone(), linked_at: stamp.at },
            };
            (*system, account)
        })
        .collect()
}

impl From<IdentityEvent> for Event {
    fn from(event: IdentityEvent) -> Self {
        Self::Identity(event)
    }
}
