//! What is only rehearsed is written as if it were real, and leaves nothing behind.

use crate::{
    on_both,
    world::{On, World},
};
use domain::Actor;
use operations::Error;

on_both! {
    a_rehearsal_leaves_nothing_behind
    nobody_rehearses_what_they_may_not_do
}

async fn a_rehearsal_leaves_nothing_behind(on: On) {
    let world = World::on(on).await;
    let (ann, olga) = (world.actor("ann.asker").await, world.actor("olga.owner").await);
    let asking = world.asking("ann.asker", "life-one", "1h").await;
    let (mut tx, id) = world.portal.rehearse_ask(&ann, &asking).await.expect("they may ask");
    let asked = tx.request(id).await.expect("it can be read").expect("it is there");
    assert_eq!(asked.state.word(), "waiting");
    world.portal.rehearse_approval(&mut tx, &olga, id, asked.terms).await.expect("an owner decides");
    let approved = tx.request(id).await.expect("it can be read").expect("it is there");
    assert_eq!(approved.state.word(), "approved");
    drop(tx);

    assert_eq!(world.read().await.request(id).await.expect("it can be looked for"), None);
    // Nobody waits for it either: the same is asked for in earnest.
    world.ask("ann.asker", "life-one", "1h").await;
    world.is_sound().await;
}

async fn nobody_rehearses_what_they_may_not_do(on: On) {
    let world = World::on(on).await;
    let asking = world.asking("ann.asker", "life-one", "1h").await;
    let no = world.portal.rehearse_ask(&Actor::System, &asking).await.map(|(_, id)| id);
    assert!(matches!(no, Err(Error::Refused(_))), "{no:?}");
    let ann = world.actor("ann.asker").await;
    let (mut tx, id) = world.portal.rehearse_ask(&ann, &asking).await.expect("they may ask");
    let terms = tx.request(id).await.expect("it can be read").expect("it is there").terms;
    let no = world.portal.rehearse_approval(&mut tx, &ann, id, terms).await;
    assert!(matches!(no, Err(Error::Refused(_))), "nobody approves their own: {no:?}");
}
