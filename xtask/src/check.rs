//! `cargo xtask check`: what can be known without running the portal.

use anyhow::{Result, ensure};

use crate::project::{Build, Project};
use crate::steps::Steps;
use crate::{licences, migration, run, tools};

const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];

/// How many steps this takes.
pub const STEPS: usize = 11;

/// All checks, as a command of their own.
pub fn alone(project: &Project) -> Result<()> {
    let steps = Steps::new(1 + STEPS);
    steps.loud("looking for make and the browser target of Rust", tools::for_building)?;
    check(project, &steps)?;
    eprintln!("all checks hold, after {}", steps.time());
    Ok(())
}

/// All checks, in the order of their cost.
pub fn check(project: &Project, steps: &Steps) -> Result<()> {
    let cargo = |words: &[&str]| run::show(project.cargo(Build::Dev).args(words));
    // Cargo unifies features: each package is looked at on its own target, never all at once.
    let clippy = |words: &[&str]| {
        run::show(project.cargo(Build::Dev).arg("clippy").args(words).args(["--", "--deny", "warnings"]))
    };

    steps.quiet("formatting", || cargo(&["fmt", "--all", "--check"]))?;
    steps.quiet("migrations have the same names", || migration::hold_the_same_names(project))?;
    steps.quiet("nothing of the server reaches the browser", || {
        must_not_reach(project, "frontend", &WASM, &["operations", "store", "sqlx", "tokio"])
    })?;
    steps.quiet("pages reach the database only on the server", || {
        must_not_reach(project, "app", &[], &["operations", "store", "sqlx"])
    })?;
    steps.quiet("licences and sources", || licences::check(project))?;
    steps.loud("the rules compile for the browser", || cargo(&["check", "--package", "domain", WASM[0], WASM[1]]))?;
    steps.loud("lints: rules, store, operations", || {
        clippy(&["--package", "domain", "--package", "store", "--package", "operations", "--all-targets"])
    })?;
    steps.loud("lints: pages, as the server sees them", || {
        clippy(&["--package", "app", "--features", "ssr", "--all-targets"])
    })?;
    steps.loud("lints: server, floors", || clippy(&["--package", "server", "--package", "floors", "--all-targets"]))?;
    // With `frontend` beside it `app` has the features that the browser gives it.
    steps.loud("lints: pages and browser part, as the browser sees them", || {
        clippy(&["--package", "frontend", "--package", "app", WASM[0], WASM[1]])
    })?;
    steps.loud("lints: build tool", || clippy(&["--package", "xtask", "--all-targets"]))
}

/// Walks everything that a package is built from, and fails when one of the `forbidden` is among it.
fn must_not_reach(project: &Project, package: &str, target: &[&str], forbidden: &[&str]) -> Result<()> {
    // Macros run on the machine that builds: what they use does not travel.
    let tree = run::read(project.cargo(Build::Dev).args(["tree", "--package", package]).args(target).args([
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
    ]))?;
    let found = forbidden_in(&tree, forbidden);
    ensure!(
        found.is_empty(),
        "`{package}` must not be built from {}: look with `cargo tree --package {package} {} --invert {}`",
        found.join(", "),
        target.join(" "),
        found.first().unwrap_or(&""),
    );
    Ok(())
}

/// The forbidden names (and what belongs to them, as `sqlx-core` does to `sqlx`) in the output of `cargo tree`.
fn forbidden_in<'a>(tree: &'a str, forbidden: &[&str]) -> Vec<&'a str> {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| {
            forbidden.iter().any(|forbidden| {
                name.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "frontend v0.1.0 (/somewhere/frontend)\n\
        app v0.1.0 (/somewhere/app)\n\
        storey v2.0.0\n\
        sqlx-core v0.9.0\n\
        sqlx-core v0.9.0 (*)\n\
        tokio v1.49.0\n";

    #[test]
    fn finds_what_must_not_be_there_and_its_family() {
        assert_eq!(forbidden_in(TREE, &["sqlx", "tokio"]), ["sqlx-core", "tokio"]);
    }

    #[test]
    fn a_similar_name_is_another_package() {
        assert!(forbidden_in(TREE, &["store", "operations"]).is_empty());
    }
}
