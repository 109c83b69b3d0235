//! Passwords, one-time links and throttles.

use crate::{
    Error, Tx,
    tx::{row, rows, run},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{IdentityId, InvitationId};
use uuid::Uuid;

/// A one-time link that still works.
#[derive(Clone, Debug)]
pub struct OpenInvitation {
    /// Which.
    pub id: InvitationId,
    /// For whom.
    pub identity: IdentityId,
}

/// How many tries a key has.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// So many are free; from then on each blocks the key, twice as long each time, an hour at the most.
    pub free: u32,
    /// So long after the first of them all are forgotten, whatever came after it.
    pub remembered: TimeDelta,
}

/// What became of a try that was to be counted.
#[derive(Clone, Debug)]
pub enum Counted {
    /// It counts, and may be made.
    Try(Try),
    /// The key is blocked, and nothing was counted.
    Blocked {
        /// Until when.
        until: DateTime<Utc>,
    },
}

/// A try that was counted, with all that is needed to take it back.
#[derive(Clone, Debug)]
pub struct Try {
    key: String,
    forget_at: DateTime<Utc>,
    blocked_before: DateTime<Utc>,
    blocked_until: DateTime<Utc>,
}

/// For how long a key is blocked after so many tries.
fn pause(failures: i32, free: u32) -> Option<TimeDelta> {
    let beyond = u32::try_from(failures).unwrap_or(0).saturating_sub(free);
    (beyond > 0).then(|| TimeDelta::seconds((1_i64 << beyond.min(12)).min(3600)))
}

impl Tx {
    /// A person's password hash.
    pub async fn password(&mut self, who: IdentityId) -> Result<Option<String>, Error> {
        Ok(row!(self, (String,), "select hash from passwords where identity_id = $1", who.0)?.map(|(hash,)| hash))
    }

    /// Keeps a person's password hash.
    pub async fn save_password(&mut self, who: IdentityId, hash: &str, now: DateTime<Utc>) -> Result<(), Error> {
        run!(
            self,
            "insert into passwords (identity_id, hash, set_at) values ($1, $2, $3)
             on conflict (identity_id) do update set hash = excluded.hash, set_at = excluded.set_at",
            who.0,
            hash,
            now
        )?;
        Ok(())
    }

    /// Forgets a person's password, as if there had never been one.
    pub async fn drop_password(&mut self, who: IdentityId) -> Result<(), Error> {
        run!(self, "delete from passwords where identity_id = $1", who.0)?;
        Ok(())
    }

    /// Notes that somebody has signed in.
    pub async fn mark_signed_in(&mut self, who: IdentityId, now: DateTime<Utc>) -> Result<(), Error> {
        run!(self, "update passwords set signed_in_at = $2 where identity_id = $1", who.0, now)?;
        Ok(())
    }

    /// How many admins have ever signed in.
    pub async fn count_admins_signed_in(&mut self) -> Result<i64, Error> {
        const SQL: &str = "select count(*) from passwords p join identities i on i.id = p.identity_id
            where i.admin and i.active and p.signed_in_at is not null";
        Ok(row!(self, (i64,), SQL)?.map_or(0, |(n,)| n))
    }

    /// The identity with this address, in lower case; none where two share it.
    pub async fn identity_by_email(&mut self, email: &str) -> Result<Option<domain::identity::Identity>, Error> {
        let found = rows!(
            self,
            (Uuid, String),
            "select id, body from identities where email = $1 limit 2",
            crate::tx::without_nul(email)
        )?;
        match found.as_slice() {
            [(id, body)] => crate::catalogue::parsed("identities", *id, body).map(Some),
            _ => Ok(None),
        }
    }

    /// Keeps a one-time link; earlier ones of the same person stop working.
    pub async fn save_invitation(
        &mut self,
        id: InvitationId,
        token_hash: &str,
        who: IdentityId,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.void_invitations(who, now).await?;
        run!(
            self,
            "insert into invitations (id, token_hash, identity_id, expires_at) values ($1, $2, $3, $4)",
            id.0,
            token_hash,
            who.0,
            expires_at
        )?;
        Ok(())
    }

    /// No one-time link of this person works any more.
    pub async fn void_invitations(&mut self, who: IdentityId, now: DateTime<Utc>) -> Result<(), Error> {
        run!(self, "update invitations set used_at = $2 where identity_id = $1 and used_at is null", who.0, now)?;
        Ok(())
    }

    /// The link with this token, if it still works.
    pub async fn invitation(&mut self, token_hash: &str, now: DateTime<Utc>) -> Result<Option<OpenInvitation>, Error> {
        const SQL: &str = "select id, identity_id from invitations
            where token_hash = $1 and used_at is null and expires_at > $2";
        Ok(row!(self, (Uuid, Uuid), SQL, token_hash, now)?
            .map(|(id, identity)| OpenInvitation { id: InvitationId(id), identity: IdentityId(identity) }))
    }

    /// Uses the link up; false when somebody else just did.
    pub async fn use_invitation(&mut self, id: InvitationId, now: DateTime<Utc>) -> Result<bool, Error> {
        Ok(run!(self, "update invitations set used_at = $2 where id = $1 and used_at is null", id.0, now)? == 1)
    }

    /// Whether anybody was given a one-time link, as far back as links are remembered.
    pub async fn has_invitations(&mut self) -> Result<bool, Error> {
        Ok(row!(self, (Uuid,), "select id from invitations limit 1")?.is_some())
    }

    /// Counts one more try against a key (a name, an address), unless it is blocked. The row stays locked until the commit, so tries of
    /// one moment are counted one after another.
    pub async fn count_try(&mut self, key: &str, budget: Budget, now: DateTime<Utc>) -> Result<Counted, Error> {
        const COUNT: &str = "insert into throttles (key, failures, blocked_until, forget_at) values ($1, 1, $2, $3)
            on conflict (key) do update set
              failures = case when throttles.blocked_until > $2 then throttles.failures
                              when throttles.forget_at <= $2 then 1
                              else throttles.failures + 1 end,
              forget_at = case when throttles.blocked_until > $2 or throttles.forget_at > $2 then throttles.forget_at
                               else excluded.forget_at end
            returning failures, blocked_until, forget_at";
        const BLOCK: &str = "update throttles set blocked_until = $2 where key = $1";
        // SQLite: read to its end, so that the statement is over before the next one.
        let counted = rows!(self, (i32, DateTime<Utc>, DateTime<Utc>), COUNT, key, now, now + budget.remembered)?.pop();
        let Some((failures, blocked_before, forget_at)) = counted else { return Err(Error::Conflict) };
        if blocked_before > now {
            return Ok(Counted::Blocked { until: blocked_before });
        }
        let mut blocked_until = blocked_before;
        if let Some(pause) = pause(failures, budget.free) {
            blocked_until = now + pause;
            run!(self, BLOCK, key, blocked_until)?;
        }
        Ok(Counted::Try(Try { key: key.to_owned(), forget_at, blocked_before, blocked_until }))
    }

    /// Forgets the tries against a key.
    pub async fn forget_tries(&mut self, key: &str) -> Result<(), Error> {
        run!(self, "delete from throttles where key = $1", key)?;
        Ok(())
    }

    /// Takes back a try, as it was right: the key stands as if it had never been counted, and those of others still count.
    pub async fn take_back_try(&mut self, it: &Try) -> Result<(), Error> {
        const LESS: &str = "update throttles set failures = failures - 1,
              blocked_until = case when blocked_until = $3 then $4 else blocked_until end
            where key = $1 and forget_at = $2 and failures > 0";
        const NONE: &str = "delete from throttles where key = $1 and failures = 0";
        run!(self, LESS, &it.key, it.forget_at, it.blocked_until, it.blocked_before)?;
        run!(self, NONE, &it.key)?;
        Ok(())
    }

    /// Removes what has run out: tries, links, kept forms and sessions.
    pub async fn sweep(&mut self, now: DateTime<Utc>, sessions_before: DateTime<Utc>) -> Result<(), Error> {
        run!(self, "delete from throttles where forget_at <= $1 and blocked_until <= $1", now)?;
        run!(self, "delete from invitations where expires_at <= $1", now - TimeDelta::days(30))?;
        run!(self, "delete from kept_forms where expires_at <= $1", now)?;
        run!(self, "delete from pending where expires_at <= $1", now)?;
        run!(self, "delete from sessions where signed_in_at <= $1", sessions_before)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_beyond_the_free_ones_blocks_for_twice_as_long_up_to_an_hour() {
        let seconds = |failures| pause(failures, 5).map_or(0, |pause| pause.num_seconds());
        assert_eq!([1, 5, 6, 7, 8].map(seconds), [0, 0, 2, 4, 8]);
        assert_eq!([16, 17, 1000, i32::MAX].map(seconds), [2048, 3600, 3600, 3600]);
    }
}
