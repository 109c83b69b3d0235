//! Whole stories as browsers live them, on SQLite and on Postgres: from asking to the end of access, and everything about getting in.

use axum::http::StatusCode;
use chrono::TimeDelta;
use domain::Actor;

use crate::on_both;
use crate::world::{On, PASSWORD, World};

on_both! {
    access_comes_and_goes_by_itself
    what_is_only_being_made_is_not_told_as_had
    signing_out_everywhere_ends_every_browser
    a_session_ends_by_the_clock
    tries_are_counted_and_names_are_not_told
    a_link_opens_once
    a_link_is_shown_once_and_on_its_own_page_only
    an_admin_makes_no_link_for_who_has_a_password
    founding_mode_ends_with_the_second_admin
    a_demo_says_so_on_every_page_however_it_was_started
    owners_are_proposed_by_a_plain_form_that_survives_a_mistake
}

async fn access_comes_and_goes_by_itself(on: On) {
    let world = World::on(on).await;
    let mut hamza = world.sign_in("hamza.yilmaz").await;
    let who = world.actor("hamza.yilmaz").await;
    let me = who.person().expect("a person").to_string();
    assert_eq!(hamza.get("/ask/engineer-starter").await.status, StatusCode::OK);
    let fields = [
        ("bundle", "engineer-starter"),
        ("subject", me.as_str()),
        ("duration", "2h"),
        ("justification", "New in the basket team from today"),
    ];
    let asked = hamza.post("/api/requests/ask", &fields).await;
    let page = asked.location().expect("it leads to the request").to_owned();
    let id = page.strip_prefix("/requests/").expect("the page of a request").to_owned();

    let mut manager = world.sign_in("linnea.ek").await;
    assert!(manager.get("/inbox").await.shows("Hamza"));
    let decider = world.actor("linnea.ek").await;
    let looked = world.portal.request(&decider, id.parse().expect("an id")).await.expect("it is theirs to decide");
    let version = looked.version.to_string();
    let approved = manager.submit("/api/requests/approve", &[("request", &id), ("version", &version)]).await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.text());

    world.run_jobs().await;
    let active = hamza.get(&page).await;
    assert!(active.text().to_lowercase().contains("active"), "{}", active.text());
    let mine = world.portal.my_access(&who, "", "").await.expect("his own");
    assert_eq!(mine.active.iter().map(|grant| grant.state.as_str()).collect::<Vec<_>>(), ["active"]);

    world.pass(TimeDelta::minutes(121)).await;
    let mut hamza = world.sign_in("hamza.yilmaz").await;
    let ended = hamza.get(&page).await;
    assert!(ended.text().to_lowercase().contains("ended"), "{}", ended.text());
    let mine = world.portal.my_access(&who, "", "").await.expect("his own");
    assert!(mine.active.is_empty() && mine.ended.items.len() == 1, "{mine:?}");
    let mut findings = Vec::new();
    world.portal.verify(&mut |_| {}, &mut |finding| findings.push(finding)).await.expect("it can be checked");
    assert!(findings.is_empty(), "{findings:?}");
}

async fn what_is_only_being_made_is_not_told_as_had(on: On) {
    let world = World::on(on).await;
    let mut joao = world.sign_in("joao.marques").await;
    let me = world.actor("joao.marques").await.person().expect("a person").to_string();
    let fields = [
        ("bundle", "care-shift"),
        ("subject", me.as_str()),
        ("duration", "2d"),
        ("justification", "The evening queue, from Monday on"),
        ("link", "https://care.example/rota\nhttps://care.example/handover"),
    ];
    joao.get("/ask/care-shift").await;
    let asked = joao.post("/api/requests/ask", &fields).await;
    let page = asked.location().expect("it leads to the request").to_owned();
    let looked = joao.get(&page).await;
    assert!(looked.shows("care.example/rota") && looked.shows("care.example/handover"), "{}", looked.text());

    let fatima = world.actor("fatima.elamrani").await;
    let id = page.strip_prefix("/requests/").and_then(|id| id.parse().ok()).expect("the page of a request");
    let version = world.portal.request(&fatima, id).await.expect("she is his manager").version;
    world.portal.approve(&fatima, id, version, "", "").await.expect("she may");
    world.run_jobs().await;
    for (path, says) in [("/", "is being made"), ("/access", "Being made or taken away"), ("/catalogue", "Being made")]
    {
        let shown = joao.get(path).await;
        assert!(shown.shows(says) && !shown.shows("You have it"), "{path}: {}", shown.text());
        assert!(!shown.shows("You have one access"), "{path}: {}", shown.text());
    }
}

async fn signing_out_everywhere_ends_every_browser(on: On) {
    let world = World::on(on).await;
    let mut here = world.sign_in("maya.lindqvist").await;
    let mut there = world.sign_in("maya.lindqvist").await;
    let mut other = world.sign_in("joao.marques").await;
    let out = here.post("/api/sessions/sign-out-everywhere", &[]).await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, Some("/sign-in")), "{}", out.body);
    for browser in [&mut here, &mut there] {
        assert_eq!(browser.get("/").await.location(), Some("/sign-in?next=%2F"));
    }
    assert_eq!(other.get("/").await.status, StatusCode::OK);
}

async fn a_session_ends_by_the_clock(on: On) {
    let world = World::on(on).await;
    let mut idle = world.sign_in("maya.lindqvist").await;
    world.clock.advance(TimeDelta::minutes(59));
    assert_eq!(idle.get("/").await.status, StatusCode::OK);
    world.clock.advance(TimeDelta::minutes(60));
    assert_eq!(idle.get("/").await.location(), Some("/sign-in?next=%2F"), "unused for an hour");
    let mut busy = world.sign_in("maya.lindqvist").await;
    for _ in 0..23 {
        world.clock.advance(TimeDelta::minutes(30));
        assert_eq!(busy.get("/").await.status, StatusCode::OK);
    }
    world.clock.advance(TimeDelta::minutes(30));
    assert_eq!(busy.get("/").await.location(), Some("/sign-in?next=%2F"), "twelve hours old, however busy");
}

async fn tries_are_counted_and_names_are_not_told(on: On) {
    let world = World::on(on).await;
    drop(world.sign_in("maya.lindqvist").await);
    let mut heard = Vec::new();
    for name in ["maya.lindqvist", "nobody.here"] {
        let mut browser = world.browser();
        let mut answers = Vec::new();
        for _ in 0..8 {
            let answer = browser.call("/api/sessions/sign-in", &[("name", name), ("password", "wrong")]).await;
            answers.push((answer.status, answer.body));
        }
        heard.push(answers);
    }
    assert_eq!(heard[0], heard[1], "a name that is unknown hears the same");
    assert!(heard[0][0].1.contains("do not fit together"), "{heard:?}");
    assert!(heard[0][7].1.contains("too many tries") && heard[0][7].0.is_client_error(), "{heard:?}");
    let right = [("name", "maya.lindqvist"), ("password", PASSWORD)];
    let mut browser = world.browser();
    let early = browser.call("/api/sessions/sign-in", &right).await;
    assert!(early.body.contains("too many tries"), "the right password waits too: {}", early.body);
    world.clock.advance(TimeDelta::days(1));
    let later = browser.call("/api/sessions/sign-in", &right).await;
    assert_eq!(later.status, StatusCode::OK, "{}", later.body);
}

async fn a_link_opens_once(on: On) {
    let world = World::on(on).await;
    let link = async |key: &str| {
        world.portal.invite_by_key(&Actor::Operator, key).await.expect("they are in the catalogue").path
    };
    let dead = "has been used or is too old";
    let (first, second) = (link("joao.marques").await, link("joao.marques").await);
    let mut joao = world.browser();
    assert!(joao.get(&first).await.shows(dead), "a newer link replaces it");
    assert_eq!(joao.get(&second).await.status, StatusCode::OK);
    let token = second.strip_prefix("/welcome/").expect("a link");
    let short = [("token", token), ("password", "short"), ("again", "short")];
    let back = joao.post("/api/invitations/accept", &short).await;
    assert!(back.location().is_some_and(|to| to.starts_with(&second)), "{:?}", back.location());
    let fields = [("token", token), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(joao.post("/api/invitations/accept", &fields).await.location(), Some("/"));
    assert_eq!(joao.get("/").await.status, StatusCode::OK);
    let mut thief = world.browser();
    assert!(thief.get(&second).await.shows(dead));
    assert_eq!(thief.call("/api/invitations/accept", &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(thief.get("/").await.location().is_some(), "nobody was let in");
    let late = link("sanne.bakker").await;
    world.clock.advance(TimeDelta::hours(24));
    assert!(thief.get(&late).await.shows(dead));
}

async fn a_link_is_shown_once_and_on_its_own_page_only(on: On) {
    let world = World::on(on).await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    for key in ["joao.marques", "sanne.bakker"] {
        let id = world.actor(key).await.person().expect("a person").to_string();
        let made = astrid.post("/api/identities/invite", &[("identity", &id)]).await;
        assert_eq!(made.location(), Some(format!("/identities/{key}").as_str()), "{}", made.body);
    }
    let joao = astrid.get("/identities/joao.marques").await;
    assert!(!joao.shows("This link lets") && !joao.body.contains("/welcome/"), "it is not his: {}", joao.text());
    let sanne = astrid.get("/identities/sanne.bakker").await;
    assert!(sanne.shows("This link lets Sanne Bakker set a password") && sanne.body.contains("/welcome/"));
    let again = astrid.get("/identities/sanne.bakker").await;
    assert!(!again.shows("This link lets"), "once: {}", again.text());
}

async fn an_admin_makes_no_link_for_who_has_a_password(on: On) {
    let world = World::on(on).await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    assert!(astrid.get("/identities/maya.lindqvist").await.shows("Make an invitation link"));
    drop(world.sign_in("maya.lindqvist").await);
    let page = astrid.get("/identities/maya.lindqvist").await;
    assert!(!page.shows("Make an invitation link"), "{}", page.text());
    assert!(page.shows("sallyport admin invite maya.lindqvist"), "{}", page.text());
    let id = world.actor("maya.lindqvist").await.person().expect("a person").to_string();
    let refused = astrid.call("/api/identities/invite", &[("identity", &id)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.body.contains("on the command line only"), "{}", refused.body);
    let mut tomas = world.sign_in("tomas.ferreira").await;
    assert!(tomas.get("/notices").await.shows("one-time link with which Maya Lindqvist can set a password"));
}

async fn founding_mode_ends_with_the_second_admin(on: On) {
    let world = World::on(on).await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    let link =
        world.portal.invite_by_key(&Actor::Operator, "maya.lindqvist").await.expect("she is in the catalogue").path;
    let before_the_door = ["/sign-in", "/welcome/nothing", link.as_str()];
    let mut stranger = world.browser();
    for page in ["/", "/catalogue", "/bundles", "/trail"] {
        assert!(astrid.get(page).await.shows("Founding mode."), "{page}");
    }
    for page in before_the_door {
        let shown = stranger.get(page).await;
        assert!(shown.shows("Founding mode.") && !shown.shows("Invite an admin"), "{page}: {}", shown.text());
    }
    drop(world.sign_in("astrid.nyberg").await);
    assert!(astrid.get("/").await.shows("Founding mode."), "the same admin again is not two");
    drop(world.sign_in("tomas.ferreira").await);
    for page in ["/", "/catalogue", "/bundles"] {
        assert!(!astrid.get(page).await.shows("Founding mode."), "{page}");
    }
    for page in before_the_door {
        assert!(!stranger.get(page).await.shows("Founding mode."), "{page}");
    }
    assert!(astrid.get("/trail").await.shows("second admin to sign in"));
}

async fn a_demo_says_so_on_every_page_however_it_was_started(on: On) {
    let world = World::on(on).await;
    let mut browser = world.browser();
    assert!(!browser.get("/sign-in").await.shows("Demo."));
    world.portal.make_demo(&Actor::Operator, PASSWORD).await.expect("the command line may");
    for page in ["/sign-in", "/welcome/nothing"] {
        assert!(browser.get(page).await.shows("Demo. Made-up people, known passwords"), "{page}");
    }
    browser.post("/api/sessions/sign-in", &[("name", "maya.lindqvist"), ("password", PASSWORD)]).await;
    for page in ["/", "/nowhere"] {
        assert!(browser.get(page).await.shows("Demo. Made-up people, known passwords"), "{page}");
    }
}

async fn owners_are_proposed_by_a_plain_form_that_survives_a_mistake(on: On) {
    let world = World::on(on).await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    assert!(astrid.get("/systems/orders-db").await.body.contains("value=\"ola.nord\""), "who owns it now is filled in");
    let form = |second: &'static str| {
        [
            ("key", "orders-db"),
            ("fields[owners][]", "priya.raman"),
            ("fields[owners][]", second),
            ("fields[backup_owners][]", ""),
            ("fields[fallback][]", "security"),
            ("comment", "Eva knows its schema"),
        ]
    };
    let refused = astrid.post("/api/systems/owners-propose", &form("eva.hom")).await;
    let back = refused.location().expect("it leads back").to_owned();
    assert!(back.starts_with("/systems/orders-db?kept="), "{back}");
    let kept = astrid.get(&back).await;
    assert!(kept.shows("did you mean") && kept.body.contains("value=\"eva.hom\""), "{}", kept.text());
    assert!(kept.shows("Eva knows its schema"), "{}", kept.text());

    astrid.get("/systems/orders-db").await;
    let proposed = astrid.submit("/api/systems/owners-propose", &form("eva.holm")).await;
    assert_eq!(proposed.status, StatusCode::OK, "{}", proposed.text());
    assert!(proposed.shows("owners: Eva Holm and Priya Raman") || proposed.shows("owners: Priya Raman and Eva Holm"));
    assert!(proposed.shows("Eva knows its schema") && proposed.shows("Take it back"), "{}", proposed.text());
    let mut priya = world.sign_in("priya.raman").await;
    assert!(priya.get("/notices").await.shows("Astrid Nyberg wants other people to decide about Orders database"));
}
