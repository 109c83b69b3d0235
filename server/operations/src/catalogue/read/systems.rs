//! Systems, their connectors' settings, and their entitlements.

use super::{
    super::{
        Stanza,
        draft::SystemDraft,
        field::{Fields, Value, shown},
        near::nearest,
    },
    NAME, SAYS,
};
use domain::{
    resource::{ConnectorKind, DataClass, Entitlement, Environment, Sensitivity},
    text::Key,
};
use std::collections::BTreeMap;

pub(super) fn system(mut fields: Fields<'_, '_>, key: Option<Key>) -> Option<SystemDraft> {
    let environments = Environment::ALL.iter().map(|it| (it.word(), *it));
    let sensitivities = Sensitivity::ALL.iter().map(|it| (it.word(), *it));
    let classes = DataClass::ALL.iter().map(|it| (it.word(), *it));
    let connectors = ConnectorKind::ALL.iter().map(|it| (it.word(), *it));
    let name = fields.must("name", "\"Orders database\"", |v| v.text(NAME));
    let says = fields.must("says", "\"Every customer order since 2019\"", |v| v.text(SAYS));
    let environment = fields.must("environment", "\"production\"", |v| v.word("environment", environments));
    let sensitivity = fields.must("sensitivity", "\"high\"", |v| v.word("sensitivity", sensitivities));
    let data_class = fields.must("data_class", "\"confidential\"", |v| v.word("data class", classes));
    let external = fields.may("external", "true", |v| v.yes());
    let owners = fields.must("owners", "[\"ola.nord\"]", |v| v.some("name at least one person", |v| v.mention()));
    let backup_owners = fields.may("backup_owners", "[\"eva.holm\"]", |v| v.set(|v| v.mention()));
    let fallback = fields.must("fallback", "\"security\"", |v| v.mention());
    let operators = fields.may("operators", "\"database-team\"", |v| v.mention());
    let connector = fields.must("connector", "\"postgres\"", |v| v.word("connector", connectors));
    let settings = settings(&mut fields, connector);
    let entitlements = entitlements(&mut fields, connector);
    fields.done();
    Some(SystemDraft {
        key: key?,
        name: name.unwrap_or_default(),
        says: says.unwrap_or_default(),
        environment: environment.unwrap_or(Environment::Production),
        sensitivity: sensitivity.unwrap_or(Sensitivity::High),
        data_class: data_class.unwrap_or(DataClass::Restricted),
        external: external.unwrap_or_default(),
        owners: owners.unwrap_or_default(),
        backup_owners: backup_owners.unwrap_or_default(),
        fallback: fallback?,
        operators,
        connector: connector.unwrap_or(ConnectorKind::Manual),
        settings,
        entitlements,
    })
}

fn settings(fields: &mut Fields<'_, '_>, connector: Option<ConnectorKind>) -> BTreeMap<String, String> {
    let texts = fields.may("settings", "{ secret = \"orders-db\" }", |v| v.texts(NAME));
    let unread = texts.is_none() && fields.has("settings");
    let texts = texts.unwrap_or_default();
    // Without the connector it cannot be said which settings are right.
    let Some(connector) = connector.filter(|_| !unread) else {
        return BTreeMap::new();
    };
    let wanted = connector.settings();
    for (name, value, text) in &texts {
        if !wanted.iter().any(|(wanted, _)| wanted == name) {
            value.mistake(format!(
                "the connector `{}` has no setting `{}`{}",
                connector.word(),
                shown(name),
                instead(name, wanted)
            ));
        } else if *name == "secret" && !names_a_secret(text) {
            // The text is not shown: it may be the secret itself.
            value.mistake(
                "`secret` holds the name of a secret, never the secret itself: write letters a–z, digits, `-` or `_`",
            );
        }
    }
    for (name, holds) in wanted {
        if !texts.iter().any(|(given, _, _)| given == name) {
            let connector = connector.word();
            fields.mistake(format!("the connector `{connector}` needs the setting `{name}`, {holds}: write `settings = {{ {name} = \"…\" }}`"));
        }
    }
    texts.into_iter().map(|(name, _, text)| (name.to_owned(), text)).collect()
}

fn names_a_secret(text: &str) -> bool {
    text.parse::<Key>().is_ok() && !text.contains('.')
}

fn instead(name: &str, wanted: &[(&'static str, &str)]) -> String {
    if wanted.is_empty() {
        return ": it needs none".to_owned();
    }
    let names = wanted.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    match nearest(name, names.iter().copied()) {
        Some(near) => format!(": did you mean `{near}`?"),
        None => format!("; it has `{}`", names.join("`, `")),
    }
}

fn entitlements(fields: &mut Fields<'_, '_>, connector: Option<ConnectorKind>) -> BTreeMap<Key, Stanza<Entitlement>> {
    let tables = fields.may("entitlement", "[[system.entitlement]]", |v| Some(v.tables("an entitlement")));
    let mut entitlements = BTreeMap::<Key, Stanza<Entitlement>>::new();
    for mut fields in tables.unwrap_or_default() {
        let Some(it) = entitlement(&mut fields, connector) else {
            fields.done();
            continue;
        };
        if let Some(first) = entitlements.get(&it.key) {
            fields.mistake(format!(
                "the entitlement `{}` is already given at {}; name one of them otherwise",
                it.key, first.at
            ));
        } else if let Some(first) = entitlements.values().find(|first| first.it.native == it.native) {
            // Both would be one right in the target, and the end of one would take away the other.
            let (native, key) = (shown(&it.native), &first.it.key);
            fields.mistake(format!("`native` is `{native}`, which is already the entitlement `{key}` at {}", first.at));
        } else {
            entitlements.insert(it.key.clone(), Stanza { at: fields.place(), it });
        }
        fields.done();
    }
    entitlements
}

fn entitlement(fields: &mut Fields<'_, '_>, connector: Option<ConnectorKind>) -> Option<Entitlement> {
    let key = fields.must("key", "\"read\"", |v| v.key());
    let name = fields.must("name", "\"Read orders\"", |v| v.text(NAME));
    let says = fields.must("says", "\"Select on every table in the schema orders\"", |v| v.text(SAYS));
    let native = fields.must("native", "\"orders_read\"", |v| native(v, connector));
    let privileged = fields.may("privileged", "true", |v| v.yes());
    Some(Entitlement {
        key: key?,
        name: name?,
        says: says?,
        native: native?,
        privileged: privileged.unwrap_or_default(),
    })
}

fn native(value: Value<'_, '_>, connector: Option<ConnectorKind>) -> Option<String> {
    let text = value.text(NAME)?;
    if connector == Some(ConnectorKind::Directory) && text.parse::<Key>().is_err() {
        value.mistake(format!(
            "`{}` is not the key of a group, which is what `native` holds in the directory",
            shown(&text)
        ));
        return None;
    }
    Some(text)
}
