//! What can go wrong with the memory.

/// What can go wrong with the memory.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else changed it first, or a rule that spans rows said no.
    #[error("somebody else was faster")]
    Conflict,
    /// A row that makes no sense.
    #[error("the {table} row {id} is corrupt: {why}")]
    Corrupt {
        /// In which table.
        table: &'static str,
        /// Which.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// The address is not one of a database we know.
    #[error("`{0}` is not a database: write sqlite://FILE or postgres://…")]
    NotADatabase(String),
    /// The schema is not the one this program knows.
    #[error("{0}")]
    Schema(String),
    /// The database itself.
    #[error("the database did not answer as it should: {0}")]
    Database(sqlx::Error),
}

impl Error {
    /// Whether the database answered, and what it answered makes no sense: something in it was changed by others than us.
    pub fn is_nonsense(&self) -> bool {
        match self {
            Self::Corrupt { .. } => true,
            Self::Database(error) => matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)),
            Self::Conflict | Self::NotADatabase(_) | Self::Schema(_) => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let raced = error.as_database_error().is_some_and(|e| {
            // Postgres: 40001 serialization failure, 40P01 deadlock. SQLite: 5 busy, 517 busy snapshot.
            e.is_unique_violation()
                || e.is_foreign_key_violation()
                || matches!(e.code().as_deref(), Some("40001" | "40P01" | "5" | "517"))
        });
        if raced { Self::Conflict } else { Self::Database(error) }
    }
}
