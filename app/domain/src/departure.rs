//! Leaving and coming back: an admin says so, and where that moves who decides a second one confirms it. Until then whoever is said to
//! have left stands where they stood, and only may not act.

use crate::{
    actor::Actor,
    event::Transition,
    identity::{Identity, IdentityEvent, PortalRole, Standing},
    refusal::Refusal,
    stepup::{Act, Confirmed},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// That an admin said somebody has left, where another is to confirm it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// Who said it.
    pub by: Actor,
    /// When.
    pub at: DateTime<Utc>,
}

/// What stands around a departure, read in the transaction of the act.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Whether the portal is in founding mode, where there is no second admin to ask.
    pub founding: bool,
    /// Whether they own or back up a system of high sensitivity.
    pub sensitive: bool,
    /// What the actor would come to decide on by it.
    pub gains: Option<String>,
}

const ANOTHER: Refusal = Refusal::NotAllowed("another admin must say that you have left");

impl Identity {
    /// Whether the person may sign in and act. Who is said to have left may not, and still belongs until that is confirmed.
    pub fn may_act(&self) -> bool {
        self.is_active() && self.departure.is_none()
    }

    /// Refuses who has left, and who is said to have.
    pub fn expect_acting(&self) -> Result<(), Refusal> {
        let name = || self.spec.name.clone();
        match (self.is_active(), &self.departure) {
            (false, _) => Err(Refusal::AlreadyLeft { name: name() }),
            (true, Some(_)) => Err(Refusal::SaidToHaveLeft { name: name() }),
            (true, None) => Ok(()),
        }
    }

    /// An admin says that the identity has left. It does so at once where one admin is enough; else it is proposed, and another confirms
    /// it. What it holds and owns is taken care of by the act that says so.
    pub fn leave(
        &self,
        actor: &Actor,
        around: &Around,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        if actor.is(self.id) {
            return Err(ANOTHER);
        }
        if !self.is_active() {
            return Err(Refusal::AlreadyLeft { name: self.spec.name.clone() });
        }
        if let Some(said) = &self.departure {
            return Err(Refusal::DepartureProposed { by: said.by.to_string() });
        }
        let verified = confirmed.of(actor, &Act::MarkLeft { identity: self.id })?;
        let event = if self.takes_two(around) {
            IdentityEvent::DepartureProposed { verified }
        } else {
            IdentityEvent::IdentityLeft { said_by: None, verified }
        };
        self.change(actor, event, now)
    }

    /// A second admin confirms that the identity has left: neither who said so, nor anybody who would decide more by it.
    pub fn confirm_departure(
        &self,
        actor: &Actor,
        around: &Around,
        confirmed: Confirmed,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        let said = self.departure.as_ref().ok_or(Refusal::NothingProposed)?;
        if actor.is(self.id) {
            return Err(ANOTHER);
        }
        if said.by.is_one_with(actor) {
            return Err(Refusal::OwnProposal);
        }
        if let Some(name) = &around.gains {
            return Err(Refusal::GainsByIt { name: name.clone() });
        }
        let verified = confirmed.of(actor, &Act::ConfirmLeft { identity: self.id })?;
        self.change(actor, IdentityEvent::IdentityLeft { said_by: Some(said.by.clone()), verified }, now)
    }

    /// The command line says that the identity has left: whoever has it needs no second pair of eyes, as nobody could hold them off.
    pub fn leave_by_import(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("only the command line says so without another"));
        }
        if !self.is_active() {
            return Err(Refusal::AlreadyLeft { name: self.spec.name.clone() });
        }
        let said_by = self.departure.as_ref().map(|said| said.by.clone());
        self.change(actor, IdentityEvent::IdentityLeft { said_by, verified: None }, now)
    }

    /// The identity has not left: who said so takes it back, or somebody else does not confirm it.
    pub fn stay(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if self.departure.is_none() {
            return Err(Refusal::NothingProposed);
        }
        self.change(actor, IdentityEvent::DepartureTakenBack {}, now)
    }

    /// The identity comes back, as somebody who is new: with neither password nor authenticators, and nothing of what it held.
    pub fn come_back(&self, actor: &Actor, confirmed: Confirmed, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if self.is_active() {
            return Err(Refusal::NotLeft { name: self.spec.name.clone() });
        }
        let verified = confirmed.of(actor, &Act::MarkReturned { identity: self.id })?;
        self.change(actor, IdentityEvent::IdentityReturned { verified }, now)
    }

    /// Whether a second admin must confirm that it has left: one admin alone neither gets rid of another nor of those who decide about a
    /// sensitive system, and nobody comes to decide by their own word.
    fn takes_two(&self, around: &Around) -> bool {
        let weighs = self.spec.roles.contains(&PortalRole::Admin) || around.sensitive;
        !around.founding && (weighs || around.gains.is_some())
    }

    /// Whoever comes back is let in as somebody who is new.
    pub(crate) fn begin_anew(&mut self) {
        self.standing = Standing::Active;
        self.password_set_at = None;
        self.password_digest = None;
        self.authenticators.clear();
        self.recovery_codes.clear();
        self.failed_step_ups.clear();
        self.locked_until = None;
        self.reset = None;
        self.invited_by = None;
        self.let_in = None;
    }
}
