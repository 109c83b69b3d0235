//! `cargo xtask`: builds, runs and checks the whole of Sallyport on a machine that has only Rust.
//! Only the commands and their flags live here; each command has a module of its own.

mod bench;
mod check;
mod demo;
mod e2e;
mod licences;
mod migration;
mod postgres;
mod project;
mod run;
#[cfg(test)]
mod scratch;
mod serve;
mod site;
mod steps;
mod test;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::project::Project;
use crate::run::Interrupted;

/// Builds, runs and checks Sallyport
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the browser part and the server, and runs them; sets up what is missing
    Serve(serve::Options),
    /// Everything that must hold: set-up, checks, Rust tests, end-to-end stories
    Test(test::Options),
    /// Formatting, migrations, lints, walls between the crates, licences
    Check,
    /// The end-to-end stories, in Chromium
    E2e(e2e::Options),
    /// How fast it is and what it takes, beside what this machine could do at the most
    Bench(bench::Options),
    /// Makes two empty migrations with one name, one for each database
    Migration {
        /// What changes, such as `grants_remember_their_task`
        name: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match obey(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            eprintln!("\nstopped");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command) -> Result<()> {
    run::listen_for_ctrl_c()?;
    let project = Project::find()?;
    match command {
        Command::Serve(options) => serve::serve(&project, &options),
        Command::Test(options) => test::test(&project, &options),
        Command::Check => check::alone(&project),
        Command::E2e(options) => e2e::alone(&project, &options),
        Command::Bench(options) => bench::bench(&project, &options),
        Command::Migration { name } => migration::create(&project, &name),
    }
}
