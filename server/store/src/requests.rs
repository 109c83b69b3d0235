//! Reading requests and the texts that belong to them.

use crate::{
    Error, Listed, Tx,
    catalogue::parsed,
    tx::{hex_list, insert, row, rows, rows_among, run},
};
use chrono::{DateTime, Utc};
use domain::{
    grant::Grant,
    ids::{BundleId, IdentityId, NoticeId, RequestId, TextId},
    request::Request,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// When something was asked for, and when it was decided.
pub type Wait = (DateTime<Utc>, DateTime<Utc>);

/// The cursor of a list whose newest comes first: an id, or the start.
pub(crate) fn before(cursor: &str) -> Uuid {
    cursor.parse().unwrap_or(Uuid::max())
}

/// The cursor of a list in two parts, one after the other: in which part, and after which id there.
pub(crate) fn in_part(cursor: &str) -> Option<(bool, Uuid)> {
    let (part, id) = cursor.split_once('~')?;
    Some((part.parse().ok()?, id.parse().ok()?))
}

/// The cursor that comes after a line of such a list.
pub(crate) fn part(part: bool, id: Uuid) -> String {
    format!("{part}~{id}")
}

impl Tx {
    /// One request.
    pub async fn request(&mut self, id: RequestId) -> Result<Option<Request>, Error> {
        let found = row!(self, (String,), "select body from requests where id = $1", id.0)?;
        found.map(|(body,)| parsed("requests", id.0, &body)).transpose()
    }

    /// These requests.
    pub async fn requests_among(&mut self, ids: &BTreeSet<RequestId>) -> Result<BTreeMap<RequestId, Request>, Error> {
        let found = rows_among!(self, (Uuid, String), ids, ["select id, body from requests where id"])?;
        collect(found).map(|requests| requests.into_iter().map(|it| (it.id, it)).collect())
    }

    /// A page of the requests that wait for this person: the weighty ones before the others, and of each the oldest first.
    pub async fn requests_to_decide(
        &mut self,
        who: IdentityId,
        from: &str,
        limit: i64,
    ) -> Result<Vec<Listed<Request>>, Error> {
        const SQL: &str = "select r.id, r.body, d.weighty from deciders d join requests r on r.id = d.request_id
            where d.identity_id = $1 and (d.weighty < $2 or (d.weighty = $2 and d.request_id > $3))
            order by d.weighty desc, d.request_id limit $4";
        let (weighty, id) = in_part(from).unwrap_or((true, Uuid::nil()));
        rows!(self, (Uuid, String, bool), SQL, who.0, weighty, id, limit)?
            .into_iter()
            .map(|(id, body, weighty)| Ok(Listed { cursor: part(weighty, id), it: parsed("requests", id, &body)? }))
            .collect()
    }

    /// A page of the requests that wait for those who let this person decide in their place, each once, in the same order; but for what the
    /// person asked for, would get, or decided on already.
    pub async fn requests_to_decide_for_others(
        &mut self,
        who: IdentityId,
        now: DateTime<Utc>,
        from: &str,
        limit: i64,
    ) -> Result<Vec<Listed<Request>>, Error> {
        const SQL: &str = "select r.id, r.body, d.weighty from delegations g
              join deciders d on d.identity_id = g.identity_id
              join requests r on r.id = d.request_id
              join identities i on i.id = g.identity_id
            where g.delegate_id = $1 and g.from_at <= $2 and g.until_at > $2 and i.active and not d.in_person
              and r.asker_id <> $1 and r.subject_id <> $1
              and not exists (select 1 from decisions x where x.request_id = r.id and x.identity_id = $1)
              and (d.weighty < $3 or (d.weighty = $3 and d.request_id > $4))
            group by r.id, d.weighty order by d.weighty desc, r.id limit $5";
        let (weighty, id) = in_part(from).unwrap_or((true, Uuid::nil()));
        rows!(self, (Uuid, String, bool), SQL, who.0, now, weighty, id, limit)?
            .into_iter()
            .map(|(id, body, weighty)| Ok(Listed { cursor: part(weighty, id), it: parsed("requests", id, &body)? }))
            .collect()
    }

    /// Whom those who may decide a request let decide in their place now, unless they are asked in person.
    pub async fn delegates_on(&mut self, request: RequestId, now: DateTime<Utc>) -> Result<Vec<IdentityId>, Error> {
        const SQL: &str = "select distinct g.delegate_id from deciders d
              join delegations g on g.identity_id = d.identity_id
            where d.request_id = $1 and not d.in_person and g.from_at <= $2 and g.until_at > $2
            order by g.delegate_id";
        let found = rows!(self, (Uuid,), SQL, request.0, now)?;
        Ok(found.into_iter().map(|(id,)| IdentityId(id)).collect())
    }

    /// Who named this person to decide in their place, and whose time for it is not over.
    pub async fn delegators_of(&mut self, who: IdentityId, now: DateTime<Utc>) -> Result<Vec<IdentityId>, Error> {
        const SQL: &str =
            "select identity_id from delegations where delegate_id = $1 and until_at > $2 order by identity_id";
        let found = rows!(self, (Uuid,), SQL, who.0, now)?;
        Ok(found.into_iter().map(|(id,)| IdentityId(id)).collect())
    }

    /// A page of the open requests that this person asked for or would get, the newest first.
    pub async fn open_requests_of(&mut self, who: IdentityId, from: &str, limit: i64) -> Result<Vec<Request>, Error> {
        const SQL: &str =
            "select id, body from requests where state in ('waiting', 'approved') and subject_id = $1 and id < $2
            union
            select id, body from requests where state in ('waiting', 'approved') and asker_id = $1 and id < $2
            order by 1 desc limit $3";
        collect(rows!(self, (Uuid, String), SQL, who.0, before(from), limit)?)
    }

    /// How many open requests this person asked for or would get.
    pub async fn count_open_requests_of(&mut self, who: IdentityId) -> Result<u32, Error> {
        const SQL: &str = "select count(*) from (
              select id from requests where state in ('waiting', 'approved') and subject_id = $1
              union
              select id from requests where state in ('waiting', 'approved') and asker_id = $1
            ) as found";
        Ok(row!(self, (i64,), SQL, who.0)?.map_or(0, |(n,)| u32::try_from(n).unwrap_or(u32::MAX)))
    }

    /// Every open request, a page at a time, for working out again who may decide.
    pub async fn open_requests(&mut self, from: RequestId, limit: i64) -> Result<Vec<Request>, Error> {
        const SQL: &str =
            "select id, body from requests where state in ('waiting', 'approved') and id > $1 order by id limit $2";
        collect(rows!(self, (Uuid, String), SQL, from.0, limit)?)
    }

    /// A page of the exceptions whose access has ended and whose review is owed, with their grants, the oldest first.
    pub async fn owed_reviews(&mut self, from: RequestId, limit: i64) -> Result<Vec<(Request, Grant)>, Error> {
        const SQL: &str = "select r.id, r.body, g.id, g.body from requests r join grants g on g.request_id = r.id
            where r.owes_review = $1 and r.id > $2 and g.state = 'ended' order by r.id limit $3";
        rows!(self, (Uuid, String, Uuid, String), SQL, true, from.0, limit)?
            .into_iter()
            .map(|(id, body, grant, of)| Ok((parsed("requests", id, &body)?, parsed("grants", grant, &of)?)))
            .collect()
    }

    /// How long the last requests that were granted of each of these bundles waited: when they were asked for and when they were decided.
    pub async fn recent_waits(
        &mut self,
        bundles: &BTreeSet<BundleId>,
        limit: i64,
    ) -> Result<BTreeMap<BundleId, Vec<Wait>>, Error> {
        // SQLite has no lateral join: what would be its rows is one value here.
        const ON_SQLITE: &str = "select b.id, (select json_group_array(json_array(asked_at, decided_at)) from (
                select asked_at, decided_at from requests
                where bundle_id = b.id and state = 'granted' order by id desc limit $2
            ) as r)
            from bundles b where b.id in (select unhex(value) from json_each($1))";
        const ON_POSTGRES: &str = "select b.id, r.asked_at, r.decided_at from unnest($1::uuid[]) as b (id)
            cross join lateral (
                select asked_at, decided_at from requests
                where bundle_id = b.id and state = 'granted' order by id desc limit $2
            ) as r where r.decided_at is not null";
        let ids: Vec<Uuid> = bundles.iter().map(|id| id.0).collect();
        let mut waits: BTreeMap<_, Vec<_>> = BTreeMap::new();
        match self {
            Self::Sqlite(tx) => {
                let found: Vec<(Uuid, String)> =
                    sqlx::query_as(ON_SQLITE).bind(hex_list(&ids)).bind(limit).fetch_all(&mut **tx).await?;
                for (id, of_bundle) in found {
                    let of_bundle: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> = parsed("requests", id, &of_bundle)?;
                    let decided = of_bundle.into_iter().filter_map(|(asked, decided)| Some((asked, decided?)));
                    waits.insert(BundleId(id), decided.collect());
                }
            }
            Self::Postgres(tx) => {
                let found: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> =
                    sqlx::query_as(ON_POSTGRES).bind(ids).bind(limit).fetch_all(&mut **tx).await?;
                for (id, asked, decided) in found {
                    waits.entry(BundleId(id)).or_default().push((asked, decided));
                }
            }
        }
        Ok(waits)
    }

    /// The newest decisions on what was asked for somebody, but for one request: by whom, on which bundle, whether yes, and when.
    pub async fn last_decided_for(
        &mut self,
        subject: IdentityId,
        but: Option<RequestId>,
        limit: i64,
    ) -> Result<Vec<(String, String, bool, DateTime<Utc>)>, Error> {
        const SQL: &str = "select i.name, b.name, d.approves, d.at from requests r
              join decisions d on d.request_id = r.id
              join identities i on i.id = d.identity_id and i.active in (true, false)
              join bundles b on b.id = r.bundle_id and b.key > ''
            where r.subject_id = $1 and r.id <> $2 order by r.id desc, d.at desc limit $3";
        let but = but.map_or(Uuid::nil(), |id| id.0);
        rows!(self, (String, String, bool, DateTime<Utc>), SQL, subject.0, but, limit)
    }

    /// A free text: `None` when it was erased.
    pub async fn text(&mut self, id: TextId) -> Result<Option<String>, Error> {
        Ok(row!(self, (Option<String>,), "select body from texts where id = $1", id.0)?.and_then(|(body,)| body))
    }

    /// These free texts; without those that were erased.
    pub async fn texts(&mut self, ids: &BTreeSet<TextId>) -> Result<BTreeMap<TextId, String>, Error> {
        let found =
            rows_among!(self, (Uuid, String), ids, ["select id, body from texts where body is not null and id"])?;
        Ok(found.into_iter().map(|(id, body)| (TextId(id), body)).collect())
    }

    /// Free texts with their salts, for checking their hashes: none when the row is gone, an empty text when it was erased.
    pub async fn salted_texts(
        &mut self,
        ids: &BTreeSet<TextId>,
    ) -> Result<BTreeMap<TextId, (String, Option<String>)>, Error> {
        let found =
            rows_among!(self, (Uuid, String, Option<String>), ids, ["select id, salt, body from texts where id"])?;
        Ok(found.into_iter().map(|(id, salt, body)| (TextId(id), (salt, body))).collect())
    }

    /// Tells people something, each by a notice of their own, with where it leads.
    pub async fn notify(
        &mut self,
        told: &[(NoticeId, IdentityId, &str)],
        at: DateTime<Utc>,
        path: &str,
    ) -> Result<(), Error> {
        insert!(self, "insert into notices (id, identity_id, at, says, path) ", told, |(id, who, says)| [
            id.0, who.0, at, *says, path
        ])
    }

    /// Whether a person was told something that leads there.
    pub async fn was_told(&mut self, who: IdentityId, path: &str) -> Result<bool, Error> {
        const SQL: &str = "select id from notices where identity_id = $1 and path = $2 limit 1";
        Ok(row!(self, (Uuid,), SQL, who.0, path)?.is_some())
    }

    /// Whether a person was told something that leads there, at this moment or later.
    pub async fn was_told_since(&mut self, who: IdentityId, path: &str, since: DateTime<Utc>) -> Result<bool, Error> {
        const SQL: &str = "select id from notices where identity_id = $1 and path = $2 and at >= $3 limit 1";
        Ok(row!(self, (Uuid,), SQL, who.0, path, since)?.is_some())
    }

    /// A page of a person's notices, the newest first.
    pub async fn notices(
        &mut self,
        who: IdentityId,
        from: &str,
        limit: i64,
    ) -> Result<Vec<(Uuid, DateTime<Utc>, String, String, Option<DateTime<Utc>>)>, Error> {
        const SQL: &str = "select id, at, says, path, read_at from notices where identity_id = $1 and id < $2
            order by id desc limit $3";
        rows!(self, (Uuid, DateTime<Utc>, String, String, Option<DateTime<Utc>>), SQL, who.0, before(from), limit)
    }

    /// A person has read all their notices.
    pub async fn read_notices(&mut self, who: IdentityId, now: DateTime<Utc>) -> Result<(), Error> {
        run!(self, "update notices set read_at = $2 where identity_id = $1 and read_at is null", who.0, now)?;
        Ok(())
    }
}

fn collect(found: Vec<(Uuid, String)>) -> Result<Vec<Request>, Error> {
    found.into_iter().map(|(id, body)| parsed("requests", id, &body)).collect()
}
