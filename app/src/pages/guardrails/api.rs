//! The guardrails, and what is done with the version of them that waits.

use crate::fault::Fault;
use domain::views::guardrails::{GuardrailEditor, GuardrailPage, GuardrailSketch};
use leptos::prelude::*;

/// What counts now, and what waits.
#[server(endpoint = "guardrails")]
pub async fn guardrails() -> Result<GuardrailPage, Fault> {
    Ok(crate::server::portal()?.guardrail_page(&crate::server::actor().await?).await?)
}

/// The editor, filled.
#[server(endpoint = "guardrails/editor")]
pub async fn editor() -> Result<GuardrailEditor, Fault> {
    Ok(crate::server::portal()?.guardrail_editor(&crate::server::actor().await?).await?)
}

/// What a text comes to; saves nothing.
#[server(endpoint = "guardrails/sketch")]
pub async fn sketch(
    /// The rules.
    #[server(default)]
    rules: String,
    /// Their tests.
    #[server(default)]
    tests: String,
) -> Result<GuardrailSketch, Fault> {
    let text = domain::guardrail::GuardrailText { rules, tests };
    Ok(crate::server::portal()?.sketch_guardrails(&crate::server::actor().await?, &text).await?)
}

/// The same as it is drawn beside the text.
#[server(endpoint = "guardrails/panel")]
pub async fn panel(
    /// The rules.
    #[server(default)]
    rules: String,
    /// Their tests.
    #[server(default)]
    tests: String,
) -> Result<String, Fault> {
    let sketch = sketch(rules, tests).await?;
    Ok(view! { <super::Panel sketch /> }.to_html())
}

/// The same for those without scripts: leads back to the text, beside which it is shown.
#[server(endpoint = "guardrails/check")]
pub async fn check() -> Result<(), Fault> {
    crate::server::actor().await?;
    Err(Fault::Kept.told())
}

/// Saves a text as a draft.
#[server(endpoint = "guardrails/edit")]
pub async fn edit(
    /// The rules.
    #[server(default)]
    rules: String,
    /// Their tests.
    #[server(default)]
    tests: String,
    /// How many versions there were when the editor was drawn.
    #[server(default)]
    after: u32,
) -> Result<(), Fault> {
    let text = domain::guardrail::GuardrailText { rules, tests };
    crate::server::portal()?.draft_guardrails(&crate::server::actor().await?, &text, after).await?;
    crate::server::lead_to("/guardrails");
    Ok(())
}

/// Publishes the draft that one has looked at.
#[server(endpoint = "guardrails/publish")]
pub async fn publish(
    /// The number of the draft that was looked at.
    number: u32,
) -> Result<(), Fault> {
    let done = crate::server::portal()?.publish_guardrails(&crate::server::actor().await?, number).await;
    crate::server::or_confirm(done, operations::Wanted::PublishGuardrails { number }).await.map(|_| ())
}

/// Gives one's draft to the other admins to look at.
#[server(endpoint = "guardrails/submit")]
pub async fn submit(
    /// The number of the draft.
    number: u32,
) -> Result<(), Fault> {
    let act = operations::guardrails::GuardrailAct::Submit;
    Ok(crate::server::portal()?.change_guardrails(&crate::server::actor().await?, number, act).await?)
}

/// Takes one's draft back from review.
#[server(endpoint = "guardrails/withdraw")]
pub async fn withdraw(
    /// The number of the draft.
    number: u32,
) -> Result<(), Fault> {
    let act = operations::guardrails::GuardrailAct::Withdraw;
    Ok(crate::server::portal()?.change_guardrails(&crate::server::actor().await?, number, act).await?)
}

/// Throws the draft away that one has looked at.
#[server(endpoint = "guardrails/discard")]
pub async fn discard(
    /// The number of the draft that was looked at.
    number: u32,
) -> Result<(), Fault> {
    let act = operations::guardrails::GuardrailAct::Discard;
    Ok(crate::server::portal()?.change_guardrails(&crate::server::actor().await?, number, act).await?)
}

/// Writes on a draft.
#[server(endpoint = "guardrails/comment")]
pub async fn comment(
    /// The number of the draft.
    number: u32,
    /// What one writes, or nothing.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    let act = operations::guardrails::GuardrailAct::Comment(&comment);
    Ok(crate::server::portal()?.change_guardrails(&crate::server::actor().await?, number, act).await?)
}

/// Gives a draft back to who wrote it, and says why.
#[server(endpoint = "guardrails/send-back")]
pub async fn send_back(
    /// The number of the draft.
    number: u32,
    /// Why.
    #[server(default)]
    comment: String,
) -> Result<(), Fault> {
    let act = operations::guardrails::GuardrailAct::SendBack(&comment);
    Ok(crate::server::portal()?.change_guardrails(&crate::server::actor().await?, number, act).await?)
}
