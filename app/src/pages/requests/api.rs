//! A request, and what people do about it and about the grant that came of it.

use crate::fault::Fault;
use domain::{
    ids::{GrantId, RequestId},
    views::{
        RequestPage,
        bulk::{Answered, Chosen},
    },
};
use leptos::prelude::*;

/// Everything about a request.
#[server(endpoint = "requests/one")]
pub async fn request(
    /// Which request.
    request: RequestId,
    /// After which of its events; nothing begins at the first.
    #[server(default)]
    after: String,
) -> Result<RequestPage, Fault> {
    Ok(crate::server::portal()?.request_from(&crate::server::actor().await?, request, &after).await?)
}

/// Approves, for less time if a shorter one is named.
#[server(endpoint = "requests/approve")]
pub async fn approve(
    /// Which request.
    request: RequestId,
    /// The version that was looked at.
    version: u32,
    /// A shorter time, or nothing.
    #[server(default)]
    shorter: String,
    /// What one writes, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    let (portal, actor) = (crate::server::portal()?, crate::server::actor().await?);
    let done = portal.approve(&actor, request, version, &shorter, &comment).await;
    let wanted = operations::Wanted::Approve { request, version, shorter, comment };
    crate::server::or_confirm(done, wanted).await.map(|_| ())
}

/// Approves several, each to the terms that were looked at, and shows what came of each.
#[server(endpoint = "requests/approve-many")]
pub async fn approve_many(
    /// Which requests, each with the version that was looked at.
    #[server(default)]
    chosen: Vec<Chosen>,
    /// What one writes to each, or nothing.
    #[server(default)]
    comment: String,
) -> Result<Vec<Answered>, Fault> {
    let (portal, actor) = (crate::server::portal()?, crate::server::actor().await?);
    let answers = portal.approve_many(&actor, &chosen, &comment).await?;
    crate::server::show_answers("/api/requests/approve-many", &answers, "/inbox").await?;
    Ok(answers)
}

/// Denies.
#[server(endpoint = "requests/deny")]
pub async fn deny(
    /// Which request.
    request: RequestId,
    /// The version that was looked at.
    version: u32,
    /// What one writes, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.deny(&crate::server::actor().await?, request, version, &comment).await?)
}

/// Takes one's own request back.
#[server(endpoint = "requests/withdraw")]
pub async fn withdraw(
    /// Which request.
    request: RequestId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.withdraw(&crate::server::actor().await?, request).await?)
}

/// Writes a comment.
#[server(endpoint = "requests/comment")]
pub async fn comment(
    /// Which request.
    request: RequestId,
    /// What one writes, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.comment(&crate::server::actor().await?, request, &comment).await?)
}

/// Closes the review of an exception whose access has ended.
#[server(endpoint = "requests/review")]
pub async fn review(
    /// Which request.
    request: RequestId,
    /// What one found.
    #[server(default)]
    review: String,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.review_exception(&crate::server::actor().await?, request, &review).await?)
}

/// Gives access back before its end.
#[server(endpoint = "grants/give-back")]
pub async fn give_back(
    /// Which grant.
    grant: GrantId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.give_back(&crate::server::actor().await?, grant).await?)
}

/// Takes access away from somebody.
#[server(endpoint = "grants/revoke")]
pub async fn revoke(
    /// Which grant.
    grant: GrantId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.revoke(&crate::server::actor().await?, grant).await?)
}
