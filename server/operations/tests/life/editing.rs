//! The editor of bundles: a form that is filled from a version, says what it would make, and is saved as a draft.

use crate::{
    on_both,
    people::is_let_in,
    world::{On, World},
};
use domain::{
    Actor, Refusal,
    views::editor::{BundleEditor, Values, WITH},
};
use operations::Error;

on_both! {
    a_form_that_nobody_touched_changes_nothing
    a_form_says_what_it_would_make_and_is_saved_as_a_draft
    what_is_wrong_in_a_form_is_told_and_saved_nowhere
    nobody_writes_over_what_another_wrote_meanwhile
    a_new_bundle_takes_no_key_that_is_taken
    a_right_says_what_it_confers_and_what_relies_on_that
    only_admins_edit
}

const KEY: &str = "life-one";

fn set(values: &mut Values, name: &str, held: &[&str]) {
    values.insert(name.to_owned(), held.iter().map(|it| (*it).to_owned()).collect());
}

async fn edited(world: &World, actor: &Actor, key: &str) -> BundleEditor {
    world.portal.bundle_editor(actor, key).await.expect("an admin edits")
}

async fn two_admins(on: On) -> (World, Actor, Actor) {
    let world = World::on(on).await;
    for admin in ["astrid.nyberg", "tomas.ferreira"] {
        is_let_in(&world, admin).await;
    }
    let (astrid, tomas) = (world.actor("astrid.nyberg").await, world.actor("tomas.ferreira").await);
    (world, astrid, tomas)
}

async fn a_form_that_nobody_touched_changes_nothing(on: On) {
    let (world, astrid, _) = two_admins(on).await;
    for bundle in world.portal.bundles(&astrid, "", "").await.expect("an admin reads").items {
        let BundleEditor { key, after, values, .. } = edited(&world, &astrid, &bundle.key).await;
        let sketch = world.portal.sketch_bundle(&astrid, &key, &values).await.expect("it is drawn");
        assert_eq!((sketch.faults, sketch.diff, sketch.against), (vec![], vec![], Some(after)), "{key}");
        world.portal.edit_bundle(&astrid, &key, after, &values).await.expect("it says nothing new");
        assert_eq!(edited(&world, &astrid, &key).await.after, after, "{key}: no version came of it");
    }
    world.is_sound().await;
}

/// R13: what is edited is a draft, and the sentence beside the form is that of the draft.
async fn a_form_says_what_it_would_make_and_is_saved_as_a_draft(on: On) {
    let (world, astrid, _) = two_admins(on).await;
    let BundleEditor { after, mut values, .. } = edited(&world, &astrid, KEY).await;
    set(&mut values, "longest", &["6h"]);
    set(&mut values, WITH, &["askers", "hours"]);
    set(&mut values, "hours.days", &["mon", "tue"]);
    set(&mut values, "hours.from", &["07:00"]);
    set(&mut values, "hours.to", &["19:00"]);
    set(&mut values, "hours.zone", &["Europe/Stockholm"]);
    set(&mut values, "stage.0.step_up", &["passkey"]);
    let sketch = world.portal.sketch_bundle(&astrid, KEY, &values).await.expect("it is drawn");
    assert_eq!(
        sketch.sentence.as_deref(),
        Some(
            "People in Life, askers may have Life desk: Right X for up to 6 hours, with approval by an owner with a passkey. \
             It holds on Monday and Tuesday from 07:00 to 19:00 (Europe/Stockholm)."
        )
    );
    let diff: Vec<_> = sketch.diff.iter().map(|it| (it.what.as_str(), it.before.as_str(), it.after.as_str())).collect();
    assert_eq!(
        diff,
        [
            ("For at most", "8h", "6h"),
            ("Hours: on these days", "", "Monday, Tuesday"),
            ("Hours: from", "", "07:00"),
            ("Hours: until", "", "19:00"),
            ("Hours: time zone", "", "Europe/Stockholm"),
            ("Stage 1: each confirms with", "", "a passkey"),
        ]
    );
    assert_eq!(edited(&world, &astrid, KEY).await.after, after, "nothing is saved by looking");
    world.portal.edit_bundle(&astrid, KEY, after, &values).await.expect("an admin saves");
    let page = world.portal.bundle(&astrid, KEY).await.expect("an admin sees it");
    assert_eq!(page.row.draft, Some(after + 1));
    assert_eq!((page.diff, page.draft_sentence), (sketch.diff, sketch.sentence));
    // A second click says nothing new, and is no mistake.
    world.portal.edit_bundle(&astrid, KEY, after, &values).await.expect("it was saved already");
    assert_eq!(edited(&world, &astrid, KEY).await.after, after + 1);
    world.is_sound().await;
}

async fn what_is_wrong_in_a_form_is_told_and_saved_nowhere(on: On) {
    let (world, astrid, _) = two_admins(on).await;
    let BundleEditor { after, mut values, .. } = edited(&world, &astrid, KEY).await;
    set(&mut values, "askers.groups", &["life-asker"]);
    set(&mut values, "entitlements", &["life-desk/nothing"]);
    let sketch = world.portal.sketch_bundle(&astrid, KEY, &values).await.expect("it is drawn");
    let told: Vec<_> = sketch.faults.iter().map(|it| (it.field.as_str(), it.says.as_str())).collect();
    assert_eq!(sketch.sentence, None);
    assert_eq!(told.iter().map(|(field, _)| *field).collect::<Vec<_>>(), ["entitlements", "askers.groups"], "{told:?}");
    assert!(told.iter().any(|(_, says)| says.contains("did you mean `life-askers`?")), "{told:?}");
    let refused = world.portal.edit_bundle(&astrid, KEY, after, &values).await;
    assert!(matches!(&refused, Err(Error::Refused(Refusal::Form(all))) if all.len() == 2), "{refused:?}");
    assert_eq!(edited(&world, &astrid, KEY).await.after, after);
    world.is_sound().await;
}

/// Two tabs, or two admins: whoever saves second is told.
async fn nobody_writes_over_what_another_wrote_meanwhile(on: On) {
    let (world, astrid, tomas) = two_admins(on).await;
    let BundleEditor { after, values, text, .. } = edited(&world, &astrid, KEY).await;
    let (mut hers, mut his) = (values.clone(), values);
    set(&mut hers, "longest", &["6h"]);
    set(&mut his, "longest", &["7h"]);
    let both = tokio::join!(
        world.portal.edit_bundle(&astrid, KEY, after, &hers),
        world.portal.edit_bundle(&tomas, KEY, after, &his)
    );
    let lost = match both {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
        other => panic!("exactly one of them saves: {other:?}"),
    };
    assert!(matches!(lost, Error::Refused(Refusal::WrittenMeanwhile { number }) if number == after + 1), "{lost:?}");
    let stale = world.portal.draft_bundle(&astrid, &text.replace("8h", "5h"), after).await;
    assert!(matches!(stale, Err(Error::Refused(Refusal::WrittenMeanwhile { .. }))), "{stale:?}");
    assert_eq!(edited(&world, &astrid, KEY).await.after, after + 1);
    world.is_sound().await;
}

async fn a_new_bundle_takes_no_key_that_is_taken(on: On) {
    let (world, astrid, _) = two_admins(on).await;
    let BundleEditor { mut values, .. } = edited(&world, &astrid, "").await;
    set(&mut values, "key", &[KEY]);
    set(&mut values, "name", &["Right X for a look"]);
    set(&mut values, "says", &["Look at what X is"]);
    set(&mut values, "entitlements", &["life-desk/x"]);
    let refused = world.portal.edit_bundle(&astrid, "", 0, &values).await;
    let Err(Error::Refused(Refusal::Form(told))) = refused else { panic!("{refused:?}") };
    assert_eq!(told, ["there is a bundle `life-one` already: choose another key, or edit that one"]);
    set(&mut values, "key", &["life-look"]);
    assert_eq!(world.portal.edit_bundle(&astrid, "", 0, &values).await.expect("an admin saves"), "life-look");
    let page = world.portal.bundle(&astrid, "life-look").await.expect("an admin sees it");
    assert_eq!((page.row.published, page.row.draft), (None, Some(1)));
    world.is_sound().await;
}

/// R15: what is privileged by what it joins is shown where it is picked.
async fn a_right_says_what_it_confers_and_what_relies_on_that(on: On) {
    let (world, astrid, _) = two_admins(on).await;
    world
        .import(
            r#"
            [[system]]
            key = "life-doors"
            name = "Life doors"
            says = "Gives what decides"
            environment = "staging"
            sensitivity = "low"
            data_class = "internal"
            owners = ["olga.owner"]
            fallback = "security"
            connector = "directory"

              [[system.entitlement]]
              key = "behind"
              name = "Behind the owners"
              says = "Stand in for owners"
              native = "life-fallback"

              [[system.entitlement]]
              key = "hands"
              name = "By hand"
              says = "Work by hand"
              native = "life-operators"
            "#,
        )
        .await;
    let editor = edited(&world, &astrid, KEY).await;
    let said = |system: &str, right: &str| {
        let system = editor.systems.iter().find(|it| it.name == system).expect("it is offered");
        system.rights.iter().find(|it| it.name == right).expect("it is offered").says.clone()
    };
    assert_eq!(
        said("Life doors", "Behind the owners"),
        "Stand in for owners; life-fallback in the system; makes one a member of Life, fallback, which decides about \
         “Life by hand” when no owner may and decides about “Life desk” when no owner may; and so is privileged"
    );
    assert_eq!(
        said("Life doors", "By hand"),
        "Work by hand; life-operators in the system; makes one a member of Life, operators, which sets up access to \
         “Life by hand” by hand; and so is privileged"
    );
    assert_eq!(said("Life desk", "Right X"), "Do X; life-x in the system; makes one a member of Life, right X");
    assert_eq!(said("Life by hand", "Right Z"), "Do Z; Role: Z in the system");
    world.is_sound().await;
}

async fn only_admins_edit(on: On) {
    let (world, astrid, _) = two_admins(on).await;
    let BundleEditor { after, values, .. } = edited(&world, &astrid, KEY).await;
    for who in ["ines.carvalho", "priya.raman"] {
        let actor = world.actor(who).await;
        let refused = [
            world.portal.bundle_editor(&actor, KEY).await.map(|_| ()),
            world.portal.sketch_bundle(&actor, KEY, &values).await.map(|_| ()),
            world.portal.edit_bundle(&actor, KEY, after, &values).await.map(|_| ()),
        ];
        for done in refused {
            assert!(matches!(done, Err(Error::Refused(Refusal::NotAllowed(_)))), "{who}: {done:?}");
        }
    }
}
