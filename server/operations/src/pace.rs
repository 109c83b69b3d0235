//! How often one person may have something worked out that takes time and saves nothing: a ruling, a bundle or guardrails while they type.
//! It is counted in the memory of this replica, whose time it takes.

use crate::people::wait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Refusal, ids::IdentityId};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Each counts for so long,
const EACH: TimeDelta = TimeDelta::seconds(1);
/// and so much may have come together: sixty at once, or in a minute.
const TOGETHER: TimeDelta = TimeDelta::minutes(1);
/// How many people are remembered; beyond that, who has rested longest makes room.
const MOST: usize = 10_000;

/// When, for each person, all that was worked out for them counts no more.
#[derive(Default)]
pub(crate) struct Pace {
    until: Mutex<BTreeMap<IdentityId, DateTime<Utc>>>,
}

impl Pace {
    /// Counts one more for this person, or says how long they must wait.
    pub fn count(&self, who: IdentityId, now: DateTime<Utc>) -> Result<(), Refusal> {
        let mut known = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        // What lies further ahead was counted before the clock was set back.
        let counts = now..=now + TOGETHER;
        let before = known.get(&who).copied().filter(|until| counts.contains(until)).unwrap_or(now);
        let until = before + EACH;
        let beyond = until - (now + TOGETHER);
        if beyond > TimeDelta::zero() {
            return Err(Refusal::TooMany(wait(beyond.num_seconds().max(1))));
        }
        if known.len() >= MOST && !known.contains_key(&who) {
            make_room(&mut known, now);
        }
        known.insert(who, until);
        Ok(())
    }
}

fn make_room(known: &mut BTreeMap<IdentityId, DateTime<Utc>>, now: DateTime<Utc>) {
    known.retain(|_, until| *until > now);
    let rested = known.iter().min_by_key(|(_, until)| **until).map(|(who, _)| *who);
    if let Some(who) = rested.filter(|_| known.len() >= MOST) {
        known.remove(&who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn who(n: u128) -> IdentityId {
        IdentityId(Uuid::from_u128(n))
    }

    #[test]
    fn sixty_are_free_at_once_and_one_more_each_second() {
        let (pace, now) = (Pace::default(), DateTime::UNIX_EPOCH);
        let free = (0..100).take_while(|_| pace.count(who(1), now).is_ok()).count();
        assert_eq!(free, 60);
        assert_eq!(pace.count(who(1), now), Err(Refusal::TooMany("1 second".to_owned())));
        assert_eq!(pace.count(who(2), now), Ok(()), "others are not held up by it");
        assert_eq!(pace.count(who(1), now + EACH), Ok(()));
        assert!(pace.count(who(1), now + EACH).is_err());
        assert_eq!(pace.count(who(1), now + TOGETHER + EACH), Ok(()));
        assert_eq!(pace.count(who(1), now - TimeDelta::days(1)), Ok(()), "a clock that is set back locks nobody out");
    }

    #[test]
    fn no_more_people_are_remembered_than_there_is_room_for() {
        let (pace, now) = (Pace::default(), DateTime::UNIX_EPOCH);
        for n in 0..=MOST as u128 {
            pace.count(who(n), now).unwrap();
        }
        assert_eq!(pace.until.lock().unwrap().len(), MOST);
        pace.count(who(u128::MAX), now + TOGETHER).unwrap();
        assert_eq!(pace.until.lock().unwrap().len(), 1, "who has rested is forgotten first");
    }
}
