//! Runs other programs, says what failed, and stops them when the developer presses Ctrl-C.

use std::fmt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The developer asked to stop: what is under way ends, and what was started is stopped.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// From here on Ctrl-C (and a polite kill) only raises a flag, so that throw-away clusters are stopped on the way out.
pub fn listen_for_ctrl_c() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst)).context("cannot listen for Ctrl-C")
}

/// Fails once the developer has asked to stop.
pub fn go_on() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!(Interrupted);
    }
    Ok(())
}

/// Runs a program whose output the developer wants to see as it comes.
pub fn show(command: &mut Command) -> Result<()> {
    let mut child = start(command)?;
    let status = wait(&mut child)?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a short program and returns what it printed; its output is shown only when it fails.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{}`", line(command)))?;
    go_on()?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({})\n{}{}",
            line(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed something that is not text", line(command)))
}

/// Whether a program is there and says yes.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Starts a program that runs beside us.
pub fn start(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("cannot run `{}`", line(command)))
}

/// Waits for a program, and stops it when the developer asks to stop.
pub fn wait(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Err(interrupted) = go_on() {
            stop(child)?;
            return Err(interrupted);
        }
        if let Some(status) = child.try_wait()? {
            // A program that saw the same Ctrl-C may end a moment before our own flag goes up.
            sleep(Duration::from_millis(20));
            go_on()?;
            return Ok(status);
        }
        sleep(Duration::from_millis(50));
    }
}

/// Stops one program that we started, politely first.
pub fn stop(child: &mut Child) -> Result<()> {
    // Ctrl-C in a terminal reaches the program as well; a signal sent to us alone does not.
    if ended_within(child, Duration::from_secs(2))? {
        return Ok(());
    }
    signal("TERM", child.id());
    if ended_within(child, Duration::from_secs(8))? {
        return Ok(());
    }
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// Sends a signal to one process (`0` only asks whether it is there); whether it could be sent.
pub fn signal(name: &str, process: u32) -> bool {
    // The shell's own `kill`: a small machine may have no program of that name.
    succeeds(Command::new("sh").args(["-c", &format!("kill -{name} {process}")]))
}

fn ended_within(child: &mut Child, patience: Duration) -> Result<bool> {
    let began = Instant::now();
    while began.elapsed() < patience {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        sleep(Duration::from_millis(20));
    }
    Ok(false)
}

fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|word| word.to_string_lossy()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_shows_what_it_said() {
        let error =
            read(Command::new("sh").args(["-c", "echo out of paper >&2; exit 3"])).expect_err("exit 3 is a failure");
        let text = error.to_string();
        assert!(text.contains("`sh -c echo out of paper >&2; exit 3` failed"), "{text}");
        assert!(text.ends_with("out of paper\n"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = show(&mut Command::new("no-such-program-here")).expect_err("it is not there");
        assert_eq!(error.to_string(), "cannot run `no-such-program-here`");
    }

    #[test]
    fn stops_a_program_that_does_not_end_by_itself() -> Result<()> {
        let mut child = start(Command::new("sleep").arg("600"))?;
        stop(&mut child)?;
        assert!(child.try_wait()?.is_some(), "it still runs");
        Ok(())
    }
}
