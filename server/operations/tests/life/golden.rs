//! Golden rulings: what each release ruled, with the facts and the guardrails it ruled by. Every later one must come to the same, byte for
//! byte (R11). A release adds a file: `SALLYPORT_TEST_GOLDEN=write cargo nextest run -p operations golden` writes that of today.

use crate::world::{On, World};
use domain::{
    event::Event,
    facts::{Ask, Facts},
    guardrail::{Guardrails, Unguarded},
    ids::StreamId,
    request::RequestEvent,
    ruling::{Ruling, judge_as},
};
use operations::guardrails::{Compiled, engine};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};

/// One ruling, and all that it was made from.
#[derive(Serialize, Deserialize)]
struct Golden {
    /// The rules that counted; nothing where there were none.
    rules: Option<String>,
    ask: Ask,
    facts: Facts,
    ruling: Ruling,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_golden_ruling_comes_to_the_same() {
    let mut made = 0;
    for file in fs::read_dir(folder()).expect("there are golden rulings") {
        let path = file.expect("it can be listed").path();
        for (nth, line) in fs::read_to_string(&path).expect("it is text").lines().enumerate() {
            let place = format!("{}:{}", path.display(), nth + 1);
            let Golden { rules, ask, facts, ruling } = serde_json::from_str(line).expect(&place);
            let guardrails: Box<dyn Guardrails> = match (&rules, &ruling.guardrails) {
                (Some(rules), Some(verdict)) => Box::new(Compiled::published(verdict.number, rules)),
                _ => Box::new(Unguarded),
            };
            let mut again = judge_as(ruling.engine, &ask, &facts, guardrails.as_ref()).expect(&place);
            if let (Some(then), Some(now)) = (&ruling.guardrails, &mut again.guardrails) {
                assert_eq!(now.engine, engine(), "{place}");
                // Which version of the policy engine it was is no part of what it says.
                now.engine.clone_from(&then.engine);
            }
            let bytes = |ruling: &Ruling| serde_json_canonicalizer::to_string(ruling).expect("it has a canonical form");
            assert_eq!(bytes(&again), bytes(&ruling), "{place}");
            made += 1;
        }
    }
    assert!(made >= 12, "only {made} rulings were made again");
}

#[tokio::test]
async fn todays_rulings_are_written_when_that_is_asked_for() {
    if std::env::var_os("SALLYPORT_TEST_GOLDEN").is_none_or(|it| it != "write") {
        return;
    }
    let world = World::on(On::Sqlite).await;
    let rules = fs::read_to_string(crate::world::demo_catalogue().join("guardrails/rules.cedar")).expect("it is there");
    let asks = [
        ("ann.asker", "life-one", "2h"),
        ("ann.asker", "life-one", "3d"),
        ("ann.asker", "life-two", "1h"),
        ("ann.asker", "life-auto", "1h"),
        ("bo.asker", "life-xy", "2h"),
        ("bo.asker", "life-enter", "2h"),
        ("bo.asker", "life-check", "2h"),
        ("bo.asker", "life-manual", "1h"),
        ("ann.asker", "life-manual", "1h"),
        ("bo.asker", "life-seat", "2h"),
        ("maya.lindqvist", "orders-read", "4h"),
        ("maya.lindqvist", "orders-write", "1h"),
        ("hamza.yilmaz", "flags-staging", "7d"),
        ("oskar.wallin", "on-call-join", "7d"),
        ("lena.fischer", "payroll-prepare", "1d"),
        ("erik.sundin", "payroll-prepare", "1d"),
    ];
    let mut lines = String::new();
    for (who, bundle, duration) in asks {
        let actor = world.actor(who).await;
        let asking =
            domain::views::Asking { work_item: "CHG-1042".to_owned(), ..world.asking(who, bundle, duration).await };
        let Ok(id) = world.portal.ask(&actor, &asking).await else { continue };
        let events = world.read().await.events(StreamId(id.0), 1, 1).await.expect("they can be read");
        let Event::Request(event) = events[0].envelope().expect("it can be read").event else { panic!("a request") };
        let RequestEvent::Asked { ask, facts, ruling, .. } = *event else { panic!("it begins with the ask") };
        let rules = ruling.guardrails.as_ref().map(|_| rules.clone());
        lines += &serde_json::to_string(&Golden { rules, ask, facts, ruling }).expect("it has JSON");
        lines.push('\n');
    }
    fs::create_dir_all(folder()).expect("the folder can be made");
    fs::write(folder().join(format!("{}.jsonl", env!("CARGO_PKG_VERSION"))), lines).expect("it can be written");
}
