//! What waits for the reader's decision.

use crate::fault::Fault;
use domain::{
    ids::RequestId,
    views::{Page, RequestCard, RequestPage},
};
use leptos::prelude::*;

/// The requests that wait, and the one that is looked at: the one that is named, else the first.
#[server(endpoint = "inbox")]
pub async fn inbox(
    /// After which cursor; nothing begins at the first.
    after: String,
    /// The request to look at; nothing is the first.
    picked: Option<RequestId>,
) -> Result<(Page<RequestCard>, Option<RequestPage>), Fault> {
    let (portal, actor) = (crate::server::portal()?, crate::server::actor().await?);
    let list = portal.inbox(&actor, &after).await?;
    let Some(picked) = picked.or(list.items.first().map(|card| card.id)) else { return Ok((list, None)) };
    Ok((list, Some(portal.request(&actor, picked).await?)))
}
