//! People, services and groups.

use super::{
    super::{
        draft::{GroupDraft, IdentityDraft, Mention},
        field::{Fields, shown},
    },
    NAME, ROLES, SAYS,
};
use domain::{
    identity::Kind,
    text::{Key, NotKey},
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn person(mut fields: Fields<'_, '_>, key: Option<Key>) -> Option<IdentityDraft> {
    let name = fields.must("name", "\"Maya Lindqvist\"", |v| v.text(NAME));
    let email = fields.may("email", "\"maya.lindqvist@tidewater.example\"", |v| v.email());
    let title = fields.may("title", "\"Staff engineer\"", |v| v.text(NAME));
    let department = fields.may("department", "\"Engineering\"", |v| v.text(NAME));
    let manager = fields.may("manager", "\"jonas.berg\"", |v| v.mention());
    let roles = fields.may("roles", "[\"admin\"]", |v| v.set(|role| role.word("role", ROLES)));
    let accounts = accounts(&mut fields);
    let left = fields.may("left", "true", |v| v.yes());
    fields.stands_elsewhere(&["kind", "purpose", "owners"], "that is said of a service");
    fields.done();
    Some(IdentityDraft {
        key: key?,
        kind: Kind::Person,
        name: name.unwrap_or_default(),
        email,
        title,
        department,
        manager,
        purpose: None,
        owners: BTreeSet::new(),
        roles: roles.unwrap_or_default(),
        accounts,
        left: left.unwrap_or_default(),
    })
}

pub(super) fn service(mut fields: Fields<'_, '_>, key: Option<Key>) -> Option<IdentityDraft> {
    let kinds = Kind::ALL.into_iter().filter(|kind| !kind.is_person()).map(|kind| (kind.key(), kind));
    let name = fields.must("name", "\"Invoice runner\"", |v| v.text(NAME));
    let kind = fields.must("kind", "\"service-account\"", |v| v.word("kind of service", kinds));
    let purpose = fields.must("purpose", "\"Sends the nightly invoices\"", |v| v.text(SAYS));
    let owners = fields
        .must("owners", "[\"maya.lindqvist\"]", |v| v.some("name at least one accountable person", |v| v.mention()));
    let accounts = accounts(&mut fields);
    let left = fields.may("left", "true", |v| v.yes());
    fields.stands_elsewhere(&["email", "title", "department", "manager", "roles"], "that is said of a person");
    fields.done();
    Some(IdentityDraft {
        key: key?,
        kind: kind.unwrap_or(Kind::ServiceAccount),
        name: name.unwrap_or_default(),
        email: None,
        title: None,
        department: None,
        manager: None,
        purpose,
        owners: owners.unwrap_or_default(),
        roles: BTreeSet::new(),
        accounts,
        left: left.unwrap_or_default(),
    })
}

fn accounts(fields: &mut Fields<'_, '_>) -> BTreeMap<Mention, String> {
    let texts = fields.may("accounts", "{ orders-db = \"maya_l\" }", |v| v.texts(NAME));
    let accounts = texts.into_iter().flatten().filter_map(|(system, value, account)| {
        let Ok(key) = system.parse() else {
            value.mistake(NotKey(shown(system)).to_string());
            return None;
        };
        Some((Mention { key, at: value.place() }, account))
    });
    accounts.collect()
}

pub(super) fn group(mut fields: Fields<'_, '_>, key: Option<Key>) -> Option<GroupDraft> {
    let name = fields.must("name", "\"Engineering\"", |v| v.text(NAME));
    let says = fields.must("says", "\"Everyone who builds the product\"", |v| v.text(SAYS));
    let members = fields.must("members", "[\"maya.lindqvist\"]", |v| v.set(|v| v.mention()));
    let groups = fields.may("groups", "[\"platform\"]", |v| v.set(|v| v.mention()));
    fields.done();
    Some(GroupDraft {
        key: key?,
        name: name.unwrap_or_default(),
        says: says.unwrap_or_default(),
        members: members.unwrap_or_default(),
        groups: groups.unwrap_or_default(),
    })
}
