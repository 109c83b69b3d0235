//! How far the replay of a draft is, and what it has found: operational, as it can be made again from the record at any time.

use crate::{
    Error, Tx,
    catalogue::parsed,
    save::{as_int, corrupt},
    tx::{row, rows, run},
};
use chrono::{DateTime, Utc};
use domain::{
    guardrail::GuardrailSet,
    ids::{BundleId, RequestId},
    replay::{Progress, Replayed},
    request::Request,
};
use uuid::Uuid;

/// What the draft is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOf {
    /// Of a bundle.
    Bundle(BundleId),
    /// Of the guardrails.
    Guardrails,
}

impl ReplayOf {
    /// Under which id its newest replay is kept: that of its chain.
    fn id(self) -> Uuid {
        match self {
            Self::Bundle(bundle) => bundle.0,
            Self::Guardrails => GuardrailSet::STREAM.0,
        }
    }
}

/// The newest replay of a draft of one thing.
#[derive(Clone, Debug)]
pub struct ReplayRow {
    /// Of which draft.
    pub number: u32,
    /// The last request that was judged again.
    pub walked_to: RequestId,
    /// How many requests were looked at.
    pub done: u32,
    /// Of how many requests there were when it began.
    pub total: u32,
    /// When the last of them was judged again, if it was.
    pub finished_at: Option<DateTime<Utc>>,
    /// What was found so far.
    pub result: Replayed,
}

impl ReplayRow {
    /// How far it is, for the draft with this number.
    pub fn progress(&self, number: u32) -> Progress {
        if self.number != number {
            return Progress::NotBegun;
        }
        match self.finished_at {
            Some(_) => Progress::Finished,
            None => Progress::Running { done: self.done, total: self.total.max(self.done) },
        }
    }
}

impl Tx {
    /// Begins the replay of a draft, in the place of any other of its bundle.
    pub async fn begin_replay(&mut self, of: ReplayOf, number: u32, now: DateTime<Utc>) -> Result<(), Error> {
        const SQL: &str =
            "insert into replays (draft_of, number, walked_to, done, total, began_at, finished_at, result)
             values ($1, $2, $3, $4, $5, $6, null, $7)
             on conflict (draft_of) do update set number = excluded.number, walked_to = excluded.walked_to,
               done = excluded.done, total = excluded.total, began_at = excluded.began_at,
               finished_at = null, result = excluded.result";
        let total = self.count_requests().await?;
        let nothing = written(of, &Replayed::default())?;
        run!(self, SQL, of.id(), as_int(number), Uuid::nil(), 0_i32, total, now, &nothing)?;
        Ok(())
    }

    /// The newest replay.
    pub async fn replay(&mut self, of: ReplayOf) -> Result<Option<ReplayRow>, Error> {
        const SQL: &str = "select number, walked_to, done, total, finished_at, result from replays where draft_of = $1";
        let found = row!(self, (i32, Uuid, i32, i32, Option<DateTime<Utc>>, String), SQL, of.id())?;
        let Some((number, walked_to, done, total, finished_at, result)) = found else { return Ok(None) };
        Ok(Some(ReplayRow {
            number: u32::try_from(number).unwrap_or(0),
            walked_to: RequestId(walked_to),
            done: u32::try_from(done).unwrap_or(0),
            total: u32::try_from(total).unwrap_or(0),
            finished_at,
            result: parsed("replays", of.id(), &result)?,
        }))
    }

    /// Writes down how far a replay has come.
    pub async fn advance_replay(&mut self, of: ReplayOf, to: &ReplayRow) -> Result<(), Error> {
        const SQL: &str = "update replays set walked_to = $3, done = $4, finished_at = $5, result = $6
            where draft_of = $1 and number = $2";
        let result = written(of, &to.result)?;
        let (number, done) = (as_int(to.number), as_int(to.done));
        run!(self, SQL, of.id(), number, to.walked_to.0, done, to.finished_at, &result)?;
        Ok(())
    }

    /// Lets the finished replay of a draft go on, with what was asked since.
    pub async fn reopen_replay(&mut self, of: ReplayOf, number: u32) -> Result<(), Error> {
        const SQL: &str = "update replays set finished_at = null, total = $3 where draft_of = $1 and number = $2";
        let total = self.count_requests().await?;
        run!(self, SQL, of.id(), as_int(number), total)?;
        Ok(())
    }

    async fn count_requests(&mut self) -> Result<i32, Error> {
        let total = row!(self, (i64,), "select count(*) from requests")?;
        Ok(total.map_or(0, |(n,)| i32::try_from(n).unwrap_or(i32::MAX)))
    }

    /// The recorded requests, whatever became of them, a page at a time.
    pub async fn recorded_requests(&mut self, from: RequestId, limit: i64) -> Result<Vec<Request>, Error> {
        const SQL: &str = "select id, body from requests where id > $1 order by id limit $2";
        let found = rows!(self, (Uuid, String), SQL, from.0, limit)?;
        found.into_iter().map(|(id, body)| parsed("requests", id, &body)).collect()
    }
}

fn written(of: ReplayOf, result: &Replayed) -> Result<String, Error> {
    serde_json::to_string(result).map_err(|why| corrupt("replays", of.id(), &why))
}
