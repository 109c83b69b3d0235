//! What changes hands: the open requests that others would decide if something were otherwise, and whether an actor, or somebody in whose
//! place they decide, comes to decide by their own act.

use crate::{Error, Portal, export::all, facts::delegators};
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    bundle::{BundleSpec, Source, Stage},
    event::Transition,
    facts::{Facts, MOST_MEMBERS},
    identity::Identity,
    ids::{GroupId, IdentityId, RequestId, SystemId},
    request::{Request, State},
    resource::{Deciders, Stewards, System},
};
use std::collections::BTreeSet;
use store::Tx;
use uuid::Uuid;

/// A request that others would decide.
pub(crate) struct Handed {
    /// As it is.
    pub before: Request,
    /// As it would be.
    pub after: Request,
}

/// Whoever acts, or one in whose place they decide: none of them comes to decide by that act.
pub(crate) struct One {
    /// Who.
    pub who: IdentityId,
    /// The groups they are in.
    pub groups: BTreeSet<GroupId>,
}

impl Handed {
    /// Whether one of these may not decide it, and then would, at once or once it has waited too long.
    fn admits(&self, ones: &[One]) -> bool {
        let gains = |of: fn(&Request) -> BTreeSet<IdentityId>| {
            let (before, after) = (of(&self.before), of(&self.after));
            ones.iter().any(|one| !before.contains(&one.who) && after.contains(&one.who))
        };
        gains(Request::deciders) || gains(Request::deciders_in_time)
    }

    fn is_moved(&self) -> bool {
        self.before.deciders() != self.after.deciders()
            || self.before.deciders_in_time() != self.after.deciders_in_time()
    }

    /// Whether it waits for people; what is approved already changes hands only should it be sent back.
    pub fn waits(&self) -> bool {
        matches!(self.before.state, State::Waiting { .. })
    }

    /// Whether nobody could decide it any more.
    pub fn stops(&self) -> bool {
        matches!(self.after.state, State::Stopped { .. })
    }
}

/// The first of these requests that one of these people would come to decide.
pub(crate) fn admitted(handed: &[Handed], ones: &[One]) -> Option<String> {
    handed.iter().find(|it| it.admits(ones)).map(|it| it.before.facts.bundle.spec.name.clone())
}

impl Portal {
    /// Whoever acts, and those in whose place they decide, now or from some day on: the two count as one person.
    pub(crate) async fn ones(&self, tx: &mut Tx, actor: &Actor) -> Result<Vec<One>, Error> {
        let mut ones = Vec::new();
        for who in actor.person().into_iter().chain(delegators(tx, actor, self.now()).await?) {
            ones.push(One { who, groups: tx.groups_of(who, self.now()).await? });
        }
        Ok(ones)
    }

    /// The open requests of a kind that others would decide, were today's facts changed like this.
    pub(crate) async fn handed_over(
        &self,
        tx: &mut Tx,
        concerns: impl Fn(&Request) -> bool + Send,
        change: impl Fn(&mut Facts) + Send,
    ) -> Result<Vec<Handed>, Error> {
        let mut handed = Vec::new();
        let mut from = RequestId(Uuid::nil());
        let guardrails = self.guardrails(tx).await?;
        loop {
            let open = tx.open_requests(from, 100).await?;
            let Some(last) = open.last() else { return Ok(handed) };
            from = last.id;
            for before in open {
                if !concerns(&before) {
                    continue;
                }
                let mut today = self.todays_facts(tx, &before, guardrails.as_ref()).await?;
                change(&mut today);
                let routed = before.reroute(&today, &BTreeSet::new(), self.now())?;
                let Some(after) = routed.as_ref().and_then(Transition::request).cloned() else { continue };
                handed.extend(Some(Handed { before, after }).filter(Handed::is_moved));
            }
        }
    }

    /// The open requests that others would decide, were these the people who decide about a system.
    pub(crate) async fn handed_by(
        &self,
        tx: &mut Tx,
        system: SystemId,
        stewards: &Stewards,
    ) -> Result<Vec<Handed>, Error> {
        let (owners, backup) = (active(tx, &stewards.owners).await?, active(tx, &stewards.backup_owners).await?);
        let concerns = |request: &Request| request.facts.systems.contains_key(&system);
        let change = |today: &mut Facts| {
            if let Some(it) = today.systems.get_mut(&system) {
                it.owners.clone_from(&owners);
                it.backup_owners.clone_from(&backup);
                it.fallback = stewards.fallback;
            }
        };
        self.handed_over(tx, concerns, change).await
    }

    /// What an actor, or somebody in whose place they decide, would come to decide if these people decided about a system.
    pub(crate) async fn gained_by_owners(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        system: &System,
        stewards: &Stewards,
    ) -> Result<Option<String>, Error> {
        let ones = self.ones(tx, actor).await?;
        let handed = self.handed_by(tx, system.id, stewards).await?;
        if let Some(name) = admitted(&handed, &ones) {
            return Ok(Some(name));
        }
        let demanded = self.guardrails(tx).await?.most_approvals();
        let most = most_owners(tx, system.id, demanded).await?;
        for One { who, groups } in ones {
            let now = deciders(tx, &groups, &Stewards::of(&system.spec)).await?;
            let then = deciders(tx, &groups, stewards).await?;
            if system.admits(stewards, who, then.in_fallback) || now.would_gain(who, &then, most) {
                return Ok(Some(system.spec.name.clone()));
            }
        }
        Ok(None)
    }

    /// What an actor, or somebody in whose place they decide, would come to decide once somebody is gone: something that waits, or whatever
    /// is asked for from then on.
    pub(crate) async fn gained_by_departure(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        leaver: &Identity,
    ) -> Result<Option<String>, Error> {
        let (gone, now) = (leaver.id, self.now());
        let mut ones = self.ones(tx, actor).await?;
        // Who is gone comes to decide nothing, in whosever place.
        ones.retain(|one| one.who != gone);
        let might_decide = |request: &Request| {
            request.ruling.stages.iter().flat_map(|stage| &stage.ladder).any(|rung| rung.people.contains(&gone))
        };
        let departed = |today: &mut Facts| {
            today.people.remove(&gone);
        };
        let handed = self.handed_over(tx, might_decide, departed).await?;
        if let Some(name) = admitted(&handed, &ones) {
            return Ok(Some(name));
        }
        let demanded = self.guardrails(tx).await?.most_approvals();
        let (owns, backs_up) = tx.owned_by(gone).await?;
        for id in owns.union(&backs_up) {
            let Some(system) = tx.system(*id).await? else { continue };
            let most = most_owners(tx, *id, demanded).await?;
            for One { who, groups } in &ones {
                let decide = deciders(tx, groups, &Stewards::of(&system.spec)).await?;
                if decide.would_gain(*who, &without(&decide, gone), most) {
                    return Ok(Some(system.spec.name));
                }
            }
        }
        let manages = tx.answered_for_by(gone).await?.iter().any(|(_, _, owned)| !owned);
        // For the groups that guardrails demand nobody stands in.
        for bundle in all!(tx, bundles) {
            let Some(open) = bundle.open_version() else { continue };
            for stage in &open.spec.stages {
                let first = first_hand(tx, stage, now).await?;
                let first = if stage.from == Source::Manager && manages { [gone].into() } else { first };
                if first.contains(&gone) && stands_in(tx, &ones, &open.spec, stage, &first, gone).await? {
                    return Ok(Some(open.spec.name));
                }
            }
        }
        Ok(None)
    }
}

/// Who of these belongs to the company.
async fn active(tx: &mut Tx, people: &BTreeSet<IdentityId>) -> Result<BTreeSet<IdentityId>, Error> {
    Ok(tx.names(people, true).await?.into_keys().collect())
}

/// Those who decide about a system where these are its people, as somebody in these groups stands to them.
async fn deciders(tx: &mut Tx, groups: &BTreeSet<GroupId>, people: &Stewards) -> Result<Deciders, Error> {
    Ok(Deciders {
        first: active(tx, &people.owners).await?,
        backup: active(tx, &people.backup_owners).await?,
        in_fallback: groups.contains(&people.fallback),
    })
}

fn without(all: &Deciders, gone: IdentityId) -> Deciders {
    let mut left = all.clone();
    left.first.remove(&gone);
    left.backup.remove(&gone);
    left
}

/// How many distinct owners of a system may be needed: what is privileged takes two (R15), and guardrails or a bundle may ask for more, or
/// a bundle for one more than there are once it has waited too long.
async fn most_owners(tx: &mut Tx, system: SystemId, demanded: u8) -> Result<usize, Error> {
    let mut most = usize::from(demanded).max(2);
    for id in tx.bundles_reaching(system).await? {
        let Some(open) = tx.bundle(id).await?.and_then(|bundle| bundle.open_version()) else { continue };
        let owners = open.spec.stages.iter().filter(|stage| stage.from == Source::Owners);
        most = most.max(owners.map(|stage| usize::from(stage.need)).sum());
        if open.spec.stages.iter().any(|stage| stage.escalates_after.is_some()) {
            most = most.max(tx.system(system).await?.map_or(0, |it| it.spec.owners.len()) + 1);
        }
    }
    Ok(most)
}

/// Who decides a stage first hand, where that is the same for everybody who asks; its owners are those of each system.
async fn first_hand(tx: &mut Tx, stage: &Stage, now: DateTime<Utc>) -> Result<BTreeSet<IdentityId>, Error> {
    match &stage.from {
        Source::Owners | Source::Manager => Ok(BTreeSet::new()),
        Source::Group { group } => {
            Ok(tx.people_in(*group, now, i64::try_from(MOST_MEMBERS).unwrap_or(i64::MAX)).await?)
        }
        Source::People { people } => active(tx, people).await,
    }
}

/// Whether one of these stands in for those who decide a stage, once somebody of them is gone: as a backup owner or in the fallback group of
/// a system that the bundle reaches.
async fn stands_in(
    tx: &mut Tx,
    ones: &[One],
    spec: &BundleSpec,
    stage: &Stage,
    first: &BTreeSet<IdentityId>,
    gone: IdentityId,
) -> Result<bool, Error> {
    let mut systems = BTreeSet::new();
    for id in &spec.entitlements {
        systems.extend(tx.entitlement(*id).await?.map(|right| right.system));
    }
    for id in systems {
        let Some(system) = tx.system(id).await? else { continue };
        let one_more = if stage.escalates_after.is_some() { first.len() + 1 } else { 0 };
        for One { who, groups } in ones {
            let behind = deciders(tx, groups, &Stewards::of(&system.spec)).await?;
            let now = Deciders { first: first.clone(), ..behind };
            if now.would_gain(*who, &without(&now, gone), one_more.max(usize::from(stage.need))) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
