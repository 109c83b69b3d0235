//! Bundles as admins see them.

use crate::fault::Fault;
use domain::views::{BundlePage, BundleRow, Page};
use leptos::prelude::*;

/// The bundles, whatever their state.
#[server(endpoint = "bundles")]
pub async fn bundles(
    /// What is searched; nothing finds everything.
    q: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<BundleRow>, Fault> {
    Ok(crate::server::portal()?.bundles(&crate::server::actor().await?, &q, &after).await?)
}

/// Everything about one of them.
#[server(endpoint = "bundles/one")]
pub async fn bundle(
    /// Its key.
    key: String,
) -> Result<BundlePage, Fault> {
    Ok(crate::server::portal()?.bundle(&crate::server::actor().await?, &key).await?)
}

/// Publishes the draft that one has looked at.
#[server(endpoint = "bundles/publish")]
pub async fn publish(
    /// Its key.
    key: String,
    /// The number of the draft that was looked at.
    number: u32,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.publish_bundle(&crate::server::actor().await?, &key, number).await;
    crate::server::or_confirm(done, operations::Wanted::Publish { key, number }).await.map(|_| ())
}

/// Throws the draft away that one has looked at.
#[server(endpoint = "bundles/discard")]
pub async fn discard(
    /// Its key.
    key: String,
    /// The number of the draft that was looked at.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.discard_draft(&crate::server::actor().await?, &key, number).await?)
}

/// Gives one's draft to the other admins to look at.
#[server(endpoint = "bundles/submit")]
pub async fn submit(
    /// Its key.
    key: String,
    /// The number of the draft.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.submit_draft(&crate::server::actor().await?, &key, number).await?)
}

/// Takes one's draft back from review.
#[server(endpoint = "bundles/withdraw")]
pub async fn withdraw(
    /// Its key.
    key: String,
    /// The number of the draft.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.withdraw_draft(&crate::server::actor().await?, &key, number).await?)
}

/// Writes on a draft.
#[server(endpoint = "bundles/comment")]
pub async fn comment(
    /// Its key.
    key: String,
    /// The number of the draft.
    number: u32,
    /// What one writes, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.comment_on_draft(&crate::server::actor().await?, &key, number, &comment).await?)
}

/// Gives a draft back to who wrote it, and says why.
#[server(endpoint = "bundles/send-back")]
pub async fn send_back(
    /// Its key.
    key: String,
    /// The number of the draft.
    number: u32,
    /// Why.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.send_draft_back(&crate::server::actor().await?, &key, number, &comment).await?)
}

/// Wants a bundle out of the catalogue.
#[server(endpoint = "bundles/retire")]
pub async fn retire(
    /// Its key.
    key: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.retire_bundle(&crate::server::actor().await?, &key).await?)
}

/// Takes a bundle out of the catalogue, as was proposed.
#[server(endpoint = "bundles/retire-confirm")]
pub async fn confirm_retirement(
    /// Its key.
    key: String,
    /// The version that is published.
    number: u32,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.confirm_retirement(&crate::server::actor().await?, &key, number).await;
    crate::server::or_confirm(done, operations::Wanted::Retire { key, number }).await.map(|_| ())
}

/// Lets a bundle stay in the catalogue.
#[server(endpoint = "bundles/keep")]
pub async fn keep(
    /// Its key.
    key: String,
    /// The version that is published.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.keep_bundle(&crate::server::actor().await?, &key, number).await?)
}
