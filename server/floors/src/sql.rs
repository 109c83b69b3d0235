//! One SQL text for both kinds of database, as the store has it for itself: what is written here is no table of the portal's, so the store
//! has no methods for it.

/// Runs a statement on either kind; gives the number of rows it changed.
macro_rules! run {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            store::Tx::Sqlite(t) => sqlx::query($sql)$(.bind($arg))*.execute(&mut **t).await.map(|r| r.rows_affected()),
            store::Tx::Postgres(t) => sqlx::query($sql)$(.bind($arg))*.execute(&mut **t).await.map(|r| r.rows_affected()),
        }
    };
}

/// Inserts rows in one statement, on either kind. The text ends where the values begin.
macro_rules! insert {
    ($tx:expr, $sql:literal, $rows:expr, |$row:pat_param| [$($value:expr),+ $(,)?] $(,)?) => {
        if $rows.is_empty() {
            Ok(())
        } else {
            match $tx {
                store::Tx::Sqlite(t) => {
                    $crate::sql::insert!(@ sqlx::Sqlite, t, $sql, $rows, |$row| [$($value),+])
                }
                store::Tx::Postgres(t) => {
                    $crate::sql::insert!(@ sqlx::Postgres, t, $sql, $rows, |$row| [$($value),+])
                }
            }
        }
    };
    (@ $kind:ty, $t:ident, $sql:literal, $rows:expr, |$row:pat_param| [$($value:expr),+]) => {{
        let mut all = sqlx::QueryBuilder::<$kind>::new($sql);
        all.push_values($rows, |mut values, $row| {
            $(values.push_bind($value);)+
        });
        all.build().persistent($rows.len() <= store::FEW).execute(&mut **$t).await.map(|_| ())
    }};
}

/// Runs a statement for each of these ids, on either kind. The text ends where they come from, and calls each `id`; `$1` are they all.
macro_rules! run_for_ids {
    ($tx:expr, $ids:expr, $sql:literal $(, $arg:expr)* $(,)?) => {
        match $tx {
            store::Tx::Sqlite(t) => {
                const SQL: &str = concat!($sql, " from (select unhex(value) as id from json_each($1)) as ids");
                let digits: Vec<_> = $ids.map(|id| id.simple().to_string()).collect();
                let ids = serde_json::to_string(&digits)?;
                sqlx::query(SQL).bind(ids)$(.bind($arg))*.execute(&mut **t).await.map(|r| r.rows_affected())
            }
            store::Tx::Postgres(t) => {
                const SQL: &str = concat!($sql, " from unnest($1::uuid[]) as ids (id)");
                let ids: Vec<uuid::Uuid> = $ids.collect();
                sqlx::query(SQL).bind(ids)$(.bind($arg))*.execute(&mut **t).await.map(|r| r.rows_affected())
            }
        }
    };
}

/// Every row of a query, on either kind.
macro_rules! rows {
    ($tx:expr, $ty:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            store::Tx::Sqlite(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_all(&mut **t).await,
            store::Tx::Postgres(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_all(&mut **t).await,
        }
    };
}

/// The one row of a query, on either kind.
macro_rules! row {
    ($tx:expr, $ty:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx {
            store::Tx::Sqlite(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_one(&mut **t).await,
            store::Tx::Postgres(t) => sqlx::query_as::<_, $ty>($sql)$(.bind($arg))*.fetch_one(&mut **t).await,
        }
    };
}

pub(crate) use {insert, row, rows, run, run_for_ids};
