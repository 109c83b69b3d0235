//! The running portal, spoken to over HTTP as a browser speaks to it: the whole router in this process, on a database of its own.

mod bad_input;
mod bulk;
mod demo;
mod front_door;
mod pace;
mod plans;
mod stories;
mod story;
mod stranger;
mod weigh;
mod world;

/// Runs each test on both kinds of database, under a name of its own.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test($crate::world::On::Sqlite).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $test() { super::$test($crate::world::On::Postgres).await; })*
        }
    };
}

pub(crate) use on_both;
