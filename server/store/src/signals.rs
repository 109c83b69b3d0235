//! Reading decisions as they count for how people decide: one person's, and everybody's.

use crate::{Error, Tx, tx::rows};
use chrono::{DateTime, Utc};
use domain::{
    ids::{IdentityId, RequestId},
    signals::Decided,
};
use uuid::Uuid;

/// A decision among everybody's: on which request, and whose.
#[derive(Clone, Copy, Debug)]
pub struct DecidedRow {
    /// On which request.
    pub request: RequestId,
    /// Whose.
    pub who: IdentityId,
    /// The decision.
    pub it: Decided,
}

impl DecidedRow {
    /// What comes before every decision that was taken since a moment.
    pub fn before(since: DateTime<Utc>) -> Self {
        let it = Decided { approves: false, at: since, since };
        Self { request: RequestId(Uuid::nil()), who: IdentityId(Uuid::nil()), it }
    }
}

impl Tx {
    /// What one person decided since a moment, in the order in which they did.
    pub async fn decided_by(&mut self, who: IdentityId, since: DateTime<Utc>) -> Result<Vec<Decided>, Error> {
        const SQL: &str = "select approves, at, since from decisions
            where identity_id = $1 and at >= $2 order by at, request_id";
        let found = rows!(self, (bool, DateTime<Utc>, DateTime<Utc>), SQL, who.0, since)?;
        Ok(found.into_iter().map(|(approves, at, since)| Decided { approves, at, since }).collect())
    }

    /// A page of what everybody decided after this, in the order in which they did.
    pub async fn decided_after(&mut self, after: DecidedRow, limit: i64) -> Result<Vec<DecidedRow>, Error> {
        const SQL: &str = "select request_id, identity_id, approves, at, since from decisions
            where at >= $1 and (at > $1 or request_id > $2 or (request_id = $2 and identity_id > $3))
            order by at, request_id, identity_id limit $4";
        type Raw = (Uuid, Uuid, bool, DateTime<Utc>, DateTime<Utc>);
        let DecidedRow { request, who, it } = after;
        let found = rows!(self, Raw, SQL, it.at, request.0, who.0, limit)?;
        let row = |(request, who, approves, at, since)| DecidedRow {
            request: RequestId(request),
            who: IdentityId(who),
            it: Decided { approves, at, since },
        };
        Ok(found.into_iter().map(row).collect())
    }
}
