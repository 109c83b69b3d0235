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

/// Writes a new version, as a draft, in the catalogue's words.
#[server(endpoint = "bundles/draft")]
pub async fn draft(
    /// The bundle as it is written in the catalogue.
    #[server(default)]
    text: String,
) -> Result<(), Fault> {
    let key = crate::server::portal()?.draft_bundle(&crate::server::actor().await?, &text).await?;
    crate::server::lead_to(&format!("/bundles/{key}"));
    Ok(())
}

/// Publishes the draft that one has looked at.
#[server(endpoint = "bundles/publish")]
pub async fn publish(
    /// Its key.
    key: String,
    /// The number of the draft that was looked at.
    number: u32,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.publish_bundle(&crate::server::actor().await?, &key, number).await?)
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

/// Takes a bundle out of the catalogue.
#[server(endpoint = "bundles/retire")]
pub async fn retire(
    /// Its key.
    key: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.retire_bundle(&crate::server::actor().await?, &key).await?)
}
