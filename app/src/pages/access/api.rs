//! What somebody has, had and waits for.

use crate::fault::Fault;
use domain::views;
use leptos::prelude::*;

/// The reader's access.
#[server(endpoint = "access")]
pub async fn my_access(
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<views::MyAccess, Fault> {
    Ok(crate::server::portal()?.my_access(&crate::server::actor().await?, &after).await?)
}
