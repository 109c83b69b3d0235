//! What pages show, read in one moment each. Reading changes nothing; what the reader may not see is not found.

use crate::{
    Error, Portal,
    authenticators::reset_view,
    bundles::{Names, known_keys},
    editing::differences,
    facts::{in_portal, over},
    lines::line,
    people::why_no_link,
    replay,
    rulings::{standing, view},
};
use chrono::{DateTime, Utc};
use domain::{
    Actor, Refusal,
    authority::Authority,
    bundle::{Around, Bundle, BundleVersion, Draft, DraftState, Remark},
    condition::Condition,
    event::ThingKind,
    facts::{Evidence, Facts},
    grant::{Fulfilled, Grant, State as GrantState},
    identity::{Identity, Kind},
    ids::{BundleId, GrantId, IdentityId, RequestId, StreamId},
    replay::Progress,
    request::{Request, RequestKind, State},
    resource::{Environment, Sensitivity, System},
    stepup::Confirmed,
    views::{
        Acts, AskForm, AssignmentView, BundleActs, BundleCard, BundlePage, BundleRow, Context, EntitlementRow,
        GrantCard, GroupPage, Home, IdentityPage, IdentityRow, MyAccess, Named, NoticeView, Page, RemarkView,
        RequestCard, RequestPage, SystemPage, SystemRow, TrailRow,
    },
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Listed, Tx};

/// How many lines a page of a list has.
const PAGE: usize = 20;

fn limit() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}

/// Cuts a list that was read one line too long into a page.
fn page<T>(mut items: Vec<T>, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > PAGE;
    items.truncate(PAGE);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}

/// The same for rows that carry their cursor.
fn listed<T>(mut rows: Vec<Listed<T>>) -> (Vec<T>, Option<String>) {
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = if more { rows.last().map(|r| r.cursor.clone()) } else { None };
    (rows.into_iter().map(|r| r.it).collect(), next)
}

impl Portal {
    /// The first page: what the reader has, waits for, and is asked for.
    pub async fn home(&self, actor: &Actor) -> Result<Home, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let shell = self.shell(actor).await?;
        Ok(Home {
            have: self.held_by(&mut tx, me).await?,
            waiting: self.waited_for(&mut tx, me).await?,
            to_decide: shell.to_decide,
            tasks: shell.tasks,
        })
    }

    /// Everything the reader has, had and waits for; of the non-human identities they answer for, too.
    pub async fn my_access(&self, actor: &Actor, after: &str) -> Result<MyAccess, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let mut ended = Vec::new();
        for grant in tx.ended_grants_of(me, after, limit()).await? {
            ended.push(self.grant_card(&mut tx, &grant, me).await?);
        }
        Ok(MyAccess {
            active: self.held_by(&mut tx, me).await?,
            waiting: self.waited_for(&mut tx, me).await?,
            ended: page(ended, |g| g.id.to_string()),
        })
    }

    async fn reader(&self, tx: &mut Tx, actor: &Actor) -> Result<IdentityId, Error> {
        in_portal(tx, actor, self.now()).await?.actor().person().ok_or(Error::NotFound)
    }

    async fn held_by(&self, tx: &mut Tx, me: IdentityId) -> Result<Vec<GrantCard>, Error> {
        let mut whose = vec![me];
        whose.extend(tx.answered_for_by(me).await?.into_iter().filter(|(_, _, owned)| *owned).map(|(id, ..)| id));
        let mut cards = Vec::new();
        for who in whose {
            for grant in tx.live_grants_of(who).await? {
                cards.push(self.grant_card(tx, &grant, me).await?);
            }
        }
        cards.sort_by_key(|c| (c.until.is_none(), c.until, c.id));
        Ok(cards)
    }

    async fn waited_for(&self, tx: &mut Tx, me: IdentityId) -> Result<Vec<RequestCard>, Error> {
        let open = tx.open_requests_of(me, limit()).await?;
        Ok(open.iter().map(request_card).collect())
    }

    /// The bundles that can be asked for.
    pub async fn catalogue(
        &self,
        actor: &Actor,
        q: &str,
        system: &str,
        after: &str,
    ) -> Result<Page<BundleCard>, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let me = tx.identity(me).await?.ok_or(Error::NotFound)?;
        let system = match system.trim() {
            "" => None,
            key => Some(tx.system_by_key(key).await?.ok_or(Error::NotFound)?.id),
        };
        let (bundles, next) = listed(tx.catalogue(q, system, after, limit()).await?);
        let groups = tx.groups_of(me.id, self.now()).await?;
        let held = tx.held_bundles(me.id, None).await?;
        let mut items = Vec::new();
        for bundle in bundles {
            items.push(self.bundle_card(&mut tx, &bundle, &me, &groups, &held).await?);
        }
        Ok(Page { items, next })
    }

    /// The systems, for choosing one.
    pub async fn systems_for_filter(&self, actor: &Actor) -> Result<Vec<Named>, Error> {
        let mut tx = self.store().read().await?;
        self.reader(&mut tx, actor).await?;
        let systems = tx.systems("", store::FIRST, 200).await?;
        Ok(systems.into_iter().map(|s| Named { id: s.it.spec.key.to_string(), name: s.it.spec.name }).collect())
    }

    async fn bundle_card(
        &self,
        tx: &mut Tx,
        bundle: &Bundle,
        me: &Identity,
        groups: &BTreeSet<domain::ids::GroupId>,
        held: &BTreeMap<BundleId, String>,
    ) -> Result<BundleCard, Error> {
        let version = bundle.open_version().ok_or(Error::NotFound)?;
        let spec = &version.spec;
        let names = Names::read(tx, spec).await?;
        let why_not = self.why_not(tx, &version, &names, me, groups, held).await?;
        Ok(BundleCard {
            id: bundle.id,
            key: bundle.key.to_string(),
            name: spec.name.clone(),
            says: spec.says.clone(),
            inside: names.inside(),
            systems: names.systems(),
            longest: spec.longest,
            default: spec.default,
            approval: names.approval(spec),
            usual_minutes: usual(&tx.recent_waits(bundle.id, 9).await?),
            why_not,
            held: held.contains_key(&bundle.id),
        })
    }

    /// Why the reader cannot have it for themselves, so far as can be said before asking.
    async fn why_not(
        &self,
        tx: &mut Tx,
        version: &BundleVersion,
        names: &Names,
        me: &Identity,
        groups: &BTreeSet<domain::ids::GroupId>,
        held: &BTreeMap<BundleId, String>,
    ) -> Result<Option<String>, Error> {
        for condition in &version.spec.conditions {
            match condition {
                Condition::Askers { groups: wanted, kinds } => {
                    if !kinds.is_empty() && !kinds.contains(&me.spec.kind) {
                        let kinds: Vec<_> = kinds.iter().map(|k| k.plural().to_owned()).collect();
                        return Ok(Some(format!("This is for {}.", domain::text::or(&kinds))));
                    }
                    if !wanted.is_empty() && wanted.is_disjoint(groups) {
                        let wanted: Vec<_> = wanted.iter().map(|g| names.group(*g)).collect();
                        return Ok(Some(format!("You are not in {}.", domain::text::or(&wanted))));
                    }
                }
                Condition::Incompatible { bundles } => {
                    if let Some(name) = bundles.iter().find_map(|b| held.get(b)) {
                        return Ok(Some(format!("You hold {name}, which must not be in the same hands.")));
                    }
                }
                Condition::Justification { .. }
                | Condition::WorkItem { .. }
                | Condition::Hours { .. }
                | Condition::Environments { .. }
                | Condition::SensitivityAtMost { .. } => {}
            }
        }
        for (system, name, _) in names.rights.values() {
            let directory = tx
                .system(*system)
                .await?
                .is_some_and(|s| s.spec.connector == domain::resource::ConnectorKind::Directory);
            if !directory && !me.accounts.contains_key(system) {
                return Ok(Some(format!("You have no account on {name}.")));
            }
        }
        Ok(None)
    }

    /// The form for asking.
    pub async fn ask_form(&self, actor: &Actor, key: &str, continues: Option<GrantId>) -> Result<AskForm, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let me = tx.identity(me).await?.ok_or(Error::NotFound)?;
        let bundle = tx.bundle_by_key(key).await?.ok_or(Error::NotFound)?;
        let version = bundle.open_version().ok_or(Error::NotFound)?;
        let groups = tx.groups_of(me.id, self.now()).await?;
        let held = tx.held_bundles(me.id, None).await?;
        let card = self.bundle_card(&mut tx, &bundle, &me, &groups, &held).await?;
        let names = Names::read(&mut tx, &version.spec).await?;
        let mut subjects = vec![Named { id: me.id.to_string(), name: format!("{} (me)", me.spec.name) }];
        subjects.extend(
            tx.answered_for_by(me.id).await?.into_iter().map(|(id, name, _)| Named { id: id.to_string(), name }),
        );
        if let Some(id) = continues {
            let grant = tx.grant(id).await?.filter(|g| g.bundle == bundle.id).ok_or(Error::NotFound)?;
            let subject = grant.subject.to_string();
            subjects.retain(|s| s.id == subject);
            if subjects.is_empty() {
                return Err(Error::NotFound);
            }
        } else if version.spec.conditions.iter().any(
            |c| matches!(c, Condition::Askers { kinds, .. } if !kinds.is_empty() && !kinds.contains(&Kind::Person)),
        ) {
            // A bundle for non-human identities offers those first.
            subjects.rotate_left(1);
        }
        Ok(AskForm {
            bundle: card,
            subjects,
            asks: version.spec.conditions.iter().filter_map(Condition::asks).collect(),
            continues,
            conditions: names.conditions(&version.spec),
        })
    }

    /// The requests that wait for the reader, the oldest first.
    pub async fn inbox(&self, actor: &Actor, after: &str) -> Result<Page<RequestCard>, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
        let waiting = tx.requests_to_decide(me, after, limit()).await?;
        let mut found = page(waiting.iter().map(request_card).collect(), |c: &RequestCard| c.id.to_string());
        found.items.sort_by_key(|c| (!c.weighty, c.id));
        Ok(found)
    }

    /// The page of a request.
    pub async fn request(&self, actor: &Actor, id: RequestId) -> Result<RequestPage, Error> {
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
        let mut lines = Vec::new();
        for event in tx.events_of_request(id).await? {
            lines.push(line(&mut tx, &event).await?);
        }
        let (events, head) = tx.head(StreamId(id.0)).await?.unwrap_or_default();
        let acts = acts(&request, grant.as_ref(), &authority, now);
        let context = if acts.decide || authority.is_admin() || authority.owns_a_system() {
            Some(self.context(&mut tx, &request, me).await?)
        } else {
            None
        };
        let card = match &grant {
            Some(grant) => Some(self.grant_card(&mut tx, grant, me).await?),
            None => None,
        };
        let continues = match request.kind {
            RequestKind::Standard => None,
            RequestKind::Renewal { of } => tx.grant(of).await?.map(|g| g.request),
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
            ruling: view(&request.ruling, &request.facts, Some(&request)),
            second: request.second_ruling.as_ref().map(|r| view(r, &request.facts, None)),
            bundle_version: request.facts.bundle.number,
            engine: request.ruling.engine,
            standing: standing(&request, grant.as_ref()),
            because: because(&request, &lines),
            assignments: self.assignments(&mut tx, grant.as_ref(), now).await?,
            grant: card,
            lines,
            acts,
            context,
            head,
            events,
            minutes: request.minutes,
            continues,
        })
    }

    async fn assignments(
        &self,
        tx: &mut Tx,
        grant: Option<&Grant>,
        now: DateTime<Utc>,
    ) -> Result<Vec<AssignmentView>, Error> {
        let Some(grant) = grant else { return Ok(Vec::new()) };
        let mut views = Vec::new();
        for a in &grant.assignments {
            let system = tx.system(a.system).await?;
            let name = |s: &System| s.spec.entitlements.get(&a.entitlement).map(|e| e.name.clone());
            let (seen, seen_at) = match a.fulfilled {
                Fulfilled::Unknown {} => (None, None),
                Fulfilled::Absent { at } => (Some(false), Some(at)),
                Fulfilled::Present { at } => (Some(true), Some(at)),
            };
            let account = match a.account.parse::<IdentityId>() {
                // In the portal's own directory the identity itself is the account.
                Ok(id) => tx.identity(id).await?.map_or_else(|| a.account.clone(), |i| i.spec.key.to_string()),
                Err(_) => a.account.clone(),
            };
            views.push(AssignmentView {
                system: system.as_ref().map_or_else(|| "a system that is gone".to_owned(), |s| s.spec.name.clone()),
                entitlement: system.as_ref().and_then(name).unwrap_or_else(|| "a right that is gone".to_owned()),
                account,
                native: a.native.clone(),
                approved: grant.needs_its_rights(now),
                seen,
                seen_at,
                found_before: a.found_before,
                trouble: a.trouble.as_ref().map(|t| t.says.clone()),
            });
        }
        Ok(views)
    }

    /// What an approver should know before deciding.
    async fn context(&self, tx: &mut Tx, request: &Request, me: IdentityId) -> Result<Context, Error> {
        let subject = request.ask.subject;
        let mut earlier = Vec::new();
        for grant in tx.grants_of_bundle(subject, request.bundle(), 6).await? {
            if grant.request != request.id {
                earlier.push(self.grant_card(tx, &grant, me).await?);
            }
        }
        let mut others = Vec::new();
        for grant in tx.live_grants_by(request.bundle(), 20).await? {
            if grant.subject != subject
                && let Some(other) = tx.identity(grant.subject).await?
            {
                others.push(other.spec.name);
            }
        }
        let mut held = BTreeSet::new();
        let mut holds = Vec::new();
        for grant in tx.live_grants_of(subject).await? {
            if grant.request == request.id {
                continue;
            }
            held.extend(grant.assignments.iter().filter(|a| a.is_present()).map(|a| a.entitlement));
            holds.extend(tx.bundle(grant.bundle).await?.map(|b| b.name().to_owned()));
        }
        let (mut gains, mut has) = (Vec::new(), Vec::new());
        for (id, right) in &request.facts.entitlements {
            let system = request.facts.systems.get(&right.system).map_or("a system", |s| s.name.as_str());
            let says = format!("{} on {system}", right.name);
            if held.contains(id) { has.push(says) } else { gains.push(says) }
        }
        for group in request.facts.entitlements.values().flat_map(|e| &e.joins) {
            for (_, name, bundle) in tx.uses_of_group(*group).await? {
                gains.push(if bundle {
                    format!("a say in, or the way to, {name}")
                } else {
                    format!("a part in running {name}")
                });
            }
        }
        gains.dedup();
        Ok(Context { earlier, others, gains, has, holds })
    }

    pub(crate) async fn grant_card(&self, tx: &mut Tx, grant: &Grant, me: IdentityId) -> Result<GrantCard, Error> {
        let request = tx.request(grant.request).await?.ok_or(Error::NotFound)?;
        let subject = &request.facts.subject;
        let mine = grant.subject == me || subject.owners.contains(&me);
        let now = self.now();
        let live = grant.needs_its_rights(now);
        let (since, until, ended) = match &grant.state {
            GrantState::Opening { .. } => (None, None, None),
            GrantState::Active { since, until } => (Some(*since), Some(*until), None),
            GrantState::Ending { since, why, .. } => (None, None, Some((*since, why.words().to_owned()))),
            GrantState::Ended { at, why } => (None, None, Some((*at, why.words().to_owned()))),
        };
        let open = tx.bundle(grant.bundle).await?.is_some_and(|b| b.open_version().is_some());
        let state =
            if matches!(grant.state, GrantState::Active { .. }) && !live { "ending" } else { grant.state.word() };
        Ok(GrantCard {
            id: grant.id,
            request: grant.request,
            bundle: request.facts.bundle.spec.name.clone(),
            bundle_key: request.facts.bundle.spec.key.to_string(),
            subject: subject.name.clone(),
            inside: inside(&request.facts),
            state: state.to_owned(),
            since,
            until,
            ended,
            trouble: grant.assignments.iter().find_map(|a| a.trouble.as_ref()).map(|t| t.says.clone()),
            may_give_back: mine && live,
            may_extend: mine && open && live && matches!(grant.state, GrantState::Active { .. }),
        })
    }

    /// A page of the reader's notices, the newest first.
    pub async fn notices(&self, actor: &Actor, after: &str) -> Result<Page<NoticeView>, Error> {
        let mut tx = self.store().read().await?;
        let me = self.reader(&mut tx, actor).await?;
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
        let me = self.reader(&mut tx, actor).await?;
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
        let founding = tx.portal().await?.is_some_and(|p| p.is_founding());
        let published = bundle.published.as_ref().map(|p| &p.spec);
        let draft = bundle.draft.as_ref();
        let mut gaps = Vec::new();
        let mut diff = Vec::new();
        let mut draft_sentence = None;
        if let Some(draft) = draft {
            gaps = self.gaps(&mut tx, &draft.spec).await?;
            draft_sentence = Some(Names::read(&mut tx, &draft.spec).await?.sentence(&draft.spec));
            diff = differences(&mut tx, &keys, published, &draft.spec).await?;
        }
        let sentence = match published {
            Some(spec) => Some(Names::read(&mut tx, spec).await?.sentence(spec)),
            None => None,
        };
        let row = match draft {
            Some(_) => tx.replay(bundle.id).await?,
            None => None,
        };
        let number = draft.map_or(0, |d| d.number);
        let progress = row.as_ref().map_or(Progress::NotBegun, |row| row.progress(number));
        // Asked as the act itself would ask; nothing is saved.
        let around = Around { founding, gaps: &gaps, replay: progress, found: None };
        let publishing = draft.map(|d| bundle.publish(actor, d.number, around, Confirmed::UNASKED, self.now()));
        let is_admin = authority.is_admin();
        let others = draft.map(Draft::people).unwrap_or_default();
        let one = self.apart(&mut tx, actor, founding, others).await?;
        let publishing = publishing.map(|done| done.and_then(|change| one.map_or(Ok(change), Err)));
        let (may_publish, why_not) = match publishing {
            Some(Ok(_)) => (is_admin, None),
            // The gaps are shown one by one, and that it was not submitted is shown by its state.
            Some(Err(Refusal::NotPublishable { .. } | Refusal::NotInReview { .. })) | None => (false, None),
            Some(Err(no)) => (false, Some(no.to_string()).filter(|_| is_admin)),
        };
        let mut remarks = Vec::new();
        for remark in bundle.remarks.iter().filter(|remark| bundle.is_current(remark)) {
            remarks.push(remark_view(&mut tx, remark).await?);
        }
        let mut lines = Vec::new();
        for event in tx.events_about(bundle.id.0, 50).await? {
            lines.push(line(&mut tx, &event).await?);
        }
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

    /// The page of a system: who can act on it now, and why (R47, R63).
    pub async fn system(&self, actor: &Actor, key: &str) -> Result<SystemPage, Error> {
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
        let mut holders = Vec::new();
        for grant in tx.live_grants_on(system.id, 200).await? {
            holders.push(self.grant_card(&mut tx, &grant, me).await?);
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
            holders,
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
            owners.extend(tx.identity(*id).await?.map(|o| named(&o)));
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
        let mut grants = Vec::new();
        for grant in tx.live_grants_of(it.id).await? {
            grants.push(self.grant_card(&mut tx, &grant, me).await?);
        }
        let mut lines = Vec::new();
        for event in tx.events_about(it.id.0, 50).await? {
            lines.push(line(&mut tx, &event).await?);
        }
        let admin = authority.is_admin();
        let no_link = why_no_link(&it).filter(|_| admin);
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
                .map(|(key, name, bundle)| Named {
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
        let events = if q.is_empty() {
            tx.trail(after, limit()).await?
        } else if let Ok(id) = q.parse::<RequestId>() {
            tx.events(StreamId(id.0), 1, 500).await?
        } else if let Some(who) = tx.identity_by_key(q).await? {
            tx.trail_by_actor(who.id.0, after, limit()).await?
        } else if let Some(bundle) = tx.bundle_by_key(q).await? {
            tx.events_about(bundle.id.0, 500).await?
        } else if let Some(system) = tx.system_by_key(q).await? {
            tx.events_about(system.id.0, 500).await?
        } else {
            tx.trail_by_name(&q.to_lowercase().replace([' ', '-'], "_"), after, limit()).await?
        };
        let mut rows = Vec::new();
        for event in events {
            let envelope = event.envelope()?;
            let (name, path) = about(&mut tx, envelope.thing, envelope.thing_id, envelope.stream).await?;
            rows.push(TrailRow {
                line: line(&mut tx, &event).await?,
                kind: envelope.thing.word().to_owned(),
                name,
                path,
            });
        }
        let whole = rows.len() > PAGE + 1;
        Ok(if whole { Page { items: rows, next: None } } else { page(rows, |r| r.line.id.to_string()) })
    }
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

/// The acts the reader may take now, and no other.
fn acts(request: &Request, grant: Option<&Grant>, authority: &Authority, now: DateTime<Utc>) -> Acts {
    let me = authority.actor().person();
    let waiting = request.open(now).is_ok();
    let may_decide = waiting && me.is_some_and(|me| request.may_decide_now().contains(&me));
    let own = authority.is_subject() || authority.asked() || authority.answers_for_subject();
    let live = grant.filter(|g| g.needs_its_rights(now));
    let barred = authority.not_barred(now).and_then(|()| authority.apart_from(request.parties())).err();
    let eligible = me.is_some_and(|me| request.ruling.stages.iter().any(|s| s.via(me).is_some()));
    let decides = may_decide && !own;
    let why_not_decide = (waiting && !may_decide && (eligible || (own && authority.owns_a_system()))).then(|| {
        if own {
            Refusal::OwnRequest.to_string()
        } else if me.is_some_and(|me| request.decisions.iter().any(|d| d.by == me)) {
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
    }
}

/// Why it stopped, was denied or refused.
fn because(request: &Request, lines: &[domain::views::Line]) -> Option<String> {
    match &request.state {
        State::Stopped { why, .. } => Some(why.clone()),
        State::Denied { .. } => lines.iter().rev().find(|l| l.event == "denied").and_then(|l| l.text.clone()),
        State::Refused { .. } => Some(request.ruling.failures().map(|c| c.says.clone()).collect::<Vec<_>>().join("; ")),
        State::Waiting { .. }
        | State::Approved { .. }
        | State::Granted { .. }
        | State::Withdrawn { .. }
        | State::Expired { .. }
        | State::Lapsed { .. } => None,
    }
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

fn request_card(request: &Request) -> RequestCard {
    let facts = &request.facts;
    let weighty = !request.ruling.privileged.is_empty()
        || facts
            .systems
            .values()
            .any(|s| s.environment == Environment::Production || s.sensitivity == Sensitivity::High);
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
        weighty,
        system: facts.weightiest().map(|(_, s)| s.name.clone()).unwrap_or_default(),
    }
}

/// The median of how long people waited, in minutes.
fn usual(waits: &[(DateTime<Utc>, DateTime<Utc>)]) -> Option<u32> {
    let mut minutes: Vec<_> = waits.iter().map(|(asked, decided)| (*decided - *asked).num_minutes().max(1)).collect();
    minutes.sort_unstable();
    minutes.get(minutes.len() / 2).and_then(|m| u32::try_from(*m).ok())
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
        live: tx.count_live_by(bundle.id).await?,
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

/// Something that was written on a proposal.
pub(crate) async fn remark_view(tx: &mut Tx, remark: &Remark) -> Result<RemarkView, Error> {
    let text = tx.text(remark.text.id).await?.unwrap_or_else(|| "(this text was erased)".to_owned());
    Ok(RemarkView {
        number: remark.number,
        by: remark.by.to_string(),
        at: remark.at,
        text,
        sends_back: remark.sends_back,
    })
}

async fn system_row(tx: &mut Tx, system: &System) -> Result<SystemRow, Error> {
    let spec = &system.spec;
    let (live, trouble) = tx.count_on(system.id).await?;
    Ok(SystemRow {
        id: system.id,
        key: spec.key.to_string(),
        name: spec.name.clone(),
        says: spec.says.clone(),
        environment: spec.environment.word().to_owned(),
        sensitivity: spec.sensitivity.word().to_owned(),
        data_class: spec.data_class.word().to_owned(),
        owners: tx.names(&spec.owners, true).await?.into_values().collect(),
        live,
        trouble,
        connector: spec.connector.word().to_owned(),
    })
}

async fn identity_row(tx: &mut Tx, it: &Identity) -> Result<IdentityRow, Error> {
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
        live: tx.count_live_of(it.id).await?,
    })
}
