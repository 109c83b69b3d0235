//! The life of grants: given back, revoked, over in time; and the level-triggered look at one right, which makes the target so.

use crate::{
    Error, Portal,
    acts::{tell_of_end, tell_of_grant, whose},
    connectors::{Connector, ConnectorError, Progress, Right, Seen},
    facts::over,
};
use chrono::{DateTime, Utc};
use domain::{
    Actor, Refusal,
    grant::{Assignment, Fulfilled, Grant, Leaving, State, Why},
    ids::{GrantId, IdentityId},
    job::{Job, JobKey, RightKey},
    minutes::Minutes,
    request::Request,
    resource::{ConnectorKind, System},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use store::{Claim, Tx};

/// How long a whole look may take. With the longest statement a target may still be at (thirty seconds), less than the lease of its job.
const WITHIN: Duration = Duration::from_secs(50);

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
        how: impl Fn(&Grant, &domain::authority::Authority, DateTime<Utc>) -> Result<domain::event::Transition, Refusal>,
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
            let (what, whom) = (&request.facts.bundle.spec.name, &request.facts.subject.name);
            let says = format!("{actor} ends {what} for {whom}: the access is being taken away");
            tell_of_grant(self, &mut tx, actor, &grant, &whose(&request), &says).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Looks at a grant because its time has come, or is near. Gives when to look again.
    pub(crate) async fn tend_grant(&self, tx: &mut Tx, id: GrantId) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.now();
        let Some(grant) = tx.grant(id).await? else { return Ok(None) };
        if self.end_in_time(tx, &grant).await? {
            return Ok(None);
        }
        if let Some(soon) = grant.ends_soon_at().filter(|soon| now < *soon) {
            return Ok(Some(soon));
        }
        Ok(match grant.state {
            State::Opening { lapses_at, .. } => Some(lapses_at),
            State::Active { until, .. } => {
                self.tell_that_it_ends(tx, &grant, until).await?;
                Some(until)
            }
            State::Ending { .. } | State::Ended { .. } => None,
        })
    }

    /// Begins the end that the clock demands, and says so. False while there is time.
    async fn end_in_time(&self, tx: &mut Tx, grant: &Grant) -> Result<bool, Error> {
        let Some(change) = grant.tend(self.now())? else { return Ok(false) };
        self.save(tx, &change).await?;
        let was_there = matches!(grant.state, State::Active { .. });
        let says = if was_there {
            "its time is over, and the access is being taken away"
        } else {
            "the access was not there in time, and is given up"
        };
        self.tell_subject(tx, grant, says).await?;
        Ok(true)
    }

    async fn tell_that_it_ends(&self, tx: &mut Tx, grant: &Grant, until: DateTime<Utc>) -> Result<(), Error> {
        let Some(request) = tx.request(grant.request).await? else { return Ok(()) };
        let minutes = u32::try_from(((until - self.now()).num_seconds() + 59) / 60).unwrap_or(1);
        let left = Minutes::new(minutes).map_err(Refusal::from)?;
        let says = format!("{}: the access ends in {left}, at {}", called(&request), until.format("%H:%M UTC"));
        tell_of_end(self, tx, grant, &holder(&request), &says).await
    }

    /// Says that all of it is gone, or what stays. Not where another grant goes on with it, where it was never there, and not to who left.
    async fn tell_that_it_is_gone(&self, tx: &mut Tx, grant: &Grant) -> Result<(), Error> {
        let State::Ending { why, .. } = &grant.state else { return Ok(()) };
        match why {
            Why::Expired {} | Why::GivenBack {} | Why::Revoked {} => {}
            Why::Left {} | Why::Continued { .. } | Why::Lapsed {} => return Ok(()),
        }
        let says = if grant.assignments.iter().any(Assignment::is_present) {
            "the access has ended; a right that was there before it, or that another grant needs, stays"
        } else {
            "the access is gone"
        };
        self.tell_subject(tx, grant, says).await
    }

    async fn tell_subject(&self, tx: &mut Tx, grant: &Grant, what: &str) -> Result<(), Error> {
        let Some(request) = tx.request(grant.request).await? else { return Ok(()) };
        let says = format!("{}: {what}", called(&request));
        tell_of_grant(self, tx, &Actor::System, grant, &holder(&request), &says).await
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
        let look = tokio::time::timeout(WITHIN, self.make_so(claim, right, &system, grants));
        let looked = look.await.unwrap_or_else(|_| {
            let says = format!("{} took longer than {} seconds", system.spec.name, WITHIN.as_secs());
            Err(Error::Connector(ConnectorError::Unreachable(says)))
        });
        match looked {
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

        let mut tx = self.store().read().await?;
        let grants = tx.grants_on(right).await?;
        let ready = self.whose_turn(&mut tx, right, &grants).await?;
        let to_take = by_hand(system) && tx.is_asked_for(right).await?;
        drop(tx);
        let wanted = !ready.is_empty();
        let before = connector.look(&named).await?;
        let gives = wanted && !before.is_present();
        let after = if gives {
            if !self.renew(claim).await? {
                return Ok(Looked::TakenOver);
            }
            connector.give(&named).await?;
            connector.look(&named).await?
        } else if wanted {
            before
        } else {
            // Those that still wait for their turn have given nothing.
            let rights =
                || grants.iter().filter(|g| !g.needs_its_rights(self.now())).filter_map(|g| assignment(g, right));
            let ours = rights().any(|a| !a.found_before && !is_untouched(a));
            let known_there = rights().any(Assignment::is_present);
            if !ours || !(before.is_present() || known_there || to_take) {
                before
            } else {
                // Written down before it is taken, so that a stop between the parts of taking is taken up again from the start.
                if before.is_present() && !known_there && !self.note_seen(claim, right, true).await? {
                    return Ok(Looked::TakenOver);
                }
                if !self.renew(claim).await? {
                    return Ok(Looked::TakenOver);
                }
                match connector.take(&named).await? {
                    // Nothing is known before somebody attests it.
                    Progress::Waiting => return Ok(Looked::Settled),
                    Progress::Done => gone(connector.look(&named).await?)?,
                }
            }
        };
        if !self.note_seen(claim, right, after.is_present()).await? {
            if gives {
                self.undo_late(right, &named, &connector).await?;
            }
            self.look_again(right).await?;
            return Ok(Looked::TakenOver);
        }
        if by_hand(system) && after.is_present() == wanted {
            let mut tx = self.store().write().await?;
            tx.drop_task(right).await?;
            self.commit(tx).await?;
        }
        Ok(Looked::Settled)
    }

    /// The grants whose turn it is to have this right: what is set up by hand comes first, so that no right stands for hours before
    /// the clock runs.
    async fn whose_turn(&self, tx: &mut Tx, right: &RightKey, grants: &[Grant]) -> Result<BTreeSet<GrantId>, Error> {
        let mut ready = BTreeSet::new();
        for grant in grants.iter().filter(|g| g.needs_its_rights(self.now())) {
            let mut waits = false;
            for a in grant.assignments.iter().filter(|a| a.right() != *right && !a.is_present()) {
                waits = waits || tx.system(a.system).await?.is_some_and(|system| by_hand(&system));
            }
            let itself_by_hand = tx.system(right.system).await?.is_some_and(|system| by_hand(&system));
            if itself_by_hand || !waits || matches!(grant.state, State::Active { .. }) {
                ready.insert(grant.id);
            }
        }
        Ok(ready)
    }

    /// Takes back what was given too late: another worker had taken over, and nobody needs the right any more.
    async fn undo_late(&self, right: &RightKey, named: &Right, connector: &Arc<dyn Connector>) -> Result<(), Error> {
        let grants = self.store().read().await?.grants_on(right).await?;
        if !grants.iter().any(|g| g.needs_its_rights(self.now())) {
            tracing::warn!("a right that was given too late is taken back");
            connector.take(named).await?;
        }
        Ok(())
    }

    /// Has the right looked at once more, by whoever comes first.
    async fn look_again(&self, right: &RightKey) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        tx.enqueue(&Job::at(JobKey::Right(right.clone()), self.now())).await?;
        self.commit(tx).await
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
        let grants = tx.grants_on(right).await?;
        let ready = self.whose_turn(&mut tx, right, &grants).await?;
        let known = |g: &Grant| !is_unknown(g, right);
        for grant in &grants {
            let Some(a) = assignment(grant, right) else { continue };
            let needed = grants.iter().any(|g| g.id != grant.id && ready.contains(&g.id) && known(g));
            let change = if !grant.is_ending() {
                let untouched = is_untouched(a) || (a.found_before && !grant.needs_its_rights(now));
                if untouched { None } else { grant.seen(right, present, now)? }
            } else if is_untouched(a) {
                grant.leave(right, Leaving::NeverGiven, now)?
            } else if a.found_before {
                grant.leave(right, Leaving::ThereBefore, now)?
            } else if needed {
                grant.leave(right, Leaving::StillNeeded, now)?
            } else if a.settled {
                None
            } else {
                grant.seen(right, present, now)?
            };
            if let Some(change) = change {
                self.save(&mut tx, &change).await?;
            }
        }
        for grant in tx.grants_on(right).await? {
            self.activate(&mut tx, &grant, now).await?;
        }
        for grant in tx.grants_on(right).await? {
            if let Some(change) = grant.finish(now)? {
                self.save(&mut tx, &change).await?;
                self.tell_that_it_is_gone(&mut tx, &grant).await?;
                // An exception is to be reviewed from now on.
                if tx.request(grant.request).await?.is_some_and(|request| request.owes_review()) {
                    tx.enqueue(&Job::at(JobKey::Request { id: grant.request }, now)).await?;
                }
            }
            // What waited for this one to be set up by hand has its turn now.
            if matches!(grant.state, State::Opening { .. }) && present {
                for waiting in grant.assignments.iter().filter(|a| !a.is_present() && a.right() != *right) {
                    tx.enqueue(&Job::at(JobKey::Right(waiting.right()), now)).await?;
                }
            }
        }
        if !present && tx.system(right.system).await?.is_some_and(|it| it.spec.connector == ConnectorKind::Directory) {
            // Who is no longer in a group may be no decider any more.
            tx.enqueue(&Job::at(JobKey::Deciders {}, now)).await?;
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
        self.tell_subject(tx, grant, "the access is there").await
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
            self.end_in_time(&mut tx, &grant).await?;
        }
        self.commit(tx).await?;
        Ok(Looked::Failed)
    }
}

/// What a look finds after a right was taken. What still stands there has to be looked at again, and is not settled.
fn gone(seen: Seen) -> Result<Seen, ConnectorError> {
    match seen {
        Seen::Absent => Ok(Seen::Absent),
        Seen::Present { detail, .. } => {
            let how = detail.map(|how| format!(": {how}")).unwrap_or_default();
            Err(ConnectorError::Failed(format!("the right was taken away and still stands there{how}")))
        }
    }
}

/// Who is told how the access fares: the person who has it; of what is no person's, who asked for it.
fn holder(request: &Request) -> BTreeSet<IdentityId> {
    let person = request.facts.subject.kind.is_person();
    [if person { request.ask.subject } else { request.ask.asker }].into()
}

/// What the access is called where its holder is told of it.
fn called(request: &Request) -> String {
    let (bundle, subject) = (&request.facts.bundle.spec.name, &request.facts.subject);
    if subject.kind.is_person() { bundle.clone() } else { format!("{bundle} for {}", subject.name) }
}

fn by_hand(system: &System) -> bool {
    system.spec.connector == ConnectorKind::Manual
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
