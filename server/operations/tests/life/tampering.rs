//! Somebody with the database in their hands: whatever they change, the check of the trail finds it.

use crate::{
    on_both,
    passkeys::{signed, with_passkey},
    stepup::{begun, confirmed, password, sure, with_app, yes},
    world::{On, World},
};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use domain::{
    Actor, Refusal,
    event::hash,
    ids::{EventId, RequestId, StreamId},
    job::JobKey,
    stepup::Proof,
};
use operations::{Clock as _, Error, Ids as _, SystemIds};
use std::collections::BTreeSet;
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
    a_right_moved_to_another_system_is_found
    what_cannot_be_read_is_found_and_hides_nothing_else
    a_row_that_cannot_be_read_is_told_of_its_own_chain
    a_chain_longer_than_what_is_read_at_a_time_is_checked_to_its_end
    an_edited_trouble_is_found
    an_edited_justification_is_found
    an_emptied_justification_is_found
    a_removed_row_is_found
    a_stray_row_is_found
    a_row_that_borrows_an_id_of_another_kind_is_found
    a_stray_event_is_found
    an_events_edited_columns_are_found
    triggers_that_no_longer_guard_the_trail_are_found
    a_look_that_was_removed_or_put_off_is_found
    a_task_done_by_nobody_is_found
    authority_written_past_the_portal_is_found
    an_edited_identity_is_found
    another_password_is_found_and_opens_nothing
    a_password_hashed_anew_is_as_its_events_say
    another_secret_of_an_app_is_found
    a_statement_that_is_not_what_was_done_is_found
    a_signature_that_is_not_over_what_was_stated_is_found
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
    let asked_at = "'2026-03-02T08:00:00+00:00'";
    for (nth, (column, other)) in
        [("asker_id", bo.as_str()), ("asked_at", asked_at), ("decided_at", "null")].into_iter().enumerate()
    {
        world.tamper(&[format!("update requests set {column} = {other} where id = {row}")]).await;
        let (found, column) = (world.findings().await, column.trim_end_matches("_id"));
        assert_eq!(found.len(), nth + 1, "{found:#?}");
        let says = format!("request {id}: its column `{column}` says");
        assert!(found.iter().any(|one| one.starts_with(&says)), "{found:#?}");
    }
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
    for column in ["found_before", "ended"] {
        // SQLite: a truth is a number there, and `not` turns it all the same.
        let turn = format!("update assignments set {column} = not {column} where grant_id = {row}");
        assert_eq!(world.sql(turn.clone()).await.expect("the statement is right"), 1);
        assert_eq!(world.findings().await.len(), 2, "{column}: {:#?}", world.findings().await);
        assert_eq!(world.sql(turn).await.expect("the statement is right"), 1);
    }
}

/// R69: a value that is none of its kind stops no check.
async fn what_cannot_be_read_is_found_and_hides_nothing_else(on: On) {
    let (world, id, _) = lived(on).await;
    let stream = world.literal(id.0);
    let (nonsense, elsewhere) = match on {
        On::Sqlite => (
            format!("update events set id = x'00' where stream_id = {stream} and seq = 2"),
            "update identities set version = version + 1 where key = 'bo.asker'",
        ),
        On::Postgres => (
            format!("update events set at = 'infinity' where stream_id = {stream} and seq = 2"),
            "update identities set version = version + 1 where key = 'bo.asker'",
        ),
    };
    world.tamper(&[nonsense, elsewhere.to_owned()]).await;
    let found = world.findings().await;
    assert!(found.iter().any(|f| f.starts_with(&format!("chain {}: cannot be read", id.0))), "{found:#?}");
    assert!(found.iter().any(|f| f.ends_with("has another version than its events lead to")), "{found:#?}");
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "each is told once: {found:#?}");
}

/// R69: many chains are read together, and still the one is named whose row holds a value that is none of its kind; what was compared
/// before it is told all the same.
async fn a_row_that_cannot_be_read_is_told_of_its_own_chain(on: On) {
    let (world, id, _) = lived(on).await;
    let (request, grant) = (world.literal(id.0), world.literal(world.grant_of(id).await.id.0));
    let nonsense = if on == On::Sqlite { "soon" } else { "infinity" };
    world
        .tamper(&[
            format!(
                "update requests set body = replace(body, '\"minutes\":120', '\"minutes\":480') where id = {request}"
            ),
            format!("update grants set until = '{nonsense}' where id = {grant}"),
        ])
        .await;
    let found = world.findings().await;
    let (edited, unreadable) =
        (format!("request {id}: is not what its events lead to"), format!("chain {id}: cannot be read"));
    assert!(matches!(&found[..], [one, two] if *one == edited && two.starts_with(&unreadable)), "{found:#?}");
}

/// R76: a chain is walked to its end, however long it is.
async fn a_chain_longer_than_what_is_read_at_a_time_is_checked_to_its_end(on: On) {
    let world = World::on(on).await;
    let (id, ann) = (world.id("ann.asker").await, world.actor("ann.asker").await);
    let (ids, now) = (SystemIds::default(), world.clock.now());
    let mut tx = world.store.write().await.expect("the database answers");
    let mut row = tx.identity(id).await.expect("it can be read").expect("she is there");
    for _ in 0..1100 {
        let change = row.sign_out_everywhere(&ann, now).expect("she may");
        tx.save(EventId(ids.next(now)), &change).await.expect("nobody was faster");
        row = change.identity().expect("it is hers").clone();
    }
    tx.commit().await.expect("it can be committed");
    world.is_sound().await;
    let late = world.read().await.events(StreamId(id.0), 1050, 1).await.expect("they can be read");
    world.tamper(&[format!("update events set name = 'invited' where id = {}", world.literal(late[0].id.0))]).await;
    let says = "its column `name` says `invited`; its bytes say `signed_out_everywhere`";
    assert_eq!(world.findings().await, [format!("chain {id} event 1050: {says}")]);
}

/// R69: a right that is looked for on another system would never be taken away from its own.
async fn a_right_moved_to_another_system_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let grant = world.grant_of(id).await.id;
    let moved = format!(
        "update assignments set system_id = (select id from systems where key = 'life-hand') where grant_id = {}",
        world.literal(grant.0)
    );
    let refused = world.sql(moved.clone()).await.expect_err("there is no such right there");
    assert!(refused.as_database_error().is_some_and(|e| e.is_foreign_key_violation()), "{refused:?}");
    let unguarded = match on {
        On::Sqlite => format!("pragma foreign_keys = off; {moved}"),
        On::Postgres => {
            let dropped = "alter table assignments drop constraint assignments_right";
            world.sql(dropped.to_owned()).await.expect("the statement is right");
            moved
        }
    };
    world.tamper(&[unguarded]).await;
    let found = world.findings().await;
    assert!(
        matches!(&found[..], [one] if one.starts_with(&format!("grant {grant}: its column `rights`"))),
        "{found:#?}"
    );
}

/// R69: what a target said is part of the record.
async fn an_edited_trouble_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let grant = world.grant_of(id).await.id;
    world
        .tamper(&[format!("update assignments set trouble = 'none' where grant_id = {}", world.literal(grant.0))])
        .await;
    let found = world.findings().await;
    assert!(
        matches!(&found[..], [one] if one.starts_with(&format!("grant {grant}: its column `rights`"))),
        "{found:#?}"
    );
}

/// R22: the reason that was given is part of the record.
async fn an_edited_justification_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let text = world.request(id).await.justification.expect("there is one").id;
    world.tamper(&[format!("update texts set body = 'because I may' where id = {}", world.literal(text.0))]).await;
    assert_eq!(world.findings().await, [format!("request {id}: a text that belongs to it was changed")]);
}

/// R22, R76: nothing was erased while no event says so.
async fn an_emptied_justification_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let text = world.request(id).await.justification.expect("there is one").id;
    let (row, at) = (world.literal(text.0), "'2026-03-02T09:00:00+00:00'");
    world.tamper(&[format!("update texts set body = null, erased_at = {at} where id = {row}")]).await;
    let says = format!("request {id}: a text that belongs to it was emptied, and no event erased it");
    assert_eq!(world.findings().await, [says]);
    let page = world.portal.request(&world.actor("ann.asker").await, id).await.expect("it is hers");
    assert_eq!(
        page.lines.items[0].text.as_deref(),
        Some("(this text was erased)"),
        "its event says that there was one"
    );
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

/// R28: events about somebody do not speak for a group that has their id.
async fn a_row_that_borrows_an_id_of_another_kind_is_found(on: On) {
    let (world, ..) = lived(on).await;
    let ann = world.id("ann.asker").await;
    let row = world.literal(ann.0);
    world
        .tamper(&[format!(
            "insert into groups (id, version, body, key, name, search) select {row}, version, body, 'stray', 'Stray', search from groups where key = 'life-x'"
        )])
        .await;
    assert_eq!(world.findings().await, [format!("group {ann}: stands there without any event")]);
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
        ("update entitlements set name = 'Something else' where native = 'Role: Z'".to_owned(), "entitlements"),
        (format!("insert into identity_owners (identity_id, owner_id) values ({ann}, {bo})"), "owners"),
        ("update accounts set name = 'ROOT' where name = 'ANN'".to_owned(), "accounts"),
        (format!("update identities set manager_id = {bo} where id = {ann}"), "manager"),
        ("delete from bundle_groups where bundle_id = (select id from bundles where key = 'life-one')".to_owned(), "groups"),
        ("delete from bundle_entitlements where bundle_id = (select id from bundles where key = 'life-one')".to_owned(), "entitlements"),
        ("delete from bundle_incompatible".to_owned(), "incompatible"),
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

/// R76: pages find events by their columns, so what those say is compared with what was hashed.
async fn an_events_edited_columns_are_found(on: On) {
    let (world, id, events) = lived(on).await;
    let (event, bo) = (world.literal(events[1].id.0), world.literal(world.id("bo.asker").await.0));
    let edits = [
        ("at", "'2020-01-01T00:00:00+00:00'"),
        ("thing", "'system'"),
        ("thing_id", bo.as_str()),
        ("name", "'denied'"),
        ("actor_id", bo.as_str()),
    ];
    for (n, (column, value)) in edits.into_iter().enumerate() {
        world.tamper(&[format!("update events set {column} = {value} where id = {event}")]).await;
        let found = world.findings().await;
        assert_eq!(found.len(), n + 1, "{found:#?}");
        let begins = format!("chain {id} event 2: its column `{column}` says `");
        assert!(found.iter().any(|f| f.starts_with(&begins) && f.contains("`; its bytes say `")), "{found:#?}");
    }
    assert!(world.findings().await.iter().any(|f| f.ends_with("`name` says `denied`; its bytes say `approved`")));
}

/// R76: whoever means to change the trail begins with what guards it.
async fn triggers_that_no_longer_guard_the_trail_are_found(on: On) {
    let (world, ..) = lived(on).await;
    let steps = match on {
        On::Sqlite => [
            ("drop trigger events_never_go", "events_never_go"),
            ("drop trigger events_never_change", "events_never_change"),
        ],
        On::Postgres => [
            ("alter table events disable trigger events_never_emptied", "events_never_emptied"),
            ("drop trigger events_never_change on events", "events_never_change"),
        ],
    };
    // One that does nothing guards nothing, whatever it is called.
    let toothless = match on {
        On::Sqlite => {
            "drop trigger events_never_go;
            create trigger events_never_go before delete on events begin select 1; end"
        }
        On::Postgres => {
            "create or replace function refuse_to_change_the_trail() returns trigger language plpgsql as \
            $$ begin return coalesce(new, old); end $$"
        }
    };
    world.sql(toothless.to_owned()).await.expect("the statement is right");
    let found = world.findings().await;
    assert_eq!(found.len(), if matches!(on, On::Sqlite) { 1 } else { 2 }, "{found:#?}");
    if matches!(on, On::Postgres) {
        let whole = "create or replace function refuse_to_change_the_trail() returns trigger language plpgsql as \
            $$\nbegin\n  raise exception 'the trail is never changed';\nend\n$$";
        world.sql(whole.to_owned()).await.expect("the statement is right");
        assert_eq!(world.findings().await, Vec::<String>::new());
    }
    for (n, (statement, guard)) in steps.into_iter().enumerate() {
        world.sql(statement.to_owned()).await.expect("the statement is right");
        let found = world.findings().await;
        assert_eq!(found.len(), n + 1, "{found:#?}");
        let says = format!("table events: the trigger `{guard}` that guards it is missing or switched off");
        assert!(found.contains(&says), "{found:#?}");
    }
}

/// R39, R40: access whose end nobody will look at would stay for ever.
async fn a_look_that_was_removed_or_put_off_is_found(on: On) {
    let (world, id, _) = lived(on).await;
    let grant = world.grant_of(id).await;
    let waiting = world.ask("bo.asker", "life-one", "1h").await;
    world.is_sound().await;
    let never = "'2999-01-01T00:00:00+00:00'";
    let ends = JobKey::Grant { id: grant.id };
    let forgotten = format!("grant {}: nothing is due that looks at `{ends}`", grant.id);
    for edit in [
        format!("update jobs set due_at = {never} where key = '{ends}'"),
        format!("update jobs set due_at = '2026-03-02T09:00:00+00:00', leased_until = {never} where key = '{ends}'"),
        format!(
            "update jobs set leased_until = null, payload = '{{\"look_at\":\"request\",\"id\":\"{id}\"}}' where key = '{ends}'"
        ),
        format!("delete from jobs where key = '{ends}'"),
    ] {
        world.tamper(std::slice::from_ref(&edit)).await;
        assert_eq!(world.findings().await, [forgotten.as_str()], "{edit}");
    }

    world.portal.give_back(&world.actor("ann.asker").await, grant.id).await.expect("it is hers");
    world.is_sound().await;
    world.tamper(&["delete from jobs where key like 'right/%'".to_owned()]).await;
    let taken = JobKey::Right(grant.assignments[0].right());
    let forgotten = format!("grant {}: nothing is due that looks at `{taken}`", grant.id);
    assert_eq!(world.findings().await, [forgotten.as_str()]);

    world.tamper(&[format!("delete from jobs where key = 'request/{waiting}'")]).await;
    let expires = format!("request {waiting}: nothing is due that looks at `request/{waiting}`");
    let found = world.findings().await;
    assert!(found.len() == 2 && found.contains(&forgotten) && found.contains(&expires), "{found:#?}");
}

/// R30, R69: what stands in a system that is changed by hand is what an operator attested, and nothing else.
async fn a_task_done_by_nobody_is_found(on: On) {
    let world = World::on(on).await;
    let id = world.ask("ann.asker", "life-manual", "1h").await;
    world.approve("olga.owner", id).await.expect("an owner decides");
    world.run_jobs().await;
    let [(task, false, false)] = world.tasks("hal.hand").await[..] else { panic!("one task") };
    let (hal, row) = (world.literal(world.id("hal.hand").await.0), world.literal(task.0));
    world.tamper(&[format!("update tasks set done_at = opened_at, done_by = {hal} where id = {row}")]).await;
    assert_eq!(world.findings().await, [format!("task {task}: is done, and no event says that it was attested")]);
    world.tamper(&[format!("update tasks set done_at = null, done_by = null where id = {row}")]).await;
    world.is_sound().await;

    world.portal.attest(&world.actor("hal.hand").await, task).await.expect("Hal had no part in it");
    world.run_jobs().await;
    world.is_sound().await;
    let hedda = world.literal(world.id("hedda.hand").await.0);
    world.tamper(&[format!("update tasks set done_by = {hedda} where id = {row}")]).await;
    assert_eq!(world.findings().await, [format!("task {task}: is done, and no event says that it was attested")]);
    world.tamper(&[format!("delete from tasks where id = {row}")]).await;
    let found = world.findings().await;
    let says = "the task that it attests is not there, or is not done";
    assert!(
        matches!(&found[..], [one] if one.starts_with(&format!("chain {id} event ")) && one.ends_with(says)),
        "{found:#?}"
    );
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

/// Somebody sets a password by a one-time link.
async fn sets_password(world: &World, who: &str, password: &str) {
    let link = world.portal.invite_by_key(&Actor::Operator, who).await.expect("they are in the catalogue");
    let token = link.path.strip_prefix("/welcome/").expect("a link");
    world.portal.set_password(token, password).await.expect("it is a good one");
}

/// Nobody signs in as somebody else with a hash that was written past the portal.
async fn another_password_is_found_and_opens_nothing(on: On) {
    let world = World::on(on).await;
    sets_password(&world, "ann.asker", "four green bicycles").await;
    sets_password(&world, "bo.asker", "seven quiet harbours").await;
    world.is_sound().await;
    let (ann, olga) = (world.id("ann.asker").await, world.id("olga.owner").await);
    let (row, bo) = (world.literal(ann.0), world.literal(world.id("bo.asker").await.0));
    let of_bo = format!("(select hash from passwords where identity_id = {bo})");
    world.tamper(&[format!("update passwords set hash = {of_bo} where identity_id = {row}")]).await;
    assert_eq!(world.findings().await, [format!("identity {ann}: its password is not the one that was set")]);
    let forged = world.portal.sign_in("ann.asker", "seven quiet harbours", "192.0.2.7", "test").await;
    assert!(matches!(forged, Err(Error::Refused(Refusal::SignIn))), "{forged:?}");
    world.portal.sign_in("bo.asker", "seven quiet harbours", "192.0.2.7", "test").await.expect("it is his");

    world.tamper(&[format!("delete from passwords where identity_id = {row}")]).await;
    assert_eq!(world.findings().await, [format!("identity {ann}: its password is gone")]);
    let added = format!(
        "insert into passwords (identity_id, hash, set_at) select {}, hash, set_at from passwords where identity_id = {bo}",
        world.literal(olga.0)
    );
    world.tamper(&[added]).await;
    let found = world.findings().await;
    let says = format!("identity {olga}: it has a password that was never set");
    assert!(found.len() == 2 && found.contains(&says), "{found:#?}");
}

/// A password that is hashed anew when its owner signs in leaves its trace.
async fn a_password_hashed_anew_is_as_its_events_say(on: On) {
    let world = World::on(on).await;
    let (id, now) = (world.id("ann.asker").await, world.clock.now());
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8 * 1024, 1, 1, None).expect("they fit"));
    let kept = weak.hash_password_with_salt(b"four green bicycles", b"0123456789abcdef").expect("a hash").to_string();
    let mut tx = world.store.write().await.expect("the database answers");
    let ann = tx.identity(id).await.expect("it can be read").expect("she is there");
    let set = ann.set_password(&world.actor("ann.asker").await, hash(kept.as_bytes()), now).expect("she may");
    tx.save(EventId(SystemIds::default().next(now)), &set).await.expect("nobody was faster");
    tx.save_password(id, &kept, now).await.expect("it can be kept");
    tx.commit().await.expect("it can be committed");
    world.is_sound().await;

    for _ in 0..2 {
        world.portal.sign_in("ann.asker", "four green bicycles", "192.0.2.7", "test").await.expect("it is hers");
        world.is_sound().await;
    }
    let events = world.read().await.events(StreamId(id.0), 1, 1000).await.expect("they can be read");
    let told: Vec<_> = events.iter().map(|e| e.envelope().expect("it can be read").event.name()).collect();
    assert_eq!(told, ["identity_defined", "password_set", "password_rehashed"]);
    let mut tx = world.read().await;
    let stronger = tx.password(id).await.expect("it can be read").expect("it is there");
    let ann = tx.identity(id).await.expect("it can be read").expect("she is there");
    assert!(stronger != kept && ann.has_password(&hash(stronger.as_bytes())));
}

/// Nobody shows who they are by an app whose secret was written past the portal.
async fn another_secret_of_an_app_is_found(on: On) {
    let (world, olga, _) = sure(on).await;
    with_app(&world, &olga, &password()).await;
    world.is_sound().await;
    let whose = world.id("olga.owner").await;
    let row = world.literal(whose.0);
    world.tamper(&[format!("update authenticators set sealed = sealed || 'A' where identity_id = {row}")]).await;
    let other = format!("identity {whose}: the secret of “Phone” is not the one that was added");
    assert_eq!(world.findings().await, [other]);
    world.tamper(&[format!("delete from authenticators where identity_id = {row}")]).await;
    assert_eq!(world.findings().await, [format!("identity {whose}: the secret of “Phone” is gone")]);
}

/// Rewrites the newest event of a request with all that hangs on it, its hash, the head of its chain and the row, so that only who reads
/// what it says can find it. Gives what is found.
async fn rewritten(world: &World, id: RequestId, from: &str, to: &str) -> Vec<String> {
    let events = world.read().await.events(StreamId(id.0), 1, 1000).await.expect("they can be read");
    let newest = events.last().expect("it was asked");
    let text = String::from_utf8(newest.bytes.clone()).expect("it is JSON");
    let forged = text.replace(from, to);
    assert_ne!(text, forged, "`{from}` does not stand in it");
    let (chain, event) = (world.literal(id.0), world.literal(newest.id.0));
    let (bytes, made) = (world.bytes(forged.as_bytes()), hash(forged.as_bytes()));
    world
        .tamper(&[
            format!("update events set bytes = {bytes}, hash = '{made}' where id = {event}"),
            format!("update streams set head = '{made}' where id = {chain}"),
            format!("update requests set body = replace(body, '{from}', '{to}') where id = {chain}"),
        ])
        .await;
    world.findings().await
}

/// R27, R76: what somebody stated is what they did, whoever rewrites both.
async fn a_statement_that_is_not_what_was_done_is_found(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask("ann.asker", "life-sure", "2h").await;
    confirmed(&world, &olga, &yes(&world, id).await, &password()).await.expect("it is hers to decide");
    world.is_sound().await;
    let (olga, bo) = (world.id("olga.owner").await, world.id("bo.asker").await);
    // A statement is a text in the event: its quotation marks are written with a backslash before them.
    let by = |who: domain::ids::IdentityId| format!(r#"\"by\":\"{who}\""#);
    for (from, to, says) in [
        (
            r#"\"minutes\":120"#.to_owned(),
            r#"\"minutes\":480"#.to_owned(),
            "what was stated for it is not what was done",
        ),
        (by(olga), by(bo), "it was stated by somebody else than did it"),
        (r#"{\"at\":"#.to_owned(), r#"{ \"at\":"#.to_owned(), "what was stated for it is not in canonical form"),
        (r#"{\"at\":"#.to_owned(), r#"\"at\":"#.to_owned(), "what was stated for it cannot be read"),
        (
            r#""counts":"sign-in""#.to_owned(),
            r#""counts":"passkey""#.to_owned(),
            "its proof counted for more than it is",
        ),
    ] {
        let due = format!("chain {id} event 2: {says}");
        assert_eq!(rewritten(&world, id, &from, &to).await, [due], "{from} -> {to}");
        assert_eq!(rewritten(&world, id, &to, &from).await, Vec::<String>::new(), "it is as it was");
    }
}

/// L3: a passkey's signature is checked with the key that was registered before, and with nothing else.
async fn a_signature_that_is_not_over_what_was_stated_is_found(on: On) {
    let (world, olga, _) = sure(on).await;
    let id = world.ask("ann.asker", "life-key", "2h").await;
    let mut key = with_passkey(&world, &olga, &password()).await;
    let waits = begun(&world, &olga, &yes(&world, id).await).await;
    let answer = signed(&world, &olga, waits, &mut key).await;
    world.portal.confirm(&olga, waits, &answer).await.expect("it is hers to decide");
    world.is_sound().await;
    let proof = world.request(id).await.decisions[0].verified.clone().expect("it says how").proof;
    let Proof::Passkey { authenticator, public_key, authenticator_data, client_data, signature, .. } = proof else {
        panic!("a passkey was used")
    };
    let finding = |says: &str| format!("chain {id} event 2: {says}");
    let not_this = finding("the passkey did not sign what was stated for it");
    let other = finding("the passkey that signed it is not as it was registered");
    let never = finding("the passkey that signed it was never registered by who did it");
    let not_done = finding("what was stated for it is not what was done");
    let somebody = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0003).to_string();
    for (from, to, due) in [
        (signature.clone(), bent(&signature), vec![&not_this]),
        (authenticator_data.clone(), bent(&authenticator_data), vec![&not_this]),
        (client_data.clone(), bent(&client_data), vec![&not_this]),
        (public_key.clone(), bent(&public_key), vec![&other]),
        (authenticator.to_string(), somebody, vec![&never]),
        (r#"\"minutes\":120"#.to_owned(), r#"\"minutes\":480"#.to_owned(), vec![&not_done, &not_this]),
    ] {
        let found = rewritten(&world, id, &from, &to).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), due, "{from} -> {to}");
        assert_eq!(rewritten(&world, id, &to, &from).await, Vec::<String>::new(), "it is as it was");
    }
}

/// The same text with another character in its middle.
fn bent(text: &str) -> String {
    let middle = text.len() / 2;
    let other = if text[middle..].starts_with('A') { "B" } else { "A" };
    format!("{}{other}{}", &text[..middle], &text[middle + 1..])
}
