//! Acts as the portal does them, row by row. Each is like one that somebody asked for lately, rehearsed by the portal itself on this very
//! database, and read before it is taken back: so nothing is missing that a real one writes, and nothing is left of it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use domain::Actor;
use domain::facts::Evidence;
use domain::ids::RequestId;
use domain::job::JobKey;
use domain::request::{Request, State};
use domain::views::Asking;
use operations::{Error, Portal};
use sqlx::FromRow;
use store::{Store, Tx};
use uuid::Uuid;

use crate::sql::{row, rows};

/// Of how many recorded requests at the most, the newest first, it is tried whether another one like it can be asked for: of the very newest
/// most are still had.
const LOOKED_AT: i64 = 10_000;

/// Somebody asks, and somebody approves it: once as people do it, and once as what is written by it.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "the tests do in earnest what was rehearsed"))]
pub struct Example {
    /// Who asks.
    pub asker: Actor,
    /// For what.
    pub asking: Asking,
    /// Who approves.
    pub decider: Actor,
    /// The request, by the id under which the rows name it.
    pub id: RequestId,
    /// What the ask writes.
    pub asked: Written,
    /// What the approval writes.
    pub decided: Written,
}

/// Every row that an act writes; of the request's own row all that stands there after it.
#[derive(Debug)]
pub struct Written {
    /// How many rows it holds while it judges them.
    pub held: Held,
    /// The request.
    pub request: RequestRow,
    /// Who may decide now.
    pub deciders: Vec<DeciderRow>,
    /// Who decided.
    pub decisions: Vec<DecisionRow>,
    /// The events, in order.
    pub events: Vec<EventRow>,
    /// The free texts.
    pub texts: Vec<TextRow>,
    /// The looks that follow.
    pub jobs: Vec<JobRow>,
    /// Who is told.
    pub notices: Vec<NoticeRow>,
}

/// How often rows were held by being touched.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Held {
    /// Of people and other identities.
    pub people: i64,
    /// Of systems.
    pub systems: i64,
}

/// A row of `requests`; for whom it is, is made up anew each time, as nobody waits twice for the same.
#[derive(Debug, FromRow)]
pub struct RequestRow {
    /// How often it has changed.
    pub version: i32,
    /// All of it.
    pub body: String,
    /// The bundle.
    pub bundle_id: Uuid,
    /// Who asked.
    pub asker_id: Uuid,
    /// Where it stands.
    pub state: String,
    /// The approval, if there is one.
    pub approval_id: Option<Uuid>,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub until: Option<DateTime<Utc>>,
    /// Whether a review is owed.
    pub owes_review: bool,
    /// When it was decided on last.
    pub decided_at: Option<DateTime<Utc>>,
}

/// A row of `deciders`.
#[derive(Debug, FromRow)]
pub struct DeciderRow {
    /// Who.
    pub identity_id: Uuid,
    /// Whether it is to be looked at first.
    pub weighty: bool,
    /// Whether nobody may do it in their place.
    pub in_person: bool,
}

/// A row of `decisions`.
#[derive(Debug, FromRow)]
pub struct DecisionRow {
    /// Who.
    pub identity_id: Uuid,
    /// Whether it was a yes.
    pub approves: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// Since when it was theirs.
    pub since: DateTime<Utc>,
}

/// A row of `events`.
#[derive(Debug, FromRow)]
pub struct EventRow {
    /// Its id.
    pub id: Uuid,
    /// Its place in the chain.
    pub seq: i32,
    /// When.
    pub at: DateTime<Utc>,
    /// About what kind of thing.
    pub thing: String,
    /// What happened.
    pub name: String,
    /// Who did it.
    pub actor_id: Option<Uuid>,
    /// What is hashed.
    pub bytes: Vec<u8>,
    /// The hash.
    pub hash: String,
}

/// A row of `texts`.
#[derive(Debug, FromRow)]
pub struct TextRow {
    /// Its id.
    pub id: Uuid,
    /// Its salt.
    pub salt: String,
    /// What was written.
    pub body: Option<String>,
}

/// A row of `jobs`.
#[derive(Debug, FromRow)]
pub struct JobRow {
    /// Its key.
    pub key: String,
    /// What is to be looked at.
    pub payload: String,
    /// When.
    pub due_at: DateTime<Utc>,
    /// Whether something is taken away.
    pub takes_away: bool,
}

/// A row of `notices`.
#[derive(Debug, FromRow)]
pub struct NoticeRow {
    /// Its id.
    pub id: Uuid,
    /// Who is told.
    pub identity_id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub says: String,
    /// Where it leads.
    pub path: String,
}

/// The newest recorded requests.
pub async fn newest(tx: &mut Tx, limit: i64) -> Result<Vec<Request>> {
    let found = rows!(tx, (String,), "select body from requests order by id desc limit $1", limit)?;
    found.iter().map(|(body,)| Ok(serde_json::from_str(body)?)).collect()
}

impl Example {
    /// So many examples, or as many as can be found.
    pub async fn rehearse(portal: &Portal, store: &Store, most: usize) -> Result<Vec<Self>> {
        let recorded = newest(&mut store.read().await?, LOOKED_AT).await?;
        let mut examples = Vec::new();
        for request in &recorded {
            if examples.len() == most {
                break;
            }
            examples.extend(Self::like(portal, store, request).await?);
        }
        ensure!(
            !examples.is_empty(),
            "nothing that waits for people can be asked for as it was lately: fill the database with `sallyport bench-data`"
        );
        Ok(examples)
    }

    /// An example like this request; `None` where the same cannot be asked for now, waits for nobody, or wants more than a plain yes.
    async fn like(portal: &Portal, store: &Store, recorded: &Request) -> Result<Option<Self>> {
        let mut tx = store.read().await?;
        let asker = Actor::Person { id: recorded.ask.asker, name: recorded.facts.asker.name.clone() };
        let asking = asking_for(&mut tx, recorded).await?;
        let before = Held::read(&mut tx).await?;
        drop(tx);
        let Some((mut tx, id)) = unless_refused(portal.rehearse_ask(&asker, &asking).await)? else { return Ok(None) };
        let request = tx.request(id).await?.context("what was asked is not there")?;
        let State::Waiting { .. } = request.state else { return Ok(None) };
        let Some(by) = request.may_decide_now().first().copied() else { return Ok(None) };
        let first = Written::read(&mut tx, &request, before, None).await?;
        let decider = Actor::Person { id: by, name: request.facts.name(by) };
        let between = Held::read(&mut tx).await?;
        let done = portal.rehearse_approval(&mut tx, &decider, id, request.terms).await;
        if unless_refused(done)?.is_none() {
            return Ok(None);
        }
        let request = tx.request(id).await?.context("what was approved is not there")?;
        let then = Written::read(&mut tx, &request, between, Some(&first)).await?;
        Ok(Some(Self { asker, asking, decider, id, asked: first, decided: then }))
    }
}

/// The same once more, in the fields of the form.
async fn asking_for(tx: &mut Tx, recorded: &Request) -> Result<Asking> {
    let reason = match &recorded.justification {
        Some(reason) => tx.text(reason.id).await?,
        None => None,
    };
    let work_item = recorded.ask.evidence.iter().find_map(|it| match it {
        Evidence::WorkItem { reference } => Some(reference.clone()),
        Evidence::Link { .. } => None,
    });
    Ok(Asking {
        bundle: recorded.facts.bundle.spec.key.to_string(),
        subject: recorded.ask.subject.to_string(),
        duration: recorded.ask.minutes.short(),
        justification: reason.unwrap_or_else(|| "to find out why a customer was charged twice".to_owned()),
        work_item: work_item.unwrap_or_default(),
        link: String::new(),
        continues: String::new(),
        exception: String::new(),
    })
}

/// What came of an act, where no rule said no to it and nobody else was faster.
fn unless_refused<T>(done: Result<T, Error>) -> Result<Option<T>> {
    match done {
        Ok(it) => Ok(Some(it)),
        Err(Error::Refused(_) | Error::NotFound | Error::Conflict) => Ok(None),
        Err(error @ (Error::Store(_) | Error::Connector(_) | Error::Unready(_))) => Err(error.into()),
    }
}

impl Held {
    /// How often rows were held so far, by anybody.
    async fn read(tx: &mut Tx) -> Result<Self> {
        const SQL: &str = "select (select coalesce(sum(touched), 0) from identities) as people,
            (select coalesce(sum(touched), 0) from systems) as systems";
        Ok(row!(tx, Self, SQL)?)
    }
}

impl Written {
    /// What was written to a request and around it since `held` was read, beyond what stood there `before`.
    async fn read(tx: &mut Tx, request: &Request, held: Held, before: Option<&Self>) -> Result<Self> {
        const REQUEST: &str = "select version, body, bundle_id, asker_id, state, approval_id, asked_at, until,
              owes_review, decided_at
            from requests where id = $1";
        const DECIDERS: &str =
            "select identity_id, weighty, in_person from deciders where request_id = $1 order by identity_id";
        const DECISIONS: &str = "select identity_id, approves, at, since from decisions where request_id = $1";
        const EVENTS: &str = "select id, seq, at, thing, name, actor_id, bytes, hash from events
            where stream_id = $1 order by seq";
        const TEXT: &str = "select id, salt, body from texts where id = $1";
        const JOBS: &str = "select key, payload, due_at, takes_away from jobs where key = $1";
        const NOTICES: &str = "select id, identity_id, at, says, path from notices where path = $1 order by id";
        let id = request.id.0;
        let known = before.map(Self::ids).unwrap_or_default();
        let now = Held::read(tx).await?;
        let held = Held { people: now.people - held.people, systems: now.systems - held.systems };
        let mut written = Self {
            held,
            request: row!(tx, RequestRow, REQUEST, id)?,
            deciders: rows!(tx, DeciderRow, DECIDERS, id)?,
            decisions: rows!(tx, DecisionRow, DECISIONS, id)?,
            events: rows!(tx, EventRow, EVENTS, id)?,
            texts: Vec::new(),
            jobs: rows!(tx, JobRow, JOBS, JobKey::Request { id: request.id }.to_string())?,
            notices: rows!(tx, NoticeRow, NOTICES, format!("/requests/{id}"))?,
        };
        let comments = request.decisions.iter().filter_map(|decision| decision.comment.as_ref());
        for text in request.justification.iter().chain(comments).filter(|text| !known.contains(&text.id.0)) {
            written.texts.push(row!(tx, TextRow, TEXT, text.id.0)?);
        }
        written.events.retain(|it| !known.contains(&it.id));
        written.notices.retain(|it| !known.contains(&it.id));
        Ok(written)
    }

    /// The ids of what is only ever added.
    fn ids(&self) -> BTreeSet<Uuid> {
        let events = self.events.iter().map(|it| it.id);
        let notices = self.notices.iter().map(|it| it.id);
        events.chain(notices).chain(self.texts.iter().map(|it| it.id)).collect()
    }

    /// The end of the chain as this act leaves it: its place and its hash.
    pub fn head(&self) -> Result<(i32, &str)> {
        let last = self.events.last().context("an act without an event")?;
        Ok((last.seq, &last.hash))
    }
}
