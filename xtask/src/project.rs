//! Where things lie in this workspace, and how its own programs are called.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::run;

/// How thoroughly something is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Quick to build, for development and tests.
    Dev,
    /// Small and fast, for people.
    Release,
}

impl Build {
    /// The folder in which cargo puts native programs, and the one in which the site lies.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// The workspace on this machine.
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the workspace that this build tool belongs to.
    pub fn find() -> Result<Self> {
        // At run time cargo says where this package lies; the other is right when the program is started by hand.
        let own = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
        let root = Path::new(&own).parent().context("the build tool lies in no workspace")?.to_path_buf();
        let metadata = run::read(bare_cargo(&root).args(["metadata", "--no-deps", "--format-version=1"]))?;
        let metadata: Metadata = serde_json::from_str(&metadata)?;
        Ok(Self { root, target: metadata.target_directory })
    }

    /// A file or folder of the workspace.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// A file or folder of what the build makes.
    pub fn target(&self, inside: &str) -> PathBuf {
        self.target.join(inside)
    }

    /// The folder that the server embeds: the browser part, the style, the pictures.
    pub fn site(&self, build: Build) -> PathBuf {
        self.target.join("site").join(build.folder())
    }

    /// The server's program.
    pub fn server(&self, build: Build) -> PathBuf {
        self.target.join(build.folder()).join(format!("sallyport{}", env::consts::EXE_SUFFIX))
    }

    /// Cargo in this workspace. Always with the same `SITE_PKG`, or the server would be built again for nothing.
    pub fn cargo(&self, build: Build) -> Command {
        let mut cargo = bare_cargo(&self.root);
        cargo.env("SITE_PKG", self.site(build));
        cargo
    }
}

#[derive(serde::Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

fn bare_cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(root);
    // `cargo run` describes the build tool in these; build scripts that watch them would run again each time.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}
