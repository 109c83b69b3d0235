//! Rights as pages show them: what is approved beside what was seen, and what goes wrong with them.

use crate::{Error, Portal};
use chrono::{DateTime, Utc};
use domain::{
    grant::{Assignment, Grant},
    ids::{IdentityId, SystemId},
    job::JobKey,
    resource::System,
    views::{AssignmentView, Holder, TroubleView},
};
use store::Tx;

impl Portal {
    /// The rights of a grant.
    pub(super) async fn assignments(
        &self,
        tx: &mut Tx,
        grant: Option<&Grant>,
        now: DateTime<Utc>,
    ) -> Result<Vec<AssignmentView>, Error> {
        let Some(grant) = grant else { return Ok(Vec::new()) };
        let mut views = Vec::new();
        for a in &grant.assignments {
            let system = tx.system(a.system).await?;
            let name = |s: &System| s.spec.entitlements.get(&a.entitlement).map(|e| e.name.clone());
            let account = match a.account.parse::<IdentityId>() {
                // In the portal's own directory the identity itself is the account.
                Ok(id) => tx.identity(id).await?.map_or_else(|| a.account.clone(), |i| i.spec.key.to_string()),
                Err(_) => a.account.clone(),
            };
            let seen = a.fulfilled.seen();
            views.push(AssignmentView {
                system: system.as_ref().map_or_else(|| "a system that is gone".to_owned(), |s| s.spec.name.clone()),
                entitlement: system.as_ref().and_then(name).unwrap_or_else(|| "a right that is gone".to_owned()),
                account,
                native: a.native.clone(),
                approved: grant.needs_its_rights(now),
                seen: seen.map(|(there, _)| there),
                seen_at: seen.map(|(_, at)| at),
                found_before: a.found_before,
                trouble: trouble(tx, a).await?,
            });
        }
        Ok(views)
    }

    /// Who has what on a system by a grant, and what goes wrong with it there.
    pub(super) async fn holder(
        &self,
        tx: &mut Tx,
        grant: &Grant,
        system: SystemId,
        me: IdentityId,
    ) -> Result<Holder, Error> {
        let rights: Vec<_> = grant.assignments.iter().filter(|a| a.system == system).collect();
        let seen_at = rights.iter().filter_map(|a| a.fulfilled.seen()).map(|(_, at)| at).max();
        let mut troubles = Vec::new();
        for a in rights {
            troubles.extend(trouble(tx, a).await?);
        }
        let card = self.grant_cards(tx, std::slice::from_ref(grant), me).await?.pop().ok_or(Error::NotFound)?;
        Ok(Holder { grant: card, seen_at, troubles })
    }
}

/// What goes wrong with a right, how often it was tried, and when it is tried next.
async fn trouble(tx: &mut Tx, a: &Assignment) -> Result<Option<TroubleView>, Error> {
    let Some(trouble) = &a.trouble else { return Ok(None) };
    let look = tx.tries(&JobKey::Right(a.right())).await?;
    Ok(Some(TroubleView {
        says: trouble.says.clone(),
        since: trouble.at,
        tries: look.map_or(0, |(tries, _)| tries),
        next: look.map(|(_, at)| at),
    }))
}
