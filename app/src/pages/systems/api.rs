//! Systems: who owns them, and who can act on them now.

use crate::fault::Fault;
use domain::views::{HealthView, Page, SystemPage, SystemRow};
use leptos::prelude::*;

/// The systems the reader may look at.
#[server(endpoint = "systems")]
pub async fn systems(
    /// What is searched; nothing finds everything.
    q: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<SystemRow>, Fault> {
    Ok(crate::server::portal()?.systems(&crate::server::actor().await?, &q, &after).await?)
}

/// Everything about one of them; and how it stands with what reaches it, where that is the reader's business.
#[server(endpoint = "systems/one")]
pub async fn system(
    /// Its key.
    key: String,
    /// After which cursor its holders; nothing begins at the first.
    #[server(default)]
    after: String,
) -> Result<(SystemPage, Option<HealthView>), Fault> {
    let (portal, actor) = (crate::server::portal()?, crate::server::actor().await?);
    Ok((portal.system(&actor, &key, &after).await?, portal.health(&actor, &key).await?))
}

/// Lets the people decide about a system who were proposed.
#[server(endpoint = "systems/owners-confirm")]
pub async fn confirm_owners(
    /// Its key.
    key: String,
    /// The number of the proposal that was looked at.
    number: u32,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.confirm_owners(&crate::server::actor().await?, &key, number).await;
    crate::server::or_confirm(done, operations::Wanted::ConfirmOwners { key, number }).await.map(|_| ())
}

/// Leaves it to the people who decide about a system now.
#[server(endpoint = "systems/owners-reject")]
pub async fn reject_owners(
    /// Its key.
    key: String,
    /// The number of the proposal that was looked at.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.reject_owners(&crate::server::actor().await?, &key, number).await?)
}
