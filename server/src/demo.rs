//! `sallyport serve --demo`: a portal to try out, with a made-up company in it. It never leaves this machine, and never touches a database
//! that somebody works with.

pub mod life;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, bail, ensure};
use app::Demo;
use chrono::{DateTime, TimeDelta, Utc};
use domain::Actor;
use operations::{Clock, Import, Portal, SecretsKey, SystemClock};
use rust_embed::RustEmbed;
use tokio::net::TcpListener;

use crate::config::{DatabaseUrl, Settings};
use crate::{memory, serve as running};

/// Everybody's password in a demo.
pub const PASSWORD: &str = "sallyport-demo";

/// Whom to sign in as, and what they are in the story.
const PEOPLE: [(&str, &str); 3] = [
    ("asks for access", "maya.lindqvist"),
    ("owns systems, and decides", "priya.raman"),
    ("is an admin", "astrid.nyberg"),
];

#[derive(RustEmbed)]
#[folder = "demo/catalogue"]
#[include = "*.toml"]
#[include = "guardrails/*"]
struct Catalogue;

/// Refuses whatever would let others reach it, for a demo in the making and for one that was made before.
pub fn stay_here(settings: &Settings) -> Result<()> {
    ensure!(
        settings.listen.ip().is_loopback(),
        "a demo has known passwords and listens on this machine only: use --listen 127.0.0.1:8080, not {}",
        settings.listen,
    );
    if let Some(origin) = &settings.public_url {
        ensure!(
            origin.is_local(),
            "a demo has known passwords and is for this machine only: leave `public_url` out, or write http://localhost:8080, not {}",
            origin.as_str(),
        );
    }
    ensure!(
        settings.trusted_proxies.is_empty(),
        "a demo has known passwords and is for this machine only: leave `trusted_proxies` out, as no proxy may lead to it",
    );
    Ok(())
}

/// Serves a demo until it is told to stop. A database that was not named on the command line is a fresh file that goes with it.
pub async fn serve(mut settings: Settings, database_was_named: bool, listener: TcpListener) -> Result<()> {
    let folder =
        tempfile::Builder::new().prefix("sallyport-demo-").tempdir().context("cannot make a folder for the demo")?;
    if !database_was_named {
        let file = folder.path().join("demo.db");
        settings.database = format!("sqlite://{}", file.display()).parse::<DatabaseUrl>()?;
    }
    // As well known as the password: a demo keeps no secrets.
    settings.secrets_key.get_or_insert_with(|| SecretsKey::new([0xde; 32]));
    eprintln!("making up a company and its last nine days …");
    let portal = made(&settings).await?;
    let demo = Demo {
        password: PASSWORD.to_owned(),
        people: PEOPLE.map(|(what, who)| (what.to_owned(), who.to_owned())).into(),
    };
    say_where(&settings);
    running::serve(portal, settings, listener, Some(demo)).await
}

async fn made(settings: &Settings) -> Result<Portal> {
    let clock = Arc::new(Backdated::default());
    let portal = memory::open_with(settings, clock.clone()).await?;
    portal.migrate().await?;
    let files = portal.export(&Actor::Operator).await?;
    if files.iter().any(|(_, text)| text.lines().any(|line| line.starts_with("[["))) {
        bail!(
            "{} is in use, and a demo would give everybody in it a known password: name an empty database",
            settings.database
        );
    }
    fill(&portal, &clock).await?;
    Ok(portal)
}

/// Fills an empty portal with the demo's company, its known password and its last days.
pub async fn fill(portal: &Portal, clock: &Backdated) -> Result<()> {
    clock.set_back(life::BEGINS);
    portal
        .import_files(&Actor::Operator, &catalogue(), Import::default())
        .await
        .context("the demo's catalogue does not load")?;
    portal.make_demo(&Actor::Operator, PASSWORD).await?;
    life::live(portal, clock).await
}

/// The demo's catalogue, as files by name.
pub fn catalogue() -> Vec<(String, String)> {
    let mut files: Vec<_> = Catalogue::iter()
        .filter_map(|name| {
            let file = Catalogue::get(&name)?;
            Some((name.into_owned(), String::from_utf8(file.data.into_owned()).ok()?))
        })
        .collect();
    files.sort();
    files
}

fn say_where(settings: &Settings) {
    println!("Sallyport, a demo with made-up people, is at\n    {}", settings.url());
    println!("Sign in with the password `{PASSWORD}` as");
    for (what, who) in PEOPLE {
        println!("    {who:<16} who {what}");
    }
}

/// The machine's clock, set back while the past is made up.
#[derive(Debug, Default)]
pub struct Backdated {
    minutes: AtomicI64,
}

impl Backdated {
    /// From now on it is so much earlier.
    pub fn set_back(&self, by: TimeDelta) {
        self.minutes.store(by.num_minutes(), Ordering::Relaxed);
    }
}

impl Clock for Backdated {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() - TimeDelta::minutes(self.minutes.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;

    fn stays(environment: &[(&str, &str)]) -> Result<()> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        stay_here(&Settings::read(&Flags::default(), environment).expect("the settings are right"))
    }

    #[test]
    fn a_demo_is_for_this_machine_only() {
        let fine: [&[(&str, &str)]; 3] = [
            &[],
            &[("SALLYPORT_PUBLIC_URL", "http://localhost:8080"), ("SALLYPORT_SECRET_ORDERS_DB", "postgres://x")],
            &[("SALLYPORT_PUBLIC_URL", "http://127.0.0.1:8080"), ("SALLYPORT_LISTEN", "[::1]:8080")],
        ];
        for environment in fine {
            stays(environment).expect("nobody else gets there");
        }
        for (name, value) in [
            ("SALLYPORT_LISTEN", "0.0.0.0:8080"),
            ("SALLYPORT_PUBLIC_URL", "https://access.example"),
            ("SALLYPORT_TRUSTED_PROXIES", "127.0.0.1"),
        ] {
            let says = stays(&[(name, value)]).expect_err(name).to_string();
            assert!(says.starts_with("a demo has known passwords"), "{says}");
        }
    }
}
