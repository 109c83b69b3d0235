//! What an actor may do here and now. It is made only from facts read in the same transaction as the act, and it is the first thing any
//! act asks for.

use crate::{
    actor::Actor,
    delegation::Delegation,
    identity::{Identity, PortalRole},
    ids::{GroupId, IdentityId, SystemId},
    refusal::Refusal,
    request::Request,
    ruling::Via,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The facts authority is made from, read in the transaction of the act.
#[derive(Clone, Debug, Default)]
pub struct AuthorityFacts {
    /// The actor's own row; `None` for the portal and the command line.
    pub identity: Option<Identity>,
    /// The groups the actor is in, through nesting and by grants.
    pub groups: BTreeSet<GroupId>,
    /// Of the systems concerned, those the actor owns first hand.
    pub owns: BTreeSet<SystemId>,
    /// Of the systems concerned, those the actor backs up.
    pub backs_up: BTreeSet<SystemId>,
    /// The owners of the subject today, where it is a non-human identity.
    pub subject_owners: BTreeSet<IdentityId>,
    /// Who of the others that took part may be the actor under another name, as the one let the other in lately, or somebody let in both
    /// ([`Identity::let_in_lately`]).
    pub maybe_one_with: BTreeSet<IdentityId>,
    /// Who manages the subject today, or its owners where it is a non-human identity.
    pub subject_managers: BTreeSet<IdentityId>,
    /// Whether the actor could step in next for those who do not decide, and has been told so.
    pub next_in_line: bool,
    /// Whether it may fall to the actor to look back at it, as an exception that has ended.
    pub looks_back: bool,
    /// The same of those who let the actor decide in their place.
    pub lenders: Vec<Self>,
}

/// What an actor may do here and now.
#[derive(Clone, Debug)]
pub struct Authority {
    actor: Actor,
    facts: AuthorityFacts,
    about: Option<About>,
    lenders: Vec<Self>,
}

#[derive(Clone, Debug)]
struct About {
    subject: IdentityId,
    asker: IdentityId,
    eligible_ever: bool,
}

impl Authority {
    /// In the portal as a whole. A person who has left has no authority at all, and who is said to have left has none until that is
    /// settled.
    pub fn in_portal(actor: &Actor, facts: AuthorityFacts) -> Result<Self, Refusal> {
        if actor.person().is_some() && !facts.identity.as_ref().is_some_and(Identity::may_act) {
            return Err(Refusal::NotAllowed("who has left, or is said to have, may do nothing here"));
        }
        Ok(Self { actor: actor.clone(), facts, about: None, lenders: Vec::new() })
    }

    /// Over one request and the grant that follows from it.
    pub fn over(actor: &Actor, request: &Request, mut facts: AuthorityFacts) -> Result<Self, Refusal> {
        let lent = std::mem::take(&mut facts.lenders).into_iter().filter_map(|theirs| {
            let who = theirs.identity.as_ref()?;
            let lender = Actor::Person { id: who.id, name: who.spec.name.clone() };
            // What was lent is not lent on.
            Self::over(&lender, request, AuthorityFacts { lenders: Vec::new(), ..theirs }).ok()
        });
        let lenders: Vec<_> = lent.collect();
        let eligible = |id: IdentityId| {
            request.asks(id) || request.has_decided(id) || request.review.as_ref().is_some_and(|review| review.by == id)
        };
        let who = std::iter::once(actor).chain(lenders.iter().map(Self::actor));
        let eligible_ever = who.filter_map(Actor::person).any(eligible);
        let about = About { subject: request.ask.subject, asker: request.ask.asker, eligible_ever };
        Ok(Self { about: Some(about), lenders, ..Self::in_portal(actor, facts)? })
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Who that is, where it is somebody.
    pub fn into_identity(self) -> Option<Identity> {
        self.facts.identity
    }

    /// Those who let the actor decide in their place now, each with their own authority.
    pub fn lenders(&self, now: DateTime<Utc>) -> impl Iterator<Item = (&Self, Delegation)> {
        let by = self.actor.person();
        self.lenders.iter().filter_map(move |lender| {
            let delegation = lender.facts.identity.as_ref()?.delegation?;
            delegation.lets(by?, now).then_some((lender, delegation))
        })
    }

    /// Whether the actor would get the access.
    pub fn is_subject(&self) -> bool {
        self.about.as_ref().is_some_and(|a| self.actor.is(a.subject))
    }

    /// Whether the actor asked for it.
    pub fn asked(&self) -> bool {
        self.about.as_ref().is_some_and(|a| self.actor.is(a.asker))
    }

    /// Whether the actor answers for the non-human identity that would get it.
    pub fn answers_for_subject(&self) -> bool {
        self.actor.person().is_some_and(|id| self.facts.subject_owners.contains(&id))
    }

    /// Whether the actor is an admin.
    pub fn is_admin(&self) -> bool {
        self.facts.identity.as_ref().is_some_and(|i| i.has(PortalRole::Admin))
    }

    /// Refuses who decides nothing for a while, as others reset their authenticators.
    pub fn not_barred(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.facts.identity.as_ref().map_or(Ok(()), |i| i.not_barred(now))
    }

    /// Refuses who may be one person with somebody whose part must be another's.
    ///
    /// # Errors
    /// [`Refusal::MaybeOne`].
    pub fn apart_from(&self, others: impl IntoIterator<Item = IdentityId>) -> Result<(), Refusal> {
        let one = others.into_iter().any(|other| self.facts.maybe_one_with.contains(&other));
        if one { Err(Refusal::MaybeOne) } else { Ok(()) }
    }

    /// Whether the actor is an auditor.
    pub fn is_auditor(&self) -> bool {
        self.facts.identity.as_ref().is_some_and(|i| i.has(PortalRole::Auditor))
    }

    /// Whether the actor owns one of the systems concerned, first hand or as backup.
    pub fn owns_a_system(&self) -> bool {
        !self.facts.owns.is_empty() || !self.facts.backs_up.is_empty()
    }

    /// Whether the actor still has the authority by which they may decide.
    pub fn still_has(&self, via: &Via) -> bool {
        match via {
            Via::Owner { system } => self.facts.owns.contains(system),
            Via::BackupOwner { system } => self.facts.backs_up.contains(system) || self.facts.owns.contains(system),
            Via::Group { group } | Via::Fallback { group } => self.facts.groups.contains(group),
            Via::Named => true,
            Via::Manager => self.actor.person().is_some_and(|id| self.facts.subject_managers.contains(&id)),
        }
    }

    /// Whether the actor may know of the request at all; what one may not see does not exist.
    pub fn may_see(&self) -> bool {
        match self.actor {
            Actor::System | Actor::Operator => true,
            Actor::Person { id, .. } => {
                self.is_subject()
                    || self.asked()
                    || self.answers_for_subject()
                    || self.facts.subject_managers.contains(&id)
                    || self.about.as_ref().is_some_and(|a| a.eligible_ever)
                    || self.facts.next_in_line
                    || self.facts.looks_back
                    || self.owns_a_system()
                    || self.is_admin()
                    || self.is_auditor()
            }
        }
    }

    /// Whether the actor is here only to read: an auditor who takes no other part.
    pub fn only_reads(&self) -> bool {
        self.is_auditor()
            && !(self.is_subject()
                || self.asked()
                || self.answers_for_subject()
                || self.owns_a_system()
                || self.is_admin()
                || self.about.as_ref().is_some_and(|a| a.eligible_ever))
    }

    /// Whether the actor may give access back.
    pub fn may_give_back(&self) -> bool {
        self.is_subject() || self.answers_for_subject()
    }

    /// Whether the actor may take access away from somebody.
    pub fn may_revoke(&self) -> bool {
        self.is_admin() || self.owns_a_system()
    }

    /// Refuses all but admins.
    pub fn admin(&self) -> Result<(), Refusal> {
        if self.is_admin() { Ok(()) } else { Err(Refusal::NotAllowed("only an admin may do this")) }
    }

    /// Refuses all but admins and auditors.
    pub fn reader(&self) -> Result<(), Refusal> {
        if self.is_admin() || self.is_auditor() {
            Ok(())
        } else {
            Err(Refusal::NotAllowed("only an admin or an auditor may see this"))
        }
    }
}
