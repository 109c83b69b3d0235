//! The catalogue as text: people, groups, systems and bundles in TOML files, read into drafts that refer to one another by key, and
//! written back from what the portal remembers. Nothing here knows a database; what an import does with the drafts is elsewhere.

mod check;
mod diff;
mod draft;
mod field;
mod form;
mod keys;
mod near;
mod read;
mod syntax;
mod write;

pub use check::cycles;
pub use diff::{changes, turned};
pub use draft::{
    BundleDraft, ConditionDraft, EntitlementKey, GroupDraft, IdentityDraft, Mention, SourceDraft, StageDraft,
    SystemDraft,
};
pub use form::{Written, fields, values};
pub use keys::{Keys, Naming, Resolve, Sort};
pub use write::{Contents, bundle_text, write};

use domain::text::Key;
use std::{cell::RefCell, collections::BTreeMap, fmt, sync::Arc};

/// A file of a catalogue: its name (for messages) and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without the folder.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// The whole catalogue by keys, checked in itself; nothing of any database is known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Everybody and everything that can hold access.
    pub people_and_services: BTreeMap<Key, Stanza<IdentityDraft>>,
    /// The groups.
    pub groups: BTreeMap<Key, Stanza<GroupDraft>>,
    /// The systems, each with its entitlements.
    pub systems: BTreeMap<Key, Stanza<SystemDraft>>,
    /// The bundles.
    pub bundles: BTreeMap<Key, Stanza<BundleDraft>>,
}

/// Something a file says, and where it says so. Two are equal when they say the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Stanza<T> {
    /// Where it begins.
    pub at: Place,
    /// What it says.
    pub it: T,
}

impl<T: PartialEq> PartialEq for Stanza<T> {
    fn eq(&self, other: &Self) -> bool {
        self.it == other.it
    }
}

impl<T: Eq> Eq for Stanza<T> {}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// The file's name; empty where there is only one text, as in the editor.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() { write!(f, "line {}", self.line) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// Something the catalogue says that cannot stand: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file's name; empty where there is only one text.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub says: String,
}

impl Mistake {
    /// A mistake at a place.
    pub fn at(place: &Place, says: impl Into<String>) -> Self {
        Self { file: place.file.to_string(), line: place.line, says: says.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            write!(f, "line {}: {}", self.line, self.says)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.says)
        }
    }
}

/// Reads the files as one catalogue, or tells every mistake there is in them, in the order of the files and their lines.
///
/// A reference to a key that no file defines is no mistake yet: the portal may know it. [`Catalogue::unknown`] finds those.
pub fn read(files: &[File]) -> Result<Catalogue, Vec<Mistake>> {
    let mistakes = RefCell::new(Vec::new());
    let mut found = read::Found::default();
    for file in files {
        read::file(file, &mistakes, &mut found);
    }
    let catalogue = check::whole(found, &mistakes);
    let mut mistakes = mistakes.into_inner();
    if mistakes.is_empty() {
        return Ok(catalogue);
    }
    let turns: BTreeMap<&str, usize> =
        files.iter().enumerate().rev().map(|(turn, file)| (file.name.as_str(), turn)).collect();
    mistakes.sort_by_key(|mistake| (turns.get(mistake.file.as_str()).copied(), mistake.line));
    Err(mistakes)
}

/// Reads one bundle, as the editor holds it: the same text as in a file, with nothing else beside it.
pub fn read_bundle(text: &str) -> Result<BundleDraft, Vec<Mistake>> {
    let Catalogue { people_and_services, groups, systems, bundles } =
        read(&[File { name: String::new(), text: text.to_owned() }])?;
    let others = (people_and_services.values().map(|stanza| &stanza.at))
        .chain(groups.values().map(|stanza| &stanza.at))
        .chain(systems.values().map(|stanza| &stanza.at));
    let mut mistakes = others
        .map(|at| Mistake::at(at, "only a [[bundle]] is written here; other things come by an import"))
        .collect::<Vec<_>>();
    let mut bundles = bundles.into_values().collect::<Vec<_>>();
    bundles.sort_by_key(|stanza| stanza.at.line);
    let mut bundles = bundles.into_iter();
    let first = bundles.next();
    mistakes
        .extend(bundles.map(|second| Mistake::at(&second.at, "only one [[bundle]] is written here; this is another")));
    let Some(first) = first else {
        mistakes.push(Mistake {
            file: String::new(),
            line: 1,
            says: "there is no bundle here: begin with [[bundle]]".to_owned(),
        });
        return Err(mistakes);
    };
    if mistakes.is_empty() { Ok(first.it) } else { Err(mistakes) }
}

impl Catalogue {
    /// Every reference to something that nobody knows, with its file and line.
    pub fn unknown(&self, known: &dyn Resolve) -> Vec<Mistake> {
        let mut ask = draft::Asking::new(known);
        for stanza in self.people_and_services.values() {
            stanza.it.spec(&mut ask);
        }
        for stanza in self.groups.values() {
            stanza.it.spec(&mut ask);
        }
        for stanza in self.systems.values() {
            stanza.it.spec(&mut ask);
        }
        for stanza in self.bundles.values() {
            stanza.it.spec(&mut ask);
        }
        let mut mistakes = ask.unknown;
        mistakes.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        mistakes
    }
}
