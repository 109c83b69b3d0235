//! The trail.

use crate::fault::Fault;
use domain::views::{Page, TrailRow};
use leptos::prelude::*;

/// Events, newest first.
#[server(endpoint = "trail")]
pub async fn trail(
    /// What is searched; nothing finds everything.
    q: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<TrailRow>, Fault> {
    Ok(crate::server::portal()?.trail(&crate::server::actor().await?, &q, &after).await?)
}
