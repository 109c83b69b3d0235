//! Opening the database, and transactions on either kind with one SQL text.

use crate::Error;
use sqlx::{
    Connection as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{iter, str::FromStr, time::Duration};
use uuid::Uuid;

pub(crate) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// After how long a connection that was not used is asked whether it is still there.
const RESTED: Duration = Duration::from_secs(1);

/// How many read at once on SQLite. While one develops it is one: whoever begins to read while they read then waits for themselves, every
/// time and not only under load, and a test finds it. Who reads anew while they write is not found so.
const READERS: u32 = if cfg!(debug_assertions) { 1 } else { 4 };

/// How many rows are inserted by one statement at the most. SQLite: it takes 32,766 values, and no row has thirty.
pub(crate) const AT_ONCE: usize = 1_000;
/// Of up to how many rows it is worth to keep the statement that inserts them.
pub const FEW: usize = 8;

/// Which kind of database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedded file.
    Sqlite,
    /// Shared by replicas.
    Postgres,
}

/// The portal's memory.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pools: Pools,
}

#[derive(Clone, Debug)]
pub(crate) enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// A transaction. Dropped without [`Tx::commit`] it leaves nothing behind.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On Postgres.
    Postgres(Transaction<'static, Postgres>),
}

impl Store {
    /// Opens `sqlite://FILE` (made when it is not there) or `postgres://…`.
    pub async fn open(url: &str) -> Result<Self, Error> {
        if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // SQLite: in KiB for each connection where it is negative; with two thousand the same is read from the file again and again.
                .pragma("cache_size", "-6000")
                .busy_timeout(Duration::from_secs(10));
            // SQLite: one writer at a time is all there is; a queue in the pool is fairer than a race for the lock. A file does not hang up,
            // so nothing asks whether it is still there.
            let writer = SqlitePoolOptions::new()
                .max_connections(1)
                .acquire_timeout(Duration::from_secs(30))
                .test_before_acquire(false)
                .connect_with(options.clone())
                .await?;
            let readers = SqlitePoolOptions::new()
                .max_connections(READERS)
                .acquire_timeout(Duration::from_secs(30))
                .test_before_acquire(false)
                .connect_with(options)
                .await?;
            Ok(Self { pools: Pools::Sqlite { writer, readers } })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?.application_name("sallyport");
            let pool = PgPoolOptions::new()
                .max_connections(16)
                .acquire_timeout(Duration::from_secs(10))
                // Whoever answered a moment ago is not asked once more; whoever rested may have hung up.
                .test_before_acquire(false)
                .before_acquire(|connection, it| {
                    Box::pin(async move {
                        if it.idle_for > RESTED {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                .connect_with(options)
                .await?;
            Ok(Self { pools: Pools::Postgres(pool) })
        } else {
            // Never the whole text: it may hold a password.
            let scheme = url.split_once(':').map_or("that", |(scheme, _)| scheme);
            Err(Error::NotADatabase(scheme.chars().take(20).collect()))
        }
    }

    /// Which kind of database it is.
    pub fn kind(&self) -> Kind {
        match &self.pools {
            Pools::Sqlite { .. } => Kind::Sqlite,
            Pools::Postgres(_) => Kind::Postgres,
        }
    }

    /// Brings the schema up to what this program knows.
    pub async fn migrate(&self) -> Result<(), Error> {
        let done = match &self.pools {
            Pools::Sqlite { writer, .. } => SQLITE.run(writer).await,
            Pools::Postgres(pool) => POSTGRES.run(pool).await,
        };
        done.map_err(|why| Error::Schema(format!("the schema could not be brought up to date: {why}")))
    }

    /// Whether the schema is the one this program knows; a newer one is refused, as nothing says it may be tolerated.
    pub async fn check_schema(&self) -> Result<(), Error> {
        const SQL: &str = "select version from _sqlx_migrations order by version";
        let known: Vec<i64> = SQLITE.iter().map(|m| m.version).collect();
        let found: Result<Vec<(i64,)>, _> = match &self.pools {
            Pools::Sqlite { readers, .. } => sqlx::query_as(SQL).fetch_all(readers).await,
            Pools::Postgres(pool) => sqlx::query_as(SQL).fetch_all(pool).await,
        };
        let found: Vec<i64> = match found {
            Ok(rows) => rows.into_iter().map(|(v,)| v).collect(),
            Err(sqlx::Error::Database(_)) => Vec::new(),
            Err(other) => return Err(other.into()),
        };
        if found == known {
            Ok(())
        } else if found.len() < known.len() {
            Err(Error::Schema("the database is older than this program: run `sallyport migrate`".to_owned()))
        } else {
            Err(Error::Schema("the database is newer than this program: run a newer sallyport".to_owned()))
        }
    }

    /// A transaction that will write.
    pub async fn write(&self) -> Result<Tx, Error> {
        Ok(match &self.pools {
            // SQLite: take the write lock now; a reader cannot upgrade later.
            Pools::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("begin immediate").await?),
            Pools::Postgres(pool) => Tx::Postgres(begun(pool, "begin").await?),
        })
    }

    /// A transaction that only reads, from one moment.
    pub async fn read(&self) -> Result<Tx, Error> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => {
                Tx::Postgres(begun(pool, "begin transaction isolation level repeatable read, read only").await?)
            }
        })
    }

    /// Gives back the memory that was taken to read the same again sooner; connections that are in use keep theirs. On Postgres the database
    /// has it.
    pub async fn free_memory(&self) -> Result<(), Error> {
        let Pools::Sqlite { writer, readers } = &self.pools else { return Ok(()) };
        let rested: Vec<_> = iter::from_fn(|| readers.try_acquire()).chain(writer.try_acquire()).collect();
        for mut connection in rested {
            sqlx::query("pragma shrink_memory").execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Waits for what is under way and closes.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins a transaction. Postgres: the driver leaves one open, in a connection that others are given next, where whoever waits for it goes
/// away just then; so it is begun to its end by a task of its own, and given up there if nobody waits any more.
async fn begun(pool: &PgPool, how: &'static str) -> Result<Transaction<'static, Postgres>, Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(how).await }).await;
    Ok(begun.map_err(|_| sqlx::Error::WorkerCrashed)??)
}

impl Tx {
    /// Whether all that a transaction reads which writes is of one moment. On Postgres it is not: what was read before its row was bumped is
    /// read again.
    pub fn is_of_one_moment(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(_) => false,
        }
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Runs a statement on either kind; gives the number of rows it changed.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(t) => sqlx::query($sql)$(.bind($arg))*.execute(&mut **t).await.map(|r| r.rows_affected()),
            $crate::Tx::Postgres(t) => sqlx::query($sql)$(.bind($arg))*.execute(&mut **t).await.map(|r| r.rows_affected()),
        }
        .map_err($crate::Error::from)
    };
}

/// Every row of a query, on either kind.
macro_rules! rows {
    ($tx:expr, $ty:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_all(&mut **t).await,
            $crate::Tx::Postgres(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_all(&mut **t).await,
        }
        .map_err($crate::Error::from)
    };
}

/// The row of a query, if there is one, on either kind.
macro_rules! row {
    ($tx:expr, $ty:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            $crate::Tx::Sqlite(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_optional(&mut **t).await,
            $crate::Tx::Postgres(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_optional(&mut **t).await,
        }
        .map_err($crate::Error::from)
    };
}

/// The row of a query that is all there is to read, so that it needs no transaction; on either kind.
macro_rules! row_alone {
    ($store:expr, $ty:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match &$store.pools {
            $crate::tx::Pools::Sqlite { readers, .. } => {
                sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_optional(readers).await
            }
            $crate::tx::Pools::Postgres(pool) => {
                sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_optional(pool).await
            }
        }
        .map_err($crate::Error::from)
    };
}

/// Every row of a query over many values, on either kind. `$1` are they all, and stand between the two parts of the text. SQLite takes them
/// as one JSON array, and reads each by the words that are given for it.
macro_rules! rows_among_values {
    ($tx:expr, $ty:ty, $values:expr, $as_json:path, $each:literal, [$($head:literal),+], [$($tail:literal),*]) => {{
        let values = $values;
        if values.is_empty() {
            Ok(Vec::new())
        } else {
            match $tx {
                $crate::Tx::Sqlite(t) => {
                    const SQL: &str = concat!($($head),+, " in (select ", $each, " from json_each($1))", $($tail),*);
                    sqlx::query_as::<_, $ty>(SQL).bind($as_json(&values)).fetch_all(&mut **t).await
                }
                $crate::Tx::Postgres(t) => {
                    const SQL: &str = concat!($($head),+, " = any($1)", $($tail),*);
                    sqlx::query_as::<_, $ty>(SQL).bind(values).fetch_all(&mut **t).await
                }
            }
            .map_err($crate::Error::from)
        }
    }};
}

/// The same over ids.
macro_rules! rows_by_id {
    ($tx:expr, $ty:ty, $ids:expr, [$($head:literal),+], [$($tail:literal),*] $(,)?) => {{
        let ids: Vec<uuid::Uuid> = $ids.to_vec();
        $crate::tx::rows_among_values!($tx, $ty, ids, $crate::tx::hex_list, "unhex(value)", [$($head),+], [$($tail),*])
    }};
}

/// The same over texts.
macro_rules! rows_by_text {
    ($tx:expr, $ty:ty, $texts:expr, [$($head:literal),+], [$($tail:literal),*] $(,)?) => {{
        let texts: Vec<String> = $texts.iter().map(|text| $crate::tx::without_nul(&text.to_string())).collect();
        $crate::tx::rows_among_values!($tx, $ty, texts, $crate::tx::text_list, "value", [$($head),+], [$($tail),*])
    }};
}

/// Every row of a query over a set of ids of one kind of thing; the text may go on behind them.
macro_rules! rows_among {
    ($tx:expr, $ty:ty, $ids:expr, [$($head:literal),+] $(, [$($tail:literal),+])? $(,)?) => {{
        let ids: Vec<uuid::Uuid> = $ids.iter().map(|id| id.0).collect();
        $crate::tx::rows_by_id!($tx, $ty, ids.as_slice(), [$($head),+], [$($($tail),+)?])
    }};
}

/// Runs a statement for each of these ids, on either kind. The text ends where they come from, and calls each `id`; `$1` are they all.
macro_rules! run_for_ids {
    ($tx:expr, $ids:expr, $sql:literal $(, $arg:expr)* $(,)?) => {{
        let ids: Vec<uuid::Uuid> = $ids.collect();
        if ids.is_empty() {
            Ok(())
        } else {
            match $tx {
                $crate::Tx::Sqlite(t) => {
                    const SQL: &str = concat!($sql, " from (select unhex(value) as id from json_each($1)) as ids");
                    let ids = $crate::tx::hex_list(&ids);
                    sqlx::query(SQL).bind(ids)$(.bind($arg))*.execute(&mut **t).await.map(|_| ())
                }
                $crate::Tx::Postgres(t) => {
                    const SQL: &str = concat!($sql, " from unnest($1::uuid[]) as ids (id)");
                    sqlx::query(SQL).bind(ids)$(.bind($arg))*.execute(&mut **t).await.map(|_| ())
                }
            }
            .map_err($crate::Error::from)
        }
    }};
}

/// Inserts rows, on either kind, as many in one statement as it takes. The first text ends where the values begin; the second, where there
/// is one, says what becomes of a row that stands there already.
macro_rules! insert {
    ($tx:expr, $sql:literal, $rows:expr, |$row:pat_param| [$($value:expr),+ $(,)?] $(, $tail:literal)? $(,)?) => {{
        let rows: Vec<_> = $rows.into_iter().collect();
        let mut done = Ok(());
        for some in rows.chunks($crate::tx::AT_ONCE) {
            done = match $tx {
                $crate::Tx::Sqlite(t) => {
                    $crate::tx::insert!(@ sqlx::Sqlite, t, $sql, some, |$row| [$($value),+] $(, $tail)?)
                }
                $crate::Tx::Postgres(t) => {
                    $crate::tx::insert!(@ sqlx::Postgres, t, $sql, some, |$row| [$($value),+] $(, $tail)?)
                }
            };
            if done.is_err() {
                break;
            }
        }
        done.map_err($crate::Error::from)
    }};
    (@ $kind:ty, $t:ident, $sql:literal, $rows:ident, |$row:pat_param| [$($value:expr),+] $(, $tail:literal)?) => {{
        let mut all = sqlx::QueryBuilder::<$kind>::new($sql);
        all.push_values($rows, |mut values, $row| {
            $(values.push_bind($value);)+
        });
        $(all.push($tail);)?
        // Few rows come again and again; of many hardly ever as many.
        all.build().persistent($rows.len() <= $crate::tx::FEW).execute(&mut **$t).await.map(|_| ())
    }};
}

/// A text as it may be asked for. Postgres: a NUL in a text parameter is an error, and no text that is kept has one.
pub(crate) fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// Ids as SQLite takes many of them in one value: a JSON array of their digits.
pub(crate) fn hex_list(ids: &[Uuid]) -> String {
    let digits: Vec<_> = ids.iter().map(|id| format!("\"{}\"", id.simple())).collect();
    format!("[{}]", digits.join(","))
}

/// Texts as SQLite takes many of them in one value.
pub(crate) fn text_list(texts: &[String]) -> String {
    serde_json::json!(texts).to_string()
}

pub(crate) use {
    insert, row, row_alone, rows, rows_among, rows_among_values, rows_by_id, rows_by_text, run, run_for_ids,
};
