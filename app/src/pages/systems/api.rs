//! Systems: who owns them, and who can act on them now.

use crate::fault::Fault;
use domain::views::{HealthView, Page, SystemPage, SystemRow, editor::Values};
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

/// Proposes other people to decide about a system.
#[server(endpoint = "systems/owners-propose")]
pub async fn propose_owners(
    /// Its key.
    key: String,
    /// Who: `owners`, `backup_owners` and `fallback`, by their keys.
    #[server(default)]
    fields: Values,
    /// What one writes on it, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.propose_owners(&crate::server::actor().await?, &key, &fields, &comment).await?)
}

/// Writes on what is proposed for a system.
#[server(endpoint = "systems/owners-comment")]
pub async fn comment_on_owners(
    /// Its key.
    key: String,
    /// The number of the proposal.
    number: u32,
    /// What one writes, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.comment_on_owners(&crate::server::actor().await?, &key, number, &comment).await?)
}

/// Makes it so as was proposed for a system.
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

/// Does not confirm what is proposed for a system, and says why.
#[server(endpoint = "systems/owners-reject")]
pub async fn reject_owners(
    /// Its key.
    key: String,
    /// The number of the proposal that was looked at.
    number: u32,
    /// Why.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.reject_owners(&crate::server::actor().await?, &key, number, &comment).await?)
}

/// Takes back what one proposed for a system.
#[server(endpoint = "systems/owners-take-back")]
pub async fn take_back_owners(
    /// Its key.
    key: String,
    /// The number of the proposal.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.take_back_owners(&crate::server::actor().await?, &key, number).await?)
}
