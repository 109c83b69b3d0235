//! `cargo xtask e2e`: a person's stories, told to the built server through Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use clap::Args;

use crate::postgres::{TestClusters, programs_for_tests};
use crate::project::{Build, Project};
use crate::steps::Steps;
use crate::tools::Node;
use crate::{run, serve, site, tools};

/// What can be chosen.
#[derive(Args)]
pub struct Options {
    /// Only the specs whose file name holds one of these
    filter: Vec<String>,
    /// In a window that one can watch
    #[arg(long)]
    headed: bool,
}

/// Where the packages of the stories are named.
pub const STORIES: &str = "end2end";

/// The browser and what drives it.
pub struct Tools {
    folder: PathBuf,
    node: Node,
    chromium: PathBuf,
}

impl Tools {
    /// Finds or installs both, for the packages that are named in this folder.
    pub fn obtain(project: &Project, folder: &str) -> Result<Self> {
        Ok(Self { folder: project.path(folder), node: Node::obtain(project)?, chromium: tools::chromium()? })
    }

    /// Installs what package.json names, unless it is there.
    pub fn get_packages(&self) -> Result<()> {
        if packages_are_current(&self.folder) {
            return Ok(());
        }
        install_packages(&self.node, &self.folder)
    }

    /// Runs a script of one of these packages, in their folder.
    pub fn script(&self, script: &str) -> Command {
        let mut command = self.node.script(&self.folder.join("node_modules").join(script));
        command.current_dir(&self.folder);
        command
    }

    /// The browser.
    pub fn chromium(&self) -> &Path {
        &self.chromium
    }
}

/// How many steps the stories take, once the site is built and the clusters run.
pub const STEPS: usize = 4;

/// The stories, as a command of their own.
pub fn alone(project: &Project, options: &Options) -> Result<()> {
    let steps = Steps::new(4 + site::STEPS + 1 + STEPS);
    steps.loud("looking for make and the browser target of Rust", tools::for_building)?;
    let tools = steps.loud("looking for Node and Chromium", || Tools::obtain(project, STORIES))?;
    let programs = steps.loud("looking for Postgres 15 and 18", || programs_for_tests(project))?;
    steps.loud("looking for oathtool", tools::oathtool)?;
    site::build(project, Build::Dev, &steps)?;
    let clusters = steps.quiet("starting throw-away Postgres clusters", || TestClusters::start(project, &programs))?;
    tell_stories(project, &steps, &tools, &clusters, options)?;
    eprintln!("all stories were told, after {}", steps.time());
    Ok(())
}

/// The stories, after everything they need is there.
pub fn tell_stories(
    project: &Project,
    steps: &Steps,
    tools: &Tools,
    clusters: &TestClusters,
    options: &Options,
) -> Result<()> {
    steps.loud("building the server", || serve::build_server(project, Build::Dev))?;
    steps.quiet("getting Playwright", || tools.get_packages())?;
    steps.quiet("checking the types of the stories", || {
        run::read(tools.script("typescript/bin/tsc").args(["--noEmit", "--project", "."])).map(drop)
    })?;
    steps.loud("telling the stories in Chromium", || {
        let mut command = tools.script("@playwright/test/cli.js");
        command
            .arg("test")
            .args(&options.filter)
            .args((!options.filter.is_empty()).then_some("--pass-with-no-tests"))
            .args(options.headed.then_some("--headed"))
            .env("SALLYPORT_BIN", project.server(Build::Dev))
            .env("CHROMIUM", tools.chromium());
        clusters.tell(&mut command);
        run::show(&mut command)
    })
}

impl Options {
    /// The stories that go with a choice of Rust tests.
    pub fn only(filter: &[String]) -> Self {
        Self { filter: filter.to_vec(), headed: false }
    }
}

/// npm writes this file last.
fn packages_are_current(folder: &Path) -> bool {
    let time = |name: &str| fs::metadata(folder.join(name)).and_then(|about| about.modified());
    let Ok(installed) = time("node_modules/.package-lock.json") else {
        return false;
    };
    ["package.json", "package-lock.json"].into_iter().all(|name| time(name).is_ok_and(|changed| changed <= installed))
}

fn install_packages(node: &Node, folder: &Path) -> Result<()> {
    run::read(
        node.npm()
            .current_dir(folder)
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            // The machine's own Chromium tells the stories.
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )
    .map(drop)
    .with_context(|| format!("npm cannot install what {} names", folder.join("package.json").display()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn packages_are_installed_again_when_the_list_is_younger() -> Result<()> {
        let scratch = Scratch::new("e2e-packages")?;
        let folder = scratch.path("end2end");
        fs::create_dir_all(folder.join("node_modules"))?;
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let write = |name: &str, minutes: u64| -> Result<()> {
            let file = fs::File::create(folder.join(name))?;
            Ok(file.set_modified(long_ago + Duration::from_secs(60 * minutes))?)
        };
        write("package.json", 1)?;
        write("package-lock.json", 2)?;
        assert!(!packages_are_current(&folder), "nothing is installed");
        write("node_modules/.package-lock.json", 3)?;
        assert!(packages_are_current(&folder));
        write("package.json", 4)?;
        assert!(!packages_are_current(&folder));
        Ok(())
    }
}
