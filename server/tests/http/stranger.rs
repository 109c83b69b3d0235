//! The doors: every server function and every page, tried by nobody, by a person with no part in it, by the auditor, and by the one who
//! asked. A door that is not in the tables fails the test, so that a new one cannot be forgotten.

use std::collections::BTreeSet;

use axum::http::Method;
use chrono::TimeDelta;
use domain::ids::{GrantId, RequestId};
use domain::views::Asking;
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::generate_route_list;
use operations::SessionKeyHash;

use crate::world::{Browser, World};

/// Something of everybody's, for others to reach for.
struct Scene {
    world: World,
    /// Maya's request for the orders database: Priya or Ola decide.
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
    async fn new() -> Self {
        let world = World::new().await;
        let request = ask(&world, "maya.lindqvist", "orders-read").await;
        let version =
            world.portal.request(&world.actor("maya.lindqvist").await, request).await.expect("she sees it").version;

        let sandbox = ask(&world, "hamza.yilmaz", "sandbox-build").await;
        let shift = ask(&world, "joao.marques", "care-shift").await;
        approve(&world, "fatima.elamrani", shift).await;
        world.run_jobs().await;
        let grant = world.portal.grant_of(sandbox).await.expect("it can be looked up").expect("it was granted");
        let tasks = world.portal.tasks(&world.actor("marek.novotny").await).await.expect("he has tasks");
        let task = tasks.first().expect("the desk has something to do").id.to_string();

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
    };
    world.portal.ask(&actor, &asking).await.expect("it can be asked")
}

async fn approve(world: &World, who: &str, request: RequestId) {
    let actor = world.actor(who).await;
    let version = world.portal.request(&actor, request).await.expect("it is theirs to decide").version;
    world.portal.approve(&actor, request, version, "", "").await.expect("they may");
}

/// What a server function answers to: nobody, Lena (no part in it), Inês (auditor), Maya (who asked, and owns nothing).
struct Act {
    path: &'static str,
    fields: Vec<(&'static str, String)>,
    answers: [u16; 4],
}

/// Everything one can call. What ends sessions or takes the request back comes last, for it spoils the rest.
async fn acts(scene: &Scene) -> Vec<Act> {
    let request = || ("request", scene.request.to_string());
    let version = || ("version", scene.version.to_string());
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
    let owners = || vec![text("key", "orders-db"), text("number", "1")];
    let said = || [owners(), vec![text("comment", "why them?")]].concat();
    let members = || vec![text("key", "security"), text("number", "1"), text("comment", "why them?")];
    let link =
        || vec![text("token", "nothing"), text("password", "five red bicycles"), text("again", "five red bicycles")];
    let authenticator = || vec![("authenticator", scene.request.to_string())];
    let act = |path, fields, answers| Act { path, fields, answers };
    vec![
        act("/api/shell", vec![], [401, 200, 200, 200]),
        act("/api/places", vec![text("q", "")], [401, 200, 200, 200]),
        act("/api/home", vec![], [401, 200, 200, 200]),
        act("/api/access", vec![text("after", "")], [401, 200, 200, 200]),
        act("/api/catalogue", vec![text("q", ""), text("system", ""), text("after", "")], [401, 200, 200, 200]),
        act("/api/requests/form", vec![text("bundle", "orders-read")], [401, 200, 200, 200]),
        act("/api/requests/preview", asking(), [401, 403, 403, 200]),
        act("/api/requests/panel", asking(), [401, 403, 403, 200]),
        act("/api/requests/check", asking(), [401, 200, 200, 200]),
        act("/api/requests/ask", asking(), [401, 403, 403, 200]),
        act("/api/requests/one", vec![request()], [401, 404, 200, 200]),
        act("/api/requests/approve", vec![request(), version()], [401, 404, 403, 403]),
        act("/api/requests/deny", vec![request(), version(), text("comment", "no")], [401, 404, 403, 403]),
        act("/api/requests/comment", vec![request(), text("comment", "a word")], [401, 404, 403, 200]),
        act("/api/grants/give-back", vec![grant()], [401, 404, 403, 404]),
        act("/api/grants/revoke", vec![grant()], [401, 404, 403, 404]),
        act("/api/inbox", vec![text("after", ""), ("picked", scene.request.to_string())], [401, 404, 200, 200]),
        act("/api/tasks", vec![], [401, 200, 200, 200]),
        act("/api/tasks/attest", vec![("task", scene.task.clone())], [401, 404, 404, 404]),
        act("/api/notices", vec![text("after", "")], [401, 200, 200, 200]),
        act("/api/notices/read", vec![], [401, 200, 200, 200]),
        act("/api/bundles", list(), [401, 403, 200, 403]),
        act("/api/bundles/one", vec![text("key", "orders-read")], [401, 403, 200, 403]),
        act("/api/bundles/draft", vec![text("text", "")], [401, 403, 403, 403]),
        act("/api/bundles/editor", vec![text("bundle", "orders-read")], [401, 403, 403, 403]),
        act("/api/bundles/sketch", vec![text("bundle", "orders-read")], [401, 403, 403, 403]),
        act("/api/bundles/panel", vec![text("bundle", "orders-read")], [401, 403, 403, 403]),
        act("/api/bundles/check", vec![], [401, 200, 200, 200]),
        act("/api/bundles/edit", vec![text("bundle", "orders-read")], [401, 403, 403, 403]),
        act("/api/bundles/publish", draft(), [401, 403, 403, 403]),
        act("/api/bundles/discard", draft(), [401, 403, 403, 403]),
        act("/api/bundles/submit", draft(), [401, 403, 403, 403]),
        act("/api/bundles/withdraw", draft(), [401, 403, 403, 403]),
        act("/api/bundles/comment", remark(), [401, 403, 403, 403]),
        act("/api/bundles/send-back", remark(), [401, 403, 403, 403]),
        act("/api/bundles/retire", vec![text("key", "orders-read")], [401, 403, 403, 403]),
        act("/api/bundles/retire-confirm", draft(), [401, 403, 403, 403]),
        act("/api/bundles/keep", draft(), [401, 403, 403, 403]),
        act("/api/systems", list(), [401, 200, 200, 200]),
        act("/api/systems/one", vec![text("key", "orders-db")], [401, 404, 200, 404]),
        act("/api/systems/owners-propose", vec![text("key", "orders-db")], [401, 403, 403, 403]),
        act("/api/systems/owners-comment", said(), [401, 403, 403, 403]),
        act("/api/systems/owners-confirm", owners(), [401, 403, 403, 403]),
        act("/api/systems/owners-reject", said(), [401, 403, 403, 403]),
        act("/api/systems/owners-take-back", owners(), [401, 403, 403, 403]),
        act("/api/identities", list(), [401, 403, 200, 403]),
        act("/api/identities/one", vec![text("key", "hamza.yilmaz")], [401, 404, 200, 404]),
        act("/api/identities/invite", vec![text("identity", &hamza)], [401, 403, 403, 403]),
        act("/api/identities/leave", vec![text("identity", &hamza)], [401, 403, 403, 403]),
        act("/api/identities/leave-confirm", vec![text("identity", &hamza)], [401, 403, 403, 403]),
        act("/api/identities/stay", vec![text("identity", &hamza)], [401, 403, 403, 403]),
        act("/api/identities/return", vec![text("identity", &hamza)], [401, 403, 403, 403]),
        act("/api/groups", list(), [401, 403, 200, 403]),
        act("/api/groups/one", vec![text("key", "security")], [401, 404, 200, 404]),
        act("/api/groups/members-confirm", members(), [401, 403, 403, 403]),
        act("/api/groups/members-reject", members(), [401, 403, 403, 403]),
        act("/api/trail", list(), [401, 403, 200, 403]),
        act("/api/invitations/look", vec![text("token", "nothing")], [422; 4]),
        act("/api/invitations/accept", link(), [422; 4]),
        act("/api/confirm/one", vec![("id", scene.request.to_string())], [401, 404, 404, 404]),
        act("/api/confirm", vec![("id", scene.request.to_string()), text("password", "x")], [401, 409, 409, 409]),
        act("/api/authenticators", vec![], [401, 200, 200, 200]),
        act("/api/authenticators/add", vec![text("kind", "code"), text("name", "Phone")], [401, 200, 200, 200]),
        act("/api/authenticators/adding", vec![("id", scene.request.to_string())], [401, 404, 404, 404]),
        act("/api/authenticators/added", vec![("id", scene.request.to_string())], [401, 409, 409, 409]),
        act("/api/authenticators/rename", [authenticator(), vec![text("name", "x")]].concat(), [401, 422, 422, 422]),
        act("/api/authenticators/remove", authenticator(), [401, 422, 422, 422]),
        act("/api/authenticators/codes", vec![], [401, 422, 422, 422]),
        act("/api/authenticators/ask-reset", vec![("identity", hamza.clone())], [401, 403, 403, 403]),
        act("/api/authenticators/refuse-reset", vec![("identity", hamza.clone())], [401, 403, 403, 403]),
        act("/api/authenticators/reset", vec![("identity", hamza.clone())], [401, 403, 403, 403]),
        act("/api/sessions", vec![], [401, 200, 200, 200]),
        act("/api/sessions/end", vec![("session", scene.session.clone())], [401, 404, 404, 404]),
        act("/api/sessions/sign-in", vec![text("name", "priya.raman"), text("password", "wrong")], [422; 4]),
        act("/api/requests/withdraw", vec![request()], [401, 404, 403, 200]),
        act("/api/sessions/sign-out-everywhere", vec![], [401, 200, 200, 200]),
        act("/api/sessions/sign-out", vec![], [200; 4]),
    ]
}

const WHO: [&str; 4] = ["nobody", "lena.fischer", "ines.carvalho", "maya.lindqvist"];

async fn everybody(world: &World) -> Vec<Browser> {
    vec![world.browser(), world.sign_in(WHO[1]).await, world.sign_in(WHO[2]).await, world.sign_in(WHO[3]).await]
}

fn pairs<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[tokio::test]
async fn every_server_function_keeps_its_door() {
    let scene = Scene::new().await;
    let acts = acts(&scene).await;
    let linked: BTreeSet<_> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(!linked.is_empty(), "the server functions are not linked in");
    assert_eq!(linked, acts.iter().map(|act| act.path).collect(), "every server function is in the table");

    let mut wrong = Vec::new();
    let mut browsers = everybody(&scene.world).await;
    for (who, browser) in WHO.into_iter().zip(&mut browsers) {
        let column = WHO.iter().position(|it| *it == who).expect("it is one of them");
        for act in &acts {
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

fn start(body: &str) -> String {
    body.chars().take(200).collect()
}

#[tokio::test]
async fn no_server_function_hears_another_site_or_a_mere_look() {
    let scene = Scene::new().await;
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

#[tokio::test]
async fn every_page_keeps_its_door() {
    let scene = Scene::new().await;
    let request = scene.request;
    // The route, an address on it, and what it answers to nobody, Lena, Inês and Maya.
    let pages: Vec<(&str, String, [u16; 4])> = vec![
        ("/", "/".into(), [302, 200, 200, 200]),
        ("/sign-in", "/sign-in".into(), [200; 4]),
        ("/welcome/:", "/welcome/nothing".into(), [422; 4]),
        ("/catalogue", "/catalogue".into(), [302, 200, 200, 200]),
        ("/ask/:", "/ask/orders-read".into(), [302, 200, 200, 200]),
        ("/requests/:", format!("/requests/{request}"), [302, 404, 200, 200]),
        ("/access", "/access".into(), [302, 200, 200, 200]),
        ("/inbox", "/inbox".into(), [302, 200, 200, 200]),
        ("/inbox/:", format!("/inbox/{request}"), [302, 404, 200, 200]),
        ("/tasks", "/tasks".into(), [302, 200, 200, 200]),
        ("/notices", "/notices".into(), [302, 200, 200, 200]),
        ("/sessions", "/sessions".into(), [302, 200, 200, 200]),
        ("/confirm/:", format!("/confirm/{request}"), [302, 404, 404, 404]),
        ("/authenticators", "/authenticators".into(), [302, 200, 200, 200]),
        ("/authenticators/add/:", format!("/authenticators/add/{request}"), [302, 404, 404, 404]),
        ("/bundles", "/bundles".into(), [302, 403, 200, 403]),
        ("/bundles/:", "/bundles/orders-read".into(), [302, 403, 200, 403]),
        ("/editor", "/editor".into(), [302, 403, 403, 403]),
        ("/editor/:", "/editor/orders-read".into(), [302, 403, 403, 403]),
        ("/systems", "/systems".into(), [302, 200, 200, 200]),
        ("/systems/:", "/systems/orders-db".into(), [302, 404, 200, 404]),
        ("/identities", "/identities".into(), [302, 403, 200, 403]),
        ("/identities/:", "/identities/hamza.yilmaz".into(), [302, 404, 200, 404]),
        ("/groups", "/groups".into(), [302, 403, 200, 403]),
        ("/groups/:", "/groups/security".into(), [302, 404, 200, 404]),
        ("/trail", "/trail".into(), [302, 403, 200, 403]),
    ];
    let routes: BTreeSet<String> = generate_route_list(app::App).iter().map(|route| shape(route.path())).collect();
    assert!(!routes.is_empty(), "there are pages");
    assert_eq!(routes, pages.iter().map(|(route, ..)| (*route).to_owned()).collect(), "every page is in the table");

    let mut wrong = Vec::new();
    let mut browsers = everybody(&scene.world).await;
    let before = scene.changes().await;
    for (column, browser) in browsers.iter_mut().enumerate() {
        for (_, path, answers) in &pages {
            let answer = browser.get(path).await;
            if answer.status.as_u16() != answers[column] {
                wrong.push(format!("{path} {}: {} and not {}", WHO[column], answer.status, answers[column]));
            }
            let secret = "three parcels went to one address";
            if answers[column] >= 300 && answer.body.contains(secret) {
                wrong.push(format!("{path} {}: shows what Maya wrote", WHO[column]));
            }
        }
    }
    assert_eq!(before, scene.changes().await, "looking changes nothing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A route with its parameters left unnamed.
fn shape(route: &str) -> String {
    let parts = route.split('/').map(|part| if part.starts_with([':', '{']) { ":" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn who_loses_their_part_loses_the_door() {
    let scene = Scene::new().await;
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
