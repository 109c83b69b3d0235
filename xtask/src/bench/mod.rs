//! `cargo xtask bench`: what the portal's people can do in a second, beside what the machine could do at the most. Everything is measured in
//! one run on one machine, and held to ratios; times of another machine say nothing here.

mod acts;
mod catalogue;
mod client;
mod floors;
mod html;
mod lighthouse;
mod load;
mod machine;
mod measure;
mod place;
mod process;
mod report;
mod server;
mod statements;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use self::catalogue::Catalogue;
use self::lighthouse::Lighthouse;
use self::load::Tool;
use self::machine::Machine;
use self::measure::Bench;
use self::place::{Folder, Kind, Place};
use self::report::{Figure, Report, real};
use crate::postgres::{Cluster, Programs};
use crate::project::{Build, Project};
use crate::steps::Steps;
use crate::{site, tools};

const MILLION: u64 = 1_000_000;

/// The major version of Postgres that is measured.
const POSTGRES: u32 = 18;

/// What can be chosen.
#[derive(Args)]
pub struct Options {
    /// How many requests there are on record; one run for each
    #[arg(long, value_name = "N", value_delimiter = ',', default_values = ["10000", "100000"])]
    sizes: Vec<u64>,
    /// Also with a million of them, on SQLite
    #[arg(long)]
    million: bool,
    /// On which databases
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',', default_values = ["sqlite", "postgres"])]
    databases: Vec<Kind>,
    /// How long each act is driven
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Keeps the figures in a file, after each run
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Shows the figures of an earlier one beside them: a file that `--json` wrote
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Drives a running portal instead, such as `http://localhost:8080`: a demo, as its people must have the demo's password
    #[arg(long, value_name = "URL", requires = "catalogue")]
    url: Option<String>,
    /// The running portal's catalogue, as `sallyport export` writes it
    #[arg(long, value_name = "DIR", requires = "url")]
    catalogue: Option<PathBuf>,
}

/// Measures everything, and prints it as one table.
pub fn bench(project: &Project, options: &Options) -> Result<()> {
    let earlier = options.compare.as_deref().map(Report::read).transpose()?;
    let folder = Folder::new(project)?;
    let mut report =
        Report { machine: Machine::this()?, seconds: options.seconds, figures: BTreeMap::new(), runs: Vec::new() };
    let done = match options.url.as_deref().zip(options.catalogue.as_deref()) {
        Some((url, catalogue)) => running(project, options, &folder, (url, catalogue), &mut report),
        None => own(project, options, &folder, &mut report),
    };
    if !report.runs.is_empty() {
        // What was found out is shown, whatever came after it.
        println!("{}", table::shown(&report, earlier.as_ref()));
    }
    done
}

fn running(
    project: &Project,
    options: &Options,
    folder: &Folder,
    (url, catalogue): (&str, &Path),
    report: &mut Report,
) -> Result<()> {
    ensure!(url.starts_with("http://"), "`{url}` is not an http:// address, and only a demo on this machine is driven");
    let catalogue = Catalogue::read(catalogue)?;
    let steps = Steps::new(2 + lighthouse::STEPS + acts::Name::DRIVEN.len());
    let program = steps.loud("looking for wrk", tools::wrk)?;
    let lighthouse = Lighthouse::obtain(project, &steps, folder)?;
    let bench = Bench { project, steps: &steps, tool: options.tool(program, folder) };
    report.runs.push(bench.running(url.trim_end_matches('/'), catalogue, &lighthouse)?);
    options.keep(report)?;
    eprintln!("measured after {}", steps.time());
    Ok(())
}

fn own(project: &Project, options: &Options, folder: &Folder, report: &mut Report) -> Result<()> {
    let plan = options.plan();
    let on_postgres = plan.iter().any(|(kind, _)| *kind == Kind::Postgres);
    let once = 2 + lighthouse::STEPS + 2 * usize::from(on_postgres) + site::STEPS + 1;
    let steps = Steps::new(once + plan.len() * measure::STEPS);
    let program = steps.loud("looking for wrk", tools::wrk)?;
    steps.loud("looking for make and the browser target of Rust", tools::for_building)?;
    let lighthouse = Lighthouse::obtain(project, &steps, folder)?;
    let cluster = if on_postgres { Some(cluster(project, &steps)?) } else { None };
    let first_load = site::build(project, Build::Release, &steps)?;
    steps.loud("building the server and the floors", || floors::build_with_server(project))?;

    let binary = fs::metadata(project.server(Build::Release))?.len();
    report.figures.insert(Figure::BinaryMegabytes, real(binary) / 1e6);
    report.figures.insert(Figure::FirstLoadKilobytes, real(u64::try_from(first_load.total())?) / 1e3);
    let bench = Bench { project, steps: &steps, tool: options.tool(program, folder) };
    // Of each kind the one with the fewest requests, as it was made.
    let mut as_made: BTreeMap<Kind, Place<'_>> = BTreeMap::new();
    for (nth, (kind, size)) in plan.iter().copied().enumerate() {
        let place = match kind {
            Kind::Sqlite => Place::file(folder, size)?,
            Kind::Postgres => Place::database(folder, cluster.as_ref().context("there is no cluster")?, size)?,
        };
        // Pages look the same on every database.
        let lighthouse = (nth == 0).then_some(&lighthouse);
        bench.make(&place, size)?;
        let fewest = as_made.get(&kind).map(|it| it.copy(&format!("beside-{size}"))).transpose()?;
        let grows = plan.iter().any(|(other, larger)| *other == kind && *larger > size);
        if fewest.is_none() && grows {
            as_made.insert(kind, place.copy("as-made")?);
        }
        report.runs.push(bench.own(&place, size, fewest.as_ref(), lighthouse)?);
        options.keep(report)?;
    }
    eprintln!("measured after {}", steps.time());
    Ok(())
}

fn cluster(project: &Project, steps: &Steps) -> Result<Cluster> {
    let programs = steps.loud(&format!("looking for Postgres {POSTGRES}"), || Programs::obtain(project, POSTGRES))?;
    steps.quiet("starting a Postgres that keeps what is committed", || {
        Cluster::start_durable(project, &programs, "bench-postgres")
    })
}

impl Options {
    /// Which kind of database is measured with how many requests, the smaller first.
    fn plan(&self) -> Vec<(Kind, u64)> {
        let mut sizes = self.sizes.clone();
        sizes.sort_unstable();
        let mut plan: Vec<_> =
            self.databases.iter().flat_map(|kind| sizes.iter().map(move |size| (*kind, *size))).collect();
        if self.million {
            plan.push((Kind::Sqlite, MILLION));
        }
        // What was named twice is measured once: its database would be in use.
        plan.sort_unstable();
        plan.dedup();
        plan
    }

    fn tool(&self, program: PathBuf, folder: &Folder) -> Tool {
        Tool { program, folder: folder.path().to_path_buf(), seconds: self.seconds }
    }

    fn keep(&self, report: &Report) -> Result<()> {
        self.json.as_deref().map_or(Ok(()), |file| report.write(file))
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn plan(words: &[&str]) -> Vec<(Kind, u64)> {
        let words = iter::once("bench").chain(words.iter().copied());
        let line = Line::try_parse_from(words).expect("it can be said so");
        line.options.plan()
    }

    #[test]
    fn both_databases_are_measured_in_both_sizes() {
        let (sqlite, postgres) = (Kind::Sqlite, Kind::Postgres);
        assert_eq!(plan(&[]), [(sqlite, 10_000), (sqlite, 100_000), (postgres, 10_000), (postgres, 100_000)]);
    }

    #[test]
    fn a_million_is_for_sqlite_alone() {
        let chosen = plan(&["--sizes", "2000,1000,2000", "--databases", "postgres", "--million"]);
        assert_eq!(chosen, [(Kind::Sqlite, MILLION), (Kind::Postgres, 1_000), (Kind::Postgres, 2_000)]);
    }

    #[test]
    fn a_running_portal_is_driven_with_its_catalogue() {
        assert!(Line::try_parse_from(["bench", "--url", "http://localhost:8080"]).is_err());
        let line = Line::try_parse_from(["bench", "--url", "http://localhost:8080", "--catalogue", "x"]);
        assert!(line.is_ok_and(|line| line.options.url.is_some()));
    }
}
