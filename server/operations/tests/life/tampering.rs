//! Somebody with the database in their hands: whatever they change, the check of the trail finds it.

use crate::{
    on_both,
    world::{On, World},
};
use domain::{
    event::hash,
    ids::{RequestId, StreamId},
};
use store::EventRow;

on_both! {
    a_byte_changed_in_an_event_is_found
    a_byte_changed_together_with_its_hash_is_found
    an_event_removed_from_the_middle_is_found
    the_newest_event_removed_is_found
    the_newest_event_removed_and_the_head_set_back_is_found
    two_events_swapped_are_found
    an_edited_request_is_found
    an_edited_searchable_column_is_found
    an_edited_grant_and_assignment_are_found
    an_edited_justification_is_found
    a_removed_row_is_found
    a_stray_row_is_found
    a_stray_event_is_found
    authority_written_past_the_portal_is_found
    an_edited_identity_is_found
}

/// A world with one request that was granted, and its events.
async fn lived(on: On) -> (World, RequestId, Vec<EventRow>) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-one", "2h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    world.is_sound().await;
    let events = world.read().await.events(StreamId(id.0), 1, 1000).await.expect("they can be read");
    assert_eq!(events.len(), 7);
    (world, id, events)
}

/// Asserts that something is found, and that all that is found is about these places.
async fn finds(world: &World, wanted: &[&str]) {
    let found = world.findings().await;
    for wanted in wanted {
        assert!(found.iter().any(|f| f.contains(wanted)), "nothing says `{wanted}`: {found:#?}");
    }
}

/// R76: the approver's name in an event becomes another's.
async fn a_byte_changed_in_an_event_is_found(on: On) {
    let (world, id, events) = lived(on).await;
    let text = String::from_utf8(events[1].bytes.clone()).expect("it is JSON");
    let forged = text.replace("Olga Owner", "Ogla Owner");
    assert_ne!(text, forged);
    let (bytes, event) = (world.bytes(forged.as_bytes()), world.literal(events[1].id.0));
    world.tamper(&[format!("update events set bytes = {bytes} where id = {event}")]).await;
    let chain = format!("chain {id} event 2: its bytes do not have the hash that stands beside them");
    finds(&world, &[&chain, &format!("chain {id} event 3: does not follow the event before it")]).await;
}

/// R76: setting the hash right as well breaks the chain after it.
async fn a_byte_changed_together_with_its_hash_is_found(on: On) {
    let (world, id, events) = lived(on).await;
    let forged = String::from_utf8(events[1].bytes.clone()).expect("it is JSON").replace("Olga Owner", "Ogla Owner");
    let (bytes, event) = (world.bytes(forged.as_bytes()), world.literal(events[1].id.0));
    let hash = hash(forged.as_bytes());
    world.tamper(&[format!("update events set bytes = {bytes}, hash = '{hash}' where id = {event}")]).await;
    finds(&world, &[&format!("chain {id} event 3: does not follow the event before it")]).await;
}

/// R76: the approval goes.
async fn an_event_removed_from_the_middle_is_found(on: On) {
    let (world, id, events) = lived(on).await;
    world.tamper(&[format!("delete from events where id = {}", world.literal(events[1].id.0))]).await;
    finds(&world, &[&format!("chain {id} event 2: is missing; the next is event 3")]).await;
}

/// R76: the end of the story goes.
async fn the_newest_event_removed_is_found(on: On) {
    let (world, id, events) = lived(on).await;
    world.tamper(&[format!("delete from events where id = {}", world.literal(events[6].id.0))]).await;
    finds(&world, &[&format!("chain {id} event 7: the newest events are missing")]).await;
}

/// R76: the end goes and the chain's head is set back; the row it led to tells.
async fn the_newest_event_removed_and_the_head_set_back_is_found(on: On) {
    let (world, id, events) = lived(on).await;
    let grant = world.grant_of(id).await.id;
    world
        .tamper(&[
            format!("delete from events where id = {}", world.literal(events[6].id.0)),
            format!("update streams set seq = 6, head = '{}' where id = {}", events[5].hash, world.literal(id.0)),
        ])
        .await;
    finds(&world, &[&format!("grant {grant}: is not what its events lead to")]).await;
}

/// R76: two events change places.
async fn two_events_swapped_are_found(on: On) {
    let (world, id, events) = lived(on).await;
    let (second, third) = (world.literal(events[1].id.0), world.literal(events[2].id.0));
    world
        .tamper(&[
            format!("update events set seq = 1000 where id = {second}"),
            format!("update events set seq = 2 where id = {third}"),
            format!("update events set seq = 3 where id = {second}"),
        ])
        .await;
    finds(
        &world,
        &[
            &format!("chain {id} event 2: does not follow the event before it"),
            &format!("chain {id} event 2: stands in another place than it says of itself"),
            &format!("chain {id} event 3: stands in another place than it says of itself"),
        ],
    )
    .await;
}

/// R16, R76: two hours become eight in the row, not in its events.
async fn an_edited_request_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let row = world.literal(id.0);
    world
        .tamper(&[format!(
            "update requests set body = replace(body, '\"minutes\":120', '\"minutes\":480') where id = {row}"
        )])
        .await;
    assert_eq!(world.findings().await, [format!("request {id}: is not what its events lead to")]);
}

/// R76: a row is found by its columns, so they are compared too.
async fn an_edited_searchable_column_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let (row, bo) = (world.literal(id.0), world.literal(world.id("bo.asker").await.0));
    world.tamper(&[format!("update requests set asker_id = {bo} where id = {row}")]).await;
    let found = world.findings().await;
    assert!(matches!(&found[..], [one] if one.starts_with(&format!("request {id}: its column"))), "{found:#?}");
}

/// R39, R69: an expiry pushed out and a right that is said to have been there before are found.
async fn an_edited_grant_and_assignment_are_found(on: On) {
    let (world, id, _) = lived(on).await;
    let grant = world.grant_of(id).await.id;
    let row = world.literal(grant.0);
    world.tamper(&[format!("update grants set until = null where id = {row}")]).await;
    let found = world.findings().await;
    assert!(
        matches!(&found[..], [one] if one.starts_with(&format!("grant {grant}: its column `until`"))),
        "{found:#?}"
    );
    let changed =
        world.sql(format!("update assignments set found_before = not found_before where grant_id = {row}")).await;
    // SQLite: a truth is a number there, and `not` turns it all the same.
    assert_eq!(changed.expect("the statement is right"), 1);
    assert_eq!(world.findings().await.len(), 2, "{:#?}", world.findings().await);
}

/// R22: the reason that was given is part of the record.
async fn an_edited_justification_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let text = world.request(id).await.justification.expect("there is one").id;
    world.tamper(&[format!("update texts set body = 'because I may' where id = {}", world.literal(text.0))]).await;
    assert_eq!(world.findings().await, [format!("request {id}: a text that belongs to it was changed")]);
}

/// R76: a grant that is gone leaves its events.
async fn a_removed_row_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let grant = world.grant_of(id).await.id;
    let row = world.literal(grant.0);
    world
        .tamper(&[
            format!("delete from assignments where grant_id = {row}"),
            format!("delete from grants where id = {row}"),
        ])
        .await;
    assert_eq!(world.findings().await, [format!("grant {grant}: its events are there, its row is gone")]);
}

/// R4, R28: a member written past the portal is found, and so is a row that nothing tells of.
async fn a_stray_row_is_found(on: On) {
    let (world, ..) = lived(on).await;
    let stray = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    let row = world.literal(stray);
    world
        .tamper(&[format!(
            "insert into groups (id, version, body, key, name, search) select {row}, version, body, 'stray', 'Stray', search from groups where key = 'life-x'"
        )])
        .await;
    assert_eq!(world.findings().await, [format!("group {stray}: stands there without any event")]);
    world.sql(format!("delete from groups where id = {row}")).await.expect("the statement is right");
    world.is_sound().await;

    let ann = world.literal(world.id("ann.asker").await.0);
    world
        .tamper(&[format!(
            "insert into group_members (group_id, identity_id) select id, {ann} from groups where key = 'life-y'"
        )])
        .await;
    assert!(world.is_in("ann.asker", "life-y").await, "it would work");
    let found = world.findings().await;
    assert!(
        matches!(&found[..], [one] if one.starts_with("group ") && one.contains("its column `members`")),
        "{found:#?}"
    );
}

/// R15, R76: authority written past the portal, beside the rows, is found wherever it stands.
async fn authority_written_past_the_portal_is_found(on: On) {
    let (world, ..) = lived(on).await;
    let (ann, bo) = (world.literal(world.id("ann.asker").await.0), world.literal(world.id("bo.asker").await.0));
    let yes = if on == On::Sqlite { "1" } else { "true" };
    let stray = [
        // A group whose members decide where nobody else may gets another group's members.
        (
            "insert into group_groups (group_id, child_id) select a.id, b.id from groups a, groups b where a.key = 'life-fallback' and b.key = 'life-askers'".to_owned(),
            "groups",
        ),
        (format!("update system_owners set identity_id = {ann} where backup"), "backups"),
        (
            format!("insert into system_groups (system_id, group_id, operators) select s.id, g.id, {yes} from systems s, groups g where s.key = 'life-desk' and g.key = 'life-askers'"),
            "groups",
        ),
        ("update entitlements set native = 'security' where native = 'life-y'".to_owned(), "entitlements"),
        (format!("insert into identity_owners (identity_id, owner_id) values ({ann}, {bo})"), "owners"),
        ("update accounts set name = 'ROOT' where name = 'ANN'".to_owned(), "accounts"),
        (format!("update identities set manager_id = {bo} where id = {ann}"), "manager"),
        ("delete from bundle_groups where bundle_id = (select id from bundles where key = 'life-one')".to_owned(), "groups"),
        ("delete from bundle_entitlements where bundle_id = (select id from bundles where key = 'life-one')".to_owned(), "entitlements"),
    ];
    let mut found = 0;
    for (statement, column) in stray {
        world.tamper(std::slice::from_ref(&statement)).await;
        let findings = world.findings().await;
        assert!(findings.len() > found, "not found: {statement}: {findings:#?}");
        assert!(findings.iter().any(|f| f.contains(&format!("its column `{column}`"))), "{statement}: {findings:#?}");
        found = findings.len();
    }
}

/// R76: an event added beyond the end of its chain is found.
async fn a_stray_event_is_found(on: On) {
    let (world, id, events) = lived(on).await;
    let stray = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);
    let (row, last) = (world.literal(stray), world.literal(events[6].id.0));
    world
        .tamper(&[format!(
            "insert into events (id, stream_id, seq, at, thing, thing_id, name, actor_id, bytes, hash)
             select {row}, stream_id, seq + 1, at, thing, thing_id, name, actor_id, bytes, hash from events where id = {last}"
        )])
        .await;
    finds(
        &world,
        &[&format!("event {stray}: stands beyond the end of its chain, or in none"), &format!("chain {id} event 8")],
    )
    .await;
}

/// R15: nobody becomes an admin past the portal unseen.
async fn an_edited_identity_is_found(on: On) {
    let (world, ..) = lived(on).await;
    let ann = world.id("ann.asker").await;
    let row = world.literal(ann.0);
    world
        .tamper(&[format!(
            "update identities set body = replace(body, '\"roles\":[]', '\"roles\":[\"admin\"]') where id = {row}"
        )])
        .await;
    assert_eq!(world.findings().await, [format!("identity {ann}: is not what its events lead to")]);
}
