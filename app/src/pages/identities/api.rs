//! People and non-human identities.

use crate::fault::Fault;
use domain::{
    ids::IdentityId,
    views::{IdentityPage, IdentityRow, Page},
};
use leptos::prelude::*;

/// Everybody.
#[server(endpoint = "identities")]
pub async fn identities(
    /// What is searched; nothing finds everything.
    q: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<IdentityRow>, Fault> {
    Ok(crate::server::portal()?.identities(&crate::server::actor().await?, &q, &after).await?)
}

/// Everything about somebody; and the one-time link that was just made for them, with its end, this once.
#[server(endpoint = "identities/one")]
pub async fn identity(
    /// Its key.
    key: String,
) -> Result<(IdentityPage, Option<(String, String)>), Fault> {
    let page = crate::server::portal()?.identity(&crate::server::actor().await?, &key).await?;
    let link = crate::server::handed_over(&page.row.key);
    Ok((page, link))
}

/// Makes a one-time link, shown once on the page of the person it is for.
#[server(endpoint = "identities/invite")]
pub async fn invite(
    /// Who.
    identity: IdentityId,
) -> Result<(), Fault> {
    crate::server::hand_over(&crate::server::portal()?.invite(&crate::server::actor().await?, identity).await?);
    Ok(())
}

/// Says that somebody has left.
#[server(endpoint = "identities/leave")]
pub async fn leave(
    /// Who.
    identity: IdentityId,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.mark_left(&crate::server::actor().await?, identity).await;
    crate::server::or_confirm(done, operations::Wanted::MarkLeft { identity }).await.map(|_| ())
}

/// Confirms, as a second admin, that somebody has left.
#[server(endpoint = "identities/leave-confirm")]
pub async fn confirm_left(
    /// Who.
    identity: IdentityId,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.confirm_left(&crate::server::actor().await?, identity).await;
    crate::server::or_confirm(done, operations::Wanted::ConfirmLeft { identity }).await.map(|_| ())
}

/// Takes back, or does not confirm, that somebody has left.
#[server(endpoint = "identities/stay")]
pub async fn stay(
    /// Who.
    identity: IdentityId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.keep_leaver(&crate::server::actor().await?, identity).await?)
}

/// Says that somebody who had left is back.
#[server(endpoint = "identities/return")]
pub async fn come_back(
    /// Who.
    identity: IdentityId,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.mark_returned(&crate::server::actor().await?, identity).await;
    crate::server::or_confirm(done, operations::Wanted::MarkReturned { identity }).await.map(|_| ())
}
