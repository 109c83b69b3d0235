//! Where the reader is signed in.

use crate::fault::Fault;
use domain::{ids::SessionId, views::SessionView};
use leptos::prelude::*;

/// The reader's sessions.
#[server(endpoint = "sessions")]
pub async fn sessions() -> Result<Vec<SessionView>, Fault> {
    let (viewer, actor) = (crate::server::viewer()?, crate::server::actor().await?);
    let current = viewer.session.ok_or(Fault::SignIn)?;
    Ok(crate::server::portal()?.sessions(&actor, &current).await?)
}

/// Ends one of them.
#[server(endpoint = "sessions/end")]
pub async fn end(
    /// Which session.
    session: SessionId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.end_session(&crate::server::actor().await?, session).await?)
}

/// Ends all of them, this one too.
#[server(endpoint = "sessions/sign-out-everywhere")]
pub async fn sign_out_everywhere() -> Result<(), Fault> {
    crate::server::portal()?.sign_out_everywhere(&crate::server::actor().await?).await?;
    crate::server::lead_to("/sign-in");
    Ok(())
}
