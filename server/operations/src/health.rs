//! Whether targets answer, for those who look after them. A target is asked outside of any transaction, gets a few seconds, and is not
//! asked again while its last answer is fresh.

use crate::{Error, Portal, connectors::ConnectorError, facts::in_portal};
use chrono::TimeDelta;
use domain::{Actor, ids::SystemId, resource::System, views::HealthView};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

/// How long a target may take to answer.
const WITHIN: Duration = Duration::from_secs(3);
/// How long an answer is fresh: a page that is looked at again and again asks no more often.
const FRESH: TimeDelta = TimeDelta::seconds(30);

/// What targets answered last.
pub(crate) type Answered = Mutex<BTreeMap<SystemId, HealthView>>;

impl Portal {
    /// How it stands with what reaches a system, for its owners and admins; `None` for others who may see the system.
    pub async fn health(&self, actor: &Actor, key: &str) -> Result<Option<HealthView>, Error> {
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, self.now()).await?;
        let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
        let owns = authority.actor().person().is_some_and(|me| system.is_owned_by(me));
        // No transaction stays open while a target is waited for.
        drop(tx);
        if authority.reader().is_err() && !owns {
            return Err(Error::NotFound);
        }
        if !authority.is_admin() && !owns {
            return Ok(None);
        }
        if let Some(fresh) = self.answered_lately(system.id) {
            return Ok(Some(fresh));
        }
        let answer = self.ask_after(&system).await;
        self.answered().lock().unwrap_or_else(PoisonError::into_inner).insert(system.id, answer.clone());
        Ok(Some(answer))
    }

    /// What did not work when it was last looked at through this process, and what it said; nothing is asked for it.
    pub(crate) fn unwell(&self) -> Vec<(SystemId, String)> {
        let answered = self.answered().lock().unwrap_or_else(PoisonError::into_inner);
        answered.iter().filter(|(_, answer)| !answer.well).map(|(id, answer)| (*id, answer.says.clone())).collect()
    }

    fn answered_lately(&self, system: SystemId) -> Option<HealthView> {
        let answered = self.answered().lock().unwrap_or_else(PoisonError::into_inner);
        answered.get(&system).filter(|answer| self.now() - answer.looked_at < FRESH).cloned()
    }

    async fn ask_after(&self, system: &System) -> HealthView {
        let silent = || {
            let says = format!("{} did not answer within {} seconds", system.spec.name, WITHIN.as_secs());
            Err(ConnectorError::Unreachable(says))
        };
        let answer = match self.connector(system) {
            Ok(connector) => timeout(WITHIN, connector.health()).await.unwrap_or_else(|_| silent()),
            Err(why) => Err(why),
        };
        let (well, says) = match answer {
            Ok(says) => (true, says),
            Err(why) => (false, why.to_string()),
        };
        HealthView { well, says, looked_at: self.now() }
    }
}
