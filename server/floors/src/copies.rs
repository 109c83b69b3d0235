//! Copies of the tables that an act writes to, with the same columns, keys and indexes. What a floor writes goes there and leads nowhere:
//! the portal's own tables stay as sound as they are.

use anyhow::{Context, Result};
use sqlx::AssertSqlSafe;
use store::{Store, Tx};
use uuid::Uuid;

use crate::sql::{rows, run};

/// The tables that asking and deciding write to.
pub const TABLES: [&str; 10] =
    ["requests", "deciders", "decisions", "streams", "events", "texts", "jobs", "notices", "identities", "systems"];

/// Those of which an act holds rows that are there already: their copies begin with the same.
const FILLED: [&str; 2] = ["identities", "systems"];

/// Makes the copies anew.
pub async fn make(store: &Store) -> Result<()> {
    remove(store).await?;
    let mut tx = store.write().await?;
    for table in TABLES {
        for statement in like(&mut tx, table).await? {
            run!(&mut tx, AssertSqlSafe(statement))?;
        }
    }
    for table in FILLED {
        run!(&mut tx, AssertSqlSafe(format!("insert into floor_{table} select * from {table}")))?;
    }
    Ok(tx.commit().await?)
}

/// Takes them away again.
pub async fn remove(store: &Store) -> Result<()> {
    let mut tx = store.write().await?;
    for table in TABLES {
        run!(&mut tx, AssertSqlSafe(format!("drop table if exists floor_{table}")))?;
    }
    Ok(tx.commit().await?)
}

/// The ids of the people, or of the systems, that the copies begin with.
pub async fn ids(store: &Store, sql: &'static str) -> Result<Vec<Uuid>> {
    let mut tx = store.read().await?;
    Ok(rows!(&mut tx, (Uuid,), sql)?.into_iter().map(|(id,)| id).collect())
}

/// What makes a table like this one, without what its rows refer to: whether that is there is not a floor's to ask.
async fn like(tx: &mut Tx, table: &str) -> Result<Vec<String>> {
    match tx {
        Tx::Postgres(_) => Ok(vec![format!("create table floor_{table} (like {table} including all)")]),
        Tx::Sqlite(_) => {
            // SQLite: has no `like`, but keeps the text by which each table and index was made.
            const TABLE: &str = "select sql from sqlite_master where type = 'table' and name = $1";
            const INDEXES: &str = "select sql from sqlite_master
                where type = 'index' and tbl_name = $1 and sql is not null order by name";
            let mut made = Vec::new();
            for (sql,) in rows!(tx, (String,), TABLE, table)? {
                made.push(table_like(table, &sql).with_context(|| format!("`{table}` cannot be copied"))?);
            }
            for (nth, (sql,)) in rows!(tx, (String,), INDEXES, table)?.into_iter().enumerate() {
                made.push(index_like(table, nth, &sql).with_context(|| format!("`{table}` cannot be copied"))?);
            }
            Ok(made)
        }
    }
}

fn table_like(table: &str, sql: &str) -> Option<String> {
    let (_, columns) = sql.split_once('(')?;
    Some(format!("create table floor_{table} ({}", without_references(columns)))
}

fn index_like(table: &str, nth: usize, sql: &str) -> Option<String> {
    let unique = if sql.starts_with("CREATE UNIQUE ") { "unique " } else { "" };
    let (_, columns) = sql.split_once('(')?;
    Some(format!("create {unique}index floor_{table}_{nth} on floor_{table} ({columns}"))
}

/// The columns of a table without the ` references other (id)` behind some of them.
fn without_references(columns: &str) -> String {
    let mut kept = String::new();
    let mut rest = columns;
    while let Some((before, after)) = rest.split_once(" references ") {
        kept.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_refers_to_nothing() {
        let sql = "CREATE TABLE \"decisions\" (\n  request_id blob not null references requests (id),\n  at text not null,\n  \
                   primary key (request_id)\n) strict";
        let copy = "create table floor_decisions (\n  request_id blob not null,\n  at text not null,\n  \
                    primary key (request_id)\n) strict";
        assert_eq!(table_like("decisions", sql).as_deref(), Some(copy));
    }

    #[test]
    fn an_index_is_as_unique_as_the_one_it_is_like() {
        let like = |sql| index_like("requests", 3, sql).expect("it has columns");
        assert_eq!(
            like("CREATE UNIQUE INDEX requests_pending on requests (subject_id, bundle_id) where state = 'waiting'"),
            "create unique index floor_requests_3 on floor_requests (subject_id, bundle_id) where state = 'waiting'",
        );
        assert_eq!(
            like("CREATE INDEX requests_by_state on requests (state, id)"),
            "create index floor_requests_3 on floor_requests (state, id)",
        );
    }
}
