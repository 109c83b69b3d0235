//! The databases on which a portal is measured: files in a folder that goes with the run, and databases of a cluster that keeps its word.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, id};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::postgres::Cluster;
use crate::project::{Build, Project};
use crate::run;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    /// A file of the portal's own.
    Sqlite,
    /// A server.
    Postgres,
}

/// A folder for one run, gone when the run is over.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it.
    pub fn new(project: &Project) -> Result<Self> {
        let folder = project.target(&format!("throwaway/bench-{}", id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("`{}` cannot be removed: {error}", self.0.display());
        }
    }
}

/// A database of its own, for one portal.
pub struct Place<'a> {
    url: String,
    folder: PathBuf,
    what: What<'a>,
}

enum What<'a> {
    File(PathBuf),
    Database { cluster: &'a Cluster, name: String },
}

impl<'a> Place<'a> {
    /// An empty file.
    pub fn file(folder: &Folder, size: u64) -> Result<Self> {
        Self::file_in(folder.path().join(format!("sqlite-{size}")))
    }

    fn file_in(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        let file = folder.join("sallyport.db");
        Ok(Self { url: format!("sqlite://{}", file.display()), folder, what: What::File(file) })
    }

    /// An empty database in a cluster.
    pub fn database(folder: &Folder, cluster: &'a Cluster, size: u64) -> Result<Self> {
        Self::database_in(folder.path().join(format!("postgres-{size}")), cluster, format!("bench_{size}"), "template1")
    }

    fn database_in(folder: PathBuf, cluster: &'a Cluster, name: String, template: &str) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        let superuser = cluster.superuser();
        cluster.sql(superuser, "postgres", &format!("create database {name} template {template};"))?;
        Ok(Self { url: cluster.url(superuser, &name), folder, what: What::Database { cluster, name } })
    }

    /// The same once more under another name, while nobody uses it.
    pub fn copy(&self, name: &str) -> Result<Self> {
        let folder = self.folder.with_file_name(format!("{}-{name}", self.says().replace(' ', "-").to_lowercase()));
        match &self.what {
            What::File(file) => {
                let copy = Self::file_in(folder)?;
                let to = copy.folder.join("sallyport.db");
                fs::copy(file, &to)?;
                let log = log_of(file);
                if log.exists() {
                    fs::copy(log, log_of(&to))?;
                }
                Ok(copy)
            }
            What::Database { cluster, name: of } => {
                Self::database_in(folder, cluster, format!("bench_{}", name.replace('-', "_")), of)
            }
        }
    }

    /// A folder beside it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it is, for people.
    pub fn says(&self) -> String {
        match &self.what {
            What::File(_) => "SQLite".to_owned(),
            What::Database { cluster, .. } => format!("Postgres {}", cluster.major()),
        }
    }

    /// Has it look at what was loaded, as it does by itself sooner or later.
    pub fn settle(&self) -> Result<()> {
        match &self.what {
            What::File(_) => Ok(()),
            What::Database { cluster, name } => cluster.sql(cluster.superuser(), name, "vacuum analyze;").map(drop),
        }
    }

    /// How many bytes it takes on the disk.
    pub fn bytes(&self) -> Result<u64> {
        match &self.what {
            What::File(file) => {
                let log = fs::metadata(log_of(file)).map_or(0, |about| about.len());
                Ok(fs::metadata(file)?.len() + log)
            }
            What::Database { cluster, name } => {
                let says = cluster.sql(cluster.superuser(), name, "select pg_database_size(current_database());")?;
                says.trim().parse().with_context(|| format!("`{says}` is no size of a database"))
            }
        }
    }

    /// The portal's program, released, on this database.
    pub fn sallyport(&self, project: &Project) -> Command {
        self.program(project.server(Build::Release))
    }

    /// A program on this database; it sees no settings of the developer's.
    pub fn program(&self, program: PathBuf) -> Command {
        let mut command = Command::new(program);
        // In this folder there is no `sallyport.toml`.
        command.current_dir(&self.folder);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SALLYPORT_")) {
            command.env_remove(name);
        }
        // Not as an argument, which everyone on this machine can read.
        command.env("SALLYPORT_DATABASE", &self.url);
        command
    }

    /// Writes out what may be asked for there, and by whom.
    pub fn export(&self, project: &Project) -> Result<()> {
        run::read(self.sallyport(project).arg("export").arg(self.catalogue()))?;
        Ok(())
    }

    /// The folder to which that is written.
    pub fn catalogue(&self) -> PathBuf {
        self.folder.join("catalogue")
    }
}

/// What was written to a file of SQLite's and does not stand in it yet.
fn log_of(file: &Path) -> PathBuf {
    let mut log = OsString::from(file);
    log.push("-wal");
    log.into()
}
