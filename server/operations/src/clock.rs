//! Where time comes in.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Tells the time. Tests pass one they can advance.
pub trait Clock: Send + Sync {
    /// Now, to the microsecond, as Postgres keeps no more.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door by which time comes in")]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}
