//! What somebody has, had and waits for.

use crate::fault::Fault;
use domain::views;
use leptos::prelude::*;

/// The reader's access.
#[server(endpoint = "access")]
pub async fn my_access(
    /// After which cursor what is over; nothing begins at the first.
    after: String,
    /// After which cursor what waits; nothing begins at the first.
    #[server(default)]
    waits: String,
) -> Result<views::MyAccess, Fault> {
    Ok(crate::server::portal()?.my_access(&crate::server::actor().await?, &after, &waits).await?)
}
