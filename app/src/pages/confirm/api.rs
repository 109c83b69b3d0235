//! Confirming an act.

use crate::fault::Fault;
use domain::{ids::PendingId, views::authenticators::ConfirmPage};
use leptos::prelude::*;

/// What is to be confirmed.
#[server(endpoint = "confirm/one")]
pub async fn waiting(
    /// Which act.
    id: PendingId,
) -> Result<ConfirmPage, Fault> {
    Ok(crate::server::portal()?.confirm_page(&crate::server::actor().await?, id).await?)
}

/// Confirms it by a password, a code or a passkey, and does it.
#[server(endpoint = "confirm")]
pub async fn confirm(
    /// Which act.
    id: PendingId,
    /// The password, or nothing.
    #[server(default)]
    password: String,
    /// A one-time code or a recovery code, or nothing.
    #[server(default)]
    code: String,
    /// What a passkey gave the browser, or nothing.
    #[server(default)]
    passkey: String,
) -> Result<(), Fault> {
    let answer = crate::server::answer_of(password, code, passkey);
    let lead = crate::server::portal()?.confirm(&crate::server::actor().await?, id, &answer).await?;
    crate::server::lead_to(&lead);
    Ok(())
}
