//! `cargo xtask test`: everything that must hold, the cheap things first, up to the first failure.

use anyhow::Result;
use clap::Args;

use crate::check;
use crate::e2e;
use crate::postgres::{TestClusters, programs_for_tests};
use crate::project::{Build, Project};
use crate::run;
use crate::site;
use crate::steps::Steps;
use crate::tools::{self, TestRunner};

/// What can be chosen.
#[derive(Args)]
pub struct Options {
    /// Many more rounds of the races and models
    #[arg(long)]
    long: bool,
    /// Only the Rust tests whose name, and the stories whose file name, holds one of these
    filter: Vec<String>,
}

/// Everything, in one go.
pub fn test(project: &Project, options: &Options) -> Result<()> {
    // A choice of tests has nothing to do with what travels to a browser.
    let weighs = options.filter.is_empty();
    let sites = if weighs { 2 } else { 1 };
    let steps = Steps::new(5 + check::STEPS + sites * site::STEPS + 3 + e2e::STEPS);
    steps.loud("looking for make and the browser target of Rust", tools::for_building)?;
    let browser = steps.loud("looking for Node and Chromium", || e2e::Tools::obtain(project, e2e::STORIES))?;
    steps.loud("looking for oathtool", tools::oathtool)?;
    let programs = steps.loud("looking for Postgres 15 and 18", || programs_for_tests(project))?;
    let runner = steps.loud("looking for cargo-nextest", || Ok(tools::test_runner(project)))?;
    check::check(project, &steps)?;
    // Before the Rust tests: the server embeds the site, and is built once for both.
    site::build(project, Build::Dev, &steps)?;
    let clusters = steps.quiet("starting throw-away Postgres clusters", || TestClusters::start(project, &programs))?;
    steps.loud("testing the portal", || {
        let packages = ["domain", "store", "operations", "app", "server", "floors"];
        rust_tests(project, runner, &packages, &clusters, options)
    })?;
    steps.loud("testing the build tool", || rust_tests(project, runner, &["xtask"], &clusters, options))?;
    if weighs {
        // What people get is smaller than what is tested here, and only that is held to what a first visit may load.
        site::build(project, Build::Release, &steps)?;
    }
    let stories = e2e::Options::only(&options.filter);
    e2e::tell_stories(project, &steps, &browser, &clusters, &stories)?;
    eprintln!("everything holds, after {}", steps.time());
    Ok(())
}

fn rust_tests(
    project: &Project,
    runner: TestRunner,
    packages: &[&str],
    clusters: &TestClusters,
    options: &Options,
) -> Result<()> {
    let mut cargo = project.cargo(Build::Dev);
    match runner {
        TestRunner::Nextest => {
            cargo.args(["nextest", "run"]);
            if options.long {
                cargo.args(["--profile", "long"]);
            }
            if !options.filter.is_empty() {
                cargo.arg("--no-tests=pass");
            }
        }
        TestRunner::Cargo => {
            cargo.arg("test");
        }
    }
    for package in packages {
        cargo.args(["--package", package]);
    }
    if runner == TestRunner::Cargo {
        cargo.arg("--");
    }
    cargo.args(&options.filter);
    if options.long {
        cargo.env("SALLYPORT_TEST_LONG", "1");
    }
    clusters.tell(&mut cargo);
    run::show(&mut cargo)
}
