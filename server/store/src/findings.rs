//! What is stale or missing (R74): questions that only the rows themselves can answer. Each goes through the catalogue in the order of an
//! index, or through what is live, and stops after so many; none goes through requests, decisions or events.

use crate::{
    Error, Tx,
    catalogue::{parsed, unowned},
    tx::rows,
};
use chrono::{DateTime, Utc};
use domain::{
    bundle::Bundle,
    grant::Grant,
    ids::{BundleId, EntitlementId, GroupId, RequestId, SystemId},
    resource::{ConnectorKind, System},
};
use uuid::Uuid;

/// A system that few look after: of those who own it, only they are still there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FewOwners {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// How many of its owners are there.
    pub owners: u32,
    /// How many of its backup owners are.
    pub backup_owners: u32,
}

/// A live grant that gives more than its bundle does today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgrown {
    /// The request it followed from.
    pub request: RequestId,
    /// Who has it.
    pub subject: String,
    /// By which bundle.
    pub bundle: String,
}

impl Tx {
    /// The first of the systems that fewer than two owners or no backup owner look after, those with the fewest before the others.
    pub async fn systems_with_few_owners(&mut self, limit: i64) -> Result<Vec<FewOwners>, Error> {
        const SQL: &str = "select s.key, s.name, s.owners, s.backups from (
              select x.id, x.key, x.name,
                (select count(*) from system_owners o join identities i on i.id = o.identity_id
                  where o.system_id = x.id and not o.backup and i.active) as owners,
                (select count(*) from system_owners o join identities i on i.id = o.identity_id
                  where o.system_id = x.id and o.backup and i.active) as backups
              from systems x where x.id > $1
            ) as s where s.owners < 2 or s.backups = 0 order by s.owners + s.backups, s.name, s.id limit $2";
        let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        let found = rows!(self, (String, String, i64, i64), SQL, Uuid::nil(), limit)?;
        Ok(found
            .into_iter()
            .map(|(key, name, owners, backups)| FewOwners {
                key,
                name,
                owners: count(owners),
                backup_owners: count(backups),
            })
            .collect())
    }

    /// The first of the published bundles of which nobody who is there owns some part, so that they left the catalogue: key and name.
    pub async fn unowned_bundles(&mut self, limit: i64) -> Result<Vec<(String, String)>, Error> {
        const SQL: &str = concat!(
            "select key, name from bundles where name >= $1 and listed and ",
            unowned!(),
            " order by name, id limit $2"
        );
        rows!(self, (String, String), SQL, crate::FIRST, limit)
    }

    /// The first of the non-human identities for which nobody who is there answers: key and name.
    pub async fn unowned_identities(&mut self, limit: i64) -> Result<Vec<(String, String)>, Error> {
        // Only what is no person has owners. SQLite: a cross join is walked in the order it is written; else it reads everybody there is.
        const SQL: &str = "select distinct o.identity_id, i.key, i.name from identity_owners o cross join identities i
            where o.identity_id > $1 and i.id = o.identity_id and i.active and not exists (
              select 1 from identity_owners p join identities w on w.id = p.owner_id
              where p.identity_id = o.identity_id and w.active)
            order by o.identity_id limit $2";
        let found = rows!(self, (Uuid, String, String), SQL, Uuid::nil(), limit)?;
        Ok(found.into_iter().map(|(_, key, name)| (key, name)).collect())
    }

    /// A page of the groups that bundles or systems name and in which no person stands who is there; some may be in them all the same, by
    /// a grant or through other groups.
    pub async fn named_groups_without_members(&mut self, from: GroupId, limit: i64) -> Result<Vec<GroupId>, Error> {
        const SQL: &str = "select g.id from groups g where g.id > $1
              and (exists (select 1 from system_groups s where s.group_id = g.id)
                or exists (select 1 from bundle_groups b where b.group_id = g.id))
              and not exists (select 1 from group_members m join identities i on i.id = m.identity_id
                where m.group_id = g.id and i.active and i.kind = 'person')
            order by g.id limit $2";
        Ok(rows!(self, (Uuid,), SQL, from.0, limit)?.into_iter().map(|(id,)| GroupId(id)).collect())
    }

    /// The first of the rights that no bundle in the catalogue confers, on systems of which one confers others.
    pub async fn unbundled_rights(&mut self, limit: i64) -> Result<Vec<(SystemId, EntitlementId)>, Error> {
        const SQL: &str = "select e.system_id, e.id from entitlements e where e.system_id > $1
              and not exists (select 1 from bundle_entitlements b where b.entitlement_id = e.id)
              and exists (select 1 from entitlements o join bundle_entitlements b on b.entitlement_id = o.id
                where o.system_id = e.system_id)
            order by e.system_id, e.id limit $2";
        let found = rows!(self, (Uuid, Uuid), SQL, Uuid::nil(), limit)?;
        Ok(found.into_iter().map(|(system, id)| (SystemId(system), EntitlementId(id))).collect())
    }

    /// The first of the systems of which no bundle in the catalogue confers anything: key and name.
    pub async fn unbundled_systems(&mut self, limit: i64) -> Result<Vec<(String, String)>, Error> {
        const SQL: &str = "select s.key, s.name from systems s where s.name >= $1
              and not exists (select 1 from entitlements e join bundle_entitlements b on b.entitlement_id = e.id
                where e.system_id = s.id)
            order by s.name, s.id limit $2";
        rows!(self, (String, String), SQL, crate::FIRST, limit)
    }

    /// The first of the live grants that give a right which their bundle does not confer today: of the bundles that can still be asked for,
    /// where a newer version is narrower, or of those that were retired.
    pub async fn outgrown_grants(&mut self, listed: bool, limit: i64) -> Result<Vec<Outgrown>, Error> {
        const SQL: &str = "select g.request_id, i.name, b.name from grants g
              join bundles b on b.id = g.bundle_id join identities i on i.id = g.subject_id
            where g.state in ('opening', 'active') and b.listed = $1 and exists (
              select 1 from assignments a where a.grant_id = g.id and not exists (
                select 1 from bundle_entitlements be
                where be.bundle_id = g.bundle_id and be.entitlement_id = a.entitlement_id))
            order by g.id limit $2";
        let found = rows!(self, (Uuid, String, String), SQL, listed, limit)?;
        Ok(found
            .into_iter()
            .map(|(request, subject, bundle)| Outgrown { request: RequestId(request), subject, bundle })
            .collect())
    }

    /// A page of the published bundles that nobody asked for since a moment, the oldest first.
    pub async fn unasked_bundles(
        &mut self,
        since: DateTime<Utc>,
        from: BundleId,
        limit: i64,
    ) -> Result<Vec<Bundle>, Error> {
        // Only the newest request of each is looked at.
        const SQL: &str = "select b.id, b.body from bundles b where b.id > $1 and b.listed
              and coalesce((select r.asked_at from requests r where r.bundle_id = b.id order by r.id desc limit 1), $2) <= $2
            order by b.id limit $3";
        let found = rows!(self, (Uuid, String), SQL, from.0, since, limit)?;
        found.into_iter().map(|(id, body)| parsed("bundles", id, &body)).collect()
    }

    /// The first of the bundles whose published version names a right that is not in the catalogue any more: key and name.
    pub async fn bundles_naming_lost_rights(&mut self, limit: i64) -> Result<Vec<(String, String)>, Error> {
        const SQL: &str = "select distinct n.bundle_id, b.key, b.name from bundle_entitlements n cross join bundles b
            where n.bundle_id > $1 and b.id = n.bundle_id
              and not exists (select 1 from entitlements e where e.id = n.entitlement_id)
            order by n.bundle_id limit $2";
        let found = rows!(self, (Uuid, String, String), SQL, Uuid::nil(), limit)?;
        Ok(found.into_iter().map(|(_, key, name)| (key, name)).collect())
    }

    /// The first of the systems that are changed in this way, by name.
    pub async fn systems_changed_by(&mut self, kind: ConnectorKind, limit: i64) -> Result<Vec<System>, Error> {
        const SQL: &str =
            "select s.id, s.body from systems s where s.name >= $1 and s.connector = $2 order by s.name, s.id limit $3";
        let found = rows!(self, (Uuid, String), SQL, crate::FIRST, kind.word(), limit)?;
        found.into_iter().map(|(id, body)| parsed("systems", id, &body)).collect()
    }

    /// The first of the systems on which rights of live grants are in trouble: key, name and how many.
    pub async fn troubled_systems(&mut self, limit: i64) -> Result<Vec<(String, String, u32)>, Error> {
        const SQL: &str = "select s.key, s.name, count(*) from grants g
              join assignments a on a.grant_id = g.id join systems s on s.id = a.system_id
            where g.state in ('opening', 'active', 'ending') and a.trouble is not null
            group by s.key, s.name order by s.name, s.key limit $1";
        let found = rows!(self, (String, String, i64), SQL, limit)?;
        Ok(found.into_iter().map(|(key, name, n)| (key, name, u32::try_from(n).unwrap_or(u32::MAX))).collect())
    }

    /// The first of the grants that are past their end at a moment and not over: those that are ending, and those whose end did not begin.
    pub async fn grants_past_their_end(&mut self, now: DateTime<Utc>, limit: i64) -> Result<Vec<Grant>, Error> {
        const SQL: &str = "select g.id, g.body from grants g
            where g.state in ('opening', 'active', 'ending') and (g.until is null or g.until <= $1)
            order by g.id limit $2";
        let found = rows!(self, (Uuid, String), SQL, now, limit)?;
        found.into_iter().map(|(id, body)| parsed("grants", id, &body)).collect()
    }
}
