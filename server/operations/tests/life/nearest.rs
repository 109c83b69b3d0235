//! The nearest way in, as the panel and the page of a refused request say it; and what nobody owns any more.

use crate::{
    on_both,
    world::{On, World},
};
use domain::{request::State, ruling::Outcome, views::Asking};

on_both! {
    a_refusal_says_the_nearest_way_in_and_following_it_passes
    another_bundle_that_covers_the_need_is_named
    what_nobody_owns_is_out_of_the_catalogue_and_what_is_open_goes_to_the_fallback
}

/// L9: the panel says it before one asks, the page of the refused request after; and who follows it gets in.
async fn a_refusal_says_the_nearest_way_in_and_following_it_passes(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    let long = world.asking("ann.asker", "life-one", "3d").await;
    let shown = world.portal.preview(&ann, &long).await.expect("it is worked out");
    assert_eq!(shown.outcome, Outcome::Refused);
    assert!(shown.next.ends_with("The nearest way in: ask for 8 hours or less."), "{}", shown.next);

    let id = world.ask("ann.asker", "life-one", "3d").await;
    assert!(matches!(world.request(id).await.state, State::Refused { .. }));
    let page = world.portal.request(&ann, id).await.expect("it is hers");
    assert!(page.ruling.next.ends_with("ask for 8 hours or less."), "{}", page.ruling.next);
    let followed = world.asking("ann.asker", "life-one", "8h").await;
    let shown = world.portal.preview(&ann, &followed).await.expect("it is worked out");
    assert_ne!(shown.outcome, Outcome::Refused);
    assert!(!shown.next.contains("nearest way"), "{}", shown.next);
}

/// L9: where no change of the ask helps, another bundle may.
async fn another_bundle_that_covers_the_need_is_named(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    world
        .import(
            "[[bundle]]\nkey = \"life-closed\"\nname = \"For machines\"\nsays = \"Right X, for machines alone\"\n\
             entitlements = [\"life-desk/x\"]\nlongest = \"8h\"\ndefault = \"4h\"\naskers = { kinds = [\"pipeline\"] }\n\
             [[bundle.stage]]\nname = \"Owner\"\nneed = 1\nfrom = { owners = true }\n",
        )
        .await;
    let shown = world.portal.preview(&ann, &world.asking("ann.asker", "life-closed", "2h").await).await;
    let shown = shown.expect("it is worked out");
    assert_eq!(shown.outcome, Outcome::Refused);
    let named: Vec<_> = shown.instead.iter().map(|bundle| bundle.id.as_str()).collect();
    assert!(named.contains(&"life-one") && named.contains(&"life-xy"), "each gives right X: {named:?}");
    assert!(!named.contains(&"life-auto"), "this gives another right: {named:?}");
    for bundle in shown.instead {
        let asking: Asking = world.asking("ann.asker", &bundle.id, "2h").await;
        let other = world.portal.preview(&ann, &asking).await.expect("it is worked out");
        assert_ne!(other.outcome, Outcome::Refused, "{}: {}", bundle.id, other.next);
    }
}

/// L13: what nobody owns cannot be asked for any more; what was asked before is decided by the fallback group, and says so.
async fn what_nobody_owns_is_out_of_the_catalogue_and_what_is_open_goes_to_the_fallback(on: On) {
    let world = World::on(on).await;
    let ann = world.actor("ann.asker").await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    let listed =
        |page: domain::views::Page<domain::views::BundleCard>| page.items.iter().any(|it| it.key == "life-one");
    let before = world.portal.catalogue(&ann, "one of the owners", "", "").await.expect("it can be read");
    assert!(listed(before));
    world
        .import(
            "[[person]]\nkey = \"olga.owner\"\nname = \"Olga Owner\"\nleft = true\n\
             [[person]]\nkey = \"otto.owner\"\nname = \"Otto Owner\"\nleft = true\n\
             [[person]]\nkey = \"bea.backup\"\nname = \"Bea Backup\"\nleft = true\n",
        )
        .await;
    let after = world.portal.catalogue(&ann, "one of the owners", "", "").await.expect("it can be read");
    assert!(!listed(after), "it is out of the catalogue");
    let bo = world.actor("bo.asker").await;
    let shown = world.portal.preview(&bo, &world.asking("bo.asker", "life-one", "2h").await).await;
    let shown = shown.expect("it is worked out");
    assert_eq!(shown.outcome, Outcome::Refused);
    let says = "nobody owns Life desk any more, and so it cannot be asked for";
    assert!(shown.checks.iter().any(|check| !check.passed && check.says == says), "{:?}", shown.checks);

    let request = world.request(id).await;
    let [fay, finn] = [world.id("fay.fallback").await, world.id("finn.fallback").await];
    assert_eq!(request.may_decide_now(), [fay, finn].into(), "the fallback group decides what is open");
    let page = world.portal.request(&ann, id).await.expect("it is hers");
    assert!(page.ruling.stages.iter().any(|stage| stage.stands_in.as_deref() == Some("Life, fallback steps in")));
    world.approve("fay.fallback", id).await.expect("she decides");
    world.run_jobs().await;
    assert!(matches!(world.request(id).await.state, State::Granted { .. }), "and it is granted");
    world.is_sound().await;
}
