//! Getting in and out.

use crate::fault::Fault;
use leptos::prelude::*;

/// Signs in with a name and a password, and leads on to where one wanted to go.
#[server(endpoint = "sessions/sign-in")]
pub async fn sign_in(
    /// The sign-in name or the address.
    name: String,
    /// The password.
    password: String,
    /// Where to go then: a path of our own.
    #[server(default)]
    next: String,
) -> Result<(), Fault> {
    let (portal, viewer) = (crate::server::portal()?, crate::server::viewer()?);
    let who = portal.sign_in(&name, &password, &viewer.address, &viewer.agent).await?;
    crate::server::let_in(&who, &next).await
}

/// Signs out of this browser.
#[server(endpoint = "sessions/sign-out")]
pub async fn sign_out() -> Result<(), Fault> {
    crate::server::viewer()?.doorkeeper.let_out().await?;
    crate::server::lead_to("/sign-in");
    Ok(())
}
