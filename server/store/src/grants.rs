//! Reading grants and the two ledgers of what is approved and what was seen.

use crate::{
    Error, Tx,
    catalogue::{a_key, parsed},
    requests::before,
    tx::{row, rows},
};
use chrono::{DateTime, Utc};
use domain::{
    grant::Grant,
    ids::{BundleId, EntitlementId, GrantId, IdentityId, RequestId, SystemId},
    job::RightKey,
    text::Key,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How it stands with a system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnSystem {
    /// How many can act on it now by a grant: a right of theirs was seen there.
    pub there: u32,
    /// For how many it is only being made.
    pub coming: u32,
    /// How many rights are in trouble.
    pub trouble: u32,
}

/// Whether the access of a grant `g` is there, as [`Grant::is_there`] tells it. That it has not ended is said once more in the words of an
/// index.
macro_rules! is_there {
    () => {
        "g.state <> 'ended' and (g.state = 'active' or (g.state = 'ending' and exists (
           select 1 from assignments p where p.grant_id = g.id and p.present)))"
    };
}

impl Tx {
    /// One grant.
    pub async fn grant(&mut self, id: GrantId) -> Result<Option<Grant>, Error> {
        let found = row!(self, (Uuid, String), "select id, body from grants where id = $1", id.0)?;
        found.map(|(id, body)| parsed("grants", id, &body)).transpose()
    }

    /// The grant that followed from a request.
    pub async fn grant_of(&mut self, request: RequestId) -> Result<Option<Grant>, Error> {
        let found = row!(self, (Uuid, String), "select id, body from grants where request_id = $1", request.0)?;
        found.map(|(id, body)| parsed("grants", id, &body)).transpose()
    }

    /// Every grant that has this right and is not over, or whose right was not seen to be gone.
    pub async fn grants_on(&mut self, right: &RightKey) -> Result<Vec<Grant>, Error> {
        const SQL: &str = "select g.id, g.body from assignments a join grants g on g.id = a.grant_id
            where a.system_id = $1 and a.entitlement_id = $2 and a.account = $3 and g.state <> 'ended' order by g.id";
        collect(rows!(self, (Uuid, String), SQL, right.system.0, right.entitlement.0, &right.account)?)
    }

    /// Whether a right stands by no grant of ours, so that it ends with none: it was there before the last grant that looked at it, and
    /// was not seen to be gone since.
    pub async fn stands_by_itself(&mut self, right: &RightKey) -> Result<bool, Error> {
        const SQL: &str = "select found_before, present from assignments
            where system_id = $1 and entitlement_id = $2 and account = $3 and present is not null
            order by grant_id desc limit 1";
        let newest = row!(self, (bool, bool), SQL, right.system.0, right.entitlement.0, &right.account)?;
        Ok(newest.is_some_and(|(found_before, present)| found_before && present))
    }

    /// The rights on a system that grants which are not over speak of: which right, of which account.
    pub async fn live_rights_on(&mut self, system: SystemId) -> Result<Vec<(EntitlementId, String)>, Error> {
        const SQL: &str = "select distinct a.entitlement_id, a.account from assignments a
            join grants g on g.id = a.grant_id where a.system_id = $1 and g.state <> 'ended' order by 1, 2";
        let found = rows!(self, (Uuid, String), SQL, system.0)?;
        Ok(found.into_iter().map(|(id, account)| (EntitlementId(id), account)).collect())
    }

    /// The accounts of an identity that its grants which are not over speak of, by system.
    pub async fn live_accounts_of(&mut self, who: IdentityId) -> Result<Vec<(SystemId, String)>, Error> {
        const SQL: &str = "select distinct a.system_id, a.account from assignments a
            join grants g on g.id = a.grant_id where g.subject_id = $1 and g.state <> 'ended' order by 1, 2";
        let found = rows!(self, (Uuid, String), SQL, who.0)?;
        Ok(found.into_iter().map(|(id, account)| (SystemId(id), account)).collect())
    }

    /// A person's grants that are not over, the newest first.
    pub async fn live_grants_of(&mut self, who: IdentityId) -> Result<Vec<Grant>, Error> {
        const SQL: &str = "select id, body from grants where subject_id = $1 and state <> 'ended' order by id desc";
        collect(rows!(self, (Uuid, String), SQL, who.0)?)
    }

    /// A page of a person's grants that are over, the newest first.
    pub async fn ended_grants_of(&mut self, who: IdentityId, from: &str, limit: i64) -> Result<Vec<Grant>, Error> {
        const SQL: &str = "select id, body from grants where subject_id = $1 and state = 'ended' and id < $2
            order by id desc limit $3";
        collect(rows!(self, (Uuid, String), SQL, who.0, before(from), limit)?)
    }

    /// The bundles that count when rules are judged, each with its key, its name and whether a grant of it is live: those that are asked for,
    /// but for one request, and those that are held, but for one grant that is being continued. Those that are only being made, or are being taken
    /// away, count too.
    pub async fn held_or_asked(
        &mut self,
        who: IdentityId,
        asked: Option<RequestId>,
        continued: Option<GrantId>,
    ) -> Result<BTreeMap<BundleId, (Key, String, bool)>, Error> {
        // What is both asked for and held is held: it comes last.
        const SQL: &str =
            "select b.id, b.key, b.name, false from requests r join bundles b on b.id = r.bundle_id and b.key > ''
              where r.subject_id = $1 and r.state in ('waiting', 'approved') and r.id <> $2
            union all
            select b.id, b.key, b.name, true from grants g join bundles b on b.id = g.bundle_id and b.key > ''
              where g.subject_id = $1 and g.state <> 'ended' and g.id <> $3
            order by 4";
        let asked = asked.map_or(Uuid::nil(), |id| id.0);
        let continued = continued.map_or(Uuid::nil(), |id| id.0);
        let found = rows!(self, (Uuid, String, String, bool), SQL, who.0, asked, continued)?;
        found
            .into_iter()
            .map(|(id, key, name, live)| Ok((BundleId(id), (a_key("bundles", id, &key)?, name, live))))
            .collect()
    }

    /// The bundles somebody has to do with, each with its name and where it stands: `waiting`, `approved`, `opening`, `ending` or
    /// `active`.
    pub async fn standings_of(&mut self, who: IdentityId) -> Result<BTreeMap<BundleId, (String, String)>, Error> {
        // Asked for, opening, ending, active: of several the last counts, which is the nearest to being there.
        const SQL: &str =
            "select b.id, b.name, r.state, 0 from requests r join bundles b on b.id = r.bundle_id and b.key > ''
              where r.subject_id = $1 and r.state in ('waiting', 'approved')
            union all
            select b.id, b.name, g.state, case g.state when 'opening' then 1 when 'ending' then 2 else 3 end
              from grants g join bundles b on b.id = g.bundle_id and b.key > ''
              where g.subject_id = $1 and g.state <> 'ended'
            order by 4";
        let found = rows!(self, (Uuid, String, String, i32), SQL, who.0)?;
        Ok(found.into_iter().map(|(id, name, state, _)| (BundleId(id), (name, state))).collect())
    }

    /// How many have a bundle now: it is there.
    pub async fn count_who_have(&mut self, bundle: BundleId) -> Result<u32, Error> {
        const SQL: &str =
            concat!("select count(distinct g.subject_id) from grants g where g.bundle_id = $1 and ", is_there!());
        Ok(count(row!(self, (i64,), SQL, bundle.0)?))
    }

    /// Who else has a bundle now: the first of them by name, and how many they are in all.
    pub async fn others_who_have(
        &mut self,
        bundle: BundleId,
        but: IdentityId,
        limit: i64,
    ) -> Result<(Vec<String>, u32), Error> {
        const SQL: &str = concat!(
            "select name, count(*) over () from (
               select distinct i.id, i.name from grants g
                 join identities i on i.id = g.subject_id and i.active in (true, false)
               where g.bundle_id = $1 and g.subject_id <> $2 and ",
            is_there!(),
            ") as others order by name, id limit $3"
        );
        let found = rows!(self, (String, i64), SQL, bundle.0, but.0, limit)?;
        let in_all = count(found.first().map(|(_, in_all)| (*in_all,)));
        Ok((found.into_iter().map(|(name, _)| name).collect(), in_all))
    }

    /// A person's earlier grants of a bundle, the newest first.
    pub async fn grants_of_bundle(
        &mut self,
        who: IdentityId,
        bundle: BundleId,
        limit: i64,
    ) -> Result<Vec<Grant>, Error> {
        const SQL: &str =
            "select id, body from grants where subject_id = $1 and bundle_id = $2 order by id desc limit $3";
        collect(rows!(self, (Uuid, String), SQL, who.0, bundle.0, limit)?)
    }

    /// A page of the grants that are not over and have a right on a system, the newest first.
    pub async fn live_grants_on(&mut self, system: SystemId, from: &str, limit: i64) -> Result<Vec<Grant>, Error> {
        const SQL: &str = "select g.id, g.body from grants g
            where g.state in ('opening', 'active', 'ending') and g.id < $2
              and exists (select 1 from assignments a where a.grant_id = g.id and a.system_id = $1)
            order by g.id desc limit $3";
        collect(rows!(self, (Uuid, String), SQL, system.0, before(from), limit)?)
    }

    /// How it stands with a system.
    pub async fn count_on(&mut self, system: SystemId) -> Result<OnSystem, Error> {
        const THERE: &str = "select count(distinct g.subject_id) from assignments a join grants g on g.id = a.grant_id
            where a.system_id = $1 and g.state in ('opening', 'active', 'ending') and a.present";
        const COMING: &str = "select count(distinct g.subject_id) from assignments a join grants g on g.id = a.grant_id
            where a.system_id = $1 and g.state = 'opening' and not coalesce(a.present, false)";
        const TROUBLE: &str = "select count(*) from assignments a join grants g on g.id = a.grant_id
            where a.system_id = $1 and g.state in ('opening', 'active', 'ending') and a.trouble is not null";
        Ok(OnSystem {
            there: count(row!(self, (i64,), THERE, system.0)?),
            coming: count(row!(self, (i64,), COMING, system.0)?),
            trouble: count(row!(self, (i64,), TROUBLE, system.0)?),
        })
    }

    /// By how many grants an identity has access now: it is there.
    pub async fn count_there_of(&mut self, who: IdentityId) -> Result<u32, Error> {
        const SQL: &str = concat!("select count(*) from grants g where g.subject_id = $1 and ", is_there!());
        Ok(count(row!(self, (i64,), SQL, who.0)?))
    }

    /// Who is in a group by a live grant, and until when.
    pub async fn members_by_grant(
        &mut self,
        group_key: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<(IdentityId, DateTime<Utc>)>, Error> {
        // SQLite: a cross join is walked in the order it is written; else it reads every live grant.
        const SQL: &str =
            "select gr.subject_id, gr.until from entitlements e cross join assignments a cross join grants gr
            where e.directory and e.native = $1 and a.entitlement_id = e.id and not a.ended and gr.id = a.grant_id
              and gr.state = 'active' and gr.until > $2 order by gr.until";
        Ok(rows!(self, (Uuid, DateTime<Utc>), SQL, group_key, now)?
            .into_iter()
            .map(|(id, until)| (IdentityId(id), until))
            .collect())
    }
}

fn count(found: Option<(i64,)>) -> u32 {
    found.map_or(0, |(n,)| u32::try_from(n).unwrap_or(u32::MAX))
}

fn collect(found: Vec<(Uuid, String)>) -> Result<Vec<Grant>, Error> {
    found.into_iter().map(|(id, body)| parsed("grants", id, &body)).collect()
}
