//! `sallyport serve`: opens the memory, listens, works, and stops gracefully.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use app::Demo;
use operations::{Ids as _, Portal, SystemIds};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::Running;
use crate::config::Settings;
use crate::events;
use crate::guard::RequestIds;
use crate::router::router;
use crate::site;
use crate::stop::{self, Stop};
use crate::worker;

// How long requests and jobs that are under way may still take.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until it is told to stop.
pub async fn serve(portal: Portal, settings: Settings, listener: TcpListener, demo: Option<Demo>) -> Result<()> {
    if site::files().is_none() {
        tracing::warn!(
            "this binary was built without style and browser part: pages are plain (build it with `cargo xtask`)"
        );
    }
    let chance = SystemIds::default().secret().iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte));
    let (stopper, stop) = stop::pair();
    let (changes, looking) =
        events::watch_changes(portal.clone()).await.context("the portal's memory does not answer")?;
    let wake = Arc::new(Notify::new());
    let running = Running {
        portal: portal.clone(),
        settings: Arc::new(settings),
        demo,
        wake: wake.clone(),
        changes,
        stop: stop.clone(),
        request_ids: Arc::new(RequestIds::new(chance)),
    };

    let mut parts = JoinSet::new();
    parts.spawn(done("looking for changes", looking.keep_looking(stop.clone())));
    parts.spawn(done("doing jobs", worker::work(portal.clone(), wake, stop.clone())));
    parts.spawn(answer(listener, running, stop));

    tokio::select! {
        () = stop::told_by_the_machine() => tracing::info!("stopping: finishing what is under way"),
        // None of them ends before it is told to. Half a portal is worse than one that is started again.
        ended = parts.join_next() => bail!("stopped by itself: {}", what_ended(ended)),
    }
    stopper.stop();
    tokio::select! {
        finished = timeout(GRACE, all(parts)) => {
            finished.with_context(|| format!("stopped with something unfinished: it took longer than {} seconds", GRACE.as_secs()))??;
        }
        () = stop::told_by_the_machine() => bail!("told to stop twice: stopped with something unfinished"),
    }
    portal.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn answer(listener: TcpListener, running: Running, mut stop: Stop) -> Result<&'static str> {
    let service = router(&running).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async move { stop.asked().await }).await?;
    Ok("answering requests")
}

async fn done(what: &'static str, work: impl Future<Output = ()>) -> Result<&'static str> {
    work.await;
    Ok(what)
}

async fn all(mut parts: JoinSet<Result<&'static str>>) -> Result<()> {
    while let Some(part) = parts.join_next().await {
        part??;
    }
    Ok(())
}

fn what_ended(ended: Option<Result<Result<&'static str>, JoinError>>) -> String {
    match ended {
        Some(Ok(Ok(what))) => format!("{what} ended"),
        Some(Ok(Err(error))) => error.to_string(),
        Some(Err(error)) => error.to_string(),
        None => "nothing was left to do".to_owned(),
    }
}

/// The socket, before anything else is begun that would have to be undone.
pub async fn listen(settings: &Settings) -> Result<TcpListener> {
    TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another address with --listen", settings.listen))
}
