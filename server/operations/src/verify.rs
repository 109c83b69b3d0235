//! Checking the trail: every chain is walked, every governed row is made again from its events and compared with what stands there,
//! and so is what hangs on them: texts, passwords, secrets, proofs, looks that are due, tasks that are done.

mod proofs;
mod rows;

use crate::{Error, Portal};
use chrono::{DateTime, Utc};
use domain::{
    Actor, Refusal,
    event::{Envelope, Event, FORMAT, NO_PREV, Record, Thing, ThingKind, hash},
    grant::GrantEvent,
    ids::{StreamId, TaskId},
    stepup::Act,
};
use futures::FutureExt as _;
use rows::{Due, compare};
use std::{collections::BTreeMap, fmt, panic::AssertUnwindSafe};
use store::{EventCheck, EventRow, TaskRow, Tx};
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

/// How many events or tasks are read at a time.
const AT_A_TIME: i64 = 1000;
/// How many chains are looked at in one moment, at the most.
const CHAINS: i64 = 200;
/// How many findings of one sort are listed.
const LISTED: i64 = 100;

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

    /// Checks everything; hands out what is wrong, and where, as it is found, and gives how much that was. Reads a few chains at a time and
    /// keeps nothing, so memory does not grow with the trail, however much is wrong in it.
    pub async fn verify(
        &self,
        progress: &mut (dyn FnMut(Progress) + Send),
        found: &mut (dyn FnMut(Finding) + Send),
    ) -> Result<u64, Error> {
        let mut findings = Findings { hand: found, count: 0 };
        let (of_streams, of_events) = self.store().read().await?.count_trail().await?;
        let mut done = Progress { of_streams, of_events, ..Progress::default() };
        let mut from = StreamId(Uuid::nil());
        loop {
            // One moment for the chains and the rows they lead to: work may go on meanwhile.
            let mut tx = self.store().read().await?;
            let chains = few(tx.streams(from.0, CHAINS).await?);
            let Some(last) = chains.last() else { break };
            from = last.stream;
            done.streams += u64::try_from(chains.len()).unwrap_or(0);
            done.events += self.verify_chains(tx, chains, &mut findings).await?;
            progress(done);
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

    /// Checks chains that stand beside each other: together where they can be read so, else one after another. Gives how many events they
    /// have.
    async fn verify_chains(&self, tx: Tx, chains: Vec<Chain>, findings: &mut Findings<'_>) -> Result<u64, Error> {
        let streams: Vec<_> = chains.iter().map(|chain| chain.stream).collect();
        if let Some(events) = self.verify_together(tx, chains, findings).await? {
            return Ok(events);
        }
        let mut events = 0;
        for stream in streams {
            // One moment for the chain and the rows it leads to, as above.
            let mut tx = self.store().read().await?;
            let walked = AssertUnwindSafe(walk_alone(&mut tx, stream, self.now(), findings)).catch_unwind().await;
            // Postgres: a time may be infinite, and the driver panics over it.
            let walked = walked.unwrap_or_else(|_| Err(unreadable(stream)));
            events += told(walked, &format!("chain {stream}"), findings)?;
        }
        Ok(events)
    }

    /// Checks chains that stand beside each other, and gives how many events they have. `None` where that takes one after another: there is
    /// but one, they are longer than their heads say, or a value cannot be read, and is to be told of the chain that holds it. Then nothing
    /// was handed out.
    async fn verify_together(
        &self,
        mut tx: Tx,
        mut chains: Vec<Chain>,
        findings: &mut Findings<'_>,
    ) -> Result<Option<u64>, Error> {
        if chains.len() < 2 {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut put_aside = |finding: Finding| found.push(finding);
        let mut aside = Findings { hand: &mut put_aside, count: 0 };
        let walked = walk_together(&mut tx, &mut chains, self.now(), &mut aside);
        match AssertUnwindSafe(walked).catch_unwind().await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) | Err(_) => return Ok(None),
            Ok(Err(Error::Store(why))) if why.is_nonsense() => return Ok(None),
            Ok(Err(why)) => return Err(why),
        }
        for finding in found {
            findings.push(finding);
        }
        Ok(Some(chains.iter().map(|chain| u64::from(chain.seq)).sum()))
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

/// The first of these chains that can be read together, by how many events their heads name, and one at least.
fn few(streams: Vec<(StreamId, u32, String)>) -> Vec<Chain> {
    let mut events = 0;
    let mut chains = Vec::new();
    for (stream, seq, head) in streams {
        events += i64::from(seq);
        if events >= AT_A_TIME && !chains.is_empty() {
            break;
        }
        chains.push(Chain::new(stream, Some((seq, head))));
    }
    chains
}

/// Walks a few chains that stand beside each other, in the order of their ids, and compares the rows they lead to. False where they have
/// too many events to be read together.
async fn walk_together(
    tx: &mut Tx,
    chains: &mut [Chain],
    now: DateTime<Utc>,
    findings: &mut Findings<'_>,
) -> Result<bool, Error> {
    let (Some(first), Some(last)) = (chains.first(), chains.last()) else { return Ok(true) };
    let page = tx.events_to_check((first.stream, 0), last.stream, AT_A_TIME).await?;
    if is_full(&page) {
        return Ok(false);
    }
    let mut page = page.into_iter().peekable();
    for chain in chains.iter_mut() {
        while let Some(event) = page.next_if(|event| event.stream <= chain.stream) {
            // What stands between two chains is in none that is known, and is told of at the end.
            if event.stream == chain.stream {
                check(tx, chain, &event, findings).await?;
            }
        }
        chain.check_head(findings);
    }
    let due: Vec<_> = chains.iter().flat_map(Chain::due).collect();
    compare(tx, &due, now, findings).await?;
    Ok(true)
}

/// Walks one chain, however long, and compares the rows it leads to. Gives how many events it has. Row by row, so that one that cannot be
/// read hides none before it.
async fn walk_alone(
    tx: &mut Tx,
    stream: StreamId,
    now: DateTime<Utc>,
    findings: &mut Findings<'_>,
) -> Result<u64, Error> {
    let head = tx.head(stream).await?;
    let mut chain = Chain::new(stream, head);
    loop {
        let page = tx.events_to_check((stream, chain.seq), stream, AT_A_TIME).await?;
        for event in &page {
            check(tx, &mut chain, event, findings).await?;
        }
        if !is_full(&page) {
            break;
        }
    }
    chain.check_head(findings);
    for due in chain.due() {
        compare(tx, &[due], now, findings).await?;
    }
    Ok(u64::from(chain.seq))
}

/// Whether there may be more than what was read.
fn is_full(page: &[EventCheck]) -> bool {
    i64::try_from(page.len()).is_ok_and(|read| read >= AT_A_TIME)
}

/// Takes the next event of a chain, and looks for what it says was done.
async fn check(tx: &mut Tx, chain: &mut Chain, event: &EventCheck, findings: &mut Findings<'_>) -> Result<(), Error> {
    let Some((envelope, does)) = chain.take(event, findings) else { return Ok(()) };
    if !has_its_task(tx, &envelope).await? {
        findings.push(chain.at(event.row.seq, "the task that it attests is not there, or is not done".to_owned()));
    }
    for says in proofs::wrong(tx, &envelope, does.as_ref()).await? {
        findings.push(chain.at(event.row.seq, says.to_owned()));
    }
    Ok(())
}

struct Chain {
    stream: StreamId,
    /// How many events it has and the hash of the newest, by the table of chains.
    head: Option<(u32, String)>,
    seq: u32,
    prev: String,
    rows: BTreeMap<Thing, Record>,
    /// Once the chain is broken its rows cannot be made again, and saying that they differ would only add noise.
    broken: bool,
}

impl Chain {
    fn new(stream: StreamId, head: Option<(u32, String)>) -> Self {
        Self { stream, head, seq: 0, prev: NO_PREV.to_owned(), rows: BTreeMap::new(), broken: false }
    }

    fn at(&self, seq: u32, says: String) -> Finding {
        Finding { place: format!("chain {} event {seq}", self.stream), says }
    }

    /// Takes the next event; gives what its bytes say, where they can be read, and which act its step-up must have been for.
    fn take(&mut self, read: &EventCheck, findings: &mut Findings<'_>) -> Option<(Envelope, Option<Act>)> {
        let event = &read.row;
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
                for (name, stands, due) in read.columns.other_than(&envelope) {
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

    /// Whether it ends where the table of chains says.
    fn check_head(&self, findings: &mut Findings<'_>) {
        match &self.head {
            Some((seq, head)) if *seq == self.seq && *head == self.prev => {}
            Some((seq, _)) if *seq > self.seq => {
                findings.push(self.at(*seq, "the newest events are missing".to_owned()));
            }
            Some((seq, _)) => {
                let says = "the head of the chain is not the hash of its newest event";
                findings.push(self.at(*seq, says.to_owned()));
            }
            None => findings.push(self.at(0, "the chain is not known".to_owned())),
        }
    }

    /// The rows that it leads to; none where it is broken.
    fn due(&self) -> impl Iterator<Item = Due<'_>> {
        let whole = (!self.broken).then_some(&self.rows);
        whole.into_iter().flatten().map(|(thing, record)| Due { thing, record })
    }
}

/// Whether the task stands there as done that an event attests, if that is what the event says.
async fn has_its_task(tx: &mut Tx, envelope: &Envelope) -> Result<bool, Error> {
    let Event::Grant(event) = &envelope.event else { return Ok(true) };
    let GrantEvent::Attested { right, present } = event.as_ref() else { return Ok(true) };
    Ok(tx.was_done(right, *present, envelope.at).await?)
}

/// A chain that holds a value which no program of ours ever wrote.
fn unreadable(stream: StreamId) -> Error {
    let why = "it holds a value that cannot be read at all".to_owned();
    Error::Store(store::Error::Corrupt { table: "events", id: stream.to_string(), why })
}
