//! Checking the trail: every chain is walked, every governed row is made again from its events and compared with what stands there,
//! and so is what hangs on them: texts, passwords, secrets, proofs, looks that are due, tasks that are done.

mod proofs;

use crate::{
    Error, Portal,
    ids::hashed,
    jobs::{LEASE, LONGEST_PAUSE},
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor, Refusal,
    authenticator::Means,
    event::{Envelope, Event, FORMAT, NO_PREV, Record, Thing, ThingKind, hash},
    grant::{GrantEvent, State as GrantState},
    identity::Identity,
    ids::{StreamId, TaskId},
    job::JobKey,
    replay::Progress as Replayed,
    request::State as RequestState,
    review::DraftState,
    stepup::Act,
    text::{TextRef, digest},
};
use futures::FutureExt as _;
use std::{collections::BTreeMap, fmt, panic::AssertUnwindSafe};
use store::{Columns, EventRow, ReplayOf, TaskRow, Tx};
use uuid::Uuid;

/// Something that is not as the trail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a kind of thing and its id, perhaps with the place in its chain.
    pub place: String,
    /// What is wrong.
    pub says: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.says)
    }
}

/// How far the check has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Chains walked.
    pub streams: u64,
    /// Chains in all.
    pub of_streams: u64,
    /// Events read.
    pub events: u64,
    /// Events in all.
    pub of_events: u64,
}

/// Where findings go: each is handed on at once, and counted.
struct Findings<'a> {
    hand: &'a mut (dyn FnMut(Finding) + Send),
    count: u64,
}

impl Findings<'_> {
    fn push(&mut self, finding: Finding) {
        self.count += 1;
        (self.hand)(finding);
    }
}

/// How many events or streams are read at a time.
const AT_A_TIME: i64 = 500;
/// How many findings of one sort are listed.
const LISTED: i64 = 100;
/// How long after its time a look may be due: the longest pause after a failure and a whole lease, as far as clocks agree.
const LATE: TimeDelta = TimeDelta::seconds(LONGEST_PAUSE + LEASE.num_seconds() + 60);

impl Portal {
    /// Hands out the events of one chain, in order, exactly as they are hashed. Gives how many there are.
    pub async fn events(
        &self,
        actor: &Actor,
        chain: Uuid,
        hand: &mut (dyn FnMut(&str) -> std::io::Result<()> + Send),
    ) -> Result<u32, Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("events are handed out on the command line").into());
        }
        let mut tx = self.store().read().await?;
        let mut seen = 0;
        loop {
            let page = tx.events(StreamId(chain), seen + 1, 100).await?;
            let Some(last) = page.last() else { return Ok(seen) };
            seen = last.seq;
            for event in &page {
                let text = String::from_utf8_lossy(&event.bytes);
                hand(&text).map_err(|why| Error::Unready(format!("the events cannot be written: {why}")))?;
            }
        }
    }

    /// Checks everything; hands out what is wrong, and where, as it is found, and gives how much that was. Reads one chain at a time and
    /// keeps nothing, so memory does not grow with the trail, however much is wrong in it.
    pub async fn verify(
        &self,
        progress: &mut (dyn FnMut(Progress) + Send),
        found: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<u64, Error> {
        let mut findings = Findings { hand: found, count: 0 };
        let (of_streams, of_events) = self.store().read().await?.count_trail().await?;
        let mut done = Progress { of_streams, of_events, ..Progress::default() };
        let mut from = Uuid::nil();
        loop {
            let streams = self.store().read().await?.streams(from, AT_A_TIME).await?;
            let Some((last, ..)) = streams.last() else { break };
            from = last.0;
            for (stream, ..) in streams {
                // One moment for the chain and the rows it leads to: work may go on meanwhile.
                let mut tx = self.store().read().await?;
                let walked = AssertUnwindSafe(walk(&mut tx, stream, self.now(), &mut findings)).catch_unwind().await;
                // Postgres: a time may be infinite, and the driver panics over it.
                let walked = walked.unwrap_or_else(|_| Err(unreadable(stream)));
                done.events += told(walked, &format!("chain {}", stream.0), &mut findings)?;
                done.streams += 1;
                progress(done);
            }
        }
        let tasks = self.verify_tasks(&mut findings).await;
        told(tasks, "table tasks", &mut findings)?;
        let mut tx = self.store().read().await?;
        for kind in ThingKind::ALL {
            let rows = tx.rows_without_events(kind, LISTED).await.map_err(Error::from);
            for id in told(rows, &format!("a {} without events", kind.word()), &mut findings)? {
                findings.push(Finding {
                    place: format!("{} {id}", kind.word()),
                    says: "stands there without any event".to_owned(),
                });
            }
        }
        let beyond = tx.events_beyond_heads(LISTED).await.map_err(Error::from);
        for id in told(beyond, "an event beyond its chain", &mut findings)? {
            findings.push(Finding {
                place: format!("event {id}"),
                says: "stands beyond the end of its chain, or in none".to_owned(),
            });
        }
        for guard in tx.missing_guards().await? {
            findings.push(Finding {
                place: "table events".to_owned(),
                says: format!("the trigger `{guard}` that guards it is missing or switched off"),
            });
        }
        Ok(findings.count)
    }

    /// Every task that is done was attested by the one who stands in it.
    async fn verify_tasks(&self, findings: &mut Findings<'_>) -> Result<(), Error> {
        let mut from = TaskId(Uuid::nil());
        loop {
            let mut tx = self.store().read().await?;
            let tasks = tx.done_tasks(from, AT_A_TIME).await?;
            let Some(last) = tasks.last() else { return Ok(()) };
            from = last.id;
            for task in &tasks {
                if !is_attested(&mut tx, task).await? {
                    findings.push(Finding {
                        place: format!("task {}", task.id),
                        says: "is done, and no event says that it was attested".to_owned(),
                    });
                }
            }
        }
    }
}

async fn is_attested(tx: &mut Tx, task: &TaskRow) -> Result<bool, Error> {
    let Some(done_at) = task.done_at else { return Ok(false) };
    let found = tx.attestations(&task.right, done_at).await?;
    Ok(found.iter().filter_map(|event| Envelope::read(&event.bytes).ok()).any(|envelope| {
        let Event::Grant(event) = &envelope.event else { return false };
        let GrantEvent::Attested { right, present } = event.as_ref() else { return false };
        *right == task.right
            && *present == task.wanted
            && envelope.at == done_at
            && envelope.actor.person().is_some_and(|who| task.done_by == Some(who))
    }))
}

/// What was read; what cannot be, although the database answers, is a finding, and the rest is checked all the same.
fn told<T: Default>(read: Result<T, Error>, place: &str, findings: &mut Findings<'_>) -> Result<T, Error> {
    match read {
        Err(Error::Store(why)) if why.is_nonsense() => {
            findings.push(Finding { place: place.to_owned(), says: format!("cannot be read: {why}") });
            Ok(T::default())
        }
        read => read,
    }
}

/// Walks one chain and compares the rows it leads to. Gives how many events it has.
async fn walk(tx: &mut Tx, stream: StreamId, now: DateTime<Utc>, findings: &mut Findings<'_>) -> Result<u64, Error> {
    let mut chain = Chain { stream, seq: 0, prev: NO_PREV.to_owned(), rows: BTreeMap::new(), broken: false };
    loop {
        let page = tx.events_to_check(stream, chain.seq.saturating_add(1), AT_A_TIME).await?;
        if page.is_empty() {
            break;
        }
        for (event, columns) in &page {
            let Some((envelope, does)) = chain.take(event, columns, findings) else { continue };
            if !has_its_task(tx, &envelope).await? {
                findings.push(chain.at(event.seq, "the task that it attests is not there, or is not done".to_owned()));
            }
            for says in proofs::wrong(tx, &envelope, does.as_ref()).await? {
                findings.push(chain.at(event.seq, says.to_owned()));
            }
        }
    }
    match tx.head(stream).await? {
        Some((seq, head)) if seq == chain.seq && head == chain.prev => {}
        Some((seq, _)) if seq > chain.seq => findings.push(chain.at(seq, "the newest events are missing".to_owned())),
        Some((seq, _)) => {
            findings.push(chain.at(seq, "the head of the chain is not the hash of its newest event".to_owned()));
        }
        None => findings.push(chain.at(0, "the chain is not known".to_owned())),
    }
    if !chain.broken {
        for (thing, record) in &chain.rows {
            compare(tx, *thing, record, now, findings).await?;
        }
    }
    Ok(u64::from(chain.seq))
}

struct Chain {
    stream: StreamId,
    seq: u32,
    prev: String,
    rows: BTreeMap<Thing, Record>,
    /// Once the chain is broken its rows cannot be made again, and saying that they differ would only add noise.
    broken: bool,
}

impl Chain {
    fn at(&self, seq: u32, says: String) -> Finding {
        Finding { place: format!("chain {} event {seq}", self.stream), says }
    }

    /// Takes the next event; gives what its bytes say, where they can be read, and which act its step-up must have been for.
    fn take(
        &mut self,
        event: &EventRow,
        columns: &Columns,
        findings: &mut Findings<'_>,
    ) -> Option<(Envelope, Option<Act>)> {
        let expected = self.seq.saturating_add(1);
        if event.seq != expected {
            findings.push(self.at(expected, format!("is missing; the next is event {}", event.seq)));
            self.broken = true;
        }
        let made = hash(&event.bytes);
        if made != event.hash {
            findings.push(self.at(event.seq, "its bytes do not have the hash that stands beside them".to_owned()));
            self.broken = true;
        }
        let taken = match Envelope::read(&event.bytes) {
            Err(why) => {
                findings.push(self.at(event.seq, format!("cannot be read: {why}")));
                self.broken = true;
                None
            }
            Ok(envelope) => {
                let before = self.rows.get(&envelope.changed());
                let does = envelope.event.shown(before).and_then(|shown| shown.does);
                self.apply(&envelope, event, findings);
                for (name, stands, due) in columns.other_than(&Columns::of_event(&envelope)) {
                    let says = format!("its column `{name}` says `{stands}`; its bytes say `{due}`");
                    findings.push(self.at(event.seq, says));
                }
                Some((envelope, does))
            }
        };
        self.seq = event.seq;
        self.prev = made;
        taken
    }

    fn apply(&mut self, envelope: &Envelope, event: &EventRow, findings: &mut Findings<'_>) {
        let mut wrong = |says: String| {
            findings.push(Finding { place: format!("chain {} event {}", self.stream, event.seq), says });
            self.broken = true;
        };
        if envelope.prev != self.prev {
            wrong("does not follow the event before it".to_owned());
        }
        if envelope.stream != self.stream || envelope.seq != event.seq || envelope.id != event.id {
            wrong("stands in another place than it says of itself".to_owned());
        }
        if envelope.format != FORMAT {
            wrong(format!("is of format {}, which this program does not know", envelope.format));
        }
        if envelope.bytes().ok().as_deref() != Some(event.bytes.as_slice()) {
            wrong("is not in canonical form".to_owned());
        }
        let thing = envelope.changed();
        let before = self.rows.remove(&thing);
        match Record::apply(before, thing, &envelope.event, &envelope.stamp()) {
            Ok(record) => {
                self.rows.insert(thing, record);
            }
            Err(why) => {
                findings.push(Finding {
                    place: format!("chain {} event {}", self.stream, event.seq),
                    says: why.to_string(),
                });
                self.broken = true;
            }
        }
    }
}

/// Whether the task stands there as done that an event attests, if that is what the event says.
async fn has_its_task(tx: &mut Tx, envelope: &Envelope) -> Result<bool, Error> {
    let Event::Grant(event) = &envelope.event else { return Ok(true) };
    let GrantEvent::Attested { right, present } = event.as_ref() else { return Ok(true) };
    Ok(tx.was_done(right, *present, envelope.at).await?)
}

async fn compare(
    tx: &mut Tx,
    thing: Thing,
    record: &Record,
    now: DateTime<Utc>,
    findings: &mut Findings<'_>,
) -> Result<(), Error> {
    let place = format!("{} {}", thing.kind.word(), thing.id);
    let Some(found) = tx.row_check(thing.kind, thing.id).await? else {
        findings.push(Finding { place, says: "its events are there, its row is gone".to_owned() });
        return Ok(());
    };
    let mut wrong = |says: String| findings.push(Finding { place: place.clone(), says });
    match &found.record {
        Err(why) => wrong(format!("cannot be read: {why}")),
        Ok(stands) if stands != record => wrong("is not what its events lead to".to_owned()),
        Ok(_) if found.version != record.version() => wrong("has another version than its events lead to".to_owned()),
        Ok(_) => {}
    }
    for (name, stands, due) in found.columns.other_than(&Columns::of(record)) {
        wrong(format!("its column `{name}` says `{stands}`; its events lead to `{due}`"));
    }
    for text in texts(record) {
        match tx.salted_text(text.id).await? {
            None => wrong("a text that belongs to it is gone".to_owned()),
            // No event erases a text yet; once one does, a text that it names is rightly empty.
            Some((_, None)) => wrong("a text that belongs to it was emptied, and no event erased it".to_owned()),
            Some((salt, Some(body))) if digest(&salt, &body) != text.digest => {
                wrong("a text that belongs to it was changed".to_owned());
            }
            Some((_, Some(_))) => {}
        }
    }
    if let Record::Identity(identity) = record {
        if let Some(says) = other_password(tx, identity).await? {
            wrong(says.to_owned());
        }
        for says in other_secrets(tx, identity).await? {
            wrong(says);
        }
    }
    for (key, latest) in must_follow(record, now) {
        if !is_due(tx, record, &key, latest).await? {
            wrong(format!("nothing is due that looks at `{key}`"));
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

/// Whether a look is due in time; a right may also wait for an operator who is asked to take it away, and a replay may be finished.
async fn is_due(tx: &mut Tx, record: &Record, key: &JobKey, latest: DateTime<Utc>) -> Result<bool, Error> {
    if tx.next_look(key).await?.is_some_and(|at| at <= latest) {
        return Ok(true);
    }
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

/// A chain that holds a value which no program of ours ever wrote.
fn unreadable(stream: StreamId) -> Error {
    let why = "it holds a value that cannot be read at all".to_owned();
    Error::Store(store::Error::Corrupt { table: "events", id: stream.to_string(), why })
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
