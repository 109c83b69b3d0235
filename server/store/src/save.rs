//! The one way governed rows change: row, event and the jobs that follow, in one commit.

use crate::{
    Error, RowCheck, Tx,
    tx::{insert, row, rows_by_id, run, run_for_ids},
};
use chrono::{DateTime, Utc};
use domain::{
    bundle::Bundle,
    event::{Event, NO_PREV, Record, Thing, ThingKind, Transition, hash},
    facts::MOST_MEMBERS,
    grant::Grant,
    group::Group,
    guardrail::GuardrailSet,
    identity::{Identity, PortalRole},
    ids::EventId,
    job::Job,
    portal::Portal,
    request::{Request, RequestEvent, State},
    resource::{ConnectorKind, System},
    text::Words,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The searchable columns of a governed row in words, for comparing a row with what its events make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<(&'static str, String)>);

impl Tx {
    /// Writes a change: the row (only over the version it was made from), its event at the end of its stream, the free texts and the
    /// jobs that follow. [`Error::Conflict`] when somebody else was faster.
    pub async fn save(&mut self, id: EventId, change: &Transition) -> Result<(), Error> {
        self.save_row(change, change.before()).await?;
        self.save_decision(change).await?;
        self.append(id, change).await?;
        self.save_words(change.words()).await?;
        for job in change.jobs() {
            self.enqueue(job).await?;
        }
        Ok(())
    }

    /// Writes whole new streams: every change of each in turn, with its event, and each row once, as the last of its changes leaves it.
    /// [`Error::Conflict`] where a change does not follow the one before it, or belongs to another stream.
    pub async fn save_streams(&mut self, streams: &[NewStream<'_>]) -> Result<(), Error> {
        let founding = self.is_founding().await?;
        let mut rows: BTreeMap<Thing, &Transition> = BTreeMap::new();
        let (mut heads, mut events, mut looks) = (Vec::new(), Vec::new(), Vec::new());
        for NewStream { changes, due } in streams {
            let Some((_, first)) = changes.first() else { continue };
            let stream = first.thing().stream;
            let (mut seq, mut prev) = (0, NO_PREV.to_owned());
            for (id, change) in *changes {
                let stands = rows.insert(change.thing(), change).map(|before| before.after().version());
                if stands != change.before() || change.thing().stream != stream {
                    return Err(Error::Conflict);
                }
                seq += 1;
                let event = seal(*id, change, seq, &prev, founding)?;
                prev.clone_from(&event.hash);
                events.push(event);
            }
            heads.push((stream.0, seq, prev));
            looks.extend(*due);
        }
        insert!(self, "insert into streams (id, seq, head) ", heads, |(id, seq, head)| [*id, *seq, head])?;
        // In the order of their kinds requests go before the grants that refer to them.
        for change in rows.values() {
            self.save_row(change, None).await?;
        }
        self.save_events(&events).await?;
        self.save_words(events.iter().flat_map(|event| event.change.words())).await?;
        for event in &events {
            self.save_decision(event.change).await?;
        }
        for job in looks {
            self.enqueue(job).await?;
        }
        Ok(())
    }

    async fn is_founding(&mut self) -> Result<bool, Error> {
        Ok(row!(self, (bool,), "select founding from portal")?.is_none_or(|(founding,)| founding))
    }

    async fn append(&mut self, id: EventId, change: &Transition) -> Result<(), Error> {
        const SQL: &str = "select (select founding from portal), (select seq from streams where id = $1),
              (select head from streams where id = $1)";
        let stream = change.thing().stream.0;
        let stands = row!(self, (Option<bool>, Option<i32>, Option<String>), SQL, stream)?;
        let (founding, before, prev) = stands.unwrap_or_default();
        let (founding, before) = (founding.unwrap_or(true), before.unwrap_or(0));
        let prev = prev.unwrap_or_else(|| NO_PREV.to_owned());
        let seq = before + 1;
        let event = seal(id, change, seq, &prev, founding)?;
        let moved = if before == 0 {
            run!(self, "insert into streams (id, seq, head) values ($1, $2, $3)", stream, seq, &event.hash)?
        } else {
            run!(
                self,
                "update streams set seq = $2, head = $3 where id = $1 and seq = $4 and head = $5",
                stream,
                seq,
                &event.hash,
                before,
                &prev
            )?
        };
        if moved != 1 {
            return Err(Error::Conflict);
        }
        self.save_events(&[event]).await
    }

    async fn save_events(&mut self, events: &[Sealed<'_>]) -> Result<(), Error> {
        insert!(
            self,
            "insert into events (id, stream_id, seq, at, thing, thing_id, name, actor_id, bytes, hash) ",
            events,
            |Sealed { id, change, seq, bytes, hash }| [
                id.0,
                change.thing().stream.0,
                *seq,
                change.stamp().at,
                change.thing().kind.word(),
                change.thing().id,
                change.event().name(),
                change.stamp().actor.person().map(|p| p.0),
                bytes,
                hash,
            ]
        )
    }

    async fn save_words(&mut self, words: impl IntoIterator<Item = &Words>) -> Result<(), Error> {
        insert!(self, "insert into texts (id, salt, body) ", words, |it| [it.id.0, &it.salt, &it.text])
    }

    /// Asks for a look at something. An earlier time wins; a look that is under way will be followed by another.
    pub async fn enqueue(&mut self, job: &Job) -> Result<(), Error> {
        let payload = serde_json::to_string(&job.key).map_err(|why| corrupt("jobs", Uuid::nil(), &why))?;
        run!(
            self,
            "insert into jobs (key, payload, due_at, takes_away, generation, fence, attempts) values ($1, $2, $3, $4, 1, 0, 0)
             on conflict (key) do update set
               due_at = case when excluded.due_at < jobs.due_at then excluded.due_at else jobs.due_at end,
               takes_away = case when excluded.takes_away then excluded.takes_away else jobs.takes_away end,
               generation = jobs.generation + 1, attempts = 0",
            job.key.to_string(),
            payload,
            job.due_at,
            job.takes_away,
        )?;
        Ok(())
    }

    /// Writes the row as a change leaves it, over the version that stands there; `None` where there is none yet.
    async fn save_row(&mut self, change: &Transition, before: Option<u32>) -> Result<(), Error> {
        let record = change.after();
        let body = record.to_json().map_err(|why| corrupt(record.thing().kind.word(), record.thing().id, &why))?;
        let before = before.map(as_int);
        let guarded = match record {
            Record::Portal(it) => self.save_portal(it, &body, before).await?,
            Record::Identity(it) => self.save_identity(it, &body, before).await?,
            Record::Group(it) => self.save_group(it, &body, before).await?,
            Record::System(it) => self.save_system(it, &body, before).await?,
            Record::Bundle(it) => self.save_bundle(it, &body, before).await?,
            Record::GuardrailSet(it) => self.save_guardrails(it, record.thing().id, &body, before).await?,
            Record::Request(it) => self.save_request(it, &body, before).await?,
            Record::Grant(it) => self.save_grant(it, &body, before).await?,
        };
        if guarded == 1 { Ok(()) } else { Err(Error::Conflict) }
    }

    async fn save_portal(&mut self, it: &Portal, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let id = Record::Portal(Box::new(it.clone())).thing().id;
        match before {
            None => run!(
                self,
                "insert into portal (id, version, body, founding) values ($1, $2, $3, $4)",
                id,
                as_int(it.version),
                body,
                it.is_founding()
            ),
            Some(before) => run!(
                self,
                "update portal set version = $2, body = $3, founding = $4 where id = $1 and version = $5",
                id,
                as_int(it.version),
                body,
                it.is_founding(),
                before
            ),
        }
    }

    async fn save_identity(&mut self, it: &Identity, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let spec = &it.spec;
        let search = searchable(&[
            spec.key.as_str(),
            &spec.name,
            spec.department.as_deref().unwrap_or_default(),
            spec.title.as_deref().unwrap_or_default(),
            spec.purpose.as_deref().unwrap_or_default(),
        ]);
        let (version, kind, manager) = (as_int(it.version), spec.kind.key(), spec.manager.map(|m| m.0));
        let email = spec.email.as_ref().map(|e| e.to_lowercase());
        let admin = it.has(PortalRole::Admin);
        let signs_in = it.password_set_at.is_some() && it.is_active();
        let done = match before {
            None => run!(
                self,
                "insert into identities (id, version, body, key, kind, name, search, active, admin, signs_in, manager_id, email)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                it.id.0,
                version,
                body,
                spec.key.as_str(),
                kind,
                &spec.name,
                search,
                it.is_active(),
                admin,
                signs_in,
                manager,
                &email
            )?,
            Some(before) => run!(
                self,
                "update identities set version = $2, body = $3, key = $4, kind = $5, name = $6, search = $7, active = $8, admin = $9,
                   signs_in = $10, manager_id = $11, email = $12
                 where id = $1 and version = $13",
                it.id.0,
                version,
                body,
                spec.key.as_str(),
                kind,
                &spec.name,
                search,
                it.is_active(),
                admin,
                signs_in,
                manager,
                &email,
                before
            )?,
        };
        run!(self, "delete from accounts where identity_id = $1", it.id.0)?;
        insert!(self, "insert into accounts (identity_id, system_id, name) ", &it.accounts, |(system, account)| [
            it.id.0,
            system.0,
            &account.name
        ])?;
        run!(self, "delete from identity_owners where identity_id = $1", it.id.0)?;
        run_for_ids!(
            self,
            spec.owners.iter().map(|owner| owner.0),
            "insert into identity_owners (identity_id, owner_id) select $2, id",
            it.id.0
        )?;
        run!(self, "delete from delegations where identity_id = $1", it.id.0)?;
        if let Some(delegation) = &it.delegation {
            run!(
                self,
                "insert into delegations (identity_id, delegate_id, from_at, until_at) values ($1, $2, $3, $4)",
                it.id.0,
                delegation.to.0,
                delegation.from,
                delegation.until
            )?;
        }
        Ok(done)
    }

    async fn save_group(&mut self, it: &Group, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let spec = &it.spec;
        let search = searchable(&[spec.key.as_str(), &spec.name, &spec.says]);
        let done = match before {
            None => run!(
                self,
                "insert into groups (id, version, body, key, name, search) values ($1, $2, $3, $4, $5, $6)",
                it.id.0,
                as_int(it.version),
                body,
                spec.key.as_str(),
                &spec.name,
                search
            )?,
            Some(before) => run!(
                self,
                "update groups set version = $2, body = $3, key = $4, name = $5, search = $6 where id = $1 and version = $7",
                it.id.0,
                as_int(it.version),
                body,
                spec.key.as_str(),
                &spec.name,
                search,
                before
            )?,
        };
        run!(self, "delete from group_members where group_id = $1", it.id.0)?;
        run_for_ids!(
            self,
            spec.members.iter().map(|member| member.0),
            "insert into group_members (group_id, identity_id) select $2, id",
            it.id.0
        )?;
        run!(self, "delete from group_groups where group_id = $1", it.id.0)?;
        run_for_ids!(
            self,
            spec.groups.iter().map(|child| child.0),
            "insert into group_groups (group_id, child_id) select $2, id",
            it.id.0
        )?;
        Ok(done)
    }

    async fn save_system(&mut self, it: &System, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let spec = &it.spec;
        let search = searchable(&[spec.key.as_str(), &spec.name, &spec.says]);
        let done = match before {
            None => run!(
                self,
                "insert into systems (id, version, body, key, name, search, connector) values ($1, $2, $3, $4, $5, $6, $7)",
                it.id.0,
                as_int(it.version),
                body,
                spec.key.as_str(),
                &spec.name,
                search,
                spec.connector.word()
            )?,
            Some(before) => run!(
                self,
                "update systems set version = $2, body = $3, key = $4, name = $5, search = $6, connector = $7
                 where id = $1 and version = $8",
                it.id.0,
                as_int(it.version),
                body,
                spec.key.as_str(),
                &spec.name,
                search,
                spec.connector.word(),
                before
            )?,
        };
        insert!(
            self,
            "insert into entitlements (id, system_id, key, native, directory, name) ",
            &spec.entitlements,
            |(id, right)| [
                id.0,
                it.id.0,
                right.key.as_str(),
                &right.native,
                spec.connector == ConnectorKind::Directory,
                &right.name,
            ],
            " on conflict (id) do update set native = excluded.native, directory = excluded.directory,
               name = excluded.name"
        )?;
        run!(self, "delete from system_owners where system_id = $1", it.id.0)?;
        let backups = spec.backup_owners.difference(&spec.owners).map(|owner| (owner, true));
        insert!(
            self,
            "insert into system_owners (system_id, identity_id, backup) ",
            spec.owners.iter().map(|owner| (owner, false)).chain(backups),
            |(owner, backup)| [it.id.0, owner.0, *backup]
        )?;
        run!(self, "delete from system_groups where system_id = $1", it.id.0)?;
        insert!(
            self,
            "insert into system_groups (system_id, group_id, operators) ",
            [(spec.fallback, false)].into_iter().chain(spec.operators.map(|group| (group, true))),
            |(group, operators)| [it.id.0, group.0, *operators]
        )?;
        Ok(done)
    }

    async fn save_bundle(&mut self, it: &Bundle, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let newest = it.published.as_ref().map(|p| &p.spec).or(it.draft.as_ref().map(|d| &d.spec));
        let tags = newest.map(|s| s.tags.iter().cloned().collect::<Vec<_>>().join(" ")).unwrap_or_default();
        let says = newest.map(|s| s.says.as_str()).unwrap_or_default();
        let search = searchable(&[it.key.as_str(), it.name(), says, &tags]);
        let open = it.open_version();
        let done = match before {
            None => run!(
                self,
                "insert into bundles (id, version, body, key, name, search, listed, draft) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                it.id.0,
                as_int(it.version),
                body,
                it.key.as_str(),
                it.name(),
                search,
                open.is_some(),
                it.draft.is_some()
            )?,
            Some(before) => run!(
                self,
                "update bundles set version = $2, body = $3, key = $4, name = $5, search = $6, listed = $7, draft = $8
                 where id = $1 and version = $9",
                it.id.0,
                as_int(it.version),
                body,
                it.key.as_str(),
                it.name(),
                search,
                open.is_some(),
                it.draft.is_some(),
                before
            )?,
        };
        run!(self, "delete from bundle_entitlements where bundle_id = $1", it.id.0)?;
        run!(self, "delete from bundle_groups where bundle_id = $1", it.id.0)?;
        run!(self, "delete from bundle_incompatible where bundle_id = $1", it.id.0)?;
        run_for_ids!(
            self,
            it.rules_out().into_iter().map(|other| other.0),
            "insert into bundle_incompatible (bundle_id, other_id) select $2, id",
            it.id.0
        )?;
        if let Some(open) = open {
            run_for_ids!(
                self,
                open.spec.entitlements.iter().map(|right| right.0),
                "insert into bundle_entitlements (bundle_id, entitlement_id) select $2, id",
                it.id.0
            )?;
            run_for_ids!(
                self,
                open.spec.groups().into_iter().map(|group| group.0),
                "insert into bundle_groups (bundle_id, group_id) select $2, id",
                it.id.0
            )?;
        }
        Ok(done)
    }

    async fn save_guardrails(
        &mut self,
        it: &GuardrailSet,
        id: Uuid,
        body: &str,
        before: Option<i32>,
    ) -> Result<u64, Error> {
        let published = it.published.as_ref().map(|published| as_int(published.number));
        match before {
            None => run!(
                self,
                "insert into guardrails (id, version, body, published, draft) values ($1, $2, $3, $4, $5)",
                id,
                as_int(it.version),
                body,
                published,
                it.draft.is_some()
            ),
            Some(before) => run!(
                self,
                "update guardrails set version = $2, body = $3, published = $4, draft = $5 where id = $1 and version = $6",
                id,
                as_int(it.version),
                body,
                published,
                it.draft.is_some(),
                before
            ),
        }
    }

    async fn save_request(&mut self, it: &Request, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let approval = it.state.approval().map(|a| a.0);
        let until = waits_until(it);
        let done = match before {
            None => run!(
                self,
                "insert into requests (id, version, body, bundle_id, subject_id, asker_id, state, approval_id, asked_at, until,
                   owes_review, decided_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                it.id.0,
                as_int(it.version),
                body,
                it.bundle().0,
                it.ask.subject.0,
                it.ask.asker.0,
                it.state.word(),
                approval,
                it.asked_at,
                until,
                it.owes_review(),
                it.decided_at()
            )?,
            Some(before) => run!(
                self,
                "update requests set version = $2, body = $3, state = $4, approval_id = $5, until = $6,
                   owes_review = $7, decided_at = $8
                 where id = $1 and version = $9",
                it.id.0,
                as_int(it.version),
                body,
                it.state.word(),
                approval,
                until,
                it.owes_review(),
                it.decided_at(),
                before
            )?,
        };
        if before.is_some() {
            run!(self, "delete from deciders where request_id = $1", it.id.0)?;
        }
        let (weighty, in_person) = (it.is_weighty(), it.in_person());
        run_for_ids!(
            self,
            it.may_decide_now().into_iter().take(MOST_MEMBERS).map(|decider| decider.0),
            "insert into deciders (request_id, identity_id, weighty, in_person) select $2, id, $3, $4",
            it.id.0,
            weighty,
            in_person
        )?;
        Ok(done)
    }

    /// Writes down who decided, where that is what happened.
    async fn save_decision(&mut self, change: &Transition) -> Result<(), Error> {
        if let (Some(it), Event::Request(event)) = (change.request(), change.event())
            && let RequestEvent::Approved { decision, .. } | RequestEvent::Denied { decision } = event.as_ref()
        {
            run!(
                self,
                "insert into decisions (request_id, identity_id, approves, at, since) values ($1, $2, $3, $4, $5)",
                it.id.0,
                decision.by.0,
                decision.approves,
                decision.at,
                decision.since.unwrap_or(it.asked_at)
            )?;
        }
        Ok(())
    }

    async fn save_grant(&mut self, it: &Grant, body: &str, before: Option<i32>) -> Result<u64, Error> {
        let done = match before {
            None => run!(
                self,
                "insert into grants (id, version, body, request_id, approval_id, subject_id, bundle_id, state, until)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                it.id.0,
                as_int(it.version),
                body,
                it.request.0,
                it.approval.0,
                it.subject.0,
                it.bundle.0,
                it.state.word(),
                it.needs_until()
            )?,
            Some(before) => run!(
                self,
                "update grants set version = $2, body = $3, state = $4, until = $5 where id = $1 and version = $6",
                it.id.0,
                as_int(it.version),
                body,
                it.state.word(),
                it.needs_until(),
                before
            )?,
        };
        insert!(
            self,
            "insert into assignments (grant_id, system_id, entitlement_id, account, present, found_before, trouble, ended) ",
            &it.assignments,
            |a| [
                it.id.0,
                a.system.0,
                a.entitlement.0,
                &a.account,
                a.fulfilled.present(),
                a.found_before,
                a.trouble.as_ref().map(|t| t.says.as_str()),
                it.has_ended(),
            ],
            " on conflict (grant_id, entitlement_id) do update set present = excluded.present,
               found_before = excluded.found_before, trouble = excluded.trouble, ended = excluded.ended"
        )?;
        Ok(done)
    }

    /// Those rows of a kind that are among these as they stand, with their searchable columns in the words of [`Columns::of`].
    #[expect(clippy::too_many_lines, reason = "one arm a kind of row, beside its twin in `Columns::of`")]
    pub async fn rows_to_check(&mut self, kind: ThingKind, ids: &[Uuid]) -> Result<BTreeMap<Uuid, RowCheck>, Error> {
        Ok(match kind {
            ThingKind::Portal => rows_by_id!(
                self,
                (Uuid, i32, String, bool),
                ids,
                ["select id, version, body, founding from portal where id"],
                []
            )?
            .into_iter()
            .map(|(id, version, body, founding)| row_check(id, version, body, vec![("founding", founding.to_string())]))
            .collect(),
            ThingKind::Identity => {
                let accounts = rows_by_id!(
                    self,
                    (Uuid, Uuid, String),
                    ids,
                    ["select identity_id, system_id, name from accounts where identity_id"],
                    [" order by identity_id, system_id"]
                )?;
                let owners = rows_by_id!(
                    self,
                    (Uuid, Uuid),
                    ids,
                    ["select identity_id, owner_id from identity_owners where identity_id"],
                    [" order by identity_id, owner_id"]
                )?;
                let delegations = rows_by_id!(
                    self,
                    (Uuid, Uuid, DateTime<Utc>, DateTime<Utc>),
                    ids,
                    ["select identity_id, delegate_id, from_at, until_at from delegations where identity_id"],
                    []
                )?;
                let mut accounts =
                    lines_of(accounts.into_iter().map(|(of, system, name)| (of, format!("{system} {name}"))));
                let mut owners = list_of(owners);
                let mut delegations: BTreeMap<_, _> =
                    delegations.into_iter().map(|(of, to, from, until)| (of, format!("{to} {from} {until}"))).collect();
                rows_by_id!(
                    self,
                    (Uuid, i32, String, String, String, bool, bool, bool, String, Option<String>, Option<Uuid>),
                    ids,
                    ["select id, version, body, key, name, active, admin, signs_in, kind, email, manager_id
                      from identities where id"],
                    []
                )?
                .into_iter()
                .map(|(id, version, body, key, name, active, admin, signs_in, kind, email, manager)| {
                    let columns = vec![
                        ("key", key),
                        ("name", name),
                        ("active", active.to_string()),
                        ("admin", admin.to_string()),
                        ("signs_in", signs_in.to_string()),
                        ("kind", kind),
                        ("email", said(email)),
                        ("manager", said(manager)),
                        ("accounts", accounts.remove(&id).unwrap_or_default()),
                        ("owners", owners.remove(&id).unwrap_or_default()),
                        ("delegation", said(delegations.remove(&id))),
                    ];
                    row_check(id, version, body, columns)
                })
                .collect()
            }
            ThingKind::Group => {
                let members = rows_by_id!(
                    self,
                    (Uuid, Uuid),
                    ids,
                    ["select group_id, identity_id from group_members where group_id"],
                    [" order by group_id, identity_id"]
                )?;
                let groups = rows_by_id!(
                    self,
                    (Uuid, Uuid),
                    ids,
                    ["select group_id, child_id from group_groups where group_id"],
                    [" order by group_id, child_id"]
                )?;
                let (mut members, mut groups) = (list_of(members), list_of(groups));
                rows_by_id!(
                    self,
                    (Uuid, i32, String, String, String),
                    ids,
                    ["select id, version, body, key, name from groups where id"],
                    []
                )?
                .into_iter()
                .map(|(id, version, body, key, name)| {
                    let columns = vec![
                        ("key", key),
                        ("name", name),
                        ("members", members.remove(&id).unwrap_or_default()),
                        ("groups", groups.remove(&id).unwrap_or_default()),
                    ];
                    row_check(id, version, body, columns)
                })
                .collect()
            }
            ThingKind::System => {
                let owners = rows_by_id!(
                    self,
                    (Uuid, Uuid, bool),
                    ids,
                    ["select system_id, identity_id, backup from system_owners where system_id"],
                    [" order by system_id, identity_id"]
                )?;
                let groups = rows_by_id!(
                    self,
                    (Uuid, Uuid, bool),
                    ids,
                    ["select system_id, group_id, operators from system_groups where system_id"],
                    [" order by system_id, operators, group_id"]
                )?;
                let rights = rows_by_id!(
                    self,
                    (Uuid, Uuid, String, String, bool, String),
                    ids,
                    ["select system_id, id, key, native, directory, name from entitlements where system_id"],
                    [" order by system_id, id"]
                )?;
                let (backups, owners): (Vec<_>, Vec<_>) = owners.into_iter().partition(|(.., backup)| *backup);
                let mut owners = list_of(owners.into_iter().map(|(of, owner, _)| (of, owner)));
                let mut backups = list_of(backups.into_iter().map(|(of, owner, _)| (of, owner)));
                let mut groups =
                    lines_of(groups.into_iter().map(|(of, group, operators)| (of, format!("{group} {operators}"))));
                let mut rights = lines_of(
                    rights
                        .into_iter()
                        .map(|(of, id, key, native, d, name)| (of, format!("{id} {key} {native:?} {d} {name:?}"))),
                );
                rows_by_id!(
                    self,
                    (Uuid, i32, String, String, String, String),
                    ids,
                    ["select id, version, body, key, name, connector from systems where id"],
                    []
                )?
                .into_iter()
                .map(|(id, version, body, key, name, connector)| {
                    let columns = vec![
                        ("key", key),
                        ("name", name),
                        ("connector", connector),
                        ("owners", owners.remove(&id).unwrap_or_default()),
                        ("backups", backups.remove(&id).unwrap_or_default()),
                        ("groups", groups.remove(&id).unwrap_or_default()),
                        ("entitlements", rights.remove(&id).unwrap_or_default()),
                    ];
                    row_check(id, version, body, columns)
                })
                .collect()
            }
            ThingKind::Bundle => {
                let rights = rows_by_id!(
                    self,
                    (Uuid, Uuid),
                    ids,
                    ["select bundle_id, entitlement_id from bundle_entitlements where bundle_id"],
                    [" order by bundle_id, entitlement_id"]
                )?;
                let groups = rows_by_id!(
                    self,
                    (Uuid, Uuid),
                    ids,
                    ["select bundle_id, group_id from bundle_groups where bundle_id"],
                    [" order by bundle_id, group_id"]
                )?;
                let incompatible = rows_by_id!(
                    self,
                    (Uuid, Uuid),
                    ids,
                    ["select bundle_id, other_id from bundle_incompatible where bundle_id"],
                    [" order by bundle_id, other_id"]
                )?;
                let (mut rights, mut groups, mut incompatible) =
                    (list_of(rights), list_of(groups), list_of(incompatible));
                rows_by_id!(
                    self,
                    (Uuid, i32, String, String, String, bool, bool),
                    ids,
                    ["select id, version, body, key, name, listed, draft from bundles where id"],
                    []
                )?
                .into_iter()
                .map(|(id, version, body, key, name, listed, draft)| {
                    let columns = vec![
                        ("key", key),
                        ("name", name),
                        ("listed", listed.to_string()),
                        ("draft", draft.to_string()),
                        ("entitlements", rights.remove(&id).unwrap_or_default()),
                        ("groups", groups.remove(&id).unwrap_or_default()),
                        ("incompatible", incompatible.remove(&id).unwrap_or_default()),
                    ];
                    row_check(id, version, body, columns)
                })
                .collect()
            }
            ThingKind::Guardrails => rows_by_id!(
                self,
                (Uuid, i32, String, Option<i32>, bool),
                ids,
                ["select id, version, body, published, draft from guardrails where id"],
                []
            )?
            .into_iter()
            .map(|(id, version, body, published, draft)| {
                row_check(id, version, body, vec![("published", said(published)), ("draft", draft.to_string())])
            })
            .collect(),
            ThingKind::Request => {
                let deciders = rows_by_id!(
                    self,
                    (Uuid, Uuid, bool, bool),
                    ids,
                    ["select request_id, identity_id, weighty, in_person from deciders where request_id"],
                    [" order by request_id, identity_id"]
                )?;
                let decided = rows_by_id!(
                    self,
                    (Uuid, Uuid, bool, DateTime<Utc>, DateTime<Utc>),
                    ids,
                    ["select request_id, identity_id, approves, at, since from decisions where request_id"],
                    [" order by request_id, identity_id"]
                )?;
                let mut deciders = lines_of(
                    deciders.into_iter().map(|(of, who, weighty, alone)| (of, format!("{who} {weighty} {alone}"))),
                );
                let mut decided = lines_of(
                    decided.into_iter().map(|(of, who, yes, at, since)| (of, format!("{who} {yes} {at} {since}"))),
                );
                rows_by_id!(
                    self,
                    RequestCheck,
                    ids,
                    ["select id, version, body, bundle_id, subject_id, asker_id, state, approval_id, asked_at, until, owes_review,
                        decided_at
                      from requests where id"],
                    []
                )?
                .into_iter()
                .map(|(id, version, body, bundle, subject, asker, state, approval, asked_at, until, owes_review, decided_at)| {
                    let columns = vec![
                        ("bundle", bundle.to_string()),
                        ("subject", subject.to_string()),
                        ("asker", asker.to_string()),
                        ("state", state),
                        ("approval", said(approval)),
                        ("asked_at", asked_at.to_string()),
                        ("until", said(until)),
                        ("owes_review", owes_review.to_string()),
                        ("decided_at", said(decided_at)),
                        ("deciders", deciders.remove(&id).unwrap_or_default()),
                        ("decisions", decided.remove(&id).unwrap_or_default()),
                    ];
                    row_check(id, version, body, columns)
                })
                .collect()
            }
            ThingKind::Grant => {
                let rights = rows_by_id!(
                    self,
                    (Uuid, Uuid, Uuid, String, Option<bool>, bool, Option<String>, bool),
                    ids,
                    ["select grant_id, system_id, entitlement_id, account, present, found_before, trouble, ended
                      from assignments where grant_id"],
                    [" order by grant_id, entitlement_id"]
                )?;
                let mut rights = lines_of(rights.into_iter().map(
                    |(of, system, entitlement, account, present, before, trouble, ended)| {
                        (of, right(&system, &entitlement, &account, present, before, trouble.as_deref(), ended))
                    },
                ));
                rows_by_id!(
                    self,
                    (Uuid, i32, String, Uuid, Uuid, Uuid, Uuid, String, Option<DateTime<Utc>>),
                    ids,
                    ["select id, version, body, request_id, approval_id, subject_id, bundle_id, state, until
                      from grants where id"],
                    []
                )?
                .into_iter()
                .map(|(id, version, body, request, approval, subject, bundle, state, until)| {
                    let columns = vec![
                        ("request", request.to_string()),
                        ("approval", approval.to_string()),
                        ("subject", subject.to_string()),
                        ("bundle", bundle.to_string()),
                        ("state", state),
                        ("until", said(until)),
                        ("rights", rights.remove(&id).unwrap_or_default()),
                    ];
                    row_check(id, version, body, columns)
                })
                .collect()
            }
        })
    }
}

impl Columns {
    /// Where these differ from others: the column's name, what it says, and what the other says.
    pub fn other_than<'a>(&'a self, due: &'a Self) -> impl Iterator<Item = (&'static str, &'a str, &'a str)> {
        let pairs = self.0.iter().zip(&due.0).filter(|((_, stands), (_, due))| stands != due);
        pairs.map(|((name, stands), (_, due))| (*name, stands.as_str(), due.as_str()))
    }

    /// What the searchable columns of this row must be.
    pub fn of(record: &Record) -> Self {
        Self(match record {
            Record::Portal(it) => vec![("founding", it.is_founding().to_string())],
            Record::Identity(it) => vec![
                ("key", it.spec.key.to_string()),
                ("name", it.spec.name.clone()),
                ("active", it.is_active().to_string()),
                ("admin", it.has(PortalRole::Admin).to_string()),
                ("signs_in", (it.password_set_at.is_some() && it.is_active()).to_string()),
                ("kind", it.spec.kind.key().to_owned()),
                ("email", said(it.spec.email.as_ref().map(|e| e.to_lowercase()))),
                ("manager", said(it.spec.manager)),
                ("accounts", lines(it.accounts.iter().map(|(system, account)| format!("{system} {}", account.name)))),
                ("owners", list(it.spec.owners.iter().map(|o| o.0))),
                ("delegation", said(it.delegation.map(|d| format!("{} {} {}", d.to, d.from, d.until)))),
            ],
            Record::Group(it) => vec![
                ("key", it.spec.key.to_string()),
                ("name", it.spec.name.clone()),
                ("members", list(it.spec.members.iter().map(|m| m.0))),
                ("groups", list(it.spec.groups.iter().map(|g| g.0))),
            ],
            Record::System(it) => {
                let directory = it.spec.connector == ConnectorKind::Directory;
                let groups = [(it.spec.fallback, false)].into_iter().chain(it.spec.operators.map(|g| (g, true)));
                let rights = it
                    .spec
                    .entitlements
                    .iter()
                    .map(|(id, e)| format!("{id} {} {:?} {directory} {:?}", e.key, e.native, e.name));
                vec![
                    ("key", it.spec.key.to_string()),
                    ("name", it.spec.name.clone()),
                    ("connector", it.spec.connector.word().to_owned()),
                    ("owners", list(it.spec.owners.iter().map(|m| m.0))),
                    ("backups", list(it.spec.backup_owners.difference(&it.spec.owners).map(|m| m.0))),
                    ("groups", lines(groups.map(|(group, operators)| format!("{group} {operators}")))),
                    ("entitlements", lines(rights)),
                ]
            }
            Record::Bundle(it) => vec![
                ("key", it.key.to_string()),
                ("name", it.name().to_owned()),
                ("listed", it.open_version().is_some().to_string()),
                ("draft", it.draft.is_some().to_string()),
                ("entitlements", list(it.open_version().iter().flat_map(|v| v.spec.entitlements.iter().map(|e| e.0)))),
                ("groups", list(it.open_version().iter().flat_map(|v| v.spec.groups()).map(|g| g.0))),
                ("incompatible", list(it.rules_out().into_iter().map(|other| other.0))),
            ],
            Record::GuardrailSet(it) => vec![
                ("published", said(it.published.as_ref().map(|published| published.number))),
                ("draft", it.draft.is_some().to_string()),
            ],
            Record::Request(it) => {
                let mut decided: Vec<_> = it.decisions.iter().collect();
                decided.sort_by_key(|d| d.by);
                let decided = decided
                    .iter()
                    .map(|d| format!("{} {} {} {}", d.by, d.approves, d.at, d.since.unwrap_or(it.asked_at)));
                let (weighty, alone) = (it.is_weighty(), it.in_person());
                let deciders = it.may_decide_now().into_iter().take(MOST_MEMBERS);
                vec![
                    ("bundle", it.bundle().to_string()),
                    ("subject", it.ask.subject.to_string()),
                    ("asker", it.ask.asker.to_string()),
                    ("state", it.state.word().to_owned()),
                    ("approval", said(it.state.approval())),
                    ("asked_at", it.asked_at.to_string()),
                    ("until", said(waits_until(it))),
                    ("owes_review", it.owes_review().to_string()),
                    ("decided_at", said(it.decided_at())),
                    ("deciders", lines(deciders.map(|who| format!("{who} {weighty} {alone}")))),
                    ("decisions", lines(decided)),
                ]
            }
            Record::Grant(it) => {
                let mut rights: Vec<_> = it.assignments.iter().collect();
                rights.sort_by_key(|a| a.entitlement);
                let rights = rights.iter().map(|a| {
                    let (present, trouble) = (a.fulfilled.present(), a.trouble.as_ref().map(|t| t.says.as_str()));
                    right(&a.system.0, &a.entitlement.0, &a.account, present, a.found_before, trouble, it.has_ended())
                });
                vec![
                    ("request", it.request.to_string()),
                    ("approval", it.approval.to_string()),
                    ("subject", it.subject.to_string()),
                    ("bundle", it.bundle.to_string()),
                    ("state", it.state.word().to_owned()),
                    ("until", said(it.needs_until())),
                    ("rights", rights.collect::<Vec<_>>().join(", ")),
                ]
            }
        })
    }
}

/// A request's row as it is compared.
type RequestCheck = (
    Uuid,
    i32,
    String,
    Uuid,
    Uuid,
    Uuid,
    String,
    Option<Uuid>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
    bool,
    Option<DateTime<Utc>>,
);

/// A whole new stream.
#[derive(Clone, Copy, Debug)]
pub struct NewStream<'a> {
    /// Every change of it, in turn.
    pub changes: &'a [(EventId, Transition)],
    /// The looks that are still to come; those of changes that others followed are not.
    pub due: &'a [Job],
}

/// An event in its place in the chain: its bytes, and their hash.
struct Sealed<'a> {
    id: EventId,
    change: &'a Transition,
    seq: i32,
    bytes: Vec<u8>,
    hash: String,
}

fn seal<'a>(id: EventId, change: &'a Transition, seq: i32, prev: &str, founding: bool) -> Result<Sealed<'a>, Error> {
    let envelope = change.envelope(id, u32::try_from(seq).unwrap_or(u32::MAX), prev, founding);
    let bytes = envelope.bytes().map_err(|why| corrupt("events", id.0, &why))?;
    let hash = hash(&bytes);
    Ok(Sealed { id, change, seq, bytes, hash })
}

fn waits_until(request: &Request) -> Option<DateTime<Utc>> {
    match request.state {
        State::Waiting { until } => Some(until),
        State::Approved { lapses_at, .. } => Some(lapses_at),
        State::Refused { .. }
        | State::Granted { .. }
        | State::Denied { .. }
        | State::Withdrawn { .. }
        | State::Expired { .. }
        | State::Lapsed { .. }
        | State::Stopped { .. } => None,
    }
}

/// One right of a grant; what others wrote stands in quotes, so that two rights never read the same.
fn right(
    system: &Uuid,
    entitlement: &Uuid,
    account: &str,
    present: Option<bool>,
    found_before: bool,
    trouble: Option<&str>,
    ended: bool,
) -> String {
    let trouble = said(trouble.map(|says| format!("{says:?}")));
    format!("{system} {entitlement} {account:?} {} {found_before} {trouble} {ended}", said(present))
}

fn list(ids: impl IntoIterator<Item = Uuid>) -> String {
    ids.into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
}

fn lines(of: impl IntoIterator<Item = String>) -> String {
    of.into_iter().collect::<Vec<_>>().join(", ")
}

/// What [`list`] says of each row, from what hangs on them.
fn list_of(found: impl IntoIterator<Item = (Uuid, Uuid)>) -> BTreeMap<Uuid, String> {
    by_row(found).into_iter().map(|(of, ids)| (of, list(ids))).collect()
}

/// What [`lines`] says of each row, from what hangs on them.
fn lines_of(found: impl IntoIterator<Item = (Uuid, String)>) -> BTreeMap<Uuid, String> {
    by_row(found).into_iter().map(|(of, words)| (of, lines(words))).collect()
}

fn by_row<T>(found: impl IntoIterator<Item = (Uuid, T)>) -> BTreeMap<Uuid, Vec<T>> {
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (of, what) in found {
        rows.entry(of).or_default().push(what);
    }
    rows
}

fn row_check(id: Uuid, version: i32, body: String, columns: Vec<(&'static str, String)>) -> (Uuid, RowCheck) {
    (id, RowCheck { body, version: u32::try_from(version).unwrap_or(0), columns: Columns(columns) })
}

pub(crate) fn said<T: std::fmt::Display>(value: Option<T>) -> String {
    value.map_or_else(|| "none".to_owned(), |v| v.to_string())
}

/// The text that search looks through.
fn searchable(parts: &[&str]) -> String {
    parts.join(" ").to_lowercase()
}

pub(crate) fn as_int(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

pub(crate) fn corrupt(table: &'static str, id: Uuid, why: &dyn std::fmt::Display) -> Error {
    Error::Corrupt { table, id: id.to_string(), why: why.to_string() }
}
