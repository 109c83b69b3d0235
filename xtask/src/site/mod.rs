//! The site: the folder of files that the server embeds and the browser loads, all named after their content.

mod browser;
mod folder;
mod style;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::project::{Build, Project};
use crate::steps::Steps;

/// How many steps it takes to build the site.
pub const STEPS: usize = 3;

/// What the first visit may load, compressed, in bytes: more is felt on a slow line.
const BUDGET: usize = 180_000;

/// Builds all of it, brings the site folder up to date, and says what travels on a first visit.
pub fn build(project: &Project, build: Build, steps: &Steps) -> Result<FirstLoad> {
    let wasm = steps.loud("building the browser part", || browser::compile(project, build))?;
    let glued = steps.quiet("joining it to JavaScript", || browser::join(&wasm, build))?;
    let load = steps.quiet("style, pictures, compression", || {
        let style = style::bundle(&project.path("style/main.css"))?;
        let pictures = read_all(&project.path("style/static"))?;
        let site = Site::assemble(glued, &style, pictures);
        let folder = project.site(build);
        folder::bring_up_to_date(&folder, &site.files, build)?;
        site.first_load(&folder)
    })?;
    eprintln!("      {load}");
    if build == Build::Release {
        load.must_fit()?;
    }
    Ok(load)
}

/// Everything the site folder holds, but for the compressed twins.
struct Site {
    files: BTreeMap<PathBuf, Vec<u8>>,
    wasm: String,
    js: String,
    css: String,
    snippets: Vec<PathBuf>,
}

impl Site {
    fn assemble(glued: browser::Glued, style: &str, pictures: BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let wasm = hashed("frontend", "wasm", &glued.wasm);
        let js = hashed("frontend", "js", glued.js.as_bytes());
        let css = hashed("style", "css", style.as_bytes());
        let manifest = serde_json::json!({ "js": js, "wasm": wasm, "css": css });

        let mut files = pictures;
        let snippets = glued.snippets.keys().cloned().collect();
        files.extend(glued.snippets);
        files.insert(wasm.clone().into(), glued.wasm);
        files.insert(js.clone().into(), glued.js.into_bytes());
        files.insert(css.clone().into(), style.as_bytes().to_vec());
        files.insert("manifest.json".into(), format!("{manifest:#}\n").into_bytes());
        Self { files, wasm, js, css, snippets }
    }

    fn first_load(&self, folder: &Path) -> Result<FirstLoad> {
        let sent = |file: &Path| -> Result<usize> {
            let twin = folder.join(folder::compressed_twin(file));
            let about = fs::metadata(&twin).with_context(|| format!("no `{}`", twin.display()))?;
            Ok(usize::try_from(about.len())?)
        };
        let mut js = sent(Path::new(&self.js))?;
        for snippet in &self.snippets {
            js += sent(snippet)?;
        }
        Ok(FirstLoad { wasm: sent(Path::new(&self.wasm))?, js, css: sent(Path::new(&self.css))? })
    }
}

/// What travels on the first visit, in compressed bytes.
pub struct FirstLoad {
    wasm: usize,
    js: usize,
    css: usize,
}

impl FirstLoad {
    /// All of it.
    pub fn total(&self) -> usize {
        self.wasm + self.js + self.css
    }

    fn must_fit(&self) -> Result<()> {
        ensure!(
            self.total() <= BUDGET,
            "the first load may be {} and is {}: an island that needs less, or a page without one, makes it smaller",
            kilobytes(BUDGET),
            kilobytes(self.total()),
        );
        Ok(())
    }
}

impl std::fmt::Display for FirstLoad {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "first load {}, compressed (wasm {}, js {}, css {})",
            kilobytes(self.total()),
            kilobytes(self.wasm),
            kilobytes(self.js),
            kilobytes(self.css),
        )
    }
}

/// One decimal, without a detour over floating point.
fn kilobytes(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100);
    format!("{}.{} kB", tenths / 10, tenths % 10)
}

/// `style-3f2a….css`: a name that changes exactly when the content does, so browsers may keep the file for ever.
fn hashed(stem: &str, extension: &str, content: &[u8]) -> String {
    // Sixteen digits are plenty to tell two builds apart.
    let hash = &hex::encode(Sha256::digest(content))[..16];
    format!("{stem}-{hash}.{extension}")
}

/// Every file below a folder, by its path in there; nothing when there is no such folder.
fn read_all(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if folder.exists() {
        for file in folder::files_below(folder)? {
            let content = fs::read(folder.join(&file))?;
            files.insert(file, content);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glued(wasm: &[u8]) -> browser::Glued {
        browser::Glued { js: "export default load;".to_owned(), wasm: wasm.to_vec(), snippets: BTreeMap::new() }
    }

    #[test]
    fn names_change_exactly_with_the_content() {
        let one = Site::assemble(glued(b"one"), "a{}", BTreeMap::new());
        let same = Site::assemble(glued(b"one"), "a{}", BTreeMap::new());
        let other = Site::assemble(glued(b"other"), "a{}", BTreeMap::new());
        assert_eq!(one.wasm, same.wasm);
        assert_ne!(one.wasm, other.wasm);
        assert_eq!(one.js, other.js);
        assert_eq!(one.css, "style-5f546eb4606b5c2b.css");
    }

    #[test]
    fn the_manifest_names_the_three_files() -> Result<()> {
        let site = Site::assemble(glued(b"one"), "a{}", BTreeMap::new());
        let manifest: serde_json::Value = serde_json::from_slice(&site.files[Path::new("manifest.json")])?;
        assert_eq!(manifest["js"], site.js);
        assert_eq!(manifest["wasm"], site.wasm);
        assert_eq!(manifest["css"], site.css);
        Ok(())
    }

    #[test]
    fn a_first_load_over_the_budget_is_refused() -> Result<()> {
        let load = |js| FirstLoad { wasm: 160_000, js, css: 10_000 };
        load(10_000).must_fit()?;
        let error = load(10_001).must_fit().expect_err("one byte too many");
        assert!(error.to_string().contains("may be 180.0 kB and is 180.1 kB"), "{error}");
        Ok(())
    }

    #[test]
    fn sizes_are_never_rounded_down() {
        assert_eq!(kilobytes(180_000), "180.0 kB");
        assert_eq!(kilobytes(180_001), "180.1 kB");
        assert_eq!(kilobytes(0), "0.0 kB");
    }
}
