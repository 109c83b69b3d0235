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

pub(crate) use {row, rows, run};
