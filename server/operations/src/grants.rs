//! The life of grants: given back, revoked, over in time; and the level-triggered look at one right, which makes the target so.

use crate::{
    Error, Portal,
    acts::tell_of_grant,
    connectors::{Connector, ConnectorError, Progress, Right, Seen},
    facts::over,
};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    grant::{Assignment, Fulfilled, Grant, State},
    ids::{GrantId, IdentityId},
    job::RightKey,
    resource::{ConnectorKind, System},
};
use std::{collections::BTreeSet, sync::Arc};
use store::{Claim, Tx};

/// How a look at a right ended.
pub(crate) enum Looked {
    /// The target is as it should be, or a person must act first.
    Settled,
    /// The target could not be made so; its owners have been told.
    Failed,
    /// Another worker has taken over; nothing was written.
    TakenOver,
}

impl Portal {
    /// Gives access back.
    pub async fn give_back(&self, actor: &Actor, id: GrantId) -> Result<(), Error> {
        self.end(actor, id, Grant::give_back).await
    }

    /// Takes access away from somebody.
    pub async fn revoke(&self, actor: &Actor, id: GrantId) -> Result<(), Error> {
        self.end(actor, id, Grant::revoke).await
    }

    async fn end(
        &self,
        actor: &Actor,
        id: GrantId,
        how: impl Fn(
            &Grant,
            &domain::authority::Authority,
            DateTime<Utc>,
        ) -> Result<domain::event::Transition, domain::Refusal>,
    ) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let grant = tx.grant(id).await?.ok_or(Error::NotFound)?;
            let request = tx.request(grant.request).await?.ok_or(Error::NotFound)?;
            let authority = over(&mut tx, actor, &request, now).await?;
            if !authority.may_see() {
                return Err(Error::NotFound);
            }
            let change = how(&grant, &authority, now)?;
            self.save(&mut tx, &change).await?;
            let mut people: BTreeSet<IdentityId> = [request.ask.asker].into();
            if request.facts.subject.kind.is_person() {
                people.insert(grant.subject);
            }
            let says = format!("{actor} ended {} for {}", request.facts.bundle.spec.name, request.facts.subject.name);
            tell_of_grant(self, &mut tx, actor, &grant, &people, &says).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Looks at a grant because its time has come. Gives when to look again.
    pub(crate) async fn tend_grant(&self, tx: &mut Tx, id: GrantId) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.now();
        let Some(grant) = tx.grant(id).await? else { return Ok(None) };
        if let Some(change) = grant.tend(now)? {
            self.save(tx, &change).await?;
            self.tell_subject(tx, &grant, "the access has ended", &Actor::System).await?;
            return Ok(None);
        }
        Ok(match grant.state {
            State::Opening { lapses_at, .. } => Some(lapses_at),
            State::Active { until, .. } => Some(until),
            State::Ending { .. } | State::Ended { .. } => None,
        })
    }

    async fn tell_subject(&self, tx: &mut Tx, grant: &Grant, what: &str, by: &Actor) -> Result<(), Error> {
        let Some(request) = tx.request(grant.request).await? else { return Ok(()) };
        let person = request.facts.subject.kind.is_person();
        let people = if person { [grant.subject].into() } else { [request.ask.asker].into() };
        let says = format!("{}: {what}", request.facts.bundle.spec.name);
        tell_of_grant(self, tx, by, grant, &people, &says).await
    }

    /// Looks at one right: does any live grant need it, is it so in the target? Makes it so, looks again, and only then writes down
    /// what was seen. Level-triggered: it acts on what is true now, so running it twice or late does no harm.
    pub(crate) async fn look_at_right(&self, claim: &Claim, right: &RightKey) -> Result<Looked, Error> {
        let mut tx = self.store().read().await?;
        let Some(system) = tx.system(right.system).await? else { return Ok(Looked::Settled) };
        let grants = tx.grants_on(right).await?;
        drop(tx);
        if grants.is_empty() {
            return Ok(Looked::Settled);
        }
        match self.make_so(claim, right, &system, grants).await {
            Ok(looked) => Ok(looked),
            Err(Error::Connector(trouble)) => self.note_trouble(claim, right, &system, &trouble).await,
            Err(other) => Err(other),
        }
    }

    async fn make_so(
        &self,
        claim: &Claim,
        right: &RightKey,
        system: &System,
        grants: Vec<Grant>,
    ) -> Result<Looked, Error> {
        let connector = self.connector(system)?;
        let Some(native) = grants.iter().find_map(|g| assignment(g, right)).map(|a| a.native.clone()) else {
            return Ok(Looked::Settled);
        };
        let named = Right { account: right.account.clone(), entitlement: native };

        // Before anything is changed it is written down what stood there: a right that was there before us is never ours to take.
        if grants.iter().any(|g| g.needs_its_rights(self.now()) && is_unknown(g, right))
            && !self.note_first_look(claim, right, &named, &connector, &grants).await?
        {
            return Ok(Looked::TakenOver);
        }

        let grants = self.store().read().await?.grants_on(right).await?;
        let wanted = grants.iter().any(|g| g.needs_its_rights(self.now()));
        let before = connector.look(&named).await?;
        let after = if wanted {
            if before.is_present() {
                before
            } else {
                changed(&connector, &named, connector.give(&named).await?).await?
            }
        } else {
            let ours = grants.iter().filter_map(|g| assignment(g, right)).any(|a| !a.found_before && !is_untouched(a));
            let known_there = grants.iter().filter_map(|g| assignment(g, right)).any(Assignment::is_present);
            if !ours || (!before.is_present() && !known_there) {
                before
            } else {
                // Written down before it is taken, so that a stop between the parts of taking is taken up again from the start.
                if before.is_present() && !known_there && !self.note_seen(claim, right, true).await? {
                    return Ok(Looked::TakenOver);
                }
                let progress = connector.take(&named).await?;
                changed(&connector, &named, progress).await?
            }
        };
        if !self.note_seen(claim, right, after.is_present()).await? {
            return Ok(Looked::TakenOver);
        }
        if system.spec.connector == ConnectorKind::Manual && after.is_present() == wanted {
            let mut tx = self.store().write().await?;
            tx.drop_task(right).await?;
            self.commit(tx).await?;
        }
        Ok(Looked::Settled)
    }

    /// Writes down what the first look found, for every grant that has not looked yet. False when another worker has taken over.
    async fn note_first_look(
        &self,
        claim: &Claim,
        right: &RightKey,
        named: &Right,
        connector: &Arc<dyn Connector>,
        grants: &[Grant],
    ) -> Result<bool, Error> {
        // A right that another grant of ours looked at first stands there by that grant, or stood there before both.
        let known =
            grants.iter().filter_map(|g| assignment(g, right)).find(|a| !matches!(a.fulfilled, Fulfilled::Unknown {}));
        let was_there = match known {
            Some(a) => a.found_before,
            None => connector.look(named).await?.is_present(),
        };
        let mut tx = self.store().write().await?;
        if !tx.still_holds(claim).await? {
            return Ok(false);
        }
        for grant in tx.grants_on(right).await? {
            if grant.needs_its_rights(self.now()) && is_unknown(&grant, right) {
                let change = grant.looked_before(right, was_there, self.now())?;
                self.save(&mut tx, &change).await?;
            }
        }
        self.commit(tx).await?;
        Ok(true)
    }

    /// Writes down what was seen, for every grant that has the right; starts the clock of those that are complete and closes those that
    /// are settled. False when another worker has taken over.
    async fn note_seen(&self, claim: &Claim, right: &RightKey, present: bool) -> Result<bool, Error> {
        let now = self.now();
        let mut tx = self.store().write().await?;
        if !tx.still_holds(claim).await? {
            return Ok(false);
        }
        for grant in tx.grants_on(right).await? {
            let Some(a) = assignment(&grant, right) else { continue };
            let untouched = is_unknown(&grant, right) || (a.found_before && !grant.needs_its_rights(now));
            if untouched {
                continue;
            }
            if let Some(change) = grant.seen(right, present, now)? {
                self.save(&mut tx, &change).await?;
            }
        }
        for grant in tx.grants_on(right).await? {
            self.activate(&mut tx, &grant, now).await?;
        }
        for grant in tx.grants_on(right).await? {
            self.close_if_settled(&mut tx, &grant, now).await?;
        }
        self.commit(tx).await?;
        Ok(true)
    }

    async fn activate(&self, tx: &mut Tx, grant: &Grant, now: DateTime<Utc>) -> Result<(), Error> {
        if !grant.needs_its_rights(now) {
            return Ok(());
        }
        let Some(change) = grant.activate(now)? else { return Ok(()) };
        // The old grant makes room in the same commit, so that there is neither a gap nor a moment with two.
        if let Some(old) = grant.continues {
            let old = tx.grant(old).await?.filter(|g| matches!(g.state, State::Active { .. } | State::Opening { .. }));
            if let Some(old) = old {
                let ended = old.continue_by(grant.id, now)?;
                self.save(tx, &ended).await?;
            }
        }
        self.save(tx, &change).await?;
        self.tell_subject(tx, grant, "the access is there", &Actor::System).await
    }

    async fn close_if_settled(&self, tx: &mut Tx, grant: &Grant, now: DateTime<Utc>) -> Result<(), Error> {
        if !matches!(grant.state, State::Ending { .. }) {
            return Ok(());
        }
        let mut needed = BTreeSet::new();
        for a in &grant.assignments {
            let others = tx.grants_on(&a.right()).await?;
            if others.iter().any(|g| g.id != grant.id && g.needs_its_rights(now)) {
                needed.insert(a.entitlement);
            }
        }
        let settled = |a: &Assignment| a.found_before || !a.is_present() || needed.contains(&a.entitlement);
        if let Some(change) = grant.finish(settled, now)? {
            self.save(tx, &change).await?;
        }
        Ok(())
    }

    /// Writes down that the target could not be made so, once for each thing it says, and tells the system's owners.
    async fn note_trouble(
        &self,
        claim: &Claim,
        right: &RightKey,
        system: &System,
        trouble: &ConnectorError,
    ) -> Result<Looked, Error> {
        let now = self.now();
        let says = trouble.to_string();
        tracing::warn!(system = %system.spec.key, "the target could not be made so: {says}");
        let mut tx = self.store().write().await?;
        if !tx.still_holds(claim).await? {
            return Ok(Looked::TakenOver);
        }
        for grant in tx.grants_on(right).await? {
            if let Some(change) = grant.trouble(right, &says, now)? {
                self.save(&mut tx, &change).await?;
                let what = format!("{} cannot be changed: {says}", system.spec.name);
                tell_of_grant(self, &mut tx, &Actor::System, &grant, &system.spec.owners, &what).await?;
            }
        }
        // Past its time the grant must still come to its end, trouble or not.
        for grant in tx.grants_on(right).await? {
            if let Some(change) = grant.tend(now)? {
                self.save(&mut tx, &change).await?;
            }
        }
        self.commit(tx).await?;
        Ok(Looked::Failed)
    }
}

fn assignment<'a>(grant: &'a Grant, right: &RightKey) -> Option<&'a Assignment> {
    grant
        .assignments
        .iter()
        .find(|a| a.entitlement == right.entitlement && a.system == right.system && a.account == right.account)
}

fn is_unknown(grant: &Grant, right: &RightKey) -> bool {
    assignment(grant, right).is_some_and(is_untouched)
}

fn is_untouched(a: &Assignment) -> bool {
    matches!(a.fulfilled, Fulfilled::Unknown {})
}

/// What a look finds after a change; a change that waits for a person changed nothing yet.
async fn changed(connector: &Arc<dyn Connector>, right: &Right, progress: Progress) -> Result<Seen, ConnectorError> {
    match progress {
        Progress::Done | Progress::Waiting => connector.look(right).await,
    }
}
