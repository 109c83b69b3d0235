//! What pages show, read in one moment each. Reading changes nothing; what the reader may not see is not found.

mod chain;
mod offers;
mod rights;
mod signals;
mod weigh;

use crate::{
    Error, Portal,
    authenticators::reset_view,
    bundles::{Names, known_keys},
    editing::differences,
    facts::{Footing, in_portal, is_founding, over, reader},
    lines::{lines, told, written},
    people::why_no_link,
    replay,
    rulings::{standing, view, view_now, ways},
};
use chain::Others;
use chrono::{DateTime, Utc};
use domain::{
    Actor, Refusal,
    authority::Authority,
    bundle::Bundle,
    event::ThingKind,
    facts::{Evidence, Facts},
    grant::{Grant, State as GrantState},
    identity::Identity,
    ids::{BundleId, IdentityId, RequestId, StreamId},
    request::{Request, State},
    resource::System,
    review::{Around, Draft, DraftState, Remark},
    stepup::Confirmed,
    views::{
        Acts, BundleActs, BundlePage, BundleRow, EntitlementRow, GrantCard, GroupPage, Home, IdentityPage, IdentityRow,
        MyAccess, Named, NoticeView, Page, RemarkView, RequestCard, RequestPage, SystemPage, SystemRow, TrailRow,
    },
};
use offers::usual_minutes;
use std::collections::{BTreeMap, BTreeSet};
use store::{EventRow, Listed, ReplayOf, Tx, Use};

/// How many lines a page of a list has.
const PAGE: usize = 20;
/// How many requests that wait for somebody are counted, and so how many are looked at for that.
const MOST_COUNTED: u32 = 100;
/// How many events of a request stand on one page.
const EVENTS: usize = 100;
/// How many events of a bundle or an identity stand on its page; the rest is in the trail.
const NEWEST: i64 = 50;

/// How many lines are read for a page of a list.
pub(crate) fn limit() -> i64 {
    one_more(PAGE)
}

/// A list is read one line too long, so that it shows whether there is more.
fn one_more(most: usize) -> i64 {
    i64::try_from(most + 1).unwrap_or(i64::MAX)
}

/// Cuts a list that was read one line too long into a page.
fn page<T>(items: Vec<T>, cursor: impl Fn(&T) -> String) -> Page<T> {
    cut(items, PAGE, cursor)
}

fn cut<T>(mut items: Vec<T>, most: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > most;
    items.truncate(most);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}

/// The same for rows that carry their cursor.
pub(crate) fn listed<T>(mut rows: Vec<Listed<T>>) -> (Vec<T>, Option<String>) {
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = if more { rows.last().map(|r| r.cursor.clone()) } else { None };
    (rows.into_iter().map(|r| r.it).collect(), next)
}

impl Portal {
    /// The first page: what the reader has, waits for, and is asked for.
    pub async fn home(&self, actor: &Actor) -> Result<Home, Error> {
        let mut tx = self.store().read().await?;
        let me = reader(&mut tx, actor).await?.id;
        let waits_for_them = tx.waiting_for(me, self.now()).await?;
        let mut to_decide = waits_for_them.to_decide;
        if waits_for_them.stands_in {
            to_decide += self.count_lent(&mut tx, actor, me, to_decide).await?;
        }
        Ok(Home {
            have: self.held_by(&mut tx, me).await?,
            waiting: waited_for(&mut tx, me, store::FIRST).await?,
            waits: tx.count_open_requests_of(me).await?,
            to_decide,
            tasks: waits_for_them.tasks,
            reviews: self.reviews_of(&mut tx, me).await?,
        })
    }

    /// Everything the reader has, had, waits for and could ask for; what they have of the non-human identities they answer for, too.
    /// `after` is where the page begins of what is over, `waits` of what waits.
    pub async fn my_access(&self, actor: &Actor, after: &str, waits: &str) -> Result<MyAccess, Error> {
        let mut tx = self.store().read().await?;
        let who = reader(&mut tx, actor).await?;
        let me = who.id;
        let ended = tx.ended_grants_of(me, after, limit()).await?;
        let ended = self.grant_cards(&mut tx, &ended, me).await?;
        Ok(MyAccess {
            active: self.held_by(&mut tx, me).await?,
            waiting: waited_for(&mut tx, me, waits).await?,
            waits: tx.count_open_requests_of(me).await?,
            eligible: self.eligible(&mut tx, who).await?,
            ended: page(ended, |g| g.id.to_string()),
        })
    }

    async fn held_by(&self, tx: &mut Tx, me: IdentityId) -> Result<Vec<GrantCard>, Error> {
        let mut whose = vec![me];
        whose.extend(tx.answered_for_by(me).await?.into_iter().filter(|(_, _, owned)| *owned).map(|(id, ..)| id));
        let mut grants = Vec::new();
        for who in whose {
            grants.extend(tx.live_grants_of(who).await?);
        }
        let mut cards = self.grant_cards(tx, &grants, me).await?;
        cards.sort_by_key(|c| (c.until.is_none(), c.until, c.id));
        Ok(cards)
    }

    /// The requests that wait for the reader, or for somebody in whose place they may decide: what weighs more before what weighs less, and of
    /// each the oldest first.
    pub async fn inbox(&self, actor: &Actor, after: &str) -> Result<Page<RequestCard>, Error> {
        let mut tx = self.store().read().await?;
        let me = reader(&mut tx, actor).await?.id;
        let mut rows = tx.requests_to_decide(me, after, limit()).await?;
        // What is the reader's own to decide they decide by their own right.
        let own: BTreeSet<_> = rows.iter().map(|row| row.it.id).collect();
        let lent = tx.requests_to_decide_for_others(me, self.now(), after, limit()).await?;
        rows.extend(lent.into_iter().filter(|row| !own.contains(&row.it.id)));
        rows.sort_by_key(|row| (!row.it.is_weighty(), row.it.id));
        let (waiting, next) = listed(rows);
        let lent: Vec<_> = waiting.iter().filter(|it| !own.contains(&it.id)).collect();
        let places = self.in_whose_places(&mut tx, actor, &lent).await?;
        let mut items = Vec::new();
        for request in &waiting {
            let for_whom = places.get(&request.id).cloned();
            if for_whom.is_some() || own.contains(&request.id) {
                items.push(RequestCard { for_whom, ..request_card(request) });
            }
        }
        Ok(Page { items, next })
    }

    /// In whose place the actor decides each of these that are not their own: whether they can at all, is told by what the other has today.
    async fn in_whose_places(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        lent: &[&Request],
    ) -> Result<BTreeMap<RequestId, String>, Error> {
        let (now, mut places) = (self.now(), BTreeMap::new());
        // For most people that is nothing, and nothing more is read.
        if lent.is_empty() {
            return Ok(places);
        }
        let footing = Footing::of(tx, actor, now).await?;
        for request in lent {
            let authority = footing.over(tx, actor, request, now).await?;
            places.extend(request.stands_in_for(&authority, now).map(|(_, name)| (request.id, name)));
        }
        Ok(places)
    }

    /// How many requests wait for those in whose place somebody may decide, counted so far that with their `own` it is a hundred: together
    /// that is what their inbox lists.
    pub(crate) async fn count_lent(&self, tx: &mut Tx, actor: &Actor, me: IdentityId, own: u32) -> Result<u32, Error> {
        let room = i64::from(MOST_COUNTED.saturating_sub(own));
        let lent = tx.requests_to_decide_for_others(me, self.now(), store::FIRST, room).await?;
        let lent: Vec<_> = lent.iter().map(|row| &row.it).collect();
        let places = self.in_whose_places(tx, actor, &lent).await?;
        Ok(u32::try_from(places.len()).unwrap_or(u32::MAX))
    }

    /// The page of a request, with the first of its events.
    pub async fn request(&self, actor: &Actor, id: RequestId) -> Result<RequestPage, Error> {
        self.request_from(actor, id, store::FIRST).await
    }

    /// The page of a request, with its events after a place in its chain.
    pub async fn request_from(&self, actor: &Actor, id: RequestId, after: &str) -> Result<RequestPage, Error> {
        let now = self.now();
        let mut tx = self.store().read().await?;
        let request = tx.request(id).await?.ok_or(Error::NotFound)?;
        let authority = over(&mut tx, actor, &request, now).await?;
        if !authority.may_see() {
            return Err(Error::NotFound);
        }
        let me = authority.actor().person().ok_or(Error::NotFound)?;
        let grant = tx.grant_of(id).await?;
        let justification = match &request.justification {
            Some(text) => tx.text(text.id).await?,
            None => None,
        };
        let first = after.parse::<u32>().map_or(1, |seq| seq.saturating_add(1));
        let story = tx.events(StreamId(id.0), first, one_more(EVENTS)).await?;
        let story = cut(story, EVENTS, |e| e.seq.to_string());
        let lines = lines(&mut tx, &story.items).await?;
        let (events, head) = tx.head(StreamId(id.0)).await?.unwrap_or_default();
        let acts = acts(&request, grant.as_ref(), &authority, now);
        let context = if acts.decide || authority.is_admin() || authority.owns_a_system() {
            Some(self.context(&mut tx, &request, me).await?)
        } else {
            None
        };
        let continues = match request.ask.continues {
            None => None,
            Some(of) => tx.grant(of).await?.map(|g| g.request),
        };
        // By the facts and the rules of then, as everything on this page.
        let ways = match request.state {
            State::Refused { .. } => {
                let guardrails = self.guardrails_of(&mut tx, &request.ruling).await?;
                ways(&request.ask, &request.facts, guardrails.as_ref())
            }
            State::Waiting { .. }
            | State::Approved { .. }
            | State::Granted { .. }
            | State::Denied { .. }
            | State::Withdrawn { .. }
            | State::Expired { .. }
            | State::Lapsed { .. }
            | State::Stopped { .. } => Vec::new(),
        };
        Ok(RequestPage {
            card: request_card(&request),
            version: request.terms,
            erased: request.justification.is_some() && justification.is_none(),
            justification,
            work_items: evidence(&request, |e| {
                if let Evidence::WorkItem { reference } = e { Some(reference) } else { None }
            }),
            links: evidence(&request, |e| if let Evidence::Link { url } = e { Some(url) } else { None }),
            ruling: view_now(&request, now, &ways),
            second: request.second_ruling.as_ref().map(|r| view(r, &request.facts, None, &[])),
            bundle_version: request.facts.bundle.number,
            engine: request.ruling.engine,
            standing: self.stands(&mut tx, &request, grant.as_ref()).await?,
            because: because(&mut tx, &request).await?,
            assignments: self.assignments(&mut tx, grant.as_ref(), now).await?,
            grant: match &grant {
                None => None,
                Some(it) => {
                    let open = !tx.open_among(&[it.bundle].into()).await?.is_empty();
                    Some(grant_card(it, &request, open, me, now))
                }
            },
            lines: Page { items: lines, next: story.next },
            acts,
            context,
            head,
            events,
            minutes: request.minutes,
            continues,
            review: self.review_view(&mut tx, &request, grant.as_ref(), me).await?,
        })
    }

    /// Where a request stands, with how long an answer usually takes, or with the hours it waits for.
    async fn stands(&self, tx: &mut Tx, request: &Request, grant: Option<&Grant>) -> Result<String, Error> {
        let (mut usually, mut hours) = (None, None);
        match request.state {
            State::Waiting { .. } => {
                usually = usual_minutes(tx, &[request.bundle()].into()).await?.remove(&request.bundle());
            }
            State::Approved { .. } => {
                let guardrails = self.guardrails(tx).await?;
                let today = self.todays_facts(tx, request, guardrails.as_ref()).await?;
                hours = request.awaits_hours(&today, guardrails.as_ref());
            }
            State::Refused { .. }
            | State::Granted { .. }
            | State::Denied { .. }
            | State::Withdrawn { .. }
            | State::Expired { .. }
            | State::Lapsed { .. }
            | State::Stopped { .. } => {}
        }
        Ok(standing(request, grant, usually, hours.as_deref()))
    }

    /// Grants as cards, in the order in which they come.
    pub(crate) async fn grant_cards(
        &self,
        tx: &mut Tx,
        grants: &[Grant],
        me: IdentityId,
    ) -> Result<Vec<GrantCard>, Error> {
        let requests = tx.requests_among(&grants.iter().map(|it| it.request).collect()).await?;
        let open = tx.open_among(&grants.iter().map(|it| it.bundle).collect()).await?;
        let card = |grant: &Grant| {
            let request = requests.get(&grant.request).ok_or(Error::NotFound)?;
            Ok(grant_card(grant, request, open.contains(&grant.bundle), me, self.now()))
        };
        grants.iter().map(card).collect()
    }

    /// A page of the reader's notices, the newest first.
    pub async fn notices(&self, actor: &Actor, after: &str) -> Result<Page<NoticeView>, Error> {
        let mut tx = self.store().read().await?;
        let me = reader(&mut tx, actor).await?.id;
        let rows = tx.notices(me, after, limit()).await?;
        let views = rows.into_iter().map(|(id, at, says, path, read_at)| NoticeView {
            id: domain::ids::NoticeId(id),
            at,
            says,
            path,
            read: read_at.is_some(),
        });
        Ok(page(views.collect(), |n| n.id.to_string()))
    }

    /// The reader has read all their notices.
    pub async fn read_notices(&self, actor: &Actor) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        let me = reader(&mut tx, actor).await?.id;
        tx.read_notices(me, self.now()).await?;
        self.commit(tx).await
    }

    /// The admins' list of bundles.
    pub async fn bundles(&self, actor: &Actor, q: &str, after: &str) -> Result<Page<BundleRow>, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.reader()?;
        let (bundles, next) = listed(tx.bundles(q, after, limit()).await?);
        let mut items = Vec::new();
        for bundle in bundles {
            items.push(bundle_row(&mut tx, &bundle).await?);
        }
        Ok(Page { items, next })
    }

    /// The admins' page of a bundle.
    pub async fn bundle(&self, actor: &Actor, key: &str) -> Result<BundlePage, Error> {
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, self.now()).await?;
        authority.reader()?;
        let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
        let keys = known_keys(&mut tx).await?;
        let founding = is_founding(&mut tx).await?;
        let published = bundle.published.as_ref().map(|p| &p.spec);
        let draft = bundle.draft.as_ref();
        let mut gaps = Vec::new();
        let mut diff = Vec::new();
        let mut draft_sentence = None;
        if let Some(draft) = draft {
            gaps = self.gaps(&mut tx, &draft.spec).await?;
            draft_sentence = Some(Names::read(&mut tx, &[&draft.spec]).await?.sentence(&draft.spec));
            diff = differences(&mut tx, &keys, published, &draft.spec).await?;
        }
        let sentence = match published {
            Some(spec) => Some(Names::read(&mut tx, &[spec]).await?.sentence(spec)),
            None => None,
        };
        let row = match draft {
            Some(_) => tx.replay(ReplayOf::Bundle(bundle.id)).await?,
            None => None,
        };
        let number = draft.map_or(0, |d| d.number);
        let (progress, _) = replay::reached(row.as_ref(), number);
        // Asked as the act itself would ask; nothing is saved.
        let around = Around { founding, gaps: &gaps, replay: progress, found: None };
        let publishing = draft.map(|d| bundle.publish(actor, d.number, around, Confirmed::UNASKED, self.now()));
        let is_admin = authority.is_admin();
        let others = draft.map(Draft::people).unwrap_or_default();
        let one = self.apart(&mut tx, actor, founding, others).await?;
        let (may_publish, why_not) = match publishing {
            Some(tried) => may_publish(tried.err().or(one), is_admin),
            None => (false, None),
        };
        let remarks = remark_views(&mut tx, bundle.remarks.iter().filter(|it| bundle.is_current(it))).await?;
        let newest = tx.events_about(bundle.id.0, store::FIRST, NEWEST).await?;
        let lines = lines(&mut tx, &newest).await?;
        Ok(BundlePage {
            row: bundle_row(&mut tx, &bundle).await?,
            sentence,
            draft_sentence,
            diff,
            gaps,
            draft_by: draft.map(Draft::written_by),
            submitted: draft.and_then(|d| match &d.state {
                DraftState::Draft => None,
                DraftState::InReview { since, by } => Some((by.to_string(), *since)),
            }),
            replay: row.and_then(|row| replay::shown(row, number)),
            remarks,
            retiring: bundle.retiring.as_ref().map(|it| (it.by.to_string(), it.at)),
            acts: bundle_acts(&bundle, authority.actor(), is_admin, founding),
            may_publish,
            why_not,
            lines,
            may_edit: is_admin,
        })
    }

    /// The systems: all of them for admins and auditors, else those the reader owns.
    pub async fn systems(&self, actor: &Actor, q: &str, after: &str) -> Result<Page<SystemRow>, Error> {
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, self.now()).await?;
        if authority.reader().is_ok() {
            let (systems, next) = listed(tx.systems(q, after, limit()).await?);
            let mut items = Vec::new();
            for system in systems {
                items.push(system_row(&mut tx, &system).await?);
            }
            return Ok(Page { items, next });
        }
        let me = authority.actor().person().ok_or(Error::NotFound)?;
        let (owns, backs_up) = tx.owned_by(me).await?;
        let mut items = Vec::new();
        for id in owns.union(&backs_up) {
            if let Some(system) = tx.system(*id).await?
                && system.spec.name.to_lowercase().contains(&q.trim().to_lowercase())
            {
                items.push(system_row(&mut tx, &system).await?);
            }
        }
        items.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Page { items, next: None })
    }

    /// The page of a system: who can act on it now, and why (R47, R63), page by page.
    pub async fn system(&self, actor: &Actor, key: &str, after: &str) -> Result<SystemPage, Error> {
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, self.now()).await?;
        let me = authority.actor().person().ok_or(Error::NotFound)?;
        let system = tx.system_by_key(key).await?.ok_or(Error::NotFound)?;
        if authority.reader().is_err() && !system.is_owned_by(me) {
            return Err(Error::NotFound);
        }
        let spec = &system.spec;
        let mut entitlements = Vec::new();
        for (id, it) in &spec.entitlements {
            let bundles = tx.bundles_conferring(*id).await?;
            entitlements.push(EntitlementRow {
                name: it.name.clone(),
                says: it.says.clone(),
                native: it.native.clone(),
                privileged: it.privileged.then(|| "privileged".to_owned()),
                bundles: bundles.into_iter().map(|(id, name)| Named { id, name }).collect(),
            });
        }
        let live = page(tx.live_grants_on(system.id, after, limit()).await?, |g| g.id.to_string());
        let mut holders = Vec::new();
        for grant in &live.items {
            holders.push(self.holder(&mut tx, grant, system.id, me).await?);
        }
        Ok(SystemPage {
            row: system_row(&mut tx, &system).await?,
            external: spec.external,
            backup_owners: tx.names(&spec.backup_owners, true).await?.into_values().collect(),
            fallback: tx.group(spec.fallback).await?.map_or_else(|| "a group that is gone".to_owned(), |g| g.spec.name),
            proposal: self.owners_view(&mut tx, &authority, &system).await?,
            remarks: self.owners_remarks(&mut tx, &system).await?,
            propose: self.owners_form(&mut tx, &authority, &system).await?,
            entitlements,
            holders: Page { items: holders, next: live.next },
        })
    }

    /// The identities, for admins and auditors.
    pub async fn identities(&self, actor: &Actor, q: &str, after: &str) -> Result<Page<IdentityRow>, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.reader()?;
        let (identities, next) = listed(tx.identities(q, after, limit()).await?);
        let mut items = Vec::new();
        for identity in identities {
            items.push(identity_row(&mut tx, &identity).await?);
        }
        Ok(Page { items, next })
    }

    /// The page of an identity: for admins and auditors, itself, its manager and its owners.
    pub async fn identity(&self, actor: &Actor, key: &str) -> Result<IdentityPage, Error> {
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, self.now()).await?;
        let me = authority.actor().person().ok_or(Error::NotFound)?;
        let it = tx.identity_by_key(key).await?.ok_or(Error::NotFound)?;
        let close = it.id == me || it.spec.manager == Some(me) || it.spec.owners.contains(&me);
        if authority.reader().is_err() && !close {
            return Err(Error::NotFound);
        }
        let manager = match it.spec.manager {
            Some(id) => tx.identity(id).await?.map(|m| named(&m)),
            None => None,
        };
        let mut owners = Vec::new();
        for id in &it.spec.owners {
            owners.extend(tx.identity(*id).await?.map(|o| owner(&o)));
        }
        let mut answers_for = Vec::new();
        for (id, _, owned) in tx.answered_for_by(it.id).await? {
            if owned {
                answers_for.extend(tx.identity(id).await?.map(|o| named(&o)));
            }
        }
        let mut accounts = Vec::new();
        for (id, account) in &it.accounts {
            let system = tx.system(*id).await?.map_or_else(|| "a system that is gone".to_owned(), |s| s.spec.name);
            accounts.push((system, account.name.clone(), account.linked_at, account.linked_by.to_string()));
        }
        let mut groups = Vec::new();
        for id in tx.groups_of(it.id, self.now()).await? {
            groups.extend(tx.group(id).await?.map(|g| Named { id: g.spec.key.to_string(), name: g.spec.name }));
        }
        let grants = tx.live_grants_of(it.id).await?;
        let grants = self.grant_cards(&mut tx, &grants, me).await?;
        let newest = tx.events_about(it.id.0, store::FIRST, NEWEST).await?;
        let lines = lines(&mut tx, &newest).await?;
        let chain = if it.spec.kind.is_person() {
            None
        } else {
            let others = if authority.reader().is_ok() { Others::OfAll } else { Others::Of(me) };
            Some(chain::chain(&mut tx, &it, None, others).await?)
        };
        let admin = authority.is_admin();
        let no_link = why_no_link(&it).filter(|_| admin);
        let signals =
            if it.id == me || authority.reader().is_ok() { self.signals_of(&mut tx, it.id).await? } else { None };
        Ok(IdentityPage {
            row: identity_row(&mut tx, &it).await?,
            email: it.spec.email.clone(),
            manager,
            owners,
            answers_for,
            accounts,
            groups,
            grants,
            lines,
            may_invite: admin && it.may_act() && it.spec.kind.is_person() && no_link.is_none(),
            why_no_link: no_link.map(|why| why.to_string()),
            may_leave: admin && it.may_act() && it.id != me,
            departure: self.departure_view(&mut tx, actor, admin, &it).await?,
            may_return: admin && !it.is_active(),
            reset: reset_view(actor, admin, &it, self.now()),
            chain,
            signals,
        })
    }

    /// The groups, for admins and auditors: key and name.
    pub async fn groups(&self, actor: &Actor, q: &str, after: &str) -> Result<Page<Named>, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.reader()?;
        let (groups, next) = listed(tx.groups(q, after, limit()).await?);
        let items = groups.into_iter().map(|g| Named { id: g.spec.key.to_string(), name: g.spec.name }).collect();
        Ok(Page { items, next })
    }

    /// The page of a group: for admins, auditors and its members.
    pub async fn group(&self, actor: &Actor, key: &str) -> Result<GroupPage, Error> {
        let now = self.now();
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, now).await?;
        let me = authority.actor().person().ok_or(Error::NotFound)?;
        let group = tx.group_by_key(key).await?.ok_or(Error::NotFound)?;
        if authority.reader().is_err() && !tx.groups_of(me, now).await?.contains(&group.id) {
            return Err(Error::NotFound);
        }
        let mut members = Vec::new();
        for id in &group.spec.members {
            members.extend(tx.identity(*id).await?.filter(Identity::is_active).map(|m| named(&m)));
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let mut by_grant = Vec::new();
        for (id, until) in tx.members_by_grant(key, now).await? {
            by_grant.extend(tx.identity(id).await?.map(|m| (named(&m), until)));
        }
        let mut groups = Vec::new();
        for id in &group.spec.groups {
            groups.extend(tx.group(*id).await?.map(|g| Named { id: g.spec.key.to_string(), name: g.spec.name }));
        }
        let used_by = tx.uses_of_group(group.id).await?;
        Ok(GroupPage {
            proposal: self.members_view(&mut tx, &authority, &group).await?,
            remarks: self.members_remarks(&mut tx, &group).await?,
            id: group.id,
            key: group.spec.key.to_string(),
            name: group.spec.name,
            says: group.spec.says,
            members,
            by_grant,
            groups,
            used_by: used_by
                .into_iter()
                .map(|Use { key, name, bundle }| Named {
                    id: format!("{}/{key}", if bundle { "bundles" } else { "systems" }),
                    name,
                })
                .collect(),
        })
    }

    /// The trail, the newest first, for admins and auditors. `q` is the key of a person (what they did), of a bundle or system (what
    /// happened to it), the name of an event, a request's id, or nothing.
    pub async fn trail(&self, actor: &Actor, q: &str, after: &str) -> Result<Page<TrailRow>, Error> {
        let mut tx = self.store().read().await?;
        in_portal(&mut tx, actor, self.now()).await?.reader()?;
        let q = q.trim();
        let by_id = |e: &EventRow| e.id.to_string();
        let found = if q.is_empty() {
            page(tx.trail(after, limit()).await?, by_id)
        } else if let Ok(id) = q.parse::<RequestId>() {
            page(tx.trail_of(StreamId(id.0), after, limit()).await?, |e| e.seq.to_string())
        } else if let Some(who) = tx.identity_by_key(q).await? {
            page(tx.trail_by_actor(who.id.0, after, limit()).await?, by_id)
        } else if let Some(bundle) = tx.bundle_by_key(q).await? {
            page(tx.events_about(bundle.id.0, after, limit()).await?, by_id)
        } else if let Some(system) = tx.system_by_key(q).await? {
            page(tx.events_about(system.id.0, after, limit()).await?, by_id)
        } else {
            let name = q.to_lowercase().replace([' ', '-'], "_");
            page(tx.trail_by_name(&name, after, limit()).await?, by_id)
        };
        let mut items = Vec::new();
        for (envelope, line) in told(&mut tx, &found.items).await? {
            let (name, path) = about(&mut tx, envelope.thing, envelope.thing_id, envelope.stream).await?;
            items.push(TrailRow { line, kind: envelope.thing.word().to_owned(), name, path });
        }
        Ok(Page { items, next: found.next })
    }
}

/// A page of the open requests that somebody asked for or would get.
async fn waited_for(tx: &mut Tx, me: IdentityId, after: &str) -> Result<Page<RequestCard>, Error> {
    let open = tx.open_requests_of(me, after, limit()).await?;
    Ok(page(open.iter().map(request_card).collect(), |card: &RequestCard| card.id.to_string()))
}

async fn about(tx: &mut Tx, kind: ThingKind, id: uuid::Uuid, stream: StreamId) -> Result<(String, String), Error> {
    let gone = || "something that is gone".to_owned();
    Ok(match kind {
        ThingKind::Portal => ("the portal".to_owned(), "/trail".to_owned()),
        ThingKind::Identity => tx.identity(IdentityId(id)).await?.map_or_else(
            || (gone(), "/trail".to_owned()),
            |i| (i.spec.name.clone(), format!("/identities/{}", i.spec.key)),
        ),
        ThingKind::Group => tx.group(domain::ids::GroupId(id)).await?.map_or_else(
            || (gone(), "/trail".to_owned()),
            |g| (g.spec.name.clone(), format!("/groups/{}", g.spec.key)),
        ),
        ThingKind::System => tx.system(domain::ids::SystemId(id)).await?.map_or_else(
            || (gone(), "/trail".to_owned()),
            |s| (s.spec.name.clone(), format!("/systems/{}", s.spec.key)),
        ),
        ThingKind::Bundle => tx
            .bundle(BundleId(id))
            .await?
            .map_or_else(|| (gone(), "/trail".to_owned()), |b| (b.name().to_owned(), format!("/bundles/{}", b.key))),
        ThingKind::Guardrails => ("the guardrails".to_owned(), "/guardrails".to_owned()),
        ThingKind::Request | ThingKind::Grant => {
            let request = tx.request(RequestId(stream.0)).await?;
            let name =
                request.map_or_else(gone, |r| format!("{} for {}", r.facts.bundle.spec.name, r.facts.subject.name));
            (name, format!("/requests/{stream}"))
        }
    })
}

fn named(it: &Identity) -> Named {
    Named { id: it.spec.key.to_string(), name: it.spec.name.clone() }
}

/// An owner, also one who is not here any more.
fn owner(it: &Identity) -> Named {
    let Named { id, name } = named(it);
    Named { id, name: if it.is_active() { name } else { format!("{name} (has left)") } }
}

/// The acts the reader may take now, and no other.
fn acts(request: &Request, grant: Option<&Grant>, authority: &Authority, now: DateTime<Utc>) -> Acts {
    let me = authority.actor().person();
    let waiting = request.open(now).is_ok();
    let in_place_of = request.stands_in_for(authority, now).map(|(_, name)| name);
    let by_right = me.is_some_and(|me| request.may_decide_now().contains(&me));
    let may_decide = waiting && (by_right || in_place_of.is_some());
    let own = authority.is_subject() || authority.asked() || authority.answers_for_subject();
    let live = grant.filter(|g| g.needs_its_rights(now));
    let barred = authority.not_barred(now).and_then(|()| authority.apart_from(request.parties())).err();
    let counted = me.is_some_and(|me| request.has_decided(me));
    let eligible = counted || me.is_some_and(|me| request.asks(me));
    let decides = may_decide && !own;
    let kept_out = me.is_some_and(|me| request.kept_out.contains(&me));
    let wonders = eligible || kept_out || (own && authority.owns_a_system());
    let why_not_decide = (waiting && !may_decide && wonders).then(|| {
        if own {
            Refusal::OwnRequest.to_string()
        } else if kept_out {
            Refusal::MovedIt.to_string()
        } else if counted {
            Refusal::DecidedAlready.to_string()
        } else {
            "another stage decides now".to_owned()
        }
    });
    let why_not_decide = why_not_decide.or(barred.as_ref().filter(|_| decides).map(ToString::to_string));
    Acts {
        decide: decides && barred.is_none(),
        withdraw: own && (waiting || matches!(request.state, State::Approved { .. })),
        comment: !authority.only_reads(),
        give_back: live.is_some() && authority.may_give_back(),
        extend: live.is_some_and(|g| matches!(g.state, GrantState::Active { .. })) && authority.may_give_back(),
        revoke: live.is_some() && authority.may_revoke() && !authority.may_give_back(),
        why_not_decide,
        in_place_of,
    }
}

/// Why it stopped, was denied or refused.
async fn because(tx: &mut Tx, request: &Request) -> Result<Option<String>, Error> {
    Ok(match &request.state {
        State::Stopped { why, .. } => Some(why.clone()),
        State::Denied { .. } => {
            let denial = request.decisions.iter().rev().find(|d| !d.approves);
            match denial.and_then(|d| d.comment.as_ref()) {
                Some(comment) => Some(written(tx, comment).await?),
                None => None,
            }
        }
        State::Refused { .. } => Some(request.ruling.failures().map(|c| c.says.clone()).collect::<Vec<_>>().join("; ")),
        State::Waiting { .. }
        | State::Approved { .. }
        | State::Granted { .. }
        | State::Withdrawn { .. }
        | State::Expired { .. }
        | State::Lapsed { .. } => None,
    })
}

fn evidence<'a>(request: &'a Request, pick: impl Fn(&'a Evidence) -> Option<&'a String>) -> Vec<String> {
    request.ask.evidence.iter().filter_map(pick).cloned().collect()
}

fn inside(facts: &Facts) -> Vec<String> {
    facts
        .entitlements
        .values()
        .map(|e| {
            let system = facts.systems.get(&e.system).map_or("a system", |s| s.name.as_str());
            format!("{system}: {}", e.name)
        })
        .collect()
}

/// A grant as a card for this reader; `open` says whether its bundle can be asked for.
fn grant_card(grant: &Grant, request: &Request, open: bool, me: IdentityId, now: DateTime<Utc>) -> GrantCard {
    let subject = &request.facts.subject;
    let mine = grant.subject == me || subject.owners.contains(&me);
    let live = grant.needs_its_rights(now);
    let (since, until, ended) = match &grant.state {
        GrantState::Opening { .. } => (None, None, None),
        GrantState::Active { since, until } => (Some(*since), Some(*until), None),
        GrantState::Ending { since, why, .. } => (None, None, Some((*since, why.words().to_owned()))),
        GrantState::Ended { at, why } => (None, None, Some((*at, why.words().to_owned()))),
    };
    let active = matches!(grant.state, GrantState::Active { .. });
    let state = if active && !live { "ending" } else { grant.state.word() };
    GrantCard {
        id: grant.id,
        request: grant.request,
        bundle: request.facts.bundle.spec.name.clone(),
        bundle_key: request.facts.bundle.spec.key.to_string(),
        subject: subject.name.clone(),
        inside: inside(&request.facts),
        state: state.to_owned(),
        since,
        until,
        there: grant.is_there(),
        expiring: live && grant.is_expiring(now),
        ended,
        trouble: grant.assignments.iter().find_map(|a| a.trouble.as_ref()).map(|t| t.says.clone()),
        may_give_back: mine && live,
        may_extend: mine && open && live && active,
    }
}

pub(crate) fn request_card(request: &Request) -> RequestCard {
    let facts = &request.facts;
    RequestCard {
        id: request.id,
        bundle: facts.bundle.spec.name.clone(),
        bundle_key: facts.bundle.spec.key.to_string(),
        subject: facts.subject.name.clone(),
        asker: facts.asker.name.clone(),
        sentence: request.sentence(),
        state: request.state.word().to_owned(),
        asked_at: request.asked_at,
        until: match request.state {
            State::Waiting { until } => Some(until),
            State::Approved { lapses_at, .. } => Some(lapses_at),
            State::Refused { .. }
            | State::Granted { .. }
            | State::Denied { .. }
            | State::Withdrawn { .. }
            | State::Expired { .. }
            | State::Lapsed { .. }
            | State::Stopped { .. } => None,
        },
        waits_on: request.may_decide_now().into_iter().map(|id| facts.name(id)).collect(),
        minutes: request.minutes,
        weighty: request.is_weighty(),
        system: facts.weightiest().map(|(_, s)| s.name.clone()).unwrap_or_default(),
        terms: request.terms,
        for_whom: None,
        excepted: request.excepted(),
    }
}

async fn bundle_row(tx: &mut Tx, bundle: &Bundle) -> Result<BundleRow, Error> {
    let newest = bundle.published.as_ref().map(|p| &p.spec).or(bundle.draft.as_ref().map(|d| &d.spec));
    Ok(BundleRow {
        key: bundle.key.to_string(),
        name: bundle.name().to_owned(),
        says: newest.map(|s| s.says.clone()).unwrap_or_default(),
        published: bundle.published.as_ref().map(|p| p.number),
        draft: bundle.draft.as_ref().map(|d| d.number),
        in_review: bundle.draft.as_ref().is_some_and(Draft::is_in_review),
        retired: bundle.retired_at.is_some(),
        live: tx.count_who_have(bundle.id).await?,
    })
}

/// What the reader may do with a bundle besides publishing and editing it.
fn bundle_acts(bundle: &Bundle, actor: &Actor, is_admin: bool, founding: bool) -> BundleActs {
    let draft = bundle.draft.as_ref().filter(|_| is_admin);
    let reviewed = draft.filter(|d| d.is_in_review());
    let retiring = bundle.retiring.as_ref().filter(|_| is_admin);
    let is_open = bundle.published.is_some() && bundle.retired_at.is_none();
    BundleActs {
        submit: draft.is_some_and(|d| !d.is_in_review() && d.is_stood_for_by(actor)),
        withdraw: reviewed.is_some_and(|d| d.is_stood_for_by(actor)),
        comment: draft.is_some(),
        send_back: reviewed.is_some_and(|d| !d.is_by(actor)),
        discard: draft.is_some(),
        propose_retirement: is_admin && is_open && bundle.retiring.is_none(),
        confirm_retirement: retiring.is_some_and(|it| founding || !it.by.is_one_with(actor)),
        drop_retirement: retiring.is_some(),
    }
}

/// Whether the door to publish a draft stands open for the reader, and why not, by what refuses it.
pub(crate) fn may_publish(refused: Option<Refusal>, is_admin: bool) -> (bool, Option<String>) {
    match refused {
        None => (is_admin, None),
        // The gaps are shown one by one, and that it was not submitted is shown by its state.
        Some(Refusal::NotPublishable { .. } | Refusal::NotInReview { .. }) => (false, None),
        Some(no) => (false, Some(no.to_string()).filter(|_| is_admin)),
    }
}

/// What was written on a proposal.
pub(crate) async fn remark_views(
    tx: &mut Tx,
    remarks: impl Iterator<Item = &Remark> + Send,
) -> Result<Vec<RemarkView>, Error> {
    let mut views = Vec::new();
    for remark in remarks {
        views.push(remark_view(tx, remark).await?);
    }
    Ok(views)
}

async fn remark_view(tx: &mut Tx, remark: &Remark) -> Result<RemarkView, Error> {
    Ok(RemarkView {
        number: remark.number,
        by: remark.by.to_string(),
        at: remark.at,
        text: written(tx, &remark.text).await?,
        sends_back: remark.sends_back,
    })
}

async fn system_row(tx: &mut Tx, system: &System) -> Result<SystemRow, Error> {
    let spec = &system.spec;
    let now = tx.count_on(system.id).await?;
    Ok(SystemRow {
        id: system.id,
        key: spec.key.to_string(),
        name: spec.name.clone(),
        says: spec.says.clone(),
        environment: spec.environment.word().to_owned(),
        sensitivity: spec.sensitivity.word().to_owned(),
        data_class: spec.data_class.word().to_owned(),
        owners: tx.names(&spec.owners, true).await?.into_values().collect(),
        live: now.there,
        coming: now.coming,
        trouble: now.trouble,
        connector: spec.connector.word().to_owned(),
    })
}

async fn identity_row(tx: &mut Tx, it: &Identity) -> Result<IdentityRow, Error> {
    let machine = !it.spec.kind.is_person() && it.is_active();
    Ok(IdentityRow {
        id: it.id,
        key: it.spec.key.to_string(),
        name: it.spec.name.clone(),
        kind: it.spec.kind,
        says: it.spec.title.clone().or_else(|| it.spec.purpose.clone()).unwrap_or_default(),
        department: it.spec.department.clone().unwrap_or_default(),
        roles: it.spec.roles.iter().copied().collect(),
        left: !it.is_active(),
        signs_in: it.password_set_at.is_some() && it.is_active(),
        ownerless: machine && tx.names(&it.spec.owners, true).await?.is_empty(),
        live: tx.count_there_of(it.id).await?,
    })
}
