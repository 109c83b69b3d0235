//! New migrations: one name, two empty files. Also says whether the two folders still hold the same names.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};

use crate::project::Project;

const FOLDERS: [&str; 2] = ["migrations/sqlite", "migrations/postgres"];

/// Makes the two empty files.
pub fn create(project: &Project, name: &str) -> Result<()> {
    let name = file_name(name, now())?;
    for folder in FOLDERS {
        let file = project.path(folder).join(&name);
        File::create_new(&file).with_context(|| format!("cannot make the file `{}`", file.display()))?;
        println!("{folder}/{name}");
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the build tool has no clock passed in; only this name depends on the time"
)]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn file_name(name: &str, now: DateTime<Utc>) -> Result<String> {
    ensure!(
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "`{name}` is no name for a migration: a–z, 0–9 and _, starting with a letter, such as `grants_remember_their_task`"
    );
    Ok(format!("{}_{name}.sql", now.format("%Y%m%d%H%M%S")))
}

/// Fails when one database has a migration that the other has not.
pub fn hold_the_same_names(project: &Project) -> Result<()> {
    let [sqlite, postgres] = FOLDERS;
    let difference = difference(&names_in(&project.path(sqlite))?, &names_in(&project.path(postgres))?);
    if difference.is_empty() {
        return Ok(());
    }
    bail!("every migration has one file for each database:\n{}", difference.join("\n"))
}

fn names_in(folder: &Path) -> Result<BTreeSet<String>> {
    fs::read_dir(folder)
        .with_context(|| format!("cannot read `{}`", folder.display()))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn difference(sqlite: &BTreeSet<String>, postgres: &BTreeSet<String>) -> Vec<String> {
    let lacks = |folder: &str, name: &String| format!("`{name}` is missing in {folder}");
    sqlite
        .difference(postgres)
        .map(|name| lacks("migrations/postgres", name))
        .chain(postgres.difference(sqlite).map(|name| lacks("migrations/sqlite", name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str]) -> BTreeSet<String> {
        of.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_starts_with_the_moment_it_was_made() -> Result<()> {
        let now = DateTime::from_timestamp(1_767_258_000, 0).context("a valid moment")?;
        assert_eq!(file_name("requests", now)?, "20260101090000_requests.sql");
        Ok(())
    }

    #[test]
    fn refuses_names_that_are_no_names() {
        let now = DateTime::UNIX_EPOCH;
        for name in ["", "Grants", "2_grants", "../grants", "grants remember"] {
            let error = file_name(name, now).expect_err(name);
            assert!(error.to_string().contains("is no name"), "{error}");
        }
    }

    #[test]
    fn says_which_database_lacks_a_migration() {
        let sqlite = names(&["1_a.sql", "2_b.sql"]);
        let postgres = names(&["1_a.sql", "3_c.sql"]);
        assert_eq!(
            difference(&sqlite, &postgres),
            ["`2_b.sql` is missing in migrations/postgres", "`3_c.sql` is missing in migrations/sqlite",]
        );
        assert!(difference(&sqlite, &sqlite).is_empty());
    }
}
