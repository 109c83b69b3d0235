//! A server to be measured: the portal, or the floors that it is held against.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::client::Client;
use super::place::Place;
use super::process::{Process, Running};
use super::statements;
use crate::postgres::free_port;
use crate::project::Project;
use crate::run;

const PATIENCE: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A server that runs until this value goes.
pub struct Server {
    running: Running,
    origin: String,
    first_answer: Duration,
}

impl Server {
    /// The portal, released, on a database.
    pub fn portal(project: &Project, place: &Place<'_>) -> Result<Self> {
        // It writes its log as it does in real life.
        let mut command = place.sallyport(project);
        command.arg("serve");
        Self::start(command, "/readyz", &place.folder().join("portal.log"))
    }

    /// The same, and every SQL statement is written to a file.
    pub fn talkative(project: &Project, place: &Place<'_>, log: &Path) -> Result<Self> {
        let mut command = place.sallyport(project);
        command.arg("serve").envs(statements::LOG);
        Self::start(command, "/readyz", log)
    }

    /// Any program that listens where it is told to; it is there once it answers on this path.
    pub fn start(mut command: Command, path: &str, log: &Path) -> Result<Self> {
        let listen = format!("127.0.0.1:{}", free_port()?);
        command.args(["--listen", &listen]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(log)?);
        let origin = format!("http://{listen}");
        let client = Client::new(&origin);
        let began = Instant::now();
        let mut running = Running::start(&mut command)?;
        while began.elapsed() < PATIENCE {
            run::go_on()?;
            if client.is_there(path) {
                return Ok(Self { running, origin, first_answer: began.elapsed() });
            }
            if let Some(status) = running.child().try_wait()? {
                let says = fs::read_to_string(log).unwrap_or_default();
                bail!("the server ended before it answered ({status})\n{says}");
            }
            sleep(LOOK_EVERY);
        }
        bail!("the server does not answer after {} s", PATIENCE.as_secs())
    }

    /// Where it answers.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How long it took from its start to its first answer.
    pub fn first_answer(&self) -> Duration {
        self.first_answer
    }

    /// It, to look at.
    pub fn process(&self) -> Process {
        self.running.process()
    }
}
