//! Deciding for another: a person says who may decide in their place, and from when until when. It lends what they may decide themselves,
//! now and by their own authority; it makes nobody a decider, and the two count as one person.

use crate::{
    actor::Actor,
    event::Transition,
    identity::{Identity, IdentityEvent},
    ids::IdentityId,
    refusal::Refusal,
    stepup::{Act, Strength, Verified},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Nobody decides for another longer than this.
pub const LONGEST: TimeDelta = TimeDelta::days(31);

/// Nor is it named longer before than this.
const FURTHEST: TimeDelta = TimeDelta::days(365);

/// From which day on it lets another decide.
pub const FIRST_DAY: &str = "first day";

/// On which day it does for the last time.
pub const LAST_DAY: &str = "last day";

/// Who may decide in somebody's place, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Who.
    pub to: IdentityId,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// How surely the person showed who they are when they made it; nothing before that. It lends nothing that wants more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Strength>,
}

impl Delegation {
    /// The act, as a step-up confirms it.
    pub fn act(&self) -> Act {
        Act::Delegate { to: self.to, from: self.from, until: self.until }
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.until <= now
    }

    /// Whether it lets this person decide now.
    pub fn lets(&self, who: IdentityId, now: DateTime<Utc>) -> bool {
        self.to == who && self.from <= now && !self.is_over(now)
    }
}

impl Identity {
    /// Who may decide in the person's place, now or from some day on.
    pub fn open_delegation(&self, now: DateTime<Utc>) -> Option<Delegation> {
        self.delegation.filter(|it| !it.is_over(now))
    }

    /// Refuses a delegation that the person may not make, whatever they show.
    pub fn may_delegate(
        &self,
        actor: &Actor,
        to: &Self,
        wanted: Delegation,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let never = |field, wrong| Err(Refusal::WrongDay { field, wrong });
        if !actor.is(self.id) || !self.may_act() {
            return Err(Refusal::NotAllowed("only the person says who decides for them"));
        }
        self.not_barred(now)?;
        if self.open_delegation(now).is_some() {
            return Err(Refusal::NotAllowed("one person at a time decides for you: end what there is first"));
        }
        if to.id == self.id || to.id != wanted.to {
            return Err(Refusal::Form(vec!["name somebody else".to_owned()]));
        }
        if !to.spec.kind.is_person() {
            return Err(Refusal::NotAPerson { name: to.spec.name.clone() });
        }
        to.expect_acting()?;
        // Days are whole: what begins today begins now, as it was not there before.
        if wanted.from.date_naive() < now.date_naive() {
            return never(FIRST_DAY, "is over: it begins today at the earliest");
        }
        if wanted.from > now + FURTHEST {
            return never(FIRST_DAY, "is more than a year away");
        }
        if wanted.until <= wanted.from.max(now) {
            return never(LAST_DAY, "comes before the first");
        }
        if wanted.until - wanted.from > LONGEST {
            return never(LAST_DAY, "comes too late: it lasts for 31 days at the most");
        }
        Ok(())
    }

    /// The person lets another decide in their place, after a step-up with the strongest they have.
    pub fn delegate(
        &self,
        actor: &Actor,
        to: &Self,
        wanted: Delegation,
        verified: Verified,
        now: DateTime<Utc>,
    ) -> Result<Transition, Refusal> {
        self.may_delegate(actor, to, wanted, now)?;
        verified.vouches(self.strongest(now), self.id, &wanted.act())?;
        let Delegation { to, from, until, .. } = wanted;
        self.change(actor, IdentityEvent::DelegationMade { to, from, until, verified }, now)
    }

    /// The person decides by themselves again; or the portal ends it, as the other has left.
    pub fn end_delegation(&self, actor: &Actor, now: DateTime<Utc>) -> Result<Transition, Refusal> {
        if !actor.is(self.id) && *actor != Actor::System {
            return Err(Refusal::NotAllowed("only the person says who decides for them"));
        }
        if self.open_delegation(now).is_none() {
            return Err(Refusal::NotAllowed("nobody decides for you"));
        }
        self.change(actor, IdentityEvent::DelegationEnded {}, now)
    }
}
