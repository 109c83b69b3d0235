//! Who decides about a sensitive system: what the catalogue proposes, an admin confirms; until then the old owners stand.

use crate::{Error, Portal, acts::tell_people, facts::in_portal};
use domain::{Actor, resource::Stewards, stepup::Verified};
use std::collections::BTreeSet;
use store::Tx;

impl Portal {
    /// Lets the people decide about a system who were proposed.
    pub async fn confirm_owners(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.confirm_owners_in(&mut tx, actor, key, number, None).await?;
            self.commit(tx).await
        })
        .await
    }

    /// The same, within an act that commits it.
    pub(crate) async fn confirm_owners_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        key: &str,
        number: u32,
        verified: Option<Verified>,
    ) -> Result<(), Error> {
        let now = self.now();
        let authority = in_portal(tx, actor, now).await?;
        authority.admin()?;
        let known = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
        // Decisions on its requests that are being taken right now come before this, or after it.
        tx.touch_system(known.id).await?;
        let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
        let others = system.proposed.as_ref().and_then(|it| it.by.person()).into_iter().collect();
        let confirmed = self.as_admin(tx, actor, false, others, verified).await?;
        let change = system.confirm_owners(&authority, number, confirmed, now)?;
        self.save(tx, &change).await?;
        // Who lost a part no longer decides; who gained one does not decide on what is open already.
        self.reroute(tx).await?;
        let concerned = concerned(&Stewards::of(&system.spec), system.proposed.as_ref().map(|it| &it.stewards));
        let says = format!("{actor} confirmed who decides about {}", system.spec.name);
        tell_people(self, tx, actor, &concerned, &says, &format!("/systems/{key}")).await
    }

    /// Leaves it to the people who decide about a system now.
    pub async fn reject_owners(&self, actor: &Actor, key: &str, number: u32) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            in_portal(&mut tx, actor, now).await?.admin()?;
            let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
            let change = system.reject_owners(actor, number, now)?;
            self.save(&mut tx, &change).await?;
            self.commit(tx).await
        })
        .await
    }
}

/// Everybody who decided, or does from now on.
fn concerned(before: &Stewards, after: Option<&Stewards>) -> BTreeSet<domain::ids::IdentityId> {
    let all = [Some(before), after].into_iter().flatten();
    all.flat_map(|by| by.owners.iter().chain(&by.backup_owners)).copied().collect()
}
