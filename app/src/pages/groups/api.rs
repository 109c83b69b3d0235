//! Groups: who may ask, and who decides.

use crate::fault::Fault;
use domain::views::{GroupPage, Named, Page};
use leptos::prelude::*;

/// All groups.
#[server(endpoint = "groups")]
pub async fn groups(
    /// What is searched; nothing finds everything.
    q: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<Page<Named>, Fault> {
    Ok(crate::server::portal()?.groups(&crate::server::actor().await?, &q, &after).await?)
}

/// One of them.
#[server(endpoint = "groups/one")]
pub async fn group(
    /// Its key.
    key: String,
) -> Result<GroupPage, Fault> {
    Ok(crate::server::portal()?.group(&crate::server::actor().await?, &key).await?)
}
