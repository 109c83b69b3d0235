//! What no form of ours sends: wrong ids, ids of others, absent fields, far too much, nonsense. All of it is answered in words, with the
//! right status, and none of it is kept.

use axum::http::StatusCode;

use crate::on_both;
use crate::world::{On, World};

on_both! {
    nonsense_is_answered_in_words_and_changes_nothing
    a_plain_form_with_nonsense_comes_back_as_it_was
    addresses_that_lead_nowhere_say_so
}

const WHY: &str = "CASE-20418: three parcels to one address";

async fn changes(world: &World) -> String {
    format!("{:?}", world.portal.changes().await.expect("it counts"))
}

/// A path, the fields posted to it, and the statuses that are right answers.
type Case = (&'static str, Vec<(&'static str, String)>, &'static [u16]);

#[expect(clippy::too_many_lines, reason = "a table of nonsense, a line each")]
async fn nonsense_is_answered_in_words_and_changes_nothing(on: On) {
    let world = World::on(on).await;
    let mut maya = world.sign_in("maya.lindqvist").await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    let me = world.actor("maya.lindqvist").await.person().expect("a person").to_string();
    let joao = world.actor("joao.marques").await.person().expect("a person").to_string();
    let nothing = "00000000-0000-7000-8000-000000000000";
    let megabyte = "x".repeat(1024 * 1024);
    let number = "18446744073709551616";

    let good = [("bundle", "orders-read"), ("subject", me.as_str()), ("duration", "2h"), ("justification", WHY)];
    let asking = |name: &'static str, value: &str| -> Vec<(&'static str, String)> {
        let mut fields: Vec<_> =
            good.iter().filter(|(it, _)| *it != name).map(|(name, value)| (*name, (*value).to_owned())).collect();
        fields.push((name, value.to_owned()));
        fields
    };
    let one = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    let mut cases: Vec<Case> = vec![
        ("/api/requests/ask", vec![], &[422]),
        ("/api/requests/ask", asking("bundle", "no-such-bundle"), &[404]),
        ("/api/requests/ask", asking("bundle", "orders\0read"), &[404, 422]),
        ("/api/requests/ask", asking("subject", ""), &[422]),
        ("/api/requests/ask", asking("subject", "maya"), &[403]),
        ("/api/requests/ask", asking("subject", nothing), &[403]),
        ("/api/requests/ask", asking("subject", &joao), &[403]),
        ("/api/requests/ask", asking("justification", &megabyte), &[422]),
        ("/api/requests/ask", asking("justification", "CASE-20418: \0 three parcels"), &[422]),
        ("/api/requests/ask", asking("justification", "CASE-20418: \u{202E} three parcels"), &[422]),
        ("/api/requests/ask", asking("work_item", &"W".repeat(10_000)), &[422]),
        ("/api/requests/ask", asking("work_item", "CHG-\u{1b}[31m"), &[422]),
        ("/api/requests/ask", asking("link", "javascript:alert(1)"), &[422]),
        ("/api/requests/ask", asking("link", "https://a.example/\njavascript:alert(1)"), &[422]),
        ("/api/requests/ask", asking("link", &"https://a.example/\n".repeat(1000)), &[422]),
        ("/api/requests/ask", asking("link", &format!("https://{}", "x".repeat(100_000))), &[422]),
        ("/api/requests/ask", asking("continues", nothing), &[404]),
        ("/api/requests/ask", asking("continues", "nonsense"), &[404, 422]),
        ("/api/requests/form", one("bundle", "no-such-bundle"), &[404]),
        ("/api/requests/form", vec![("bundle", "orders-read".into()), ("continues", "nonsense".into())], &[400]),
        ("/api/requests/form", vec![], &[400]),
        ("/api/catalogue", vec![("q", "%_\\'".into()), ("system", String::new()), ("after", String::new())], &[200]),
        ("/api/catalogue", vec![("q", String::new()), ("system", "nope".into()), ("after", String::new())], &[404]),
        ("/api/catalogue", vec![("q", "\0".into()), ("system", String::new()), ("after", String::new())], &[200, 422]),
        ("/api/inbox", vec![("after", String::new()), ("picked", nothing.into())], &[404]),
        ("/api/invitations/look", one("token", "\0"), &[422]),
        ("/api/invitations/look", one("token", &megabyte), &[422]),
        ("/api/sessions/end", one("session", nothing), &[404]),
        ("/api/sessions/end", one("session", "nonsense"), &[400]),
        ("/api/sessions/sign-in", vec![("name", "\0".into()), ("password", "\0".into())], &[422]),
        ("/api/sessions/sign-in", one("name", "maya.lindqvist"), &[400]),
        ("/api/invitations/accept", one("token", "\0"), &[400]),
    ];
    for length in [
        "",
        "0",
        "0h",
        "0m",
        "-1",
        "-1h",
        "1000000000h",
        "1000000000",
        "99999999999999999999h",
        "1e9h",
        "soon",
        "2 h\0",
        "NaNh",
    ] {
        cases.push(("/api/requests/ask", asking("duration", length), &[422]));
    }
    for act in ["approve", "deny", "withdraw", "comment"] {
        let path: &'static str = match act {
            "approve" => "/api/requests/approve",
            "deny" => "/api/requests/deny",
            "withdraw" => "/api/requests/withdraw",
            _ => "/api/requests/comment",
        };
        let with = |id: &str, version: &str| {
            vec![("request", id.to_owned()), ("version", version.to_owned()), ("comment", "no".to_owned())]
        };
        cases.push((path, with(nothing, "1"), &[404]));
        cases.push((path, with("nonsense", "1"), &[400]));
        cases.push((path, with("", "1"), &[400]));
        cases.push((path, vec![], &[400]));
        if matches!(act, "approve" | "deny") {
            cases.push((path, with(nothing, "-1"), &[400]));
            cases.push((path, with(nothing, number), &[400]));
        }
    }
    let many = "/api/requests/approve-many";
    let chosen = |value: &str| one("chosen[]", value);
    cases.push((many, vec![], &[422]));
    cases.push((many, chosen(&format!("{nothing}:1")), &[200]));
    for value in ["", "nonsense", nothing, &format!("{nothing}:-1"), &format!("{nothing}:{number}")] {
        cases.push((many, chosen(value), &[400, 422]));
    }
    cases.push((many, vec![("chosen[]", format!("{nothing}:1")); 51], &[422]));
    cases.push((many, [chosen(&format!("{nothing}:1")), one("comment", &megabyte)].concat(), &[422]));
    for path in ["/api/grants/give-back", "/api/grants/revoke"] {
        cases.push((path, one("grant", nothing), &[404]));
        cases.push((path, one("grant", "nonsense"), &[400]));
        cases.push((path, vec![], &[400]));
    }
    cases.push(("/api/tasks/attest", one("task", nothing), &[404]));
    cases.push(("/api/tasks/attest", one("task", "nonsense"), &[400]));
    for path in ["/api/notices", "/api/access"] {
        for after in ["nonsense", "-1", number, "\0", "'; drop table events; --"] {
            cases.push((path, one("after", after), &[200, 400, 404, 422]));
        }
    }

    let mut as_admin: Vec<Case> = vec![
        ("/api/identities/leave", one("identity", nothing), &[404]),
        ("/api/identities/leave", one("identity", "nonsense"), &[400]),
        ("/api/identities/invite", one("identity", nothing), &[404]),
        ("/api/identities/invite", one("identity", "nonsense"), &[400]),
        ("/api/identities/one", one("key", "\0"), &[404]),
        ("/api/bundles/one", one("key", "nope"), &[404]),
        ("/api/bundles/publish", vec![("key", "nope".into()), ("number", "1".into())], &[404]),
        ("/api/bundles/publish", vec![("key", "orders-read".into()), ("number", "-1".into())], &[400]),
        ("/api/bundles/publish", vec![("key", "orders-read".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/bundles/discard", vec![("key", "orders-read".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/bundles/submit", vec![("key", "orders-read".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/bundles/withdraw", vec![("key", "orders-read".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/bundles/send-back", vec![("key", "orders-read".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/bundles/retire-confirm", vec![("key", "orders-read".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/bundles/keep", vec![("key", "orders-read".into()), ("number", "-1".into())], &[400]),
        ("/api/systems/owners-confirm", vec![("key", "orders-db".into()), ("number", "9".into())], &[404, 409, 422]),
        ("/api/systems/owners-reject", vec![("key", "nope".into()), ("number", "1".into())], &[404]),
        ("/api/systems/owners-comment", vec![("key", "orders-db".into()), ("number", "9".into())], &[409, 422]),
        ("/api/systems/owners-take-back", vec![("key", "orders-db".into()), ("number", "-1".into())], &[400]),
        ("/api/systems/owners-propose", one("key", "nope"), &[404]),
        ("/api/systems/owners-propose", one("key", "orders-db"), &[422]),
        ("/api/systems/owners-propose", vec![("key", "orders-db".into()), ("fields", "x".into())], &[400]),
        ("/api/systems/owners-propose", vec![("key", "orders-db".into()), ("fields[owners][]", "\0".into())], &[422]),
        ("/api/systems/owners-propose", vec![("key", "orders-db".into()), ("comment", megabyte.clone())], &[422]),
        ("/api/groups/members-confirm", vec![("key", "security".into()), ("number", "9".into())], &[409]),
        ("/api/groups/members-reject", vec![("key", "nope".into()), ("number", "1".into())], &[404]),
        ("/api/identities/leave-confirm", one("identity", nothing), &[404]),
        ("/api/identities/stay", one("identity", &joao), &[409]),
        ("/api/identities/return", one("identity", &joao), &[422]),
        ("/api/bundles/retire", one("key", "nope"), &[404]),
        ("/api/bundles/editor", one("bundle", "nope"), &[404]),
        ("/api/bundles/edit", one("bundle", "nope"), &[404]),
        ("/api/bundles/edit", vec![], &[422]),
        ("/api/bundles/edit", one("after", "-1"), &[400]),
        ("/api/bundles/edit", one("fields", "x"), &[400]),
        ("/api/bundles/edit", vec![("bundle", "orders-read".into()), ("fields[name][]", "\0".into())], &[422]),
        ("/api/bundles/edit", vec![("bundle", "orders-read".into()), ("fields[says][]", megabyte.clone())], &[422]),
        ("/api/bundles/edit", vec![("bundle", "orders-read".into()), ("fields[stage.0.with][]", "x".into())], &[422]),
        ("/api/bundles/sketch", one("fields[a][b][c][d]", "x"), &[400]),
        ("/api/bundles/draft", vec![], &[422]),
        ("/api/bundles/draft", one("text", "[[bundle]"), &[422]),
        ("/api/bundles/draft", one("text", "\0"), &[422]),
        ("/api/bundles/draft", one("text", &megabyte), &[422]),
        ("/api/guardrails/edit", one("rules", "\0"), &[422]),
        ("/api/guardrails/edit", one("rules", "permit (principal, action, resource); // \u{202E}"), &[422]),
        ("/api/guardrails/edit", one("rules", &megabyte), &[422]),
        ("/api/guardrails/edit", one("tests", &megabyte), &[422]),
        ("/api/guardrails/edit", one("after", "-1"), &[400]),
        ("/api/guardrails/edit", vec![("rules", "permit".into()), ("after", "9".into())], &[409]),
        ("/api/guardrails/sketch", one("rules", "\0"), &[200]),
        ("/api/guardrails/sketch", one("rules", &format!("permit{}", "(".repeat(30_000))), &[200]),
        ("/api/guardrails/sketch", one("tests", &format!("a = {}", "[".repeat(30_000))), &[200]),
        ("/api/guardrails/sketch", one("rules", &megabyte), &[200]),
        ("/api/guardrails/panel", one("tests", "[[test]"), &[200]),
        ("/api/guardrails/publish", vec![], &[400]),
        ("/api/guardrails/publish", one("number", number), &[400]),
        ("/api/guardrails/publish", one("number", "9"), &[404, 409, 422]),
        ("/api/guardrails/submit", one("number", "-1"), &[400]),
        ("/api/guardrails/submit", one("number", "9"), &[404, 409, 422]),
        ("/api/guardrails/withdraw", one("number", "9"), &[404, 409, 422]),
        ("/api/guardrails/discard", one("number", "9"), &[404, 409, 422]),
        ("/api/guardrails/comment", one("number", "9"), &[404, 409, 422]),
        ("/api/guardrails/send-back", one("number", "9"), &[404, 409, 422]),
    ];
    for path in ["/api/bundles", "/api/systems", "/api/identities", "/api/groups", "/api/signals", "/api/trail"] {
        for odd in ["nonsense", "-1", number, "\0", "%", "'; drop table events; --"] {
            as_admin.push((path, vec![("q", String::new()), ("after", odd.to_owned())], &[200, 400, 404, 422]));
            as_admin.push((path, vec![("q", odd.to_owned()), ("after", String::new())], &[200, 422]));
        }
    }

    let before = changes(&world).await;
    let mut wrong = Vec::new();
    for (browser, cases) in [(&mut maya, &cases), (&mut astrid, &as_admin)] {
        for (path, fields, due) in cases {
            let pairs: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let what: String = format!("{path} {fields:?}").chars().take(200).collect();
            let answer = browser.call(path, &pairs).await;
            let body: String = answer.body.chars().take(200).collect();
            if !due.contains(&answer.status.as_u16()) {
                wrong.push(format!("{what}: {} and not {due:?}: {body}", answer.status));
            }
            if !answer.status.is_success() && !answer.body.starts_with(['{', '"']) {
                wrong.push(format!("{what}: no fault in it: {body}"));
            }
            if answer.body.len() > 100_000 {
                wrong.push(format!("{what}: answered with {} bytes", answer.body.len()));
            }
            if changes(&world).await != before {
                wrong.push(format!("{what}: something was kept"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn a_plain_form_with_nonsense_comes_back_as_it_was(on: On) {
    let world = World::on(on).await;
    let mut maya = world.sign_in("maya.lindqvist").await;
    let me = world.actor("maya.lindqvist").await.person().expect("a person").to_string();
    let before = changes(&world).await;
    let mut wrong = Vec::new();
    for (length, work_item) in [("0h", "KEEP-1"), ("-1", "KEEP-2"), ("1000000000h", "KEEP-3"), ("", "KEEP-4")] {
        maya.get("/ask/orders-read").await;
        let fields = [
            ("bundle", "orders-read"),
            ("subject", me.as_str()),
            ("duration", length),
            ("justification", WHY),
            ("work_item", work_item),
        ];
        let answer = maya.post("/api/requests/ask", &fields).await;
        let back = answer.location().unwrap_or_default().to_owned();
        if answer.status != StatusCode::SEE_OTHER || !back.starts_with("/ask/orders-read?kept=") {
            wrong.push(format!("{length:?}: {} {back:?}", answer.status));
            continue;
        }
        let form = maya.get(&back).await;
        if form.status != StatusCode::UNPROCESSABLE_ENTITY || !form.body.contains(WHY) {
            wrong.push(format!("{length:?}: {} and what was typed is gone: {}", form.status, form.text()));
        }
    }
    maya.get("/ask/orders-read").await;
    let megabyte = format!("{WHY} {}", "x".repeat(1024 * 1024));
    let fields =
        [("bundle", "orders-read"), ("subject", me.as_str()), ("duration", "2h"), ("justification", megabyte.as_str())];
    let answer = maya.post("/api/requests/ask", &fields).await;
    let back = answer.location().unwrap_or_default().to_owned();
    if answer.status != StatusCode::SEE_OTHER || !back.starts_with("/ask/orders-read?kept=") {
        wrong.push(format!("a megabyte: {} {back:?}", answer.status));
    } else if !maya.get(&back).await.shows("may have at most 2000 characters") {
        wrong.push("a megabyte: the page does not say what is wrong".to_owned());
    }
    for (path, fields) in [
        ("/api/requests/approve", vec![("request", "nonsense"), ("version", "1")]),
        ("/api/requests/withdraw", vec![]),
        ("/api/grants/revoke", vec![("grant", "nonsense")]),
        ("/api/sessions/end", vec![("session", "00000000-0000-7000-8000-000000000000")]),
    ] {
        maya.get("/sessions").await;
        let answer = maya.post(path, &fields).await;
        if answer.status != StatusCode::SEE_OTHER
            || !answer.location().is_some_and(|to| to.starts_with("/sessions?kept="))
        {
            wrong.push(format!("{path}: {} {:?}", answer.status, answer.location()));
        }
    }
    assert_eq!(before, changes(&world).await, "nothing was kept");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn addresses_that_lead_nowhere_say_so(on: On) {
    let world = World::on(on).await;
    let mut astrid = world.sign_in("astrid.nyberg").await;
    let nothing = "00000000-0000-7000-8000-000000000000";
    let mut wrong = Vec::new();
    for (path, due) in [
        (format!("/requests/{nothing}"), 404),
        ("/requests/nonsense".to_owned(), 404),
        ("/requests/%00".to_owned(), 404),
        (format!("/inbox/{nothing}"), 404),
        ("/inbox/nonsense".to_owned(), 404),
        ("/ask/nope".to_owned(), 404),
        ("/bundles/nope".to_owned(), 404),
        ("/systems/%00".to_owned(), 404),
        ("/identities/nope".to_owned(), 404),
        ("/groups/nope".to_owned(), 404),
        ("/catalogue?system=nope".to_owned(), 404),
    ] {
        let answer = astrid.get(&path).await;
        if answer.status.as_u16() != due || answer.text().len() < 40 {
            wrong.push(format!("{path}: {} and not {due}", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
