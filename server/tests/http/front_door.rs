//! What everybody passes before they reach a page: signing in and out, plain forms, and the refusals that no page needs to hear of.

use axum::http::{Method, StatusCode};
use chrono::TimeDelta;
use domain::Actor;
use leptos::server_fn::axum::server_fn_paths;
use operations::Import;
use server::session::COOKIE;

use crate::on_both;
use crate::world::{HERE, On, PASSWORD, World};

on_both! {
    who_signs_in_is_known_until_they_sign_out
    a_session_ends_when_it_rests_and_when_it_is_old
    a_refused_form_comes_back_with_what_was_typed_but_no_password
    a_form_survives_a_session_that_ran_out_and_is_shown_to_nobody_else
    a_form_from_elsewhere_changes_nothing
    every_answer_tells_browsers_to_be_careful
    the_page_says_from_when_a_new_authenticator_counts
    a_number_from_a_proxy_is_kept_when_it_is_plain
    too_much_is_refused_in_words
    what_is_not_there_is_said_in_words
    it_says_whether_it_lives_and_whether_it_can_answer
    only_who_is_signed_in_hears_of_changes
    an_address_counts_only_when_our_own_proxy_says_it
}

#[test]
fn the_pages_and_their_server_functions_are_linked_in() {
    use app as _;
    let paths: Vec<_> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(paths.contains(&"/api/sessions/sign-in"), "{paths:?}");
}

async fn who_signs_in_is_known_until_they_sign_out(on: On) {
    let world = World::on(on).await;
    let mut stranger = world.browser();
    assert_eq!(stranger.get("/").await.location(), Some("/sign-in?next=%2F"));

    let mut maya = world.sign_in("maya.lindqvist").await;
    let first = maya.cookie(COOKIE).expect("a session").to_owned();
    let home = maya.get("/").await;
    assert_eq!(home.status, StatusCode::OK);
    assert!(home.shows("Maya Lindqvist"), "{}", home.text());

    // Another sign-in in the same browser is another session, and the first is over.
    maya.get("/sign-in").await;
    maya.post("/api/sessions/sign-in", &[("name", "maya.lindqvist"), ("password", PASSWORD)]).await;
    assert_ne!(maya.cookie(COOKIE), Some(first.as_str()));
    let mut old = world.browser();
    old.set_cookie(COOKIE, &first);
    assert_eq!(old.get("/").await.location(), Some("/sign-in?next=%2F"));
    assert_eq!(old.cookie(COOKIE), None, "the browser is told to forget it");

    let out = maya.post("/api/sessions/sign-out", &[]).await;
    assert_eq!(out.location(), Some("/sign-in"));
    assert_eq!(maya.cookie(COOKIE), None);
    assert_eq!(maya.get("/").await.location(), Some("/sign-in?next=%2F"));
}

async fn a_session_ends_when_it_rests_and_when_it_is_old(on: On) {
    let world = World::on(on).await;
    let mut maya = world.sign_in("maya.lindqvist").await;
    for _ in 0..14 {
        world.clock.advance(TimeDelta::minutes(50));
        assert_eq!(maya.get("/").await.status, StatusCode::OK, "it is used, so it goes on");
    }
    world.clock.advance(TimeDelta::minutes(50));
    assert!(maya.get("/").await.location().is_some(), "twelve hours are over");

    let mut by_itself = world.sign_in("maya.lindqvist").await.saying("x-sallyport-refresh", "1");
    for still_there in [true, true, false] {
        world.clock.advance(TimeDelta::minutes(20));
        assert_eq!(
            by_itself.get("/").await.status.is_success(),
            still_there,
            "a page that asks by itself is nobody who uses it"
        );
    }
}

async fn a_refused_form_comes_back_with_what_was_typed_but_no_password(on: On) {
    let world = World::on(on).await;
    let mut browser = world.browser();
    browser.get("/sign-in?next=/inbox").await;
    let answer = browser
        .post("/api/sessions/sign-in", &[("name", "maya.lindqvist"), ("password", "wrong"), ("next", "/inbox")])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let back = answer.location().expect("it leads back").to_owned();
    assert!(back.starts_with("/sign-in?next=/inbox&kept="), "{back}");

    let form = browser.get(&back).await;
    assert!(form.shows("That name and password do not fit together"), "{}", form.text());
    assert!(form.body.contains("maya.lindqvist"), "the name is kept");
    assert!(!form.body.contains("wrong"), "the password is not");
}

async fn a_form_survives_a_session_that_ran_out_and_is_shown_to_nobody_else(on: On) {
    let world = World::on(on).await;
    let mut maya = world.sign_in("maya.lindqvist").await;
    maya.get("/ask/orders-read").await;
    world.clock.advance(TimeDelta::hours(2));
    let why = "CASE-20418: three parcels to one address";
    let answer = maya.post("/api/requests/ask", &[("bundle", "orders-read"), ("justification", why)]).await;
    let to = answer.location().expect("it leads to the door").to_owned();
    assert!(to.starts_with("/sign-in?next=/ask/orders-read%3Fkept%3D"), "{to} {}", answer.body);

    // The same kind of form, refused to somebody who is signed in, is theirs alone.
    let mut joao = world.sign_in("joao.marques").await;
    joao.get("/ask/orders-read").await;
    let answer =
        joao.post("/api/requests/ask", &[("bundle", "orders-read"), ("justification", "what only I wrote")]).await;
    let his = answer.location().expect("it leads back").to_owned();
    assert!(his.starts_with("/ask/orders-read?kept="), "{his}");
    let mut maya = world.sign_in("maya.lindqvist").await;
    assert!(!maya.get(&his).await.body.contains("what only I wrote"));
    assert!(joao.get(&his).await.body.contains("what only I wrote"));
}

async fn a_form_from_elsewhere_changes_nothing(on: On) {
    let world = World::on(on).await;
    let maya = world.sign_in("maya.lindqvist").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")] {
        let answer = maya.clone().saying(name, value).post("/api/sessions/sign-out", &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.shows("Sallyport takes forms only from its own pages"), "{}", answer.text());
    }
    assert_eq!(maya.clone().get("/").await.status, StatusCode::OK, "she is still signed in");
}

async fn every_answer_tells_browsers_to_be_careful(on: On) {
    let world = World::empty(on, &[("SALLYPORT_PUBLIC_URL", "https://access.example")]).await;
    let mut browser = world.browser();
    for path in ["/sign-in", "/healthz", "/pkg/nothing", "/nowhere", "/api/nothing", "/favicon.svg"] {
        let answer = browser.get(path).await;
        for (name, says) in [
            ("content-security-policy", "frame-ancestors 'none'"),
            ("content-security-policy", "base-uri 'none'"),
            ("content-security-policy", "form-action 'self'"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("permissions-policy", "camera=()"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert!(
                answer.header(name).is_some_and(|value| value.contains(says)),
                "{path}: {name} {:?}",
                answer.header(name)
            );
        }
        assert!(answer.header("x-request-id").is_some(), "{path}");
    }

    let page = browser.get("/sign-in").await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").expect("a policy");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    let again = browser.get("/sign-in").await;
    assert!(!again.header("content-security-policy").expect("a policy").contains(nonce), "each page has its own");
}

/// What a password adds counts for no more than that for a day, save right after a one-time link; the page says which it is.
async fn the_page_says_from_when_a_new_authenticator_counts(on: On) {
    let key = "07".repeat(32);
    let world = World::empty(on, &[("SALLYPORT_PUBLIC_URL", HERE), ("SALLYPORT_SECRETS_KEY", key.as_str())]).await;
    let person = "[[person]]\nkey = \"ann\"\nname = \"Ann\"\nemail = \"ann@tidewater.example\"\n";
    let files = [("people.toml".to_owned(), person.to_owned())];
    world.portal.import_files(&Actor::Operator, &files, Import::default()).await.expect("the catalogue loads");
    let waits = |kind: &str| {
        format!(
            "You add it with a fresh sign-in, so for a day it counts for no more than that; from then on it counts as {kind}."
        )
    };
    let mut ann = world.sign_in("ann").await;
    let page = ann.get("/authenticators").await;
    assert!(page.shows("Add a passkey") && page.shows("Add an authenticator app"), "{}", page.text());
    assert!(!page.shows("for a day it counts for no more"), "she has just come in by her link: {}", page.text());

    world.clock.advance(TimeDelta::hours(1));
    let page = world.sign_in("ann").await.get("/authenticators").await;
    for kind in ["a passkey", "a one-time code"] {
        assert!(page.shows(&waits(kind)), "{}", page.text());
    }
}

async fn a_number_from_a_proxy_is_kept_when_it_is_plain(on: On) {
    let world = World::empty(on, &[]).await;
    let kept = world.browser().saying("x-request-id", "edge-17.a_b").get("/healthz").await;
    assert_eq!(kept.header("x-request-id"), Some("edge-17.a_b"));
    let made = world.browser().saying("x-request-id", "a b").get("/healthz").await;
    assert_eq!(made.header("x-request-id"), Some("0000000000000007-1"));
}

async fn too_much_is_refused_in_words(on: On) {
    let world = World::on(on).await;
    let mut browser = world.browser();
    let much = "x".repeat(3 * 1024 * 1024);
    let page = browser.post("/api/sessions/sign-in", &[("name", &much), ("password", "x")]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.shows("larger than 2 MiB, and nothing was changed"), "{}", page.text());
    let fault = browser.call("/api/sessions/sign-in", &[("name", &much), ("password", "x")]).await;
    assert_eq!(fault.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(fault.body.starts_with("{\"Refused\":{\"says\":\"What was sent is larger than 2 MiB"), "{}", fault.body);
}

async fn what_is_not_there_is_said_in_words(on: On) {
    let world = World::on(on).await;
    let mut maya = world.sign_in("maya.lindqvist").await;
    assert_eq!(maya.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    let act = maya.post("/api/no/such/act", &[]).await;
    assert_eq!(act.status, StatusCode::NOT_FOUND);
    assert!(act.shows("This address leads nowhere"), "{}", act.text());
    let read = maya.get("/api/sessions/sign-out").await;
    assert_eq!(read.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(read.shows("it only takes what one of the portal's forms sends"), "{}", read.text());
    let written = maya.send(Method::POST, "/nowhere", "text/html", Some(String::new())).await;
    assert_eq!(written.status, StatusCode::METHOD_NOT_ALLOWED);
}

async fn it_says_whether_it_lives_and_whether_it_can_answer(on: On) {
    let world = World::empty(on, &[]).await;
    let mut probe = world.browser();
    assert_eq!(probe.get("/healthz").await.body, "alive\n");
    assert_eq!(probe.get("/readyz").await.body, "ready\n");
    world.stop();
    let stopping = probe.get("/readyz").await;
    assert_eq!((stopping.status, stopping.body.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"));
    assert_eq!(probe.get("/healthz").await.status, StatusCode::OK);
}

async fn only_who_is_signed_in_hears_of_changes(on: On) {
    let world = World::on(on).await;
    assert_eq!(world.browser().get("/events").await.status, StatusCode::UNAUTHORIZED);

    let mut maya = world.sign_in("maya.lindqvist").await;
    world.portal.changes().await.expect("it counts");
    let page = maya.get("/").await.body;
    let (_, after) = page.split_once(" data-changes=\"").expect("a page says as of when it was read");
    let before: i64 = after.split('"').next().and_then(|count| count.parse().ok()).expect("a count");
    world.portal.sign_out_everywhere(&world.actor("joao.marques").await).await.expect("he may");
    world.looking.look().await.expect("it looks");
    let now = world.portal.changes().await.expect("it counts");
    assert_ne!(before, now);
    world.stop();
    // She says what she knows, and hears what she missed; then the portal stops, and the stream ends.
    let heard = maya.get(&format!("/events?since={before}")).await;
    assert_eq!(heard.header("content-type"), Some("text/event-stream"));
    assert_eq!(heard.body, format!("event: changed\nid: {now}\ndata: {now}\n\n"));
    assert_eq!(maya.get(&format!("/events?since={now}")).await.body, "");
}

async fn an_address_counts_only_when_our_own_proxy_says_it(on: On) {
    let world = World::on(on).await;
    let mut maya = world.sign_in("maya.lindqvist").await.saying("x-forwarded-for", "203.0.113.9");
    let sessions = maya.get("/sessions").await;
    assert_eq!(sessions.status, StatusCode::OK);
    assert!(!sessions.shows("203.0.113.9"), "{HERE} trusts nobody");
}
