//! Does the jobs that are due, for as long as the process runs. Any number of replicas may do so: who does which job is settled by the
//! leases in the database.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;
use operations::Portal;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::Running;
use crate::guard::changes_nothing;
use crate::stop::Stop;

const AT_ONCE: u32 = 32;
// A deadline is kept to within this.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
const AFTER_A_FAILURE: Duration = Duration::from_secs(10);
const TIDY: Duration = Duration::from_mins(10);
/// So long after its last work it has no use any more for what it read for it.
const QUIET: Duration = Duration::from_secs(10);

/// Wakes the worker when somebody may have made work for it.
pub async fn wake_after_acts(State(running): State<Running>, request: Request, next: Next) -> Response {
    let may_act = !changes_nothing(request.method());
    let response = next.run(request).await;
    if may_act {
        running.wake.notify_one();
    }
    response
}

/// Works until it is asked to stop; what it has begun it finishes.
pub async fn work(portal: Portal, wake: Arc<Notify>, mut stop: Stop) {
    let mut tidied: Option<Instant> = None;
    let mut worked = Some(Instant::now());
    while !stop.is_asked() {
        if tidied.is_none_or(|at| at.elapsed() >= TIDY) {
            if let Err(error) = portal.tidy().await {
                tracing::warn!(%error, "could not throw away what is too old");
            }
            tidied = Some(Instant::now());
        }
        // A defect in one job is no reason to leave all others undone; its lease runs out, and it is tried again.
        let rest = match AssertUnwindSafe(portal.run_due_jobs(AT_ONCE)).catch_unwind().await {
            Ok(Ok(0)) => {
                if worked.take_if(|at| at.elapsed() >= QUIET).is_some()
                    && let Err(error) = portal.free_memory().await
                {
                    tracing::warn!(%error, "could not give memory back");
                }
                LOOK_AGAIN
            }
            Ok(Ok(_)) => {
                worked = Some(Instant::now());
                continue;
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "could not look for jobs that are due");
                AFTER_A_FAILURE
            }
            Err(_panicked) => AFTER_A_FAILURE,
        };
        tokio::select! {
            () = stop.asked() => {}
            () = wake.notified() => {}
            () = sleep(rest) => {}
        }
    }
}
