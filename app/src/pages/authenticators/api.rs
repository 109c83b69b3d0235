//! One's own passkeys and codes.

use crate::fault::Fault;
use domain::{
    ids::{AuthenticatorId, IdentityId, PendingId},
    stepup::Strength,
    views::authenticators::{AuthenticatorsPage, EnrolPage},
};
use leptos::prelude::*;

/// What the reader has.
#[server(endpoint = "authenticators")]
pub async fn mine() -> Result<AuthenticatorsPage, Fault> {
    Ok(crate::server::portal()?.authenticators(&crate::server::actor().await?).await?)
}

/// Begins to add one: first the reader shows who they are.
#[server(endpoint = "authenticators/add")]
pub async fn add(
    /// `code` or `passkey`.
    kind: Strength,
    /// How it will be called.
    #[server(default)]
    name: String,
) -> Result<(), Fault> {
    crate::server::confirm_first(operations::Wanted::AddAuthenticator { kind, name }).await
}

/// What is needed to go on adding one.
#[server(endpoint = "authenticators/adding")]
pub async fn adding(
    /// Which.
    id: PendingId,
) -> Result<EnrolPage, Fault> {
    Ok(crate::server::portal()?.enrol_page(&crate::server::actor().await?, id).await?)
}

/// Adds it.
#[server(endpoint = "authenticators/added")]
pub async fn added(
    /// Which.
    id: PendingId,
    /// The first code of an app, or nothing.
    #[server(default)]
    code: String,
    /// What a new passkey gave the browser, or nothing.
    #[server(default)]
    passkey: String,
) -> Result<(), Fault> {
    let answer = if passkey.is_empty() { code } else { passkey };
    crate::server::portal()?.finish_enrolment(&crate::server::actor().await?, id, &answer).await?;
    crate::server::lead_to("/authenticators");
    Ok(())
}

/// Calls one otherwise; where that wants it, the reader shows who they are first.
#[server(endpoint = "authenticators/rename")]
pub async fn rename(
    /// Which.
    authenticator: AuthenticatorId,
    /// Its new name.
    #[server(default)]
    name: String,
) -> Result<(), Fault> {
    let done =
        crate::server::portal()?.rename_authenticator(&crate::server::actor().await?, authenticator, &name).await;
    let wanted = operations::Wanted::RenameAuthenticator { authenticator, name };
    crate::server::or_confirm(done, wanted).await.map(|_| ())
}

/// Begins to remove one: first the reader shows who they are.
#[server(endpoint = "authenticators/remove")]
pub async fn remove(
    /// Which.
    authenticator: AuthenticatorId,
) -> Result<(), Fault> {
    crate::server::confirm_first(operations::Wanted::RemoveAuthenticator { authenticator }).await
}

/// Begins to make new recovery codes: first the reader shows who they are.
#[server(endpoint = "authenticators/codes")]
pub async fn codes() -> Result<(), Fault> {
    crate::server::confirm_first(operations::Wanted::RenewRecoveryCodes).await
}

/// An admin asks that somebody's authenticators be reset; where that wants it, they show who they are first.
#[server(endpoint = "authenticators/ask-reset")]
pub async fn ask_reset(
    /// Whose.
    identity: IdentityId,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.ask_reset(&crate::server::actor().await?, identity).await;
    crate::server::or_confirm(done, operations::Wanted::AskReset { identity }).await.map(|_| ())
}

/// That is taken back, or refused.
#[server(endpoint = "authenticators/refuse-reset")]
pub async fn refuse_reset(
    /// Whose.
    identity: IdentityId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.refuse_reset(&crate::server::actor().await?, identity).await?)
}

/// Another admin confirms it, and shows who they are first.
#[server(endpoint = "authenticators/reset")]
pub async fn reset(
    /// Whose.
    identity: IdentityId,
) -> Result<(), Fault> {
    crate::server::confirm_first(operations::Wanted::ResetAuthenticators { identity }).await
}
