//! Systems that are changed by hand: a task for their operators, answered from what was attested last.

use super::{Connector, ConnectorError, Progress, Right, Seen};
use crate::{Clock, Ids};
use async_trait::async_trait;
use domain::{ids::TaskId, job::RightKey, resource::System};
use std::sync::Arc;
use store::Store;

/// One system that is changed by hand.
pub struct Manual {
    /// The portal's memory.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<dyn Clock>,
    /// Its chance.
    pub ids: Arc<dyn Ids>,
    /// The system.
    pub system: System,
}

impl Manual {
    fn key(&self, right: &Right) -> Result<RightKey, ConnectorError> {
        let found = self.system.spec.entitlements.iter().find(|(_, e)| e.native == right.entitlement);
        let Some((id, _)) = found else {
            return Err(ConnectorError::Missing(format!(
                "{} has no right `{}` any more",
                self.system.spec.name, right.entitlement
            )));
        };
        Ok(RightKey { system: self.system.id, entitlement: *id, account: right.account.clone() })
    }

    async fn ask(&self, right: &Right, wanted: bool) -> Result<Progress, ConnectorError> {
        let key = self.key(right)?;
        let now = self.clock.now();
        let mut tx = self.store.write().await.map_err(failed)?;
        tx.open_task(TaskId(self.ids.next(now)), &key, wanted, now).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(Progress::Waiting)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands the error over")]
fn failed(why: store::Error) -> ConnectorError {
    ConnectorError::Unreachable(why.to_string())
}

#[async_trait]
impl Connector for Manual {
    async fn look(&self, right: &Right) -> Result<Seen, ConnectorError> {
        let key = self.key(right)?;
        let mut tx = self.store.read().await.map_err(failed)?;
        Ok(match tx.attested(&key).await.map_err(failed)? {
            Some(true) => Seen::Present { directly: true, detail: Some("attested by an operator".to_owned()) },
            Some(false) | None => Seen::Absent,
        })
    }

    async fn give(&self, right: &Right) -> Result<Progress, ConnectorError> {
        self.ask(right, true).await
    }

    async fn take(&self, right: &Right) -> Result<Progress, ConnectorError> {
        self.ask(right, false).await
    }

    async fn health(&self) -> Result<String, ConnectorError> {
        Ok("changed by hand: each change is a task for its operators".to_owned())
    }
}
