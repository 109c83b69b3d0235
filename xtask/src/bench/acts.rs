//! What people do in the portal, and what their browsers send for it: found by looking at the pages that they would look at.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::catalogue::{Bundle, Catalogue};
use super::client::{Client, Line, SignedIn, encoded};
use super::html;
use super::load::Sends;
use super::report::{Floor, Goal};
use crate::run;

/// Where somebody looks at what they have.
const ACCESS: &str = "/access";
const REASON: &str = "To find out how many can ask at the same time";

/// Of how many of one person's requests the pages are looked at.
const REQUESTS_EACH: usize = 20;
/// To how many requests a page of what somebody has leads, so that it is compared with others of its kind.
const ALIKE: RangeInclusive<usize> = 5..=10;
/// How many pages are looked at before they are sent as a load.
const LOOKED_AT: usize = 20;

/// One thing that people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// Asking for a bundle.
    Ask,
    /// Approving a request.
    Decide,
    /// Looking at the inbox, which has as many rows as it can have.
    Inbox,
    /// Looking at one's own request.
    Request,
    /// Looking at the catalogue.
    Catalogue,
    /// Searching in it.
    Search,
    /// Looking at what one has.
    Access,
}

/// Who does it, and in which portal.
pub struct Crowd {
    /// The way to the portal.
    pub client: Client,
    /// Its catalogue.
    pub catalogue: Catalogue,
    /// Who is signed in.
    pub people: Vec<SignedIn>,
    /// How many forms are wanted at the most.
    pub forms: usize,
}

impl Name {
    /// All of them, as they are driven: an inbox fills by asking, and empties by deciding.
    pub const DRIVEN: [Self; 7] =
        [Self::Catalogue, Self::Search, Self::Access, Self::Request, Self::Ask, Self::Inbox, Self::Decide];

    /// What it is called.
    pub fn says(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Decide => "decide",
            Self::Inbox => "inbox",
            Self::Request => "request page",
            Self::Catalogue => "catalogue",
            Self::Search => "catalogue search",
            Self::Access => "my access",
        }
    }

    /// How it is sent.
    pub fn sends(self) -> Sends {
        match self {
            Self::Ask | Self::Decide => Sends::Forms,
            Self::Inbox | Self::Request | Self::Catalogue | Self::Search | Self::Access => Sends::Pages,
        }
    }

    /// The least program that does as much.
    pub fn floor(self) -> Floor {
        match self {
            Self::Ask => Floor::CommitAsk,
            Self::Decide => Floor::CommitDecide,
            Self::Inbox | Self::Request | Self::Catalogue | Self::Search | Self::Access => Floor::Page,
        }
    }

    /// How much of that is to be reached.
    pub fn of_floor(self) -> Goal {
        match self.sends() {
            Sends::Forms => Goal::AtLeast(0.5),
            Sends::Pages => Goal::AtLeast(0.25),
        }
    }

    /// How many times the middle one the slowest of a hundred may take.
    pub fn tail(self) -> Option<Goal> {
        match self.sends() {
            Sends::Forms => None,
            Sends::Pages => Some(Goal::AtMost(10.0)),
        }
    }

    /// How much longer it may take where there is a hundred times as much on record.
    pub const GROWTH: Goal = Goal::AtMost(1.3);

    /// A word for it in an address or a log.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ask => "bench-ask",
            Self::Decide => "bench-decide",
            Self::Inbox => "bench-inbox",
            Self::Request => "bench-request",
            Self::Catalogue => "bench-catalogue",
            Self::Search => "bench-search",
            Self::Access => "bench-access",
        }
    }
}

impl Crowd {
    /// What all of them send for an act, in turns.
    pub fn sends(&self, act: Name) -> Result<Vec<Line>> {
        match act {
            Name::Ask => self.asks(),
            Name::Decide => self.decisions(),
            Name::Inbox => self.looked_at(self.inboxes()?),
            Name::Request => self.looked_at(self.requests()?),
            Name::Catalogue => self.looked_at(self.each(|_| "/catalogue".to_owned())),
            Name::Search => {
                let words = self.catalogue.words();
                ensure!(!words.is_empty(), "no bundle has a name to search by");
                let search = |nth: usize| format!("/catalogue?q={}&system=", encoded(words[nth % words.len()]));
                self.looked_at(self.each(search))
            }
            Name::Access => self.looked_at(self.accesses()?),
        }
    }

    /// Of those who have asked for something the one whose inbox is fullest, and what they have asked for.
    pub fn reader(&self) -> Result<(&SignedIn, String)> {
        for (_, who) in self.by_inbox()? {
            run::go_on()?;
            let page = self.client.page(who, ACCESS)?;
            if let Some(request) = html::requests(&page).into_iter().next() {
                return Ok((who, request));
            }
        }
        bail!("none of those who are signed in has a request to look at")
    }

    fn each(&self, path: impl Fn(usize) -> String) -> Vec<Line> {
        self.people.iter().enumerate().map(|(nth, who)| who.looks_at(&path(nth))).collect()
    }

    /// The same pages, once some of them were there: wrk takes a way to the door for an answer.
    fn looked_at(&self, lines: Vec<Line>) -> Result<Vec<Line>> {
        for line in lines.iter().take(LOOKED_AT) {
            run::go_on()?;
            let answer = self.client.send(line, "bench")?;
            let (status, to) = (answer.status, answer.location);
            ensure!(status == 200, "`{}` answers with {status} and leads to `{to}`", line.path);
        }
        Ok(lines)
    }

    fn requests(&self) -> Result<Vec<Line>> {
        let looks = |(who, requests): (&SignedIn, BTreeSet<String>)| {
            let requests = requests.iter().take(REQUESTS_EACH);
            requests.map(|id| who.looks_at(&format!("/requests/{id}"))).collect()
        };
        Ok(in_turns(self.by_access()?.into_iter().map(looks).collect()))
    }

    /// Of those whose page is of about the same length however much there is on record; where nobody's is, of everybody.
    fn accesses(&self) -> Result<Vec<Line>> {
        let alike = self.by_access()?.into_iter().filter(|(_, requests)| ALIKE.contains(&requests.len()));
        let alike: Vec<_> = alike.map(|(who, _)| who.looks_at(ACCESS)).collect();
        Ok(if alike.is_empty() { self.each(|_| ACCESS.to_owned()) } else { alike })
    }

    /// Everybody with the requests to which their page of what they have leads.
    fn by_access(&self) -> Result<Vec<(&SignedIn, BTreeSet<String>)>> {
        let mut people = Vec::new();
        for who in &self.people {
            run::go_on()?;
            people.push((who, html::requests(&self.client.page(who, ACCESS)?)));
        }
        Ok(people)
    }

    /// The fullest ones.
    fn inboxes(&self) -> Result<Vec<Line>> {
        let people = self.by_inbox()?;
        let fullest = people.first().map_or(0, |(rows, _)| *rows);
        ensure!(fullest > 0, "nothing waits for any of those who are signed in");
        let people = people.into_iter().take_while(|(rows, _)| *rows == fullest);
        Ok(people.map(|(_, who)| who.looks_at("/inbox")).collect())
    }

    /// Everybody with how much there is to decide on their inbox's first page, the fullest first.
    fn by_inbox(&self) -> Result<Vec<(usize, &SignedIn)>> {
        let mut people = Vec::new();
        for who in &self.people {
            run::go_on()?;
            people.push((html::to_decide(&self.client.page(who, "/inbox")?).len(), who));
        }
        people.sort_by_key(|(rows, _)| Reverse(*rows));
        Ok(people)
    }

    fn asks(&self) -> Result<Vec<Line>> {
        let each = self.forms.div_ceil(self.people.len().max(1));
        let mut of_each = Vec::new();
        for (nth, who) in self.people.iter().enumerate() {
            of_each.push(self.asks_of(who, nth, each)?);
        }
        Ok(in_turns(of_each))
    }

    fn asks_of(&self, who: &SignedIn, nth: usize, most: usize) -> Result<Vec<Line>> {
        let open = self.open_to(who, nth, most)?;
        let Some(first) = open.first() else { return Ok(Vec::new()) };
        let form = self.client.page(who, &format!("/ask/{}", first.key))?;
        let subject = html::first_choice(&form, "subject").context("the form of an ask is for nobody")?;
        let ask = |bundle: &Bundle| {
            let fields = [
                ("bundle", bundle.key.as_str()),
                ("continues", ""),
                ("subject", subject.as_str()),
                ("duration", bundle.default.as_str()),
                ("length", ""),
                ("unit", "h"),
                ("justification", REASON),
                ("work_item", ""),
                ("link", ""),
            ];
            who.sends("/api/requests/ask", &format!("/ask/{}", bundle.key), &fields)
        };
        Ok(open.into_iter().map(ask).collect())
    }

    /// What somebody may ask for and has not asked for yet, as far as one form says all. Each begins at another system, so that what is
    /// asked for does not all wait for the same owners.
    fn open_to(&self, who: &SignedIn, nth: usize, most: usize) -> Result<Vec<&Bundle>> {
        let (mut open, mut seen) = (Vec::new(), BTreeSet::new());
        let systems = &self.catalogue.systems;
        for system in systems.iter().cycle().skip(nth).take(systems.len()) {
            let mut next = Some(format!("/catalogue?system={}", encoded(&system.key)));
            while let Some(path) = next {
                run::go_on()?;
                let page = self.client.page(who, &path)?;
                let keys = html::open_to_ask(&page).into_iter().filter(|key| seen.insert(key.clone()));
                open.extend(keys.filter_map(|key| self.catalogue.bundle(&key)));
                if open.len() >= most {
                    open.truncate(most);
                    return Ok(open);
                }
                next = html::next(&page).map(|query| format!("/catalogue{query}"));
            }
        }
        Ok(open)
    }

    /// A yes to each request that waits for one of them. Where two could give it, it is the first one's.
    fn decisions(&self) -> Result<Vec<Line>> {
        let most = (2 * self.forms).div_ceil(self.people.len().max(1));
        let (mut of_each, mut seen) = (Vec::new(), BTreeSet::new());
        for who in &self.people {
            let mut theirs = Vec::new();
            let mut next = Some("/inbox".to_owned());
            while let Some(path) = next.filter(|_| theirs.len() < most) {
                run::go_on()?;
                let page = self.client.page(who, &path)?;
                let waiting = html::to_decide(&page).into_iter().filter(|(request, _)| seen.insert(request.clone()));
                theirs.extend(waiting.map(|(request, terms)| says_yes(who, &request, &terms)));
                next = html::next(&page).map(|query| format!("/inbox{query}"));
            }
            of_each.push(theirs);
        }
        Ok(in_turns(of_each))
    }
}

fn says_yes(who: &SignedIn, request: &str, terms: &str) -> Line {
    let fields = [("request", request), ("version", terms), ("shorter", ""), ("comment", "")];
    who.sends("/api/requests/approve", "/inbox", &fields)
}

/// The first of each, then the second of each: nobody does much at once.
fn in_turns(of_each: Vec<Vec<Line>>) -> Vec<Line> {
    let most = of_each.iter().map(Vec::len).max().unwrap_or(0);
    let mut of_each: Vec<_> = of_each.into_iter().map(Vec::into_iter).collect();
    let mut lines = Vec::new();
    for _ in 0..most {
        lines.extend(of_each.iter_mut().filter_map(Iterator::next));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_take_turns() {
        let line = |path: &str| Line { path: path.to_owned(), page: String::new(), cookie: String::new(), form: None };
        let lines = in_turns(vec![vec![line("a1"), line("a2"), line("a3")], Vec::new(), vec![line("b1"), line("b2")]]);
        let paths: Vec<_> = lines.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["a1", "b1", "a2", "b2", "a3"]);
    }

    #[test]
    fn every_act_is_driven_once() {
        let driven: BTreeSet<_> = Name::DRIVEN.into_iter().collect();
        assert_eq!(driven.len(), Name::DRIVEN.len());
        assert!(Name::DRIVEN.iter().all(|act| (act.sends() == Sends::Forms) != (act.floor() == Floor::Page)));
    }
}
