//! The commands of the program, each a few lines around an operation. What is asked for is printed to standard output, everything else to
//! standard error. Whatever comes of a command that may change something, it closes the portal: pages that others serve hear of it then.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use domain::Actor;
use domain::ids::RequestId;
use domain::views::Invitation;
use operations::{FirstAdmin, Portal, Progress, Rejudged};
use uuid::Uuid;

use crate::config::{Flags, Settings};
use crate::{demo, logs, memory, serve};

/// Sallyport: access that is asked for, decided on, given, and taken back by itself.
#[derive(Parser, Debug)]
#[command(name = "sallyport", version, max_term_width = 100)]
pub struct Line {
    /// The settings file; without it `sallyport.toml`, if there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the portal keeps what it remembers: `sqlite://FILE` or `postgres://…`
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the portal
    Serve(Serve),
    /// Bring the database up to date with this program
    Migrate,
    /// Load a catalogue: all of it, or nothing
    Import(Import),
    /// Write the catalogue as it is now
    Export {
        /// The folder to write to
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Read a target system and write the catalogue one would start from
    #[command(subcommand)]
    Discover(Discover),
    /// Make up a company and three years of its history, for measuring: in an empty database, which is a demo from then on
    BenchData(BenchData),
    /// Check every chain of the trail, and every row against its events
    Verify,
    /// Make recorded rulings again, and compare them byte for byte
    Rejudge {
        /// All of them
        #[arg(long, required_unless_present = "request", conflicts_with = "request")]
        all: bool,
        /// Those of one request
        #[arg(value_name = "ID")]
        request: Option<Uuid>,
    },
    /// Print what was asked of the guardrails about one request, as JSON for Cedar's own tools
    Explain {
        /// The request's id
        #[arg(value_name = "ID")]
        request: Uuid,
    },
    /// Print the events of one chain exactly as they are hashed, a line each
    Events {
        /// The chain: the id of a request, an identity, a bundle, a group or a system
        #[arg(value_name = "ID")]
        chain: Uuid,
    },
    /// What an admin needs when the browser is no help
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Args, Debug)]
struct Serve {
    /// A portal to try out: made-up people with known passwords, reachable from this machine only
    #[arg(long)]
    demo: bool,
    /// Bring a Postgres database up to date first (an embedded file always is)
    #[arg(long)]
    migrate: bool,
    /// Where to listen, like 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

#[derive(Args, Debug)]
struct Import {
    /// The folder with the catalogue's *.toml files
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// How many grants may end by it, when they are more than ten
    #[arg(long, value_name = "N")]
    confirm_ends: Option<usize>,
}

#[derive(Args, Debug)]
struct BenchData {
    /// How many requests its people made
    #[arg(long, value_name = "N")]
    requests: usize,
    /// How many people work there
    #[arg(long, value_name = "N", default_value_t = 1000)]
    people: usize,
    /// How many bundles there are to ask for
    #[arg(long, value_name = "N", default_value_t = 200)]
    bundles: usize,
    /// What chance follows from: the same number makes up the same again
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Subcommand, Debug)]
enum Discover {
    /// The roles of a Postgres database: what they may do, and who holds them
    Postgres {
        /// The database to read
        #[arg(value_name = "URL")]
        url: String,
        /// The folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The key of the system in the catalogue; without it the database's name
        #[arg(long, value_name = "KEY")]
        system: Option<String>,
    },
}

#[derive(Subcommand, Debug)]
enum Admin {
    /// Make a one-time link with which a person sets a password
    Invite {
        /// The person's key, like maya.lindqvist
        key: String,
    },
    /// Make another set-up link for the first admin, as long as no admin can sign in
    MakeLink,
}

impl Line {
    /// Does what was asked.
    pub async fn run(self) -> Result<ExitCode> {
        let flags = Flags { config: self.config, listen: None, database: self.database };
        match self.command {
            Command::Serve(serve) => self::serve(flags, serve).await,
            Command::Migrate => migrate(&flags).await,
            Command::Import(import) => self::import(&flags, &import).await,
            Command::Export { folder } => export(&flags, &folder).await,
            Command::Discover(Discover::Postgres { url, out, system }) => discover(&url, &out, system).await,
            Command::BenchData(how) => bench_data(&flags, &how).await,
            Command::Verify => verify(&flags).await,
            Command::Rejudge { all: _, request } => rejudge(&flags, request).await,
            Command::Explain { request } => explain(&flags, request).await,
            Command::Events { chain } => events(&flags, chain).await,
            Command::Admin(Admin::Invite { key }) => invite(&flags, &key).await,
            Command::Admin(Admin::MakeLink) => make_link(&flags).await,
        }
    }
}

/// The settings that these flags, the environment and the settings file come to.
pub fn settings(flags: &Flags) -> Result<Settings> {
    // A variable that is no text cannot be one of ours.
    let environment =
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Settings::read(flags, environment)?)
}

async fn serve(flags: Flags, how: Serve) -> Result<ExitCode> {
    let mut settings = settings(&Flags { listen: how.listen, ..flags.clone() })?;
    logs::start(settings.log_format, &settings.log_level);
    if how.demo {
        demo::stay_here(&settings)?;
    }
    let listener = serve::listen(&settings).await?;
    // Port 0 is any that is free: what is said is where it really is.
    settings.listen = listener.local_addr()?;
    if how.demo {
        demo::serve(settings, flags.database.is_some(), listener).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let portal = if how.migrate { migrated(&settings).await? } else { memory::ready(&settings).await? };
    if portal.is_demo().await? {
        demo::stay_here(&settings)?;
    }
    println!("Sallyport is at {}", settings.url());
    if let Err(error) = offer_set_up(&portal, &settings).await {
        tracing::warn!(%error, "no set-up link could be made: `sallyport admin make-link` tries again");
    }
    serve::serve(portal, settings, listener, None).await?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the set-up link on the first start, whoever reads along, and later only where somebody sits: what is printed is often kept.
async fn offer_set_up(portal: &Portal, settings: &Settings) -> Result<(), operations::Error> {
    match portal.first_admin().await? {
        FirstAdmin::CanSignIn => return Ok(()),
        FirstAdmin::Invited if !io::stdout().is_terminal() => {
            tracing::warn!(
                "no admin can sign in yet: `sallyport admin make-link` prints a link that sets up the first one"
            );
            return Ok(());
        }
        FirstAdmin::Invited | FirstAdmin::Nobody => {}
    }
    if let Some(link) = portal.set_up_link(&Actor::Operator).await? {
        say_link("No admin can sign in yet. Whoever opens this once sets up the first one", settings, &link);
    }
    Ok(())
}

async fn migrate(flags: &Flags) -> Result<ExitCode> {
    let settings = settings(flags)?;
    let portal = memory::open(&settings).await?;
    let done = portal.migrate().await;
    portal.close().await;
    done?;
    eprintln!("{} is up to date", settings.database);
    Ok(ExitCode::SUCCESS)
}

async fn migrated(settings: &Settings) -> Result<Portal> {
    let portal = memory::open(settings).await?;
    portal.migrate().await?;
    Ok(portal)
}

async fn import(flags: &Flags, how: &Import) -> Result<ExitCode> {
    let portal = memory::ready(&settings(flags)?).await?;
    let options = operations::Import { dry_run: how.dry_run, confirm_ends: how.confirm_ends.unwrap_or_default() };
    let done = portal.import(&Actor::Operator, &how.folder, options).await;
    portal.close().await;
    let done = done?;
    for line in &done.lines {
        println!("{line}");
    }
    let (created, changed, left, ended) = (done.created, done.changed, done.left, done.ended);
    eprintln!(
        "{}: {created} new, {changed} changed, {left} left, {ended} grants end",
        if how.dry_run { "nothing was written; it would be" } else { "loaded" },
    );
    Ok(ExitCode::SUCCESS)
}

async fn export(flags: &Flags, folder: &Path) -> Result<ExitCode> {
    let portal = memory::existing(&settings(flags)?).await?;
    write_files(folder, &portal.export(&Actor::Operator).await?)?;
    Ok(ExitCode::SUCCESS)
}

async fn discover(url: &str, folder: &Path, system: Option<String>) -> Result<ExitCode> {
    let found = operations::discover::postgres(url).await?;
    let system = system.unwrap_or_else(|| key_like(&found.database));
    write_files(folder, &found.catalogue(&system))?;
    eprintln!(
        "read {} accounts and {} roles of `{}` as `{}`: fill in the marked places, then `sallyport import {}`",
        found.accounts.len(),
        found.groups.len(),
        found.database,
        found.signed_in_as,
        folder.display(),
    );
    Ok(ExitCode::SUCCESS)
}

/// A name as a key of the catalogue: small letters, digits and `-`, beginning with a letter.
fn key_like(name: &str) -> String {
    let key: String =
        name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let key = key.trim_matches('-');
    if key.starts_with(|c: char| c.is_ascii_lowercase()) { key.to_owned() } else { format!("database-{key}") }
}

/// Writes files into a folder, but never over one that is there: it may have been worked on.
fn write_files(folder: &Path, files: &[(String, String)]) -> Result<()> {
    let cannot = || format!("cannot write to `{}`", folder.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        bail!("`{}` is there already: write to an empty folder", folder.join(name).display());
    }
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(cannot)?;
        fs::write(&path, text).with_context(cannot)?;
        println!("{}", path.display());
    }
    Ok(())
}

async fn bench_data(flags: &Flags, how: &BenchData) -> Result<ExitCode> {
    let settings = settings(flags)?;
    let clock = Arc::new(demo::Backdated::default());
    clock.set_back(operations::BenchData::SPAN);
    let portal = memory::ready_with(&settings, clock).await?;
    let BenchData { requests, people, bundles, seed } = *how;
    eprintln!("making up {people} people, {bundles} bundles and what was asked for in three years …");
    let mut shown = 0;
    let mut progress = |made: usize| {
        let percent = made * 100 / requests.max(1);
        if percent / 5 > shown / 5 {
            shown = percent;
            eprintln!("{percent} %: {made} of {requests} requests");
        }
    };
    let wanted = operations::BenchData { people, bundles, requests, seed };
    let made = portal.make_bench_data(&Actor::Operator, &wanted, demo::PASSWORD, &mut progress).await;
    portal.close().await;
    let made = made.with_context(|| format!("cannot make up a company in {}", settings.database))?;
    for (became, count) in &made {
        println!("{count:>9} {became}");
    }
    eprintln!("everybody's password is `{}`, so this database is served on this machine only", demo::PASSWORD);
    Ok(ExitCode::SUCCESS)
}

async fn verify(flags: &Flags) -> Result<ExitCode> {
    let portal = memory::existing(&settings(flags)?).await?;
    let mut shown = None;
    let mut progress = |progress: Progress| {
        let percent = (progress.events * 100).checked_div(progress.of_events).unwrap_or(100).min(100);
        if shown.replace(percent) != Some(percent) && percent.is_multiple_of(10) {
            eprintln!("{percent} %: {} of {} events", progress.events, progress.of_events);
        }
    };
    let findings = portal.verify(&mut progress, &mut |finding| println!("{finding}")).await?;
    if findings == 0 {
        eprintln!("the trail is whole, and every row is what its events say");
        Ok(ExitCode::SUCCESS)
    } else {
        eprintln!("{findings} findings");
        Ok(ExitCode::FAILURE)
    }
}

async fn rejudge(flags: &Flags, request: Option<Uuid>) -> Result<ExitCode> {
    let portal = memory::existing(&settings(flags)?).await?;
    let mut shown = 0;
    let done = portal
        .rejudge(&Actor::Operator, request.map(RequestId), &mut |unlike| println!("{unlike}"), &mut |rulings| {
            if rulings / 10_000 > shown {
                shown = rulings / 10_000;
                eprintln!("{rulings} rulings made again");
            }
        })
        .await?;
    let Rejudged { rulings, by_another_engine, unlike } = done;
    if by_another_engine > 0 {
        eprintln!("{by_another_engine} were made by another version of the policy engine");
    }
    if unlike == 0 {
        eprintln!("{rulings} rulings made again, and each came to the same");
        Ok(ExitCode::SUCCESS)
    } else {
        eprintln!("{unlike} of {rulings} rulings came to something else");
        Ok(ExitCode::FAILURE)
    }
}

async fn explain(flags: &Flags, request: Uuid) -> Result<ExitCode> {
    let portal = memory::existing(&settings(flags)?).await?;
    match portal.told_to_cedar(&Actor::Operator, RequestId(request)).await {
        Err(operations::Error::NotFound) => bail!("there is no request `{request}`"),
        told => println!("{:#}", told?),
    }
    Ok(ExitCode::SUCCESS)
}

async fn events(flags: &Flags, chain: Uuid) -> Result<ExitCode> {
    let portal = memory::existing(&settings(flags)?).await?;
    let mut out = io::stdout();
    let found = portal.events(&Actor::Operator, chain, &mut |event| writeln!(out, "{event}")).await?;
    if found == 0 {
        bail!("there is no chain `{chain}`: give the id of a request, an identity, a bundle, a group or a system");
    }
    Ok(ExitCode::SUCCESS)
}

async fn invite(flags: &Flags, key: &str) -> Result<ExitCode> {
    let settings = settings(flags)?;
    let portal = memory::existing(&settings).await?;
    let done = portal.invite_by_key(&Actor::Operator, key).await;
    portal.close().await;
    let link = match done {
        Err(operations::Error::NotFound) => {
            bail!("there is nobody with the key `{key}`: it is written like maya.lindqvist")
        }
        other => other?,
    };
    say_link(&format!("With this link {} sets a password", link.name), &settings, &link);
    Ok(ExitCode::SUCCESS)
}

async fn make_link(flags: &Flags) -> Result<ExitCode> {
    let settings = settings(flags)?;
    let portal = memory::existing(&settings).await?;
    let done = portal.set_up_link(&Actor::Operator).await;
    portal.close().await;
    let Some(link) = done? else {
        bail!("an admin can sign in already: they invite others in the portal, or use `sallyport admin invite KEY`");
    };
    say_link("Whoever opens this once sets up the first admin", &settings, &link);
    Ok(ExitCode::SUCCESS)
}

/// Shown once and kept nowhere: it goes to standard output, never to the log.
fn say_link(what: &str, settings: &Settings, link: &Invitation) {
    let until = link.expires_at.format("%-d %B %Y at %H:%M UTC");
    println!("{what}, until {until}:\n    {}{}", settings.url(), link.path);
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Line::command().debug_assert();
    }

    #[test]
    fn a_database_gets_a_key_of_the_catalogue() {
        for (name, key) in
            [("orders", "orders"), ("Orders_2019", "orders-2019"), ("7up", "database-7up"), ("_crm_", "crm")]
        {
            assert_eq!(key_like(name), key);
        }
    }

    #[test]
    fn files_are_never_written_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = [("a.toml".to_owned(), "x = 1\n".to_owned())];
        write_files(folder.path(), &files).expect("it is empty");
        let again = write_files(folder.path(), &files).expect_err("it is there").to_string();
        assert!(again.ends_with("a.toml` is there already: write to an empty folder"), "{again}");
    }
}
