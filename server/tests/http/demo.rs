//! The demo's company and its last days: everything in them was really done, and the trail agrees.

use std::sync::Arc;

use operations::{Portal, SystemIds};
use server::config::{Flags, Settings};
use server::demo::{Backdated, PASSWORD, fill};
use server::memory;

#[tokio::test]
async fn the_last_days_of_the_company_can_be_lived_through() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database = format!("sqlite://{}/demo.db", folder.path().display());
    let settings =
        Settings::read(&Flags { database: Some(database), ..Flags::default() }, []).expect("the settings are right");
    let clock = Arc::new(Backdated::default());
    let portal =
        Portal::open(memory::setup(&settings, clock.clone(), Arc::new(SystemIds::default()))).await.expect("it opens");
    portal.migrate().await.expect("it is empty");
    fill(&portal, &clock).await.expect("the story goes on to its end");

    let mut findings = Vec::new();
    portal.verify(&mut |_| {}, &mut |finding| findings.push(finding)).await.expect("it can be checked");
    assert!(findings.is_empty(), "{findings:?}");
    assert!(portal.is_demo().await.expect("it knows"));

    let actor = |key: &'static str| {
        let portal = portal.clone();
        async move { portal.actor_by_key(key).await.expect("they are in the catalogue") }
    };
    let waits_for_priya = portal.inbox(&actor("priya.raman").await, "").await.expect("she has an inbox");
    assert!(waits_for_priya.items.len() >= 3, "{waits_for_priya:?}");
    let waits_for_nadia = portal.inbox(&actor("nadia.haddad").await, "").await.expect("she has an inbox");
    assert!(
        waits_for_nadia.items.iter().any(|card| card.excepted == ["Source code, maintain"]),
        "an exception waits: {waits_for_nadia:?}"
    );
    let zuzanna = portal.my_access(&actor("zuzanna.kowal").await, "", "").await.expect("she has pages");
    assert_eq!(zuzanna.ended.items.len(), 2, "her report and her raw events are over: {zuzanna:?}");
    let viktor = portal.my_access(&actor("viktor.strand").await, "", "").await.expect("he has pages");
    assert_eq!(viktor.active.iter().map(|grant| grant.state.as_str()).collect::<Vec<_>>(), ["active"]);
    let joao = portal.my_access(&actor("joao.marques").await, "", "").await.expect("he has pages");
    assert_eq!(
        joao.active.iter().map(|grant| grant.state.as_str()).collect::<Vec<_>>(),
        ["active"],
        "both desks set it up"
    );
    let desk = portal.tasks(&actor("marek.novotny").await, "").await.expect("he has tasks");
    assert!(!desk.items.is_empty(), "sanne's workplace is to be set up");

    portal.sign_in("maya.lindqvist", PASSWORD, "127.0.0.1", "test").await.expect("the password is known");
}
