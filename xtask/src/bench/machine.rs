//! The machine on which something was measured.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::run;

/// What a reader must know of a machine to understand its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// How many threads it runs at once.
    pub cores: usize,
    /// Its processor, as that calls itself.
    pub processor: String,
    /// Its memory, in bytes.
    pub memory: u64,
    /// Its kernel.
    pub kernel: String,
    /// The Rust that built what was measured.
    pub rust: String,
}

impl Machine {
    /// This machine.
    pub fn this() -> Result<Self> {
        let unknown = || "unknown".to_owned();
        Ok(Self {
            cores: available_parallelism()?.get(),
            processor: field(&fs::read_to_string("/proc/cpuinfo")?, "model name").map_or_else(unknown, str::to_owned),
            memory: field(&fs::read_to_string("/proc/meminfo")?, "MemTotal").and_then(bytes).unwrap_or_default(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            rust: run::read(Command::new("rustc").arg("--version"))?.trim().to_owned(),
        })
    }

    /// It in one line.
    pub fn says(&self) -> String {
        let Self { cores, processor, memory, kernel, rust } = self;
        let gibibytes = memory / 1024 / 1024 / 1024;
        format!("{cores} cores of {processor}, {gibibytes} GiB of memory, Linux {kernel}, {rust}")
    }
}

/// What stands behind the first line of this name.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (this, value) = line.split_once(':')?;
        (this.trim() == name).then(|| value.trim())
    })
}

fn bytes(kibibytes: &str) -> Option<u64> {
    let kibibytes: u64 = kibibytes.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_tells() {
        let cpus = "processor\t: 0\nmodel name\t: A Fast One @ 2.0GHz\nprocessor\t: 1\nmodel name\t: Another\n";
        assert_eq!(field(cpus, "model name"), Some("A Fast One @ 2.0GHz"));
        assert_eq!(field(cpus, "model"), None);
        let memory = "MemTotal:        4096000 kB\nMemFree:          12 kB\n";
        assert_eq!(field(memory, "MemTotal").and_then(bytes), Some(4_194_304_000));
    }
}
