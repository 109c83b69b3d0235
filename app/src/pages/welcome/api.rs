//! One-time links.

use crate::fault::Fault;
use domain::views::Named;
use leptos::prelude::*;

/// Whom a one-time link is for.
#[server(endpoint = "invitations/look")]
pub async fn invitation(
    /// What the link ends in.
    token: String,
) -> Result<Named, Fault> {
    Ok(crate::server::portal()?.invitation(&token).await?)
}

/// Sets a password through a one-time link, and signs in.
#[server(endpoint = "invitations/accept")]
pub async fn accept(
    /// What the link ends in.
    token: String,
    /// The password.
    password: String,
    /// The password once more.
    again: String,
) -> Result<(), Fault> {
    super::same(&password, &again)?;
    let who = crate::server::portal()?.set_password(&token, &password).await?;
    crate::server::let_in(&who, "/").await
}
