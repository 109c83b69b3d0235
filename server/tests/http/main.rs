//! The running portal, spoken to over HTTP as a browser speaks to it: the whole router in this process, on a database of its own.

mod bad_input;
mod bulk;
mod demo;
mod front_door;
mod pace;
mod stories;
mod story;
mod stranger;
mod world;
