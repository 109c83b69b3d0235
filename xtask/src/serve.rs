//! `cargo xtask serve`: from a fresh machine to a portal in the browser.

use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::demo::Target;
use crate::project::{Build, Project};
use crate::run::Interrupted;
use crate::steps::Steps;
use crate::{run, site, tools};

/// What can be chosen.
#[derive(Args)]
pub struct Options {
    /// With made-up people and systems, and a throw-away Postgres as a real target
    #[arg(long)]
    demo: bool,
    /// Small and fast, as people get it; fails when the first load is too big
    #[arg(long)]
    release: bool,
    /// Listens on 127.0.0.1 at this port, whatever sallyport.toml says
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// More arguments for `sallyport serve`
    #[arg(last = true)]
    args: Vec<String>,
}

/// Builds everything and runs it until Ctrl-C.
pub fn serve(project: &Project, options: &Options) -> Result<()> {
    must_be_free(options.port)?;
    let build = if options.release { Build::Release } else { Build::Dev };
    let steps = Steps::new(1 + site::STEPS + 1 + usize::from(options.demo) + 1);
    steps.loud("looking for make and the browser target of Rust", tools::for_building)?;
    site::build(project, build, &steps)?;
    steps.loud("building the server", || build_server(project, build))?;
    let target = if options.demo {
        steps.loud("starting a throw-away Postgres as a target", || Target::start(project))?
    } else {
        None
    };
    let mut server = steps.loud("starting the server", || start(project, build, options, target.as_ref()))?;

    eprintln!();
    eprintln!("Sallyport is open at {}", address(options.port));
    if let Some(invitation) = target.as_ref().and_then(Target::invitation) {
        eprintln!("To see a grant work, log in to the target: {invitation}");
    }
    eprintln!("Ctrl-C stops everything.\n");
    match run::wait(&mut server) {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => bail!("the server ended by itself ({status})"),
        // That is how it is meant to end.
        Err(error) if error.is::<Interrupted>() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Builds the server around the site that was built for it.
pub fn build_server(project: &Project, build: Build) -> Result<()> {
    let mut cargo = project.cargo(build);
    cargo.args(["build", "--package", "server"]);
    if build == Build::Release {
        cargo.arg("--release");
    }
    run::show(&mut cargo)
}

fn start(project: &Project, build: Build, options: &Options, target: Option<&Target>) -> Result<Child> {
    let mut command = std::process::Command::new(project.server(build));
    command
        .current_dir(project.path(""))
        .arg("serve")
        .args(options.demo.then_some("--demo"))
        .args(["--listen", &format!("127.0.0.1:{}", options.port)])
        .args(&options.args)
        .env("SALLYPORT_PUBLIC_URL", address(options.port));
    if let Some(target) = target {
        target.tell(&mut command);
    }
    let mut server = run::start(&mut command)?;
    let answers = wait_until_it_answers(&mut server, options.port);
    if answers.is_err() {
        run::stop(&mut server)?;
    }
    answers.map(|()| server)
}

fn wait_until_it_answers(server: &mut Child, port: u16) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(1) {
        run::go_on()?;
        if let Some(status) = server.try_wait()? {
            bail!("the server ended before it answered ({status})");
        }
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    bail!("the server does not answer at port {port} after a minute")
}

fn must_be_free(port: u16) -> Result<()> {
    TcpListener::bind(("127.0.0.1", port))
        .map(drop)
        .with_context(|| format!("port {port} is taken: choose another one with `--port`"))
}

fn address(port: u16) -> String {
    format!("http://localhost:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_before_building_that_a_port_is_taken() -> Result<()> {
        let taken = TcpListener::bind(("127.0.0.1", 0))?;
        let port = taken.local_addr()?.port();
        let error = must_be_free(port).expect_err("it is taken");
        assert_eq!(error.to_string(), format!("port {port} is taken: choose another one with `--port`"));
        drop(taken);
        must_be_free(port)
    }
}
