//! The portal's own groups, answered from live grants: who is in a group follows from the record itself, so there is nothing to change
//! and nothing that could be left behind.

use super::{Connector, ConnectorError, Progress, Right, Seen};
use crate::Clock;
use async_trait::async_trait;
use domain::ids::IdentityId;
use std::sync::Arc;
use store::Store;

/// The portal's own groups. The account is an identity's id, the right a group's key.
pub struct Directory {
    /// The portal's memory.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Connector for Directory {
    async fn look(&self, right: &Right) -> Result<Seen, ConnectorError> {
        let failed = |why: store::Error| ConnectorError::Unreachable(why.to_string());
        let who: IdentityId = right
            .account
            .parse()
            .map_err(|_| ConnectorError::Missing(format!("`{}` is not an identity", right.account)))?;
        let mut tx = self.store.read().await.map_err(failed)?;
        if tx.group_by_key(&right.entitlement).await.map_err(failed)?.is_none() {
            return Err(ConnectorError::Missing(format!("there is no group `{}`", right.entitlement)));
        }
        if tx.is_standing_member(who, &right.entitlement).await.map_err(failed)? {
            return Ok(Seen::Present { directly: false, detail: Some("a standing member".to_owned()) });
        }
        let by_grant = tx.is_member_by_grant(who, &right.entitlement, self.clock.now()).await.map_err(failed)?;
        Ok(if by_grant { Seen::Present { directly: true, detail: None } } else { Seen::Absent })
    }

    async fn give(&self, _right: &Right) -> Result<Progress, ConnectorError> {
        Ok(Progress::Done)
    }

    async fn take(&self, _right: &Right) -> Result<Progress, ConnectorError> {
        Ok(Progress::Done)
    }

    async fn health(&self) -> Result<String, ConnectorError> {
        Ok("the portal's own groups, answered from what is granted".to_owned())
    }
}
