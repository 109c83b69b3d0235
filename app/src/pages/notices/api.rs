//! Notices to the reader.

use crate::fault::Fault;
use domain::views::{NoticeView, Page};
use leptos::prelude::*;

/// The reader's notices, newest first.
#[server(endpoint = "notices")]
pub async fn notices(
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<NoticeView>, Fault> {
    Ok(crate::server::portal()?.notices(&crate::server::actor().await?, &after).await?)
}

/// Marks all as read.
#[server(endpoint = "notices/read")]
pub async fn read() -> Result<(), Fault> {
    Ok(crate::server::portal()?.read_notices(&crate::server::actor().await?).await?)
}
