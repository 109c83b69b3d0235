//! The real target of the demo: a throw-away Postgres with the accounts and roles that the demo catalogue names, so that
//! an approved request lets a person really log in and read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::postgres::{Cluster, Login, Programs};
use crate::project::Project;

/// The database in the cluster.
const DATABASE: &str = "orders";

/// The password of every account of the catalogue, for trying out by hand.
const PASSWORD: &str = "demo";

/// Who the portal is in there.
const CONNECTOR: &str = "sallyport_connector";

/// Roles that demo.sql gives privileges to.
const ROLES: [&str; 4] = ["orders_read", "orders_write", "payments_read", "payments_export"];

/// The target, running.
pub struct Target {
    cluster: Cluster,
    wanted: Wanted,
}

impl Target {
    /// Starts the target; `None`, after a word about it, when Postgres is not there and may not be installed.
    pub fn start(project: &Project) -> Result<Option<Self>> {
        let Some(programs) = Programs::any(project)? else {
            eprintln!(
                "there is no Postgres here, so the demo's databases will be shown as unreachable; `sudo apt-get install --yes postgresql` changes that"
            );
            return Ok(None);
        };
        let wanted = Wanted::read(&project.path("server/demo/catalogue"))?;
        let cluster = Cluster::start(project, &programs, "demo")?;
        let target = Self { cluster, wanted };
        let superuser = target.cluster.superuser();
        target.cluster.sql(superuser, "postgres", &format!("create database {DATABASE};"))?;
        target.cluster.sql(superuser, DATABASE, &target.wanted.sql(superuser.password))?;
        Ok(Some(target))
    }

    /// Tells the server how to reach the target.
    pub fn tell(&self, server: &mut Command) {
        let connector = self.cluster.url(self.login(CONNECTOR), DATABASE);
        for secret in &self.wanted.secrets {
            server.env(secret_variable(secret), &connector);
        }
    }

    /// A command with which a person can see for themselves what an account may do; every account has the same password.
    pub fn invitation(&self) -> Option<String> {
        let account = self.wanted.example.as_deref()?;
        let url = self.cluster.url(self.login(account), DATABASE);
        Some(format!("psql {url}"))
    }

    fn login<'a>(&'a self, role: &'a str) -> Login<'a> {
        if self.wanted.accounts.contains(role) {
            Login { role, password: PASSWORD }
        } else {
            // The portal's own account has the cluster's secret, not the one that is printed.
            Login { role, ..self.cluster.superuser() }
        }
    }
}

/// `SALLYPORT_SECRET_ORDERS_DB` of `orders-db`.
fn secret_variable(name: &str) -> String {
    format!("SALLYPORT_SECRET_{}", name.to_uppercase().replace('-', "_"))
}

/// The part of a catalogue file that a Postgres target needs.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    person: Vec<Identity>,
    #[serde(default)]
    service: Vec<Identity>,
    #[serde(default)]
    system: Vec<System>,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(default)]
    accounts: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct System {
    key: String,
    connector: String,
    #[serde(default)]
    settings: Settings,
    #[serde(default)]
    entitlement: Vec<Entitlement>,
}

#[derive(Default, Deserialize)]
struct Settings {
    secret: Option<String>,
}

#[derive(Deserialize)]
struct Entitlement {
    native: String,
}

/// What the catalogue expects to find in Postgres.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// Roles that log in.
    accounts: BTreeSet<String>,
    /// The account of the first person in the catalogue who has one.
    example: Option<String>,
    /// Roles that are given and taken.
    roles: BTreeSet<String>,
    /// Names under which the server looks for the address.
    secrets: BTreeSet<String>,
}

impl Wanted {
    fn read(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        let entries =
            fs::read_dir(folder).with_context(|| format!("cannot read the demo catalogue `{}`", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let file = toml::from_str(&fs::read_to_string(&path)?)
                    .with_context(|| format!("cannot read `{}`", path.display()))?;
                files.push(file);
            }
        }
        Self::of(&files)
    }

    /// The files may name each other's systems, so all are needed at once.
    fn of(files: &[File]) -> Result<Self> {
        let mut wanted = Self::default();
        let mut keys = BTreeSet::new();
        for system in files.iter().flat_map(|file| &file.system) {
            if system.connector != "postgres" {
                continue;
            }
            keys.insert(system.key.as_str());
            let Some(secret) = &system.settings.secret else {
                bail!("the system `{}` of the demo names no secret", system.key);
            };
            wanted.secrets.insert(secret.clone());
            for entitlement in &system.entitlement {
                wanted.roles.insert(entitlement.native.clone());
            }
        }
        let accounts_of = |identity: &Identity| {
            let there = |(system, _): &(&String, &String)| keys.contains(system.as_str());
            identity.accounts.iter().filter(there).map(|(_, account)| account.clone()).collect::<Vec<_>>()
        };
        let people = files.iter().flat_map(|file| &file.person);
        let services = files.iter().flat_map(|file| &file.service);
        wanted.example = people.clone().flat_map(accounts_of).next();
        wanted.accounts = people.chain(services).flat_map(accounts_of).collect();
        let twice = wanted.accounts.intersection(&wanted.roles).next();
        ensure!(
            twice.is_none(),
            "`{}` is an account and an entitlement of the demo at once",
            twice.map_or("", String::as_str)
        );
        Ok(wanted)
    }

    /// Everything that is to be made in the empty database.
    fn sql(&self, password: &str) -> String {
        let fixed = ROLES.into_iter();
        let roles: BTreeSet<&str> = self.roles.iter().map(String::as_str).chain(fixed).collect();
        let mut sql = format!(
            "create role {CONNECTOR} login createrole password {};\n\
             grant pg_signal_backend to {CONNECTOR};\n",
            literal(password)
        );
        for role in roles {
            let role = identifier(role);
            // Writing to a string cannot fail.
            let _ = writeln!(sql, "create role {role} nologin;");
            let _ = writeln!(sql, "grant {role} to {CONNECTOR} with admin option;");
        }
        for account in &self.accounts {
            let account = identifier(account);
            let password = literal(PASSWORD);
            let _ = writeln!(sql, "create role {account} login password {password};");
        }
        sql.push_str(include_str!("demo.sql"));
        sql
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::programs_for_tests;

    const PEOPLE: &str = r#"
        [[person]]
        key = "maya.lindqvist"
        name = "Maya Lindqvist"
        accounts = { orders-db = "maya_l", wiki = "maya" }

        [[service]]
        key = "svc.invoice-runner"
        accounts = { orders-db = "svc_invoice" }

        [[person]]
        key = "jonas.berg"
    "#;

    const SYSTEMS: &str = r#"
        [[system]]
        key = "orders-db"
        connector = "postgres"
        settings = { secret = "orders-db" }
          [[system.entitlement]]
          key = "read"
          native = "orders_read"
          [[system.entitlement]]
          key = "audit"
          native = "orders audit"

        [[system]]
        key = "wiki"
        connector = "manual"
          [[system.entitlement]]
          key = "edit"
          native = "Editors"
    "#;

    fn wanted() -> Result<Wanted> {
        Wanted::of(&[toml::from_str(PEOPLE)?, toml::from_str(SYSTEMS)?])
    }

    fn set(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn wants_what_the_catalogue_says_about_postgres_and_nothing_else() -> Result<()> {
        assert_eq!(
            wanted()?,
            Wanted {
                accounts: set(&["maya_l", "svc_invoice"]),
                example: Some("maya_l".to_owned()),
                roles: set(&["orders audit", "orders_read"]),
                secrets: set(&["orders-db"]),
            }
        );
        Ok(())
    }

    #[test]
    fn a_system_without_a_secret_is_named() -> Result<()> {
        let file = toml::from_str("system = [{ key = \"x\", connector = \"postgres\" }]")?;
        let error = Wanted::of(&[file]).expect_err("the server could not reach it");
        assert_eq!(error.to_string(), "the system `x` of the demo names no secret");
        Ok(())
    }

    #[test]
    fn secrets_are_looked_up_as_the_server_does() {
        assert_eq!(secret_variable("orders-db"), "SALLYPORT_SECRET_ORDERS_DB");
    }

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
    }

    #[test]
    fn the_connector_gives_and_takes_what_an_account_can_do() -> Result<()> {
        let project = Project::find()?;
        for programs in programs_for_tests(&project)? {
            let target = Target { cluster: Cluster::start(&project, &programs, "xtask-demo")?, wanted: wanted()? };
            let superuser = target.cluster.superuser();
            let all = target.wanted.sql(superuser.password);
            target.cluster.sql(superuser, "postgres", "create database orders")?;
            target.cluster.sql(superuser, DATABASE, &all)?;
            let ask = |role: &str, sql: &str| target.cluster.sql(target.login(role), DATABASE, sql);

            let read = "select count(*) from orders.orders";
            let refused = ask("maya_l", read).expect_err("nothing was given yet");
            assert!(refused.to_string().contains("permission denied"), "{refused}");
            ask(CONNECTOR, "grant orders_read to maya_l")?;
            assert_eq!(ask("maya_l", read)?.trim(), "6");
            ask("maya_l", "update orders.orders set state = 'sent'").expect_err("reading is not writing");
            ask(CONNECTOR, "revoke orders_read from maya_l")?;
            ask("maya_l", read).expect_err("it was taken again");
            ask(CONNECTOR, "grant \"orders audit\" to svc_invoice")?;

            ask(CONNECTOR, "grant payments_read to maya_l")?;
            assert_eq!(ask("maya_l", "select sum(cents) from payments.payments")?.trim(), "16330");
            ask("maya_l", "select iban from payments.payments").expect_err("that is the export");
            ask(CONNECTOR, "grant payments_export to maya_l")?;
            ask("maya_l", "select iban from payments.payments")?;
        }
        Ok(())
    }
}
