//! The replay of a draft over every recorded request of its bundle: in the background, a batch at a time, so that one that is cut off goes
//! on where it was. Nobody publishes before it is finished.

use crate::{Error, Portal, bundles::Names};
use chrono::{DateTime, Utc};
use domain::{
    facts::Facts,
    ids::{BundleId, EntitlementId, IdentityId},
    replay::{Case, Effect, Found, Missing, Progress, Replayed, Sort, replay},
    request::Request,
    text::and,
    views::{ReplayCase, ReplaySort, ReplayView},
};
use std::collections::BTreeSet;
use store::{ReplayRow, Tx};

/// How many requests are judged again in one look: few enough that others who write hardly wait.
pub(crate) const BATCH: usize = 100;

impl Portal {
    /// Judges the next requests again by the draft that is in review. Gives when to look again: at once, until all are done.
    pub(crate) async fn tend_replay(&self, tx: &mut Tx, id: BundleId) -> Result<Option<DateTime<Utc>>, Error> {
        let now = self.now();
        let Some(mut row) = tx.replay(id).await?.filter(|row| row.finished_at.is_none()) else { return Ok(None) };
        let Some(bundle) = tx.bundle(id).await? else { return Ok(None) };
        // A newer draft, or one that was taken back, makes this one void.
        let Some(draft) = bundle.draft.filter(|draft| draft.is_in_review() && draft.number == row.number) else {
            return Ok(None);
        };
        let names = Names::read(tx, &draft.spec).await?;
        let page = tx.requests_for(id, row.walked_to, i64::try_from(BATCH).unwrap_or(i64::MAX)).await?;
        for request in &page {
            let effect = replay(&request.ask, &request.facts, &request.ruling, &draft.spec);
            row.result.note(&effect, || case(request, &effect, &names));
            row.walked_to = request.id;
        }
        let is_last = page.len() < BATCH;
        row.finished_at = is_last.then_some(now);
        tx.advance_replay(id, &row).await?;
        Ok((!is_last).then_some(now))
    }
}

/// How far the replay of one draft is, and what it found once it is finished.
pub(crate) async fn progress(tx: &mut Tx, bundle: BundleId, number: u32) -> Result<(Progress, Option<Found>), Error> {
    let Some(row) = tx.replay(bundle).await? else { return Ok((Progress::NotBegun, None)) };
    let progress = row.progress(number);
    let found = matches!(progress, Progress::Finished).then(|| row.result.found());
    Ok((progress, found))
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
    let Replayed { requests, sorts } = row.result;
    Some(ReplayView {
        finished: row.finished_at.is_some(),
        done: requests,
        total: row.total.max(requests),
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
        Effect::Same => "nothing would have changed".to_owned(),
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
        Effect::CannotTell { missing } => missed(*missing, facts, names),
    }
}

fn missed(missing: Missing, facts: &Facts, names: &Names) -> String {
    let right = |entitlement: EntitlementId| {
        names.rights.get(&entitlement).map_or_else(|| "a right".to_owned(), |(_, system, it)| format!("{system}: {it}"))
    };
    match missing {
        Missing::Rules => "it was judged by other rules than those of today".to_owned(),
        Missing::Reason => "the words of the reason are no fact: only that they fitted the pattern of then".to_owned(),
        Missing::Asker { group } => {
            format!("it was not recorded whether {} was in {}", facts.subject.name, names.group(group))
        }
        Missing::Members { group } => format!("it was not recorded who was in {}", names.group(group)),
        Missing::Person { person } => {
            format!("it was not recorded whether {} belonged to the company", name(person, facts, names))
        }
        Missing::Entitlement { entitlement } => format!("nothing was recorded of {}", right(entitlement)),
        Missing::Privilege { entitlement } => {
            format!("it was not recorded whether {} was privileged for another reason too", right(entitlement))
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
