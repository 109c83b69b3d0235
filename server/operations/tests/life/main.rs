//! The life of requests and grants through the operations, on SQLite and on Postgres: every test is a sentence, and after most of them
//! the whole trail is checked.
#![expect(
    clippy::redundant_closure_for_method_calls,
    clippy::similar_names,
    reason = "a test says what it does in the plainest words"
)]

mod bench_data;
mod bulk;
mod catalogue;
mod database;
mod delegation;
mod delta;
mod departures;
mod editing;
mod exceptions;
mod findings;
mod golden;
mod guardrails;
mod lives;
mod nearest;
mod notices;
mod pages;
mod passkeys;
mod people;
mod races;
mod rehearsal;
mod reminders;
mod review;
mod rights;
mod shown;
mod signals;
mod soft;
mod stepup;
mod stewards;
mod tampering;
mod target;
mod waiting;
mod workers;
mod world;

/// Runs each test on both kinds of database, under a name of its own.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() { super::$test($crate::world::On::Sqlite).await; })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() { super::$test($crate::world::On::Postgres).await; })*
        }
    };
}

pub(crate) use on_both;
