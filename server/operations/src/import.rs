//! Loading a catalogue: checked whole first, written all or nothing, twice changes nothing, absence removes nothing.

use crate::{
    Error, Portal,
    acts::{tell_admins, tell_people},
    bundles::{known_keys, mistakes_in},
    catalogue::{self, Contents, File, Keys, Mistake, Naming as _, Place, Resolve as _},
    editing::differences,
    export::all,
    guardrails::{self, RULES_FILE, TESTS_FILE},
    memberships::decides,
};
use domain::{
    Actor, Refusal,
    bundle::Bundle,
    event::{Record, Transition},
    group::{Group, GroupSpec, Members},
    guardrail::GuardrailText,
    identity::{Identity, Standing},
    ids::{EntitlementId, GroupId, IdentityId, SystemId},
    replay::Progress,
    resource::{Stewards, System, SystemSpec},
    review::Around,
    stepup::Confirmed,
    text::{Key, and},
    views::Change,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};
use store::Tx;

/// How to load.
#[derive(Clone, Copy, Debug, Default)]
pub struct Import {
    /// Only say what would change.
    pub dry_run: bool,
    /// How many grants may end by it; more than [`ENDS_UNCONFIRMED`] must be said exactly.
    pub confirm_ends: usize,
}

/// So many grants may end without being confirmed.
pub const ENDS_UNCONFIRMED: usize = 10;

/// What was changed, or would be.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The difference: a line for each thing, and below it one for each of its fields.
    pub lines: Vec<String>,
    /// How many things are new.
    pub created: u32,
    /// How many have changed.
    pub changed: u32,
    /// How many have left.
    pub left: u32,
    /// How many grants end.
    pub ended: u32,
}

impl Portal {
    /// Loads every `*.toml` of a folder.
    pub async fn import(&self, actor: &Actor, folder: &Path, how: Import) -> Result<Imported, Error> {
        let unreadable = |why: std::io::Error| Error::Unready(format!("`{}` cannot be read: {why}", folder.display()));
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let bytes = std::fs::read(&path).map_err(unreadable)?;
                let text = String::from_utf8(bytes)
                    .map_err(|_| Refusal::Catalogue(vec![format!("{name}:1: this file is not UTF-8 text")]))?;
                files.push((name, text));
            }
        }
        for name in [RULES_FILE, TESTS_FILE] {
            match std::fs::read_to_string(folder.join(name)) {
                Ok(text) => files.push((name.to_owned(), text)),
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
                Err(why) => return Err(unreadable(why)),
            }
        }
        files.sort();
        if files.is_empty() {
            return Err(Error::Unready(format!("there is no *.toml in `{}`", folder.display())));
        }
        self.import_files(actor, &files, how).await
    }

    /// Loads files by name and text.
    pub async fn import_files(
        &self,
        actor: &Actor,
        files: &[(String, String)],
        how: Import,
    ) -> Result<Imported, Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("a catalogue is loaded from the command line").into());
        }
        let guardrails = guardrails_in(files)?;
        let stanzas = files.iter().filter(|(name, _)| ![RULES_FILE, TESTS_FILE].contains(&name.as_str()));
        let stanzas: Vec<_> = stanzas.map(|(name, text)| File { name: name.clone(), text: text.clone() }).collect();
        let catalogue = catalogue::read(&stanzas).map_err(|mistakes| mistakes_in(&mistakes))?;
        self.retrying(|| self.load(actor, &catalogue, guardrails.as_ref(), how)).await
    }

    async fn load(
        &self,
        actor: &Actor,
        catalogue: &catalogue::Catalogue,
        guardrails: Option<&GuardrailText>,
        how: Import,
    ) -> Result<Imported, Error> {
        let mut tx = self.store().write().await?;
        let founding = tx.portal().await?.is_none_or(|p| p.is_founding());
        let mut keys = known_keys(&mut tx).await?;
        keys.allot(catalogue, || self.new_id());
        let mistakes = catalogue.unknown(&keys);
        if !mistakes.is_empty() {
            return Err(mistakes_in(&mistakes));
        }
        let (left, said_by, done) = (Vec::new(), BTreeSet::new(), Imported::default());
        let mut loading = Loading { portal: self, tx: &mut tx, actor, keys: &keys, founding, left, said_by, done };
        loading.identities(catalogue).await?;
        loading.groups(catalogue).await?;
        loading.circles(catalogue).await?;
        loading.systems(catalogue).await?;
        loading.bundles(catalogue).await?;
        let (left, said_by, mut done) = (loading.left, loading.said_by, loading.done);
        if let Some(text) = guardrails
            && self.bring_guardrails(&mut tx, actor, text.clone(), founding).await?
        {
            done.changed += 1;
            done.lines.push(if founding { "~ guardrails" } else { "~ guardrails: a draft in review" }.to_owned());
        }

        let ends = usize::try_from(done.ended).unwrap_or(usize::MAX);
        if ends > ENDS_UNCONFIRMED && how.confirm_ends != ends && !how.dry_run {
            return Err(Refusal::ManyEnds { ends }.into());
        }
        if how.dry_run || done.lines.is_empty() {
            return Ok(done);
        }
        self.reroute_but(&mut tx, &said_by).await?;
        if !left.is_empty() {
            let says = format!("{actor} says that {} left", have(&left));
            tell_admins(self, &mut tx, actor, &says, "/identities").await?;
        }
        if let Some(portal) = tx.portal().await? {
            let note = portal.note_import(actor, done.created, done.changed, done.left, done.ended, self.now())?;
            self.save(&mut tx, &note).await?;
        }
        self.commit(tx).await?;
        Ok(done)
    }
}

/// The guardrails among the files of a catalogue, read whole first.
fn guardrails_in(files: &[(String, String)]) -> Result<Option<GuardrailText>, Error> {
    let found = |wanted: &str| files.iter().find(|(name, _)| name == wanted);
    let named = |wanted: &str| found(wanted).map(|(_, text)| text.replace("\r\n", "\n"));
    let Some(rules) = named(RULES_FILE) else {
        return match named(TESTS_FILE) {
            None => Ok(None),
            Some(_) => Err(Refusal::Catalogue(vec![format!("{TESTS_FILE}: there is no {RULES_FILE} to test")]).into()),
        };
    };
    let text = GuardrailText { rules, tests: named(TESTS_FILE).unwrap_or_default() };
    let mistakes = guardrails::mistakes(&text);
    if mistakes.is_empty() { Ok(Some(text)) } else { Err(Refusal::Catalogue(mistakes).into()) }
}

struct Loading<'a> {
    portal: &'a Portal,
    tx: &'a mut Tx,
    actor: &'a Actor,
    keys: &'a Keys,
    founding: bool,
    /// The names of those who have left by it.
    left: Vec<String>,
    /// Who had said before that somebody has left who left by it.
    said_by: BTreeSet<IdentityId>,
    done: Imported,
}

impl Loading<'_> {
    async fn identities(&mut self, catalogue: &catalogue::Catalogue) -> Result<(), Error> {
        let mut mistakes = Vec::new();
        for (key, stanza) in &catalogue.people_and_services {
            let spec = stanza.it.resolve(self.keys).map_err(|m| mistakes_in(&m))?;
            let now = self.portal.now();
            let id = self.keys.identity(key).ok_or(Error::NotFound)?;
            let word = spec.kind.singular();
            let known = self.tx.identity(id).await?;
            if let Some(before) = known.as_ref().map(|it| &it.spec.accounts).filter(|before| **before != spec.accounts)
            {
                for (system, account) in self.tx.live_accounts_of(id).await? {
                    if before.get(&system) == Some(&account) && spec.accounts.get(&system) != Some(&account) {
                        let says = format!(
                            "`{key}` has access by the account `{account}`: end that before the account changes"
                        );
                        mistakes.push(Mistake::at(&stanza.at, says));
                    }
                }
            }
            let change = match &known {
                None => Some(Identity::define(id, self.actor, spec.clone(), now)?),
                Some(identity) => identity.redefine(self.actor, spec.clone(), now)?,
            };
            let new = known.is_none().then_some(spec.name.as_str());
            if self.save(change, word, key, new, &stanza.at).await?
                && let Some(known) = &known
            {
                let says = |spec| Contents { identities: vec![(spec, Standing::Active)], ..Contents::default() };
                self.differ(&says(&known.spec), &says(&spec));
            }
            if stanza.it.left
                && let Some(identity) = self.tx.identity(id).await?
                && identity.is_active()
            {
                let change = identity.leave_by_import(self.actor, now)?;
                self.portal.save(self.tx, &change).await?;
                let ended = self.portal.follow_departure(self.tx, self.actor, &identity).await?;
                self.said_by.extend(identity.departure.as_ref().and_then(|it| it.by.person()));
                self.left.push(identity.spec.name);
                self.done.left += 1;
                self.done.ended += ended;
                self.done.lines.push(format!("- {word} {key} has left; {ended} grants end"));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes_in(&mistakes)) }
    }

    async fn groups(&mut self, catalogue: &catalogue::Catalogue) -> Result<(), Error> {
        for (key, stanza) in &catalogue.groups {
            let spec = stanza.it.resolve(self.keys).map_err(|m| mistakes_in(&m))?;
            let now = self.portal.now();
            let id = self.keys.group(key).ok_or(Error::NotFound)?;
            let known = self.tx.group(id).await?;
            let (spec, proposed) = match &known {
                Some(group) if !self.founding => self.part_members(group, spec).await?,
                Some(_) | None => (spec, None),
            };
            let change = match &known {
                None => Some(Group::define(id, self.actor, spec.clone(), now)?),
                Some(group) => group.redefine(self.actor, spec.clone(), now)?,
            };
            if change.is_some()
                && let Some(known) = &known
            {
                // Whoever gains or loses authority by it is serialised with the decisions they may be taking right now.
                let moved: BTreeSet<IdentityId> =
                    known.spec.members.symmetric_difference(&spec.members).copied().collect();
                for who in moved {
                    self.tx.touch_identity(who).await?;
                }
            }
            let new = known.is_none().then_some(spec.name.as_str());
            if self.save(change, "group", key, new, &stanza.at).await?
                && let Some(known) = &known
            {
                let says = |spec| Contents { groups: vec![spec], ..Contents::default() };
                self.differ(&says(&known.spec), &says(&spec));
            }
            if known.is_some() {
                self.members(id, key, proposed).await?;
            }
        }
        Ok(())
    }

    /// Parts who is to be in a group that decides from all else that the catalogue says of it.
    async fn part_members(&mut self, group: &Group, spec: GroupSpec) -> Result<(GroupSpec, Option<Members>), Error> {
        if Members::of(&spec) == Members::of(&group.spec) {
            return Ok((spec, None));
        }
        let demanded = self.portal.guardrails(self.tx).await?.deciding_groups();
        if !decides(self.tx, group.id, &demanded).await? {
            return Ok((spec, None));
        }
        let stay = self.tx.names(&group.spec.members, true).await?;
        let gone = group.spec.members.iter().copied().filter(|id| !stay.contains_key(id)).collect();
        Ok(group.part(spec, &gone))
    }

    /// Proposes who is to be in a group that decides, or drops what was proposed where the catalogue no longer says so.
    async fn members(&mut self, id: GroupId, key: &Key, proposed: Option<Members>) -> Result<(), Error> {
        let now = self.portal.now();
        let Some(group) = self.tx.group(id).await? else { return Ok(()) };
        let Some(members) = proposed else {
            if let Some(proposal) = &group.proposed {
                let change = group.take_back_members(self.actor, proposal.number, now)?;
                self.portal.save(self.tx, &change).await?;
                self.done.lines.push(format!("  group {key} keeps who is in it: the proposal is taken back"));
            }
            return Ok(());
        };
        let Some(change) = group.propose_members(self.actor, members, now)? else { return Ok(()) };
        self.portal.save(self.tx, &change).await?;
        self.done.changed += 1;
        self.done.lines.push(format!("  group {key} decides: who is in it changes when an admin confirms it"));
        let says = format!("{} wants others in {}: an admin confirms it", self.actor, group.spec.name);
        tell_admins(self.portal, self.tx, self.actor, &says, &format!("/groups/{key}")).await
    }

    /// Circles that close only together with what the portal knew before.
    async fn circles(&mut self, catalogue: &catalogue::Catalogue) -> Result<(), Error> {
        let mut mistakes = Vec::new();
        // What is proposed is looked at as if it were confirmed.
        let groups = all!(self.tx, groups).into_iter();
        let groups = groups.map(|it| (it.id, it.proposed.map_or(it.spec.groups, |it| it.members.groups))).collect();
        for circle in catalogue::cycles(&groups) {
            let keys = circle.iter().filter_map(|id| self.keys.group_key(*id)).collect::<Vec<_>>();
            if let Some(at) = keys.iter().find_map(|key| catalogue.groups.get(key)).map(|stanza| &stanza.at) {
                let says = format!("the groups {} hold one another: a group cannot be within itself", named(&keys));
                mistakes.push(Mistake::at(at, says));
            }
        }
        let managers = all!(self.tx, identities).into_iter().map(|it| (it.id, it.spec.manager.into_iter().collect()));
        for circle in catalogue::cycles(&managers.collect()) {
            let keys = circle.iter().filter_map(|id| self.keys.identity_key(*id)).collect::<Vec<_>>();
            if let Some(at) = keys.iter().find_map(|key| catalogue.people_and_services.get(key)).map(|it| &it.at) {
                let says = format!("{} report to one another: somebody must be the head", named(&keys));
                mistakes.push(Mistake::at(at, says));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes_in(&mistakes)) }
    }

    async fn systems(&mut self, catalogue: &catalogue::Catalogue) -> Result<(), Error> {
        let mut mistakes = Vec::new();
        for (key, stanza) in &catalogue.systems {
            let mut spec = stanza.it.resolve(self.keys).map_err(|m| mistakes_in(&m))?;
            let now = self.portal.now();
            let id = self.keys.system(key).ok_or(Error::NotFound)?;
            let known = self.tx.system(id).await?;
            if let Some(known) = &known {
                // Absence removes nothing: grants may still stand on a right the file no longer mentions.
                for (id, entitlement) in &known.spec.entitlements {
                    spec.entitlements.entry(*id).or_insert_with(|| entitlement.clone());
                }
                let clashes = self.moved_under_grants(known, &spec).await?.into_iter().chain(given_twice(&spec));
                mistakes.extend(clashes.map(|says| Mistake::at(&stanza.at, format!("`{key}`: {says}"))));
            }
            let (spec, proposed) = match &known {
                Some(system) if !self.founding => system.part(spec),
                Some(_) | None => (spec, None),
            };
            let change = match &known {
                None => Some(System::define(id, self.actor, spec.clone(), now)?),
                Some(system) => system.redefine(self.actor, spec.clone(), now)?,
            };
            let new = known.is_none().then_some(spec.name.as_str());
            let saved = self.save(change, "system", key, new, &stanza.at).await?;
            if let Some(known) = &known {
                if saved {
                    let says = |spec| Contents { systems: vec![spec], ..Contents::default() };
                    self.differ(&says(&known.spec), &says(&spec));
                }
                self.stewards(id, key, proposed).await?;
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes_in(&mistakes)) }
    }

    /// Proposes who is to decide about a system and what less is to guard it, or drops what it had proposed where the catalogue no longer
    /// says so.
    async fn stewards(&mut self, id: SystemId, key: &Key, proposed: Option<Stewards>) -> Result<(), Error> {
        let now = self.portal.now();
        let Some(system) = self.tx.system(id).await? else { return Ok(()) };
        let Some(stewards) = proposed else {
            // What an admin proposed in the portal is theirs to take back.
            if let Some(proposal) = system.proposed.as_ref().filter(|it| it.by.is_one_with(self.actor)) {
                let change = system.take_back_owners(self.actor, proposal.number, now)?;
                self.portal.save(self.tx, &change).await?;
                self.done.lines.push(format!("  system {key} stays as it is: the proposal is taken back"));
            }
            return Ok(());
        };
        let others = !stewards.are_those_of(&Stewards::of(&system.spec));
        let Some(change) = system.propose_owners(self.actor, stewards, now)? else { return Ok(()) };
        self.portal.save(self.tx, &change).await?;
        self.done.changed += 1;
        let (by, name) = (self.actor, &system.spec.name);
        let (weighs, wants) = if others {
            ("is sensitive: who decides about it changes", "other people to decide about")
        } else {
            ("would be guarded less: that changes", "less to guard")
        };
        self.done.lines.push(format!("  system {key} {weighs} when an admin confirms it"));
        let says = format!("{by} wants {wants} {name}: an admin confirms it");
        let path = format!("/systems/{key}");
        if let Some(whose) = system.proposed.as_ref().and_then(|it| it.by.person()) {
            let says = format!("{by} proposed something else for {name} in the place of what you had proposed");
            tell_people(self.portal, self.tx, self.actor, &[whose].into(), &says, &path).await?;
        }
        tell_admins(self.portal, self.tx, self.actor, &says, &path).await
    }

    /// What may not change on a system while grants stand on it: where it is reached, and what its rights are called there. A grant would
    /// otherwise be taken away somewhere else than where it was given.
    async fn moved_under_grants(&mut self, known: &System, spec: &SystemSpec) -> Result<Vec<String>, Error> {
        let before = &known.spec;
        let elsewhere = before.connector != spec.connector || before.settings != spec.settings;
        let renamed = |id: &EntitlementId| {
            let native = |spec: &SystemSpec| spec.entitlements.get(id).map(|it| it.native.clone());
            native(before) != native(spec)
        };
        if !elsewhere && !before.entitlements.keys().any(renamed) {
            return Ok(Vec::new());
        }
        let held: BTreeSet<_> = self.tx.live_rights_on(known.id).await?.into_iter().map(|(id, _)| id).collect();
        if elsewhere && !held.is_empty() {
            let says = "grants stand on it: end them before its connector or its settings change";
            return Ok(vec![says.to_owned()]);
        }
        let named = held.iter().filter(|id| renamed(id)).filter_map(|id| spec.entitlements.get(id));
        Ok(named
            .map(|it| format!("grants give the right `{}`: end them before its `native` changes", it.key))
            .collect())
    }

    async fn bundles(&mut self, catalogue: &catalogue::Catalogue) -> Result<(), Error> {
        let mut mistakes = Vec::new();
        for (key, stanza) in &catalogue.bundles {
            let spec = stanza.it.resolve(self.keys).map_err(|m| mistakes_in(&m))?;
            let now = self.portal.now();
            let id = self.keys.bundle(key).ok_or(Error::NotFound)?;
            let known = self.tx.bundle(id).await?;
            let before = known.as_ref().and_then(|b| {
                b.draft.as_ref().map(|d| d.spec.clone()).or_else(|| b.published.as_ref().map(|p| p.spec.clone()))
            });
            let change = match &known {
                None => Some(Bundle::draft_new(id, self.actor, spec.clone(), now)?),
                Some(bundle) => bundle.draft(self.actor, spec.clone(), None, now)?,
            };
            let new = before.is_none().then_some(spec.name.as_str());
            if !self.save(change, "bundle", key, new, &stanza.at).await? {
                continue;
            }
            if before.is_some() {
                let changes = differences(self.tx, self.keys, before.as_ref(), &spec).await?;
                let line = |it: Change| format!("    {}: {}", it.what, catalogue::turned(&it.before, &it.after));
                self.done.lines.extend(changes.into_iter().map(line));
            }
            let Some(bundle) = self.tx.bundle(id).await? else { continue };
            if self.founding {
                let gaps = self.portal.gaps(self.tx, &spec).await?;
                if gaps.is_empty() {
                    let around = Around { founding: true, gaps: &[], replay: Progress::NotBegun, found: None };
                    let change = bundle.publish(self.actor, bundle.versions, around, Confirmed::UNASKED, now)?;
                    self.portal.save(self.tx, &change).await?;
                } else {
                    mistakes.extend(
                        gaps.into_iter()
                            .map(|gap| Mistake::at(&stanza.at, format!("`{key}` cannot be published: {gap}"))),
                    );
                }
            } else {
                self.portal.submit_in(self.tx, self.actor, &bundle).await?;
                let says = format!("  bundle {key} is in review as draft {}: an admin publishes it", bundle.versions);
                self.done.lines.push(says);
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes_in(&mistakes)) }
    }

    /// Writes a change, where there is one, and says so: of what is new with its name.
    async fn save(
        &mut self,
        change: Option<Transition>,
        word: &str,
        key: &Key,
        new: Option<&str>,
        at: &Place,
    ) -> Result<bool, Error> {
        let Some(change) = change else { return Ok(false) };
        match self.portal.save(self.tx, &change).await {
            Ok(()) => {}
            Err(Error::Conflict) if takes_accounts(change.after()) => {
                let says = format!("`{key}` takes an account that another identity has on that system");
                return Err(mistakes_in(&[Mistake::at(at, says)]));
            }
            Err(other) => return Err(other),
        }
        if let Some(name) = new {
            self.done.created += 1;
            self.done.lines.push(format!("+ {word} {key}: {name}"));
        } else {
            self.done.changed += 1;
            self.done.lines.push(format!("~ {word} {key}"));
        }
        Ok(true)
    }

    /// Says field by field what has changed.
    fn differ(&mut self, before: &Contents<'_>, after: &Contents<'_>) {
        let changes = catalogue::changes(before, after, self.keys);
        self.done.lines.extend(changes.into_iter().map(|line| format!("    {line}")));
    }
}

/// Rights of one system that would be the same right in the target, so that the end of one took the other.
fn given_twice(spec: &SystemSpec) -> Vec<String> {
    let mut firsts: BTreeMap<&str, &Key> = BTreeMap::new();
    let twice = spec.entitlements.values().filter_map(|it| {
        let first = firsts.insert(&it.native, &it.key)?;
        Some(format!("the rights `{first}` and `{}` are both `{}` there: keep the key it has", it.key, it.native))
    });
    twice.collect()
}

/// Who has left, as one says it: a few names, and how many more.
fn have(left: &[String]) -> String {
    const MOST: usize = 4;
    let mut names: Vec<_> = left.iter().take(MOST).cloned().collect();
    match left.len().saturating_sub(MOST) {
        0 => {}
        1 => names.push("one other".to_owned()),
        more => names.push(format!("{more} others")),
    }
    format!("{} {}", and(&names), if left.len() == 1 { "has" } else { "have" })
}

fn named(keys: &[Key]) -> String {
    and(&keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>())
}

/// Whether a row that could not be written is one with accounts; then one of them is somebody else's, as the import holds the only pen.
fn takes_accounts(after: &Record) -> bool {
    matches!(after, Record::Identity(it) if !it.accounts.is_empty())
}
