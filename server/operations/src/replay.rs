//! The replay of a draft over every recorded request: in the background, a batch at a time, so that one that is cut off goes
//! on where it was. Nobody publishes before it is finished.

use crate::{Error, Portal, bundles::Names, guardrails::Compiled};
use chrono::{DateTime, Utc};
use domain::{
    bundle::BundleSpec,
    facts::Facts,
    ids::{BundleId, EntitlementId, IdentityId},
    job::{Job, JobKey},
    replay::{Case, Draft, Effect, Found, Missing, Progress, Replayed, Sort, replay},
    request::Request,
    text::and,
    views::{ReplayCase, ReplaySort, ReplayView},
};
use std::collections::BTreeSet;
use store::{ReplayOf, ReplayRow, Tx};

/// How many requests are judged again in one look: few enough that others who write hardly wait.
pub(crate) const BATCH: usize = 100;

/// How many such batches are caught up with while something is published: what is further behind goes on in the background.
const CAUGHT_UP: usize = 3;

impl Portal {
    /// Judges the next requests again by the draft that is in review. Gives when to look again: at once, until all are done.
    pub(crate) async fn tend_replay(&self, tx: &mut Tx, of: ReplayOf) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(row) = tx.replay(of).await?.filter(|row| row.finished_at.is_none()) else { return Ok(None) };
        let is_last = self.walk_on(tx, of, row).await?;
        Ok((!is_last).then(|| self.now()))
    }

    /// Judges again what was asked since the replay finished, so that nothing is published that was not looked at. Where that is too much
    /// for one transaction the replay is finished no longer, and goes on by its job.
    pub(crate) async fn catch_up(&self, tx: &mut Tx, of: ReplayOf) -> Result<(), Error> {
        for _ in 0..CAUGHT_UP {
            let Some(row) = behind(tx, of).await? else { return Ok(()) };
            if self.walk_on(tx, of, row).await? {
                return Ok(());
            }
        }
        if let Some(row) = behind(tx, of).await? {
            tx.reopen_replay(of, row.number).await?;
            let key = match of {
                ReplayOf::Bundle(bundle) => JobKey::Replay { bundle },
                ReplayOf::Guardrails => JobKey::GuardrailReplay {},
            };
            tx.enqueue(&Job::at(key, self.now())).await?;
        }
        Ok(())
    }

    /// Catches up by itself, after an act was refused as its replay was too far behind: what the act wrote of it went with the act.
    pub(crate) async fn catch_up_alone(&self, of: ReplayOf) -> Result<(), Error> {
        self.retrying(|| async {
            let mut tx = self.store().write().await?;
            self.catch_up(&mut tx, of).await?;
            self.commit(tx).await
        })
        .await
    }

    /// One batch. Gives whether it was the last, or void: a newer draft, or one that was taken back, is another replay's.
    async fn walk_on(&self, tx: &mut Tx, of: ReplayOf, mut row: ReplayRow) -> Result<bool, Error> {
        let Some(drafted) = self.drafted(tx, of, row.number).await? else { return Ok(true) };
        let page = tx.recorded_requests(row.walked_to, i64::try_from(BATCH).unwrap_or(i64::MAX)).await?;
        for request in &page {
            let then = self.guardrails_of(tx, &request.ruling).await?;
            let draft = drafted.as_draft();
            let effects = replay(&request.ask, &request.facts, &request.ruling, then.as_ref(), draft);
            if let Some(effects) = effects {
                row.result.note(&effects, |effect| case(request, effect, &drafted.names));
            }
            row.walked_to = request.id;
            row.done = row.done.saturating_add(1);
        }
        let is_last = page.len() < BATCH;
        row.finished_at = row.finished_at.or(is_last.then(|| self.now()));
        tx.advance_replay(of, &row).await?;
        Ok(is_last)
    }

    /// The draft that is in review under this number, with the names that its cases need.
    async fn drafted(&self, tx: &mut Tx, of: ReplayOf, number: u32) -> Result<Option<Drafted>, Error> {
        Ok(match of {
            ReplayOf::Bundle(id) => {
                let Some(bundle) = tx.bundle(id).await? else { return Ok(None) };
                let published = bundle.published.map(|published| published.spec);
                let draft = bundle.draft.filter(|draft| draft.is_in_review() && draft.number == number);
                let Some(draft) = draft else { return Ok(None) };
                let names = Names::read(tx, &[&draft.spec]).await?;
                Some(Drafted {
                    names,
                    what: What::Bundle { id, spec: Box::new(draft.spec), published: published.map(Box::new) },
                })
            }
            ReplayOf::Guardrails => {
                let draft = tx.guardrails().await?.and_then(|set| set.draft);
                let draft = draft.filter(|draft| draft.is_in_review() && draft.number == number);
                draft.map(|draft| Drafted {
                    names: Names::default(),
                    what: What::Guardrails(Box::new(Compiled::published(number, &draft.spec.rules))),
                })
            }
        })
    }
}

/// The finished replay since which something was asked.
async fn behind(tx: &mut Tx, of: ReplayOf) -> Result<Option<ReplayRow>, Error> {
    let Some(row) = tx.replay(of).await?.filter(|row| row.finished_at.is_some()) else { return Ok(None) };
    let is_behind = !tx.recorded_requests(row.walked_to, 1).await?.is_empty();
    Ok(is_behind.then_some(row))
}

/// A draft in review, and the names that its cases need.
struct Drafted {
    names: Names,
    what: What,
}

enum What {
    Bundle { id: BundleId, spec: Box<BundleSpec>, published: Option<Box<BundleSpec>> },
    Guardrails(Box<Compiled>),
}

impl Drafted {
    fn as_draft(&self) -> Draft<'_> {
        match &self.what {
            What::Bundle { id, spec, published } => {
                Draft::Bundle { bundle: *id, spec, published: published.as_deref() }
            }
            What::Guardrails(draft) => Draft::Guardrails(draft.as_ref()),
        }
    }
}

/// How far the replay of one draft is, and what it found once it is finished.
pub(crate) async fn progress(tx: &mut Tx, of: ReplayOf, number: u32) -> Result<(Progress, Option<Found>), Error> {
    Ok(reached(tx.replay(of).await?.as_ref(), number))
}

/// The same of a replay that was read.
pub(crate) fn reached(row: Option<&ReplayRow>, number: u32) -> (Progress, Option<Found>) {
    let Some(row) = row else { return (Progress::NotBegun, None) };
    let progress = row.progress(number);
    let found = matches!(progress, Progress::Finished).then(|| row.result.found());
    (progress, found)
}

/// The replay of one draft as a page shows it.
pub(crate) fn shown(row: ReplayRow, number: u32) -> Option<ReplayView> {
    let sentence = match row.progress(number) {
        Progress::NotBegun => return None,
        Progress::Running { done, total } => {
            format!("{done} of {total} recorded requests are judged again so far; the rest follows by itself.")
        }
        Progress::Finished => row.result.sentence(),
    };
    let Replayed { requests: _, sorts } = row.result;
    Some(ReplayView {
        finished: row.finished_at.is_some(),
        done: row.done,
        total: row.total.max(row.done),
        sentence,
        sorts: sorts.into_iter().map(|(sort, cases)| sort_shown(sort, cases.count, cases.first)).collect(),
    })
}

fn sort_shown(sort: Sort, count: u32, first: Vec<Case>) -> ReplaySort {
    let cases = first.into_iter().map(|case| ReplayCase {
        request: case.request,
        subject: case.subject,
        asked_at: case.asked_at,
        says: case.says,
    });
    ReplaySort { title: sort.title().to_owned(), count, cases: cases.collect() }
}

fn case(request: &Request, effect: &Effect, names: &Names) -> Case {
    Case {
        request: request.id,
        subject: request.facts.subject.name.clone(),
        asked_at: request.asked_at,
        says: says(effect, &request.facts, names),
    }
}

/// What would have changed, in one sentence.
fn says(effect: &Effect, facts: &Facts, names: &Names) -> String {
    match effect {
        Effect::NewlyRefused { by } => by.join("; "),
        Effect::NewlyAllowed => "it was refused; people would decide on it".to_owned(),
        Effect::NewlyAutomatic => "nobody would have to approve it".to_owned(),
        Effect::NoLongerAutomatic => "it was automatic; people would have to approve it".to_owned(),
        Effect::FewerApprovals { before, after } => format!("{after} would have to approve it, not {before}"),
        Effect::MoreApprovals { before, after } => format!("{after} would have to approve it, not only {before}"),
        Effect::LostApprover { stages, people } => {
            format!("{} could decide in {}, and could not any more", people_of(people, facts, names), quoted(stages))
        }
        Effect::NewApprover { stages, people } => {
            format!("{} could not decide, and could in {}", people_of(people, facts, names), quoted(stages))
        }
        Effect::WeakerStepUp { stages } => {
            format!("who approves in {} would show less surely who they are", quoted(stages))
        }
        Effect::StrongerStepUp { stages } => {
            format!("who approves in {} would show more surely who they are", quoted(stages))
        }
        Effect::CannotTell { missing } => missed(missing, facts, names),
    }
}

fn missed(missing: &Missing, facts: &Facts, names: &Names) -> String {
    let right = |entitlement: EntitlementId| {
        names.rights.get(&entitlement).map_or_else(|| "a right".to_owned(), ToString::to_string)
    };
    match missing {
        Missing::Rules => "it was judged by other rules than those of today".to_owned(),
        Missing::Reason => "the words of the reason are no fact: only that they fitted the pattern of then".to_owned(),
        Missing::Asker { group } => {
            format!("it was not recorded whether {} was in {}", facts.subject.name, names.group(*group))
        }
        Missing::Members { group } => format!("it was not recorded who was in {}", names.group(*group)),
        Missing::Demanded { group } => format!("it was not recorded who was in `{group}`, which must approve"),
        Missing::Person { person } => {
            format!("it was not recorded whether {} belonged to the company", name(*person, facts, names))
        }
        Missing::Entitlement { entitlement } => format!("nothing was recorded of {}", right(*entitlement)),
        Missing::Privilege { entitlement } => {
            format!("it was not recorded whether {} was privileged for another reason too", right(*entitlement))
        }
    }
}

fn name(person: IdentityId, facts: &Facts, names: &Names) -> String {
    names.people.get(&person).cloned().unwrap_or_else(|| facts.name(person))
}

/// A few names, and how many more.
fn people_of(people: &BTreeSet<IdentityId>, facts: &Facts, names: &Names) -> String {
    const MOST: usize = 4;
    let mut some: Vec<_> = people.iter().take(MOST).map(|id| name(*id, facts, names)).collect();
    match people.len().saturating_sub(MOST) {
        0 => {}
        1 => some.push("one other".to_owned()),
        more => some.push(format!("{more} others")),
    }
    and(&some)
}

fn quoted(stages: &[String]) -> String {
    and(&stages.iter().map(|stage| format!("“{stage}”")).collect::<Vec<_>>())
}
