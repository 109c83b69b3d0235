//! Sessions as operations see them: which browsers are signed in, until when, and forms kept for a moment. Ages are judged by our clock.

use crate::{Error, Portal, ids::hashed};
use chrono::TimeDelta;
use domain::{
    Actor,
    ids::{IdentityId, SessionId},
    views::SessionView,
};
use store::SessionRow;

/// SHA-256 of a session's id; the id itself is known to the browser alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKeyHash(pub [u8; 32]);

/// A session that is in force.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub identity: IdentityId,
    /// Their name.
    pub name: String,
}

/// A session's last use is written down at most this often.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long a refused form is kept.
const FORM_KEPT_FOR: TimeDelta = TimeDelta::minutes(15);

impl SessionKeyHash {
    fn text(self) -> String {
        hex::encode(self.0)
    }
}

impl Portal {
    /// Begins a session.
    pub async fn begin_session(
        &self,
        key: &SessionKeyHash,
        who: IdentityId,
        address: &str,
        agent: &str,
    ) -> Result<(), Error> {
        let now = self.now();
        let session = SessionRow {
            id_hash: key.text(),
            session: SessionId(self.new_id()),
            identity: who,
            data: String::new(),
            signed_in_at: now,
            seen_at: now,
            agent: agent.chars().filter(|c| !c.is_control()).take(200).collect(),
            address: address.chars().take(60).collect(),
        };
        let mut tx = self.store().write().await?;
        tx.save_session(&session).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The session behind a key, while it is in force: not ended, not too long unused, not too old, and its owner still belongs.
    /// `touch` says that it is being used.
    pub async fn session(&self, key: &SessionKeyHash, touch: bool) -> Result<Option<LiveSession>, Error> {
        let now = self.now();
        let Some((session, identity)) = self.store().session(&key.text()).await? else { return Ok(None) };
        let in_force = now < session.signed_in_at + self.setup().absolute && now < session.seen_at + self.setup().idle;
        if !in_force || !identity.may_act() {
            return Ok(None);
        }
        if touch && now >= session.seen_at + SEEN_EVERY {
            let mut tx = self.store().write().await?;
            tx.see_session(&key.text(), now).await?;
            tx.commit().await?;
        }
        Ok(Some(LiveSession { id: session.session, identity: identity.id, name: identity.spec.name }))
    }

    /// Ends the session behind a key.
    pub async fn forget_session(&self, key: &SessionKeyHash) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        tx.end_session(&key.text()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The actor's sessions that are in force.
    pub async fn sessions(&self, actor: &Actor, current: &SessionKeyHash) -> Result<Vec<SessionView>, Error> {
        let who = actor.person().ok_or(Error::NotFound)?;
        let now = self.now();
        let mut tx = self.store().read().await?;
        let sessions = tx.sessions_of(who).await?;
        Ok(sessions
            .into_iter()
            .filter(|s| now < s.signed_in_at + self.setup().absolute && now < s.seen_at + self.setup().idle)
            .map(|s| SessionView {
                id: s.session,
                signed_in_at: s.signed_in_at,
                seen_at: s.seen_at,
                agent: s.agent,
                address: s.address,
                current: s.id_hash == current.text(),
            })
            .collect())
    }

    /// Ends one of the actor's sessions.
    pub async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Error> {
        let who = actor.person().ok_or(Error::NotFound)?;
        let mut tx = self.store().write().await?;
        if !tx.end_session_of(who, session).await? {
            return Err(Error::NotFound);
        }
        self.commit(tx).await
    }

    /// Keeps a refused form for a moment; gives the token that finds it again.
    pub async fn keep_form(&self, session: Option<&SessionKeyHash>, json: &str) -> Result<String, Error> {
        let token = self.token();
        let bound = session.map(|s| s.text());
        let mut tx = self.store().write().await?;
        tx.keep_form(&hashed(&token), bound.as_deref(), json, self.now() + FORM_KEPT_FOR).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// A kept form, for the session it was kept for alone. It stays until its time is over, so that reloading the page loses nothing.
    pub async fn kept_form(&self, session: Option<&SessionKeyHash>, token: &str) -> Result<Option<String>, Error> {
        let bound = session.map(|s| s.text());
        let mut tx = self.store().read().await?;
        Ok(tx.kept_form(&hashed(token), bound.as_deref(), self.now()).await?)
    }
}
