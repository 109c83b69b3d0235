//! The browser part: compiled to WebAssembly and joined to the JavaScript that loads it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::folder;
use crate::project::{Build, Project};
use crate::run;

/// The browser part as wasm-bindgen leaves it.
pub struct Glued {
    /// The script that loads the program; the page tells it the program's address.
    pub js: String,
    /// The program.
    pub wasm: Vec<u8>,
    /// Scripts that libraries bring along, by the path under which the script looks for them.
    pub snippets: BTreeMap<PathBuf, Vec<u8>>,
}

/// Compiles `frontend` and returns where the program lies.
pub fn compile(project: &Project, build: Build) -> Result<PathBuf> {
    // In development the plain profile shares its macros and build scripts with the server.
    let profile = match build {
        Build::Dev => "dev",
        Build::Release => "wasm-release",
    };
    run::show(project.cargo(build).args([
        "build",
        "--package",
        "frontend",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        profile,
    ]))?;
    let folder = match build {
        Build::Dev => "debug",
        Build::Release => profile,
    };
    Ok(project.target(&format!("wasm32-unknown-unknown/{folder}/frontend.wasm")))
}

/// Makes the script that loads the program, and takes out of the program what only a debugger reads.
pub fn join(wasm: &Path, build: Build) -> Result<Glued> {
    let folder = wasm.with_extension("joined");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let release = build == Build::Release;
    Bindgen::new()
        .input_path(wasm)
        .out_name("frontend")
        .web(true)?
        .typescript(false)
        .keep_debug(false)
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(&folder)
        .with_context(|| {
            format!(
                "wasm-bindgen cannot join `{}`: its version in Cargo.toml and that of wasm-bindgen-cli-support in xtask/Cargo.toml must be the same",
                wasm.display()
            )
        })?;

    let mut snippets = BTreeMap::new();
    for file in folder::files_below(&folder)? {
        if file.starts_with("snippets") {
            let content = fs::read(folder.join(&file))?;
            snippets.insert(file, content);
        }
    }
    Ok(Glued {
        js: fs::read_to_string(folder.join("frontend.js"))?,
        wasm: fs::read(folder.join("frontend_bg.wasm"))?,
        snippets,
    })
}
