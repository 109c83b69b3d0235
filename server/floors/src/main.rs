//! The program `floors`: what the portal's speed is held against, measured on the same machine and the same database. It serves what could
//! not be less (the rows of an act, committed; a page with nothing behind it), or prints how fast the portal's parts are by themselves.

mod commit;
mod copies;
mod example;
mod rates;
mod raw;
mod serve;
mod sql;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::{ArgGroup, Parser};
use server::command::settings;
use server::config::Flags;
use server::memory;
use store::Store;

use crate::commit::{EXAMPLES, Floors};

/// What the portal's speed is held against, on a database that was filled by `sallyport bench-data`
#[derive(Parser, Debug)]
#[command(name = "floors", max_term_width = 100)]
#[command(group(ArgGroup::new("what").required(true).args(["listen", "raw_commits", "rates"])))]
struct Line {
    /// The portal's database: `sqlite://FILE` or `postgres://…`; without it `SALLYPORT_DATABASE` of the environment
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Serve the floors: POST /commit-ask and /commit-decide, GET /page
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Commit for so long, first what asking writes and then what approving writes, from eight tasks, and print how often
    #[arg(long, value_name = "SECONDS")]
    raw_commits: Option<u64>,
    /// Print how fast rulings, replay, rejudging, verifying and signing in are; what is of one task is of one core
    #[arg(long)]
    rates: bool,
}

// As the portal's own.
#[tokio::main]
async fn main() -> ExitCode {
    match Line::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("floors: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Line {
    async fn run(self) -> Result<()> {
        let settings = settings(&Flags { config: None, listen: self.listen.clone(), database: self.database })?;
        let portal = memory::existing(&settings).await?;
        let store = Store::open(settings.database.as_str()).await?;
        if self.rates {
            println!("{}", rates::measure(&portal, &store, settings.hashing_at_once).await?);
            store.close().await;
            portal.close().await;
            return Ok(());
        }
        let floors = Arc::new(Floors::open(&portal, store, EXAMPLES).await?);
        floors.stock_up().await?;
        let done = match self.raw_commits {
            Some(seconds) => raw::measure(&floors, Duration::from_secs(seconds)).await.map(|found| println!("{found}")),
            None => serve::serve(&floors, portal.clone(), settings).await,
        };
        floors.close().await?;
        portal.close().await;
        done
    }
}
