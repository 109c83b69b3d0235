//! What of authenticators does not belong into the trail, and acts that wait for their step-up.

use crate::{
    Error, Tx,
    tx::{row, run},
};
use chrono::{DateTime, Utc};
use domain::ids::{AuthenticatorId, IdentityId, PendingId};

impl Tx {
    /// Keeps the sealed secret of an authenticator app, or whose a passkey is; false when the passkey is known already.
    pub async fn keep_authenticator(
        &mut self,
        id: AuthenticatorId,
        whose: IdentityId,
        credential: Option<&str>,
        sealed: Option<&str>,
    ) -> Result<bool, Error> {
        let kept = run!(
            self,
            "insert into authenticators (id, identity_id, credential, sealed) values ($1, $2, $3, $4)
             on conflict (credential) do nothing",
            id.0,
            whose.0,
            credential,
            sealed
        )?;
        Ok(kept == 1)
    }

    /// The sealed secret of an authenticator app.
    pub async fn sealed(&mut self, id: AuthenticatorId) -> Result<Option<String>, Error> {
        let found = row!(self, (Option<String>,), "select sealed from authenticators where id = $1", id.0)?;
        Ok(found.and_then(|(sealed,)| sealed))
    }

    /// Lets go of an authenticator.
    pub async fn drop_authenticator(&mut self, id: AuthenticatorId) -> Result<(), Error> {
        run!(self, "delete from authenticators where id = $1", id.0)?;
        Ok(())
    }

    /// Lets go of every authenticator of somebody, and of what they were about to confirm.
    pub async fn drop_authenticators_of(&mut self, whose: IdentityId) -> Result<(), Error> {
        run!(self, "delete from authenticators where identity_id = $1", whose.0)?;
        run!(self, "delete from pending where identity_id = $1", whose.0)?;
        Ok(())
    }

    /// Keeps an act until it is confirmed.
    pub async fn keep_pending(
        &mut self,
        id: PendingId,
        whose: IdentityId,
        body: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        run!(
            self,
            "insert into pending (id, identity_id, body, expires_at) values ($1, $2, $3, $4)",
            id.0,
            whose.0,
            body,
            expires_at
        )?;
        Ok(())
    }

    /// What this person is about to confirm.
    pub async fn pending(
        &mut self,
        id: PendingId,
        whose: IdentityId,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, Error> {
        const SQL: &str = "select body from pending where id = $1 and identity_id = $2 and expires_at > $3";
        Ok(row!(self, (String,), SQL, id.0, whose.0, now)?.map(|(body,)| body))
    }

    /// Takes away what was confirmed; false when it was gone before.
    pub async fn take_pending(&mut self, id: PendingId, whose: IdentityId) -> Result<bool, Error> {
        Ok(run!(self, "delete from pending where id = $1 and identity_id = $2", id.0, whose.0)? == 1)
    }

    /// How many acts of this person wait.
    pub async fn count_pending(&mut self, whose: IdentityId, now: DateTime<Utc>) -> Result<i64, Error> {
        const SQL: &str = "select count(*) from pending where identity_id = $1 and expires_at > $2";
        Ok(row!(self, (i64,), SQL, whose.0, now)?.map_or(0, |(count,)| count))
    }
}
