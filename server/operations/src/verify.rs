//! Checking the trail: every chain is walked, every governed row is made again from its events and compared with what stands there.

use crate::{Error, Portal};
use domain::{
    event::{Envelope, FORMAT, NO_PREV, Record, Thing, ThingKind, hash},
    ids::StreamId,
    request::Request,
    text::{TextRef, digest},
};
use std::{collections::BTreeMap, fmt};
use store::{Columns, EventRow, Tx};
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

/// How many events or streams are read at a time.
const AT_A_TIME: i64 = 500;
/// How many findings of one sort are listed.
const LISTED: i64 = 100;

impl Portal {
    /// Checks everything; gives what is wrong, and where. Reads one chain at a time, so memory does not grow with the trail.
    pub async fn verify(&self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
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
                done.events += walk(&mut tx, stream, &mut findings).await?;
                done.streams += 1;
                progress(done);
            }
        }
        let mut tx = self.store().read().await?;
        for kind in ThingKind::ALL {
            for id in tx.rows_without_events(kind, LISTED).await? {
                findings.push(Finding {
                    place: format!("{} {id}", kind.word()),
                    says: "stands there without any event".to_owned(),
                });
            }
        }
        for id in tx.events_beyond_heads(LISTED).await? {
            findings.push(Finding {
                place: format!("event {id}"),
                says: "stands beyond the end of its chain, or in none".to_owned(),
            });
        }
        Ok(findings)
    }
}

/// Walks one chain and compares the rows it leads to. Gives how many events it has.
async fn walk(tx: &mut Tx, stream: StreamId, findings: &mut Vec<Finding>) -> Result<u64, Error> {
    let mut chain = Chain { stream, seq: 0, prev: NO_PREV.to_owned(), rows: BTreeMap::new(), broken: false };
    loop {
        let page = tx.events(stream, chain.seq.saturating_add(1), AT_A_TIME).await?;
        if page.is_empty() {
            break;
        }
        for event in &page {
            chain.take(event, findings);
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
            compare(tx, *thing, record, findings).await?;
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

    fn take(&mut self, event: &EventRow, findings: &mut Vec<Finding>) {
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
        match Envelope::read(&event.bytes) {
            Err(why) => {
                findings.push(self.at(event.seq, format!("cannot be read: {why}")));
                self.broken = true;
            }
            Ok(envelope) => self.apply(&envelope, event, findings),
        }
        self.seq = event.seq;
        self.prev = made;
    }

    fn apply(&mut self, envelope: &Envelope, event: &EventRow, findings: &mut Vec<Finding>) {
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

async fn compare(tx: &mut Tx, thing: Thing, record: &Record, findings: &mut Vec<Finding>) -> Result<(), Error> {
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
    let due = Columns::of(record);
    for ((name, stands), (_, due)) in found.columns.0.iter().zip(&due.0) {
        if stands != due {
            wrong(format!("its column `{name}` says `{stands}`; its events lead to `{due}`"));
        }
    }
    if let Record::Request(request) = record {
        for text in texts(request) {
            match tx.salted_text(text.id).await? {
                None => wrong("a text that belongs to it is gone".to_owned()),
                Some((salt, Some(body))) if digest(&salt, &body) != text.digest => {
                    wrong("a text that belongs to it was changed".to_owned());
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

fn texts(request: &Request) -> impl Iterator<Item = &TextRef> {
    let decided = request.decisions.iter().filter_map(|d| d.comment.as_ref());
    request.justification.iter().chain(decided).chain(request.comments.iter().map(|c| &c.text))
}
