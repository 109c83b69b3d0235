//! The same commits without anything around them, from as many tasks as the portal is driven by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::commit::{Act, Floors};

/// From how many tasks there is committed.
const TASKS: usize = 8;

/// How many commits of each kind there are in a second. What is asked first is what is decided then.
pub async fn measure(floors: &Arc<Floors>, span: Duration) -> Result<Value> {
    let ask = per_second(floors, Act::Ask, span).await?;
    let decide = per_second(floors, Act::Decide, span).await?;
    Ok(json!({ "ask": { "per_second": ask }, "decide": { "per_second": decide } }))
}

async fn per_second(floors: &Arc<Floors>, act: Act, span: Duration) -> Result<f64> {
    let begins = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let floors = Arc::clone(floors);
        tasks.spawn(async move {
            let mut commits = 0_u32;
            while begins.elapsed() < span {
                floors.commit(act).await?;
                commits += 1;
            }
            anyhow::Ok(commits)
        });
    }
    let mut commits = 0_u32;
    while let Some(task) = tasks.join_next().await {
        commits += task??;
    }
    Ok(f64::from(commits) / begins.elapsed().as_secs_f64())
}
