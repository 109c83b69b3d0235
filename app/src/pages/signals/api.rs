//! How people decide.

use crate::fault::Fault;
use domain::views::signals::SignalsPage;
use leptos::prelude::*;

/// Everybody who decided of late.
#[server(endpoint = "signals")]
pub async fn signals(
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<SignalsPage, Fault> {
    Ok(crate::server::portal()?.signals(&crate::server::actor().await?, &after).await?)
}
