//! Reading grants and the two ledgers of what is approved and what was seen.

use crate::{
    Error, Tx,
    catalogue::parsed,
    requests::before,
    tx::{row, rows},
};
use chrono::{DateTime, Utc};
use domain::{
    grant::Grant,
    ids::{BundleId, EntitlementId, GrantId, IdentityId, RequestId, SystemId},
    job::RightKey,
};
use std::collections::BTreeMap;
use uuid::Uuid;

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

    /// The bundles a person holds by live grants, but for one grant that is being continued.
    pub async fn held_bundles(
        &mut self,
        who: IdentityId,
        except: Option<GrantId>,
    ) -> Result<BTreeMap<BundleId, String>, Error> {
        const SQL: &str = "select b.id, b.name from grants g join bundles b on b.id = g.bundle_id
            where g.subject_id = $1 and g.state in ('opening', 'active', 'ending') and g.id <> $2";
        let except = except.map_or(Uuid::nil(), |id| id.0);
        Ok(rows!(self, (Uuid, String), SQL, who.0, except)?
            .into_iter()
            .map(|(id, name)| (BundleId(id), name))
            .collect())
    }

    /// The live grants of a bundle, the newest first.
    pub async fn live_grants_by(&mut self, bundle: BundleId, limit: i64) -> Result<Vec<Grant>, Error> {
        const SQL: &str =
            "select id, body from grants where bundle_id = $1 and state in ('opening', 'active', 'ending')
            order by id desc limit $2";
        collect(rows!(self, (Uuid, String), SQL, bundle.0, limit)?)
    }

    /// How many live grants a bundle has.
    pub async fn count_live_by(&mut self, bundle: BundleId) -> Result<u32, Error> {
        const SQL: &str =
            "select count(*) from grants where bundle_id = $1 and state in ('opening', 'active', 'ending')";
        Ok(count(row!(self, (i64,), SQL, bundle.0)?))
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

    /// The grants that can act on a system now, the newest first.
    pub async fn live_grants_on(&mut self, system: SystemId, limit: i64) -> Result<Vec<Grant>, Error> {
        const SQL: &str = "select g.id, g.body from grants g
            where g.state in ('opening', 'active', 'ending')
              and exists (select 1 from assignments a where a.grant_id = g.id and a.system_id = $1)
            order by g.id desc limit $2";
        collect(rows!(self, (Uuid, String), SQL, system.0, limit)?)
    }

    /// How many grants can act on a system now, and how many rights there are in trouble.
    pub async fn count_on(&mut self, system: SystemId) -> Result<(u32, u32), Error> {
        const LIVE: &str = "select count(distinct a.grant_id) from assignments a join grants g on g.id = a.grant_id
            where a.system_id = $1 and g.state in ('opening', 'active', 'ending')";
        const TROUBLE: &str = "select count(*) from assignments a join grants g on g.id = a.grant_id
            where a.system_id = $1 and g.state in ('opening', 'active', 'ending') and a.trouble is not null";
        Ok((count(row!(self, (i64,), LIVE, system.0)?), count(row!(self, (i64,), TROUBLE, system.0)?)))
    }

    /// How many live grants an identity has.
    pub async fn count_live_of(&mut self, who: IdentityId) -> Result<u32, Error> {
        const SQL: &str =
            "select count(*) from grants where subject_id = $1 and state in ('opening', 'active', 'ending')";
        Ok(count(row!(self, (i64,), SQL, who.0)?))
    }

    /// Who is in a group by a live grant, and until when.
    pub async fn members_by_grant(
        &mut self,
        group_key: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<(IdentityId, DateTime<Utc>)>, Error> {
        const SQL: &str = "select gr.subject_id, gr.until from entitlements e
            join assignments a on a.entitlement_id = e.id join grants gr on gr.id = a.grant_id
            where e.directory and e.native = $1 and gr.state = 'active' and gr.until > $2 order by gr.until";
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
