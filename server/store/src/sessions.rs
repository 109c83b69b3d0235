//! Sessions of signed-in browsers, and forms kept for a moment after a refusal.

use crate::{
    Error, Store, Tx,
    catalogue::parsed,
    tx::{row, row_alone, rows, run},
};
use chrono::{DateTime, Utc};
use domain::{
    identity::Identity,
    ids::{IdentityId, SessionId},
};
use uuid::Uuid;

/// A signed-in browser. Its id is known to the browser alone; here stands only a hash of it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The hash of its id.
    pub id_hash: String,
    /// How its owner names it.
    pub session: SessionId,
    /// Whose it is.
    pub identity: IdentityId,
    /// What the session layer keeps in it, as JSON.
    pub data: String,
    /// Since when.
    pub signed_in_at: DateTime<Utc>,
    /// When it was last used.
    pub seen_at: DateTime<Utc>,
    /// Which browser, as it calls itself.
    pub agent: String,
    /// From which address.
    pub address: String,
}

type Raw = (String, Uuid, Uuid, String, DateTime<Utc>, DateTime<Utc>, String, String);

fn session((id_hash, session, identity, data, signed_in_at, seen_at, agent, address): Raw) -> SessionRow {
    SessionRow {
        id_hash,
        session: SessionId(session),
        identity: IdentityId(identity),
        data,
        signed_in_at,
        seen_at,
        agent,
        address,
    }
}

impl Store {
    /// The session with this hash, and whose it is.
    pub async fn session(&self, id_hash: &str) -> Result<Option<(SessionRow, Identity)>, Error> {
        const SQL: &str = "select s.id_hash, s.session_id, s.identity_id, s.data, s.signed_in_at, s.seen_at, s.agent, s.address, i.body
            from sessions s join identities i on i.id = s.identity_id where s.id_hash = $1";
        let found = row_alone!(
            self,
            (String, Uuid, Uuid, String, DateTime<Utc>, DateTime<Utc>, String, String, String),
            SQL,
            id_hash
        )?;
        found
            .map(|(hash, id, whose, data, signed_in, seen, agent, address, body)| {
                let row = session((hash, id, whose, data, signed_in, seen, agent, address));
                Ok((row, parsed("identities", whose, &body)?))
            })
            .transpose()
    }
}

impl Tx {
    /// Keeps a session, new or changed.
    pub async fn save_session(&mut self, it: &SessionRow) -> Result<(), Error> {
        run!(
            self,
            "insert into sessions (id_hash, session_id, identity_id, data, signed_in_at, seen_at, agent, address)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (id_hash) do update set data = excluded.data",
            &it.id_hash,
            it.session.0,
            it.identity.0,
            &it.data,
            it.signed_in_at,
            it.seen_at,
            &it.agent,
            &it.address
        )?;
        Ok(())
    }

    /// A person's sessions, the newest first.
    pub async fn sessions_of(&mut self, who: IdentityId) -> Result<Vec<SessionRow>, Error> {
        const SQL: &str = "select id_hash, session_id, identity_id, data, signed_in_at, seen_at, agent, address
            from sessions where identity_id = $1 order by signed_in_at desc limit 100";
        Ok(rows!(self, Raw, SQL, who.0)?.into_iter().map(session).collect())
    }

    /// Notes that a session was used.
    pub async fn see_session(&mut self, id_hash: &str, now: DateTime<Utc>) -> Result<(), Error> {
        run!(self, "update sessions set seen_at = $2 where id_hash = $1", id_hash, now)?;
        Ok(())
    }

    /// Ends the session with this hash.
    pub async fn end_session(&mut self, id_hash: &str) -> Result<(), Error> {
        run!(self, "delete from sessions where id_hash = $1", id_hash)?;
        Ok(())
    }

    /// Ends one of a person's sessions; false when there is none such.
    pub async fn end_session_of(&mut self, who: IdentityId, session: SessionId) -> Result<bool, Error> {
        Ok(run!(self, "delete from sessions where identity_id = $1 and session_id = $2", who.0, session.0)? > 0)
    }

    /// Ends every session of a person.
    pub async fn end_sessions_of(&mut self, who: IdentityId) -> Result<(), Error> {
        run!(self, "delete from sessions where identity_id = $1", who.0)?;
        Ok(())
    }

    /// Keeps a refused form for a moment, bound to a session where there is one.
    pub async fn keep_form(
        &mut self,
        token_hash: &str,
        session_hash: Option<&str>,
        body: &str,
        expires_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        run!(
            self,
            "insert into kept_forms (token_hash, session_hash, body, expires_at) values ($1, $2, $3, $4)",
            token_hash,
            session_hash,
            body,
            expires_at
        )?;
        Ok(())
    }

    /// A kept form, of this session only.
    pub async fn kept_form(
        &mut self,
        token_hash: &str,
        session_hash: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, Error> {
        const SQL: &str = "select body, session_hash from kept_forms where token_hash = $1 and expires_at > $2";
        let found = row!(self, (String, Option<String>), SQL, token_hash, now)?;
        Ok(found.filter(|(_, bound)| bound.as_deref() == session_hash).map(|(body, _)| body))
    }
}
