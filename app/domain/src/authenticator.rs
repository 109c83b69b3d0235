//! A person's authenticators: passkeys and authenticator apps, how they come, are used, are named and go. They stand in the identity's
//! row, and everything that happens to them in its stream: without a key's registration a stored signature would prove nothing.

use crate::{
    actor::Actor,
    event::{Inconsistent, Stamp, Transition},
    identity::{Identity, IdentityEvent},
    ids::AuthenticatorId,
    refusal::Refusal,
    stepup::{Act, Confirmed, Strength, Verified},
    text::line,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How long somebody whose authenticators were reset decides nothing.
pub const BARRED_FOR: TimeDelta = TimeDelta::hours(24);
/// How long no step-up counts after too many failed.
pub const LOCKED_FOR: TimeDelta = TimeDelta::minutes(15);
/// How many step-ups may fail one after another.
pub const FAILURES: u32 = 5;
/// How long an authenticator that was added by less than it is counts for no more than that.
pub const YOUNG_FOR: TimeDelta = TimeDelta::hours(24);
/// How long after a one-time link somebody's first authenticator counts fully at once: who has just used the link is at the keyboard, and
/// nothing surer than the link says whose account it is.
pub const FIRST_WITHIN: TimeDelta = TimeDelta::hours(1);
/// How many recovery codes there are at first.
pub const RECOVERY_CODES: usize = 10;
/// The most authenticators of one person.
const MOST: usize = 20;

/// Something a person proves with who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticator {
    /// Its id.
    pub id: AuthenticatorId,
    /// How its owner calls it.
    pub name: String,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// When it was last used.
    pub used_at: Option<DateTime<Utc>>,
    /// What it is.
    pub means: Means,
    /// For how long it counts for less than it is, where it was added by less.
    pub young: Option<Young>,
}

impl Authenticator {
    /// How sure it makes us now.
    pub fn counts(&self, now: DateTime<Utc>) -> Strength {
        counting(self.means.strength(), self.young, now)
    }
}

/// For how long something counts for less than it is: otherwise a stolen password could make itself a passkey, and be one a minute later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Young {
    /// For no more than this, which is what added it.
    pub counts: Strength,
    /// Until when.
    pub until: DateTime<Utc>,
}

fn counting(full: Strength, young: Option<Young>, now: DateTime<Utc>) -> Strength {
    match young {
        Some(young) if now < young.until => full.min(young.counts),
        Some(_) | None => full,
    }
}

/// An authenticator as it is added.
#[derive(Clone, Debug)]
pub struct NewAuthenticator<'a> {
    /// Its id.
    pub id: AuthenticatorId,
    /// How its owner calls it.
    pub name: &'a str,
    /// What it is.
    pub means: Means,
    /// SHA-256 of the recovery codes that come with a first authenticator app, in hexadecimal.
    pub recovery: BTreeSet<String>,
}

/// Why a step-up failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It did not fit.
    Wrong,
    /// It is less than what the act asks for; whether it was right was not looked at.
    TooWeak,
    /// It was right once, and each counts once.
    UsedBefore,
    /// It came from a copy of the passkey: its counter had gone back.
    Copied,
}

/// What an authenticator is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Means {
    /// An app that makes one-time codes (RFC 6238: SHA-1, six digits, 30 seconds).
    Code {
        /// SHA-256 of its sealed secret as it is kept, in hexadecimal.
        sealed: String,
        /// The time step of the last code that counted; no code of it or before counts again.
        step: u64,
    },
    /// A passkey.
    Passkey {
        /// The credential's id, in base64url.
        credential: String,
        /// Its public key as COSE (RFC 9052), in base64url.
        public_key: String,
        /// All that was registered, as `webauthn-rs` writes it.
        registered: String,
        /// Its signature counter when last seen. One that stays 0, as synced passkeys' do, cannot show a copy.
        counter: u32,
    },
}

impl Means {
    /// How sure it makes us.
    pub fn strength(&self) -> Strength {
        match self {
            Self::Code { .. } => Strength::Code,
            Self::Passkey { .. } => Strength::Passkey,
        }
    }
}

/// What a step-up used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "used")]
pub enum Used {
    /// The password; nothing is used up.
    Password {},
    /// A one-time code.
    Code {
        /// Of which app.
        authenticator: AuthenticatorId,
        /// Its time step.
        step: u64,
    },
    /// A recovery code.
    RecoveryCode {
        /// SHA-256 of it, in hexadecimal.
        code: String,
    },
    /// A passkey.
    Passkey {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its counter after it.
        counter: u32,
    },
}

/// A reset that one admin asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetAsked {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// The number of the event that says so.
    pub event: u32,
}

impl Identity {
    /// How surely the person can show who they are now, at most. So surely they confirm what they do to their own authenticators and what
    /// they do as an admin: a stolen password alone must not get around a passkey. One that is young protects no more than it counts for,
    /// so that who added it by a stolen password does not lock the person out by it.
    pub fn strongest(&self, now: DateTime<Utc>) -> Strength {
        self.authenticators.values().map(|a| a.counts(now)).max().unwrap_or(Strength::SignIn)
    }

    /// The authenticators that are sure enough now.
    pub fn sure_enough(&self, needed: Strength, now: DateTime<Utc>) -> impl Iterator<Item = &Authenticator> {
        self.authenticators.values().filter(move |a| a.counts(now) >= needed)
    }

    /// Refuses who cannot show who they are so surely, or not yet.
    ///
    /// # Errors
    /// [`Refusal::NoAuthenticator`] and [`Refusal::TooYoung`].
    pub fn can_show(&self, needed: Strength, now: DateTime<Utc>) -> Result<(), Refusal> {
        if self.strongest(now) >= needed {
            return Ok(());
        }
        let soon = self.authenticators.values().filter(|a| a.means.strength() >= needed);
        let first = soon.filter_map(|a| a.young.map(|young| (young, a))).min_by_key(|(young, _)| young.until);
        Err(first.map_or(Refusal::NoAuthenticator { needed }, |(young, a)| Refusal::TooYoung {
            name: a.name.clone(),
            by: young.counts,
            needed,
            from: young.until,
        }))
    }

    /// How sure this makes us now.
    pub fn counts(&self, used: &Used, now: DateTime<Utc>) -> Strength {
        match used {
            Used::Password {} => Strength::SignIn,
            Used::RecoveryCode { .. } => counting(Strength::Code, self.young_codes, now),
            Used::Code { authenticator, .. } | Used::Passkey { authenticator, .. } => {
                self.authenticators.get(authenticator).map_or(Strength::SignIn, |a| a.counts(now))
            }
        }
    }

    /// Whether what the person adds now is their first, and they have just come in by a one-time link.
    pub fn is_first(&self, now: DateTime<Utc>) -> bool {
        self.authenticators.is_empty() && self.password_set_at.is_some_and(|at| now < at + FIRST_WITHIN)
    }

    /// Refuses while too many step-ups have failed.
    ///
    /// # Errors
    /// [`Refusal::Locked`].
    pub fn not_locked(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        match self.locked_until {
            Some(until) if until > now => Err(Refusal::Locked { until }),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses while the person decides nothing, since others reset their authenticators.
    ///
    /// # Errors
    /// [`Refusal::Barred`].
    pub fn not_barred(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        match self.barred_until {
            Some(until) if until > now => Err(Refusal::Barred { until }),
            Some(_) | None => Ok(()),
        }
    }

    /// A step-up went through: what it used does not count again, and what failed before that is no stronger is forgotten. It belongs into
    /// the commit of the act it was for.
    ///
    /// # Errors
    /// [`Refusal::Locked`], [`Refusal::NoSuchAuthenticator`], [`Refusal::UsedCode`] and [`Refusal::ClonedPasskey`].
    pub fn step_up(&self, actor: &Actor, used: Used, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.is_unused(&used, now)?;
        self.change(actor, IdentityEvent::SteppedUp { used }, now)
    }

    /// The proof was right and the act it was for was refused: what it used does not count again, and nothing is forgotten by it.
    ///
    /// # Errors
    /// As [`Identity::step_up`] says.
    pub fn spend_proof(&self, actor: &Actor, used: Used, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        self.is_unused(&used, now)?;
        self.change(actor, IdentityEvent::ProofSpent { used }, now)
    }

    fn is_unused(&self, used: &Used, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.not_locked(now)?;
        match used {
            Used::Password {} => {}
            Used::RecoveryCode { code } => {
                if !self.recovery_codes.contains(code) {
                    return Err(Refusal::UsedCode);
                }
            }
            Used::Code { authenticator, step } => match self.authenticators.get(authenticator).map(|a| &a.means) {
                Some(Means::Code { step: last, .. }) if step > last => {}
                Some(Means::Code { .. }) => return Err(Refusal::UsedCode),
                Some(Means::Passkey { .. }) | None => return Err(Refusal::NoSuchAuthenticator),
            },
            Used::Passkey { authenticator, counter } => {
                match self.authenticators.get(authenticator).map(|a| &a.means) {
                    // Web Authentication, section 7.2, step 22: both 0 says nothing, else it must have risen.
                    Some(Means::Passkey { counter: last, .. }) if (*counter, *last) == (0, 0) || counter > last => {}
                    Some(Means::Passkey { .. }) => return Err(Refusal::ClonedPasskey),
                    Some(Means::Code { .. }) | None => return Err(Refusal::NoSuchAuthenticator),
                }
            }
        }
        Ok(())
    }

    /// A step-up failed. After too many none counts for a while, whatever they were tried with: only what is as strong makes good for them
    /// ([`Identity::step_up`]).
    ///
    /// # Errors
    /// Only a defect of ours.
    pub fn fail_step_up(
        &self,
        actor: &Actor,
        tried: Strength,
        why: Failure,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let failed = self.failed_step_ups.values().fold(1_u32, |sum, failed| sum.saturating_add(*failed));
        let until = (failed >= FAILURES).then(|| now + LOCKED_FOR);
        self.change(actor, IdentityEvent::StepUpFailed { tried, why, until }, now)
    }

    /// Adds an authenticator, after a step-up with what one has. Where that is less than the new one, the new one counts for no more for
    /// `young_for`, save a first one that is added right after a one-time link.
    ///
    /// # Errors
    /// A bad name, too many, the same passkey twice, or a step-up that is too weak or for something else.
    pub fn add_authenticator(
        &self,
        actor: &Actor,
        new: NewAuthenticator<'_>,
        verified: Verified,
        young_for: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.own(actor)?;
        let NewAuthenticator { id: authenticator, name, means, recovery } = new;
        let name = self.free_name(name)?;
        if self.authenticators.len() >= MOST {
            return Err(Refusal::NotAllowed("twenty authenticators are enough for one person: remove one first"));
        }
        let act = Act::AddAuthenticator { kind: means.strength(), name: name.clone() };
        verified.vouches(self.strongest(now), self.id, &act)?;
        let young = young(means.strength(), &verified, young_for, now).filter(|_| !self.is_first(now));
        let event = IdentityEvent::AuthenticatorAdded { authenticator, name, means, recovery, verified, young };
        self.change(actor, event, now)
    }

    /// Calls an authenticator otherwise, after a step-up where one is asked; `None` when it is called so already.
    ///
    /// # Errors
    /// A bad name, no such authenticator, or a step-up that is too weak or for something else.
    pub fn rename_authenticator(
        &self,
        actor: &Actor,
        id: AuthenticatorId,
        name: &str,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Option<Transition>, Refusal> {
        self.own(actor)?;
        let known = self.authenticators.get(&id).ok_or(Refusal::NoSuchAuthenticator)?;
        if known.name == name.trim() {
            return Ok(None);
        }
        let name = self.free_name(name)?;
        let verified = confirmed.of(actor, &Act::RenameAuthenticator { authenticator: id, name: name.clone() })?;
        self.change(actor, IdentityEvent::AuthenticatorRenamed { authenticator: id, name, verified }, now).map(Some)
    }

    /// Removes an authenticator, after a step-up with what one has.
    ///
    /// # Errors
    /// No such authenticator, or a step-up that is too weak or for something else.
    pub fn remove_authenticator(
        &self,
        actor: &Actor,
        id: AuthenticatorId,
        verified: Verified,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.own(actor)?;
        if !self.authenticators.contains_key(&id) {
            return Err(Refusal::NoSuchAuthenticator);
        }
        verified.vouches(self.strongest(now), self.id, &Act::RemoveAuthenticator { authenticator: id })?;
        self.change(actor, IdentityEvent::AuthenticatorRemoved { authenticator: id, verified }, now)
    }

    /// Makes new recovery codes; `codes` are their SHA-256, in hexadecimal. They too are young where less than a code made them.
    ///
    /// # Errors
    /// A step-up that is too weak or for something else.
    pub fn renew_recovery_codes(
        &self,
        actor: &Actor,
        codes: BTreeSet<String>,
        verified: Verified,
        young_for: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.own(actor)?;
        self.has_app()?;
        verified.vouches(self.strongest(now), self.id, &Act::RenewRecoveryCodes)?;
        let young = young(Strength::Code, &verified, young_for, now);
        self.change(actor, IdentityEvent::RecoveryCodesMade { codes, verified, young }, now)
    }

    /// An admin asks for the reset of somebody's authenticators; another one confirms it.
    ///
    /// # Errors
    /// Nobody asks for their own; there must be something to reset; a step-up that is too weak or for something else.
    pub fn ask_reset(&self, actor: &Actor, confirmed: Confirmed, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if actor.is(self.id) {
            return Err(Refusal::NotTheSecondAdmin);
        }
        if self.authenticators.is_empty() {
            return Err(Refusal::NothingToReset { name: self.spec.name.clone() });
        }
        let verified = confirmed.of(actor, &Act::AskReset { identity: self.id })?;
        self.change(actor, IdentityEvent::ResetAsked { verified }, now)
    }

    /// Takes the wish for a reset back: any admin may, and the person.
    ///
    /// # Errors
    /// When nobody asked.
    pub fn refuse_reset(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if self.reset.is_none() {
            return Err(Refusal::NoReset);
        }
        self.change(actor, IdentityEvent::ResetRefused {}, now)
    }

    /// A second admin confirms the reset: every authenticator and recovery code goes, and the person decides nothing for a day.
    ///
    /// # Errors
    /// When nobody asked, when it is the same admin or the person, or when the step-up is for something else.
    pub fn reset(
        &self,
        actor: &Actor,
        needed: Strength,
        verified: Verified,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let asked = self.reset.as_ref().ok_or(Refusal::NoReset)?;
        let by = actor.person().ok_or(Refusal::NotTheSecondAdmin)?;
        if asked.by.is(by) || by == self.id {
            return Err(Refusal::NotTheSecondAdmin);
        }
        verified.vouches(needed, by, &Act::ResetAuthenticators { identity: self.id, asked: asked.event })?;
        let event =
            IdentityEvent::AuthenticatorsReset { asked_by: asked.by.clone(), barred_until: now + BARRED_FOR, verified };
        self.change(actor, event, now)
    }

    /// What an event makes of the authenticators.
    pub(crate) fn authenticate(&mut self, event: &IdentityEvent, stamp: &Stamp) -> Result<(), Inconsistent> {
        let unknown = |event: &str| Inconsistent::OutOfTurn {
            state: "no such authenticator".to_owned(),
            event: event.to_owned(),
        };
        match event {
            IdentityEvent::AuthenticatorAdded { authenticator, name, means, recovery, young, .. } => {
                let (id, name, means, young) = (*authenticator, name.clone(), means.clone(), *young);
                let added = Authenticator { id, name, added_at: stamp.at, used_at: None, means, young };
                self.authenticators.insert(id, added);
                if !recovery.is_empty() {
                    self.recovery_codes.extend(recovery.iter().cloned());
                    self.young_codes = [self.young_codes, young].into_iter().flatten().max_by_key(|it| it.until);
                }
            }
            IdentityEvent::AuthenticatorRenamed { authenticator, name, .. } => {
                let known = self.authenticators.get_mut(authenticator).ok_or_else(|| unknown("renamed"))?;
                known.name.clone_from(name);
            }
            IdentityEvent::AuthenticatorRemoved { authenticator, .. } => {
                self.authenticators.remove(authenticator).ok_or_else(|| unknown("removed"))?;
                // Recovery codes stand in for an app; without one there is nothing to stand in for.
                if self.has_app().is_err() {
                    self.recovery_codes.clear();
                    self.young_codes = None;
                }
            }
            IdentityEvent::RecoveryCodesMade { codes, young, .. } => {
                (self.recovery_codes, self.young_codes) = (codes.clone(), *young);
            }
            IdentityEvent::SteppedUp { used } => {
                let counts = self.counts(used, stamp.at);
                self.failed_step_ups.retain(|tried, _| *tried > counts);
                self.locked_until = None;
                self.use_up(used, stamp.at).ok_or_else(|| unknown("stepped_up"))?;
            }
            IdentityEvent::ProofSpent { used } => {
                self.use_up(used, stamp.at).ok_or_else(|| unknown("proof_spent"))?;
            }
            IdentityEvent::StepUpFailed { tried, until, .. } => {
                if let Some(until) = until {
                    self.failed_step_ups.clear();
                    self.locked_until = Some(*until);
                } else {
                    let failed = self.failed_step_ups.entry(*tried).or_default();
                    *failed = failed.saturating_add(1);
                }
            }
            IdentityEvent::ResetAsked { .. } => {
                self.reset = Some(ResetAsked { by: stamp.actor.clone(), at: stamp.at, event: stamp.version });
            }
            IdentityEvent::ResetRefused {} => self.reset = None,
            IdentityEvent::AuthenticatorsReset { barred_until, .. } => {
                self.authenticators.clear();
                self.recovery_codes.clear();
                self.young_codes = None;
                self.reset = None;
                self.barred_until = Some(*barred_until);
                // It was made with what is gone now, perhaps by whoever had it.
                self.delegation = None;
            }
            IdentityEvent::IdentityDefined { .. }
            | IdentityEvent::IdentityLeft { .. }
            | IdentityEvent::DepartureProposed { .. }
            | IdentityEvent::DepartureTakenBack {}
            | IdentityEvent::IdentityReturned { .. }
            | IdentityEvent::Invited { .. }
            | IdentityEvent::PasswordSet { .. }
            | IdentityEvent::PasswordRehashed { .. }
            | IdentityEvent::SignedOutEverywhere {}
            | IdentityEvent::DelegationMade { .. }
            | IdentityEvent::DelegationEnded {} => {}
        }
        Ok(())
    }

    fn use_up(&mut self, used: &Used, at: DateTime<Utc>) -> Option<()> {
        match used {
            Used::Password {} => {}
            Used::RecoveryCode { code } => {
                self.recovery_codes.take(code)?;
            }
            Used::Code { authenticator, step: now } => {
                let known = self.authenticators.get_mut(authenticator)?;
                known.used_at = Some(at);
                let Means::Code { step, .. } = &mut known.means else { return None };
                *step = *now;
            }
            Used::Passkey { authenticator, counter: now } => {
                let known = self.authenticators.get_mut(authenticator)?;
                known.used_at = Some(at);
                let Means::Passkey { counter, .. } = &mut known.means else { return None };
                *counter = *now;
            }
        }
        Some(())
    }

    /// Refuses who has no authenticator app for which a recovery code could stand in.
    ///
    /// # Errors
    /// [`Refusal::NoSuchAuthenticator`].
    pub fn has_app(&self) -> Result<(), Refusal> {
        let has = self.authenticators.values().any(|a| a.means.strength() == Strength::Code);
        if has { Ok(()) } else { Err(Refusal::NoSuchAuthenticator) }
    }

    fn own(&self, actor: &Actor) -> Result<(), Refusal> {
        if actor.is(self.id) && self.is_active() {
            Ok(())
        } else {
            Err(Refusal::NotAllowed("only the person handles their authenticators"))
        }
    }

    /// A name for one more authenticator, trimmed.
    ///
    /// # Errors
    /// When it is empty, too long or taken.
    pub fn free_name(&self, name: &str) -> Result<String, Refusal> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Refusal::Missing("name"));
        }
        line(name, 60, false).map_err(|bad| Refusal::Text { field: "name", bad })?;
        if self.authenticators.values().any(|a| a.name == name) {
            return Err(Refusal::NameTaken { name: name.to_owned() });
        }
        Ok(name.to_owned())
    }
}

/// For how long something that is added now counts for less than it is.
fn young(full: Strength, verified: &Verified, young_for: TimeDelta, now: DateTime<Utc>) -> Option<Young> {
    let (counts, until) = (verified.strength(), now + young_for);
    (counts < full && now < until).then_some(Young { counts, until })
}
