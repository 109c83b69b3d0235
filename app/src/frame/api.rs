//! What every page's frame asks for.

use crate::fault::Fault;
use domain::views::{self, Named};
use leptos::prelude::*;

/// Who is signed in, and what waits for them.
#[server(endpoint = "shell")]
pub async fn shell() -> Result<views::Shell, Fault> {
    Ok(crate::server::portal()?.shell(&crate::server::actor().await?).await?)
}

/// Where Ctrl-K can go besides the pages: bundles by name. `id` is a path.
#[server(endpoint = "places")]
pub async fn places(
    /// What is searched; nothing finds everything.
    q: String,
) -> Result<Vec<Named>, Fault> {
    let found = crate::server::portal()?.places(&crate::server::actor().await?, &q).await?;
    Ok(found.into_iter().map(|bundle| Named { id: format!("/ask/{}", bundle.id), name: bundle.name }).collect())
}
