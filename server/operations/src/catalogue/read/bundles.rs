//! Bundles, their conditions and their stages.

use super::{
    super::{
        draft::{BundleDraft, ConditionDraft, Mention, SourceDraft, StageDraft},
        field::{Fields, Value},
    },
    NAME, NON_HUMAN, SAYS, WAITS,
};
use domain::{
    condition::{Condition, DAYS},
    identity::Kind,
    minutes::Minutes,
    resource::{Environment, Sensitivity},
    stepup::Strength,
    text::{Key, Prose},
};
use std::collections::BTreeSet;

/// The most characters a hint may have.
const HINT: usize = 200;
/// The most characters a tag may have.
const TAG: usize = 40;
/// The most characters a reason may have to have: as many as there is room for.
#[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
const REASON: u32 = Prose::MOST as u32;

pub(super) fn bundle(mut fields: Fields<'_, '_>, key: Option<Key>) -> Option<BundleDraft> {
    let name = fields.must("name", "\"Orders database, read\"", |v| v.text(NAME));
    let says = fields.must("says", "\"Look at live orders when a customer calls\"", |v| v.text(SAYS));
    let tags = fields.may("tags", "[\"support\", \"orders\"]", |v| v.set(|v| v.text(TAG)));
    let entitlements = fields
        .must("entitlements", "[\"orders-db/read\"]", |v| v.some("name at least one entitlement", |v| v.entitlement()));
    let spans = spans(&mut fields);
    let conditions = conditions(&mut fields, key.as_ref());
    let automatic = fields.may("automatic", "true", |v| v.yes()).unwrap_or_default();
    // What is wrong with the spans is told by itself.
    let stages = stages(&mut fields, spans.as_ref().map_or(Minutes::hours(u32::MAX), |spans| spans.waits));
    let step_up = fields.may("step_up", "\"code\"", |v| strength(v));
    if !automatic && !fields.has("stage") {
        fields.mistake("nobody decides: add a [[bundle.stage]], or make it automatic");
    }
    fields.done();
    let Spans { longest, default, non_human_longest, waits } = spans?;
    Some(BundleDraft {
        key: key?,
        name: name.unwrap_or_default(),
        says: says.unwrap_or_default(),
        tags: tags.unwrap_or_default(),
        entitlements: entitlements.unwrap_or_default(),
        longest,
        default,
        non_human_longest,
        waits,
        automatic,
        conditions,
        stages,
        step_up,
    })
}

struct Spans {
    longest: Minutes,
    default: Minutes,
    non_human_longest: Minutes,
    waits: Minutes,
}

fn spans(fields: &mut Fields<'_, '_>) -> Option<Spans> {
    let longest = fields.must("longest", "\"8h\"", |v| v.minutes());
    let most = longest.unwrap_or(Minutes::hours(u32::MAX));
    let default = fields.must("default", "\"4h\"", |v| at_most(v, "default", most));
    let non_human_longest = fields.may("non_human_longest", "\"1h\"", |v| at_most(v, "non_human_longest", most));
    let waits = fields.may("waits", "\"3d\"", |v| v.minutes());
    let longest = longest?;
    Some(Spans {
        longest,
        default: default?,
        non_human_longest: non_human_longest.unwrap_or(longest.min(NON_HUMAN)),
        waits: waits.unwrap_or(WAITS),
    })
}

fn at_most(value: Value<'_, '_>, field: &str, most: Minutes) -> Option<Minutes> {
    let minutes = value.minutes()?;
    if minutes > most {
        value.mistake(format!("`{field}` is {minutes}, longer than `longest`, {most}"));
        return None;
    }
    Some(minutes)
}

/// In the order in which people read them, whatever the order in the file.
fn conditions(fields: &mut Fields<'_, '_>, of: Option<&Key>) -> Vec<ConditionDraft> {
    let conditions = [
        fields.must("askers", ASKERS, |v| askers(v)),
        fields.may("justification", "{ at_least = 20, hint = \"say why\" }", |v| justification(v)),
        fields.may("work_item", "{ pattern = \"^CHG-[0-9]+$\" }", |v| work_item(v)),
        fields.may("hours", HOURS, |v| hours(v)),
        fields.may("environments", "[\"production\"]", |v| environments(v)),
        fields.may("sensitivity_at_most", "\"high\"", |v| sensitivity(v)),
        fields.may("incompatible", "[\"orders-approve\"]", |v| incompatible(v, of)),
    ];
    conditions.into_iter().flatten().collect()
}

const ASKERS: &str = "{ groups = [\"engineering\"], kinds = [\"person\"] }";
const HOURS: &str = "{ days = [\"mon\", \"tue\"], from = \"07:00\", to = \"19:00\", zone = \"Europe/Stockholm\" }";

/// The condition, if nothing in it is wrong and the domain finds no gap in it.
fn sound(value: Value<'_, '_>, read: impl FnOnce() -> Option<Condition>) -> Option<ConditionDraft> {
    let told = value.told();
    let condition = read()?;
    // A list whose items are all wrong is empty, and the gap that leaves is no news.
    if value.told() > told {
        return None;
    }
    let gaps = condition.gaps();
    if gaps.is_empty() {
        return Some(ConditionDraft::Plain(condition));
    }
    for gap in gaps {
        value.mistake(gap);
    }
    None
}

fn askers(value: Value<'_, '_>) -> Option<ConditionDraft> {
    let words = || Kind::ALL.into_iter().map(|kind| (kind.key(), kind));
    let told = value.told();
    let mut fields = value.table("`askers`")?;
    let groups = fields.may("groups", "[\"engineering\"]", |v| v.set(|v| v.mention()));
    let kinds = fields.may("kinds", "[\"person\"]", |v| v.set(|v| v.word("kind of identity", words())));
    fields.done();
    let (groups, kinds) = (groups.unwrap_or_default(), kinds.unwrap_or_default());
    if groups.is_empty() && kinds.is_empty() && value.told() == told {
        return sound(value, || Some(Condition::Askers { groups: BTreeSet::new(), kinds }));
    }
    Some(ConditionDraft::Askers { groups, kinds })
}

fn justification(value: Value<'_, '_>) -> Option<ConditionDraft> {
    sound(value, || {
        let mut fields = value.table("`justification`")?;
        let at_least = fields.must("at_least", "20", |v| v.number(1..=REASON));
        let pattern = fields.may("pattern", "\"CASE-[0-9]+\"", |v| v.pattern());
        let hint = fields.may("hint", "\"say which case it is for\"", |v| v.text(HINT));
        fields.done();
        Some(Condition::Justification { at_least: at_least?, pattern, hint })
    })
}

fn work_item(value: Value<'_, '_>) -> Option<ConditionDraft> {
    let hint_like = "\"a change or incident number, like CHG-1042\"";
    sound(value, || {
        let mut fields = value.table("`work_item`")?;
        let pattern = fields.may("pattern", "\"^(CHG|INC)-[0-9]+$\"", |v| v.pattern());
        let hint = fields.may("hint", hint_like, |v| v.text(HINT));
        fields.done();
        Some(Condition::WorkItem { pattern, hint })
    })
}

fn hours(value: Value<'_, '_>) -> Option<ConditionDraft> {
    sound(value, || {
        let mut fields = value.table("`hours`")?;
        let days = fields.must("days", "[\"mon\", \"tue\"]", |v| v.list(|v| v.word("day", DAYS)));
        let from = fields.must("from", "\"07:00\"", |v| v.time());
        let to = fields.must("to", "\"19:00\"", |v| v.time());
        let zone = fields.must("zone", "\"Europe/Stockholm\"", |v| v.zone());
        fields.done();
        Some(Condition::Hours { days: days?, from: from?, to: to?, zone: zone? })
    })
}

fn environments(value: Value<'_, '_>) -> Option<ConditionDraft> {
    let words = || Environment::ALL.iter().map(|it| (it.word(), *it));
    sound(value, || {
        let only = value.set(|v| v.word("environment", words()))?;
        Some(Condition::Environments { only })
    })
}

fn sensitivity(value: Value<'_, '_>) -> Option<ConditionDraft> {
    let words = Sensitivity::ALL.iter().map(|it| (it.word(), *it));
    sound(value, || {
        let most = value.word("sensitivity", words)?;
        Some(Condition::SensitivityAtMost { most })
    })
}

fn incompatible(value: Value<'_, '_>, of: Option<&Key>) -> Option<ConditionDraft> {
    let bundles = value.set(|v| another(v, of))?;
    Some(ConditionDraft::Incompatible { bundles })
}

fn another(value: Value<'_, '_>, of: Option<&Key>) -> Option<Mention> {
    let mention = value.mention()?;
    if Some(&mention.key) == of {
        value.mistake(format!("`{}` cannot be incompatible with itself; name other bundles", mention.key));
        return None;
    }
    Some(mention)
}

fn stages(fields: &mut Fields<'_, '_>, waits: Minutes) -> Vec<StageDraft> {
    let tables = fields.may("stage", "[[bundle.stage]]", |v| Some(v.tables("a stage")));
    tables.into_iter().flatten().filter_map(|fields| stage(fields, waits)).collect()
}

fn stage(mut fields: Fields<'_, '_>, waits: Minutes) -> Option<StageDraft> {
    let name = fields.must("name", "\"Owner\"", |v| v.text(NAME));
    let need = fields.must("need", "1", |v| v.number(1..=u8::MAX.into()));
    let told = fields.told();
    let from = fields.must("from", "{ owners = true }", |v| source(v));
    let need = need.and_then(|need| u8::try_from(need).ok());
    if let (Some(need), Some(SourceDraft::People(people))) = (need, &from)
        && people.len() < usize::from(need)
        && fields.told() == told
    {
        fields
            .mistake(format!("`need` is {need}, and `people` names {}: name more people or need fewer", people.len()));
    }
    let step_up = fields.may("step_up", "\"passkey\"", |v| strength(v));
    let escalates_after = fields.may("escalates_after", "\"4h\"", |v| before_its_end(v, waits));
    fields.done();
    Some(StageDraft { name: name?, need: need?, from: from?, step_up, escalates_after })
}

fn before_its_end(value: Value<'_, '_>, waits: Minutes) -> Option<Minutes> {
    let after = value.minutes()?;
    if after >= waits {
        value.mistake(format!("`escalates_after` is {after}, and a request waits {waits}: escalate before its end"));
        return None;
    }
    Some(after)
}

fn strength(value: Value<'_, '_>) -> Option<Strength> {
    value.word("strength", Strength::ALL.into_iter().map(|it| (it.key(), it)))
}

fn source(value: Value<'_, '_>) -> Option<SourceDraft> {
    let told = value.told();
    let mut fields = value.table("`from`")?;
    let owners = fields.may("owners", "true", |v| v.only_true());
    let group = fields.may("group", "\"security\"", |v| v.mention());
    let people = fields.may("people", "[\"eva.holm\"]", |v| v.some("name at least one person", |v| v.mention()));
    let manager = fields.may("manager", "true", |v| v.only_true());
    let given =
        ["owners", "group", "people", "manager"].into_iter().filter(|name| fields.has(name)).collect::<Vec<_>>();
    fields.done();
    match given.as_slice() {
        [] if value.told() == told => value.mistake(NOBODY),
        [] | [_] => {}
        several => {
            let several = several.join("`, `");
            value.mistake(format!("`from` names `{several}`: keep one, and make a stage of each other"));
            return None;
        }
    }
    (owners.map(|()| SourceDraft::Owners))
        .or(group.map(SourceDraft::Group))
        .or(people.map(SourceDraft::People))
        .or(manager.map(|()| SourceDraft::Manager))
}

const NOBODY: &str = "`from` names nobody: write one of `owners = true`, `group`, `people` or `manager = true`";
