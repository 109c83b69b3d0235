//! Programs that run while something is measured: they are stopped when the value goes that stands for them, and Linux tells what they take
//! of the machine.

use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::run;

/// Linux tells programs processor time in hundredths of a second.
const TICKS_A_SECOND: u32 = 100;

/// How long a program may go on with what follows from an act.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that does less than this in that time has nothing to do.
const IDLE: Duration = Duration::from_millis(20);
const A_WHILE: Duration = Duration::from_millis(500);

/// A program that we started; it is stopped when this value goes.
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(run::start(command)?))
    }

    /// It, to wait for.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// It, to look at.
    pub fn process(&self) -> Process {
        Process(self.0.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = run::stop(&mut self.0) {
            eprintln!("process {} cannot be stopped: {error}", self.0.id());
        }
    }
}

/// A process on this machine.
#[derive(Clone, Copy)]
pub struct Process(u32);

impl Process {
    /// The processor time it has taken so far; `None` once it is gone.
    pub fn cpu(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        ticks(&stat).map(|ticks| Duration::from_secs(ticks) / TICKS_A_SECOND)
    }

    /// The bytes of memory it has now; `None` once it is gone.
    pub fn resident(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        resident(&status)
    }

    /// Waits until it has done what follows from what was sent to it, but not for ever: whether it rests now.
    pub fn rest(self) -> Result<bool> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            run::go_on()?;
            let before = self.cpu();
            sleep(A_WHILE);
            let busy = before.zip(self.cpu()).is_some_and(|(before, now)| now.saturating_sub(before) > IDLE);
            if !busy {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// User and system time in a `/proc/PID/stat`.
fn ticks(stat: &str) -> Option<u64> {
    // The program's name comes before and may hold anything, brackets and spaces too.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// What stands under `VmRSS` in a `/proc/PID/status`, in bytes.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::process::id;

    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "812 (a) b (c) S 1 812 812 0 -1 4194304 2563 0 1 0 1234 66 0 0 20 0 4 0 9 0 0 0";
        assert_eq!(ticks(stat), Some(1300));
        assert_eq!(ticks("812 (sh) S 1"), None);
        assert_eq!(ticks(""), None);
    }

    #[test]
    fn memory_is_what_is_resident() {
        assert_eq!(resident("Name:\tsh\nVmPeak:\t    9999 kB\nVmRSS:\t    1532 kB\n"), Some(1532 * 1024));
        assert_eq!(resident("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn a_process_that_is_gone_takes_nothing() {
        assert!(Process(id()).resident().is_some_and(|bytes| bytes > 0), "we are here");
        let nobody = Process(65_535_000);
        assert_eq!((nobody.cpu(), nobody.resident()), (None, None));
    }

    #[test]
    fn what_was_started_is_stopped() -> Result<()> {
        let running = Running::start(Command::new("sleep").arg("600"))?;
        let process = running.process();
        assert!(process.cpu().is_some(), "it runs");
        drop(running);
        assert!(process.cpu().is_none(), "it still runs");
        Ok(())
    }
}
