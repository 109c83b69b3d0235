//! Reading the facts that rulings and authority are made from, in the transaction of the act.

use crate::Error;
use chrono::{DateTime, Utc};
use domain::{
    Actor,
    authority::{Authority, AuthorityFacts},
    bundle::{BundleVersion, Source},
    facts::{AskerFacts, EntitlementFacts, Facts, GroupFacts, Held, MOST_MEMBERS, SCHEMA, SubjectFacts, SystemFacts},
    guardrail::Guardrails,
    identity::Identity,
    ids::{BundleId, EntitlementId, GrantId, GroupId, IdentityId, SystemId},
    request::Request,
    resource::{Entitlement, System, SystemSpec},
    text::Key,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Tx, Use};

/// What the facts are about.
pub struct About<'a> {
    /// The bundle version that is asked for.
    pub bundle: &'a BundleVersion,
    /// Whether it can be asked for.
    pub published: bool,
    /// For whom.
    pub subject: &'a Identity,
    /// By whom.
    pub asker: &'a Identity,
    /// The grant it continues.
    pub continues: Option<GrantId>,
    /// The request itself, where there is one already.
    pub this: Option<&'a Request>,
    /// The guardrails it will be judged by.
    pub guardrails: &'a dyn Guardrails,
}

/// Reads everything a ruling is made from.
pub async fn facts(tx: &mut Tx, about: &About<'_>, now: DateTime<Utc>) -> Result<Facts, Error> {
    let (subject, asker, spec) = (about.subject, about.asker, &about.bundle.spec);

    let guarding = about.guardrails.named_groups();
    let rights = tx.entitlements(&spec.entitlements).await?;
    let systems = tx.systems_among(&rights.values().map(|right| right.system).collect()).await?;
    let mut conferring = Vec::new();
    for id in &spec.entitlements {
        let right = rights.get(id).ok_or(Error::NotFound)?;
        let system = systems.get(&right.system).ok_or(Error::NotFound)?;
        let it = system.spec.entitlements.get(id);
        conferring.extend(it.map(|it| Conferring { id: *id, system, right: it, directory: right.directory }));
    }
    let entitlements = entitlement_facts(tx, &conferring, &guarding).await?;

    let deciding = deciding(tx, about, &systems).await?;
    let of_subject = tx.groups_of(subject.id, now).await?;
    let named = spec.groups().union(&of_subject).copied().collect();
    let groups = group_facts(tx, &named, &deciding, now).await?;
    let managers = managers(tx, subject).await?;
    let (held, conflicts) = held(tx, about).await?;

    let mut mentioned: BTreeSet<IdentityId> = groups.values().flat_map(|g| g.members.iter().copied()).collect();
    mentioned.extend(&managers);
    mentioned.extend([subject.id, asker.id]);
    mentioned.extend(&subject.spec.owners);
    for system in systems.values() {
        mentioned.extend(system.spec.owners.union(&system.spec.backup_owners));
    }
    mentioned.extend(spec.named_people());
    let people = tx.names(&mentioned, true).await?;
    let active = |ids: &BTreeSet<IdentityId>| -> BTreeSet<IdentityId> {
        ids.iter().filter(|id| people.contains_key(id)).copied().collect()
    };

    Ok(Facts {
        schema: SCHEMA,
        at: now,
        bundle: about.bundle.clone(),
        published: about.published,
        asked_already: about.this.is_some(),
        subject: SubjectFacts {
            id: subject.id,
            key: Some(subject.spec.key.clone()),
            name: subject.spec.name.clone(),
            kind: subject.spec.kind,
            active: subject.is_active(),
            department: subject.spec.department.clone(),
            manager: subject.spec.manager,
            owners: active(&subject.spec.owners),
            groups: of_subject,
            accounts: subject
                .spec
                .accounts
                .iter()
                .filter(|(system, _)| systems.contains_key(system))
                .map(|(system, name)| (*system, name.clone()))
                .collect(),
        },
        asker: AskerFacts {
            id: asker.id,
            key: Some(asker.spec.key.clone()),
            name: asker.spec.name.clone(),
            active: asker.is_active(),
        },
        systems: systems.iter().map(|(id, system)| (*id, system_facts(&system.spec, &active))).collect(),
        entitlements,
        groups,
        managers,
        held,
        conflicts,
        bundles: tx.bundle_names(&spec.incompatible()).await?,
        people,
    })
}

fn system_facts(spec: &SystemSpec, active: &dyn Fn(&BTreeSet<IdentityId>) -> BTreeSet<IdentityId>) -> SystemFacts {
    SystemFacts {
        key: Some(spec.key.clone()),
        name: spec.name.clone(),
        environment: spec.environment,
        sensitivity: spec.sensitivity,
        data_class: spec.data_class,
        external: spec.external,
        connector: spec.connector,
        owners: active(&spec.owners),
        backup_owners: active(&spec.backup_owners),
        fallback: spec.fallback,
    }
}

/// The groups whose members may have to decide.
async fn deciding(
    tx: &mut Tx,
    about: &About<'_>,
    systems: &BTreeMap<SystemId, System>,
) -> Result<BTreeSet<GroupId>, Error> {
    // Those that a stage was made for already decide on, whatever is demanded today.
    let rulings = about.this.iter().flat_map(|request| request.ruling.stages.iter().map(|stage| &stage.from));
    let mut deciding: BTreeSet<GroupId> = about
        .bundle
        .spec
        .stages
        .iter()
        .map(|stage| &stage.from)
        .chain(rulings)
        .filter_map(|from| if let Source::Group { group } = from { Some(*group) } else { None })
        .chain(systems.values().map(|s| s.spec.fallback))
        .collect();
    deciding.extend(tx.group_ids(&about.guardrails.deciding_groups()).await?);
    Ok(deciding)
}

/// A right, of which it is asked what it confers.
pub struct Conferring<'a> {
    /// Its id.
    pub id: EntitlementId,
    /// On which system.
    pub system: &'a System,
    /// The right itself.
    pub right: &'a Entitlement,
    /// Whether it is membership of a portal group.
    pub directory: bool,
}

/// What rights confer: the groups one joins by each, and why it is privileged.
pub async fn entitlement_facts(
    tx: &mut Tx,
    rights: &[Conferring<'_>],
    guarding: &BTreeSet<Key>,
) -> Result<BTreeMap<EntitlementId, EntitlementFacts>, Error> {
    let keys = rights.iter().filter(|it| it.directory).map(|it| it.right.native.as_str());
    let joins = tx.joins_by_key(&keys.collect()).await?;
    let joined: BTreeSet<GroupId> = joins.values().flatten().copied().collect();
    let uses = tx.uses_of_groups(&joined).await?;
    let groups = if guarding.is_empty() { BTreeMap::new() } else { tx.group_names(&joined).await? };
    let facts = rights.iter().map(|Conferring { id, system, right: it, directory }| {
        let joins = joins.get(&it.native).filter(|_| *directory).cloned().unwrap_or_default();
        // R15: membership of a group that opens or decides anything is a privilege, whatever the catalogue calls it.
        let opens = |group: &GroupId| {
            if let Some(Use { name, bundle, .. }) = uses.get(group).and_then(|uses| uses.first()) {
                let what = if *bundle { "the bundle" } else { "the system" };
                return Some(format!("{} makes one a member of a group that {what} “{name}” relies on", it.name));
            }
            let named = groups.get(group).is_some_and(|(key, _)| guarding.contains(key));
            named.then(|| format!("{} makes one a member of a group that the guardrails name", it.name))
        };
        let called = it.privileged.then(|| format!("{}: {} is a privileged right", system.spec.name, it.name));
        let facts = EntitlementFacts {
            system: system.id,
            key: Some(it.key.clone()),
            name: it.name.clone(),
            native: it.native.clone(),
            privileged: called.or_else(|| joins.iter().find_map(opens)),
            joins,
        };
        (*id, facts)
    });
    Ok(facts.collect())
}

async fn group_facts(
    tx: &mut Tx,
    named: &BTreeSet<GroupId>,
    deciding: &BTreeSet<GroupId>,
    now: DateTime<Utc>,
) -> Result<BTreeMap<GroupId, GroupFacts>, Error> {
    let mut groups = BTreeMap::new();
    for (id, (key, name)) in tx.group_names(&(named | deciding)).await? {
        let members = if deciding.contains(&id) {
            tx.people_in(id, now, i64::try_from(MOST_MEMBERS).unwrap_or(i64::MAX)).await?
        } else {
            BTreeSet::new()
        };
        groups.insert(id, GroupFacts { key: Some(key), name, members });
    }
    Ok(groups)
}

/// Who manages the subject, or its owners where it is a non-human identity.
async fn managers(tx: &mut Tx, subject: &Identity) -> Result<BTreeSet<IdentityId>, Error> {
    if subject.spec.kind.is_person() {
        return Ok(subject.spec.manager.into_iter().collect());
    }
    let owners = tx.identities_among(&subject.spec.owners).await?;
    Ok(owners.values().filter_map(|owner| owner.spec.manager).collect())
}

type HeldAndConflicts = (BTreeMap<BundleId, Held>, BTreeSet<BundleId>);

async fn held(tx: &mut Tx, about: &About<'_>) -> Result<HeldAndConflicts, Error> {
    let this = about.this.map(|request| request.id);
    let found = tx.held_or_asked(about.subject.id, this, about.continues).await?;
    let held: BTreeMap<_, _> =
        found.into_iter().map(|(id, (key, name, live))| (id, Held { key: Some(key), name, live })).collect();
    let wanted = about.bundle.bundle;
    let others = held.keys().copied().filter(|id| *id != wanted).collect();
    let out = tx.ruled_out_by(&others).await?;
    Ok((held, out.into_iter().filter(|(_, out)| out.contains(&wanted)).map(|(id, _)| id).collect()))
}

/// Whether there is but one admin yet, so that nothing can be under four eyes.
pub(crate) async fn is_founding(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.portal().await?.is_some_and(|portal| portal.is_founding()))
}

/// What the actor may do in the portal as a whole.
pub async fn in_portal(tx: &mut Tx, actor: &Actor, now: DateTime<Utc>) -> Result<Authority, Error> {
    let facts = match actor.person() {
        Some(me) => own_facts(tx, me, now).await?,
        None => AuthorityFacts::default(),
    };
    Ok(Authority::in_portal(actor, facts)?)
}

/// Who reads a page: somebody who may act at all. For what is their own nothing more is read.
pub async fn reader(tx: &mut Tx, actor: &Actor) -> Result<Identity, Error> {
    let who = actor.person().ok_or(Error::NotFound)?;
    reading(actor, tx.identity(who).await?)
}

/// The same, where the identity was read already.
pub(crate) fn reading(actor: &Actor, identity: Option<Identity>) -> Result<Identity, Error> {
    let facts = AuthorityFacts { identity, ..AuthorityFacts::default() };
    Authority::in_portal(actor, facts)?.into_identity().ok_or(Error::NotFound)
}

/// What the actor may do with one request and what follows from it.
pub async fn over(tx: &mut Tx, actor: &Actor, request: &Request, now: DateTime<Utc>) -> Result<Authority, Error> {
    Footing::of(tx, actor, now).await?.over(tx, actor, request, now).await
}

/// Where an actor stands, and where those do who let them decide in their place now: read once for as many requests as one likes.
pub(crate) struct Footing {
    own: AuthorityFacts,
    lenders: Vec<AuthorityFacts>,
}

impl Footing {
    /// Of this actor.
    pub(crate) async fn of(tx: &mut Tx, actor: &Actor, now: DateTime<Utc>) -> Result<Self, Error> {
        let delegators = delegators(tx, actor, now).await?;
        Self::among(tx, actor, &delegators, now).await
    }

    /// The same, where it was read already who may let the actor decide in their place.
    pub(crate) async fn among(
        tx: &mut Tx,
        actor: &Actor,
        delegators: &[IdentityId],
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        match actor.person() {
            Some(me) => {
                Ok(Self { own: own_facts(tx, me, now).await?, lenders: lenders(tx, me, delegators, now).await? })
            }
            None => Ok(Self { own: AuthorityFacts::default(), lenders: Vec::new() }),
        }
    }

    /// What the actor may do with one request and what follows from it.
    pub(crate) async fn over(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Result<Authority, Error> {
        let mut facts = about_request(tx, self.own.clone(), request, now).await?;
        for lender in &self.lenders {
            facts.lenders.push(about_request(tx, lender.clone(), request, now).await?);
        }
        facts.next_in_line = actor.person().is_some_and(|me| request.is_next_in_line(me, now));
        let reaches = |falls: BTreeSet<SystemId>| falls.iter().any(|id| request.facts.systems.contains_key(id));
        facts.looks_back = request.owes_review() && reaches(tx.systems_that_fall_to(&facts.groups).await?);
        Ok(Authority::over(actor, request, facts)?)
    }
}

/// The same facts, as far as they concern one request.
async fn about_request(
    tx: &mut Tx,
    mut facts: AuthorityFacts,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<AuthorityFacts, Error> {
    let concerned: BTreeSet<SystemId> = request.facts.systems.keys().copied().collect();
    facts.owns.retain(|s| concerned.contains(s));
    facts.backs_up.retain(|s| concerned.contains(s));
    // The subject is one of them.
    let parties = tx.identities_among(&request.parties()).await?;
    if let Some(subject) = parties.get(&request.ask.subject) {
        facts.subject_managers = managers(tx, subject).await?;
        facts.subject_owners.clone_from(&subject.spec.owners);
    }
    if let Some(me) = &facts.identity {
        facts.maybe_one_with = ones_with(tx, me, &parties, now).await?;
    }
    Ok(facts)
}

/// In whose place the actor may decide, now or from some day on: those lend what they have today.
pub(crate) async fn delegators(tx: &mut Tx, actor: &Actor, now: DateTime<Utc>) -> Result<Vec<IdentityId>, Error> {
    match actor.person() {
        Some(by) => Ok(tx.delegators_of(by, now).await?),
        None => Ok(Vec::new()),
    }
}

/// The facts of those who let this person decide in their place now; what was lent to them is not lent on.
async fn lenders(
    tx: &mut Tx,
    me: IdentityId,
    delegators: &[IdentityId],
    now: DateTime<Utc>,
) -> Result<Vec<AuthorityFacts>, Error> {
    let mut lenders = Vec::new();
    for id in delegators {
        let theirs = own_facts(tx, *id, now).await?;
        let lends = theirs.identity.as_ref().and_then(|it| it.delegation).is_some_and(|it| it.lets(me, now));
        lenders.extend(Some(theirs).filter(|_| lends));
    }
    Ok(lenders)
}

/// Who of these may be this person under another name.
pub async fn maybe_one_with(
    tx: &mut Tx,
    me: &Identity,
    others: BTreeSet<IdentityId>,
    now: DateTime<Utc>,
) -> Result<BTreeSet<IdentityId>, Error> {
    let others = tx.identities_among(&others).await?;
    ones_with(tx, me, &others, now).await
}

/// The same, where they were read already.
async fn ones_with(
    tx: &mut Tx,
    me: &Identity,
    others: &BTreeMap<IdentityId, Identity>,
    now: DateTime<Utc>,
) -> Result<BTreeSet<IdentityId>, Error> {
    let mine = origins(tx, me, now).await?;
    let mut found = BTreeSet::new();
    for other in others.values().filter(|other| other.id != me.id) {
        if !origins(tx, other, now).await?.is_disjoint(&mine) {
            found.insert(other.id);
        }
    }
    Ok(found)
}

/// The person, who let them in lately, who let in those, and so on: each of them could use the account.
async fn origins(tx: &mut Tx, who: &Identity, now: DateTime<Utc>) -> Result<BTreeSet<IdentityId>, Error> {
    let mut found = BTreeSet::from([who.id]);
    let mut next = who.let_in_lately(now);
    while let Some(by) = next.filter(|by| found.insert(*by)) {
        next = tx.identity(by).await?.and_then(|it| it.let_in_lately(now));
    }
    Ok(found)
}

async fn own_facts(tx: &mut Tx, id: IdentityId, now: DateTime<Utc>) -> Result<AuthorityFacts, Error> {
    let (owns, backs_up) = tx.owned_by(id).await?;
    Ok(AuthorityFacts {
        identity: tx.identity(id).await?,
        groups: tx.groups_of(id, now).await?,
        owns,
        backs_up,
        ..AuthorityFacts::default()
    })
}
