//! Groups: who may ask, and who decides.

use crate::fault::Fault;
use domain::views::{GroupPage, Named, Page};
use leptos::prelude::*;

/// All groups.
#[server(endpoint = "groups")]
pub async fn groups(
    /// What is searched; nothing finds everything.
    q: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<Named>, Fault> {
    Ok(crate::server::portal()?.groups(&crate::server::actor().await?, &q, &after).await?)
}

/// One of them.
#[server(endpoint = "groups/one")]
pub async fn group(
    /// Its key.
    key: String,
) -> Result<GroupPage, Fault> {
    Ok(crate::server::portal()?.group(&crate::server::actor().await?, &key).await?)
}

/// Lets those be in a group who were proposed.
#[server(endpoint = "groups/members-confirm")]
pub async fn confirm_members(
    /// Its key.
    key: String,
    /// The number of the proposal that was looked at.
    number: u32,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.confirm_members(&crate::server::actor().await?, &key, number).await;
    crate::server::or_confirm(done, operations::Wanted::ConfirmMembers { key, number }).await.map(|_| ())
}

/// Leaves in a group who is in it now, and says why.
#[server(endpoint = "groups/members-reject")]
pub async fn reject_members(
    /// Its key.
    key: String,
    /// The number of the proposal that was looked at.
    number: u32,
    /// Why.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.reject_members(&crate::server::actor().await?, &key, number, &comment).await?)
}
