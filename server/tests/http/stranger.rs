//! The doors: every server function, every page and every other route, tried by nobody, by somebody who has left, by a person with no part
//! in it, by the auditor, by the owner of another system, by who decides at a later stage, by the one who asked, and by an admin who owns
//! nothing. A door that is not in the tables fails the test, so that a new one cannot be forgotten.

use std::collections::BTreeSet;
use std::path::Path;

use axum::http::Method;
use chrono::TimeDelta;
use domain::ids::{GrantId, RequestId};
use domain::views::Asking;
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use operations::SessionKeyHash;

use crate::on_both;
use crate::world::{Browser, On, World};

on_both! {
    every_server_function_keeps_its_door
    no_server_function_hears_another_site_or_a_mere_look
    every_page_keeps_its_door
    every_other_route_keeps_its_door
    who_loses_their_part_loses_the_door
    nobody_decides_among_several_what_is_not_theirs
}

/// Something of everybody's, for others to reach for.
pub struct Scene {
    /// The portal it is in.
    pub world: World,
    /// Maya's request for a support shift: an owner of the log search decides first, then one of the orders database.
    request: RequestId,
    version: u32,
    /// Hamza's access to the sandbox, active.
    grant: GrantId,
    /// What a desk has to set up for João.
    task: String,
    /// A browser in which Astrid is signed in.
    session: String,
}

impl Scene {
    /// The company, and what happens in it just now.
    pub async fn new(on: On) -> Self {
        let world = World::on(on).await;
        let request = ask(&world, "maya.lindqvist", "orders-support").await;
        let version =
            world.portal.request(&world.actor("maya.lindqvist").await, request).await.expect("she sees it").version;

        let sandbox = ask(&world, "hamza.yilmaz", "sandbox-build").await;
        let shift = ask(&world, "joao.marques", "care-shift").await;
        approve(&world, "fatima.elamrani", shift).await;
        world.run_jobs().await;
        let grant = world.portal.grant_of(sandbox).await.expect("it can be looked up").expect("it was granted");
        let tasks = world.portal.tasks(&world.actor("marek.novotny").await, "").await.expect("he has tasks");
        let task = tasks.items.first().expect("the desk has something to do").id.to_string();

        drop(world.sign_in("astrid.nyberg").await);
        let nowhere = SessionKeyHash([0; 32]);
        let sessions =
            world.portal.sessions(&world.actor("astrid.nyberg").await, &nowhere).await.expect("she has sessions");
        let session = sessions.first().expect("she is signed in").id.to_string();
        Self { world, request, version, grant, task, session }
    }

    async fn id(&self, key: &str) -> String {
        self.world.actor(key).await.person().expect("a person").to_string()
    }

    async fn changes(&self) -> String {
        format!("{:?}", self.world.portal.changes().await.expect("it counts"))
    }
}

async fn ask(world: &World, who: &str, bundle: &str) -> RequestId {
    let actor = world.actor(who).await;
    let asking = Asking {
        bundle: bundle.to_owned(),
        subject: actor.person().expect("a person").to_string(),
        duration: "2h".to_owned(),
        justification: "CASE-20418: three parcels went to one address".to_owned(),
        work_item: String::new(),
        link: String::new(),
        continues: String::new(),
        exception: String::new(),
    };
    world.portal.ask(&actor, &asking).await.expect("it can be asked")
}

async fn approve(world: &World, who: &str, request: RequestId) {
    let actor = world.actor(who).await;
    let version = world.portal.request(&actor, request).await.expect("it is theirs to decide").version;
    world.portal.approve(&actor, request, version, "", "").await.expect("they may");
}

/// Who tries the doors. The admin comes last, for what an admin may do is done.
const WHO: [&str; 8] = [
    "nobody",
    // Decides first, and has left.
    "sander.devries",
    "lena.fischer",
    // The auditor.
    "ines.carvalho",
    // Owns other systems.
    "erik.sundin",
    // Decides at a later stage.
    "priya.raman",
    // Asked.
    "maya.lindqvist",
    ADMIN,
];

/// An admin who owns no system.
const ADMIN: &str = "tomas.ferreira";

/// What a door answers to each of them.
type Answers = [u16; 8];

/// A browser in which this person is signed in, or was before they left.
async fn browser_of(world: &World, who: &str) -> Browser {
    match who {
        "nobody" => world.browser(),
        "sander.devries" => {
            let browser = world.sign_in(who).await;
            let (astrid, sander) = (world.actor("astrid.nyberg").await, world.actor(who).await);
            world.portal.mark_left(&astrid, sander.person().expect("a person")).await.expect("she may");
            world.run_jobs().await;
            browser
        }
        _ => world.sign_in(who).await,
    }
}

/// A server function, with what it is called with and what it answers.
pub struct Act {
    /// Where it is called.
    pub path: &'static str,
    /// With which fields.
    pub fields: Vec<(&'static str, String)>,
    answers: Answers,
}

/// A page: its route, an address on it, and what it answers.
pub type Door = (&'static str, String, Answers);

/// Everything one can call. What ends sessions or takes the request back comes last, for it spoils the rest.
#[expect(clippy::too_many_lines, reason = "a table of doors, a line each")]
pub async fn acts(scene: &Scene) -> Vec<Act> {
    let request = || ("request", scene.request.to_string());
    let version = || ("version", scene.version.to_string());
    let chosen = || ("chosen[]", format!("{}:{}", scene.request, scene.version));
    let grant = || ("grant", scene.grant.to_string());
    let text = |name: &'static str, value: &str| (name, value.to_owned());
    let list = || vec![text("q", ""), text("after", "")];
    let hamza = scene.id("hamza.yilmaz").await;
    let maya = scene.id("maya.lindqvist").await;
    let asking = || {
        vec![
            text("bundle", "orders-read"),
            text("subject", &maya),
            text("duration", "2h"),
            text("justification", "CASE-20419: a parcel that never came"),
        ]
    };
    let draft = || vec![text("key", "orders-read"), text("number", "1")];
    let remark = || [draft(), vec![text("comment", "why so long?")]].concat();
    // Version 1 of the guardrails came with the catalogue.
    let rules = || vec![text("rules", "permit (principal, action, resource);"), text("tests", ""), text("after", "1")];
    let strict = || vec![text("number", "2"), text("comment", "why so strict?")];
    let owners = || vec![text("key", "orders-db"), text("number", "1")];
    let said = || [owners(), vec![text("comment", "why them?")]].concat();
    let members = || vec![text("key", "security"), text("number", "1"), text("comment", "why them?")];
    let link =
        || vec![text("token", "nothing"), text("password", "five red bicycles"), text("again", "five red bicycles")];
    let authenticator = || vec![("authenticator", scene.request.to_string())];
    let act = |path, fields, answers| Act { path, fields, answers };
    vec![
        act("/api/banners", vec![], [200; 8]),
        act("/api/shell", vec![], signed_in(200)),
        act("/api/places", vec![text("q", "")], signed_in(200)),
        act("/api/home", vec![], signed_in(200)),
        act("/api/access", vec![text("after", "")], signed_in(200)),
        act("/api/catalogue", vec![text("q", ""), text("system", ""), text("after", "")], signed_in(200)),
        act("/api/requests/form", vec![text("bundle", "orders-read")], signed_in(200)),
        act("/api/requests/preview", asking(), [401, 401, 403, 403, 403, 403, 200, 403]),
        act("/api/requests/panel", asking(), [401, 401, 403, 403, 403, 403, 200, 403]),
        act("/api/requests/check", asking(), signed_in(200)),
        act("/api/requests/ask", asking(), [401, 401, 403, 403, 403, 403, 200, 403]),
        act("/api/requests/one", vec![request()], [401, 401, 404, 200, 404, 200, 200, 200]),
        act("/api/requests/approve", vec![request(), version()], [401, 401, 404, 403, 404, 403, 403, 403]),
        // Each of several is answered by itself: what these get is another no, as the test below says.
        act("/api/requests/approve-many", vec![chosen()], signed_in(200)),
        act(
            "/api/requests/deny",
            vec![request(), version(), text("comment", "no")],
            [401, 401, 404, 403, 404, 403, 403, 403],
        ),
        act(
            "/api/requests/comment",
            vec![request(), text("comment", "a word")],
            [401, 401, 404, 403, 404, 200, 200, 200],
        ),
        // It is no exception.
        act(
            "/api/requests/review",
            vec![request(), text("review", "as it was meant to be")],
            [401, 401, 404, 403, 404, 403, 403, 403],
        ),
        act("/api/grants/give-back", vec![grant()], [401, 401, 404, 403, 404, 404, 404, 403]),
        act("/api/grants/revoke", vec![grant()], [401, 401, 404, 403, 404, 404, 404, 200]),
        act(
            "/api/inbox",
            vec![text("after", ""), ("picked", scene.request.to_string())],
            [401, 401, 404, 200, 404, 200, 200, 200],
        ),
        act("/api/tasks", vec![], signed_in(200)),
        act("/api/tasks/attest", vec![("task", scene.task.clone())], signed_in(404)),
        act("/api/notices", vec![text("after", "")], signed_in(200)),
        act("/api/notices/read", vec![], signed_in(200)),
        act("/api/bundles", list(), READERS),
        act("/api/bundles/one", vec![text("key", "orders-read")], READERS),
        act("/api/bundles/draft", vec![text("text", "")], admins(422)),
        act("/api/bundles/editor", vec![text("bundle", "orders-read")], admins(200)),
        act("/api/bundles/sketch", vec![text("bundle", "orders-read")], admins(200)),
        act("/api/bundles/panel", vec![text("bundle", "orders-read")], admins(200)),
        act("/api/bundles/check", vec![], signed_in(200)),
        act("/api/bundles/edit", vec![text("bundle", "orders-read")], admins(422)),
        act("/api/bundles/publish", draft(), admins(422)),
        act("/api/bundles/discard", draft(), admins(422)),
        act("/api/bundles/submit", draft(), admins(422)),
        act("/api/bundles/withdraw", draft(), admins(422)),
        act("/api/bundles/comment", remark(), admins(422)),
        act("/api/bundles/send-back", remark(), admins(422)),
        act("/api/bundles/retire", vec![text("key", "orders-read")], admins(200)),
        // It is the admin's own proposal.
        act("/api/bundles/retire-confirm", draft(), admins(403)),
        act("/api/bundles/keep", draft(), admins(200)),
        act("/api/guardrails", vec![], READERS),
        act("/api/guardrails/editor", vec![], admins(200)),
        act("/api/guardrails/sketch", rules(), admins(200)),
        act("/api/guardrails/panel", rules(), admins(200)),
        act("/api/guardrails/check", rules(), signed_in(200)),
        act("/api/guardrails/edit", rules(), admins(200)),
        // It is the admin's own draft.
        act("/api/guardrails/publish", vec![text("number", "2")], admins(403)),
        act("/api/guardrails/submit", vec![text("number", "2")], admins(200)),
        act("/api/guardrails/comment", strict(), admins(200)),
        act("/api/guardrails/send-back", strict(), admins(403)),
        act("/api/guardrails/withdraw", vec![text("number", "2")], admins(200)),
        act("/api/guardrails/discard", vec![text("number", "2")], admins(200)),
        act("/api/systems", list(), signed_in(200)),
        act("/api/systems/one", vec![text("key", "orders-db")], [401, 401, 404, 200, 404, 200, 404, 200]),
        act("/api/systems/owners-comment", said(), admins(409)),
        act("/api/systems/owners-confirm", owners(), admins(409)),
        act("/api/systems/owners-reject", said(), admins(409)),
        act("/api/systems/owners-take-back", owners(), admins(409)),
        act("/api/systems/owners-propose", vec![text("key", "orders-db")], admins(422)),
        act("/api/identities", list(), READERS),
        act("/api/identities/one", vec![text("key", "hamza.yilmaz")], FOUND_BY_READERS),
        act("/api/identities/invite", vec![text("identity", &hamza)], admins(200)),
        act("/api/identities/leave", vec![text("identity", &hamza)], admins(200)),
        act("/api/identities/leave-confirm", vec![text("identity", &hamza)], admins(409)),
        act("/api/identities/stay", vec![text("identity", &hamza)], admins(409)),
        act("/api/identities/return", vec![text("identity", &hamza)], admins(422)),
        act("/api/groups", list(), READERS),
        act("/api/groups/one", vec![text("key", "privacy")], FOUND_BY_READERS),
        act("/api/groups/members-confirm", members(), admins(409)),
        act("/api/groups/members-reject", members(), admins(409)),
        act("/api/signals", vec![text("after", "")], READERS),
        act("/api/findings", vec![], READERS),
        act("/api/trail", list(), READERS),
        act("/api/invitations/look", vec![text("token", "nothing")], [422; 8]),
        act("/api/invitations/accept", link(), [422; 8]),
        act("/api/confirm/one", vec![("id", scene.request.to_string())], signed_in(404)),
        act("/api/confirm", vec![("id", scene.request.to_string()), text("password", "x")], signed_in(409)),
        act("/api/authenticators", vec![], signed_in(200)),
        act("/api/authenticators/add", vec![text("kind", "code"), text("name", "Phone")], signed_in(200)),
        act("/api/authenticators/adding", vec![("id", scene.request.to_string())], signed_in(404)),
        act("/api/authenticators/added", vec![("id", scene.request.to_string())], signed_in(409)),
        act("/api/authenticators/rename", [authenticator(), vec![text("name", "x")]].concat(), signed_in(422)),
        act("/api/authenticators/remove", authenticator(), signed_in(422)),
        act("/api/authenticators/codes", vec![], signed_in(422)),
        act("/api/authenticators/ask-reset", vec![("identity", hamza.clone())], admins(422)),
        act("/api/authenticators/refuse-reset", vec![("identity", hamza.clone())], admins(422)),
        act("/api/authenticators/reset", vec![("identity", hamza.clone())], admins(422)),
        act("/api/delegation", vec![], signed_in(200)),
        act("/api/delegation/make", vec![text("to", "no.body"), text("from", "2026-03-02")], signed_in(422)),
        act("/api/delegation/end", vec![], signed_in(403)),
        act("/api/sessions", vec![], signed_in(200)),
        act("/api/sessions/end", vec![("session", scene.session.clone())], signed_in(404)),
        // One try too many for one name, wherever it is made; the admin's are in a scene of their own.
        act(
            "/api/sessions/sign-in",
            vec![text("name", "priya.raman"), text("password", "wrong")],
            [422, 422, 422, 422, 422, 422, 429, 422],
        ),
        act("/api/requests/withdraw", vec![request()], [401, 401, 404, 403, 404, 403, 200, 403]),
        act("/api/sessions/sign-out-everywhere", vec![], signed_in(200)),
        act("/api/sessions/sign-out", vec![], [200; 8]),
    ]
}

/// Every page: its route, an address on it, and what it answers.
pub fn pages(scene: &Scene) -> Vec<Door> {
    let request = scene.request;
    vec![
        ("/", "/".into(), led_to_the_door(200)),
        ("/sign-in", "/sign-in".into(), [200; 8]),
        ("/welcome/:", "/welcome/nothing".into(), [422; 8]),
        ("/catalogue", "/catalogue".into(), led_to_the_door(200)),
        ("/ask/:", "/ask/orders-read".into(), led_to_the_door(200)),
        ("/requests/:", format!("/requests/{request}"), [302, 302, 404, 200, 404, 200, 200, 200]),
        ("/access", "/access".into(), led_to_the_door(200)),
        ("/inbox", "/inbox".into(), led_to_the_door(200)),
        ("/inbox/:", format!("/inbox/{request}"), [302, 302, 404, 200, 404, 200, 200, 200]),
        ("/tasks", "/tasks".into(), led_to_the_door(200)),
        ("/notices", "/notices".into(), led_to_the_door(200)),
        ("/sessions", "/sessions".into(), led_to_the_door(200)),
        ("/confirm/:", format!("/confirm/{request}"), led_to_the_door(404)),
        ("/authenticators", "/authenticators".into(), led_to_the_door(200)),
        ("/authenticators/add/:", format!("/authenticators/add/{request}"), led_to_the_door(404)),
        ("/delegation", "/delegation".into(), led_to_the_door(200)),
        ("/bundles", "/bundles".into(), page(READERS)),
        ("/bundles/:", "/bundles/orders-read".into(), page(READERS)),
        ("/editor", "/editor".into(), page(admins(200))),
        ("/editor/:", "/editor/orders-read".into(), page(admins(200))),
        ("/guardrails", "/guardrails".into(), page(READERS)),
        ("/guardrails/edit", "/guardrails/edit".into(), page(admins(200))),
        ("/systems", "/systems".into(), led_to_the_door(200)),
        ("/systems/:", "/systems/orders-db".into(), [302, 302, 404, 200, 404, 200, 404, 200]),
        ("/identities", "/identities".into(), page(READERS)),
        ("/identities/:", "/identities/hamza.yilmaz".into(), page(FOUND_BY_READERS)),
        ("/groups", "/groups".into(), page(READERS)),
        ("/groups/:", "/groups/privacy".into(), page(FOUND_BY_READERS)),
        ("/signals", "/signals".into(), page(READERS)),
        ("/findings", "/findings".into(), page(READERS)),
        ("/trail", "/trail".into(), page(READERS)),
    ]
}

/// What only an admin or the auditor may see.
const READERS: Answers = [401, 401, 403, 200, 403, 403, 403, 200];

/// What nobody else even finds.
const FOUND_BY_READERS: Answers = [401, 401, 404, 200, 404, 404, 404, 200];

/// The same for everybody who is signed in.
fn signed_in(status: u16) -> Answers {
    [401, 401, status, status, status, status, status, status]
}

/// For an admin; others may not.
fn admins(status: u16) -> Answers {
    [401, 401, 403, 403, 403, 403, 403, status]
}

/// As a page answers: who is not signed in is led to the door.
fn page(answers: Answers) -> Answers {
    answers.map(|status| if status == 401 { 302 } else { status })
}

fn led_to_the_door(status: u16) -> Answers {
    page(signed_in(status))
}

/// Fields as a browser sends them.
pub fn pairs<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

async fn every_server_function_keeps_its_door(on: On) {
    let mut scene = Scene::new(on).await;
    let linked: BTreeSet<_> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(!linked.is_empty(), "the server functions are not linked in");
    let listed: BTreeSet<_> = acts(&scene).await.iter().map(|act| act.path).collect();
    assert_eq!(linked, listed, "every server function is in the table");

    let mut wrong = Vec::new();
    for (column, who) in WHO.into_iter().enumerate() {
        if who == ADMIN {
            // What those before did is out of the admin's way.
            scene = Scene::new(on).await;
        }
        let mut browser = browser_of(&scene.world, who).await;
        for act in acts(&scene).await {
            let before = scene.changes().await;
            let answer = browser.call(act.path, &pairs(&act.fields)).await;
            let due = act.answers[column];
            if answer.status.as_u16() != due {
                wrong.push(format!("{} {who}: {} and not {due}: {}", act.path, answer.status, start(&answer.body)));
            }
            if due >= 400 && before != scene.changes().await {
                wrong.push(format!("{} {who}: something was changed", act.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn nobody_decides_among_several_what_is_not_theirs(on: On) {
    let scene = Scene::new(on).await;
    let chosen = format!("{}:{}", scene.request, scene.version);
    let unseen = "it is not yours to see";
    for (who, says) in [
        ("lena.fischer", unseen),
        ("ines.carvalho", "this is not yours to decide"),
        ("maya.lindqvist", "nobody decides on access"),
    ] {
        let mut browser = scene.world.sign_in(who).await;
        let answer = browser.call("/api/requests/approve-many", &[("chosen[]", &chosen)]).await;
        assert!(answer.body.contains(says), "{who}: {}", answer.body);
        let shown = answer.body.contains("Orders, one support shift");
        assert_eq!(shown, says != unseen, "{who}: {}", answer.body);
    }
    let maya = scene.world.actor("maya.lindqvist").await;
    let page = scene.world.portal.request(&maya, scene.request).await.expect("it is hers");
    assert_eq!(page.card.state, "waiting");
}

fn start(body: &str) -> String {
    body.chars().take(200).collect()
}

async fn no_server_function_hears_another_site_or_a_mere_look(on: On) {
    let scene = Scene::new(on).await;
    let astrid = scene.world.sign_in("astrid.nyberg").await;
    let mut wrong = Vec::new();
    let before = scene.changes().await;
    for act in &acts(&scene).await {
        for site in ["cross-site", "same-site"] {
            for accept in ["text/html", "application/json"] {
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(&act.fields)).finish();
                let mut elsewhere = astrid.clone().saying("sec-fetch-site", site);
                let answer = elsewhere.send(Method::POST, act.path, accept, Some(form)).await;
                if answer.status != 403 {
                    wrong.push(format!("{} from {site}, {accept}: {}", act.path, answer.status));
                }
            }
        }
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(&act.fields)).finish();
        for method in [Method::GET, Method::HEAD] {
            let answer = astrid.clone().send(method.clone(), &format!("{}?{form}", act.path), "text/html", None).await;
            if answer.status != 405 {
                wrong.push(format!("{method} {}: {}", act.path, answer.status));
            }
        }
    }
    assert_eq!(before, scene.changes().await, "nothing was changed");
    assert_eq!(astrid.clone().get("/").await.status, 200, "she is still signed in");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn every_page_keeps_its_door(on: On) {
    let scene = Scene::new(on).await;
    let pages = pages(&scene);
    let routes: BTreeSet<String> = generate_route_list(app::App).iter().map(|route| shape(route.path())).collect();
    assert!(!routes.is_empty(), "there are pages");
    assert_eq!(routes, pages.iter().map(|(route, ..)| (*route).to_owned()).collect(), "every page is in the table");

    let mut wrong = Vec::new();
    for (column, who) in WHO.into_iter().enumerate() {
        let mut browser = browser_of(&scene.world, who).await;
        let before = scene.changes().await;
        for (_, path, answers) in &pages {
            let answer = browser.get(path).await;
            if answer.status.as_u16() != answers[column] {
                wrong.push(format!("{path} {who}: {} and not {}", answer.status, answers[column]));
            }
            let secret = "three parcels went to one address";
            if answers[column] >= 300 && answer.body.contains(secret) {
                wrong.push(format!("{path} {who}: shows what Maya wrote"));
            }
        }
        if before != scene.changes().await {
            wrong.push(format!("{who}: looking changed something"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A route with its parameters left unnamed.
fn shape(route: &str) -> String {
    let parts = route.split('/').map(|part| if part.starts_with([':', '{']) { ":" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn every_other_route_keeps_its_door(on: On) {
    let scene = Scene::new(on).await;
    let mut browsers = Vec::new();
    for who in WHO {
        browsers.push((who, browser_of(&scene.world, who).await));
    }
    // A stream ends when the portal stops, and would go on for ever otherwise; it is ready no more from then on.
    scene.world.stop();
    let doors: Vec<Door> = vec![
        ("/events", "/events".into(), signed_in(200)),
        ("/api/{*act}", "/api/no/such/act".into(), [404; 8]),
        ("/pkg/{*file}", "/pkg/nothing".into(), [404; 8]),
        ("/favicon.svg", "/favicon.svg".into(), [200; 8]),
        ("/healthz", "/healthz".into(), [200; 8]),
        ("/readyz", "/readyz".into(), [503; 8]),
    ];
    let named = doors.iter().map(|(route, ..)| (*route).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(routes_in(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))), named, "every route is in the table");

    let mut wrong = Vec::new();
    let before = scene.changes().await;
    for (column, (who, browser)) in browsers.iter_mut().enumerate() {
        for (_, path, answers) in &doors {
            let answer = browser.get(path).await;
            if answer.status.as_u16() != answers[column] {
                wrong.push(format!("{path} {who}: {} and not {}", answer.status, answers[column]));
            }
        }
    }
    assert_eq!(before, scene.changes().await, "looking changes nothing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The routes that the server's own source adds, wherever it does: a router cannot be asked for its routes.
fn routes_in(folder: &Path) -> BTreeSet<String> {
    const ADDS: &str = ".route(";
    let mut routes = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the source is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            routes.extend(routes_in(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for hidden in [".nest(", ".nest_service(", ".route_service(", ".fallback_service("] {
            assert!(!text.contains(hidden), "{}: `{hidden}…)` would hide routes from this test", path.display());
        }
        for rest in text.split(ADDS).skip(1) {
            let named = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            let named = named.unwrap_or_else(|| panic!("{}: a route is written out where it is added", path.display()));
            routes.insert(named.to_owned());
        }
    }
    routes
}

async fn who_loses_their_part_loses_the_door(on: On) {
    let scene = Scene::new(on).await;
    let mut hamza = scene.world.sign_in("hamza.yilmaz").await;
    assert_eq!(hamza.get("/access").await.status, 200);
    let astrid = scene.world.actor("astrid.nyberg").await;
    let who = scene.world.actor("hamza.yilmaz").await.person().expect("a person");
    scene.world.portal.mark_left(&astrid, who).await.expect("she may");
    scene.world.pass(TimeDelta::minutes(1)).await;
    assert!(hamza.get("/access").await.location().is_some_and(|to| to.starts_with("/sign-in")));
    assert_eq!(hamza.call("/api/home", &[]).await.status, 401);
    assert_eq!(hamza.call("/api/grants/give-back", &[("grant", &scene.grant.to_string())]).await.status, 401);
}
