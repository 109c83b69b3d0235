//! Acts that are played through and then taken back, so that it can be seen what they write: each is the very operation, in a transaction
//! that is never committed.

use crate::{Error, Portal};
use domain::{Actor, ids::RequestId, views::Asking};
use store::Tx;

impl Portal {
    /// Asks as [`Portal::ask`] does. All that was written stands in the transaction, to be looked at and then dropped.
    pub async fn rehearse_ask(&self, actor: &Actor, asking: &Asking) -> Result<(Tx, RequestId), Error> {
        let mut tx = self.store().write().await?;
        let id = Box::pin(self.ask_in(&mut tx, actor, asking, None)).await?;
        Ok((tx, id))
    }

    /// Says yes to these terms as [`Portal::approve`] does, to what was asked in a rehearsal.
    pub async fn rehearse_approval(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        id: RequestId,
        version: u32,
    ) -> Result<(), Error> {
        Box::pin(self.approve_in(tx, actor, id, (version, "", ""), None)).await
    }
}
