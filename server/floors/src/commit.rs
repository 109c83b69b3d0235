//! The floors of asking and deciding: the rows that the portal writes, by as many statements and in the same order, in one durable
//! transaction. Nothing is read, judged or hashed; under a new id each time the examples are written in turn.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, ensure};
use operations::{Clock as _, Ids as _, Portal, SystemClock, SystemIds};
use store::{Store, Tx};
use uuid::Uuid;

use crate::copies;
use crate::example::{Example, Written};
use crate::sql::{insert, run, run_for_ids};

/// How many different acts are written in turn.
pub const EXAMPLES: usize = 32;

/// How many requests wait for a decision at the beginning, in portions of [`STOCK`]; each decision takes one, and each ask adds one.
const PORTIONS: usize = 10;

/// How many are written at once where none waits any more.
const STOCK: usize = 500;

/// So far apart are those that come one after another.
const STRIDE: usize = 7919;

/// What is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// What an ask writes.
    Ask,
    /// What an approval writes.
    Decide,
}

/// All that the floors need to write.
pub struct Floors {
    /// What is written, and as whose act it was rehearsed.
    pub examples: Vec<Example>,
    store: Store,
    ids: SystemIds,
    people: InTurn,
    systems: InTurn,
    turn: AtomicUsize,
    waiting: Mutex<VecDeque<Waiting>>,
}

/// A request that waits for a decision.
struct Waiting {
    id: Uuid,
    example: usize,
}

/// Rows that are held in turn, so that two commits seldom wait for the same.
struct InTurn {
    ids: Vec<Uuid>,
    turn: AtomicUsize,
}

impl Floors {
    /// Rehearses so many examples, and makes the tables to write them to.
    pub async fn open(portal: &Portal, store: Store, examples: usize) -> Result<Self> {
        let examples = Example::rehearse(portal, &store, examples).await?;
        copies::make(&store).await?;
        let people = InTurn::of(copies::ids(&store, "select id from floor_identities order by id").await?);
        let systems = InTurn::of(copies::ids(&store, "select id from floor_systems order by id").await?);
        let (ids, turn, waiting) = (SystemIds::default(), AtomicUsize::new(0), Mutex::default());
        Ok(Self { examples, store, ids, people, systems, turn, waiting })
    }

    /// Writes the requests that wait at the beginning.
    pub async fn stock_up(&self) -> Result<()> {
        for _ in 0..PORTIONS {
            self.stock().await?;
        }
        Ok(())
    }

    /// Commits one act.
    pub async fn commit(&self, act: Act) -> Result<()> {
        match act {
            Act::Ask => {
                let mut tx = self.store.write().await?;
                let example = self.next_example();
                self.hold(&mut tx, &self.examples[example].asked).await?;
                let asked = self.ask(&mut tx, example).await?;
                tx.commit().await?;
                self.wait([asked]);
            }
            Act::Decide => {
                let waiting = self.next_waiting().await?;
                let mut tx = self.store.write().await?;
                self.decide(&mut tx, &waiting).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Takes away what was made for it.
    pub async fn close(&self) -> Result<()> {
        copies::remove(&self.store).await?;
        self.store.close().await;
        Ok(())
    }

    async fn stock(&self) -> Result<()> {
        let mut tx = self.store.write().await?;
        let mut asked = Vec::new();
        for _ in 0..STOCK {
            // Nothing is held for these: whoever writes many would wait for others, who wait for them.
            asked.push(self.ask(&mut tx, self.next_example()).await?);
        }
        tx.commit().await?;
        self.wait(asked);
        Ok(())
    }

    fn wait(&self, asked: impl IntoIterator<Item = Waiting>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(asked);
    }

    async fn next_waiting(&self) -> Result<Waiting> {
        loop {
            let next = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(next) = next {
                return Ok(next);
            }
            self.stock().await?;
        }
    }

    /// The next example, to be asked for.
    fn next_example(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed) % self.examples.len()
    }

    async fn ask(&self, tx: &mut Tx, example: usize) -> Result<Waiting> {
        let (id, written) = (self.fresh(), &self.examples[example].asked);
        let row = &written.request;
        run!(
            tx,
            "insert into floor_requests (id, version, body, bundle_id, subject_id, asker_id, state, approval_id, asked_at, until,
               owes_review, decided_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            id,
            row.version,
            &row.body,
            row.bundle_id,
            self.somebody(),
            row.asker_id,
            &row.state,
            row.approval_id.map(|_| self.fresh()),
            row.asked_at,
            row.until,
            row.owes_review,
            row.decided_at
        )?;
        insert_deciders(tx, id, written).await?;
        let (seq, head) = written.head()?;
        run!(tx, "insert into floor_streams (id, seq, head) values ($1, $2, $3)", id, seq, head)?;
        self.follow(tx, id, example, written).await?;
        Ok(Waiting { id, example })
    }

    async fn decide(&self, tx: &mut Tx, waiting: &Waiting) -> Result<()> {
        let Waiting { id, example } = *waiting;
        let (asked, written) = (&self.examples[example].asked, &self.examples[example].decided);
        let row = &written.request;
        self.hold(tx, written).await?;
        let changed = run!(
            tx,
            "update floor_requests set version = $2, body = $3, state = $4, approval_id = $5, until = $6, owes_review = $7,
               decided_at = $8
             where id = $1 and version = $9",
            id,
            row.version,
            &row.body,
            &row.state,
            row.approval_id.map(|_| self.fresh()),
            row.until,
            row.owes_review,
            row.decided_at,
            asked.request.version
        )?;
        ensure!(
            changed == 1,
            "a request that waits was changed by somebody else: let one program at a time write floors"
        );
        run!(tx, "delete from floor_deciders where request_id = $1", id)?;
        insert_deciders(tx, id, written).await?;
        for decision in &written.decisions {
            run!(
                tx,
                "insert into floor_decisions (request_id, identity_id, approves, at, since) values ($1, $2, $3, $4, $5)",
                id,
                decision.identity_id,
                decision.approves,
                decision.at,
                decision.since
            )?;
        }
        let ((before, prev), (seq, head)) = (asked.head()?, written.head()?);
        run!(
            tx,
            "update floor_streams set seq = $2, head = $3 where id = $1 and seq = $4 and head = $5",
            id,
            seq,
            head,
            before,
            prev
        )?;
        self.follow(tx, id, example, written).await
    }

    /// As many rows are held as the act holds, in one order, so that nobody waits for each other.
    async fn hold(&self, tx: &mut Tx, written: &Written) -> Result<()> {
        for person in self.people.next(written.held.people) {
            run!(tx, "update floor_identities set touched = touched + 1 where id = $1", person)?;
        }
        for system in self.systems.next(written.held.systems) {
            run!(tx, "update floor_systems set touched = touched + 1 where id = $1", system)?;
        }
        Ok(())
    }

    /// What every act ends with: its events, texts, looks and notices.
    async fn follow(&self, tx: &mut Tx, id: Uuid, example: usize, written: &Written) -> Result<()> {
        let (rehearsed, named) = (self.examples[example].id.to_string(), id.to_string());
        for event in &written.events {
            run!(
                tx,
                "insert into floor_events (id, stream_id, seq, at, thing, thing_id, name, actor_id, bytes, hash)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                self.fresh(),
                id,
                event.seq,
                event.at,
                &event.thing,
                id,
                &event.name,
                event.actor_id,
                event.bytes.as_slice(),
                &event.hash
            )?;
        }
        insert!(tx, "insert into floor_texts (id, salt, body) ", &written.texts, |it| [
            self.fresh(),
            &it.salt,
            &it.body
        ])?;
        for job in &written.jobs {
            run!(
                tx,
                "insert into floor_jobs (key, payload, due_at, takes_away, generation, fence, attempts)
                 values ($1, $2, $3, $4, 1, 0, 0)
                 on conflict (key) do update set
                   due_at = case when excluded.due_at < floor_jobs.due_at then excluded.due_at else floor_jobs.due_at end,
                   takes_away = case when excluded.takes_away then excluded.takes_away else floor_jobs.takes_away end,
                   generation = floor_jobs.generation + 1, attempts = 0",
                job.key.replace(&rehearsed, &named),
                job.payload.replace(&rehearsed, &named),
                job.due_at,
                job.takes_away
            )?;
        }
        insert!(tx, "insert into floor_notices (id, identity_id, at, says, path) ", &written.notices, |it| [
            self.fresh(),
            it.identity_id,
            it.at,
            &it.says,
            it.path.replace(&rehearsed, &named)
        ])?;
        Ok(())
    }

    fn fresh(&self) -> Uuid {
        self.ids.next(SystemClock.now())
    }

    /// Anybody: those for whom something is asked are spread over all people.
    fn somebody(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.ids.secret()[..16]);
        Uuid::from_bytes(bytes)
    }
}

/// All of them at once, as the portal does: what else stands in them is the same in each.
async fn insert_deciders(tx: &mut Tx, id: Uuid, written: &Written) -> Result<()> {
    let Some(first) = written.deciders.first() else { return Ok(()) };
    run_for_ids!(
        tx,
        written.deciders.iter().map(|decider| decider.identity_id),
        "insert into floor_deciders (request_id, identity_id, weighty, in_person) select $2, id, $3, $4",
        id,
        first.weighty,
        first.in_person
    )?;
    Ok(())
}

impl InTurn {
    fn of(ids: Vec<Uuid>) -> Self {
        Self { ids, turn: AtomicUsize::new(0) }
    }

    /// The next so many, far apart as those are whom people ask for, in the order of their ids.
    fn next(&self, count: i64) -> Vec<Uuid> {
        let count = usize::try_from(count).unwrap_or(0).min(self.ids.len());
        let from = self.turn.fetch_add(count, Ordering::Relaxed);
        let mut next: Vec<_> =
            (from..from + count).map(|turn| self.ids[turn.wrapping_mul(STRIDE) % self.ids.len()]).collect();
        next.sort_unstable();
        next
    }
}
