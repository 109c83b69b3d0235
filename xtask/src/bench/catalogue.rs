//! The catalogue of the portal that is measured, as `sallyport export` writes it: who works there, who decides, what there is to ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// As much of it as has to be known.
pub struct Catalogue {
    /// The systems.
    pub systems: Vec<System>,
    people: Vec<Person>,
    bundles: BTreeMap<String, Bundle>,
}

/// A system that gives access.
#[derive(Deserialize)]
pub struct System {
    /// Its key.
    pub key: String,
    owners: Vec<String>,
}

/// Something to ask for.
#[derive(Deserialize)]
pub struct Bundle {
    /// Its key.
    pub key: String,
    /// For how long one asks, when one does not say otherwise.
    pub default: String,
    name: String,
    step_up: Option<String>,
    #[serde(default)]
    stage: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    step_up: Option<String>,
}

#[derive(Deserialize)]
struct Person {
    key: String,
    #[serde(default)]
    left: bool,
}

/// What one file of it may hold.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    person: Vec<Person>,
    #[serde(default)]
    system: Vec<System>,
    #[serde(default)]
    bundle: Vec<Bundle>,
}

impl Catalogue {
    /// Reads what was written to a folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let file = |name: &str| read::<File>(&folder.join(name));
        Self::of(file("people.toml")?.person, file("systems.toml")?.system, file("bundles.toml")?.bundle)
    }

    fn of(people: Vec<Person>, systems: Vec<System>, bundles: Vec<Bundle>) -> Result<Self> {
        // What is confirmed first is not done by one form; what policy gives by itself leaves nothing to decide, and writes other rows than
        // an ask that waits.
        let plain = |bundle: &Bundle| {
            bundle.step_up.is_none() && !bundle.stage.is_empty() && bundle.stage.iter().all(|it| it.step_up.is_none())
        };
        let bundles = bundles.into_iter().filter(plain).map(|it| (it.key.clone(), it)).collect::<BTreeMap<_, _>>();
        let people = people.into_iter().filter(|it| !it.left).collect::<Vec<_>>();
        ensure!(
            !people.is_empty() && !systems.is_empty() && !bundles.is_empty(),
            "the catalogue names nobody, or nothing to ask for without a step-up"
        );
        Ok(Self { systems, people, bundles })
    }

    /// A bundle that can be asked for and decided without confirming anything, and that somebody decides.
    pub fn bundle(&self, key: &str) -> Option<&Bundle> {
        self.bundles.get(key)
    }

    /// So many sign-in names at the most: up to half of them of those who own a system, the others from everywhere.
    pub fn some_people(&self, most: usize) -> Vec<&str> {
        let known: BTreeSet<&str> = self.people.iter().map(|it| it.key.as_str()).collect();
        let owners = self.systems.iter().flat_map(|it| &it.owners).map(String::as_str);
        let owners: BTreeSet<&str> = owners.filter(|key| known.contains(key)).collect();
        let mut some: Vec<&str> = evenly(owners.iter().copied().collect(), most.div_ceil(2));
        let others: Vec<&str> = known.into_iter().filter(|key| !owners.contains(key)).collect();
        some.extend(evenly(others, most - some.len()));
        some
    }

    /// Words that people search by: the last of each bundle's name.
    pub fn words(&self) -> Vec<&str> {
        let last = self.bundles.values().filter_map(|it| it.name.split_whitespace().last());
        last.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// So many of them at the most, from beginning to end.
fn evenly(all: Vec<&str>, most: usize) -> Vec<&str> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    all.into_iter().step_by(step).take(most).collect()
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file).with_context(|| {
        format!("cannot read `{}`: name a folder that `sallyport export` has written", file.display())
    })?;
    toml::from_str(&text).with_context(|| format!("cannot read `{}`", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"
        [[person]]
        key = "ada"
        name = "Ada"
        [[person]]
        key = "bo"
        left = true
        [[person]]
        key = "cy"
        [[person]]
        key = "di"
        [[system]]
        key = "orders"
        owners = ["di", "bo"]
        [[bundle]]
        key = "read"
        name = "Orders, read refunds"
        default = "4h"
          [[bundle.stage]]
          name = "Owner"
        [[bundle]]
        key = "change"
        name = "Orders, change refunds"
        default = "4h"
          [[bundle.stage]]
          step_up = "passkey"
        [[bundle]]
        key = "see"
        name = "Orders, see hours"
        default = "4h"
    "#;

    fn catalogue() -> Result<Catalogue> {
        let File { person, system, bundle } = toml::from_str(CATALOGUE)?;
        Catalogue::of(person, system, bundle)
    }

    #[test]
    fn owners_sign_in_first_and_nobody_who_has_left() -> Result<()> {
        let catalogue = catalogue()?;
        assert_eq!(catalogue.some_people(9), ["di", "ada", "cy"]);
        assert_eq!(catalogue.some_people(2), ["di", "ada"]);
        Ok(())
    }

    #[test]
    fn what_wants_a_step_up_or_waits_for_nobody_is_not_asked_for() -> Result<()> {
        let catalogue = catalogue()?;
        assert_eq!(catalogue.bundle("read").map(|it| it.default.as_str()), Some("4h"));
        assert!(catalogue.bundle("change").is_none() && catalogue.bundle("see").is_none());
        assert_eq!(catalogue.words(), ["refunds"]);
        Ok(())
    }

    #[test]
    fn some_are_taken_from_everywhere() {
        assert_eq!(evenly(vec!["a", "b", "c", "d", "e"], 2), ["a", "d"]);
        assert_eq!(evenly(vec!["a", "b"], 5), ["a", "b"]);
        assert!(evenly(vec!["a"], 0).is_empty());
    }
}
