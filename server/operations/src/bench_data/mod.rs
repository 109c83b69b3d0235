//! A made company with years of history, for measuring the portal at any size. What its people asked for and what came of it is made up
//! request by request, each by the domain's own acts, and written many at a time: every chain is as valid as one that people lived through.
//! Nobody is sent a notice about it.

mod company;
mod known;
mod life;

use crate::{Error, Ids, Portal};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Actor, Refusal, minutes::Minutes};
use known::{Company, Holding};
use life::{Fate, Life, MARGIN, Teller, Wish};
use rand::{
    RngExt, SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use std::{collections::BTreeMap, ops::RangeInclusive};
use store::{NewStream, Tx};

/// How many requests are written in one commit.
const AT_A_TIME: usize = 500;
/// How many bundles there may be.
const BUNDLES: RangeInclusive<usize> = 10..=5_000;
/// How many people there may be.
const PEOPLE: RangeInclusive<usize> = company::FEWEST..=100_000;
/// How many requests there may be for each person: with many more they would only wait for answers.
const MOST_EACH: usize = 1_000;
/// Of so many requests one is not decided yet at the end, but there are never more than [`MOST_OPEN`] of them and hardly fewer than
/// [`FEWEST_OPEN`].
const ONE_OPEN_OF: usize = 50;
const FEWEST_OPEN: usize = 10;
const MOST_OPEN: usize = 1_000;
/// How often another bundle is chosen where the first is held already.
const TRIES: usize = 8;

/// How much is to be made up.
#[derive(Clone, Copy, Debug)]
pub struct BenchData {
    /// How many people work there.
    pub people: usize,
    /// How many bundles there are to ask for.
    pub bundles: usize,
    /// How many requests were made.
    pub requests: usize,
    /// What chance follows from: the same gives the same again.
    pub seed: u64,
}

impl BenchData {
    /// How long the history is.
    pub const SPAN: TimeDelta = TimeDelta::days(3 * 365);

    fn check(&self) -> Result<(), Error> {
        for (wanted, what, may) in [(self.people, "people", PEOPLE), (self.bundles, "bundles", BUNDLES)] {
            if !may.contains(&wanted) {
                let says = format!("{wanted} {what} cannot be made up: from {} to {} can", may.start(), may.end());
                return Err(Error::Unready(says));
            }
        }
        let most = self.people * MOST_EACH;
        if self.requests > most {
            let says = format!(
                "{} requests are too many for {} people: at most {most} can be made up",
                self.requests, self.people
            );
            return Err(Error::Unready(says));
        }
        Ok(())
    }
}

/// What was made up: how many requests, by what became of them. A request that led to a grant counts by how that stands.
pub type Made = BTreeMap<&'static str, usize>;

impl Portal {
    /// Fills an empty portal with a made company and with what its people asked for in the time of [`BenchData::SPAN`], which begins now:
    /// who wants it to end now sets the clock back first. Everybody has the same password, so it is a demo for good. `progress` hears how
    /// many requests there are so far.
    pub async fn make_bench_data(
        &self,
        actor: &Actor,
        wanted: &BenchData,
        password: &str,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Made, Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("only the command line makes up a company").into());
        }
        wanted.check()?;
        let begin = self.now();
        let mut chance = StdRng::seed_from_u64(wanted.seed);
        if !is_empty(&mut self.store().read().await?).await? {
            let says = "it is in use, and everybody in it would get a known password: name an empty database";
            return Err(Error::Unready(says.to_owned()));
        }
        self.import_files(actor, &company::catalogue(wanted, &mut chance), crate::Import::default()).await?;
        self.make_demo(actor, password).await?;
        let company = Company::read(&mut self.store().read().await?, begin, &mut chance).await?;
        let mut history = History::new(self, &company, wanted.requests, begin, chance);
        let mut made = Made::new();
        while history.made < wanted.requests {
            let most = AT_A_TIME.min(wanted.requests - history.made);
            let lives = (0..most).map(|_| history.one_more()).collect::<Result<Vec<_>, _>>()?;
            let streams: Vec<_> = lives.iter().map(|Life { changes, due, .. }| NewStream { changes, due }).collect();
            let mut tx = self.store().write().await?;
            tx.save_streams(&streams).await?;
            self.commit(tx).await?;
            for life in &lives {
                *made.entry(life.became).or_default() += 1;
            }
            progress(history.made);
        }
        Ok(made)
    }
}

/// Whether nobody and nothing is in the portal yet.
async fn is_empty(tx: &mut Tx) -> Result<bool, Error> {
    let keys = tx.keys().await?;
    Ok(keys.identities.is_empty() && keys.groups.is_empty() && keys.systems.is_empty() && keys.bundles.is_empty())
}

/// What has happened so far. Whoever asks for something waits for the answer before they ask again; so all that one request must know of
/// the others is what its asker holds, and each life can be told from its beginning to its end.
struct History<'a> {
    company: &'a Company,
    ids: &'a dyn Ids,
    lapses_after: Minutes,
    chance: StdRng,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    requests: usize,
    open: usize,
    made: usize,
    /// Those who ask, by their places; who asks most comes first.
    askers: Vec<usize>,
    /// Until when each of the people waits for an answer.
    waits_until: Vec<DateTime<Utc>>,
    /// What each of the people holds.
    held: Vec<Vec<Holding>>,
}

impl<'a> History<'a> {
    fn new(
        portal: &'a Portal,
        company: &'a Company,
        requests: usize,
        begin: DateTime<Utc>,
        mut chance: StdRng,
    ) -> Self {
        let people = company.people.len();
        let mut askers: Vec<_> = (0..people).filter(|at| *at != company.head).collect();
        askers.shuffle(&mut chance);
        let open = (requests / ONE_OPEN_OF).clamp(FEWEST_OPEN, MOST_OPEN).min(people / 2).min(requests / 2);
        let setup = portal.setup();
        Self {
            company,
            ids: setup.ids.as_ref(),
            lapses_after: setup.approval_lapse,
            chance,
            begin,
            end: begin + BenchData::SPAN,
            requests,
            open,
            made: 0,
            askers,
            waits_until: vec![begin; people],
            held: (0..people).map(|_| Vec::new()).collect(),
        }
    }

    /// The next request, with all that came of it.
    fn one_more(&mut self) -> Result<Life, Error> {
        let is_open = self.made >= self.requests - self.open;
        let at = if is_open { self.lately() } else { self.in_turn() };
        let who = self.asker(at)?;
        self.held[who].retain(|it| at < it.until);
        let offer = self.offer(who, is_open);
        let spec = self.company.offers[offer].spec();
        let (minutes, fate) = self.fate(spec.longest, spec.default, is_open);
        let wish = Wish { who: &self.company.people[who], held: &self.held[who], offer, minutes, at, fate };
        let teller = Teller::new(self.company, self.ids, &mut self.chance, self.lapses_after, self.end, wish);
        let mut life = teller.tell()?;
        self.waits_until[who] = life.waits_until;
        self.held[who].extend(life.holds.take());
        self.made += 1;
        Ok(life)
    }

    /// When the next one asks. People ask three times as often in the end as in the beginning.
    fn in_turn(&self) -> DateTime<Utc> {
        const WHOLE: i64 = 1_000_000;
        let turn = i64::try_from(self.made * 1_000_000 / self.requests).unwrap_or(WHOLE);
        let time = (3 * turn * WHOLE - turn * turn) / (2 * WHOLE);
        let at = self.begin + TimeDelta::minutes(BenchData::SPAN.num_minutes() * time / WHOLE);
        at.min(self.end - MARGIN)
    }

    /// When somebody asked who has no answer yet.
    fn lately(&mut self) -> DateTime<Utc> {
        self.end - TimeDelta::minutes(self.chance.random_range(10..2 * 24 * 60))
    }

    /// Who asks: a few people ask for most. Nobody does who waits for an answer.
    fn asker(&mut self, at: DateTime<Utc>) -> Result<usize, Error> {
        let first = skewed(self.askers.len(), &mut self.chance);
        let around = self.askers.iter().cycle().skip(first).take(self.askers.len());
        let free = around.copied().find(|who| self.waits_until[*who] <= at);
        free.ok_or_else(|| {
            Error::Unready("everybody waits for an answer: make up more people, or less history".to_owned())
        })
    }

    /// What somebody asks for: a few bundles are what most ask for. What policy rules on at once cannot be open.
    fn offer(&mut self, who: usize, is_open: bool) -> usize {
        let (company, held) = (self.company, &self.held[who]);
        let theirs = company.open_to(&company.people[who]);
        let any = self.chance.random_ratio(1, 100) && !is_open;
        let mut offer = 0;
        for _ in 0..TRIES {
            offer = if any || theirs.is_empty() {
                skewed(company.offers.len(), &mut self.chance)
            } else {
                theirs[skewed(theirs.len(), &mut self.chance)]
            };
            let taken = held.iter().any(|it| it.offer == offer);
            let at_once = is_open && company.offers[offer].spec().automatic;
            if !taken && !at_once {
                break;
            }
        }
        offer
    }

    /// For how long somebody asks, and what is to become of it. Who asks for too long is refused by policy.
    fn fate(&mut self, longest: Minutes, default: Minutes, is_open: bool) -> (Minutes, Fate) {
        let most = longest.get();
        let fitting = [default, default, longest, Minutes::new(most / 4).unwrap_or(default)];
        let minutes = fitting.choose(&mut self.chance).copied().unwrap_or(default);
        if is_open {
            return (minutes, Fate::Open);
        }
        match self.chance.random_range(0..100) {
            0..5 => (Minutes::new(most * 2).unwrap_or(longest), Fate::Granted),
            5..12 => (minutes, Fate::Denied),
            12..16 => (minutes, Fate::Withdrawn),
            16..20 => (minutes, Fate::Expired),
            _ => (minutes, Fate::Granted),
        }
    }
}

/// A place among so many, where the first come up by far the most: a tenth of them six times in ten.
fn skewed(of: usize, chance: &mut StdRng) -> usize {
    let mut place = of.saturating_sub(1);
    for _ in 0..3 {
        place = chance.random_range(0..=place);
    }
    place
}
