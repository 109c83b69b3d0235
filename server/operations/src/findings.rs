//! What is stale or missing (R74): ownership, catalogue entries, role definitions, and the automation that takes access back. It is worked
//! out from what is on record whenever somebody looks, and no target is asked for it.

use crate::{
    Error, Portal,
    facts::in_portal,
    memberships::{Power, powers},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor,
    grant::{Assignment, Grant, State},
    group::Group,
    ids::{BundleId, GroupId, SystemId},
    resource::{ConnectorKind, Environment, Sensitivity, System},
    text::and,
    views::findings::{FindingRow, FindingsPage, FindingsUnder, Weight},
};
use std::collections::BTreeMap;
use store::{FewOwners, Outgrown, Tx};
use uuid::Uuid;

/// So many of each sort are told; those after them are only counted.
const TOLD: usize = 20;
/// So many of each sort are counted.
const COUNTED: usize = 100;
/// So many are read at a time where some of them turn out to be in order.
const AT_A_TIME: i64 = 100;
/// So many of the things that a group decides are named.
const NAMED: usize = 3;
/// What nobody asked for in so many days may be of no use.
const UNASKED_DAYS: i64 = 180;
/// Access that is not gone so long after its end was not taken back by itself.
const GONE_WITHIN: TimeDelta = TimeDelta::hours(1);

impl Portal {
    /// What is stale or missing, for admins and auditors.
    pub async fn findings(&self, actor: &Actor) -> Result<FindingsPage, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.reader()?;
        let headings = vec![
            self.stale_ownership(&mut tx).await?,
            missing_entries(&mut tx).await?,
            self.stale_roles(&mut tx).await?,
            self.missing_revocation(&mut tx).await?,
        ];
        Ok(FindingsPage { headings })
    }

    async fn stale_ownership(&self, tx: &mut Tx) -> Result<FindingsUnder, Error> {
        let mut found = Under::new(
            "Stale ownership",
            "systems and bundles whose owners have left, or that hang on one person; non-human identities for which nobody answers; \
             groups that decide and have nobody in them",
        );
        for few in found.first(tx.systems_with_few_owners(limit()).await?) {
            let (weight, says) = few_look_after_it(&few);
            found.tell(weight, few.name, format!("/systems/{}", few.key), says);
        }
        for (key, name) in found.first(tx.unowned_bundles(limit()).await?) {
            let says = "nobody is left who owns all that it reaches: it is out of the catalogue until somebody does";
            found.tell(Weight::Now, name, format!("/bundles/{key}"), says);
        }
        for (key, name) in found.first(tx.unowned_identities(limit()).await?) {
            let says = "everybody who answered for it has left: it needs another owner, or is to leave too";
            found.tell(Weight::Now, name, format!("/identities/{key}"), says);
        }
        for (group, does) in found.first(self.deciding_groups_without_people(tx).await?) {
            let says = format!("nobody is left in it, and it {}", named(does));
            found.tell(Weight::Now, group.spec.name, format!("/groups/{}", group.spec.key), says);
        }
        Ok(found.done())
    }

    /// The groups in which there is nobody now, neither for good nor by a grant, and what each of them decides.
    async fn deciding_groups_without_people(&self, tx: &mut Tx) -> Result<Vec<(Group, Vec<String>)>, Error> {
        let demanded = self.guardrails(tx).await?.deciding_groups();
        let mut perhaps = tx.group_ids(&demanded).await?;
        let mut from = GroupId(Uuid::nil());
        loop {
            let some = tx.named_groups_without_members(from, AT_A_TIME).await?;
            let Some(last) = some.last() else { break };
            from = *last;
            perhaps.extend(some);
        }
        let mut empty = Vec::new();
        for id in perhaps {
            if empty.len() > COUNTED {
                break;
            }
            if !tx.people_in(id, self.now(), 1).await?.is_empty() {
                continue;
            }
            let all = powers(tx, id, &demanded).await?;
            let does: Vec<_> = all.iter().filter(|power| power.decides()).map(Power::says).collect();
            if !does.is_empty() {
                empty.extend(tx.group(id).await?.map(|group| (group, does)));
            }
        }
        Ok(empty)
    }

    async fn stale_roles(&self, tx: &mut Tx) -> Result<FindingsUnder, Error> {
        let mut found = Under::new(
            "Stale role definitions",
            "published bundles that nobody asked for in half a year, or that name a right which left the catalogue; access that gives more \
             than the published version of its bundle",
        );
        for (key, name) in found.first(tx.bundles_naming_lost_rights(limit()).await?) {
            let says = "its published version names a right that is not in the catalogue any more";
            found.tell(Weight::Now, name, format!("/bundles/{key}"), says);
        }
        for it in found.first(tx.outgrown_grants(true, limit()).await?) {
            found.outgrown(&it, "it gives a right that its bundle does not give any more");
        }
        for (key, name, since) in found.first(self.unasked_bundles(tx).await?) {
            let since = since.format("%-d %B %Y");
            let says =
                format!("it is published since {since}, and nobody asked for it in the last {UNASKED_DAYS} days");
            found.tell(Weight::InTime, name, format!("/bundles/{key}"), says);
        }
        Ok(found.done())
    }

    /// The bundles that were published long ago as they are, and that nobody asked for since: key, name and since when.
    async fn unasked_bundles(&self, tx: &mut Tx) -> Result<Vec<(String, String, DateTime<Utc>)>, Error> {
        let long_ago = self.now() - TimeDelta::days(UNASKED_DAYS);
        let mut from = BundleId(Uuid::nil());
        let mut unasked = Vec::new();
        while unasked.len() <= COUNTED {
            let some = tx.unasked_bundles(long_ago, from, AT_A_TIME).await?;
            let Some(last) = some.last() else { break };
            from = last.id;
            unasked.extend(some.iter().filter_map(|bundle| {
                let at = bundle.published.as_ref().map(|it| it.at).filter(|at| *at <= long_ago)?;
                Some((bundle.key.to_string(), bundle.name().to_owned(), at))
            }));
        }
        Ok(unasked)
    }

    async fn missing_revocation(&self, tx: &mut Tx) -> Result<FindingsUnder, Error> {
        let mut found = Under::new(
            "Missing revocation automation",
            "access that is past its end and was not seen to be gone; systems that cannot be reached, or on which something went wrong; \
             systems whose rights are only taken back by hand",
        );
        let overdue = tx.grants_past_their_end(self.now(), limit()).await?.into_iter();
        for grant in found.first(overdue.filter(|it| over_since(it) + GONE_WITHIN <= self.now()).collect()) {
            let Some(request) = tx.request(grant.request).await? else { continue };
            let name = format!("{} for {}", request.facts.bundle.spec.name, request.facts.subject.name);
            let there = grant.assignments.iter().any(Assignment::is_present);
            let weight = if there { Weight::Now } else { Weight::Soon };
            found.tell(weight, name, format!("/requests/{}", request.id), past_its_end(&grant));
        }
        for (system, why) in found.first(self.unreached(tx).await?) {
            let says = format!("nothing can be taken back there: {why}");
            found.tell(Weight::Now, system.spec.name, format!("/systems/{}", system.spec.key), says);
        }
        for (key, name, n) in found.first(tx.troubled_systems(limit()).await?) {
            let rights = if n == 1 { "one right".to_owned() } else { format!("{n} rights") };
            let says = format!("{rights} there could not be made as it should be");
            found.tell(Weight::Soon, name, format!("/systems/{key}"), says);
        }
        let mut by_hand = Vec::new();
        for kind in ConnectorKind::ALL.iter().filter(|kind| !kind.revokes_by_itself()) {
            by_hand.extend(tx.systems_changed_by(*kind, limit()).await?);
        }
        for system in found.first(by_hand) {
            let (weight, says) = self.by_hand(tx, &system).await?;
            found.tell(weight, system.spec.name, format!("/systems/{}", system.spec.key), says);
        }
        Ok(found.done())
    }

    /// The systems that cannot be reached for want of a setting, or could not when they were last looked at; and why.
    async fn unreached(&self, tx: &mut Tx) -> Result<Vec<(System, String)>, Error> {
        let mut whys: BTreeMap<SystemId, String> = self.unwell().into_iter().collect();
        for kind in ConnectorKind::ALL.iter().filter(|kind| !kind.settings().is_empty()) {
            for system in tx.systems_changed_by(*kind, limit()).await? {
                if let Err(why) = self.connector(&system) {
                    whys.insert(system.id, why.to_string());
                }
            }
        }
        let mut unreached = Vec::new();
        for (id, why) in whys {
            unreached.extend(tx.system(id).await?.map(|system| (system, why)));
        }
        Ok(unreached)
    }

    /// Who takes rights back on a system that is changed by hand, and how much hangs on it.
    async fn by_hand(&self, tx: &mut Tx, system: &System) -> Result<(Weight, String), Error> {
        let spec = &system.spec;
        let mut who = "its owners".to_owned();
        if let Some(group) = spec.operators {
            if tx.people_in(group, self.now(), 1).await?.is_empty() {
                let says = "its rights are only taken back by hand, and nobody is left in the group that does it";
                return Ok((Weight::Now, says.to_owned()));
            }
            who = tx.group(group).await?.map_or_else(|| "a group that is gone".to_owned(), |it| it.spec.name);
        }
        let weighty = spec.sensitivity >= Sensitivity::High || spec.environment >= Environment::Production;
        let weight = if weighty { Weight::Soon } else { Weight::InTime };
        Ok((weight, format!("its rights are only taken back by hand, by {who}: until then they stay")))
    }
}

async fn missing_entries(tx: &mut Tx) -> Result<FindingsUnder, Error> {
    let mut found = Under::new(
        "Missing catalogue entries",
        "systems and rights that no published bundle gives; access whose bundle has left the catalogue",
    );
    for (key, name) in found.first(tx.unbundled_systems(limit()).await?) {
        let says = "no published bundle gives anything on it: what people have there, they have past the portal";
        found.tell(Weight::Soon, name, format!("/systems/{key}"), says);
    }
    for it in found.first(tx.outgrown_grants(false, limit()).await?) {
        found.outgrown(&it, "its bundle has left the catalogue");
    }
    for (id, right) in found.first(tx.unbundled_rights(limit()).await?) {
        let Some(System { spec, .. }) = tx.system(id).await? else { continue };
        let right = spec.entitlements.get(&right).map_or("a right", |it| it.name.as_str());
        let says = "no published bundle gives this right";
        found.tell(Weight::InTime, format!("{}: {right}", spec.name), format!("/systems/{}", spec.key), says);
    }
    Ok(found.done())
}

/// What is found under one heading, as it is found.
struct Under {
    title: &'static str,
    looked_for: &'static str,
    items: Vec<FindingRow>,
    more: usize,
    beyond: bool,
}

impl Under {
    fn new(title: &'static str, looked_for: &'static str) -> Self {
        Self { title, looked_for, items: Vec::new(), more: 0, beyond: false }
    }

    /// The first of one sort, which are told; the others are counted.
    fn first<T>(&mut self, mut sort: Vec<T>) -> Vec<T> {
        self.beyond |= sort.len() > COUNTED;
        self.more += sort.len().min(COUNTED).saturating_sub(TOLD);
        sort.truncate(TOLD);
        sort
    }

    fn tell(&mut self, weight: Weight, name: String, path: String, says: impl Into<String>) {
        self.items.push(FindingRow { name, path, says: says.into(), weight });
    }

    fn outgrown(&mut self, it: &Outgrown, why: &str) {
        let name = format!("{} for {}", it.bundle, it.subject);
        let says = format!("{why}: it lasts until its end, unless it is revoked");
        self.tell(Weight::Soon, name, format!("/requests/{}", it.request), says);
    }

    fn done(mut self) -> FindingsUnder {
        // Stable: within a weight they stay in the order of their sorts.
        self.items.sort_by_key(|it| it.weight);
        FindingsUnder {
            title: self.title.to_owned(),
            looked_for: self.looked_for.to_owned(),
            items: self.items,
            more: u32::try_from(self.more).unwrap_or(u32::MAX),
            beyond: self.beyond,
        }
    }
}

/// One more is read than is counted, so that it shows whether there are more.
fn limit() -> i64 {
    i64::try_from(COUNTED + 1).unwrap_or(i64::MAX)
}

fn few_look_after_it(few: &FewOwners) -> (Weight, &'static str) {
    match (few.owners, few.backup_owners) {
        (0, 0) => (Weight::Now, "everybody who owned it or backed it up has left: nothing on it can be asked for"),
        (0, _) => (Weight::Soon, "all its owners have left, and only who backs it up decides about it"),
        (1, 0) => (Weight::Soon, "it hangs on one owner: nobody else is there, and nobody backs it up"),
        (1, _) => (Weight::InTime, "only one of its owners is there, beside who backs it up"),
        (_, _) => (Weight::InTime, "nobody is there who backs up its owners"),
    }
}

/// The first of these, and how many more there are.
fn named(mut does: Vec<String>) -> String {
    let more = does.len().saturating_sub(NAMED);
    does.truncate(NAMED);
    if more > 0 {
        does.push(format!("{more} more of the kind"));
    }
    and(&does)
}

/// Since when its access is to be gone.
fn over_since(grant: &Grant) -> DateTime<Utc> {
    match grant.state {
        State::Opening { lapses_at, .. } => lapses_at,
        State::Active { until, .. } => until,
        State::Ending { since, .. } => since,
        State::Ended { at, .. } => at,
    }
}

fn past_its_end(grant: &Grant) -> String {
    let since = over_since(grant).format("%-d %B, %H:%M UTC");
    let trouble = grant.assignments.iter().find_map(|it| it.trouble.as_ref());
    let because = trouble.map(|it| format!(": {}", it.says)).unwrap_or_default();
    format!("it was over on {since}, and nobody has seen it gone{because}")
}
