//! Where chance comes in.

use chrono::{DateTime, Utc};
use rand::Rng;
use std::sync::Mutex;
use uuid::{Builder, Uuid};

/// Draws ids and secrets.
pub trait Ids: Send + Sync {
    /// A new `UUIDv7` (RFC 9562, section 5.7) of this time; ids drawn one after another sort in that order.
    fn next(&self, now: DateTime<Utc>) -> Uuid;
    /// 32 random bytes.
    fn secret(&self) -> [u8; 32];
}

/// The machine's chance.
#[derive(Debug, Default)]
pub struct SystemIds {
    last: Mutex<Uuid>,
}

impl Ids for SystemIds {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let mut random = [0; 10];
        rand::rng().fill_bytes(&mut random);
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let fresh = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Within one millisecond, or when the clock stepped back a little, go on from the last one: the id is also the page cursor.
        let behind = last.as_u128().saturating_sub(fresh.as_u128());
        let next = if behind > 0 && behind >> 80 < 60_000 { successor(*last) } else { fresh };
        *last = next;
        next
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }
}

/// The next id of the same form: one more in the random part, leaving version and variant as they are.
fn successor(id: Uuid) -> Uuid {
    const LOW: u128 = (1 << 62) - 1;
    let n = id.as_u128();
    let low = n & LOW;
    if low < LOW { Uuid::from_u128(n + 1) } else { Uuid::from_u128((n & !LOW) + (1 << 64)) }
}

/// A secret as it stands in a link: 64 hexadecimal digits.
pub(crate) fn token(ids: &dyn Ids) -> String {
    hex::encode(ids.secret())
}

/// What is kept of a secret.
pub(crate) fn hashed(token: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    #[test]
    fn ids_drawn_in_one_moment_sort_in_the_order_they_were_drawn() {
        let (ids, now) = (SystemIds::default(), SystemClock.now());
        let drawn: Vec<_> = (0..10_000).map(|_| ids.next(now)).collect();
        assert!(drawn.windows(2).all(|w| w[0] < w[1]));
        assert!(drawn.iter().all(|id| id.get_version_num() == 7));
    }
}
