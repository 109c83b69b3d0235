//! Who decides in one's place.

use crate::fault::Fault;
use domain::views::delegation::DelegationPage;
use leptos::prelude::*;

/// Who decides in the reader's place, and in whose place the reader does.
#[server(endpoint = "delegation")]
pub async fn mine() -> Result<DelegationPage, Fault> {
    Ok(crate::server::portal()?.delegation(&crate::server::actor().await?).await?)
}

/// Begins to let another decide in the reader's place: first the reader shows who they are.
#[server(endpoint = "delegation/make")]
pub async fn make(
    /// Their sign-in name.
    #[server(default)]
    to: String,
    /// The first day.
    #[server(default)]
    from: String,
    /// The last day.
    #[server(default)]
    until: String,
) -> Result<(), Fault> {
    crate::server::confirm_first(operations::Wanted::Delegate { to, from, until }).await
}

/// Ends it.
#[server(endpoint = "delegation/end")]
pub async fn end() -> Result<(), Fault> {
    Ok(crate::server::portal()?.end_delegation(&crate::server::actor().await?).await?)
}
