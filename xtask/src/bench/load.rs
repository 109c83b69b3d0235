//! The load: wrk, over eight connections, told by a script what browsers would send.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::client::Line;
use super::process::{Process, Running};
use super::report::real;
use crate::run;

const SCRIPT: &str = include_str!("drive.lua");
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Again and again, from the first to the last.
    Pages,
    /// Each form once; the load ends with the last one.
    Forms,
}

/// The load tool, and how long it works.
pub struct Tool {
    /// wrk.
    pub program: PathBuf,
    /// Where it finds what to send.
    pub folder: PathBuf,
    /// How long it sends.
    pub seconds: u32,
}

/// What was found out under a load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// How many were answered well, in one second.
    pub per_second: f64,
    /// Half of the answers came within so many milliseconds,
    pub p50_ms: f64,
    /// and of a hundred all but one.
    pub p99_ms: f64,
    /// How many were answered, in all.
    pub answered: u64,
    /// Of these, how many with a status that means an error; and those that were not answered.
    pub failed: u64,
    /// How many forms were turned away.
    pub refused: u64,
    /// Whether there was nothing left to send before the time was over.
    pub ran_out: bool,
    /// The processor's milliseconds for each, with all that followed from it.
    pub cpu_ms: Option<f64>,
    /// How much of one core the load tool took, of 1.
    pub tool: f64,
}

/// What came of a load.
pub struct Driven {
    /// Its figures.
    pub load: Load,
    /// Some of the forms that were turned away, and where that led to.
    pub refusals: Vec<Told>,
    /// Some of the others.
    pub samples: Vec<Told>,
    /// The most memory that was seen, in bytes.
    pub resident: u64,
}

/// Where one form led.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// Which of the lines it was, counted from 0.
    pub line: usize,
    /// Where it led.
    pub location: String,
}

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Outcome {
    requests: u64,
    failed: u64,
    broken: u64,
    refused: u64,
    took_us: u64,
    p50_us: u64,
    p99_us: u64,
    exhausted: bool,
    refusals: Vec<String>,
    samples: Vec<String>,
}

impl Tool {
    /// Sends these lines to the portal at `origin`, and looks at its process where that is on this machine.
    pub fn drive(&self, origin: &str, lines: &[Line], sends: Sends, watched: Option<Process>) -> Result<Driven> {
        ensure!(!lines.is_empty(), "there is nothing to send");
        let (script, file) = (self.folder.join("drive.lua"), self.folder.join("lines"));
        fs::write(&script, SCRIPT)?;
        fs::write(&file, written(lines))?;
        if let Some(process) = watched {
            process.rest()?;
        }
        let before = watched.and_then(Process::cpu);
        let mut wrk = Running::start(&mut self.command(origin, &script, &file, sends))?;
        let (tool, resident) = wait(&mut wrk, watched)?;
        let mut says = String::new();
        wrk.child().stdout.take().context("wrk says nothing")?.read_to_string(&mut says)?;
        if let Some(process) = watched {
            process.rest()?;
        }
        let cpu = watched.and_then(Process::cpu).zip(before).map(|(after, before)| after.saturating_sub(before));
        let outcome = Outcome::of(&says)?;
        let load = outcome.load(tool, cpu);
        Ok(Driven { load, refusals: told(&outcome.refusals), samples: told(&outcome.samples), resident })
    }

    fn command(&self, origin: &str, script: &Path, lines: &Path, sends: Sends) -> Command {
        let mut wrk = Command::new(&self.program);
        wrk.args(["-t1", "-c8", "--timeout", "30s", &format!("-d{}s", self.seconds), "-s"])
            .arg(script)
            .arg(origin)
            .env("SALLYPORT_BENCH_LINES", lines)
            .env("SALLYPORT_BENCH_SENDS", sends.word())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        wrk
    }
}

impl Sends {
    fn word(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Forms => "forms",
        }
    }
}

/// Waits until wrk is done; its own processor time, and the most memory that the other had meanwhile.
fn wait(wrk: &mut Running, watched: Option<Process>) -> Result<(Duration, u64)> {
    let process = wrk.process();
    let (mut tool, mut most) = (Duration::ZERO, 0);
    loop {
        run::go_on()?;
        // Once it is waited for, nobody can tell any more what it took.
        tool = process.cpu().unwrap_or(tool);
        most = watched.and_then(Process::resident).unwrap_or(0).max(most);
        if let Some(status) = wrk.child().try_wait()? {
            ensure!(status.success(), "wrk failed ({status})");
            return Ok((tool, most));
        }
        sleep(LOOK_EVERY);
    }
}

fn written(lines: &[Line]) -> String {
    lines
        .iter()
        .map(|Line { path, page, cookie, form }| {
            let method = if form.is_some() { "POST" } else { "GET" };
            format!("{method}\t{path}\t{page}\t{cookie}\t{}\n", form.as_deref().unwrap_or_default())
        })
        .collect::<Vec<_>>()
        .concat()
}

impl Outcome {
    /// Finds the script's line behind what wrk says by itself.
    fn of(says: &str) -> Result<Self> {
        let line = says.lines().rev().find(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("wrk did not say what came of it:\n{says}"))?;
        serde_json::from_str(line).with_context(|| format!("what wrk says cannot be read:\n{line}"))
    }

    fn load(&self, tool: Duration, cpu: Option<Duration>) -> Load {
        let seconds = real(self.took_us.max(1)) / 1e6;
        let done = self.requests.saturating_sub(self.failed + self.refused);
        Load {
            per_second: real(done) / seconds,
            p50_ms: real(self.p50_us) / 1e3,
            p99_ms: real(self.p99_us) / 1e3,
            answered: self.requests,
            failed: self.failed + self.broken,
            refused: self.refused,
            ran_out: self.exhausted,
            cpu_ms: cpu.map(|cpu| cpu.as_secs_f64() * 1e3 / real(self.requests.max(1))),
            tool: tool.as_secs_f64() / seconds,
        }
    }
}

/// `12 /requests/…`, where the first is counted from 1.
fn told(texts: &[String]) -> Vec<Told> {
    let one = |text: &String| {
        let (line, location) = text.split_once(' ')?;
        Some(Told { line: line.parse::<usize>().ok()?.checked_sub(1)?, location: location.to_owned() })
    };
    texts.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAYS: &str = "Running 3s test @ http://127.0.0.1:18999\n\
        \x20 1493 requests in 3.00s, 248.00KB read\n\
        Requests/sec:    497.64\n\
        {\"requests\":1000,\"failed\":100,\"broken\":2,\"refused\":400,\"took_us\":500000,\"p50_us\":793,\"p99_us\":5142,\
        \"exhausted\":true,\"refusals\":[\"9 /ask/x?kept=ab\"],\"samples\":[\"3 /requests/2\",\"0 /x\"]}\n";

    #[test]
    fn only_what_was_done_counts() -> Result<()> {
        let load = Outcome::of(SAYS)?.load(Duration::from_millis(100), Some(Duration::from_secs(2)));
        assert_eq!(format!("{:.1} {:.3} {:.3}", load.per_second, load.p50_ms, load.p99_ms), "1000.0 0.793 5.142");
        assert_eq!((load.answered, load.failed, load.refused, load.ran_out), (1000, 102, 400, true));
        assert_eq!(format!("{:?} {:.1}", load.cpu_ms, load.tool), "Some(2.0) 0.2");
        Ok(())
    }

    #[test]
    fn a_form_is_known_by_its_line() -> Result<()> {
        let outcome = Outcome::of(SAYS)?;
        assert_eq!(told(&outcome.refusals), [Told { line: 8, location: "/ask/x?kept=ab".to_owned() }]);
        assert_eq!(told(&outcome.samples), [Told { line: 2, location: "/requests/2".to_owned() }]);
        Ok(())
    }

    #[test]
    fn a_tool_that_says_nothing_is_told_of() {
        let error = Outcome::of("unable to connect").expect_err("no JSON");
        assert_eq!(error.to_string(), "wrk did not say what came of it:\nunable to connect");
    }

    #[test]
    fn the_script_reads_a_line_for_each() {
        let line = |form: Option<&str>| Line {
            path: "/p".to_owned(),
            page: "/".to_owned(),
            cookie: "c=1".to_owned(),
            form: form.map(str::to_owned),
        };
        assert_eq!(written(&[line(None), line(Some("a=1"))]), "GET\t/p\t/\tc=1\t\nPOST\t/p\t/\tc=1\ta=1\n");
    }
}
