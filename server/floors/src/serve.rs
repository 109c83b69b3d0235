//! The floors over HTTP: what a request costs that reads its session as the portal does and then only commits, and what a page costs that
//! has nothing to say.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state as with;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use leptos::prelude::*;
use leptos_axum::{generate_route_list, render_app_async};
use operations::Portal;
use server::Running;
use server::config::Settings;
use server::events::watch_changes;
use server::guard::RequestIds;
use server::session::{self, Key};
use server::stop;
use tokio::sync::Notify;

use crate::commit::{Act, Floors};

// Larger than any form that is sent.
const FORM_AT_MOST: usize = 64 * 1024;

/// How many rows the page has, as a page of the portal's lists does.
const ROWS: usize = 20;

/// Serves until it is told to stop.
pub async fn serve(floors: &Arc<Floors>, portal: Portal, settings: Settings) -> Result<()> {
    let listener = server::serve::listen(&settings).await?;
    let (changes, _looking) = watch_changes(portal.clone()).await.context("the portal's memory does not answer")?;
    let (_stopper, stop) = stop::pair();
    let running = Running {
        portal,
        settings: Arc::new(settings),
        demo: None,
        wake: Arc::new(Notify::new()),
        changes,
        stop,
        request_ids: Arc::new(RequestIds::new(0)),
    };
    println!("ready");
    axum::serve(listener, router(Arc::clone(floors), &running))
        .with_graceful_shutdown(stop::told_by_the_machine())
        .await?;
    Ok(())
}

fn router(floors: Arc<Floors>, running: &Running) -> Router {
    // What makes Leptos ready to render; there is but one page.
    generate_route_list(page);
    let acts = Router::new()
        .route("/commit-ask", post(ask))
        .route("/commit-decide", post(decide))
        .layer(with(running.clone(), session::know_the_viewer))
        .layer(session::cookies(running.portal.clone()))
        .with_state(floors);
    Router::new().route("/page", get(render_app_async(page))).merge(acts)
}

async fn ask(State(floors): State<Arc<Floors>>, request: Request) -> Response {
    commit(&floors, Act::Ask, request).await
}

async fn decide(State(floors): State<Arc<Floors>>, request: Request) -> Response {
    commit(&floors, Act::Decide, request).await
}

/// What is in the form does not matter, but it is read.
async fn commit(floors: &Floors, act: Act, request: Request) -> Response {
    if request.extensions().get::<Key>().is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if to_bytes(request.into_body(), FORM_AT_MOST).await.is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match floors.commit(act).await {
        Ok(()) => Redirect::to("/page").into_response(),
        Err(error) => {
            eprintln!("floors: {error:#}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page with a heading and a list of made-up rows, in the document that the portal has around its pages.
fn page() -> impl IntoView {
    if let Some(context) = Owner::current_shared_context() {
        // As in the portal, nothing here needs marks to be found by.
        context.set_is_hydrating(false);
    }
    let rows = (1..=ROWS).map(|nth| {
        view! {
            <li>
                <a href=format!("/requests/{nth}")>{format!("Orders database, read: row {nth}")}</a>
                <p>"Somebody asks for it, to find out why a customer was charged twice"</p>
                <span class="soft">{format!("has waited for {nth} hours")}</span>
            </li>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <title>"A bare page"</title>
            </head>
            <body>
                <main>
                    <h1>"What waits"</h1>
                    <ul>{rows.collect_view()}</ul>
                </main>
            </body>
        </html>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_page_is_a_whole_document() {
        generate_route_list(page);
        let answer = render_app_async(page)(Request::default()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let body = to_bytes(answer.into_body(), FORM_AT_MOST).await.expect("it is rendered");
        let body = String::from_utf8_lossy(&body);
        assert!(body.starts_with("<!DOCTYPE html>") && body.contains("</html>"), "{body}");
        assert_eq!(body.matches("</li>").count(), ROWS, "{body}");
    }
}
