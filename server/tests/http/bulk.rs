//! Several decisions by one plain form: the page that comes after says what came of each.

use axum::http::StatusCode;
use domain::ids::RequestId;
use domain::views::Asking;

use crate::on_both;
use crate::world::{On, World};

on_both! {
    several_are_approved_by_one_form_and_each_is_answered
    a_form_without_a_choice_comes_back_and_says_so
}

async fn ask(world: &World, who: &str) -> RequestId {
    let actor = world.actor(who).await;
    let asking = Asking {
        bundle: "orders-read".to_owned(),
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

async fn several_are_approved_by_one_form_and_each_is_answered(on: On) {
    let world = World::on(on).await;
    let (mayas, joaos) = (ask(&world, "maya.lindqvist").await, ask(&world, "joao.marques").await);
    let mut priya = world.sign_in("priya.raman").await;
    let inbox = priya.get("/inbox").await;
    for id in [mayas, joaos] {
        assert!(inbox.body.contains(&format!("value=\"{id}:1\"")), "{}", inbox.body);
    }
    world.portal.withdraw(&world.actor("joao.marques").await, joaos).await.expect("it is his");

    let (maya, joao) = (format!("{mayas}:1"), format!("{joaos}:1"));
    let fields = [("chosen[]", maya.as_str()), ("chosen[]", joao.as_str()), ("comment", "as agreed")];
    let answer = priya.post("/api/requests/approve-many", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = answer.location().expect("it leads to the page that says so").to_owned();
    assert!(page.starts_with("/inbox?kept="), "{page}");
    let shown = priya.get(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.shows("1 of 2 approved"), "{}", shown.text());
    assert!(shown.shows("Withdrawn by João Marques"), "{}", shown.text());
    assert!(shown.body.contains(&format!("href=\"/inbox/{joaos}\"")), "{}", shown.body);

    let mut ola = world.sign_in("ola.nord").await;
    assert!(!ola.get(&page).await.shows("1 of 2 approved"), "it is for nobody else");
    let sees = world.portal.request(&world.actor("maya.lindqvist").await, mayas).await.expect("it is hers");
    assert!(
        sees.card.state == "approved" && sees.lines.items.iter().any(|line| line.text.as_deref() == Some("as agreed"))
    );
}

async fn a_form_without_a_choice_comes_back_and_says_so(on: On) {
    let world = World::on(on).await;
    ask(&world, "maya.lindqvist").await;
    let mut priya = world.sign_in("priya.raman").await;
    priya.get("/inbox").await;
    let back = priya.submit("/api/requests/approve-many", &[("comment", "as agreed")]).await;
    assert!(back.shows("Choose at least one request"), "{}", back.text());
    assert!(back.shows("as agreed"), "what was written is kept: {}", back.text());
}
