//! What every page's frame asks for.

use crate::fault::Fault;
use domain::views::{self, Place};
use leptos::prelude::*;

/// What every page says of the portal itself; whoever comes may know.
#[server(endpoint = "banners")]
pub async fn banners() -> Result<views::Banners, Fault> {
    Ok(crate::server::portal()?.banners().await?)
}

/// Who is signed in, and what waits for them.
#[server(endpoint = "shell")]
pub async fn shell() -> Result<views::Shell, Fault> {
    Ok(crate::server::portal()?.shell(&crate::server::actor().await?).await?)
}

/// Where Ctrl-K can go besides the pages of the menu: a few of everything the reader may see.
#[server(endpoint = "places")]
pub async fn places(
    /// What is searched; nothing finds the first of everything.
    q: String,
) -> Result<Vec<Place>, Fault> {
    Ok(crate::server::portal()?.places(&crate::server::actor().await?, &q).await?)
}
