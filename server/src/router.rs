//! All routes and layers on one screen.

use app::{App, shell};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state as with};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures::future::BoxFuture;
use leptos::nonce::use_nonce;
use leptos::prelude::{LeptosOptions, use_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list, render_app_async_with_context};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::trace::TraceLayer;

use crate::{Running, client, events, forms, guard, session, site, words, worker};

/// The whole portal as one service. Of the layers the last one added is the first that a request passes.
pub fn router(running: &Running) -> Router {
    let state = running.clone();
    let options = LeptosOptions::builder().output_name("frontend").build();
    let context = provide(running);
    let missing = no_such_page(context.clone());

    let pages = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), context, shell)
        .with_state::<Running>(options)
        .route("/events", get(events::events))
        .route("/api/{*act}", any(no_such_act))
        .fallback(missing)
        .method_not_allowed_fallback(not_this_way)
        .layer(from_fn(guard::defects_in_words))
        .layer(with(state.clone(), forms::plain_forms))
        .layer(with(state.clone(), session::know_the_viewer))
        .layer(session::cookies(running.portal.clone()))
        .layer(from_fn(session::take_cookies_back))
        .layer(with(state.clone(), client::name_the_client))
        .layer(with(state.clone(), worker::wake_after_acts))
        .layer(from_fn(guard::bodies_within_bounds))
        .layer(with(state.clone(), guard::own_pages_only))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(guard::within_time))
        .layer(from_fn(guard::not_kept));

    Router::new()
        .route("/pkg/{*file}", get(site::file))
        .route("/favicon.svg", get(site::icon))
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .merge(pages)
        .layer(from_fn(guard::defects_in_words))
        .layer(with(state.clone(), guard::careful_headers))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(guard::span)
                .on_request(())
                .on_response(guard::log_answer)
                .on_failure(()),
        )
        .layer(with(state.clone(), guard::number))
        .with_state(state)
}

/// What pages and server functions find in their context, and the policy that lets a page's own scripts run.
fn provide(running: &Running) -> impl Fn() + Clone + Send + Sync + 'static {
    let portal = running.portal.clone();
    let demo = running.demo.clone();
    move || {
        app::server::open(portal.clone(), site::files().cloned(), demo.clone());
        let policy = use_nonce().and_then(|nonce| guard::policy_with(&nonce));
        if let (Some(response), Some(policy)) = (use_context::<ResponseOptions>(), policy) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// The app's own page for what is not there; a reader keeps the frame and the search.
fn no_such_page(
    context: impl Fn() + Clone + Send + Sync + 'static,
) -> impl Fn(Request) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static {
    let page = render_app_async_with_context(context, shell);
    move |request| {
        let reads = guard::changes_nothing(request.method());
        let headers = request.headers().clone();
        let page = reads.then(|| page(request));
        Box::pin(async move {
            let Some(page) = page else {
                return words::not_this_way(&headers);
            };
            let mut response = page.await;
            // A redirect to the sign-in page stays one.
            if response.status() == StatusCode::OK {
                *response.status_mut() = StatusCode::NOT_FOUND;
            }
            response
        })
    }
}

async fn no_such_act(headers: HeaderMap) -> Response {
    words::not_found(&headers)
}

async fn not_this_way(headers: HeaderMap) -> Response {
    words::not_this_way(&headers)
}

/// The process runs.
async fn alive() -> &'static str {
    "alive\n"
}

/// The process can answer people: its memory is there and of the right shape, and it is not about to stop.
async fn ready(State(running): State<Running>) -> Response {
    if running.stop.is_asked() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match running.portal.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer as it should\n").into_response()
        }
    }
}
