//! The floors: what the same machine does at the most, by a program that does no more than it must, and how fast the portal's inner parts are.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::client::SignedIn;
use super::load::{Driven, Sends, Tool};
use super::place::Place;
use super::report::{Figure, Floor, Raw};
use super::server::Server;
use crate::project::{Build, Project};
use crate::run;

/// Builds the program together with the server that it is measured beside: linking takes longest, and each is linked by one core.
pub fn build_with_server(project: &Project) -> Result<()> {
    run::show(project.cargo(Build::Release).args(["build", "--package", "server", "--package", "floors", "--release"]))
}

/// Drives each floor, by people who are signed in.
pub fn drive(tool: &Tool, project: &Project, place: &Place<'_>, people: &[SignedIn]) -> Result<Vec<(Floor, Driven)>> {
    let log = place.folder().join("floors.log");
    let server = Server::start(floors(project, place), Floor::Page.path(), &log)?;
    let mut driven = Vec::new();
    for floor in Floor::ALL {
        let lines: Vec<_> = people
            .iter()
            .map(|who| match floor {
                Floor::CommitAsk | Floor::CommitDecide => who.sends(floor.path(), "/", &[]),
                Floor::Page => who.looks_at(floor.path()),
            })
            .collect();
        driven.push((floor, tool.drive(server.origin(), &lines, Sends::Pages, Some(server.process()))?));
    }
    Ok(driven)
}

/// The same rows with nothing around them.
pub fn raw_commits(project: &Project, place: &Place<'_>, seconds: u32) -> Result<Raw> {
    says(floors(project, place).args(["--raw-commits", &seconds.to_string()]))
}

/// How fast the inner parts of the portal are on this database.
pub fn rates(project: &Project, place: &Place<'_>) -> Result<Vec<(Figure, f64)>> {
    let rates: Rates = says(floors(project, place).arg("--rates"))?;
    Ok(rates.figures())
}

/// What `floors --rates` prints; what it could not find out is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Rates {
    ruling_us_p50: Option<f64>,
    ruling_50_guardrails_us_p50: Option<f64>,
    replay_per_second: Option<f64>,
    rejudge_per_second: Option<f64>,
    verify_events_per_second: Option<f64>,
    sign_ins_per_second: Option<f64>,
}

impl Rates {
    fn figures(&self) -> Vec<(Figure, f64)> {
        let figures = [
            (Figure::RulingMicros, self.ruling_us_p50),
            (Figure::GuardedRulingMicros, self.ruling_50_guardrails_us_p50),
            (Figure::ReplayPerSecond, self.replay_per_second),
            (Figure::RejudgePerSecond, self.rejudge_per_second),
            (Figure::VerifyPerSecond, self.verify_events_per_second),
            (Figure::SignInsPerSecond, self.sign_ins_per_second),
        ];
        figures.into_iter().filter_map(|(figure, found)| Some((figure, found?))).collect()
    }
}

fn floors(project: &Project, place: &Place<'_>) -> Command {
    place.program(project.server(Build::Release).with_file_name("floors"))
}

/// Runs it, and reads the line of JSON that it prints.
fn says<T: DeserializeOwned>(command: &mut Command) -> Result<T> {
    let says = run::read(command)?;
    let line = says.lines().rev().find(|line| line.starts_with('{'));
    let line = line.with_context(|| format!("`floors` did not say what it found out:\n{says}"))?;
    serde_json::from_str(line).with_context(|| format!("what `floors` says cannot be read:\n{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_found_out_is_left_out() -> Result<()> {
        let rates: Rates = serde_json::from_str(r#"{"ruling_us_p50":4.5,"replay_per_second":null}"#)?;
        assert_eq!(rates.figures(), [(Figure::RulingMicros, 4.5)]);
        Ok(())
    }

    #[test]
    fn the_line_of_json_is_found() -> Result<()> {
        let mut command = Command::new("printf");
        let raw: Raw =
            says(command.arg("warming up\\n{\"ask\":{\"per_second\":812.5},\"decide\":{\"per_second\":640}}\\n"))?;
        assert_eq!(
            (raw.ask.per_second.to_string(), raw.decide.per_second.to_string()),
            ("812.5".to_owned(), "640".to_owned())
        );
        Ok(())
    }
}
