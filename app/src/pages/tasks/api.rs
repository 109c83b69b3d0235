//! What waits to be done by hand.

use crate::fault::Fault;
use domain::{
    ids::TaskId,
    views::{Page, TaskView},
};
use leptos::prelude::*;

/// The tasks of the systems whose operator the reader is.
#[server(endpoint = "tasks")]
pub async fn tasks(
    /// After which cursor; nothing begins at the first.
    #[server(default)]
    after: String,
) -> Result<Page<TaskView>, Fault> {
    Ok(crate::server::portal()?.tasks(&crate::server::actor().await?, &after).await?)
}

/// Says that a task is done, and that one has looked.
#[server(endpoint = "tasks/attest")]
pub async fn attest(
    /// Which task.
    task: TaskId,
) -> Result<(), Fault> {
    Ok(crate::server::portal()?.attest(&crate::server::actor().await?, task).await?)
}
