//! What a real database already knows of access: its accounts, its roles, and what each role may do. It is read and never changed,
//! and written down as the catalogue one would start from.
//!
//! A catalogue needs more than a database can tell: who owns it, who decides, whose account is whose. Those places are left empty and
//! marked, so that an import says what is missing instead of inventing it.

use crate::connectors::{
    ConnectorError,
    postgres::{Chart, Membership, Way, all, connect, fault, memberships, named, options, printable},
};
use sqlx::{FromRow, PgConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};
use tokio::time::timeout;

/// The oldest version whose catalogue is read as it is here.
const OLDEST: i32 = 150_000;
/// A large catalogue takes a while to read, but not for ever.
const READING: Duration = Duration::from_mins(2);
/// How many names are written out before they are only counted.
const NAMES: usize = 3;
/// How many phrases make up one sentence.
const PHRASES: usize = 6;
/// The longest key there is.
const KEY: usize = 80;

/// The order in which privileges are named; what is not here comes after.
const ORDER: [&str; 12] = [
    "select",
    "insert",
    "update",
    "delete",
    "truncate",
    "references",
    "trigger",
    "maintain",
    "usage",
    "execute",
    "create",
    "temporary",
];

/// What was found on one server, seen from one of its databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// The server's version.
    pub server: String,
    /// The database that was read; roles are the server's, privileges are this database's.
    pub database: String,
    /// The role that read it.
    pub signed_in_as: String,
    /// Everything that may log in, by name.
    pub accounts: Vec<Account>,
    /// The roles that may not log in: what can be given. By name.
    pub groups: Vec<Group>,
}

/// A role that may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name on the server.
    pub name: String,
    /// What it may do by itself, beyond any role it holds: `superuser`, `create roles`.
    pub powers: Vec<String>,
    /// Whether its password is no longer accepted.
    pub expired: bool,
    /// The ways by which it has roles today.
    pub holds: Vec<Way>,
    /// The accounts that may act as this one, since it was given to them.
    pub lent_to: Vec<String>,
}

/// A role that may not log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name on the server.
    pub name: String,
    /// What was granted to it, in one sentence; a schema that stays closed or row security may leave less of it.
    pub says: String,
    /// Why giving it is privileged; empty when it only lets one read.
    pub privileged: Vec<String>,
    /// The accounts that have it today.
    pub held_by: Vec<String>,
}

/// Reads the database at `postgres://role:password@host:port/database`. Any role that may connect will do: the catalogue of a database
/// is open to all of its users.
pub async fn postgres(url: &str) -> Result<Discovered, ConnectorError> {
    let options = options(url)?.options([("statement_timeout", "60s")]);
    let mut connection = connect(&options).await?;
    let found = timeout(READING, Found::read(&mut connection)).await.map_err(|_| {
        ConnectorError::Failed(format!("reading the database's catalogue took more than {} seconds", READING.as_secs()))
    })??;
    Ok(found.told())
}

/// What the server's catalogue holds, as it holds it.
struct Found {
    server: String,
    database: String,
    signed_in_as: String,
    roles: Vec<Role>,
    memberships: Vec<Membership>,
    grants: Vec<Grant>,
    owned: Vec<Owned>,
    elsewhere: Vec<Elsewhere>,
    /// How many tables each schema has.
    tables: BTreeMap<String, i64>,
}

#[derive(FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "a row as the server has it")]
struct Role {
    name: String,
    may_log_in: bool,
    superuser: bool,
    makes_roles: bool,
    makes_databases: bool,
    replicates: bool,
    bypasses_row_security: bool,
    expired: bool,
}

impl Role {
    fn powers(&self) -> Vec<String> {
        if self.superuser {
            return vec!["superuser".to_owned()];
        }
        [
            (self.makes_roles, "create roles"),
            (self.makes_databases, "create databases"),
            (self.replicates, "replicate the whole server"),
            (self.bypasses_row_security, "bypass row security"),
        ]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, power)| power.to_owned())
        .collect()
    }

    fn is_reserved(&self) -> bool {
        self.name.starts_with("pg_")
    }
}

/// The same privileges on some objects of one kind in one place.
#[derive(FromRow)]
struct Grant {
    role: String,
    kind: String,
    /// The schema; empty where there is none.
    place: String,
    privileges: Vec<String>,
    may_grant_on: bool,
    objects: i64,
    /// The first few of them.
    some: Vec<String>,
}

#[derive(FromRow)]
struct Owned {
    role: String,
    objects: i64,
    the_database: bool,
}

/// That a role owns or may do something in other databases of the server.
#[derive(FromRow)]
struct Elsewhere {
    role: String,
    databases: Vec<String>,
}

/// Every privilege that somebody gave to a role by name. What a role owns is read apart, what everybody may is not of interest.
const GRANTS: &str = "
with granted (grantee, kind, place, object, privilege, grantable) as (
  select a.grantee, case when c.relkind = 'S' then 'sequence' when c.relispartition then 'partition' else 'table' end,
         n.nspname::text, c.relname::text, a.privilege_type, a.is_grantable
  from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
  where a.grantee <> c.relowner
  union all
  select a.grantee, 'column', n.nspname, c.relname || '.' || t.attname, a.privilege_type, a.is_grantable
  from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace
  cross join lateral aclexplode(t.attacl) a
  where a.grantee <> c.relowner and not t.attisdropped
  union all
  select a.grantee, case when p.prosecdef then 'definer' else 'function' end, n.nspname, p.proname, a.privilege_type, a.is_grantable
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join lateral aclexplode(p.proacl) a
  where a.grantee <> p.proowner
  union all
  select a.grantee, 'schema', n.nspname, n.nspname, a.privilege_type, a.is_grantable
  from pg_namespace n cross join lateral aclexplode(n.nspacl) a
  where a.grantee <> n.nspowner
  union all
  select a.grantee, 'database', '', d.datname, a.privilege_type, a.is_grantable
  from pg_database d cross join lateral aclexplode(d.datacl) a
  where d.datname = current_database() and a.grantee <> d.datdba
  union all
  select a.grantee, 'foreign server', '', s.srvname, a.privilege_type, a.is_grantable
  from pg_foreign_server s cross join lateral aclexplode(s.srvacl) a
  where a.grantee <> s.srvowner
  union all
  select a.grantee, 'foreign-data wrapper', '', w.fdwname, a.privilege_type, a.is_grantable
  from pg_foreign_data_wrapper w cross join lateral aclexplode(w.fdwacl) a
  where a.grantee <> w.fdwowner
  union all
  select a.grantee, 'tablespace', '', s.spcname, a.privilege_type, a.is_grantable
  from pg_tablespace s cross join lateral aclexplode(s.spcacl) a
  where a.grantee <> s.spcowner
  union all
  select a.grantee, 'large object', '', o.oid::text, a.privilege_type, a.is_grantable
  from pg_largeobject_metadata o cross join lateral aclexplode(o.lomacl) a
  where a.grantee <> o.lomowner
  union all
  select a.grantee, 'setting', '', s.parname, a.privilege_type, a.is_grantable
  from pg_parameter_acl s cross join lateral aclexplode(s.paracl) a
  union all
  select a.grantee, case d.defaclobjtype when 'r' then 'future table' when 'S' then 'future sequence' when 'f' then 'future function'
                                         when 'n' then 'future schema' else 'future type' end,
         coalesce(n.nspname, ''), '', a.privilege_type, a.is_grantable
  from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace cross join lateral aclexplode(d.defaclacl) a
  where a.grantee <> d.defaclrole
),
objects as (
  select grantee, kind, place, object, array_agg(distinct lower(privilege)) as privileges, bool_or(grantable) as grantable
  from granted group by 1, 2, 3, 4
)
select r.rolname::text as role, o.kind::text, o.place::text, o.privileges, bool_or(o.grantable) as may_grant_on,
       count(*) as objects, (array_agg(o.object::text order by o.object))[1:3] as some
from objects o join pg_roles r on r.oid = o.grantee
where r.rolname !~ '^pg_'
group by r.rolname, o.kind, o.place, o.privileges
order by 1, 3, 2, 4";

impl Found {
    async fn read(connection: &mut PgConnection) -> Result<Self, ConnectorError> {
        // One moment for all of it: a role dropped in between would leave its memberships dangling.
        sqlx::raw_sql("begin transaction isolation level repeatable read, read only")
            .execute(&mut *connection)
            .await
            .map_err(fault)?;
        let (server, version, database, signed_in_as): (String, i32, String, String) = sqlx::query_as(
            "select current_setting('server_version'), current_setting('server_version_num')::int4,
                    current_database()::text, session_user::text",
        )
        .fetch_one(&mut *connection)
        .await
        .map_err(fault)?;
        if version < OLDEST {
            return Err(ConnectorError::Settings(format!(
                "this is PostgreSQL {server}; only 15 and newer can be read"
            )));
        }
        let roles = sqlx::query_as(
            "select rolname::text as name, rolcanlogin as may_log_in, rolsuper as superuser, rolcreaterole as makes_roles,
                    rolcreatedb as makes_databases, rolreplication as replicates, rolbypassrls as bypasses_row_security,
                    coalesce(rolvaliduntil < now(), false) as expired
             from pg_roles order by 1",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(fault)?;
        let memberships = memberships(connection, None).await?;
        let grants = sqlx::query_as(GRANTS).fetch_all(&mut *connection).await.map_err(fault)?;
        let owned = sqlx::query_as(
            "select r.rolname::text as role, count(*) as objects,
                    bool_or(d.classid = 'pg_database'::regclass and d.objid = here.oid) as the_database
             from pg_shdepend d
             join pg_database here on here.datname = current_database()
             join pg_roles r on r.oid = d.refobjid
             where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and d.dbid in (0, here.oid)
             group by 1",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(fault)?;
        let elsewhere = sqlx::query_as(
            "select r.rolname::text as role, array_agg(distinct other.datname::text) as databases
             from pg_shdepend d
             join pg_database other on other.oid = d.dbid or (d.classid = 'pg_database'::regclass and d.objid = other.oid)
             join pg_roles r on r.oid = d.refobjid
             where d.refclassid = 'pg_authid'::regclass and d.deptype in ('o', 'a') and other.datname <> current_database()
             group by 1",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(fault)?;
        let tables: Vec<(String, i64)> = sqlx::query_as(
            "select n.nspname::text, count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition group by 1",
        )
        .fetch_all(&mut *connection)
        .await
        .map_err(fault)?;
        sqlx::raw_sql("commit").execute(&mut *connection).await.map_err(fault)?;
        let tables = tables.into_iter().collect();
        Ok(Self { server, database, signed_in_as, roles, memberships, grants, owned, elsewhere, tables })
    }

    fn told(&self) -> Discovered {
        let chart = Chart::of(&self.memberships);
        let ours = |role: &&Role| !role.is_reserved();
        let accounts: Vec<Account> = self
            .roles
            .iter()
            .filter(ours)
            .filter(|role| role.may_log_in)
            .map(|role| Account {
                name: role.name.clone(),
                powers: role.powers(),
                expired: role.expired,
                holds: chart.reached(&role.name),
                lent_to: self.borrowers(&role.name),
            })
            .collect();
        let groups = self
            .roles
            .iter()
            .filter(ours)
            .filter(|role| !role.may_log_in)
            .map(|role| {
                let phrases = self.all_that(role, &chart);
                let reaches = |way: &Way| !way.by_granting && way.roles.last() == Some(&role.name);
                let holds = |account: &&Account| account.holds.iter().any(reaches);
                Group {
                    name: role.name.clone(),
                    says: sentence(&phrases, &self.database),
                    privileged: phrases.into_iter().filter(|p| p.privileged).map(|p| p.text).collect(),
                    held_by: accounts.iter().filter(holds).map(|account| account.name.clone()).collect(),
                }
            })
            .collect();
        Discovered {
            server: self.server.clone(),
            database: self.database.clone(),
            signed_in_as: self.signed_in_as.clone(),
            accounts,
            groups,
        }
    }

    /// The accounts that are members of this one, with more than the bare option to grant it.
    fn borrowers(&self, account: &str) -> Vec<String> {
        let borrows = |m: &&Membership| m.role == account && m.is_of_use();
        let names: BTreeSet<String> = self.memberships.iter().filter(borrows).map(|m| m.member.clone()).collect();
        names.into_iter().collect()
    }

    /// What a role lets one do, by itself and through every role it is a member of.
    fn all_that(&self, role: &Role, chart: &Chart) -> Vec<Phrase> {
        let mut phrases = self.own(role);
        let may_give = |m: &&Membership| m.member == role.name && m.admin && m.is_of_use();
        let given: BTreeSet<&str> = self.memberships.iter().filter(may_give).map(|m| m.role.as_str()).collect();
        for other in given {
            phrases.push(Phrase::privileged(format!("give {} to anyone", printable(other))));
        }
        for way in chart.reached(&role.name) {
            let Some(other) = way.roles.last().and_then(|other| self.roles.iter().find(|role| role.name == *other))
            else {
                continue;
            };
            if way.by_granting {
                phrases.push(Phrase::privileged(format!("take {} for itself", printable(&other.name))));
            }
            if other.is_reserved() {
                phrases.push(reserved(&other.name));
            }
            let through = |phrase: Phrase| Phrase {
                text: format!("{} (through {})", phrase.text, printable(&other.name)),
                ..phrase
            };
            phrases.extend(self.own(other).into_iter().map(through));
        }
        phrases
    }

    /// What a role lets one do by itself.
    fn own(&self, role: &Role) -> Vec<Phrase> {
        let mut phrases: Vec<Phrase> = role.powers().into_iter().map(Phrase::power).collect();
        for owned in self.owned.iter().filter(|owned| owned.role == role.name) {
            let what = match (owned.the_database, owned.objects) {
                (true, _) => "do anything with the database, as its owner".to_owned(),
                (false, 1) => "do anything with one object, as its owner".to_owned(),
                (false, objects) => format!("do anything with {objects} objects, as their owner"),
            };
            phrases.push(Phrase::privileged(what));
        }
        let grants: Vec<&Grant> = self.grants.iter().filter(|grant| grant.role == role.name).collect();
        phrases.extend(self.on_whole_schemas(&grants));
        phrases.extend(
            grants.iter().filter(|grant| !self.is_on_a_whole_schema(grant)).filter_map(|grant| self.one(grant)),
        );
        for elsewhere in self.elsewhere.iter().filter(|elsewhere| elsewhere.role == role.name) {
            // Not known to be harmless.
            let databases = if elsewhere.databases.len() == 1 { "database" } else { "databases" };
            let names = all(elsewhere.databases.iter().map(|name| printable(name)));
            phrases.push(Phrase::privileged(format!("do what was not read in the {databases} {names}")));
        }
        phrases
    }

    fn is_on_a_whole_schema(&self, grant: &Grant) -> bool {
        grant.kind == "table" && grant.objects > 1 && self.tables.get(&grant.place) == Some(&grant.objects)
    }

    /// The same on every table of several schemas is one phrase.
    fn on_whole_schemas(&self, grants: &[&Grant]) -> Vec<Phrase> {
        let mut alike: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
        for grant in grants.iter().filter(|grant| self.is_on_a_whole_schema(grant)) {
            alike.entry((grant.may(), grant.is_privileged())).or_default().push(printable(&grant.place));
        }
        let phrase = |((may, privileged), places): ((String, bool), Vec<String>)| {
            let schemas = if places.len() == 1 { "schema" } else { "schemas" };
            let text = format!("{may} on every table in the {schemas} {}", all(places.into_iter()));
            Phrase { text, privileged }
        };
        alike.into_iter().map(phrase).collect()
    }

    /// One grant in words; `None` for what only goes along with others, like connecting.
    fn one(&self, grant: &Grant) -> Option<Phrase> {
        let (may, place, n) = (grant.may(), printable(&grant.place), grant.objects);
        if may.is_empty() {
            return None;
        }
        let some = match usize::try_from(n) {
            Ok(count) if count <= NAMES => all(grant.some.iter().map(|name| printable(name))),
            _ => format!("{}, …", grant.some.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ")),
        };
        let text = match grant.kind.as_str() {
            "table" if n == 1 => format!("{may} on the table {place}.{some}"),
            "table" => {
                let total = self.tables.get(&grant.place).copied().unwrap_or(n);
                format!("{may} on {n} of {total} tables in the schema {place} ({some})")
            }
            "partition" => format!("{may} on partitions in the schema {place} ({some})"),
            "column" => format!("{may} on single columns in the schema {place} ({some})"),
            "sequence" => format!("{may} on sequences in the schema {place} ({some})"),
            "function" => format!("{may} functions in the schema {place} ({some})"),
            "definer" => format!("{may} functions in the schema {place} with the rights of their owner ({some})"),
            "schema" => format!("{may} in the schema {place}"),
            "database" => format!("{may} schemas in the database"),
            future if future.starts_with("future ") && place.is_empty() => format!("{may} on each {future}"),
            future if future.starts_with("future ") => format!("{may} on each {future} in the schema {place}"),
            kind => format!("{may} on the {kind} {some}"),
        };
        Some(Phrase { text, privileged: grant.is_privileged() })
    }
}

impl Grant {
    /// What it lets one do, without what is of no use by itself.
    fn may(&self) -> String {
        let idle: &[&str] = match self.kind.as_str() {
            "database" => &["connect", "temporary"],
            "schema" => &["usage"],
            _ => &[],
        };
        let mut may: Vec<&str> = self.privileges.iter().map(String::as_str).filter(|may| !idle.contains(may)).collect();
        may.sort_by_key(|may| ORDER.iter().position(|known| known == may).unwrap_or(ORDER.len()));
        may.join(", ")
    }

    /// Whether it lets one do more than read what the database is for. What is not known to be harmless is not.
    fn is_privileged(&self) -> bool {
        let harmless: &[&str] = match self.kind.as_str() {
            "table" | "partition" | "column" | "sequence" | "large object" | "future table" | "future sequence" => {
                &["select"]
            }
            "function" | "future function" => &["execute"],
            "schema" | "future schema" | "future type" => &["usage"],
            "database" => &["connect", "temporary"],
            _ => &[],
        };
        let is_the_servers_own = matches!(self.place.as_str(), "pg_catalog" | "information_schema");
        self.may_grant_on || is_the_servers_own || !self.privileges.iter().all(|may| harmless.contains(&may.as_str()))
    }
}

/// One thing a role lets one do.
struct Phrase {
    text: String,
    privileged: bool,
}

impl Phrase {
    fn privileged(text: String) -> Self {
        Self { text, privileged: true }
    }

    fn power(power: String) -> Self {
        Self::privileged(if power == "superuser" { "do anything, as a superuser".to_owned() } else { power })
    }
}

/// What a role of the server's own lets one do.
fn reserved(name: &str) -> Phrase {
    let harmless = |text: &str| Phrase { text: text.to_owned(), privileged: false };
    match name {
        "pg_read_all_data" => harmless("read every table (pg_read_all_data)"),
        "pg_monitor" | "pg_read_all_settings" | "pg_read_all_stats" | "pg_stat_scan_tables" => {
            harmless(&format!("watch how the server runs ({name})"))
        }
        "pg_write_all_data" => Phrase::privileged("write every table (pg_write_all_data)".to_owned()),
        "pg_signal_backend" => Phrase::privileged("end the sessions of others (pg_signal_backend)".to_owned()),
        "pg_execute_server_program" | "pg_read_server_files" | "pg_write_server_files" => {
            Phrase::privileged(format!("reach the server's machine itself ({name})"))
        }
        _ => Phrase::privileged(format!("do what {} may", printable(name))),
    }
}

/// One sentence of the phrases, the weightiest first where there are too many.
fn sentence(phrases: &[Phrase], database: &str) -> String {
    let mut phrases: Vec<&Phrase> = phrases.iter().collect();
    if phrases.is_empty() {
        return format!("Nothing that was found in the database {}", printable(database));
    }
    let left = phrases.len().saturating_sub(PHRASES);
    if left > 0 {
        phrases.sort_by_key(|phrase| !phrase.privileged);
    }
    let mut text = phrases.iter().take(PHRASES).map(|phrase| phrase.text.as_str()).collect::<Vec<_>>().join("; ");
    if left > 0 {
        let _ = write!(text, "; and {left} more");
    }
    let first: String = text.chars().take(1).flat_map(char::to_uppercase).collect();
    first + &text.chars().skip(1).collect::<String>()
}

impl Discovered {
    /// The catalogue to start from, as files: the system with an entitlement for each group, a bundle for each entitlement, and the
    /// accounts found, as stanzas to fill in. All of it reads as TOML, and none of it is accepted before the marked places are filled.
    pub fn catalogue(&self, system_key: &str) -> Vec<(String, String)> {
        let mut taken = BTreeSet::new();
        let system = key(system_key, "database", &mut taken);
        let mut taken = BTreeSet::new();
        let offered = self.groups.iter().filter(|group| is_plain(&group.name));
        let entitlements: Vec<(String, &Group)> =
            offered.map(|group| (key(&group.name, "role", &mut taken), group)).collect();
        vec![
            (format!("{system}.toml"), self.system_file(&system, &entitlements)),
            (format!("{system}-bundles.toml"), self.bundles_file(&system, &entitlements)),
            (format!("{system}-accounts.toml"), self.accounts_file(&system, &entitlements)),
        ]
    }

    fn origin(&self) -> String {
        format!(
            "# Found on PostgreSQL {}, in the database {}, as {}. Roles belong to the whole server; what they may do\n# was read in this database only.\n",
            printable(&self.server),
            named(&self.database),
            named(&self.signed_in_as)
        )
    }

    fn system_file(&self, system: &str, entitlements: &[(String, &Group)]) -> String {
        let mut file = self.origin();
        // No environment variable has a dot in its name.
        let secret = system.replace('.', "-");
        let _ = write!(
            file,
            r#"#
# A start, not yet a catalogue: an import refuses it until every line marked FILL IN is filled in. What could not be
# known stands at its strictest; lower it where that is right. Whoever holds a role today holds it without an end and
# without a record: let them ask for it here, then revoke what stands.

[[system]]
key = "{system}"
name = {name}
says = {says} # better: what is in it
environment = "production"         # production | staging | development
sensitivity = "high"               # low | medium | high
data_class = "restricted"          # public | internal | confidential | restricted
owners = []                        # FILL IN: the keys of the people who answer for this database, two or more
fallback = ""                      # FILL IN: the key of the group that decides when no owner can, such as your security team
connector = "postgres"
settings = {{ secret = "{secret}" }}
# The secret is the URL of a role that may give the roles below and end sessions; the server reads it from
# {variable}. As a superuser:
#   CREATE ROLE sallyport LOGIN PASSWORD '…';
#   GRANT pg_signal_backend TO sallyport;
"#,
            name = text(&format!("Database {}", self.database)),
            says = text(&format!("The PostgreSQL database {}", self.database)),
            variable = format_args!("SALLYPORT_SECRET_{}", secret.to_uppercase().replace('-', "_")),
        );
        for (_, group) in entitlements {
            let quoted = printable(&format!("\"{}\"", group.name.replace('"', "\"\"")));
            let _ = writeln!(file, "#   GRANT {quoted} TO sallyport WITH ADMIN {};", self.admin_option());
        }
        file.push_str(&self.left_out());
        for (key, group) in entitlements {
            file.push('\n');
            if !group.held_by.is_empty() {
                let holders = all(group.held_by.iter().map(|account| named(account)));
                let _ = writeln!(file, "  # Held today by {holders}.");
            }
            if !group.privileged.is_empty() {
                let _ = writeln!(file, "  # Privileged, for it lets one {}.", group.privileged.join("; "));
            }
            let _ = write!(
                file,
                "  [[system.entitlement]]\n  key = \"{key}\"\n  name = {}\n  says = {}\n  native = {}\n  privileged = {}\n",
                text(&group.name),
                text(&group.says),
                text(&group.name),
                !group.privileged.is_empty(),
            );
        }
        file
    }

    /// Postgres: since 16 the connector can give a role without having it.
    fn admin_option(&self) -> &'static str {
        let major: u32 = self.server.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default();
        if major >= 16 { "TRUE, INHERIT FALSE, SET FALSE" } else { "OPTION" }
    }

    /// What is there and was not offered, with the reason.
    fn left_out(&self) -> String {
        let mut lines = String::new();
        for account in &self.accounts {
            if !account.lent_to.is_empty() {
                let _ = writeln!(
                    lines,
                    "# {} is an account that {} may act as; it is not offered, for whoever got it would act under its name.",
                    named(&account.name),
                    all(account.lent_to.iter().map(|name| named(name))),
                );
            }
        }
        for group in self.groups.iter().filter(|group| !is_plain(&group.name)) {
            let _ = writeln!(
                lines,
                "# {} is not offered, for its name holds characters that a catalogue refuses; rename it.",
                named(&group.name)
            );
        }
        if lines.is_empty() { lines } else { format!("#\n{lines}") }
    }

    fn bundles_file(&self, system: &str, entitlements: &[(String, &Group)]) -> String {
        let mut file = self.origin();
        file.push_str(
            r"#
# One bundle for each entitlement, with short times and a decision by the system's owners. Join those that are always
# needed together, drop those that nobody should ask for, and fill in who may ask.
",
        );
        let mut taken = BTreeSet::new();
        for (entitlement, group) in entitlements {
            let key = key(&format!("{system}-{entitlement}"), "bundle", &mut taken);
            let is_privileged = !group.privileged.is_empty();
            let (longest, default) = if is_privileged { ("2h", "1h") } else { ("8h", "4h") };
            let _ = write!(
                file,
                r#"
[[bundle]]
key = "{key}"
name = {name}
says = {says}
tags = ["postgres"]
entitlements = ["{system}/{entitlement}"]
longest = "{longest}"
default = "{default}"
askers = {{ groups = [""], kinds = ["person"] }} # FILL IN: the keys of the groups whose members may ask
justification = {{ at_least = 20 }}
  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = {{ owners = true }}
"#,
                name = text(&format!("{}, {}", self.database, group.name)),
                says = text(&group.says),
            );
            if is_privileged {
                file.push_str(
                    r#"  # It is privileged, so two people decide: name who else does, such as your security team.
  [[bundle.stage]]
  name = "Second pair of eyes"
  need = 1
  from = { group = "" }            # FILL IN: the key of a group
"#,
                );
            }
        }
        file
    }

    fn accounts_file(&self, system: &str, entitlements: &[(String, &Group)]) -> String {
        let mut file = self.origin();
        file.push_str(
            r"#
# Whose account is whose only you know. For each account below either add its `accounts` line to the person you have
# already, or fill in the stanza and remove the `#` at the start of its lines. An account that no person uses is a
# [[service]] instead: it takes `kind`, `purpose` and `owners` in place of `email`.
",
        );
        // A key with a dot is more than one key unless it is quoted.
        let link = if system.contains('.') { text(system) } else { system.to_owned() };
        for account in &self.accounts {
            let _ = writeln!(file, "\n# {}{}", named(&account.name), self.remark(account));
            for way in &account.holds {
                let Some(role) = way.roles.last() else { continue };
                let known = entitlements.iter().find(|(_, group)| group.name == *role);
                let offered = known.map(|(key, _)| format!(", offered as {system}/{key}")).unwrap_or_default();
                let _ = writeln!(file, "# holds {} today: {way}{offered}", named(role));
            }
            if !self.may_be_linked(account) {
                continue;
            }
            let _ = write!(
                file,
                r#"#[[person]]
#key = ""                          # FILL IN
#name = ""
#email = ""
#accounts = {{ {link} = {} }}
"#,
                text(&account.name)
            );
        }
        file
    }

    fn may_be_linked(&self, account: &Account) -> bool {
        account.name != self.signed_in_as
            && is_plain(&account.name)
            && !account.powers.iter().any(|power| power == "superuser")
    }

    fn remark(&self, account: &Account) -> String {
        let mut remarks = Vec::new();
        if account.name == self.signed_in_as {
            remarks.push("this was read with it, and the connector's own role is never given anything".to_owned());
        }
        for power in &account.powers {
            remarks.push(match power.as_str() {
                "superuser" => "a superuser has everything already, and gets nothing through the portal".to_owned(),
                power => format!("may {power}"),
            });
        }
        if !account.lent_to.is_empty() {
            remarks.push(format!(
                "{} may act as it, and would share what it is given",
                all(account.lent_to.iter().map(|name| named(name)))
            ));
        }
        if !is_plain(&account.name) {
            remarks.push("its name holds characters that a catalogue refuses; rename it".to_owned());
        }
        if account.expired {
            remarks.push("its password has expired".to_owned());
        }
        if remarks.is_empty() { String::new() } else { format!(": {}", remarks.join("; ")) }
    }
}

/// A name made into a key: small letters, digits, `.`, `-` and `_`, beginning with a letter, unlike all that were taken before.
fn key(name: &str, otherwise: &str, taken: &mut BTreeSet<String>) -> String {
    let mut key = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' => key.push(c),
            '0'..='9' | '.' | '_' if !key.is_empty() => key.push(c),
            _ if key.is_empty() || key.ends_with('-') => {}
            _ => key.push('-'),
        }
    }
    key.truncate(KEY);
    let key = key.trim_end_matches('-');
    let key = if key.is_empty() { otherwise } else { key };
    let numbered = (2..).map(|n| format!("-{n}")).map(|end| format!("{}{end}", &key[..key.len().min(KEY - end.len())]));
    let mut candidates = std::iter::once(key.to_owned()).chain(numbered);
    let free = candidates.find(|candidate| !taken.contains(candidate)).unwrap_or_else(|| key.to_owned());
    taken.insert(free.clone());
    free
}

/// A string as TOML takes it, on one line whatever it holds, so that it can stand in a comment too.
fn text(value: &str) -> String {
    format!("\"{}\"", printable(value).replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether a catalogue takes the name as it is: it refuses what could break a line or turn the direction of reading.
fn is_plain(name: &str) -> bool {
    printable(name) == name
}
