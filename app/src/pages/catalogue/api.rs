//! What there is to ask for.

use crate::fault::Fault;
use domain::views::{BundleCard, Named, Page};
use leptos::prelude::*;

/// The bundles that fit, and the systems one can filter by.
#[server(endpoint = "catalogue")]
pub async fn catalogue(
    /// What is searched; nothing finds everything.
    q: String,
    /// A system's key; nothing is any system.
    system: String,
    /// After which cursor; nothing begins at the first.
    after: String,
) -> Result<(Page<BundleCard>, Vec<Named>), Fault> {
    let (portal, actor) = (crate::server::portal()?, crate::server::actor().await?);
    Ok((portal.catalogue(&actor, &q, &system, &after).await?, portal.systems_for_filter(&actor).await?))
}
