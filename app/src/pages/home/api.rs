//! What the first page shows.

use crate::fault::Fault;
use domain::views;
use leptos::prelude::*;

/// What the reader has and waits for.
#[server(endpoint = "home")]
pub async fn home() -> Result<views::Home, Fault> {
    Ok(crate::server::portal()?.home(&crate::server::actor().await?).await?)
}
