//! One run: a portal with so many requests on one database, what its people can do in a second, and what the machine could do at the most.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::acts::{Crowd, Name};
use super::catalogue::Catalogue;
use super::client::{Client, Line};
use super::lighthouse::Lighthouse;
use super::load::{Driven, Load, Sends, Told, Tool};
use super::place::Place;
use super::process::Process;
use super::report::{Act, Figure, Run, real};
use super::server::Server;
use super::{floors, html, statements};
use crate::project::Project;
use crate::run;
use crate::steps::Steps;

/// The made company is the same for every size; only its history grows.
const PEOPLE: u32 = 2_000;
const BUNDLES: u32 = 5_000;
const SEED: u32 = 1;

/// How many of its people sign in.
const SIGN_IN: usize = 160;

/// How many forms are made ready for each second of load.
const FORMS_A_SECOND: u32 = 600;

/// How long after its work a portal may still hold on to memory.
const GIVES_BACK: Duration = Duration::from_secs(30);

/// Of how many pages it is counted what stands on them.
const SAMPLE: usize = 41;

/// How many steps a run on a database of our own takes.
pub const STEPS: usize = 2 + Name::DRIVEN.len() + 5;

/// What all runs share.
pub struct Bench<'a> {
    /// Where the programs are.
    pub project: &'a Project,
    /// The progress lines.
    pub steps: &'a Steps,
    /// The load tool.
    pub tool: Tool,
}

/// One act that was driven: how it went, what was sent, and one line that was not.
struct Driving {
    driven: Driven,
    lines: Vec<Line>,
    left: Line,
}

/// A portal and who is signed in to it.
struct Peopled {
    server: Server,
    crowd: Crowd,
}

impl Bench<'_> {
    /// Makes a company with so many requests.
    pub fn make(&self, place: &Place<'_>, requests: u64) -> Result<()> {
        self.steps.loud(&format!("{}: making up {requests} requests", place.says()), || {
            self.fill(place, requests)?;
            place.export(self.project)
        })
    }

    /// Measures the portal that serves what was made; with Lighthouse, its pages too. Where there is one with the fewest requests, each act is
    /// driven there right before: so how much longer it takes here does not hang on how fast the machine is at that time.
    pub fn own(
        &self,
        place: &Place<'_>,
        requests: u64,
        fewest: Option<&Place<'_>>,
        lighthouse: Option<&Lighthouse>,
    ) -> Result<Run> {
        let mut run = Run::new(place.says(), Some(requests));
        run.figures.insert(Figure::BytesARequest, real(place.bytes()?) / real(requests.max(1)));
        let catalogue = Catalogue::read(&place.catalogue())?;

        let starting = format!("{}: starting the portal, and signing {SIGN_IN} people in", run.on);
        let (server, mut crowd) = self.steps.quiet(&starting, || {
            let server = Server::portal(self.project, place)?;
            run.figures.insert(Figure::FirstAnswerMillis, server.first_answer().as_secs_f64() * 1e3);
            if server.process().rest()? {
                wait(GIVES_BACK)?;
            } else {
                run.remarks.push("resident memory, idle: of a portal that had work to do all the time".to_owned());
            }
            run.figures.insert(Figure::IdleMegabytes, megabytes(server.process().resident().unwrap_or_default()));
            let crowd = self.crowd(server.origin(), catalogue)?;
            Ok((server, crowd))
        })?;
        if let Some(lighthouse) = lighthouse {
            self.pages(lighthouse, &crowd, &mut run)?;
        }
        // First, while there is still something that can be asked for as it was lately.
        self.steps.quiet(&format!("{}: driving the floors", run.on), || {
            for (floor, driven) in floors::drive(&self.tool, self.project, place, &crowd.people)? {
                if driven.load.failed > 0 {
                    let says = floor.says();
                    run.remarks.push(format!("{says}: {} failed, so it says little", driven.load.failed));
                }
                run.floors.insert(floor, driven.load);
            }
            Ok(())
        })?;
        self.steps.quiet(&format!("{}: committing the same rows", run.on), || {
            run.raw = Some(floors::raw_commits(self.project, place, self.tool.seconds)?);
            Ok(())
        })?;
        let fewest = fewest.map(|place| self.fewest(place)).transpose()?;
        let mut started = Some(server);
        // Deciding empties the inboxes, so what an inbox takes is counted before.
        for acts in Name::DRIVEN.split_inclusive(|it| *it == Name::Inbox) {
            let server = started.take().map_or_else(|| Server::portal(self.project, place), Ok)?;
            crowd.client = Client::new(server.origin());
            let left = self.acts(&crowd, acts, Some(server.process()), fewest.as_ref(), &mut run)?;
            drop(server);
            self.steps
                .quiet(&format!("{}: counting SQL statements", run.on), || self.statements(place, &left, &mut run))?;
        }
        self.steps.quiet(&format!("{}: ruling, replaying, judging again, verifying", run.on), || {
            run.figures.extend(floors::rates(self.project, place)?);
            Ok(())
        })?;
        Ok(run)
    }

    /// Measures what the people of a running portal can do; what its process takes is not known.
    pub fn running(&self, url: &str, catalogue: Catalogue, lighthouse: &Lighthouse) -> Result<Run> {
        let mut run = Run::new(url.to_owned(), None);
        let crowd = self.steps.quiet("signing people in", || self.crowd(url, catalogue))?;
        self.pages(lighthouse, &crowd, &mut run)?;
        self.acts(&crowd, &Name::DRIVEN, None, None, &mut run)?;
        Ok(run)
    }

    fn fill(&self, place: &Place<'_>, requests: u64) -> Result<()> {
        run::read(place.sallyport(self.project).arg("migrate"))?;
        let [requests, people, bundles, seed] =
            [requests.to_string(), PEOPLE.to_string(), BUNDLES.to_string(), SEED.to_string()];
        run::show(
            place
                .sallyport(self.project)
                .args(["bench-data", "--requests", &requests, "--people", &people])
                .args(["--bundles", &bundles, "--seed", &seed])
                .stdout(Stdio::null()),
        )?;
        place.settle()
    }

    /// The portal with the fewest requests, as it was made.
    fn fewest(&self, place: &Place<'_>) -> Result<Peopled> {
        place.export(self.project)?;
        let server = Server::portal(self.project, place)?;
        let crowd = self.crowd(server.origin(), Catalogue::read(&place.catalogue())?)?;
        Ok(Peopled { server, crowd })
    }

    fn crowd(&self, origin: &str, catalogue: Catalogue) -> Result<Crowd> {
        let client = Client::new(origin);
        let mut people = Vec::new();
        for name in catalogue.some_people(SIGN_IN) {
            run::go_on()?;
            people.push(client.sign_in(name)?);
        }
        let forms = usize::try_from(self.tool.seconds.saturating_mul(FORMS_A_SECOND))?;
        Ok(Crowd { client, catalogue, people, forms })
    }

    /// Before any load, which would leave the inboxes empty.
    fn pages(&self, lighthouse: &Lighthouse, crowd: &Crowd, run: &mut Run) -> Result<()> {
        self.steps
            .quiet(&format!("{}: looking at pages with Lighthouse", run.on), || lighthouse.look_at_pages(crowd, run))
    }

    /// Drives acts, one after the other; what is left over is one line of each.
    fn acts(
        &self,
        crowd: &Crowd,
        names: &[Name],
        process: Option<Process>,
        fewest: Option<&Peopled>,
        run: &mut Run,
    ) -> Result<Vec<(Name, Line)>> {
        let mut left = Vec::new();
        for name in names.iter().copied() {
            let driving = self.steps.quiet(&format!("{}: {}", run.on, name.says()), || {
                // What it is sent is found out first, so that one load follows right after the other.
                let lines = crowd.sends(name)?;
                let before = fewest.and_then(|it| self.before(it, name, process, run));
                let driving = self.act(crowd, name, lines, process)?;
                run.remarks.extend(remarks(crowd, name, &driving)?);
                run.acts.push(Act { name, load: driving.driven.load.clone(), statements: None, fewest: before });
                Ok(driving)
            })?;
            if process.is_some() {
                let most = run.figures.entry(Figure::LoadMegabytes).or_default();
                *most = most.max(megabytes(driving.driven.resident));
            }
            left.push((name, driving.left));
        }
        Ok(left)
    }

    /// How an act goes where there are the fewest requests, while the other portal rests; what it cannot be driven for is a remark.
    fn before(&self, fewest: &Peopled, name: Name, other: Option<Process>, run: &mut Run) -> Option<Load> {
        let Peopled { server, crowd } = fewest;
        let driven = crowd.sends(name).and_then(|lines| {
            let rests = other.map_or(Ok(true), Process::rest)?;
            let driving = self.act(crowd, name, lines, Some(server.process()))?;
            let mut remarks = remarks(crowd, name, &driving)?;
            if !(rests && server.process().rest()?) {
                remarks.push(format!("{}: the two portals worked at the same time", name.says()));
            }
            Ok((driving.driven.load, remarks))
        });
        match driven {
            Ok((load, remarks)) => {
                run.remarks.extend(remarks.into_iter().map(|it| format!("with the fewest requests, {it}")));
                Some(load)
            }
            Err(why) => {
                run.remarks.push(format!("{} could not be driven with the fewest requests: {why:#}", name.says()));
                None
            }
        }
    }

    fn act(&self, crowd: &Crowd, name: Name, mut lines: Vec<Line>, process: Option<Process>) -> Result<Driving> {
        let left = match name.sends() {
            Sends::Pages => lines.first().cloned(),
            Sends::Forms => lines.pop(),
        };
        let left = left.filter(|_| !lines.is_empty());
        let left = left.with_context(|| format!("there is nothing to drive `{}` with", name.says()))?;
        let driven = self.tool.drive(crowd.client.origin(), &lines, name.sends(), process)?;
        Ok(Driving { driven, lines, left })
    }

    /// Sends each act once more to a portal that writes its statements down.
    fn statements(&self, place: &Place<'_>, left: &[(Name, Line)], run: &mut Run) -> Result<()> {
        let log = place.folder().join("statements.log");
        let server = Server::talkative(self.project, place, &log)?;
        let client = Client::new(server.origin());
        let mut done = BTreeSet::new();
        for (name, line) in left {
            if name.sends() == Sends::Pages {
                // What is kept in memory from the first time on is asked for once in a portal's life.
                client.send(line, "bench-warm")?;
            }
            let answer = client.send(line, name.key())?;
            if answer.status < 400 && !answer.location.contains("kept=") {
                done.insert(*name);
            } else {
                let (says, status, to) = (name.says(), answer.status, answer.location);
                run.remarks.push(format!(
                    "{says}: no statements were counted, as it answered with {status} and led to `{to}`"
                ));
            }
        }
        drop(server);
        let log = fs::read_to_string(&log)?;
        for act in run.acts.iter_mut().filter(|it| done.contains(&it.name)) {
            act.statements = Some(statements::count(&log, act.name.key()));
        }
        Ok(())
    }
}

/// What a reader must know about a load: what was turned away, what policy refused, whether it was a load at all.
fn remarks(crowd: &Crowd, name: Name, Driving { driven, lines, .. }: &Driving) -> Result<Vec<String>> {
    let (load, says) = (&driven.load, name.says());
    let mut remarks = Vec::new();
    if load.failed > 0 {
        remarks.push(format!("{says}: {} were answered with an error, or not at all", load.failed));
    }
    if load.refused > 0 {
        let mut why = BTreeSet::new();
        for told in &driven.refusals {
            why.insert(why_not(crowd, lines, told)?);
        }
        let why = why.into_iter().collect::<Vec<_>>().join("; ");
        remarks.push(format!("{says}: {} were turned away, such as: {why}", load.refused));
    }
    if let (Name::Inbox, Some(line)) = (name, lines.first()) {
        let rows = html::to_decide(&crowd.client.send(line, "bench")?.body).len();
        remarks.push(format!("{says}: of {} people, who have {rows} rows each on its first page", lines.len()));
    }
    if name == Name::Access {
        let mut rows = Vec::new();
        for line in lines.iter().take(SAMPLE) {
            rows.push(html::requests(&crowd.client.send(line, "bench")?.body).len());
        }
        rows.sort_unstable();
        let middle = rows.get(rows.len() / 2).copied().unwrap_or_default();
        remarks.push(format!(
            "{says}: of {} people; the middle one of {} pages leads to {middle} requests",
            lines.len(),
            rows.len()
        ));
    }
    if name == Name::Ask {
        let mut refused = 0;
        for told in &driven.samples {
            if answer(crowd, lines, told)?.is_some_and(|page| html::is_refused(&page)) {
                refused += 1;
            }
        }
        if refused > 0 {
            remarks.push(format!("{says}: policy refused {refused} of {} that were looked at", driven.samples.len()));
        }
    }
    if load.ran_out {
        remarks.push(format!("{says}: all {} forms were sent before the time was over", lines.len()));
    }
    if load.tool > 0.5 {
        remarks.push(format!(
            "{says}: the load tool took {:.0} % of a core, which it takes from the portal",
            load.tool * 100.0
        ));
    }
    Ok(remarks)
}

fn why_not(crowd: &Crowd, lines: &[Line], told: &Told) -> Result<String> {
    let page = answer(crowd, lines, told)?;
    Ok(page.and_then(|page| html::why_not(&page)).unwrap_or_else(|| format!("it leads to `{}`", told.location)))
}

/// The page to which a form led, as its sender sees it.
fn answer(crowd: &Crowd, lines: &[Line], told: &Told) -> Result<Option<String>> {
    let Some(line) = lines.get(told.line) else { return Ok(None) };
    let look = Line { path: told.location.clone(), form: None, ..line.clone() };
    Ok(Some(crowd.client.send(&look, "bench")?.body))
}

/// Sleeps, until somebody stops the program.
fn wait(time: Duration) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < time {
        run::go_on()?;
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    real(bytes) / 1e6
}
