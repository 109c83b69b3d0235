//! Reading the trail, and what is needed to check it.

use crate::{
    Error, Tx,
    requests::before,
    save::{Columns, corrupt, said},
    tx::{POSTGRES, SQLITE, row, rows},
};
use chrono::{DateTime, Utc};
use domain::{
    event::{Envelope, ThingKind},
    ids::{EventId, StreamId},
    job::RightKey,
};
use sqlx::migrate::Migrator;
use uuid::Uuid;

/// An event as it is kept.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Its place in the stream, as the column says.
    pub seq: u32,
    /// The hashed bytes.
    pub bytes: Vec<u8>,
    /// The hash, as the column says.
    pub hash: String,
}

/// An event in its chain, for checking it.
#[derive(Clone, Debug)]
pub struct EventCheck {
    /// The chain it is kept in.
    pub stream: StreamId,
    /// The event.
    pub row: EventRow,
    /// Its searchable columns.
    pub columns: EventColumns,
}

/// The searchable columns of an event as they stand.
#[derive(Clone, Debug)]
pub struct EventColumns {
    at: DateTime<Utc>,
    thing: String,
    about: Uuid,
    name: String,
    actor: Option<Uuid>,
}

/// A governed row as it stands, for comparing it with what its events make of it.
#[derive(Clone, Debug)]
pub struct RowCheck {
    /// The row as JSON.
    pub body: String,
    /// Its version, as the column says.
    pub version: u32,
    /// Its searchable columns.
    pub columns: Columns,
}

impl EventRow {
    /// The event in its place in the chain.
    pub fn envelope(&self) -> Result<Envelope, Error> {
        Envelope::read(&self.bytes).map_err(|why| corrupt("events", self.id.0, &why))
    }
}

/// The rows of a table that no event about their own kind of thing names.
macro_rules! rows_without_events {
    ($table:literal) => {
        concat!(
            "select t.id from ",
            $table,
            " t where not exists (select 1 from events e where e.thing_id = t.id and e.thing = $1) limit $2"
        )
    };
}

type Raw = (Uuid, i32, Vec<u8>, String);
type Whole = (Uuid, i32, Vec<u8>, String, DateTime<Utc>, String, Uuid, String, Option<Uuid>, Uuid);

/// Whether this stands in a migration, word for word.
fn was_migrated(migrations: &Migrator, text: &str) -> bool {
    migrations.iter().any(|migration| migration.sql.as_str().contains(text))
}

fn event((id, seq, bytes, hash): Raw) -> EventRow {
    EventRow { id: EventId(id), seq: u32::try_from(seq).unwrap_or(0), bytes, hash }
}

fn event_check((id, seq, bytes, hash, at, thing, about, name, actor, stream): Whole) -> EventCheck {
    let columns = EventColumns { at, thing, about, name, actor };
    EventCheck { stream: StreamId(stream), row: event((id, seq, bytes, hash)), columns }
}

impl EventColumns {
    /// Where these differ from what the event itself says: the column's name, what it says, and what the event says.
    pub fn other_than(&self, envelope: &Envelope) -> Vec<(&'static str, String, String)> {
        let (thing, name) = (envelope.thing.word(), envelope.event.name());
        let actor = envelope.actor.person().map(|who| who.0);
        let mut other = Vec::new();
        if self.at != envelope.at {
            other.push(("at", self.at.to_string(), envelope.at.to_string()));
        }
        if self.thing != thing {
            other.push(("thing", self.thing.clone(), thing.to_owned()));
        }
        if self.about != envelope.thing_id {
            other.push(("thing_id", self.about.to_string(), envelope.thing_id.to_string()));
        }
        if self.name != name {
            other.push(("name", self.name.clone(), name.to_owned()));
        }
        if self.actor != actor {
            other.push(("actor_id", said(self.actor), said(actor)));
        }
        other
    }
}

impl Tx {
    /// A stream's events from a place on, in order.
    pub async fn events(&mut self, stream: StreamId, from: u32, limit: i64) -> Result<Vec<EventRow>, Error> {
        const SQL: &str =
            "select id, seq, bytes, hash from events where stream_id = $1 and seq >= $2 order by seq limit $3";
        let from = i32::try_from(from).unwrap_or(i32::MAX);
        Ok(rows!(self, Raw, SQL, stream.0, from, limit)?.into_iter().map(event).collect())
    }

    /// A stream's first events of one name, in order.
    pub async fn events_named(&mut self, stream: StreamId, name: &str) -> Result<Vec<EventRow>, Error> {
        const SQL: &str =
            "select id, seq, bytes, hash from events where stream_id = $1 and name = $2 order by seq limit 1000";
        Ok(rows!(self, Raw, SQL, stream.0, name)?.into_iter().map(event).collect())
    }

    /// The events after a place in one stream and up to the end of another, stream by stream, in order, each with its searchable columns
    /// as they stand.
    pub async fn events_to_check(
        &mut self,
        after: (StreamId, u32),
        until: StreamId,
        limit: i64,
    ) -> Result<Vec<EventCheck>, Error> {
        const SQL: &str = "select id, seq, bytes, hash, at, thing, thing_id, name, actor_id, stream_id from events
            where (stream_id, seq) > ($1, $2) and stream_id <= $3 order by stream_id, seq limit $4";
        let seq = i32::try_from(after.1).unwrap_or(i32::MAX);
        Ok(rows!(self, Whole, SQL, after.0.0, seq, until.0, limit)?.into_iter().map(event_check).collect())
    }

    /// The events by which somebody attested what they did to a right at a moment.
    pub async fn attestations(&mut self, right: &RightKey, at: DateTime<Utc>) -> Result<Vec<EventRow>, Error> {
        const SQL: &str = "select e.id, e.seq, e.bytes, e.hash from assignments a
            join events e on e.thing_id = a.grant_id and e.thing = 'grant' and e.name = 'attested' and e.at = $4
            where a.system_id = $1 and a.entitlement_id = $2 and a.account = $3 order by e.id limit 100";
        let found = rows!(self, Raw, SQL, right.system.0, right.entitlement.0, &right.account, at)?;
        Ok(found.into_iter().map(event).collect())
    }

    /// The triggers that guard the trail and are not there, are switched off, or do something else than the migrations say.
    pub async fn missing_guards(&mut self) -> Result<Vec<&'static str>, Error> {
        match self {
            Self::Sqlite(_) => {
                const SQL: &str = "select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'events'";
                let stand: Vec<(String, Option<String>)> = rows!(self, (String, Option<String>), SQL)?;
                // SQLite: keeps the text as it was written, save its first two words.
                let written = |text: &str| {
                    let rest = text.strip_prefix("CREATE TRIGGER ")?;
                    Some(was_migrated(&SQLITE, &format!("create trigger {rest}")))
                };
                let stands = |guard: &&str| {
                    let named = |name: &str, text: Option<&str>| name == *guard && text.and_then(written) == Some(true);
                    stand.iter().any(|(name, text)| named(name, text.as_deref()))
                };
                // SQLite: has no truncate, and so no trigger for it.
                Ok(["events_never_change", "events_never_go"].into_iter().filter(|guard| !stands(guard)).collect())
            }
            Self::Postgres(_) => {
                // Postgres: `O` fires as usual and `A` always; switched off, or left to replicas, it guards nothing.
                const SQL: &str = "select pg_get_triggerdef(t.oid, true), p.prosrc
                    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
                    where t.tgrelid = 'events'::regclass and t.tgenabled in ('O', 'A')";
                const GUARDS: [(&str, &str); 2] = [
                    ("events_never_change", "BEFORE DELETE OR UPDATE ON events FOR EACH ROW"),
                    ("events_never_emptied", "BEFORE TRUNCATE ON events FOR EACH STATEMENT"),
                ];
                let stand: Vec<(String, String)> = rows!(self, (String, String), SQL)?;
                let stands = |(guard, when): &(&str, &str)| {
                    let due = format!("CREATE TRIGGER {guard} {when} EXECUTE FUNCTION refuse_to_change_the_trail()");
                    stand.iter().any(|(text, does)| {
                        *text == due
                            && was_migrated(
                                &POSTGRES,
                                &format!("refuse_to_change_the_trail() returns trigger language plpgsql as $${does}$$"),
                            )
                    })
                };
                Ok(GUARDS.into_iter().filter(|guard| !stands(guard)).map(|(guard, _)| guard).collect())
            }
        }
    }

    /// The events of requests themselves, chain by chain, after this one.
    pub async fn request_events(
        &mut self,
        stream: StreamId,
        seq: u32,
        limit: i64,
    ) -> Result<Vec<(StreamId, EventRow)>, Error> {
        const SQL: &str = "select stream_id, id, seq, bytes, hash from events
            where (stream_id, seq) > ($1, $2) and thing = 'request'
            order by stream_id, seq limit $3";
        let seq = i32::try_from(seq).unwrap_or(i32::MAX);
        let found = rows!(self, (Uuid, Uuid, i32, Vec<u8>, String), SQL, stream.0, seq, limit)?;
        let row = |(stream, id, seq, bytes, hash)| (StreamId(stream), event((id, seq, bytes, hash)));
        Ok(found.into_iter().map(row).collect())
    }

    /// A page of the events of one thing, the newest first.
    pub async fn events_about(&mut self, thing: Uuid, from: &str, limit: i64) -> Result<Vec<EventRow>, Error> {
        const SQL: &str =
            "select id, seq, bytes, hash from events where thing_id = $1 and id < $2 order by id desc limit $3";
        Ok(rows!(self, Raw, SQL, thing, before(from), limit)?.into_iter().map(event).collect())
    }

    /// A page of one stream, the newest first; its cursor is a place in it.
    pub async fn trail_of(&mut self, stream: StreamId, from: &str, limit: i64) -> Result<Vec<EventRow>, Error> {
        const SQL: &str =
            "select id, seq, bytes, hash from events where stream_id = $1 and seq < $2 order by seq desc limit $3";
        let from: i32 = from.parse().unwrap_or(i32::MAX);
        Ok(rows!(self, Raw, SQL, stream.0, from, limit)?.into_iter().map(event).collect())
    }

    /// A page of the whole trail, the newest first.
    pub async fn trail(&mut self, from: &str, limit: i64) -> Result<Vec<EventRow>, Error> {
        const SQL: &str = "select id, seq, bytes, hash from events where id < $1 order by id desc limit $2";
        Ok(rows!(self, Raw, SQL, before(from), limit)?.into_iter().map(event).collect())
    }

    /// A page of the events of one name, the newest first.
    pub async fn trail_by_name(&mut self, name: &str, from: &str, limit: i64) -> Result<Vec<EventRow>, Error> {
        const SQL: &str =
            "select id, seq, bytes, hash from events where name = $1 and id < $2 order by id desc limit $3";
        Ok(rows!(self, Raw, SQL, crate::tx::without_nul(name), before(from), limit)?.into_iter().map(event).collect())
    }

    /// A page of what one identity did, the newest first.
    pub async fn trail_by_actor(&mut self, who: Uuid, from: &str, limit: i64) -> Result<Vec<EventRow>, Error> {
        const SQL: &str =
            "select id, seq, bytes, hash from events where actor_id = $1 and id < $2 order by id desc limit $3";
        Ok(rows!(self, Raw, SQL, who, before(from), limit)?.into_iter().map(event).collect())
    }

    /// A page of streams by id: their heads, as the table says.
    pub async fn streams(&mut self, from: Uuid, limit: i64) -> Result<Vec<(StreamId, u32, String)>, Error> {
        const SQL: &str = "select id, seq, head from streams where id > $1 order by id limit $2";
        Ok(rows!(self, (Uuid, i32, String), SQL, from, limit)?
            .into_iter()
            .map(|(id, seq, head)| (StreamId(id), u32::try_from(seq).unwrap_or(0), head))
            .collect())
    }

    /// How many streams and events there are, for showing progress.
    pub async fn count_trail(&mut self) -> Result<(u64, u64), Error> {
        let streams = row!(self, (i64,), "select count(*) from streams")?;
        let events = row!(self, (i64,), "select count(*) from events")?;
        let count = |n: Option<(i64,)>| n.map_or(0, |(n,)| u64::try_from(n).unwrap_or(0));
        Ok((count(streams), count(events)))
    }

    /// The head of a stream: how many events, and the hash of the newest.
    pub async fn head(&mut self, stream: StreamId) -> Result<Option<(u32, String)>, Error> {
        const SQL: &str = "select seq, head from streams where id = $1";
        Ok(row!(self, (i32, String), SQL, stream.0)?.map(|(seq, head)| (u32::try_from(seq).unwrap_or(0), head)))
    }

    /// The governed rows of a kind that no stream tells of.
    pub async fn rows_without_events(&mut self, kind: ThingKind, limit: i64) -> Result<Vec<Uuid>, Error> {
        let sql = match kind {
            ThingKind::Portal => rows_without_events!("portal"),
            ThingKind::Identity => rows_without_events!("identities"),
            ThingKind::Group => rows_without_events!("groups"),
            ThingKind::System => rows_without_events!("systems"),
            ThingKind::Bundle => rows_without_events!("bundles"),
            ThingKind::Guardrails => rows_without_events!("guardrails"),
            ThingKind::Request => rows_without_events!("requests"),
            ThingKind::Grant => rows_without_events!("grants"),
        };
        Ok(rows!(self, (Uuid,), sql, kind.word(), limit)?.into_iter().map(|(id,)| id).collect())
    }

    /// Events that stand in no stream the table of streams knows, or beyond its head.
    pub async fn events_beyond_heads(&mut self, limit: i64) -> Result<Vec<Uuid>, Error> {
        const SQL: &str = "select e.id from events e left join streams s on s.id = e.stream_id
            where s.id is null or e.seq > s.seq limit $1";
        Ok(rows!(self, (Uuid,), SQL, limit)?.into_iter().map(|(id,)| id).collect())
    }
}
