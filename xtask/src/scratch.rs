//! Folders for tests that write files.

use std::path::PathBuf;
use std::process::id;
use std::{env, fs};

use anyhow::Result;

/// A folder for one test, gone when the test is over.
pub struct Scratch(PathBuf);

impl Scratch {
    /// `name` is the test's own.
    pub fn new(name: &str) -> Result<Self> {
        let folder = env::temp_dir().join(format!("xtask-{name}-{}", id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    /// A place inside.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that stays behind in the temporary folder harms nobody.
        drop(fs::remove_dir_all(&self.0));
    }
}
