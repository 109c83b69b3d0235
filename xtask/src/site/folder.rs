//! A folder that holds exactly what it should: written only where something changed, with a compressed twin beside
//! each file that gets smaller. What did not change is not touched, so cargo builds nothing again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;

use crate::project::Build;

/// Makes `folder` hold `files` and their compressed twins, and nothing else.
pub fn bring_up_to_date(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>, build: Build) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut wanted = BTreeSet::new();
    for (file, content) in files {
        let place = folder.join(file);
        wanted.insert(file.clone());
        let twin = compressed_twin(file);
        let has_twin = gets_smaller(file);
        if has_twin {
            wanted.insert(twin.clone());
        }
        let known = fs::read(&place).is_ok_and(|there| &there == content);
        if has_twin && !(known && folder.join(&twin).exists()) {
            write(&folder.join(&twin), &compress(content, build)?)?;
        }
        if !known {
            write(&place, content)?;
        }
    }
    for there in files_below(folder)? {
        if !wanted.contains(&there) {
            fs::remove_file(folder.join(&there))?;
        }
    }
    Ok(())
}

/// `style.css.br` of `style.css`.
pub fn compressed_twin(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

/// Every file below a folder, by its path in there.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(next) = folders.pop() {
        let here = folder.join(&next);
        let entries = fs::read_dir(&here).with_context(|| format!("cannot read `{}`", here.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = next.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Pictures and fonts are compressed already; the manifest is read by the server only.
fn gets_smaller(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("wasm" | "js" | "css" | "svg" | "txt" | "webmanifest" | "xml"))
}

fn compress(content: &[u8], build: Build) -> Result<Vec<u8>> {
    let options = BrotliEncoderParams {
        quality: match build {
            Build::Dev => 5,
            Build::Release => 11,
        },
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut small, &options)?;
    Ok(small)
}

/// A file appears whole or not at all, also for a server that reads it just now.
fn write(place: &Path, content: &[u8]) -> Result<()> {
    let half = place.with_extension("half");
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&half, content).with_context(|| format!("cannot write `{}`", half.display()))?;
    fs::rename(&half, place)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn files(of: &[(&str, &str)]) -> BTreeMap<PathBuf, Vec<u8>> {
        of.iter().map(|(path, content)| (PathBuf::from(path), content.as_bytes().to_vec())).collect()
    }

    fn names(folder: &Path) -> Result<Vec<String>> {
        Ok(files_below(folder)?.iter().map(|file| file.to_string_lossy().into_owned()).collect())
    }

    #[test]
    fn holds_what_it_should_and_nothing_else() -> Result<()> {
        let scratch = Scratch::new("folder-exact")?;
        let site = scratch.path("site");
        bring_up_to_date(&site, &files(&[("old-1.css", "a{}"), ("snippets/x/inline0.js", "x()")]), Build::Dev)?;
        bring_up_to_date(
            &site,
            &files(&[("new-2.css", "b{}"), ("face.png", "png"), ("manifest.json", "{}")]),
            Build::Dev,
        )?;
        assert_eq!(names(&site)?, ["face.png", "manifest.json", "new-2.css", "new-2.css.br"]);
        Ok(())
    }

    #[test]
    fn does_not_touch_what_did_not_change() -> Result<()> {
        let scratch = Scratch::new("folder-untouched")?;
        let site = scratch.path("site");
        let wanted = files(&[("style.css", "a{color:red}")]);
        bring_up_to_date(&site, &wanted, Build::Dev)?;
        let times = |site: &Path| -> Result<Vec<_>> {
            files_below(site)?.iter().map(|file| Ok(site.join(file).metadata()?.modified()?)).collect()
        };
        let before = times(&site)?;
        bring_up_to_date(&site, &wanted, Build::Dev)?;
        assert_eq!(times(&site)?, before);
        Ok(())
    }

    #[test]
    fn the_twin_follows_the_content_and_reads_the_same() -> Result<()> {
        let scratch = Scratch::new("folder-twin")?;
        let site = scratch.path("site");
        for content in ["a{color:red}", "a{color:blue}"] {
            bring_up_to_date(&site, &files(&[("style.css", content)]), Build::Release)?;
            let mut plain = Vec::new();
            brotli::BrotliDecompress(&mut fs::File::open(site.join("style.css.br"))?, &mut plain)?;
            assert_eq!(String::from_utf8(plain)?, content);
        }
        Ok(())
    }
}
