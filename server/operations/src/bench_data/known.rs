//! The made company as the portal knows it: read once, as nothing in it changes while its history is made up. What follows from who asks
//! and what they hold is put together here, to the facts that would be read at that moment.

use crate::{
    Error,
    export::all,
    facts::{About, facts},
};
use chrono::{DateTime, Utc};
use domain::{
    Actor, Refusal,
    authority::{Authority, AuthorityFacts},
    bundle::BundleSpec,
    condition::Condition,
    facts::{AskerFacts, Facts, GroupFacts, Held, SubjectFacts},
    guardrail::Unguarded,
    identity::Identity,
    ids::{GroupId, IdentityId, SystemId},
    request::Request,
};
use rand::{rngs::StdRng, seq::SliceRandom};
use std::collections::{BTreeMap, BTreeSet};
use store::Tx;

/// Everybody and everything in it.
pub(super) struct Company {
    /// Everybody.
    pub people: Vec<Somebody>,
    /// What can be asked for; what is asked for most comes first.
    pub offers: Vec<Offer>,
    /// Where the head of all stands among the people: they ask for nothing.
    pub head: usize,
    groups: BTreeMap<GroupId, GroupFacts>,
    places: BTreeMap<IdentityId, usize>,
    open_to: BTreeMap<Option<String>, Vec<usize>>,
}

/// Somebody, and what they are to others.
pub(super) struct Somebody {
    /// Their row.
    pub identity: Identity,
    /// Them, as they act.
    pub actor: Actor,
    /// The groups they are in for good.
    groups: BTreeSet<GroupId>,
    owns: BTreeSet<SystemId>,
    backs_up: BTreeSet<SystemId>,
}

/// A bundle that can be asked for.
pub(super) struct Offer {
    /// The groups one joins by it.
    pub joins: BTreeSet<GroupId>,
    /// The facts about it as they are whoever asks.
    facts: Facts,
}

/// What somebody has by a grant, and for how long it will have been so.
pub(super) struct Holding {
    /// Which bundle, by its place.
    pub offer: usize,
    /// Until it is gone.
    pub until: DateTime<Utc>,
    /// Until it makes one a member of its groups no more.
    pub in_force_until: DateTime<Utc>,
}

/// For whom something is asked, and when that is looked at.
pub(super) struct Moment<'a> {
    /// What is asked for, by its place.
    pub offer: usize,
    /// By whom, for themselves.
    pub who: &'a Somebody,
    /// What they have.
    pub held: &'a [Holding],
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was asked for before.
    pub asked_already: bool,
}

impl Company {
    /// Reads it; by chance it is decided which bundles are asked for most.
    pub async fn read(tx: &mut Tx, now: DateTime<Utc>, chance: &mut StdRng) -> Result<Self, Error> {
        let mut people = Vec::new();
        for identity in all!(tx, identities) {
            let (owns, backs_up) = tx.owned_by(identity.id).await?;
            let groups = tx.groups_of(identity.id, now).await?;
            let actor = Actor::Person { id: identity.id, name: identity.spec.name.clone() };
            people.push(Somebody { identity, actor, groups, owns, backs_up });
        }
        people.sort_by_cached_key(|it: &Somebody| it.identity.spec.key.clone());
        let head = people.iter().position(|it| it.identity.spec.manager.is_none()).ok_or(Error::NotFound)?;
        let mut offers = offers(tx, &people[head].identity, now).await?;
        offers.sort_by_cached_key(|it| it.spec().key.clone());
        offers.shuffle(chance);
        let groups = all!(tx, groups)
            .into_iter()
            .map(|it| (it.id, GroupFacts { key: Some(it.spec.key), name: it.spec.name, members: BTreeSet::new() }));
        let groups = groups.collect();
        let places = people.iter().enumerate().map(|(at, it)| (it.identity.id, at)).collect();
        let mut open_to: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for it in &people {
            let open = || (0..offers.len()).filter(|at| offers[*at].is_open_to(it)).collect();
            open_to.entry(it.identity.spec.department.clone()).or_insert_with(open);
        }
        Ok(Self { people, offers, head, groups, places, open_to })
    }

    /// What somebody may ask for, by its place.
    pub fn open_to(&self, who: &Somebody) -> &[usize] {
        self.open_to.get(&who.identity.spec.department).map(Vec::as_slice).unwrap_or_default()
    }

    /// The facts as they would be read at a moment.
    pub fn facts(&self, moment: &Moment<'_>) -> Facts {
        let Moment { offer, who, held, at, asked_already } = *moment;
        let mut facts = self.offers[offer].facts.clone();
        let identity = &who.identity;
        let in_force = held.iter().filter(|it| at < it.in_force_until);
        let by_grant = in_force.flat_map(|it| self.offers[it.offer].joins.iter().copied());
        let groups: BTreeSet<GroupId> = who.groups.iter().copied().chain(by_grant).collect();
        for id in &groups {
            if let Some(group) = self.groups.get(id) {
                facts.groups.entry(*id).or_insert_with(|| group.clone());
            }
        }
        facts.at = at;
        facts.asked_already = asked_already;
        facts.managers = identity.spec.manager.into_iter().collect();
        let mentioned = facts.managers.iter().copied().chain([identity.id]);
        let names = mentioned.filter_map(|id| Some((id, self.somebody(id)?.identity.spec.name.clone())));
        facts.people.extend(names);
        let held = held.iter().filter(|it| at < it.until).map(|it| {
            let Offer { facts, .. } = &self.offers[it.offer];
            let BundleSpec { key, name, .. } = &facts.bundle.spec;
            (facts.bundle.bundle, Held { key: Some(key.clone()), name: name.clone(), live: true })
        });
        facts.held = held.collect();
        let (id, key, name) = (identity.id, Some(identity.spec.key.clone()), identity.spec.name.clone());
        facts.asker = AskerFacts { id, key: key.clone(), name: name.clone(), active: true };
        facts.subject = SubjectFacts {
            id,
            key,
            name,
            kind: identity.spec.kind,
            active: true,
            department: identity.spec.department.clone(),
            manager: identity.spec.manager,
            owners: BTreeSet::new(),
            groups,
            accounts: BTreeMap::new(),
        };
        facts
    }

    /// What somebody may do with a request and with the grant that follows from it.
    pub fn authority(&self, who: IdentityId, request: &Request) -> Result<Authority, Refusal> {
        let Some(it) = self.somebody(who) else {
            return Err(Refusal::NotAllowed("who does not work here may do nothing here"));
        };
        let concerned = |of: &BTreeSet<SystemId>| -> BTreeSet<SystemId> {
            of.iter().copied().filter(|id| request.facts.systems.contains_key(id)).collect()
        };
        let facts = AuthorityFacts {
            identity: Some(it.identity.clone()),
            groups: it.groups.clone(),
            owns: concerned(&it.owns),
            backs_up: concerned(&it.backs_up),
            subject_managers: request.facts.managers.clone(),
            ..AuthorityFacts::default()
        };
        Authority::over(&it.actor, request, facts)
    }

    fn somebody(&self, id: IdentityId) -> Option<&Somebody> {
        self.places.get(&id).map(|at| &self.people[*at])
    }
}

impl Offer {
    /// What its version says.
    pub fn spec(&self) -> &BundleSpec {
        &self.facts.bundle.spec
    }

    fn is_open_to(&self, who: &Somebody) -> bool {
        self.spec().conditions.iter().all(|condition| match condition {
            Condition::Askers { groups, .. } => !groups.is_disjoint(&who.groups),
            Condition::Justification { .. }
            | Condition::WorkItem { .. }
            | Condition::Hours { .. }
            | Condition::Environments { .. }
            | Condition::SensitivityAtMost { .. }
            | Condition::Incompatible { .. } => true,
        })
    }
}

/// What can be asked for. The facts about it are read as if the head of all asked, who is in no group and reports to nobody, and so adds
/// nothing to them but a name.
async fn offers(tx: &mut Tx, head: &Identity, now: DateTime<Utc>) -> Result<Vec<Offer>, Error> {
    let mut offers = Vec::new();
    for bundle in all!(tx, bundles) {
        let Some(version) = bundle.open_version() else { continue };
        let about = About {
            bundle: &version,
            published: true,
            subject: head,
            asker: head,
            continues: None,
            this: None,
            guardrails: &Unguarded,
        };
        let mut facts = facts(tx, &about, now).await?;
        facts.people.remove(&head.id);
        let joins = facts.entitlements.values().flat_map(|it| it.joins.iter().copied()).collect();
        offers.push(Offer { joins, facts });
    }
    Ok(offers)
}
