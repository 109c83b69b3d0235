//! Everything a person, a clock or an operator can do, one function each. Every channel comes through here; the actor's authority is
//! read and checked in the transaction of the act, before anything else.

mod acts;
mod authenticators;
pub mod bundles;
pub mod catalogue;
pub mod clock;
pub mod connectors;
pub mod discover;
mod editing;
mod error;
mod export;
mod facts;
mod grants;
pub mod guardrails;
mod health;
pub mod ids;
mod import;
mod jobs;
mod lines;
mod pace;
mod pages;
mod people;
mod places;
mod portal;
mod rejudge;
mod reminders;
mod replay;
mod requests;
mod rulings;
mod sessions;
mod stepup;
mod systems;
mod tasks;
mod verify;

pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use ids::{Ids, SystemIds};
pub use import::{Import, Imported};
pub use people::{FirstAdmin, SignedIn};
pub use portal::{Portal, Schema, Setup};
pub use rejudge::{Rejudged, Unlike};
pub use sessions::{LiveSession, SessionKeyHash};
pub use stepup::{Answer, Wanted, codes::SecretsKey, passkeys::RelyingParty};
pub use verify::{Finding, Progress};
