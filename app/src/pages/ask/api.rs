//! Asking, and seeing beforehand what would be ruled.

use crate::fault::Fault;
use domain::{
    ids::GrantId,
    views::{AskForm, Asking, RulingView},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The form's fields as a browser sends them; what is absent is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// The bundle's key.
    pub bundle: String,
    /// For whom: an identity's id.
    pub subject: String,
    /// For how long; `other` when length and unit say it.
    pub duration: String,
    /// How many units.
    pub length: String,
    /// Which unit: `m`, `h` or `d`.
    pub unit: String,
    /// Why.
    pub justification: String,
    /// The work item's reference.
    pub work_item: String,
    /// Pages that say more, one a line.
    pub link: String,
    /// The grant it continues, or nothing.
    pub continues: String,
    /// `yes` where it is asked for as an exception.
    pub exception: String,
}

impl From<Fields> for Asking {
    fn from(fields: Fields) -> Self {
        let Fields { bundle, subject, duration, length, unit, justification, work_item, link, continues, exception } =
            fields;
        let duration = if duration == "other" { format!("{}{unit}", length.trim()) } else { duration };
        Self { bundle, subject, duration, justification, work_item, link, continues, exception }
    }
}

/// What the form for a bundle needs.
#[server(endpoint = "requests/form")]
pub async fn form(
    /// The bundle's key.
    bundle: String,
    /// The grant it would continue.
    continues: Option<GrantId>,
) -> Result<AskForm, Fault> {
    Ok(crate::server::portal()?.ask_form(&crate::server::actor().await?, &bundle, continues).await?)
}

/// What would be ruled; saves nothing.
#[server(endpoint = "requests/preview")]
pub async fn preview(
    /// The form.
    #[server(flatten)]
    fields: Fields,
) -> Result<RulingView, Fault> {
    Ok(crate::server::portal()?.preview(&crate::server::actor().await?, &fields.into()).await?)
}

/// The same as it is drawn beside the form.
#[server(endpoint = "requests/panel")]
pub async fn panel(
    /// The form.
    #[server(flatten)]
    fields: Fields,
) -> Result<String, Fault> {
    let ruling = preview(fields).await;
    Ok(view! { <super::Panel ruling /> }.to_html())
}

/// The same for those without scripts: leads back to the form, which shows what would be ruled.
#[server(endpoint = "requests/check")]
pub async fn check() -> Result<(), Fault> {
    crate::server::actor().await?;
    Err(Fault::Kept.told())
}

/// Asks, and leads to the request's page.
#[server(endpoint = "requests/ask")]
pub async fn ask(
    /// The form.
    #[server(flatten)]
    fields: Fields,
) -> Result<(), Fault> {
    let asking = fields.into();
    let done = crate::server::portal()?.ask(&crate::server::actor().await?, &asking).await;
    if let Some(id) = crate::server::or_confirm(done, operations::Wanted::Ask(asking)).await? {
        crate::server::lead_to(&format!("/requests/{id}"));
    }
    Ok(())
}
