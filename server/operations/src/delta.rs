//! What a request would open (L11): the rights that cannot be reached today, and the ways that lead on from them. It is read in the
//! transaction of the page, by keys and indexes, and no more of it than is shown.

use crate::{Error, Portal};
use chrono::{DateTime, Utc};
use domain::{
    bundle::{BundleSpec, Source},
    condition::Condition,
    grant::Grant,
    group::Group,
    identity::Identity,
    ids::{EntitlementId, GroupId, IdentityId, RequestId, SystemId},
    job::RightKey,
    request::Request,
    resource::{Entitlement, System},
    text::{Key, and},
    views::{Delta, Pathway, Reachable},
};
use std::collections::BTreeSet;
use store::Tx;

/// The most ways that are shown, and about as many as are looked for.
const MOST: usize = 50;
/// How many rights are named in one sentence.
const NAMED: usize = 4;

impl Portal {
    /// What becomes reachable by a request that is not today, when its subject has these live grants. Who owns an identity or a system is
    /// said by the catalogue and never by a grant, so what owning leads to is said of those who own the subject already.
    pub(crate) async fn delta(
        &self,
        tx: &mut Tx,
        request: &Request,
        subject: &Identity,
        live: &[Grant],
    ) -> Result<Delta, Error> {
        let now = self.now();
        let today = Reach::read(tx, (subject.id, live), Some(request.id), now).await?;
        let (mut gains, mut has, mut new) = (Vec::new(), Vec::new(), Vec::new());
        for right in asked_for(tx, request).await? {
            let standing = stands(tx, subject, &right).await?;
            let shown = Reachable {
                system: right.system_name.clone(),
                right: right.name.clone(),
                privileged: right.privileged.clone(),
                standing,
            };
            if standing || today.has(&right) {
                has.push(shown);
            } else {
                gains.push(shown);
                new.push(right);
            }
        }
        let guardrails = self.guardrails(tx).await?;
        let mut ways = Ways {
            tx,
            subject,
            today: &today,
            guarding: guardrails.named_groups(),
            deciding: guardrails.deciding_groups(),
            seen: BTreeSet::new(),
            found: Vec::new(),
            cut: false,
        };
        ways.follow(&new).await?;
        ways.through_owners(&new, now).await?;
        let Ways { found: pathways, cut, .. } = ways;
        Ok(Delta { gains, has, pathways, cut })
    }
}

/// A right that is asked for.
struct Wanted {
    id: EntitlementId,
    system: SystemId,
    name: String,
    system_name: String,
    privileged: Option<String>,
    /// The group that it makes one a member of.
    group: Option<Group>,
}

/// The rights that are asked for: by name as they were ruled on, and what they mean today.
async fn asked_for(tx: &mut Tx, request: &Request) -> Result<Vec<Wanted>, Error> {
    let today = tx.entitlements(&request.facts.entitlements.keys().copied().collect()).await?;
    let mut rights = Vec::new();
    for (id, facts) in &request.facts.entitlements {
        let group = match today.get(id) {
            Some(right) if right.directory => tx.group_by_key(&right.native).await?,
            Some(_) | None => None,
        };
        let system = request.facts.systems.get(&facts.system);
        rights.push(Wanted {
            id: *id,
            system: facts.system,
            name: facts.name.clone(),
            system_name: system.map_or_else(|| "a system that is gone".to_owned(), |it| it.name.clone()),
            privileged: facts.privileged.clone(),
            group,
        });
    }
    Ok(rights)
}

/// Whether somebody has a right by no grant of ours, so that it ends with none (R38).
async fn stands(tx: &mut Tx, who: &Identity, right: &Wanted) -> Result<bool, Error> {
    if let Some(group) = &right.group {
        return Ok(tx.is_standing_member(who.id, group.spec.key.as_str()).await?);
    }
    let Some(account) = who.accounts.get(&right.system) else { return Ok(false) };
    let key = RightKey { system: right.system, entitlement: right.id, account: account.name.clone() };
    Ok(tx.stands_by_itself(&key).await?)
}

/// What somebody can reach now.
struct Reach {
    rights: BTreeSet<EntitlementId>,
    groups: BTreeSet<GroupId>,
}

impl Reach {
    /// What there is now for somebody with these live grants, but for what one request led to.
    async fn read(
        tx: &mut Tx,
        (who, live): (IdentityId, &[Grant]),
        but: Option<RequestId>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let (mut rights, mut own) = (BTreeSet::new(), None);
        for grant in live {
            if Some(grant.request) == but {
                own = Some(grant.id);
                continue;
            }
            rights.extend(grant.assignments.iter().filter(|a| a.is_present()).map(|a| a.entitlement));
        }
        Ok(Self { rights, groups: tx.groups_without(who, own, now).await? })
    }

    fn has(&self, right: &Wanted) -> bool {
        self.rights.contains(&right.id) || right.group.as_ref().is_some_and(|group| self.groups.contains(&group.id))
    }
}

/// Something that follows from what stands before it.
enum Step {
    /// A right makes one a member of a group.
    Joins(GroupId),
    /// Members of the group before it are members of this one.
    Nests(GroupId),
    /// This, and nothing further.
    Says(String),
    /// What one could ask for gives these rights.
    Asked(BTreeSet<EntitlementId>),
    /// What one could decide on gives them to others.
    Decided(BTreeSet<EntitlementId>),
}

/// Steps, each with how far it is from the request.
type Steps = Vec<(u8, Step)>;

/// Follows the ways that open, each group but once, and writes down what they lead to.
struct Ways<'a> {
    tx: &'a mut Tx,
    subject: &'a Identity,
    today: &'a Reach,
    /// The groups that the guardrails name.
    guarding: BTreeSet<Key>,
    /// Those whose approval they may demand.
    deciding: BTreeSet<Key>,
    /// The groups that were come to.
    seen: BTreeSet<GroupId>,
    found: Vec<Pathway>,
    cut: bool,
}

impl Ways<'_> {
    /// Follows every way from some rights to its end, or until there is no more room.
    async fn follow(&mut self, new: &[Wanted]) -> Result<(), Error> {
        let joined = new.iter().rev().filter_map(|right| right.group.as_ref());
        let mut ahead: Steps = joined.map(|group| (0, Step::Joins(group.id))).collect();
        while let Some((depth, step)) = ahead.pop() {
            if self.cut {
                break;
            }
            let next = match step {
                Step::Joins(id) => self.joins(depth, id).await?,
                Step::Nests(id) => self.nests(depth, id).await?,
                Step::Says(says) => {
                    self.say(depth, says);
                    Vec::new()
                }
                Step::Asked(rights) => {
                    self.say_what_it_gives(depth, &rights).await?;
                    self.joined_by(depth + 1, &rights).await?
                }
                Step::Decided(rights) => {
                    self.say_what_it_gives(depth, &rights).await?;
                    Vec::new()
                }
            };
            ahead.extend(next.into_iter().rev());
        }
        Ok(())
    }

    /// Writes a way down, or that there are more.
    fn say(&mut self, depth: u8, says: String) {
        if self.found.len() < MOST {
            self.found.push(Pathway { says, depth });
        } else {
            self.cut = true;
        }
    }

    /// As many as there is room for, and one more, so that it shows whether that was all.
    fn limit(&self) -> i64 {
        i64::try_from(MOST - self.found.len() + 1).unwrap_or(i64::MAX)
    }

    /// A group that is come to for the first time, and that the subject is not in yet.
    async fn come_to(&mut self, id: GroupId) -> Result<Option<Group>, Error> {
        if self.today.groups.contains(&id) || !self.seen.insert(id) {
            return Ok(None);
        }
        Ok(self.tx.group(id).await?)
    }

    /// A group that nothing relies on leads nowhere: the right that it stands for is shown as itself.
    async fn joins(&mut self, depth: u8, id: GroupId) -> Result<Steps, Error> {
        let Some(group) = self.come_to(id).await? else { return Ok(Vec::new()) };
        let next = self.relies_on(&group, depth + 1).await?;
        if !next.is_empty() {
            self.say(depth, format!("joins “{}”", group.spec.name));
        }
        Ok(next)
    }

    async fn nests(&mut self, depth: u8, id: GroupId) -> Result<Steps, Error> {
        let Some(group) = self.come_to(id).await? else { return Ok(Vec::new()) };
        self.say(depth, format!("by that, is in “{}” as well", group.spec.name));
        self.relies_on(&group, depth + 1).await
    }

    /// What opens to who is in a group: by the bundles whose stages and conditions name it, by the systems it stands in for or works for,
    /// by the guardrails, and by the groups it is in itself.
    async fn relies_on(&mut self, group: &Group, depth: u8) -> Result<Steps, Error> {
        let limit = self.limit();
        // Nobody but people decides, or works by hand.
        let person = self.subject.spec.kind.is_person();
        let mut next = Vec::new();
        for bundle in self.tx.bundles_naming(group.id, limit).await? {
            if let Some(version) = bundle.open_version() {
                next.extend(self.opened_by(&version.spec, group.id, depth));
            }
        }
        if person {
            for system in self.tx.systems_naming(group.id, limit).await? {
                next.extend(self.run_by(&system, group.id, depth));
            }
        }
        let key = &group.spec.key;
        if person && self.deciding.contains(key) {
            next.push((depth, Step::Says("may give an approval that the guardrails demand".to_owned())));
        } else if self.guarding.contains(key) {
            next.push((depth, Step::Says("is in a group that the guardrails name".to_owned())));
        }
        for id in self.tx.groups_around(group.id, limit).await? {
            if !self.today.groups.contains(&id) && !self.seen.contains(&id) {
                next.push((depth, Step::Nests(id)));
            }
        }
        Ok(next)
    }

    /// What a bundle opens to who is in a group: a say in it, or the way to it.
    fn opened_by(&self, spec: &BundleSpec, group: GroupId, depth: u8) -> Steps {
        let name = &spec.name;
        let mut next = Vec::new();
        if self.subject.spec.kind.is_person() {
            for stage in spec.stages.iter().filter(|stage| stage.from == Source::Group { group }) {
                next.push((depth, Step::Says(format!("may decide on “{name}”, at its stage “{}”", stage.name))));
                next.push((depth + 1, Step::Decided(spec.entitlements.clone())));
            }
        }
        if spec.conditions.iter().any(|condition| self.opens(condition, group)) {
            let alone = if spec.automatic { ", which policy alone may give" } else { "" };
            next.push((depth, Step::Says(format!("may ask for “{name}”{alone}"))));
            next.push((depth + 1, Step::Asked(spec.entitlements.clone())));
        }
        next
    }

    /// Whether a condition is met by who joins a group, and was not before.
    fn opens(&self, condition: &Condition, group: GroupId) -> bool {
        match condition {
            Condition::Askers { groups, kinds } => {
                let fits = kinds.is_empty() || kinds.contains(&self.subject.spec.kind);
                fits && groups.contains(&group) && groups.is_disjoint(&self.today.groups)
            }
            Condition::Justification { .. }
            | Condition::WorkItem { .. }
            | Condition::Hours { .. }
            | Condition::Environments { .. }
            | Condition::SensitivityAtMost { .. }
            | Condition::Incompatible { .. } => false,
        }
    }

    /// What a system opens to who is in a group: to stand in for its owners, or to work on it by hand.
    fn run_by(&self, system: &System, group: GroupId, depth: u8) -> Steps {
        let spec = &system.spec;
        let mut next = Vec::new();
        if spec.fallback == group && !system.is_owned_by(self.subject.id) {
            next.push((depth, Step::Says(format!("may decide about {} when its owners cannot", spec.name))));
        }
        if spec.operators == Some(group) {
            let says = format!("operates {}: makes by hand what is granted there, and attests it", spec.name);
            next.push((depth, Step::Says(says)));
        }
        if !next.is_empty() {
            let rights = spec.entitlements.values().take(NAMED).map(called).collect();
            next.push((depth + 1, Step::Says(format!("which gives {}", listed(rights, spec.entitlements.len())))));
        }
        next
    }

    async fn say_what_it_gives(&mut self, depth: u8, rights: &BTreeSet<EntitlementId>) -> Result<(), Error> {
        let names = self.named(rights).await?;
        if !names.is_empty() {
            self.say(depth, format!("which gives {}", listed(names, rights.len())));
        }
        Ok(())
    }

    /// The first of some rights, by name.
    async fn named(&mut self, rights: &BTreeSet<EntitlementId>) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for id in rights.iter().take(NAMED) {
            let Some(right) = self.tx.entitlement(*id).await? else { continue };
            let Some(system) = self.tx.system(right.system).await? else { continue };
            names.extend(system.spec.entitlements.get(id).map(|it| format!("{} on {}", called(it), system.spec.name)));
        }
        Ok(names)
    }

    /// The groups that some rights make one a member of.
    async fn joined_by(&mut self, depth: u8, rights: &BTreeSet<EntitlementId>) -> Result<Steps, Error> {
        let first: BTreeSet<_> = rights.iter().take(MOST).copied().collect();
        let mut next = Vec::new();
        for right in self.tx.entitlements(&first).await?.into_values().filter(|right| right.directory) {
            if let Some(group) = self.tx.group_by_key(&right.native).await? {
                next.push((depth, Step::Joins(group.id)));
            }
        }
        Ok(next)
    }

    /// Whoever answers for the subject reaches by it what it reaches: said of each owner who cannot reach it alone (R15).
    async fn through_owners(&mut self, new: &[Wanted], now: DateTime<Utc>) -> Result<(), Error> {
        let (subject, today) = (self.subject, self.today);
        for id in &subject.spec.owners {
            if self.cut {
                break;
            }
            let Some(owner) = self.tx.identity(*id).await?.filter(Identity::is_active) else { continue };
            let live = self.tx.live_grants_of(owner.id).await?;
            let theirs = Reach::read(self.tx, (owner.id, &live), None, now).await?;
            let beyond: Vec<_> = new.iter().filter(|right| !theirs.has(right)).collect();
            if beyond.is_empty() {
                continue;
            }
            let names = beyond.iter().take(NAMED).map(|it| format!("{} on {}", it.name, it.system_name)).collect();
            let (who, what) = (&owner.spec.name, listed(names, beyond.len()));
            self.say(
                0,
                format!("{who} answers for {} and by it reaches what they cannot alone: {what}", subject.spec.name),
            );
            let more: BTreeSet<_> = today.rights.difference(&theirs.rights).copied().collect();
            let names = self.named(&more).await?;
            if !names.is_empty() {
                self.say(1, format!("beside what it holds already: {}", listed(names, more.len())));
            }
        }
        Ok(())
    }
}

/// A right by name, and whether the catalogue calls it privileged.
fn called(it: &Entitlement) -> String {
    if it.privileged { format!("{} (privileged)", it.name) } else { it.name.clone() }
}

/// Names in a row, and how many more there are in all.
fn listed(mut names: Vec<String>, in_all: usize) -> String {
    let more = in_all.saturating_sub(names.len());
    if more > 0 {
        names.push(format!("{more} more"));
    }
    and(&names)
}
