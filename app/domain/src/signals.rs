//! How somebody decides (L10): counted from what they decided over a while, and shown to people. It changes nothing by itself.

use chrono::{DateTime, TimeDelta, Utc};

/// For how long a decision counts.
pub const WINDOW: TimeDelta = TimeDelta::days(90);

/// Decisions that are no further apart were hardly looked at one by one.
pub const IN_ONE_GO: TimeDelta = TimeDelta::seconds(10);

/// After so many decisions it says something that none was a no.
pub const TELLING: u32 = 20;

/// One decision, as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Whether it was a yes.
    pub approves: bool,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// Since when it was theirs to take.
    pub since: DateTime<Utc>,
}

/// What is counted of one person's decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    /// How many there are.
    pub decisions: u32,
    /// How many of them were a yes.
    pub yes: u32,
    /// How long they usually took, as the median.
    pub takes: TimeDelta,
    /// The most that were a yes in a row.
    pub streak: u32,
    /// How many were taken within ten seconds of another.
    pub in_one_go: u32,
}

impl Signals {
    /// Counts decisions that stand in the order in which they were taken; `None` where there are none.
    pub fn of(decided: &[Decided]) -> Option<Self> {
        let mut waits: Vec<_> = decided.iter().map(|it| (it.at - it.since).max(TimeDelta::zero())).collect();
        waits.sort_unstable();
        let takes = *waits.get(waits.len() / 2)?;
        let (mut run, mut streak) = (0_u32, 0_u32);
        for it in decided {
            run = if it.approves { run + 1 } else { 0 };
            streak = run.max(streak);
        }
        let near = |pair: &[Decided]| matches!(pair, [a, b] if b.at - a.at <= IN_ONE_GO);
        let after_another = [false].into_iter().chain(decided.windows(2).map(near));
        let before_another = decided.windows(2).map(near).chain([false]);
        let in_one_go = after_another.zip(before_another).filter(|(after, before)| *after || *before).count();
        let yes = decided.iter().filter(|it| it.approves).count();
        Some(Self { decisions: whole(decided.len()), yes: whole(yes), takes, streak, in_one_go: whole(in_one_go) })
    }

    /// How many of a hundred were a yes; a hundred only where all were.
    pub fn share(&self) -> u32 {
        u32::try_from(u64::from(self.yes) * 100 / u64::from(self.decisions.max(1))).unwrap_or(100)
    }

    /// Whether there are many, and not one was a no.
    pub fn always_yes(&self) -> bool {
        self.decisions >= TELLING && self.yes == self.decisions
    }

    /// How much reason there is to look: the greater, the more.
    pub fn concern(&self) -> (bool, u32, u32) {
        (self.always_yes(), self.in_one_go, self.streak)
    }
}

fn whole(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decisions at these seconds, each so many seconds after it became theirs.
    fn decided(of: &[(bool, i64, i64)]) -> Vec<Decided> {
        let moment = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        of.iter()
            .map(|(approves, at, took)| Decided { approves: *approves, at: moment(*at), since: moment(at - took) })
            .collect()
    }

    #[test]
    fn counts_what_was_decided() {
        let of =
            [(true, 0, 50), (true, 10, 400), (false, 21, 60), (true, 1000, 5), (true, 2000, 3600), (true, 2009, 0)];
        let signals = Signals::of(&decided(&of)).unwrap();
        assert_eq!((signals.decisions, signals.yes, signals.share()), (6, 5, 83));
        assert_eq!(signals.takes, TimeDelta::seconds(60), "the median");
        assert_eq!((signals.streak, signals.in_one_go), (3, 4), "the third came eleven seconds after the second");
        assert!(!signals.always_yes());
        assert_eq!(Signals::of(&[]), None);
    }

    #[test]
    fn never_a_no_says_something_after_twenty() {
        let yes = |n: i64| decided(&(0..n).map(|at| (true, at * 60, 30)).collect::<Vec<_>>());
        assert!(!Signals::of(&yes(19)).unwrap().always_yes());
        let always = Signals::of(&yes(20)).unwrap();
        assert_eq!((always.always_yes(), always.share(), always.streak, always.in_one_go), (true, 100, 20, 0));
        let almost = Signals::of(&[decided(&[(false, -60, 1)]), yes(200)].concat()).unwrap();
        assert_eq!((almost.always_yes(), almost.share()), (false, 99), "a no is a no");
        assert!(always.concern() > almost.concern(), "never a no comes before any streak");
    }
}
