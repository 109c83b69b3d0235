//! How people decide, as pages show it. It is counted when it is looked at, and changes nothing.

use super::{PAGE, page};
use crate::{Error, Portal, facts::in_portal};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor,
    ids::IdentityId,
    minutes::Minutes,
    signals::{Decided, Signals, WINDOW},
    views::{
        Page,
        signals::{SignalRow, SignalsPage, SignalsView},
    },
};
use std::{cmp::Reverse, collections::BTreeMap};
use store::{DecidedRow, Tx};

/// How many decisions are read at a time.
const AT_A_TIME: i64 = 1000;

/// Where somebody stands in the list: those first whom there is most reason to look at.
type Place = (Reverse<(bool, u32, u32)>, IdentityId);

impl Portal {
    /// How everybody decides who did of late, for admins and auditors.
    pub async fn signals(&self, actor: &Actor, after: &str) -> Result<SignalsPage, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.reader()?;
        let mut all = Vec::new();
        for (who, decided) in decided_by_all(&mut tx, self.now() - WINDOW).await? {
            all.extend(Signals::of(&decided).map(|signals| (place(who, &signals), signals)));
        }
        all.sort_unstable_by_key(|(place, _)| *place);
        let people = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let always_yes = all.iter().filter(|(_, signals)| signals.always_yes()).count();
        let from = read(after);
        let rest = all.into_iter().filter(|(place, _)| from.is_none_or(|from| *place > from)).take(PAGE + 1);
        let Page { items, next } = page(rest.collect(), |(place, _)| written(place));
        let mut rows = Vec::new();
        for ((_, who), signals) in items {
            rows.extend(tx.identity(who).await?.map(|it| SignalRow {
                key: it.spec.key.to_string(),
                name: it.spec.name,
                signals: shown(&signals),
            }));
        }
        Ok(SignalsPage {
            days: days(),
            people,
            always_yes: u32::try_from(always_yes).unwrap_or(u32::MAX),
            list: Page { items: rows, next },
        })
    }

    /// How one person decides; `None` where they have not of late.
    pub(super) async fn signals_of(&self, tx: &mut Tx, who: IdentityId) -> Result<Option<SignalsView>, Error> {
        let decided = tx.decided_by(who, self.now() - WINDOW).await?;
        Ok(Signals::of(&decided).map(|signals| shown(&signals)))
    }
}

/// What everybody decided since a moment, each person's in the order in which they did.
async fn decided_by_all(tx: &mut Tx, since: DateTime<Utc>) -> Result<BTreeMap<IdentityId, Vec<Decided>>, Error> {
    let mut all: BTreeMap<IdentityId, Vec<Decided>> = BTreeMap::new();
    let mut after = DecidedRow::before(since);
    loop {
        let rows = tx.decided_after(after, AT_A_TIME).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = *last;
        for row in rows {
            all.entry(row.who).or_default().push(row.it);
        }
    }
}

fn place(who: IdentityId, signals: &Signals) -> Place {
    (Reverse(signals.concern()), who)
}

/// A place as the address of the next page holds it.
fn written((Reverse((always_yes, in_one_go, streak)), who): &Place) -> String {
    format!("{always_yes}~{in_one_go}~{streak}~{who}")
}

/// The place in an address; one that cannot be read begins at the start.
fn read(cursor: &str) -> Option<Place> {
    let mut parts = cursor.split('~');
    let mut next = || parts.next();
    let concern = (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
    Some((Reverse(concern), next()?.parse().ok()?))
}

fn shown(signals: &Signals) -> SignalsView {
    SignalsView {
        days: days(),
        decisions: signals.decisions,
        yes: signals.yes,
        share: signals.share(),
        takes: lasting(signals.takes),
        streak: signals.streak,
        in_one_go: signals.in_one_go,
        always_yes: signals.always_yes(),
    }
}

fn days() -> u32 {
    u32::try_from(WINDOW.num_days()).unwrap_or(u32::MAX)
}

/// A length of time in words, also one of less than a minute.
fn lasting(time: TimeDelta) -> String {
    let minutes = u32::try_from(time.num_minutes()).unwrap_or(Minutes::MOST).min(Minutes::MOST);
    match (Minutes::new(minutes), time.num_seconds()) {
        (Ok(minutes), _) => minutes.to_string(),
        (Err(_), 1) => "1 second".to_owned(),
        (Err(_), seconds) => format!("{seconds} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = (Reverse((true, 12, 40)), IdentityId(uuid::Uuid::from_u128(7)));
        assert_eq!(read(&written(&place)), Some(place));
        for nonsense in ["", "true", "true~1~2", "yes~1~2~3", "true~-1~2~00000000-0000-0000-0000-000000000007"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn short_times_are_told_in_seconds() {
        let told = [0, 1, 59, 60, 5400].map(|seconds| lasting(TimeDelta::seconds(seconds)));
        assert_eq!(told, ["0 seconds", "1 second", "59 seconds", "1 minute", "1 hour 30 minutes"]);
    }
}
