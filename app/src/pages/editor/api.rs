//! Writing a version of a bundle, and seeing beforehand what it says.

use crate::fault::Fault;
use domain::views::editor::{BundleEditor, BundleSketch, Values};
use leptos::prelude::*;

/// The editor, filled.
#[server(endpoint = "bundles/editor")]
pub async fn editor(
    /// The bundle's key; empty for a new one.
    #[server(default)]
    bundle: String,
) -> Result<BundleEditor, Fault> {
    Ok(crate::server::portal()?.bundle_editor(&crate::server::actor().await?, &bundle).await?)
}

/// What the form would make; saves nothing.
#[server(endpoint = "bundles/sketch")]
pub async fn sketch(
    /// The bundle's key; empty for a new one.
    #[server(default)]
    bundle: String,
    /// What the form holds.
    #[server(default)]
    fields: Values,
) -> Result<BundleSketch, Fault> {
    Ok(crate::server::portal()?.sketch_bundle(&crate::server::actor().await?, &bundle, &fields).await?)
}

/// The same as it is drawn beside the form.
#[server(endpoint = "bundles/panel")]
pub async fn panel(
    /// The bundle's key; empty for a new one.
    #[server(default)]
    bundle: String,
    /// What the form holds.
    #[server(default)]
    fields: Values,
) -> Result<String, Fault> {
    let sketch = sketch(bundle, fields).await?;
    Ok(view! { <super::Panel sketch /> }.to_html())
}

/// The same for those without scripts: leads back to the form, which shows it.
#[server(endpoint = "bundles/check")]
pub async fn check() -> Result<(), Fault> {
    crate::server::actor().await?;
    Err(Fault::Kept.told())
}

/// Saves the form as a draft.
#[server(endpoint = "bundles/edit")]
pub async fn edit(
    /// The bundle's key; empty for a new one.
    #[server(default)]
    bundle: String,
    /// How many versions there were when the form was drawn.
    #[server(default)]
    after: u32,
    /// What the form holds.
    #[server(default)]
    fields: Values,
) -> Result<(), Fault> {
    let actor = crate::server::actor().await?;
    let key = crate::server::portal()?.edit_bundle(&actor, &bundle, after, &fields).await?;
    crate::server::lead_to(&format!("/bundles/{key}"));
    Ok(())
}

/// Saves a draft that is written in the catalogue's words.
#[server(endpoint = "bundles/draft")]
pub async fn draft(
    /// The bundle as it is written in the catalogue.
    #[server(default)]
    text: String,
    /// How many versions there were when the form was drawn.
    #[server(default)]
    after: u32,
) -> Result<(), Fault> {
    let key = crate::server::portal()?.draft_bundle(&crate::server::actor().await?, &text, after).await?;
    crate::server::lead_to(&format!("/bundles/{key}"));
    Ok(())
}
