//! Reading identities, groups, systems and bundles: by id, by key, page by page, and the questions that rulings ask of them.
//!
//! SQLite: a row's columns stand behind its body, and whoever wants one walks through all of it. What a row is called is told by an index
//! that has no more than that, and SQLite takes it only where two of its columns are asked for; so statements say `key > ''`, or of
//! identities `active in (true, false)`, which is true of every row.

use crate::{
    Error, Store, Tx,
    save::corrupt,
    tx::{row, row_alone, rows, rows_among, rows_by_text, run, without_nul},
};
use chrono::{DateTime, Utc};
use domain::{
    bundle::Bundle,
    group::Group,
    guardrail::GuardrailSet,
    identity::Identity,
    ids::{BundleId, EntitlementId, GrantId, GroupId, IdentityId, SystemId},
    portal::Portal,
    resource::System,
    text::Key,
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};
use uuid::Uuid;

/// One line of a list that is paged by name: its cursor and its row.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The cursor that comes after it.
    pub cursor: String,
    /// The row.
    pub it: T,
}

/// What waits for somebody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    /// How often the portal has changed, on all replicas.
    pub changes: i64,
    /// How many requests they may decide themselves, counted up to 100.
    pub to_decide: u32,
    /// Whether anybody lets them decide in their place now.
    pub stands_in: bool,
    /// How many notices they have not read, counted up to 100.
    pub notices: u32,
    /// How many tasks of the systems they operate are open.
    pub tasks: u32,
}

/// What the frame of every page is made from.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Who looks at it, if they are known.
    pub who: Option<Identity>,
    /// The portal itself, once it has been founded.
    pub portal: Option<Portal>,
    /// What waits for them.
    pub waiting: Waiting,
}

/// A bundle or a system that names a group.
#[derive(Clone, Debug)]
pub struct Use {
    /// Its key.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Whether it is a bundle.
    pub bundle: bool,
}

/// An entitlement, where it stands; as people read it, `system: right`.
#[derive(Clone, Debug)]
pub struct Right {
    /// On which system.
    pub system: SystemId,
    /// What the system is called.
    pub on: String,
    /// Its key there.
    pub key: String,
    /// What it is called there.
    pub name: String,
    /// The target's own name.
    pub native: String,
    /// Whether it is membership of a portal group.
    pub directory: bool,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.on, self.name)
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(table: &'static str, id: Uuid, body: &str) -> Result<T, Error> {
    serde_json::from_str(body).map_err(|why| corrupt(table, id, &why))
}

/// A key as it stands in a column.
pub(crate) fn a_key(table: &'static str, id: Uuid, key: &str) -> Result<Key, Error> {
    key.parse().map_err(|why| corrupt(table, id, &why))
}

fn cursor(name: &str, id: Uuid) -> String {
    format!("{id}~{name}")
}

/// A cursor's name and id; one that cannot be read begins at the start.
fn after(cursor: &str) -> (String, Uuid) {
    cursor.split_once('~').and_then(|(id, name)| id.parse().ok().map(|id| (without_nul(name), id))).unwrap_or_default()
}

/// The pattern that finds a text anywhere; `%`, `_` and `\` in it stand for themselves.
pub(crate) fn like(q: &str) -> String {
    let escaped = without_nul(q).trim().to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

const GUARDRAILS: &str = "select id, body from guardrails";

/// What comes after the name `$1` and the id `$2`, of that what matches the search `$3`.
macro_rules! found_after {
    () => {
        // SQLite: where a parameter by itself is a pattern, the statement is prepared anew for each value of it; so it does not stand by
        // itself.
        "(name > $1 or (name = $1 and id > $2)) and search like ($3 || '') escape '\\'"
    };
}

/// Whether something that a bundle reaches has no owner who is there, neither first hand nor as backup.
macro_rules! unowned {
    () => {
        "exists (select 1 from bundle_entitlements be join entitlements e on e.id = be.entitlement_id
            where be.bundle_id = bundles.id and not exists (
              select 1 from system_owners o join identities i on i.id = o.identity_id
              where o.system_id = e.system_id and i.active))"
    };
}

pub(crate) use unowned;

/// Whether everything that a bundle reaches has an owner who is there, first hand or as backup (L13).
macro_rules! is_owned {
    () => {
        concat!("not ", unowned!())
    };
}

const CATALOGUE: &str = concat!(
    "select id, body, name from bundles where ",
    found_after!(),
    " and listed and ",
    is_owned!(),
    " order by name, id limit $4"
);
const CATALOGUE_OF_SYSTEM: &str = concat!(
    "select id, body, name from bundles where ",
    found_after!(),
    " and listed and ",
    is_owned!(),
    " and id in (select b.bundle_id from bundle_entitlements b join entitlements r on r.id = b.entitlement_id
                 where r.system_id = $5)
    order by name, id limit $4"
);

/// Whether a right `a` of a grant `gr` makes one a member at a moment: once the grant has looked, until its end, and not before all that
/// lies outside the portal is there. That it has not ended is said once more in the words of an index.
macro_rules! in_force {
    ($now:literal) => {
        concat!(
            "a.present is not null and gr.state <> 'ended' and gr.state in ('opening', 'active') and gr.until > ",
            $now,
            " and (gr.state = 'active' or not exists (
                select 1 from assignments oa join entitlements oe on oe.id = oa.entitlement_id
                where oa.grant_id = gr.id and not oe.directory and not coalesce(oa.present, false)))"
        )
    };
}

/// The groups `up` that the identity `$1` is in at the moment `$2`, as if there were not the grant `$3`.
macro_rules! groups_up {
    () => {
        concat!(
            "with recursive up (id) as (
              select group_id from group_members where identity_id = $1
              union
              select g.id from grants gr
                join assignments a on a.grant_id = gr.id
                join entitlements e on e.id = a.entitlement_id and e.directory
                join groups g on g.key = e.native
                where gr.subject_id = $1 and gr.id <> $3 and ",
            in_force!("$2"),
            "
              union
              select gg.group_id from group_groups gg join up on gg.child_id = up.id
            )"
        )
    };
}

/// The systems whose manual tasks the identity `$1` may do, who is in the groups `up`.
macro_rules! operated {
    () => {
        "select g.system_id from system_groups g where g.operators and g.group_id in (select id from up)
        union
        select o.system_id from system_owners o where o.identity_id = $1
          and not exists (select 1 from system_groups g where g.system_id = o.system_id and g.operators)"
    };
}

macro_rules! reads {
    ($($one:ident $by_key:ident $page:ident $($among:ident)?: $ty:ty, $id:ident, $table:literal;)*) => {
        impl Tx {$(
            #[doc = concat!("One row of `", $table, "`.")]
            pub async fn $one(&mut self, id: $id) -> Result<Option<$ty>, Error> {
                const SQL: &str = concat!("select id, body from ", $table, " where id = $1");
                let found = row!(self, (Uuid, String), SQL, id.0)?;
                found.map(|(id, body)| parsed($table, id, &body)).transpose()
            }

            $(
                #[doc = concat!("Those rows of `", $table, "` that are among these.")]
                pub async fn $among(&mut self, ids: &BTreeSet<$id>) -> Result<BTreeMap<$id, $ty>, Error> {
                    rows_among!(self, (Uuid, String), ids, ["select id, body from ", $table, " where id"])?
                        .into_iter()
                        .map(|(id, body)| Ok(($id(id), parsed($table, id, &body)?)))
                        .collect()
                }
            )?

            #[doc = concat!("One row of `", $table, "`, by its key.")]
            pub async fn $by_key(&mut self, key: &str) -> Result<Option<$ty>, Error> {
                const SQL: &str = concat!("select id, body from ", $table, " where key = $1");
                let found = row!(self, (Uuid, String), SQL, without_nul(key))?;
                found.map(|(id, body)| parsed($table, id, &body)).transpose()
            }

            #[doc = concat!("A page of `", $table, "` by name, of those that match a search.")]
            pub async fn $page(&mut self, q: &str, from: &str, limit: i64) -> Result<Vec<Listed<$ty>>, Error> {
                const SQL: &str = concat!(
                    "select id, body, name from ", $table, " where ", found_after!(), " order by name, id limit $4"
                );
                let (name, id) = after(from);
                rows!(self, (Uuid, String, String), SQL, name, id, like(q), limit)?
                    .into_iter()
                    .map(|(id, body, name)| Ok(Listed { cursor: cursor(&name, id), it: parsed($table, id, &body)? }))
                    .collect()
            }
        )*}
    };
}

reads! {
    identity identity_by_key identities identities_among: Identity, IdentityId, "identities";
    group group_by_key groups: Group, GroupId, "groups";
    system system_by_key systems systems_among: System, SystemId, "systems";
    bundle bundle_by_key bundles: Bundle, BundleId, "bundles";
}

/// How often the portal has changed, and what waits for the identity `$1`, who is in the groups `up`.
macro_rules! waiting {
    () => {
        concat!(
            "cast((select coalesce(sum(n), 0) from changes) as bigint),
              (select count(*) from (select 1 from deciders where identity_id = $1 limit 100) as d),
              exists (select 1 from delegations where delegate_id = $1 and from_at <= $2 and until_at > $2),
              (select count(*) from (select 1 from notices where identity_id = $1 and read_at is null limit 100) as n),
              (select count(*) from tasks t where t.done_at is null and t.system_id in (",
            operated!(),
            "))"
        )
    };
}

type Counts = (i64, i64, bool, i64, i64);

impl From<Counts> for Waiting {
    fn from((changes, to_decide, stands_in, notices, tasks): Counts) -> Self {
        let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        Self { changes, to_decide: count(to_decide), stands_in, notices: count(notices), tasks: count(tasks) }
    }
}

impl Store {
    /// The frame of a page for somebody, in one statement: every page has one.
    pub async fn frame(&self, who: IdentityId, now: DateTime<Utc>) -> Result<Frame, Error> {
        type Row = (i64, i64, bool, i64, i64, Option<String>, Option<String>);
        const SQL: &str = concat!(
            groups_up!(),
            " select ",
            waiting!(),
            ", (select body from identities where id = $1), (select body from portal)"
        );
        let found = row_alone!(self, Row, SQL, who.0, now, Uuid::nil())?;
        let (changes, to_decide, stands_in, notices, tasks, identity, portal) = found.unwrap_or_default();
        Ok(Frame {
            who: identity.map(|body| parsed("identities", who.0, &body)).transpose()?,
            portal: portal.map(|body| parsed("portal", Uuid::nil(), &body)).transpose()?,
            waiting: Waiting::from((changes, to_decide, stands_in, notices, tasks)),
        })
    }
}

impl Tx {
    /// The portal itself, once it has been founded.
    pub async fn portal(&mut self) -> Result<Option<Portal>, Error> {
        let found = row!(self, (Uuid, String), "select id, body from portal")?;
        found.map(|(id, body)| parsed("portal", id, &body)).transpose()
    }

    /// A page of the bundles that can be asked for, perhaps of one system only.
    pub async fn catalogue(
        &mut self,
        q: &str,
        system: Option<SystemId>,
        from: &str,
        limit: i64,
    ) -> Result<Vec<Listed<Bundle>>, Error> {
        let (name, id) = after(from);
        let found = match system {
            None => rows!(self, (Uuid, String, String), CATALOGUE, name, id, like(q), limit)?,
            Some(system) => {
                rows!(self, (Uuid, String, String), CATALOGUE_OF_SYSTEM, name, id, like(q), limit, system.0)?
            }
        };
        found
            .into_iter()
            .map(|(id, body, name)| Ok(Listed { cursor: cursor(&name, id), it: parsed("bundles", id, &body)? }))
            .collect()
    }

    /// The first of the systems by name: key and name.
    pub async fn system_names(&mut self, limit: i64) -> Result<Vec<(String, String)>, Error> {
        rows!(self, (String, String), "select key, name from systems order by name, id limit $1", limit)
    }

    /// Every key and id of a table of the catalogue, for import.
    pub async fn keys(&mut self) -> Result<CatalogueKeys, Error> {
        let identities = rows!(self, (String, Uuid), "select key, id from identities")?;
        let groups = rows!(self, (String, Uuid), "select key, id from groups")?;
        let systems = rows!(self, (String, Uuid), "select key, id from systems")?;
        let bundles = rows!(self, (String, Uuid), "select key, id from bundles")?;
        let rights = rows!(
            self,
            (String, String, Uuid),
            "select s.key, e.key, e.id from entitlements e join systems s on s.id = e.system_id"
        )?;
        Ok(CatalogueKeys {
            identities: identities.into_iter().map(|(k, id)| (k, IdentityId(id))).collect(),
            groups: groups.into_iter().map(|(k, id)| (k, GroupId(id))).collect(),
            systems: systems.into_iter().map(|(k, id)| (k, SystemId(id))).collect(),
            bundles: bundles.into_iter().map(|(k, id)| (k, BundleId(id))).collect(),
            entitlements: rights.into_iter().map(|(s, e, id)| ((s, e), EntitlementId(id))).collect(),
        })
    }

    /// Serialises this act with every other that judges the same identity; gives its row as it stands from then on.
    pub async fn touch_identity(&mut self, id: IdentityId) -> Result<Option<Identity>, Error> {
        const SQL: &str = "update identities set touched = touched + 1 where id = $1 returning id, body";
        // SQLite: read to its end, so that the statement is over before the next one.
        let found = rows!(self, (Uuid, String), SQL, id.0)?.pop();
        found.map(|(id, body)| parsed("identities", id, &body)).transpose()
    }

    /// Serialises this act with every other that judges the portal itself.
    pub async fn touch_portal(&mut self) -> Result<(), Error> {
        run!(self, "update portal set version = version")?;
        Ok(())
    }

    /// Serialises this act with every other that judges the same system.
    pub async fn touch_system(&mut self, id: SystemId) -> Result<(), Error> {
        run!(self, "update systems set touched = touched + 1 where id = $1", id.0)?;
        Ok(())
    }

    /// The names of these identities, of those that are active only where that is asked.
    pub async fn names(
        &mut self,
        ids: &BTreeSet<IdentityId>,
        active_only: bool,
    ) -> Result<BTreeMap<IdentityId, String>, Error> {
        let found = rows_among!(
            self,
            (Uuid, String, bool),
            ids,
            ["select id, name, active from identities where id"],
            [" and active in (true, false)"]
        )?;
        let wanted = found.into_iter().filter(|(_, _, active)| *active || !active_only);
        Ok(wanted.map(|(id, name, _)| (IdentityId(id), name)).collect())
    }

    /// What these groups are called: key and name.
    pub async fn group_names(&mut self, ids: &BTreeSet<GroupId>) -> Result<BTreeMap<GroupId, (Key, String)>, Error> {
        let found = rows_among!(
            self,
            (Uuid, String, String),
            ids,
            ["select id, key, name from groups where id"],
            [" and key > ''"]
        )?;
        found.into_iter().map(|(id, key, name)| Ok((GroupId(id), (a_key("groups", id, &key)?, name)))).collect()
    }

    /// The names of these bundles.
    pub async fn bundle_names(&mut self, ids: &BTreeSet<BundleId>) -> Result<BTreeMap<BundleId, String>, Error> {
        let found =
            rows_among!(self, (Uuid, String), ids, ["select id, name from bundles where id"], [" and key > ''"])?;
        Ok(found.into_iter().map(|(id, name)| (BundleId(id), name)).collect())
    }

    /// What must not be in the same hands as each of these bundles, by the words of its published version.
    pub async fn ruled_out_by(
        &mut self,
        ids: &BTreeSet<BundleId>,
    ) -> Result<BTreeMap<BundleId, BTreeSet<BundleId>>, Error> {
        let found = rows_among!(
            self,
            (Uuid, Uuid),
            ids,
            ["select bundle_id, other_id from bundle_incompatible where bundle_id"]
        )?;
        let mut out: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (id, other) in found {
            out.entry(BundleId(id)).or_default().insert(BundleId(other));
        }
        Ok(out)
    }

    /// The groups an identity is in now: as a standing member, by a live grant, and through nesting.
    pub async fn groups_of(&mut self, id: IdentityId, now: DateTime<Utc>) -> Result<BTreeSet<GroupId>, Error> {
        self.groups_without(id, None, now).await
    }

    /// The same, as if there were not this one grant.
    pub async fn groups_without(
        &mut self,
        id: IdentityId,
        grant: Option<GrantId>,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<GroupId>, Error> {
        const SQL: &str = concat!(groups_up!(), " select id from up");
        let grant = grant.map_or(Uuid::nil(), |id| id.0);
        Ok(rows!(self, (Uuid,), SQL, id.0, now, grant)?.into_iter().map(|(id,)| GroupId(id)).collect())
    }

    /// The active people in a group now: standing members, those there by a live grant, and those of nested groups.
    pub async fn people_in(
        &mut self,
        group: GroupId,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<BTreeSet<IdentityId>, Error> {
        // SQLite: a cross join is walked in the order it is written; else it reads everybody there is, or every live grant, and looks who is
        // a member. Who acts is found in an index that has it only where it is said to be equal to something.
        const SQL: &str = concat!(
            "with recursive down (id) as (
              select id from groups where id = $1
              union
              select gg.child_id from group_groups gg join down on gg.group_id = down.id
            ), members (id) as (
              select m.identity_id from down cross join group_members m where m.group_id = down.id
              union
              select gr.subject_id from down cross join groups g cross join entitlements e
                cross join assignments a cross join grants gr
                where g.id = down.id and e.native = g.key and e.directory
                  and a.entitlement_id = e.id and not a.ended and gr.id = a.grant_id and ",
            in_force!("$2"),
            "
            )
            select i.id from members cross join identities i
            where i.id = members.id and i.active = true and i.kind = 'person' order by i.id limit $3"
        );
        Ok(rows!(self, (Uuid,), SQL, group.0, now, limit)?.into_iter().map(|(id,)| IdentityId(id)).collect())
    }

    /// Whether an identity is a standing member of a group, itself or through nesting; grants do not count.
    pub async fn is_standing_member(&mut self, id: IdentityId, group_key: &str) -> Result<bool, Error> {
        const SQL: &str = "with recursive up (id) as (
              select group_id from group_members where identity_id = $1
              union
              select gg.group_id from group_groups gg join up on gg.child_id = up.id
            ) select g.id from up join groups g on g.id = up.id where g.key = $2";
        Ok(row!(self, (Uuid,), SQL, id.0, group_key)?.is_some())
    }

    /// Whether a live grant makes an identity a member of a group: the portal's own directory is answered from grants, so that it ends
    /// to the minute whatever becomes of the jobs.
    pub async fn is_member_by_grant(
        &mut self,
        id: IdentityId,
        group_key: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        const SQL: &str = concat!(
            "select gr.id from grants gr
              join assignments a on a.grant_id = gr.id
              join entitlements e on e.id = a.entitlement_id and e.directory
            where gr.subject_id = $1 and e.native = $2 and ",
            in_force!("$3"),
            " limit 1"
        );
        Ok(row!(self, (Uuid,), SQL, id.0, group_key, now)?.is_some())
    }

    /// The groups with these keys, and of each every group one is in by being in it.
    pub async fn joins_by_key(&mut self, keys: &BTreeSet<&str>) -> Result<BTreeMap<String, BTreeSet<GroupId>>, Error> {
        let found = rows_by_text!(
            self,
            (String, Uuid),
            keys,
            ["with recursive up (key, id) as (
              select key, id from groups where key"],
            ["
              union
              select up.key, gg.group_id from group_groups gg join up on gg.child_id = up.id
            ) select key, id from up"]
        )?;
        let mut joins: BTreeMap<String, BTreeSet<GroupId>> = BTreeMap::new();
        for (key, id) in found {
            joins.entry(key).or_default().insert(GroupId(id));
        }
        Ok(joins)
    }

    /// The ids of the groups with these keys.
    pub async fn group_ids(&mut self, keys: &BTreeSet<Key>) -> Result<BTreeSet<GroupId>, Error> {
        let found = rows_by_text!(self, (Uuid,), keys, ["select id from groups where key"], [])?;
        Ok(found.into_iter().map(|(id,)| GroupId(id)).collect())
    }

    /// A group and every group one is in by being in it.
    pub async fn joins(&mut self, group: GroupId) -> Result<BTreeSet<GroupId>, Error> {
        const SQL: &str = "with recursive up (id) as (
              select id from groups where id = $1
              union
              select gg.group_id from group_groups gg join up on gg.child_id = up.id
            ) select id from up";
        Ok(rows!(self, (Uuid,), SQL, group.0)?.into_iter().map(|(id,)| GroupId(id)).collect())
    }

    /// The guardrails, if any were ever written.
    pub async fn guardrails(&mut self) -> Result<Option<GuardrailSet>, Error> {
        let found = row!(self, (Uuid, String), GUARDRAILS)?;
        found.map(|(id, body)| parsed("guardrails", id, &body)).transpose()
    }

    /// Which version of the guardrails counts now.
    pub async fn guardrails_number(&mut self) -> Result<Option<u32>, Error> {
        let found = row!(self, (Option<i32>,), "select published from guardrails")?;
        Ok(found.and_then(|(number,)| number).and_then(|number| u32::try_from(number).ok()))
    }

    /// What gives a group authority.
    pub async fn uses_of_group(&mut self, group: GroupId) -> Result<Vec<Use>, Error> {
        Ok(self.uses_of_groups(&[group].into()).await?.remove(&group).unwrap_or_default())
    }

    /// What gives each of these groups authority, by the bytes of the names, which is the same order on every database; of one name, bundles
    /// first.
    pub async fn uses_of_groups(&mut self, groups: &BTreeSet<GroupId>) -> Result<BTreeMap<GroupId, Vec<Use>>, Error> {
        let found = rows_among!(
            self,
            (Uuid, String, String, bool),
            groups,
            ["select distinct group_id, key, name, bundle from (
                select bg.group_id, b.key, b.name, true as bundle from bundle_groups bg join bundles b on b.id = bg.bundle_id
                union all
                select sg.group_id, s.key, s.name, false from system_groups sg join systems s on s.id = sg.system_id
              ) as uses where group_id"],
        )?;
        let mut uses: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, key, name, bundle) in found {
            uses.entry(GroupId(id)).or_default().push(Use { key, name, bundle });
        }
        for of_group in uses.values_mut() {
            of_group.sort_by(|a, b| (&a.name, !a.bundle, &a.key).cmp(&(&b.name, !b.bundle, &b.key)));
        }
        Ok(uses)
    }

    /// The first of the groups that a group is in, without those that they are in.
    pub async fn groups_around(&mut self, group: GroupId, limit: i64) -> Result<Vec<GroupId>, Error> {
        const SQL: &str = "select g.id from group_groups gg join groups g on g.id = gg.group_id
            where gg.child_id = $1 order by g.name, g.id limit $2";
        Ok(rows!(self, (Uuid,), SQL, group.0, limit)?.into_iter().map(|(id,)| GroupId(id)).collect())
    }

    /// The first of the bundles that can be asked for and whose stages or conditions name a group.
    pub async fn bundles_naming(&mut self, group: GroupId, limit: i64) -> Result<Vec<Bundle>, Error> {
        const SQL: &str = "select b.id, b.body from bundle_groups bg join bundles b on b.id = bg.bundle_id
            where bg.group_id = $1 order by b.name, b.id limit $2";
        let found = rows!(self, (Uuid, String), SQL, group.0, limit)?;
        found.into_iter().map(|(id, body)| parsed("bundles", id, &body)).collect()
    }

    /// The first of the systems whose fallback or operators a group is.
    pub async fn systems_naming(&mut self, group: GroupId, limit: i64) -> Result<Vec<System>, Error> {
        const SQL: &str = "select s.id, s.body from systems s
            where s.id in (select g.system_id from system_groups g where g.group_id = $1)
            order by s.name, s.id limit $2";
        let found = rows!(self, (Uuid, String), SQL, group.0, limit)?;
        found.into_iter().map(|(id, body)| parsed("systems", id, &body)).collect()
    }

    /// The systems whose fallback one of these groups is.
    pub async fn systems_that_fall_to(&mut self, groups: &BTreeSet<GroupId>) -> Result<BTreeSet<SystemId>, Error> {
        let found = rows_among!(
            self,
            (Uuid,),
            groups,
            ["select system_id from system_groups where not operators and group_id"]
        )?;
        Ok(found.into_iter().map(|(id,)| SystemId(id)).collect())
    }

    /// Those of these bundles that can be asked for.
    pub async fn open_among(&mut self, ids: &BTreeSet<BundleId>) -> Result<BTreeSet<BundleId>, Error> {
        let found = rows_among!(self, (Uuid,), ids, ["select id from bundles where listed and id"], [" and key > ''"])?;
        Ok(found.into_iter().map(|(id,)| BundleId(id)).collect())
    }

    /// One entitlement, where it stands.
    pub async fn entitlement(&mut self, id: EntitlementId) -> Result<Option<Right>, Error> {
        Ok(self.entitlements(&[id].into()).await?.remove(&id))
    }

    /// These entitlements, where they stand.
    pub async fn entitlements(
        &mut self,
        ids: &BTreeSet<EntitlementId>,
    ) -> Result<BTreeMap<EntitlementId, Right>, Error> {
        let found = rows_among!(
            self,
            (Uuid, Uuid, String, String, String, String, bool),
            ids,
            ["select e.id, s.id, s.name, e.key, e.name, e.native, e.directory
              from entitlements e join systems s on s.id = e.system_id and s.key > '' where e.id"]
        )?;
        Ok(found
            .into_iter()
            .map(|(id, system, on, key, name, native, directory)| {
                (EntitlementId(id), Right { system: SystemId(system), on, key, name, native, directory })
            })
            .collect())
    }

    /// The bundles in the catalogue that confer an entitlement: key and name.
    pub async fn bundles_conferring(&mut self, id: EntitlementId) -> Result<Vec<(String, String)>, Error> {
        const SQL: &str = "select b.key, b.name from bundle_entitlements be join bundles b on b.id = be.bundle_id
            where be.entitlement_id = $1 order by b.name";
        rows!(self, (String, String), SQL, id.0)
    }

    /// The bundles whose published version reaches a system.
    pub async fn bundles_reaching(&mut self, id: SystemId) -> Result<Vec<BundleId>, Error> {
        const SQL: &str =
            "select distinct be.bundle_id from bundle_entitlements be join entitlements e on e.id = be.entitlement_id
            where e.system_id = $1";
        Ok(rows!(self, (Uuid,), SQL, id.0)?.into_iter().map(|(id,)| BundleId(id)).collect())
    }

    /// The systems an identity owns: those first hand, and those as backup.
    pub async fn owned_by(&mut self, id: IdentityId) -> Result<(BTreeSet<SystemId>, BTreeSet<SystemId>), Error> {
        const SQL: &str = "select system_id, backup from system_owners where identity_id = $1";
        let mut owned = (BTreeSet::new(), BTreeSet::new());
        for (system, backup) in rows!(self, (Uuid, bool), SQL, id.0)? {
            if backup {
                owned.1.insert(SystemId(system))
            } else {
                owned.0.insert(SystemId(system))
            };
        }
        Ok(owned)
    }

    /// The systems whose manual tasks an identity may do: those whose operators' group it is in, and those it owns that name none.
    pub async fn operated_by(&mut self, id: IdentityId, now: DateTime<Utc>) -> Result<BTreeSet<SystemId>, Error> {
        const SQL: &str = concat!(groups_up!(), " ", operated!());
        let found = rows!(self, (Uuid,), SQL, id.0, now, Uuid::nil())?;
        Ok(found.into_iter().map(|(id,)| SystemId(id)).collect())
    }

    /// What waits for somebody, counted in one statement.
    pub async fn waiting_for(&mut self, who: IdentityId, now: DateTime<Utc>) -> Result<Waiting, Error> {
        const SQL: &str = concat!(groups_up!(), " select ", waiting!());
        Ok(row!(self, Counts, SQL, who.0, now, Uuid::nil())?.map(Waiting::from).unwrap_or_default())
    }

    /// The active identities a person answers for: non-human ones they own, and people they manage.
    pub async fn answered_for_by(&mut self, id: IdentityId) -> Result<Vec<(IdentityId, String, bool)>, Error> {
        const SQL: &str = "select i.id, i.name, true from identity_owners o join identities i on i.id = o.identity_id
              where o.owner_id = $1 and i.active
            union
            select i.id, i.name, false from identities i where i.manager_id = $1 and i.active and i.kind = 'person'
            order by 2";
        Ok(rows!(self, (Uuid, String, bool), SQL, id.0)?
            .into_iter()
            .map(|(id, name, owned)| (IdentityId(id), name, owned))
            .collect())
    }

    /// The names of the first of the active non-human identities that a person answers for, but for one.
    pub async fn also_owned_by(
        &mut self,
        owner: IdentityId,
        but: IdentityId,
        limit: i64,
    ) -> Result<Vec<String>, Error> {
        const SQL: &str = "select i.name from identity_owners o join identities i on i.id = o.identity_id
            where o.owner_id = $1 and o.identity_id <> $2 and i.active order by i.name, i.id limit $3";
        Ok(rows!(self, (String,), SQL, owner.0, but.0, limit)?.into_iter().map(|(name,)| name).collect())
    }

    /// The active admins: id, and whether they can sign in.
    pub async fn admins(&mut self) -> Result<Vec<(IdentityId, bool)>, Error> {
        const SQL: &str = "select id, signs_in from identities where admin and active order by id";
        Ok(rows!(self, (Uuid, bool), SQL)?.into_iter().map(|(id, signs_in)| (IdentityId(id), signs_in)).collect())
    }
}

/// Every key of the catalogue with its id.
#[derive(Clone, Debug, Default)]
pub struct CatalogueKeys {
    /// Identities by key.
    pub identities: BTreeMap<String, IdentityId>,
    /// Groups by key.
    pub groups: BTreeMap<String, GroupId>,
    /// Systems by key.
    pub systems: BTreeMap<String, SystemId>,
    /// Bundles by key.
    pub bundles: BTreeMap<String, BundleId>,
    /// Entitlements by the keys of system and entitlement.
    pub entitlements: BTreeMap<(String, String), EntitlementId>,
}
