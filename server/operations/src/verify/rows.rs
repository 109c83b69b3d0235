//! Whether governed rows are what their events lead to, and so what hangs on them: texts, passwords, secrets, looks that are due. What is
//! there of every row is read of many at once.

use super::{Finding, Findings};
use crate::{
    Error,
    ids::hashed,
    jobs::{LEASE, LONGEST_PAUSE},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    authenticator::Means,
    event::{Record, Thing, ThingKind},
    grant::State as GrantState,
    identity::Identity,
    job::JobKey,
    replay::Progress as Replayed,
    request::State as RequestState,
    review::DraftState,
    text::{TextRef, digest},
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Columns, ReplayOf, RowCheck, Tx};
use uuid::Uuid;

/// How long after its time a look may be due: the longest pause after a failure and a whole lease, as far as clocks agree.
const LATE: TimeDelta = TimeDelta::seconds(LONGEST_PAUSE + LEASE.num_seconds() + 60);

/// A row as its events lead to it.
#[derive(Clone, Copy)]
pub(super) struct Due<'a> {
    /// Which row.
    pub(super) thing: &'a Thing,
    /// What it must be.
    pub(super) record: &'a Record,
}

impl Due<'_> {
    fn finding(&self, says: impl Into<String>) -> Finding {
        Finding { place: format!("{} {}", self.thing.kind.word(), self.thing.id), says: says.into() }
    }
}

/// Compares rows with what stands there, and with what hangs on them.
pub(super) async fn compare(
    tx: &mut Tx,
    due: &[Due<'_>],
    now: DateTime<Utc>,
    findings: &mut Findings<'_>,
) -> Result<(), Error> {
    let there = compare_rows(tx, due, findings).await?;
    compare_texts(tx, &there, findings).await?;
    for due in &there {
        let Record::Identity(identity) = due.record else { continue };
        if let Some(says) = other_password(tx, identity).await? {
            findings.push(due.finding(says));
        }
        for says in other_secrets(tx, identity).await? {
            findings.push(due.finding(says));
        }
    }
    compare_looks(tx, &there, now, findings).await
}

/// Compares the rows themselves. Gives those that are there.
async fn compare_rows<'a>(tx: &mut Tx, due: &[Due<'a>], findings: &mut Findings<'_>) -> Result<Vec<Due<'a>>, Error> {
    let mut ids: BTreeMap<ThingKind, Vec<Uuid>> = BTreeMap::new();
    for due in due {
        ids.entry(due.thing.kind).or_default().push(due.thing.id);
    }
    let mut stand = BTreeMap::new();
    for (kind, ids) in ids {
        stand.insert(kind, tx.rows_to_check(kind, &ids).await?);
    }
    let mut there = Vec::new();
    for due in due {
        let Some(row) = stand.get(&due.thing.kind).and_then(|rows| rows.get(&due.thing.id)) else {
            findings.push(due.finding("its events are there, its row is gone"));
            continue;
        };
        if let Some(says) = other_row(due, row) {
            findings.push(due.finding(says));
        }
        for (name, stands, leads_to) in row.columns.other_than(&Columns::of(due.record)) {
            let says = format!("its column `{name}` says `{stands}`; its events lead to `{leads_to}`");
            findings.push(due.finding(says));
        }
        there.push(*due);
    }
    Ok(there)
}

/// What is wrong with a row, but for its searchable columns.
fn other_row(due: &Due<'_>, row: &RowCheck) -> Option<String> {
    // Written as it would be written now, it is the same, and need not be read.
    let as_written = due.record.to_json().is_ok_and(|body| body == row.body);
    if !as_written {
        match Record::from_json(due.thing.kind, &row.body) {
            Err(why) => return Some(format!("cannot be read: {why}")),
            Ok(stands) if stands != *due.record => return Some("is not what its events lead to".to_owned()),
            Ok(_) => {}
        }
    }
    (row.version != due.record.version()).then(|| "has another version than its events lead to".to_owned())
}

async fn compare_texts(tx: &mut Tx, due: &[Due<'_>], findings: &mut Findings<'_>) -> Result<(), Error> {
    let ids: BTreeSet<_> = due.iter().flat_map(|due| texts(due.record)).map(|text| text.id).collect();
    let stand = tx.salted_texts(&ids).await?;
    for due in due {
        for text in texts(due.record) {
            let says = match stand.get(&text.id) {
                None => "a text that belongs to it is gone",
                // No event erases a text yet; once one does, a text that it names is rightly empty.
                Some((_, None)) => "a text that belongs to it was emptied, and no event erased it",
                Some((salt, Some(body))) if digest(salt, body) != text.digest => {
                    "a text that belongs to it was changed"
                }
                Some((_, Some(_))) => continue,
            };
            findings.push(due.finding(says));
        }
    }
    Ok(())
}

async fn compare_looks(
    tx: &mut Tx,
    due: &[Due<'_>],
    now: DateTime<Utc>,
    findings: &mut Findings<'_>,
) -> Result<(), Error> {
    let mut must = Vec::new();
    for due in due {
        must.extend(must_follow(due.record, now).into_iter().map(|(key, latest)| (*due, key, latest)));
    }
    let keys: BTreeSet<_> = must.iter().map(|(_, key, _)| key.clone()).collect();
    let looks = tx.next_looks(&keys).await?;
    for (due, key, latest) in must {
        let in_time = looks.get(&key).is_some_and(|at| *at <= latest);
        if !in_time && !needs_no_look(tx, due.record, &key).await? {
            findings.push(due.finding(format!("nothing is due that looks at `{key}`")));
        }
    }
    Ok(())
}

/// What is wrong with the password that stands there, by what the identity says of it.
async fn other_password(tx: &mut Tx, identity: &Identity) -> Result<Option<&'static str>, Error> {
    Ok(match (tx.password(identity.id).await?, &identity.password_digest) {
        (None, None) => None,
        (None, Some(_)) => Some("its password is gone"),
        (Some(_), None) => Some("it has a password that was never set"),
        (Some(kept), Some(_)) if identity.has_password(&hashed(&kept)) => None,
        (Some(_), Some(_)) => Some("its password is not the one that was set"),
    })
}

/// What is wrong with the secrets of the authenticator apps that stand there, by what was added.
async fn other_secrets(tx: &mut Tx, identity: &Identity) -> Result<Vec<String>, Error> {
    let mut wrong = Vec::new();
    for app in identity.authenticators.values() {
        let Means::Code { sealed, .. } = &app.means else { continue };
        match tx.sealed(app.id).await? {
            Some(kept) if hashed(&kept) == *sealed => {}
            Some(_) => wrong.push(format!("the secret of “{}” is not the one that was added", app.name)),
            None => wrong.push(format!("the secret of “{}” is gone", app.name)),
        }
    }
    Ok(wrong)
}

/// The looks that must be due while a row stands as it does, and until when at the latest: without them nothing would expire, open or
/// be taken away.
fn must_follow(record: &Record, now: DateTime<Utc>) -> Vec<(JobKey, DateTime<Utc>)> {
    let by = |time: DateTime<Utc>| time.max(now) + LATE;
    match record {
        Record::Request(it) => match it.state {
            RequestState::Waiting { until } => {
                vec![(JobKey::Request { id: it.id }, by(it.next_moment(now).unwrap_or(until)))]
            }
            RequestState::Approved { lapses_at, .. } => vec![(JobKey::Request { id: it.id }, by(lapses_at))],
            RequestState::Refused { .. }
            | RequestState::Granted { .. }
            | RequestState::Denied { .. }
            | RequestState::Withdrawn { .. }
            | RequestState::Expired { .. }
            | RequestState::Lapsed { .. }
            | RequestState::Stopped { .. } => Vec::new(),
        },
        Record::Grant(it) => match it.state {
            GrantState::Opening { lapses_at: until, .. } | GrantState::Active { until, .. } => {
                vec![(JobKey::Grant { id: it.id }, by(until))]
            }
            GrantState::Ending { since, .. } => {
                let left = it.assignments.iter().filter(|a| !a.settled);
                left.map(|a| (JobKey::Right(a.right()), by(since))).collect()
            }
            GrantState::Ended { .. } => Vec::new(),
        },
        Record::Bundle(it) => match it.draft.as_ref().map(|draft| &draft.state) {
            Some(DraftState::InReview { since, .. }) => vec![(JobKey::Replay { bundle: it.id }, by(*since))],
            Some(DraftState::Draft) | None => Vec::new(),
        },
        Record::GuardrailSet(it) => match it.draft.as_ref().map(|draft| &draft.state) {
            Some(DraftState::InReview { since, .. }) => vec![(JobKey::GuardrailReplay {}, by(*since))],
            Some(DraftState::Draft) | None => Vec::new(),
        },
        Record::Portal(_) | Record::Identity(_) | Record::Group(_) | Record::System(_) => Vec::new(),
    }
}

/// Whether no look has to be due: a right may also wait for an operator who is asked to take it away, and a replay may be finished.
async fn needs_no_look(tx: &mut Tx, record: &Record, key: &JobKey) -> Result<bool, Error> {
    Ok(match key {
        JobKey::Right(right) => tx.is_to_be_taken(right).await?,
        JobKey::Replay { bundle } => is_replayed(tx, ReplayOf::Bundle(*bundle), drafted(record)).await?,
        JobKey::GuardrailReplay {} => is_replayed(tx, ReplayOf::Guardrails, drafted(record)).await?,
        JobKey::Request { .. } | JobKey::Grant { .. } | JobKey::Deciders {} => false,
    })
}

/// The texts that belong to a row.
fn texts(record: &Record) -> Vec<&TextRef> {
    match record {
        Record::Request(it) => {
            let decided = it.decisions.iter().filter_map(|d| d.comment.as_ref());
            let reviewed = it.review.iter().map(|review| &review.text);
            let written = it.comments.iter().map(|c| &c.text).chain(reviewed);
            it.justification.iter().chain(decided).chain(written).collect()
        }
        Record::Bundle(it) => it.remarks.iter().map(|remark| &remark.text).collect(),
        Record::GuardrailSet(it) => it.remarks.iter().map(|remark| &remark.text).collect(),
        Record::System(it) => it.remarks.iter().map(|remark| &remark.text).collect(),
        Record::Group(it) => it.remarks.iter().map(|remark| &remark.text).collect(),
        Record::Portal(_) | Record::Identity(_) | Record::Grant(_) => Vec::new(),
    }
}

/// The number of the draft that a row has.
fn drafted(record: &Record) -> Option<u32> {
    match record {
        Record::Bundle(it) => it.draft.as_ref().map(|draft| draft.number),
        Record::GuardrailSet(it) => it.draft.as_ref().map(|draft| draft.number),
        Record::Portal(_)
        | Record::Identity(_)
        | Record::Group(_)
        | Record::System(_)
        | Record::Request(_)
        | Record::Grant(_) => None,
    }
}

/// Whether the replay of this very draft is finished.
async fn is_replayed(tx: &mut Tx, of: ReplayOf, number: Option<u32>) -> Result<bool, Error> {
    let (Some(number), Some(replay)) = (number, tx.replay(of).await?) else { return Ok(false) };
    Ok(matches!(replay.progress(number), Replayed::Finished))
}
