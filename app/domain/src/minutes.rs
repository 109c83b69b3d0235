//! A length of time in whole minutes, as people write it (`30m`, `8h`, `2d`) and as they read it (`8 hours`).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A positive number of minutes, at most [`Minutes::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Minutes(u32);

/// The text or number is no length of time that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days")]
pub struct NotMinutes(pub String);

impl Minutes {
    /// The longest there is: 366 days.
    pub const MOST: u32 = 366 * 24 * 60;

    /// So many minutes; refuses 0 and more than [`Minutes::MOST`].
    pub fn new(minutes: u32) -> Result<Self, NotMinutes> {
        if (1..=Self::MOST).contains(&minutes) { Ok(Self(minutes)) } else { Err(NotMinutes(format!("{minutes}m"))) }
    }

    /// So many hours, held to at least one minute and at most [`Minutes::MOST`].
    pub const fn hours(hours: u32) -> Self {
        let minutes = hours.saturating_mul(60);
        Self(if minutes == 0 {
            1
        } else if minutes > Self::MOST {
            Self::MOST
        } else {
            minutes
        })
    }

    /// How many minutes.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The same as a span of time.
    pub fn delta(self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.0))
    }

    /// The short form, as one types it: `8h`.
    pub fn short(self) -> String {
        match self.0 {
            m if m % 1440 == 0 => format!("{}d", m / 1440),
            m if m % 60 == 0 => format!("{}h", m / 60),
            m => format!("{m}m"),
        }
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours, minutes) = (self.0 / 1440, self.0 % 1440 / 60, self.0 % 60);
        let parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, unit)| if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") })
            .collect::<Vec<_>>();
        f.write_str(&parts.join(" "))
    }
}

impl FromStr for Minutes {
    type Err = NotMinutes;

    fn from_str(text: &str) -> Result<Self, NotMinutes> {
        let wrong = || NotMinutes(text.chars().take(40).collect());
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "m" | "min" | "minute" | "minutes" => 1,
            "h" | "hour" | "hours" => 60,
            "d" | "day" | "days" => 1440,
            _ => return Err(wrong()),
        };
        number.checked_mul(factor).and_then(|m| Self::new(m).ok()).ok_or_else(wrong)
    }
}

impl TryFrom<u32> for Minutes {
    type Error = NotMinutes;
    fn try_from(minutes: u32) -> Result<Self, NotMinutes> {
        Self::new(minutes)
    }
}

impl From<Minutes> for u32 {
    fn from(minutes: Minutes) -> u32 {
        minutes.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_refuses_the_rest() {
        for (text, minutes) in [("30m", 30), ("8h", 480), (" 2 days", 2880), ("1 hour", 60), ("366d", Minutes::MOST)] {
            assert_eq!(text.parse::<Minutes>().unwrap().get(), minutes, "{text}");
        }
        for text in ["0h", "-1h", "1000000000", "1000000000h", "", "h", "4", "4w", "367d", "99999999999999999999m"] {
            assert!(text.parse::<Minutes>().is_err(), "{text}");
        }
    }

    #[test]
    fn says_it_in_words() {
        assert_eq!(Minutes::new(1).unwrap().to_string(), "1 minute");
        assert_eq!(Minutes::new(1530).unwrap().to_string(), "1 day 1 hour 30 minutes");
        assert_eq!(Minutes::new(480).unwrap().short(), "8h");
        assert_eq!(Minutes::new(90).unwrap().short(), "90m");
    }
}
