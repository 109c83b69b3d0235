//! Tells open pages that something has changed. Each replica looks at the portal's change counter once a second, however many readers it
//! has; a page that hears of a change asks for itself again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::stream::unfold;
use operations::Portal;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::Running;
use crate::session::Key;
use crate::stop::Stop;
use crate::words::Words;

const LOOK: Duration = Duration::from_secs(1);
const AFTER_A_FAILURE: Duration = Duration::from_secs(5);
// A session that was ended somewhere else stops hearing of changes within this.
const STILL_SIGNED_IN: Duration = Duration::from_secs(15);

/// The newest count of changes that this replica knows of.
#[derive(Clone)]
pub struct Changes(watch::Receiver<i64>);

/// Looks at the change counter until it is asked to stop.
pub struct Looking {
    portal: Portal,
    count: watch::Sender<i64>,
}

/// What a page knows when it begins to listen.
#[derive(Deserialize)]
pub struct Since {
    since: Option<i64>,
}

/// The count that pages listen to, and the task that keeps it fresh.
pub async fn watch_changes(portal: Portal) -> Result<(Changes, Looking), operations::Error> {
    let (count, changes) = watch::channel(portal.changes().await?);
    Ok((Changes(changes), Looking { portal, count }))
}

impl Looking {
    /// Keeps the count fresh.
    pub async fn keep_looking(self, mut stop: Stop) {
        while !stop.is_asked() {
            let rest = match self.look().await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "could not look for changes");
                    AFTER_A_FAILURE
                }
            };
            tokio::select! {
                () = stop.asked() => {}
                () = sleep(rest) => {}
            }
        }
    }

    /// Looks once.
    pub async fn look(&self) -> Result<(), operations::Error> {
        let found = self.portal.changes().await?;
        self.count.send_if_modified(|known| std::mem::replace(known, found) != found);
        Ok(())
    }
}

/// `/events`: one event `changed` whenever the count has moved. Its id is the count, so that a page that comes back after a break hears
/// at once what it missed; a fresh page may say with `?since=` what it knows.
pub async fn events(
    State(running): State<Running>,
    Query(Since { since }): Query<Since>,
    key: Option<Extension<Key>>,
    headers: HeaderMap,
) -> Response {
    let Some(Extension(key)) = key else {
        return Words {
            status: StatusCode::UNAUTHORIZED,
            title: "Nobody is signed in",
            says: "Sign in to hear of changes.",
        }
        .answer(&headers);
    };
    let missed = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).or(since);
    Sse::new(told(running, key, missed)).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))).into_response()
}

struct Listening {
    running: Running,
    key: Key,
    known: i64,
}

fn told(running: Running, key: Key, missed: Option<i64>) -> impl Stream<Item = Result<Event, Infallible>> {
    let known = missed.unwrap_or_else(|| *running.changes.0.borrow());
    unfold(Listening { running, key, known }, |mut listening| async move {
        let count = listening.next().await?;
        listening.known = count;
        let event = Event::default().event("changed").id(count.to_string()).data(count.to_string());
        Some((Ok(event), listening))
    })
}

impl Listening {
    /// The next count beyond the one it knows, which may be newer than what this replica has seen; `None` when the portal stops or the session is over.
    async fn next(&mut self) -> Option<i64> {
        let known = self.known;
        let Running { portal, changes, stop, .. } = &mut self.running;
        loop {
            let moved = async { changes.0.wait_for(|count| *count > known).await.map(|count| *count) };
            tokio::select! {
                biased;
                count = moved => return if self.key.is_live(portal).await { count.ok() } else { None },
                () = stop.asked() => return None,
                () = sleep(STILL_SIGNED_IN) => {
                    if !self.key.is_live(portal).await {
                        return None;
                    }
                }
            }
        }
    }
}
