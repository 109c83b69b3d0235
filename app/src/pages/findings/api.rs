//! What is stale or missing.

use crate::fault::Fault;
use domain::views::findings::FindingsPage;
use leptos::prelude::*;

/// Everything that is known to be.
#[server(endpoint = "findings")]
pub async fn findings() -> Result<FindingsPage, Fault> {
    Ok(crate::server::portal()?.findings(&crate::server::actor().await?).await?)
}
