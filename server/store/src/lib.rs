//! What the portal remembers, on SQLite or Postgres, with one SQL text for both. Governed rows change only by [`Tx::save`], which takes
//! a [`domain::event::Transition`]; operational rows have narrow methods of their own.

mod authenticators;
mod catalogue;
mod error;
mod findings;
mod grants;
mod jobs;
mod people;
mod replays;
mod requests;
mod save;
mod sessions;
mod signals;
mod tasks;
mod trail;
mod tx;

pub use catalogue::{CatalogueKeys, Frame, Listed, Right, Use, Waiting};
pub use error::Error;
pub use findings::{FewOwners, Outgrown};
pub use grants::OnSystem;
pub use jobs::Claim;
pub use people::{Budget, Counted, OpenInvitation, Try};
pub use replays::{ReplayOf, ReplayRow};
pub use requests::Wait;
pub use save::{Columns, NewStream};
pub use sessions::SessionRow;
pub use signals::DecidedRow;
pub use tasks::TaskRow;
pub use trail::{EventCheck, EventColumns, EventRow, RowCheck};
pub use tx::{FEW, Kind, Store, Tx};

/// A page cursor that comes before everything.
pub const FIRST: &str = "";
