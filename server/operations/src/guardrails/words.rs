//! What an ask and its facts are in the words of guardrails: the entities and the context that a policy sees. Nothing is read here that
//! the ruling does not keep.

use super::SCHEMA_TEXT;
use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression, Schema,
};
use domain::{
    facts::{Ask, Evidence, Facts},
    text::Key,
};
use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
    sync::LazyLock,
};

/// The types of entities, parsed once.
struct Types {
    kind: EntityTypeName,
    environment: EntityTypeName,
    sensitivity: EntityTypeName,
    data_class: EntityTypeName,
    group: EntityTypeName,
    system: EntityTypeName,
    entitlement: EntityTypeName,
    identity: EntityTypeName,
    bundle: EntityTypeName,
    ask: EntityUid,
}

/// The schema and its types; `Err` says what is wrong with it, which a test rules out.
pub(super) static SCHEMA: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
    Schema::from_cedarschema_str(SCHEMA_TEXT).map(|(schema, _)| schema).map_err(|why| why.to_string())
});

static TYPES: LazyLock<Result<Types, String>> = LazyLock::new(|| {
    let name = |text: &str| EntityTypeName::from_str(text).map_err(|why| why.to_string());
    Ok(Types {
        kind: name("Kind")?,
        environment: name("Environment")?,
        sensitivity: name("Sensitivity")?,
        data_class: name("DataClass")?,
        group: name("Group")?,
        system: name("System")?,
        entitlement: name("Entitlement")?,
        identity: name("Identity")?,
        bundle: name("Bundle")?,
        ask: uid(&name("Action")?, "ask"),
    })
});

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

fn one(of: &EntityTypeName, id: &str) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid(of, id))
}

/// The ask as a request to the policy engine, and everything its rules may look at.
pub(super) fn asked(ask: &Ask, facts: &Facts) -> Result<(Request, Entities), String> {
    let types = TYPES.as_ref().map_err(Clone::clone)?;
    // What was recorded by the first schema has no keys; it is known by its id then, and no rule names it.
    let subject = key_or(facts.subject.key.as_ref(), &facts.subject.id);
    let principal = uid(&types.identity, &subject);
    let resource = uid(&types.bundle, facts.bundle.spec.key.as_str());
    let request = Request::new(principal.clone(), types.ask.clone(), resource.clone(), context(ask, facts)?, None)
        .map_err(|why| why.to_string())?;
    let mut entities = vec![identity(types, principal, facts)?, bundle(types, resource, facts)?];
    entities.extend(rights(types, facts));
    Ok((request, Entities::from_entities(entities, None).map_err(|why| why.to_string())?))
}

fn key_or<T: ToString>(key: Option<&Key>, id: &T) -> String {
    key.map_or_else(|| id.to_string(), ToString::to_string)
}

fn identity(types: &Types, principal: EntityUid, facts: &Facts) -> Result<Entity, String> {
    let subject = &facts.subject;
    let held = facts.held.iter().map(|(id, held)| one(&types.bundle, &key_or(held.key.as_ref(), id)));
    let mut known = HashMap::from([
        ("kind".to_owned(), one(&types.kind, subject.kind.key())),
        ("owned".to_owned(), RestrictedExpression::new_bool(!subject.owners.is_empty())),
        ("holds".to_owned(), RestrictedExpression::new_set(held)),
    ]);
    if let Some(department) = &subject.department {
        known.insert("department".to_owned(), RestrictedExpression::new_string(department.clone()));
    }
    // The facts hold every group it is in, through nesting.
    let groups = subject.groups.iter().filter_map(|id| facts.groups.get(id)?.key.as_ref());
    let groups: HashSet<_> = groups.map(|key| uid(&types.group, key.as_str())).collect();
    Entity::new(principal, known, groups).map_err(|why| why.to_string())
}

fn bundle(types: &Types, resource: EntityUid, facts: &Facts) -> Result<Entity, String> {
    let spec = &facts.bundle.spec;
    let systems = || facts.systems.values();
    let tags = spec.tags.iter().cloned().map(RestrictedExpression::new_string);
    let environments = systems().map(|it| one(&types.environment, it.environment.word()));
    let weightiest = facts.weightiest().map(|(_, it)| it).ok_or("the bundle reaches no system")?;
    let data_class = systems().map(|it| it.data_class).max().unwrap_or(weightiest.data_class);
    let known = HashMap::from([
        ("tags".to_owned(), RestrictedExpression::new_set(tags)),
        (
            "entitlements".to_owned(),
            RestrictedExpression::new_set(
                right_uids(types, facts).map(|(right, _)| RestrictedExpression::new_entity_uid(right)),
            ),
        ),
        ("environments".to_owned(), RestrictedExpression::new_set(environments)),
        ("sensitivity".to_owned(), one(&types.sensitivity, weightiest.sensitivity.word())),
        ("dataClass".to_owned(), one(&types.data_class, data_class.word())),
        (
            "privileged".to_owned(),
            RestrictedExpression::new_bool(facts.entitlements.values().any(|it| it.privileged.is_some())),
        ),
        ("external".to_owned(), RestrictedExpression::new_bool(systems().any(|it| it.external))),
        ("reversible".to_owned(), RestrictedExpression::new_bool(systems().all(|it| it.connector.revokes_by_itself()))),
        ("longest".to_owned(), RestrictedExpression::new_long(i64::from(spec.longest.get()))),
    ]);
    let reached: HashSet<_> =
        facts.systems.iter().map(|(id, it)| uid(&types.system, &key_or(it.key.as_ref(), id))).collect();
    Entity::new(resource, known, reached).map_err(|why| why.to_string())
}

/// The rights of the bundle by their names, `system/right`, each with its system.
fn right_uids(types: &Types, facts: &Facts) -> impl Iterator<Item = (EntityUid, EntityUid)> {
    facts.entitlements.iter().map(|(id, it)| {
        let system = facts.systems.get(&it.system).and_then(|system| system.key.as_ref());
        let system = key_or(system, &it.system);
        let right = format!("{system}/{}", key_or(it.key.as_ref(), id));
        (uid(&types.entitlement, &right), uid(&types.system, &system))
    })
}

fn rights(types: &Types, facts: &Facts) -> impl Iterator<Item = Entity> {
    right_uids(types, facts).map(|(right, system)| Entity::new_no_attrs(right, HashSet::from([system])))
}

fn context(ask: &Ask, facts: &Facts) -> Result<Context, String> {
    let long = |n: usize| RestrictedExpression::new_long(i64::try_from(n).unwrap_or(i64::MAX));
    let at = facts.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let mut known = vec![
        ("minutes".to_owned(), RestrictedExpression::new_long(i64::from(ask.minutes.get()))),
        ("at".to_owned(), RestrictedExpression::new_datetime(at)),
        ("forThemselves".to_owned(), RestrictedExpression::new_bool(ask.asker == ask.subject)),
        ("renewal".to_owned(), RestrictedExpression::new_bool(ask.continues.is_some())),
        ("links".to_owned(), long(ask.evidence.iter().filter(|it| matches!(it, Evidence::Link { .. })).count())),
        ("reasonLength".to_owned(), RestrictedExpression::new_long(i64::from(ask.reason.length))),
    ];
    let item = ask.evidence.iter().find_map(|it| match it {
        Evidence::WorkItem { reference } => Some(reference.clone()),
        Evidence::Link { .. } => None,
    });
    known.extend(item.map(|item| ("workItem".to_owned(), RestrictedExpression::new_string(item))));
    Context::from_pairs(known).map_err(|why| why.to_string())
}
