//! A yes to several requests at once: each goes through the one door by itself, and each gets its own answer (R2).

use crate::{
    on_both,
    stepup::BUNDLES,
    world::{COMPANY, On, World},
};
use domain::{
    Refusal,
    ids::RequestId,
    views::bulk::{Answered, Chosen},
};
use operations::Error;
use uuid::Uuid;

on_both! {
    of_several_each_is_decided_by_itself
    too_many_at_once_or_none_are_refused
}

async fn chosen(world: &World, request: RequestId) -> Chosen {
    Chosen { request, terms: world.request(request).await.terms }
}

/// R30, R31, R32, R36: what holds for one yes holds for each of several, and what stops one stops no other.
async fn of_several_each_is_decided_by_itself(on: On) {
    let world = World::on(on).await;
    world.import(BUNDLES).await;
    let askers = "members = [\"ann.asker\", \"bo.asker\"]";
    world.import(&COMPANY.replace(askers, "members = [\"ann.asker\", \"bo.asker\", \"olga.owner\"]")).await;
    let olga = world.actor("olga.owner").await;
    let anns = world.ask("ann.asker", "life-one", "1h").await;
    let bos = world.ask("bo.asker", "life-one", "1h").await;
    let own = world.ask("olga.owner", "life-one", "1h").await;
    let sure = world.ask("ann.asker", "life-sure", "1h").await;
    let unseen = world.ask("maya.lindqvist", "orders-read", "1h").await;
    let unknown = RequestId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0009));
    let stale = world.ask("ann.asker", "life-two", "4h").await;
    let mut all = Vec::new();
    for id in [anns, own, stale, sure, unseen, bos] {
        all.push(chosen(&world, id).await);
    }
    all.push(Chosen { request: unknown, terms: 1 });
    let otto = world.actor("otto.owner").await;
    world.portal.approve(&otto, stale, 1, "1h", "an hour will do").await.expect("he may shorten it");

    let answers = world.portal.approve_many(&olga, &all, "as agreed this morning").await.expect("she may decide");
    assert_eq!(answers.iter().map(|it| it.request).collect::<Vec<_>>(), [anns, own, stale, sure, unseen, bos, unknown]);
    let hidden = "there is no such thing here, or it is not yours to see";
    let why = [
        None,
        Some("nobody decides on access they asked for, would get, or answer for"),
        Some("the request has moved on since this page was shown: look again before you decide"),
        Some("wants a fresh sign-in: open it"),
        Some(hidden),
        None,
        Some(hidden),
    ];
    assert_eq!(answers.iter().map(|it| it.why_not.as_deref()).collect::<Vec<_>>(), why);
    let what = |at: usize| answers.get(at).and_then(|it: &Answered| it.what.clone());
    assert_eq!(what(3), Some(world.request(sure).await.sentence()));
    assert_eq!((what(4), what(6)), (None, None), "what is not hers to see has no name");

    for (id, state) in [(anns, "approved"), (bos, "approved"), (own, "waiting"), (stale, "waiting"), (sure, "waiting")]
    {
        assert_eq!(world.request(id).await.state.word(), state);
    }
    for id in [anns, bos] {
        let decisions = world.request(id).await.decisions;
        assert!(decisions.len() == 1 && decisions[0].comment.is_some(), "{decisions:?}");
    }
    let again = world.portal.approve_many(&olga, &all[..1], "").await.expect("it is answered");
    assert!(again[0].why_not.as_ref().is_some_and(|why| why.starts_with("approved by Olga Owner")), "{again:?}");
    world.is_sound().await;
}

/// Nobody decides blindly, and one form does not hold up all others.
async fn too_many_at_once_or_none_are_refused(on: On) {
    let world = World::on(on).await;
    let olga = world.actor("olga.owner").await;
    let one = chosen(&world, world.ask("ann.asker", "life-one", "1h").await).await;
    for (chosen, says) in [(vec![one; 51], "at most 50 requests at once"), (vec![], "choose at least one")] {
        let refused = world.portal.approve_many(&olga, &chosen, "").await;
        let Err(Error::Refused(Refusal::Form(mistakes))) = refused else { panic!("{refused:?}") };
        assert!(mistakes.len() == 1 && mistakes[0].contains(says), "{mistakes:?}");
    }
    assert_eq!(world.request(one.request).await.state.word(), "waiting");
    let many = world.portal.approve_many(&olga, &[one; 50], "").await.expect("fifty are not too many");
    assert_eq!(many.iter().filter(|it| it.why_not.is_none()).count(), 1, "and once is once");
    world.is_sound().await;
}
