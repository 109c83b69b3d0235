//! Doing the looks that are due: claimed one by one under a lease, those that take something away first.

use crate::{Error, Portal, grants::Looked};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, job::JobKey};
use std::time::Duration;
use store::{Claim, ReplayOf};
use tokio::{task::JoinSet, time::timeout};

/// How long a look may take before another worker takes over: longer than any look, and what it left a target at, can take.
pub(crate) const LEASE: TimeDelta = TimeDelta::seconds(90);
/// How many looks run side by side: a slow target must not hold up the others.
const SIDE_BY_SIDE: usize = 8;
/// How long what is under way is waited for before looking whether something new is due.
const MEANWHILE: Duration = Duration::from_millis(250);
/// The longest pause between two tries.
pub(crate) const LONGEST_PAUSE: i64 = 600;

impl Portal {
    /// Does looks that are due, at most `limit`; gives how many it did.
    pub async fn run_due_jobs(&self, limit: u32) -> Result<u32, Error> {
        let mut done = 0;
        let mut trouble = None;
        // Tasks of their own: one that holds the pen must go on while another waits for it.
        let mut under_way = JoinSet::new();
        loop {
            while trouble.is_none() && under_way.len() < SIDE_BY_SIDE && done < limit {
                match self.claim().await {
                    Ok(Some(claim)) => {
                        let portal = self.clone();
                        under_way.spawn(async move { portal.look(&claim).await });
                        done += 1;
                    }
                    Ok(None) => break,
                    // What is under way is finished first.
                    Err(error) => trouble = Some(error),
                }
            }
            match timeout(MEANWHILE, under_way.join_next()).await {
                Ok(None) => return trouble.map_or(Ok(done), Err),
                // A defect in one look is no reason to leave the others undone; its lease runs out, and it is tried again.
                Ok(Some(Err(defect))) => tracing::error!(%defect, "a look did not end"),
                Ok(Some(Ok(()))) | Err(_) => {}
            }
        }
    }

    async fn claim(&self) -> Result<Option<Claim>, Error> {
        // A quick look without the write lock: most of the time nothing is due.
        if self.store().next_claim().await?.is_none_or(|at| at > self.now()) {
            return Ok(None);
        }
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            let claim = tx.claim(self.now(), LEASE).await?;
            tx.commit().await?;
            Ok(claim)
        })
        .await
    }

    async fn look(&self, claim: &Claim) {
        let outcome = match &claim.key {
            JobKey::Request { .. }
            | JobKey::Grant { .. }
            | JobKey::Deciders {}
            | JobKey::Replay { .. }
            | JobKey::GuardrailReplay {} => self.look_in_one_go(claim).await,
            // Rights of one grant are looked at side by side; whoever writes second looks again.
            JobKey::Right(right) => match self.retrying(|| self.look_at_right(claim, right)).await {
                Ok(Looked::Settled) => self.finish(claim, None).await,
                Ok(Looked::Failed) => self.put_back(claim).await,
                Ok(Looked::TakenOver) => Ok(()),
                Err(error) => Err(error),
            },
        };
        if let Err(error) = outcome {
            tracing::warn!(job = %claim.key, "a look failed and will be tried again: {error}");
            if let Err(error) = self.put_back(claim).await {
                // The lease runs out, and the look is taken up again then.
                tracing::warn!(job = %claim.key, "could not be put back: {error}");
            }
        }
    }

    /// Looks that only read and write the portal's own memory are done in one transaction with the job's end.
    async fn look_in_one_go(&self, claim: &Claim) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            if !tx.still_holds(claim).await? {
                return Ok(());
            }
            let next = match &claim.key {
                JobKey::Request { id } => self.tend_request(&mut tx, *id).await?,
                JobKey::Grant { id } => self.tend_grant(&mut tx, *id).await?,
                JobKey::Replay { bundle } => self.tend_replay(&mut tx, ReplayOf::Bundle(*bundle)).await?,
                JobKey::GuardrailReplay {} => self.tend_replay(&mut tx, ReplayOf::Guardrails).await?,
                JobKey::Deciders {} => self.reroute(&mut tx).await.map(|_| None)?,
                JobKey::Right(_) => None,
            };
            tx.finish(claim, next).await?;
            self.commit(tx).await
        })
        .await
    }

    /// Begins the lease of a look anew, directly before it changes its target. False when another worker has taken over.
    pub(crate) async fn renew(&self, claim: &Claim) -> Result<bool, Error> {
        let mut tx = self.store().write().await?;
        let holds = tx.renew(claim, self.now(), LEASE).await?;
        tx.commit().await?;
        Ok(holds)
    }

    async fn finish(&self, claim: &Claim, next: Option<DateTime<Utc>>) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        tx.finish(claim, next).await?;
        self.commit(tx).await
    }

    async fn put_back(&self, claim: &Claim) -> Result<(), Error> {
        let pause = (5_i64 << claim.attempts.min(8)).min(LONGEST_PAUSE);
        let mut tx = self.store().write().await?;
        tx.put_back(claim, self.now() + TimeDelta::seconds(pause)).await?;
        self.commit(tx).await
    }

    /// Removes what has run out. Once in a while is enough.
    pub async fn tidy(&self) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        let now = self.now();
        tx.sweep(now, now - self.setup().absolute).await?;
        tx.commit().await?;
        tracing::debug!(actor = %Actor::System, "tidied up");
        Ok(())
    }

    /// Gives memory back that is of use only where the same is read again soon.
    pub async fn free_memory(&self) -> Result<(), Error> {
        Ok(self.store().free_memory().await?)
    }
}
