//! What a benchmark found out, as it is kept in a file and read again for a comparison; and what it is held to.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::acts::Name;
use super::load::Load;
use super::machine::Machine;

/// Everything that one benchmark found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// How long each act was driven.
    pub seconds: u32,
    /// What is the same in every run.
    pub figures: BTreeMap<Figure, f64>,
    /// One for each database and size.
    pub runs: Vec<Run>,
}

/// What was found out about a portal on one database of one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The database, or the address of the portal.
    pub on: String,
    /// How many requests there were on record, where that is known.
    pub requests: Option<u64>,
    /// What it takes, and how fast its inner parts are.
    pub figures: BTreeMap<Figure, f64>,
    /// What people do.
    pub acts: Vec<Act>,
    /// What the same machine can do at the most.
    pub floors: BTreeMap<Floor, Load>,
    /// The same rows with nothing around them.
    pub raw: Option<Raw>,
    /// What Lighthouse gives each page, of a hundred; nothing where it was not asked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub points: BTreeMap<Page, BTreeMap<Category, f64>>,
    /// What a reader must know to read the figures rightly.
    pub remarks: Vec<String>,
}

/// One act under load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Which.
    pub name: Name,
    /// How it went.
    pub load: Load,
    /// How many SQL statements it is.
    pub statements: Option<u64>,
    /// How it went right before, beside it on the same machine, where there are the fewest requests; nothing where that is this portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fewest: Option<Load>,
}

/// The least program that does as much as an act must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Floor {
    /// A POST that reads a session and commits the rows of an ask.
    CommitAsk,
    /// The same with the rows of a decision.
    CommitDecide,
    /// A page of made-up rows, with nothing behind it.
    Page,
}

/// Durable commits one after the other, without a web server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Raw {
    /// Of the rows of an ask.
    pub ask: Rate,
    /// Of the rows of a decision.
    pub decide: Rate,
}

/// How many a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// So many.
    pub per_second: f64,
}

/// A figure beside the acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// Of the server, with its symbols and without what else only a debugger reads.
    BinaryMegabytes,
    /// What travels on a first visit, compressed.
    FirstLoadKilobytes,
    /// Of the database, for each request on record.
    BytesARequest,
    /// From its start until the server answers.
    FirstAnswerMillis,
    /// The memory of a server that nobody has asked for anything.
    IdleMegabytes,
    /// The most memory it had under any of the loads.
    LoadMegabytes,
    /// The time of half of the rulings at the most.
    RulingMicros,
    /// The same under fifty guardrails.
    GuardedRulingMicros,
    /// Recorded asks judged by a draft.
    ReplayPerSecond,
    /// Recorded rulings made again.
    RejudgePerSecond,
    /// Events checked.
    VerifyPerSecond,
    /// People signed in, as fast as hashing lets them.
    SignInsPerSecond,
}

/// A page at which Lighthouse looks, as somebody sees it who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// Where one comes in.
    Home,
    /// What there is to ask for.
    Catalogue,
    /// One of one's own requests.
    Request,
    /// What there is to decide.
    Inbox,
}

/// For what Lighthouse gives points, under the names that it has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// How soon the page is there.
    Performance,
    /// Whether everybody can use it.
    Accessibility,
    /// Whether it does what browsers advise.
    BestPractices,
}

/// What a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
}

impl Report {
    /// Reads one that was kept.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("`{}` is not what `--json` writes", file.display()))
    }

    /// Keeps it.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(file, format!("{text}\n")).with_context(|| format!("cannot write `{}`", file.display()))
    }

    /// The run here that can be compared with one elsewhere: on the same kind of database, of the same size.
    pub fn like(&self, run: &Run) -> Option<&Run> {
        self.runs.iter().find(|it| it.on == run.on && it.requests == run.requests)
    }

    /// The run on the same database that had the fewest requests, where it is not this one.
    pub fn smallest(&self, run: &Run) -> Option<&Run> {
        let others = self.runs.iter().filter(|it| it.on == run.on && it.requests < run.requests);
        others.min_by_key(|it| it.requests)
    }
}

impl Run {
    /// One of which nothing is known yet.
    pub fn new(on: String, requests: Option<u64>) -> Self {
        Self {
            on,
            requests,
            figures: BTreeMap::new(),
            acts: Vec::new(),
            floors: BTreeMap::new(),
            raw: None,
            points: BTreeMap::new(),
            remarks: Vec::new(),
        }
    }

    /// An act of it.
    pub fn act(&self, act: Name) -> Option<&Act> {
        self.acts.iter().find(|it| it.name == act)
    }
}

impl Floor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CommitAsk, Self::CommitDecide, Self::Page];

    /// What it is.
    pub fn says(self) -> &'static str {
        match self {
            Self::CommitAsk => "axum POST that commits an ask",
            Self::CommitDecide => "axum POST that commits a decision",
            Self::Page => "bare Leptos page",
        }
    }

    /// Where it is.
    pub fn path(self) -> &'static str {
        match self {
            Self::CommitAsk => "/commit-ask",
            Self::CommitDecide => "/commit-decide",
            Self::Page => "/page",
        }
    }
}

impl Figure {
    /// What it is.
    pub fn says(self) -> &'static str {
        match self {
            Self::BinaryMegabytes => "binary",
            Self::FirstLoadKilobytes => "first load, brotli",
            Self::BytesARequest => "stored for a request",
            Self::FirstAnswerMillis => "start to first answer",
            Self::IdleMegabytes => "resident memory, idle",
            Self::LoadMegabytes => "resident memory, under load",
            Self::RulingMicros => "a ruling, p50",
            Self::GuardedRulingMicros => "a ruling with 50 guardrails, p50",
            Self::ReplayPerSecond => "replay, rulings",
            Self::RejudgePerSecond => "rejudge, rulings",
            Self::VerifyPerSecond => "verify, events",
            Self::SignInsPerSecond => "sign-ins",
        }
    }

    /// In what it is counted.
    pub fn unit(self) -> &'static str {
        match self {
            Self::BinaryMegabytes | Self::IdleMegabytes | Self::LoadMegabytes => "MB",
            Self::FirstLoadKilobytes => "kB",
            Self::BytesARequest => "B",
            Self::FirstAnswerMillis => "ms",
            Self::RulingMicros | Self::GuardedRulingMicros => "µs",
            Self::ReplayPerSecond | Self::RejudgePerSecond | Self::VerifyPerSecond | Self::SignInsPerSecond => "/s",
        }
    }

    /// What it is held to.
    pub fn goal(self) -> Option<Goal> {
        match self {
            Self::FirstLoadKilobytes => Some(Goal::AtMost(130.0)),
            Self::FirstAnswerMillis => Some(Goal::AtMost(1_000.0)),
            Self::IdleMegabytes => Some(Goal::AtMost(40.0)),
            Self::LoadMegabytes => Some(Goal::AtMost(150.0)),
            Self::GuardedRulingMicros => Some(Goal::AtMost(50.0)),
            Self::ReplayPerSecond | Self::RejudgePerSecond => Some(Goal::AtLeast(25_000.0)),
            Self::VerifyPerSecond => Some(Goal::AtLeast(100_000.0)),
            Self::BinaryMegabytes | Self::BytesARequest | Self::RulingMicros | Self::SignInsPerSecond => None,
        }
    }
}

impl Page {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Home, Self::Catalogue, Self::Request, Self::Inbox];

    /// What it is called.
    pub fn says(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Catalogue => "catalogue",
            Self::Request => "request page",
            Self::Inbox => "inbox",
        }
    }
}

impl Category {
    /// What its points for a page are called.
    pub fn of(self, page: Page) -> String {
        let says = match self {
            Self::Performance => "performance",
            Self::Accessibility => "accessibility",
            Self::BestPractices => "best practices",
        };
        format!("Lighthouse: {}, {says}", page.says())
    }

    /// How many points a page is to have.
    pub fn goal(self) -> Goal {
        match self {
            Self::Performance => Goal::AtLeast(98.0),
            Self::Accessibility | Self::BestPractices => Goal::AtLeast(100.0),
        }
    }
}

impl Goal {
    /// Whether it is met.
    pub fn is_met(self, found: f64) -> bool {
        match self {
            Self::AtLeast(least) => found >= least,
            Self::AtMost(most) => found <= most,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(out, "≥ {least}"),
            Self::AtMost(most) => write!(out, "≤ {most}"),
        }
    }
}

/// How often one goes into the other; `None` where there is nothing to go into.
pub fn ratio(of: f64, to: f64) -> Option<f64> {
    (to > 0.0).then(|| of / to)
}

/// A count, to calculate with.
#[expect(clippy::cast_precision_loss, reason = "what is counted here is far from where whole numbers get lost")]
pub fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(on: &str, requests: u64) -> Run {
        Run::new(on.to_owned(), Some(requests))
    }

    #[test]
    fn a_goal_is_met_up_to_its_very_figure() {
        assert!(Goal::AtLeast(0.5).is_met(0.5) && !Goal::AtLeast(0.5).is_met(0.49));
        assert!(Goal::AtMost(130.0).is_met(130.0) && !Goal::AtMost(130.0).is_met(130.1));
        assert_eq!(format!("{}, {}", Goal::AtLeast(0.25), Goal::AtMost(150.0)), "≥ 0.25, ≤ 150");
    }

    #[test]
    fn nothing_is_a_part_of_nothing() {
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(ratio(1.0, 4.0).map(|it| format!("{it:.2}")).as_deref(), Some("0.25"));
    }

    #[test]
    fn a_run_is_compared_with_one_of_its_kind() {
        let machine = Machine {
            cores: 2,
            processor: "x".to_owned(),
            memory: 1,
            kernel: "6".to_owned(),
            rust: "rustc 1.95".to_owned(),
        };
        let mut figures = BTreeMap::new();
        figures.insert(Figure::BinaryMegabytes, 21.5);
        let runs = vec![run("SQLite", 100_000), run("SQLite", 10_000), run("Postgres 18", 1)];
        let report = Report { machine, seconds: 10, figures, runs };
        assert_eq!(report.smallest(&run("SQLite", 1_000_000)).and_then(|it| it.requests), Some(10_000));
        assert!(report.smallest(&run("SQLite", 10_000)).is_none(), "it is the smallest");
        assert!(report.like(&run("Postgres 18", 1)).is_some() && report.like(&run("Postgres 15", 1)).is_none());

        let text = serde_json::to_string(&report).expect("it can be written");
        assert!(text.contains(r#""binary-megabytes":21.5"#), "{text}");
        assert_eq!(serde_json::from_str::<Report>(&text).expect("it can be read"), report);
    }

    #[test]
    fn points_are_kept_where_lighthouse_was_asked() {
        let mut run = run("SQLite", 10_000);
        let text = serde_json::to_string(&run).expect("it can be written");
        assert!(!text.contains("points"), "{text}");
        assert_eq!(serde_json::from_str::<Run>(&text).expect("one from before there were any can be read"), run);

        run.points.insert(Page::Home, BTreeMap::from([(Category::BestPractices, 96.0)]));
        let text = serde_json::to_string(&run).expect("it can be written");
        assert!(text.contains(r#""points":{"home":{"best-practices":96.0}}"#), "{text}");
        assert_eq!(serde_json::from_str::<Run>(&text).expect("it can be read"), run);
    }
}
