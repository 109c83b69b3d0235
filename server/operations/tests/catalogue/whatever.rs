//! Whatever a catalogue says reads back the same, and whatever a text says does no harm.

use super::{Specs, demo, file, key, told};
use domain::{
    bundle::{BundleSpec, Source, Stage},
    condition::{Condition, DAYS},
    group::GroupSpec,
    identity::{IdentitySpec, Kind, PortalRole, Standing},
    ids::{BundleId, EntitlementId, GroupId, IdentityId, SystemId},
    minutes::Minutes,
    resource::{ConnectorKind, DataClass, Entitlement, Environment, Sensitivity, SystemSpec},
    stepup::Strength,
    text::Key,
};
use operations::catalogue::{Keys, bundle_text, read, read_bundle, write};
use proptest::{collection, option, prelude::*, sample};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A text that people could have typed, with everything that TOML treats in a way of its own.
fn text(most: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[a-zÀ-ž\"'#\\\\{{}}\\[\\]=., $!|-]{{1,{most}}}"))
        .expect("a pattern")
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("something", |text| !text.is_empty())
}

fn made_keys(many: usize) -> impl Strategy<Value = Vec<Key>> {
    collection::vec("[a-z][a-z0-9._-]{0,8}", many)
        .prop_map(|names| names.iter().enumerate().map(|(at, name)| key(&format!("{name}{at}"))).collect())
}

fn some_of<T: Clone + Ord + std::fmt::Debug + 'static>(
    all: &[T],
    least: usize,
) -> impl Strategy<Value = BTreeSet<T>> + use<T> {
    sample::subsequence(all.to_vec(), least..=all.len()).prop_map(|some| some.into_iter().collect())
}

fn nth<T>(id: impl Fn(Uuid) -> T, many: u128) -> Vec<T> {
    (1..=many).map(|n| id(Uuid::from_u128(n))).collect()
}

const PEOPLE: usize = 4;

fn identity(at: usize, key: Key) -> impl Strategy<Value = (IdentitySpec, Standing)> {
    let people = nth(IdentityId, PEOPLE as u128);
    let person = at < PEOPLE;
    let kind = if person { Just(Kind::Person).boxed() } else { sample::select(&Kind::ALL[1..]).boxed() };
    // Only those who come earlier, so that nobody reports to themselves by any path.
    let manager =
        if person && at > 0 { option::of(sample::select(people[..at].to_vec())).boxed() } else { Just(None).boxed() };
    let owners = if person { Just(BTreeSet::new()).boxed() } else { some_of(&people, 1).boxed() };
    let roles = if person {
        some_of(&[PortalRole::Admin, PortalRole::Auditor], 0).boxed()
    } else {
        Just(BTreeSet::new()).boxed()
    };
    // The first system is the directory, which keeps no accounts.
    let accounts = collection::btree_map(sample::select(nth(SystemId, 3)[1..].to_vec()), text(20), 0..=2);
    let gone = Standing::Left { at: chrono::DateTime::UNIX_EPOCH };
    let standing = sample::select(vec![Standing::Active, gone]);
    (kind, text(100), text(100), option::of(text(100)), text(200), manager, owners, roles, accounts, standing).prop_map(
        move |(kind, name, department, title, purpose, manager, owners, roles, accounts, standing)| {
            let spec = IdentitySpec {
                key: key.clone(),
                kind,
                name,
                email: person.then(|| "somebody@tidewater.example".to_owned()),
                title: title.filter(|_| person),
                department: person.then_some(department),
                manager,
                purpose: (!person).then_some(purpose),
                owners,
                roles,
                accounts: accounts.into_iter().map(|(system, name)| (system, format!("{name}{at}"))).collect(),
            };
            (spec, standing)
        },
    )
}

fn group(at: usize, key: Key) -> impl Strategy<Value = GroupSpec> {
    let inner = some_of(&nth(GroupId, 3)[..at], 0);
    (text(100), text(200), some_of(&nth(IdentityId, 6), 0), inner)
        .prop_map(move |(name, says, members, groups)| GroupSpec { key: key.clone(), name, says, members, groups })
}

fn system(at: usize, key: Key) -> impl Strategy<Value = SystemSpec> {
    let connector = ConnectorKind::ALL[at];
    let people = nth(IdentityId, PEOPLE as u128);
    let groups = nth(GroupId, 3);
    let words = (
        sample::select(Environment::ALL),
        sample::select(Sensitivity::ALL),
        sample::select(DataClass::ALL),
        any::<bool>(),
    );
    let who =
        (some_of(&people, 1), some_of(&people, 0), sample::select(groups.clone()), option::of(sample::select(groups)));
    let entitlements = collection::vec((text(40), text(100), text(40), any::<bool>()), 2);
    (text(100), text(200), words, who, made_keys(2), entitlements).prop_map(
        move |(name, says, words, who, keys, entitlements)| {
            let id = |nth: usize| EntitlementId(Uuid::from_u128((at * 2 + nth + 1) as u128));
            let entitlements =
                keys.iter().zip(entitlements).enumerate().map(|(nth, (key, (name, says, native, privileged)))| {
                    let native = if connector == ConnectorKind::Directory {
                        format!("group-{nth}")
                    } else {
                        format!("{native}{nth}")
                    };
                    (id(nth), Entitlement { key: key.clone(), name, says, native, privileged })
                });
            SystemSpec {
                key: key.clone(),
                name,
                says,
                environment: words.0,
                sensitivity: words.1,
                data_class: words.2,
                external: words.3,
                owners: who.0,
                backup_owners: who.1,
                fallback: who.2,
                operators: who.3,
                connector,
                settings: connector
                    .settings()
                    .iter()
                    .map(|(name, _)| ((*name).to_owned(), "some-name".to_owned()))
                    .collect(),
                entitlements: entitlements.collect(),
            }
        },
    )
}

fn pattern() -> impl Strategy<Value = Option<String>> {
    option::of(
        sample::select(vec![r"^(CHG|INC)-[0-9]+$", r"\bCASE-\d{4}\b", "a'b\"c", "  two  spaces  ", "'''", "\\\\"])
            .prop_map(str::to_owned),
    )
}

fn hours() -> impl Strategy<Value = Condition> {
    let days = sample::subsequence(DAYS.map(|(_, day)| day).to_vec(), 1..=7).prop_shuffle();
    let zone = sample::select(&chrono_tz::TZ_VARIANTS[..]);
    (days, 0..40_000_u32, 1..40_000_u32, zone).prop_map(|(days, from, length, zone)| {
        let at = |seconds| chrono::NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).expect("within a day");
        Condition::Hours { days, from: at(from), to: at(from + length), zone }
    })
}

fn conditions(own: BundleId) -> impl Strategy<Value = Vec<Condition>> {
    let others = nth(BundleId, 3).into_iter().filter(|id| *id != own).collect::<Vec<_>>();
    let askers = (some_of(&nth(GroupId, 3), 0), some_of(&Kind::ALL, 1))
        .prop_map(|(groups, kinds)| Condition::Askers { groups, kinds });
    let justification = (1..2000_u32, pattern(), option::of(text(100)))
        .prop_map(|(at_least, pattern, hint)| Condition::Justification { at_least, pattern, hint });
    let work_item =
        (pattern(), option::of(text(100))).prop_map(|(pattern, hint)| Condition::WorkItem { pattern, hint });
    let environments = some_of(Environment::ALL, 1).prop_map(|only| Condition::Environments { only });
    let most = sample::select(Sensitivity::ALL).prop_map(|most| Condition::SensitivityAtMost { most });
    let incompatible = some_of(&others, 0).prop_map(|bundles| Condition::Incompatible { bundles });
    let others = (
        option::of(justification),
        option::of(work_item),
        option::of(hours()),
        option::of(environments),
        option::of(most),
        option::of(incompatible),
    );
    (askers, others).prop_map(|(askers, (justification, work_item, hours, environments, most, incompatible))| {
        [Some(askers), justification, work_item, hours, environments, most, incompatible]
            .into_iter()
            .flatten()
            .collect()
    })
}

fn stage() -> impl Strategy<Value = Stage> {
    let from = prop_oneof![
        Just(Source::Owners),
        Just(Source::Manager),
        sample::select(nth(GroupId, 3)).prop_map(|group| Source::Group { group }),
        some_of(&nth(IdentityId, PEOPLE as u128), 1).prop_map(|people| Source::People { people }),
    ];
    let escalates_after = option::of((1..=Minutes::MOST).prop_map(|it| Minutes::new(it).expect("within bounds")));
    (text(60), 1..=u8::MAX, from, option::of(sample::select(Strength::ALL.to_vec())), escalates_after).prop_map(
        |(name, need, from, step_up, escalates_after)| {
            let most = if let Source::People { people } = &from {
                u8::try_from(people.len()).expect("a few")
            } else {
                u8::MAX
            };
            Stage { name, need: need.min(most), from, step_up, escalates_after }
        },
    )
}

fn bundle(at: usize, key: Key) -> impl Strategy<Value = BundleSpec> {
    let own = nth(BundleId, 3)[at];
    let minutes = (1..=Minutes::MOST, 1..=Minutes::MOST, 1..=Minutes::MOST, 1..=Minutes::MOST);
    let tags = collection::btree_set(text(30), 0..4);
    let stages = collection::vec(stage(), 1..4);
    (text(100), text(200), tags, some_of(&nth(EntitlementId, 6), 1), minutes, any::<bool>(), conditions(own), stages)
        .prop_map(
            move |(
                name,
                says,
                tags,
                entitlements,
                (longest, default, non_human, waits),
                automatic,
                conditions,
                stages,
            )| {
                let minutes = |minutes: u32| Minutes::new(minutes).expect("within bounds");
                let before_its_end = |it: &Minutes| it.get() < waits;
                let in_time = |it: Stage| {
                    let escalates_after = it.escalates_after.filter(before_its_end);
                    Stage { escalates_after, ..it }
                };
                let stages = stages.into_iter().map(in_time).collect();
                BundleSpec {
                    key: key.clone(),
                    name,
                    says,
                    tags,
                    entitlements,
                    longest: minutes(longest),
                    default: minutes(default.min(longest)),
                    non_human_longest: minutes(non_human.min(longest)),
                    waits: minutes(waits),
                    automatic,
                    conditions,
                    stages,
                    step_up: automatic.then_some(Strength::Code),
                }
            },
        )
}

/// Whatever a catalogue may say.
fn specs() -> impl Strategy<Value = Specs> {
    let identities = made_keys(6)
        .prop_flat_map(|keys| keys.into_iter().enumerate().map(|(at, key)| identity(at, key)).collect::<Vec<_>>());
    let groups =
        ["group-0", "group-1", "group-2"].iter().enumerate().map(|(at, name)| group(at, key(name))).collect::<Vec<_>>();
    let systems = made_keys(3)
        .prop_flat_map(|keys| keys.into_iter().enumerate().map(|(at, key)| system(at, key)).collect::<Vec<_>>());
    let bundles = made_keys(3)
        .prop_flat_map(|keys| keys.into_iter().enumerate().map(|(at, key)| bundle(at, key)).collect::<Vec<_>>());
    (identities, groups, systems, bundles).prop_map(|(identities, groups, systems, bundles)| Specs {
        identities,
        groups,
        systems,
        bundles,
    })
}

/// The keys of such specs, whose ids are their places.
fn keys_of(specs: &Specs) -> Keys {
    let mut keys = Keys::default();
    for ((spec, _), id) in specs.identities.iter().zip(nth(IdentityId, 6)) {
        keys.add_identity(spec.key.clone(), id);
    }
    for (spec, id) in specs.groups.iter().zip(nth(GroupId, 3)) {
        keys.add_group(spec.key.clone(), id);
    }
    for (spec, id) in specs.systems.iter().zip(nth(SystemId, 3)) {
        keys.add_system(spec.key.clone(), id);
        for (id, entitlement) in &spec.entitlements {
            keys.add_entitlement(spec.key.clone(), entitlement.key.clone(), *id);
        }
    }
    for (spec, id) in specs.bundles.iter().zip(nth(BundleId, 3)) {
        keys.add_bundle(spec.key.clone(), id);
    }
    keys
}

fn by_key<T: Clone>(specs: &[T], key: impl Fn(&T) -> &Key) -> BTreeMap<Key, T> {
    specs.iter().map(|spec| (key(spec).clone(), spec.clone())).collect()
}

/// A text somebody could have broken while editing: the demo's, cut, repeated and strewn with pieces of TOML.
fn broken() -> impl Strategy<Value = String> {
    const PIECES: [&str; 16] = [
        "[[person]]\n",
        "[[system.entitlement]]\n",
        "[bundle]\n",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'''",
        "\\",
        "=",
        "\n",
        "key = 1\n",
        "a.b.c = {}\n",
        "\u{0}",
        "é",
    ];
    let cuts = collection::vec((any::<sample::Index>(), 0..200_usize, sample::select(&PIECES[..])), 1..8);
    (sample::select(demo()), cuts).prop_map(|(file, cuts)| {
        let mut text = file.text;
        for (at, length, piece) in cuts {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, piece);
        }
        text
    })
}

/// Reads a text that may be anything, and checks that what is told can be shown.
fn survives(text: &str) {
    match read(&[file("any.toml", text)]) {
        Ok(catalogue) => drop(catalogue.unknown(&Keys::default())),
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!((1..=text.matches('\n').count() + 1).contains(&mistake.line), "{mistake}");
                assert!(!mistake.says.is_empty() && !mistake.says.contains(char::is_control), "{mistake:?}");
            }
        }
    }
    drop(read_bundle(text));
}

/// What somebody may do to a bundle so that it could not be published.
#[derive(Clone, Copy, Debug)]
enum Harm {
    None,
    Nothing,
    LongDefault,
    LongForMachines,
    Anyone,
    Nobody,
    NeedsNone,
    NeedsMore,
    EscalatesLate,
    NoDay,
    NoHour,
    NoEnvironment,
    BadPattern,
}

impl Harm {
    const ALL: [Self; 13] = [
        Self::None,
        Self::Nothing,
        Self::LongDefault,
        Self::LongForMachines,
        Self::Anyone,
        Self::Nobody,
        Self::NeedsNone,
        Self::NeedsMore,
        Self::EscalatesLate,
        Self::NoDay,
        Self::NoHour,
        Self::NoEnvironment,
        Self::BadPattern,
    ];

    fn done_to(self, spec: &mut BundleSpec) {
        let most = Minutes::hours(u32::MAX);
        match self {
            Self::None => {}
            Self::Nothing => spec.entitlements.clear(),
            Self::LongDefault => spec.default = most,
            Self::LongForMachines => spec.non_human_longest = most,
            Self::Anyone => spec.conditions.retain(|condition| !matches!(condition, Condition::Askers { .. })),
            Self::Nobody => spec.stages.clear(),
            Self::NeedsNone => spec.stages.iter_mut().for_each(|stage| stage.need = 0),
            Self::NeedsMore => spec.stages.iter_mut().for_each(|stage| stage.need = u8::MAX),
            Self::EscalatesLate => spec.stages.iter_mut().for_each(|stage| stage.escalates_after = Some(spec.waits)),
            Self::NoDay | Self::NoHour | Self::NoEnvironment | Self::BadPattern => {
                spec.conditions.iter_mut().for_each(|condition| self.done_to_condition(condition));
            }
        }
    }

    fn done_to_condition(self, condition: &mut Condition) {
        match (self, condition) {
            (Self::NoDay, Condition::Hours { days, .. }) => days.clear(),
            (Self::NoHour, Condition::Hours { from, to, .. }) => *to = *from,
            (Self::NoEnvironment, Condition::Environments { only }) => only.clear(),
            (Self::BadPattern, Condition::Justification { pattern, .. } | Condition::WorkItem { pattern, .. }) => {
                *pattern = Some("[".to_owned());
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_bundle_is_read_exactly_when_the_domain_finds_no_gap_in_it(
        specs in specs(),
        harms in collection::vec(sample::select(&Harm::ALL[..]), 1..3),
    ) {
        let keys = keys_of(&specs);
        for mut spec in specs.bundles {
            for harm in &harms {
                harm.done_to(&mut spec);
            }
            let read = read_bundle(&bundle_text(&spec, &keys));
            prop_assert_eq!(read.is_ok(), spec.gaps().is_empty(), "{:?}: {:?} {:?}", harms, read, spec.gaps());
        }
    }

    #[test]
    fn whatever_is_written_reads_back_the_same(specs in specs()) {
        let keys = keys_of(&specs);
        let catalogue = read(&write(&specs.contents(), &keys)).map_err(|mistakes| TestCaseError::fail(told::<()>(Err(mistakes))))?;
        let again = Specs::of(&catalogue, &keys);
        prop_assert_eq!(by_key(&again.identities, |(it, _)| &it.key), by_key(&specs.identities, |(it, _)| &it.key));
        prop_assert_eq!(by_key(&again.groups, |it| &it.key), by_key(&specs.groups, |it| &it.key));
        prop_assert_eq!(by_key(&again.systems, |it| &it.key), by_key(&specs.systems, |it| &it.key));
        prop_assert_eq!(by_key(&again.bundles, |it| &it.key), by_key(&specs.bundles, |it| &it.key));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn no_broken_catalogue_makes_it_panic(text in broken()) {
        survives(&text);
    }
}
