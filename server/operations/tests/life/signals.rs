//! How people decide: what is counted, who sees it, and that it changes nothing.

use crate::{
    on_both,
    world::{On, World},
};
use chrono::TimeDelta;
use domain::{Refusal, ids::RequestId, views::bulk::Chosen};
use operations::Error;

on_both! {
    what_somebody_decides_is_counted_for_ninety_days
    only_admins_auditors_and_oneself_see_how_somebody_decides
    those_come_first_whom_there_is_most_reason_to_look_at
    an_edited_decision_is_found
}

/// Ann asks, for an hour.
async fn asked(world: &World, bundle: &str) -> RequestId {
    world.ask("ann.asker", bundle, "1h").await
}

async fn denies(world: &World, who: &str, id: RequestId) {
    let terms = world.request(id).await.terms;
    world.portal.deny(&world.actor(who).await, id, terms, "not today").await.expect("they may decide");
}

/// L10: decisions, share of yes, time, streak, and what was decided in one go.
async fn what_somebody_decides_is_counted_for_ninety_days(on: On) {
    let world = World::on(on).await;
    let olga = world.actor("olga.owner").await;
    let hers = async || world.portal.identity(&olga, "olga.owner").await.expect("it is her own page").signals;
    assert_eq!(hers().await, None, "she has decided nothing");

    let first = asked(&world, "life-one").await;
    world.clock.advance(TimeDelta::minutes(30));
    denies(&world, "olga.owner", first).await;
    let mut chosen = Vec::new();
    for bundle in ["life-one", "life-xy", "life-manual"] {
        let request = asked(&world, bundle).await;
        chosen.push(Chosen { request, terms: world.request(request).await.terms });
    }
    world.clock.advance(TimeDelta::minutes(10));
    let answers = world.portal.approve_many(&olga, &chosen, "").await.expect("she may decide");
    assert!(answers.iter().all(|answer| answer.why_not.is_none()), "{answers:?}");

    let counted = hers().await.expect("she has decided");
    assert_eq!((counted.decisions, counted.yes, counted.share), (4, 3, 75));
    assert_eq!((counted.takes.as_str(), counted.streak, counted.in_one_go), ("10 minutes", 3, 3));
    assert!(!counted.always_yes && counted.days == 90);
    world.run_jobs().await;
    world.is_sound().await;

    world.clock.advance(TimeDelta::days(90));
    assert_eq!(hers().await.expect("some of it is not older").decisions, 3);
    world.clock.advance(TimeDelta::minutes(11));
    assert_eq!(hers().await, None, "it is long ago");
}

/// What is counted of people is theirs, and of those who look after the portal.
async fn only_admins_auditors_and_oneself_see_how_somebody_decides(on: On) {
    let world = World::on(on).await;
    let id = asked(&world, "life-one").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    for (who, sees) in [("astrid.nyberg", true), ("ines.carvalho", true), ("olga.owner", false), ("ann.asker", false)] {
        let actor = world.actor(who).await;
        let list = world.portal.signals(&actor, "").await;
        match list {
            Ok(page) => assert!(sees && page.list.items.iter().any(|row| row.key == "olga.owner"), "{who}: {page:?}"),
            Err(no) => assert!(!sees && matches!(no, Error::Refused(Refusal::NotAllowed(_))), "{who}: {no:?}"),
        }
        let page = world.portal.identity(&actor, "olga.owner").await;
        match page {
            Ok(page) => assert!((sees || who == "olga.owner") && page.signals.is_some(), "{who}"),
            Err(no) => assert!(who == "ann.asker" && matches!(no, Error::NotFound), "{who}: {no:?}"),
        }
    }
    // Her manager sees her page, and not this.
    let managed = "key = \"olga.owner\"\nname = \"Olga Owner\"\nemail = \"olga.owner@tidewater.example\"";
    let more = crate::world::COMPANY.replace(managed, &format!("{managed}\nmanager = \"hal.hand\""));
    assert_ne!(more, crate::world::COMPANY);
    world.import(&more).await;
    let page = world.portal.identity(&world.actor("hal.hand").await, "olga.owner").await.expect("he manages her");
    assert_eq!(page.signals, None);
}

/// L10: who never says no comes before who only says yes in a row, and every page of the list goes on where the one before ended.
async fn those_come_first_whom_there_is_most_reason_to_look_at(on: On) {
    let world = World::on(on).await;
    for turn in 0..21 {
        for (who, bundle) in [("olga.owner", "life-one"), ("otto.owner", "life-xy")] {
            let id = asked(&world, bundle).await;
            world.clock.advance(TimeDelta::minutes(1));
            if who == "otto.owner" && turn == 0 {
                denies(&world, who, id).await;
                continue;
            }
            world.approve(who, id).await.expect("an owner decides");
            world.portal.withdraw(&world.actor("ann.asker").await, id).await.expect("it is hers");
        }
    }
    let astrid = world.actor("astrid.nyberg").await;
    let page = world.portal.signals(&astrid, "").await.expect("an admin sees it");
    assert_eq!((page.people, page.always_yes, page.days), (2, 1, 90));
    let keys: Vec<_> = page.list.items.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, ["olga.owner", "otto.owner"]);
    let [olga, otto] = &page.list.items[..] else { panic!("two people: {page:?}") };
    assert!(olga.signals.always_yes && olga.signals.streak == 21, "{olga:?}");
    assert!(!otto.signals.always_yes && otto.signals.share == 95, "{otto:?}");

    // As the address of a second page would say it.
    let after = format!("true~0~21~{}", world.id("olga.owner").await);
    let rest = world.portal.signals(&astrid, &after).await.expect("an admin sees it").list;
    assert_eq!(rest.items.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["otto.owner"]);
    let nonsense = world.portal.signals(&astrid, "nonsense").await.expect("it begins at the first").list;
    assert_eq!(nonsense.items.len(), 2);
    // It changes nothing: she decides as before.
    let id = asked(&world, "life-one").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.is_sound().await;
}

/// R76: what is counted is what was decided.
async fn an_edited_decision_is_found(on: On) {
    let world = World::on(on).await;
    let id = asked(&world, "life-one").await;
    denies(&world, "olga.owner", id).await;
    let (yes, row) = (if on == On::Sqlite { "1" } else { "true" }, world.literal(id.0));
    world.tamper(&[format!("update decisions set approves = {yes} where request_id = {row}")]).await;
    let found = world.findings().await;
    assert!(
        matches!(&found[..], [one] if one.starts_with(&format!("request {id}: its column `decisions`"))),
        "{found:#?}"
    );
}
