//! Fields taken out of a TOML table one by one. Each says what is wrong with it and what would be right; what nobody took is unknown.

use super::{
    Mistake, Place,
    draft::{EntitlementKey, Mention},
    near::nearest,
};
use chrono::NaiveTime;
use domain::{
    condition::Condition,
    minutes::{Minutes, NotMinutes},
    text::{Key, NotKey, and, line, or},
};
use std::{cell::RefCell, collections::BTreeSet, ops::RangeInclusive, sync::Arc};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A part of a file: turns offsets into lines, and gathers mistakes.
#[derive(Clone, Copy)]
pub(super) struct Page<'p> {
    /// The file's name.
    pub(super) file: &'p Arc<str>,
    /// Where each of the file's lines begins.
    pub(super) lines: &'p [usize],
    /// Where the part begins.
    pub(super) base: usize,
    /// Every mistake so far.
    pub(super) mistakes: &'p RefCell<Vec<Mistake>>,
}

impl Page<'_> {
    /// The place of an offset within the part.
    pub(super) fn place(&self, offset: usize) -> Place {
        let line = self.lines.partition_point(|start| *start <= self.base + offset);
        Place { file: Arc::clone(self.file), line: line.max(1) }
    }

    /// How many mistakes there are so far.
    fn told(&self) -> usize {
        self.mistakes.borrow().len()
    }

    /// Notes a mistake at an offset within the part.
    pub(super) fn mistake(&self, offset: usize, says: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake::at(&self.place(offset), says));
    }
}

/// What somebody typed, fit to be shown within a message.
pub(super) fn shown(text: &str) -> String {
    let mut shown = text
        .chars()
        .take(40)
        .flat_map(char::escape_debug)
        .collect::<String>()
        .replace("\\'", "'")
        .replace("\\\"", "\"");
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

/// The fields of one table.
pub(super) struct Fields<'p, 't> {
    page: Page<'p>,
    /// What the table is, as part of a sentence: `a person`.
    what: &'static str,
    at: usize,
    table: &'p DeTable<'t>,
    asked: Vec<&'static str>,
    missing: Vec<(&'static str, &'static str)>,
    elsewhere: Vec<&'static str>,
}

impl<'p, 't> Fields<'p, 't> {
    /// The fields of a table that begins at an offset.
    pub(super) fn new(page: Page<'p>, what: &'static str, at: usize, table: &'p DeTable<'t>) -> Self {
        Self { page, what, at, table, asked: Vec::new(), missing: Vec::new(), elsewhere: Vec::new() }
    }

    /// Where the table begins.
    pub(super) fn place(&self) -> Place {
        self.page.place(self.at)
    }

    /// Whether the field is there, whatever it holds.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// How many mistakes there are so far, here and before.
    pub(super) fn told(&self) -> usize {
        self.page.told()
    }

    /// Notes a mistake of the table as a whole.
    pub(super) fn mistake(&self, says: impl Into<String>) {
        self.page.mistake(self.at, says);
    }

    /// A field that must be there. `like` is what it may look like, for the message.
    pub(super) fn must<T>(
        &mut self,
        name: &'static str,
        like: &'static str,
        read: impl FnOnce(Value<'p, 't>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            self.missing.push((name, like));
        }
        self.may(name, like, read)
    }

    /// A field that may be there. `like` is what it may look like, for the message.
    pub(super) fn may<T>(
        &mut self,
        name: &'static str,
        like: &'static str,
        read: impl FnOnce(Value<'p, 't>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        let it = self.table.get(name)?;
        read(Value::new(self.page, name, like, it))
    }

    /// Fields that stand in another table, and why not in this one.
    pub(super) fn stands_elsewhere(&mut self, names: &[&'static str], why: &str) {
        for name in names {
            self.elsewhere.push(name);
            if let Some((key, _)) = self.table.get_key_value(*name) {
                self.page.mistake(key.span().start, format!("{} has no `{name}`: {why}", self.what));
            }
        }
    }

    /// Reports what is missing and what nobody asked for; a misspelt field is told once, not as both.
    pub(super) fn done(self) {
        let free = self.asked.iter().copied().filter(|name| !self.has(name)).collect::<Vec<_>>();
        let mut meant = BTreeSet::new();
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) || self.elsewhere.contains(&name) {
                continue;
            }
            let says = if let Some(near) = nearest(name, free.iter().copied()) {
                meant.insert(near);
                format!("{} has no `{}`: did you mean `{near}`?", self.what, shown(name))
            } else {
                let all = self.asked.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
                format!("{} has no `{}`; it has {}", self.what, shown(name), and(&all))
            };
            self.page.mistake(key.span().start, says);
        }
        for (name, like) in &self.missing {
            if !meant.contains(name) {
                self.mistake(format!("{} needs `{name}`: write for instance `{name} = {like}`", self.what));
            }
        }
    }
}

/// What stands in a field, or an item of a list in it.
#[derive(Clone, Copy)]
pub(super) struct Value<'p, 't> {
    page: Page<'p>,
    field: &'static str,
    like: &'static str,
    it: &'p Spanned<DeValue<'t>>,
}

impl<'p, 't> Value<'p, 't> {
    /// What stands in a field. `like` is what it may look like, for the message.
    pub(super) fn new(page: Page<'p>, field: &'static str, like: &'static str, it: &'p Spanned<DeValue<'t>>) -> Self {
        Self { page, field, like, it }
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        self.page.place(self.it.span().start)
    }

    /// How many mistakes there are so far, here and before.
    pub(super) fn told(&self) -> usize {
        self.page.told()
    }

    /// Notes a mistake in it.
    pub(super) fn mistake(&self, says: impl Into<String>) {
        self.page.mistake(self.it.span().start, says);
    }

    /// A text of at most so many characters, without what is blank around it.
    pub(super) fn text(&self, most: usize) -> Option<String> {
        let text = self.raw("a text in quotes")?.trim();
        if text.is_empty() {
            self.mistake(format!("`{}` is empty: write for instance `{} = {}`", self.field, self.field, self.like));
            return None;
        }
        self.checked(text, most)
    }

    /// An address to write to.
    pub(super) fn email(&self) -> Option<String> {
        let text = self.text(254)?;
        let fits = text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
        if !fits || text.contains(char::is_whitespace) {
            self.mistake(format!(
                "`{}` is no email address: write for instance `{} = {}`",
                shown(&text),
                self.field,
                self.like
            ));
            return None;
        }
        Some(text)
    }

    /// A regular expression, exactly as it stands.
    pub(super) fn pattern(&self) -> Option<String> {
        let text = self.checked(self.raw("a regular expression in quotes")?, usize::MAX)?;
        let gaps = Condition::WorkItem { pattern: Some(text.clone()), hint: None }.gaps();
        if gaps.is_empty() {
            return Some(text);
        }
        // The reason may draw the expression with an arrow below it; a mistake is one line.
        for gap in gaps {
            self.mistake(gap.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        None
    }

    /// A key.
    pub(super) fn key(&self) -> Option<Key> {
        let text = self.raw("a key in quotes")?;
        text.parse().map_err(|_| self.mistake(NotKey(shown(text)).to_string())).ok()
    }

    /// A reference to something else.
    pub(super) fn mention(&self) -> Option<Mention> {
        Some(Mention { key: self.key()?, at: self.place() })
    }

    /// A reference to an entitlement: `orders-db/read`.
    pub(super) fn entitlement(&self) -> Option<Mention<EntitlementKey>> {
        let text = self.raw("an entitlement in quotes")?;
        let key = text
            .split_once('/')
            .and_then(|(system, key)| Some(EntitlementKey { system: system.parse().ok()?, key: key.parse().ok()? }));
        let Some(key) = key else {
            self.mistake(format!(
                "`{}` is no entitlement: write the system's key, `/` and its own, like `orders-db/read`",
                shown(text)
            ));
            return None;
        };
        Some(Mention { key, at: self.place() })
    }

    /// A length of time.
    pub(super) fn minutes(&self) -> Option<Minutes> {
        let text = self.raw("a length of time in quotes")?;
        text.parse().map_err(|_| self.mistake(NotMinutes(shown(text)).to_string())).ok()
    }

    /// A time of the day, to the minute or to the second.
    pub(super) fn time(&self) -> Option<NaiveTime> {
        let text = self.raw("a time of the day in quotes")?;
        let time = match text.len() {
            5 => NaiveTime::parse_from_str(text, "%H:%M").ok(),
            8 => NaiveTime::parse_from_str(text, "%H:%M:%S").ok(),
            _ => None,
        };
        if time.is_none() {
            self.mistake(format!(
                "`{}` is no time of the day: write hours and minutes, from 00:00 to 23:59",
                shown(text)
            ));
        }
        time
    }

    /// An IANA time zone.
    pub(super) fn zone(&self) -> Option<chrono_tz::Tz> {
        let text = self.raw("a time zone in quotes")?;
        let zone = text.parse().ok();
        if zone.is_none() {
            let meant = match nearest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a continent and a city, like `Europe/Stockholm`".to_owned(),
            };
            self.mistake(format!("`{}` is no time zone: {meant}", shown(text)));
        }
        zone
    }

    /// One of a few words, each of which stands for something. `what` is what they are words for.
    pub(super) fn word<T>(&self, what: &str, words: impl IntoIterator<Item = (&'static str, T)>) -> Option<T> {
        let text = self.raw("a word in quotes")?;
        let mut all = Vec::new();
        for (word, it) in words {
            if word == text {
                return Some(it);
            }
            all.push(word);
        }
        let meant = match nearest(text, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {}", or(&all.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>())),
        };
        self.mistake(format!("`{}` is no {what}: {meant}", shown(text)));
        None
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, bounds: RangeInclusive<u32>) -> Option<u32> {
        let DeValue::Integer(digits) = self.it.get_ref() else {
            return self.wrong("a whole number");
        };
        let number = u32::from_str_radix(digits.as_str(), digits.radix()).ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (least, most) = bounds.into_inner();
            self.mistake(format!(
                "`{}` must be from {least} to {most}; this is {}",
                self.field,
                shown(digits.as_str())
            ));
        }
        number
    }

    /// Yes or no.
    pub(super) fn yes(&self) -> Option<bool> {
        match self.it.get_ref() {
            DeValue::Boolean(yes) => Some(*yes),
            _ => self.wrong("true or false, without quotes"),
        }
    }

    /// A field that is either true or absent.
    pub(super) fn only_true(&self) -> Option<()> {
        if self.yes()? {
            return Some(());
        }
        self.mistake(format!("`{}` may only be true: leave it out otherwise", self.field));
        None
    }

    /// A list; an item that is named twice is a mistake.
    pub(super) fn list<T>(&self, read: impl Fn(Value<'p, 't>) -> Option<T>) -> Option<Vec<T>> {
        let DeValue::Array(items) = self.it.get_ref() else {
            return self.wrong("a list");
        };
        let mut named = BTreeSet::new();
        let mut list = Vec::new();
        for it in items {
            let item = Self { it, ..*self };
            if let DeValue::String(text) = it.get_ref()
                && !named.insert(text.trim())
            {
                item.mistake(format!("`{}` names `{}` twice; keep one of them", self.field, shown(text)));
                continue;
            }
            list.extend(read(item));
        }
        Some(list)
    }

    /// A list whose order says nothing.
    pub(super) fn set<T: Ord>(&self, read: impl Fn(Value<'p, 't>) -> Option<T>) -> Option<BTreeSet<T>> {
        Some(self.list(read)?.into_iter().collect())
    }

    /// A list with at least one item, whose order says nothing. `why` says what an empty one would mean.
    pub(super) fn some<T: Ord>(&self, why: &str, read: impl Fn(Value<'p, 't>) -> Option<T>) -> Option<BTreeSet<T>> {
        if let DeValue::Array(items) = self.it.get_ref()
            && items.is_empty()
        {
            self.mistake(format!("`{}` is empty: {why}", self.field));
            return None;
        }
        self.set(read)
    }

    /// A table within the table.
    pub(super) fn table(&self, what: &'static str) -> Option<Fields<'p, 't>> {
        match self.it.get_ref() {
            DeValue::Table(table) => Some(Fields::new(self.page, what, self.it.span().start, table)),
            _ => self.wrong("a table in braces"),
        }
    }

    /// The tables under a header in double brackets, which is also what the field looks like.
    pub(super) fn tables(&self, what: &'static str) -> Vec<Fields<'p, 't>> {
        let DeValue::Array(items) = self.it.get_ref() else {
            self.mistake(format!("begin with {}, in double brackets: there can be more than one", self.like));
            return Vec::new();
        };
        items.iter().filter_map(|it| Self { it, ..*self }.below_its_header(what)).collect()
    }

    fn below_its_header(&self, what: &'static str) -> Option<Fields<'p, 't>> {
        if let DeValue::Table(table) = self.it.get_ref() {
            return Some(Fields::new(self.page, what, self.it.span().start, table));
        }
        self.mistake(format!("write the fields of {what} below its header, {}", self.like));
        None
    }

    /// A table of texts under names that are not ours: each name, where it stands, and the text.
    pub(super) fn texts(&self, most: usize) -> Option<Vec<(&'p str, Value<'p, 't>, String)>> {
        let DeValue::Table(table) = self.it.get_ref() else {
            return self.wrong("a table in braces");
        };
        let texts = table.iter().filter_map(|(name, it)| {
            let value = Self { it, ..*self };
            if let DeValue::Table(_) = it.get_ref() {
                value.mistake(format!(
                    "put a name that holds a dot in quotes, like `{} = {{ \"a.b\" = \"c\" }}`",
                    self.field
                ));
                return None;
            }
            Some((name.get_ref().as_ref(), value, value.text(most)?))
        });
        Some(texts.collect())
    }

    fn raw(&self, wants: &str) -> Option<&'p str> {
        match self.it.get_ref() {
            DeValue::String(text) => Some(text),
            _ => self.wrong(wants),
        }
    }

    fn checked(&self, text: &str, most: usize) -> Option<String> {
        line(text, most, false).map_err(|why| self.mistake(format!("`{}` {why}", self.field))).ok()?;
        Some(text.to_owned())
    }

    fn wrong<T>(&self, wants: &str) -> Option<T> {
        let is = match self.it.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.mistake(format!("`{}` wants {wants}, like `{} = {}`; this is {is}", self.field, self.field, self.like));
        None
    }
}
