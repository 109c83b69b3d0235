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

/// How long a key is blocked.
#[derive(Clone, Copy, Debug)]
pub struct Blocked {
    /// Until when.
    pub until: DateTime<Utc>,
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
            crate::catalogue::without_nul(email)
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
        run!(self, "update invitations set used_at = $2 where identity_id = $1 and used_at is null", who.0, now)?;
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

    /// Whether a link of this person still works.
    pub async fn has_open_invitation(&mut self, who: IdentityId, now: DateTime<Utc>) -> Result<bool, Error> {
        const SQL: &str =
            "select id from invitations where identity_id = $1 and used_at is null and expires_at > $2 limit 1";
        Ok(row!(self, (Uuid,), SQL, who.0, now)?.is_some())
    }

    /// Whether a key (an account, an address) is blocked now.
    pub async fn blocked(&mut self, key: &str, now: DateTime<Utc>) -> Result<Option<Blocked>, Error> {
        const SQL: &str = "select blocked_until from throttles where key = $1 and blocked_until > $2";
        Ok(row!(self, (DateTime<Utc>,), SQL, key, now)?.map(|(until,)| Blocked { until }))
    }

    /// Counts one more try against a key. From `free` tries on each blocks it, twice as long each time, an hour at the most; a quiet
    /// day forgets them.
    pub async fn count_try(&mut self, key: &str, free: u32, now: DateTime<Utc>) -> Result<(), Error> {
        const SQL: &str = "select failures from throttles where key = $1 and forget_at > $2";
        let before = row!(self, (i32,), SQL, key, now)?.map_or(0, |(n,)| n);
        let failures = before.saturating_add(1);
        let beyond = u32::try_from(failures).unwrap_or(0).saturating_sub(free);
        let pause = if beyond == 0 { 0 } else { (1_i64 << beyond.min(12)).min(3600) };
        run!(
            self,
            "insert into throttles (key, failures, blocked_until, forget_at) values ($1, $2, $3, $4)
             on conflict (key) do update set failures = excluded.failures, blocked_until = excluded.blocked_until,
               forget_at = excluded.forget_at",
            key,
            failures,
            now + TimeDelta::seconds(pause),
            now + TimeDelta::days(1)
        )?;
        Ok(())
    }

    /// Forgets the tries against a key.
    pub async fn forget_tries(&mut self, key: &str) -> Result<(), Error> {
        run!(self, "delete from throttles where key = $1", key)?;
        Ok(())
    }

    /// Takes back the one try that has just been counted, as it was right: those before it still count.
    pub async fn take_back_try(&mut self, key: &str, now: DateTime<Utc>) -> Result<(), Error> {
        const SQL: &str =
            "update throttles set failures = failures - 1, blocked_until = $2 where key = $1 and failures > 0";
        run!(self, SQL, key, now)?;
        Ok(())
    }

    /// Removes what has run out: tries, links, kept forms and sessions.
    pub async fn sweep(&mut self, now: DateTime<Utc>, sessions_before: DateTime<Utc>) -> Result<(), Error> {
        run!(self, "delete from throttles where forget_at <= $1", now)?;
        run!(self, "delete from invitations where expires_at <= $1", now - TimeDelta::days(30))?;
        run!(self, "delete from kept_forms where expires_at <= $1", now)?;
        run!(self, "delete from sessions where signed_in_at <= $1", sessions_before)?;
        Ok(())
    }
}
