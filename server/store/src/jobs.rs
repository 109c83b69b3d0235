//! The looks that are due. A look is leased with a fencing number, so that two never run on one thing and a worker that wakes late
//! finds its number spent.

use crate::{
    Error, Store, Tx,
    save::corrupt,
    tx::{row, row_alone, rows, rows_by_text, run},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::job::JobKey;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The second from which fencing numbers are counted: the beginning of 2026. They last until 2094.
const NUMBERS_BEGIN: i64 = 1_767_225_600;

/// A look that was claimed.
#[derive(Clone, Debug)]
pub struct Claim {
    /// At what.
    pub key: JobKey,
    /// How often it had been asked for when it was claimed.
    generation: i32,
    /// The number that is spent when somebody else takes over.
    fence: i32,
    /// How often it failed in a row.
    pub attempts: u32,
}

/// A look that is due: its key, what it looks at, when it is due, and until when somebody has it.
type Due = (String, String, DateTime<Utc>, Option<DateTime<Utc>>);

impl Store {
    /// When the next look can be claimed: once it is due, or once a worker that has it did not finish in time. Asked after every change, so it
    /// is told from indexes alone.
    pub async fn next_claim(&self) -> Result<Option<DateTime<Utc>>, Error> {
        const SQL: &str = "select min(at) from (
              select min(due_at) as at from jobs where leased_until is null
              union all
              select min(leased_until) from jobs where leased_until is not null
            ) as looks";
        Ok(row_alone!(self, (Option<DateTime<Utc>>,), SQL)?.and_then(|(at,)| at))
    }
}

impl Tx {
    /// Claims the next look that is due, those that take something away before all others.
    pub async fn claim(&mut self, now: DateTime<Utc>, lease: TimeDelta) -> Result<Option<Claim>, Error> {
        const DUE: &str = "select key, payload, generation, fence, attempts from jobs
            where takes_away = $2 and due_at <= $1 and (leased_until is null or leased_until <= $1) order by due_at limit 8";
        const TAKE: &str = "update jobs set fence = $5, leased_until = $3
            where key = $1 and fence = $2 and (leased_until is null or leased_until <= $4)";
        // INVARIANT: of one thing no number is given out twice. A look that is finished goes, and its last number with it; one that is
        // asked for later must not begin where a frozen worker still stands, so the numbers follow the clock.
        let by_the_clock = i32::try_from(now.timestamp() - NUMBERS_BEGIN).unwrap_or(0);
        for takes_away in [true, false] {
            for (key, payload, generation, fence, attempts) in
                rows!(self, (String, String, i32, i32, i32), DUE, now, takes_away)?
            {
                let next = by_the_clock.max(fence + 1);
                if run!(self, TAKE, &key, fence, now + lease, now, next)? == 1 {
                    let key = serde_json::from_str(&payload).map_err(|why| corrupt("jobs", Uuid::nil(), &why))?;
                    let attempts = u32::try_from(attempts).unwrap_or(0);
                    return Ok(Some(Claim { key, generation, fence: next, attempts }));
                }
            }
        }
        Ok(None)
    }

    /// Whether the claim still holds. Every write of a look asks this in its own transaction, and the row stays locked until its end.
    pub async fn still_holds(&mut self, claim: &Claim) -> Result<bool, Error> {
        const SQL: &str = "update jobs set fence = fence where key = $1 and fence = $2";
        Ok(run!(self, SQL, claim.key.to_string(), claim.fence)? == 1)
    }

    /// Begins the lease anew, if the claim is still the newest: directly before a target is changed. False when another worker has it.
    pub async fn renew(&mut self, claim: &Claim, now: DateTime<Utc>, lease: TimeDelta) -> Result<bool, Error> {
        const SQL: &str = "update jobs set leased_until = $3 where key = $1 and fence = $2";
        Ok(run!(self, SQL, claim.key.to_string(), claim.fence, now + lease)? == 1)
    }

    /// When the looks at these can be claimed next; of one that is not there, or would look at something else, nothing.
    pub async fn next_looks(&mut self, keys: &BTreeSet<JobKey>) -> Result<BTreeMap<JobKey, DateTime<Utc>>, Error> {
        let found =
            rows_by_text!(self, Due, keys, ["select key, payload, due_at, leased_until from jobs where key"], [])?;
        let looks = found.into_iter().filter_map(|(key, payload, due_at, leased_until)| {
            let named: JobKey = serde_json::from_str(&payload).ok()?;
            let at = leased_until.map_or(due_at, |leased| leased.max(due_at));
            (named.to_string() == key).then_some((named, at))
        });
        Ok(looks.collect())
    }

    /// How often the look at this failed in a row, and when it is due; `None` when there is none.
    pub async fn tries(&mut self, key: &JobKey) -> Result<Option<(u32, DateTime<Utc>)>, Error> {
        const SQL: &str = "select attempts, due_at from jobs where key = $1";
        let found = row!(self, (i32, DateTime<Utc>), SQL, key.to_string())?;
        Ok(found.map(|(attempts, due_at)| (u32::try_from(attempts).unwrap_or(0), due_at)))
    }

    /// The look is done. If it was asked for again meanwhile, it stays due; else it goes, or comes back at `next`.
    pub async fn finish(&mut self, claim: &Claim, next: Option<DateTime<Utc>>) -> Result<(), Error> {
        const GONE: &str = "delete from jobs where key = $1 and fence = $2 and generation = $3";
        const LATER: &str = "update jobs set due_at = $4, leased_until = null, attempts = 0, takes_away = $5
            where key = $1 and fence = $2 and generation = $3";
        const AGAIN: &str = "update jobs set leased_until = null where key = $1 and fence = $2";
        let key = claim.key.to_string();
        let done = match next {
            None => run!(self, GONE, &key, claim.fence, claim.generation)?,
            Some(next) => run!(self, LATER, &key, claim.fence, claim.generation, next, claim.key.takes_away())?,
        };
        if done == 0 {
            run!(self, AGAIN, &key, claim.fence)?;
        }
        Ok(())
    }

    /// The look failed and comes back later.
    pub async fn put_back(&mut self, claim: &Claim, at: DateTime<Utc>) -> Result<(), Error> {
        const SQL: &str = "update jobs set leased_until = null, attempts = attempts + 1,
              due_at = case when generation = $4 then $3 else due_at end
            where key = $1 and fence = $2";
        run!(self, SQL, claim.key.to_string(), claim.fence, at, claim.generation)?;
        Ok(())
    }

    /// How many looks wait, and how many of them have failed at least once.
    pub async fn count_jobs(&mut self, now: DateTime<Utc>) -> Result<(u32, u32), Error> {
        let due = row!(self, (i64,), "select count(*) from jobs where due_at <= $1", now)?;
        let failing = row!(self, (i64,), "select count(*) from jobs where attempts > 0")?;
        let count = |n: Option<(i64,)>| n.map_or(0, |(n,)| u32::try_from(n).unwrap_or(u32::MAX));
        Ok((count(due), count(failing)))
    }

    /// One replica's changes are counted, or under one name those of many processes that are gone.
    pub async fn bump_changes(&mut self, replica: &str) -> Result<(), Error> {
        run!(
            self,
            "insert into changes (replica, n) values ($1, 1) on conflict (replica) do update set n = changes.n + 1",
            replica
        )?;
        Ok(())
    }

    /// How many changes there were, over all replicas.
    pub async fn count_changes(&mut self) -> Result<i64, Error> {
        // Postgres: sum of bigint is numeric, so each row is read; there are as many as replicas that served.
        Ok(rows!(self, (i64,), "select n from changes")?.into_iter().map(|(n,)| n).sum())
    }
}
