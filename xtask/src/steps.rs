//! The numbered progress lines: `[2/5] building the browser part … 38 s`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::run;

/// Counts the steps of one command.
pub struct Steps {
    done: Cell<usize>,
    total: usize,
    began: Instant,
}

impl Steps {
    /// A command that takes `total` steps.
    pub fn new(total: usize) -> Self {
        Self { done: Cell::new(0), total, began: Instant::now() }
    }

    /// A step whose programs say nothing: one line, with the time at its end.
    pub fn quiet<T>(&self, says: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let place = self.next();
        eprint!("{place} {says} … ");
        let began = Instant::now();
        let outcome = run::go_on().and_then(|()| work());
        match outcome {
            Ok(made) => {
                eprintln!("{}", human(began.elapsed()));
                Ok(made)
            }
            Err(error) => {
                eprintln!("no");
                Err(error).with_context(|| format!("stopped at {place} {says}"))
            }
        }
    }

    /// A step whose programs print as they work: a line before and a line after.
    pub fn loud<T>(&self, says: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let place = self.next();
        eprintln!("{place} {says} …");
        let began = Instant::now();
        let made = run::go_on().and_then(|()| work()).with_context(|| format!("stopped at {place} {says}"))?;
        eprintln!("{place} {says} … {}", human(began.elapsed()));
        Ok(made)
    }

    /// The time since the first step.
    pub fn time(&self) -> String {
        human(self.began.elapsed())
    }

    fn next(&self) -> String {
        self.done.set(self.done.get() + 1);
        format!("[{}/{}]", self.done.get(), self.total)
    }
}

fn human(time: Duration) -> String {
    match time.as_secs() {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{} s", time.as_secs()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_a_person_would_say_them() {
        let said = |millis| human(Duration::from_millis(millis));
        assert_eq!(said(40), "0.0 s");
        assert_eq!(said(3_240), "3.2 s");
        assert_eq!(said(38_900), "38 s");
        assert_eq!(said(252_000), "4 min 12 s");
    }

    #[test]
    fn a_failure_says_which_step_it_was() {
        let steps = Steps::new(2);
        steps.quiet("first", || Ok(())).expect("it works");
        let error = steps.quiet("second", || -> Result<()> { anyhow::bail!("no paper") }).expect_err("it fails");
        assert_eq!(format!("{error:#}"), "stopped at [2/2] second: no paper");
    }
}
