//! Holds every dependency against deny.toml: a licence that is allowed, and a source that everyone can look at.
//! The same file is read by cargo-deny, which need not be installed for this.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use crate::project::{Build, Project};
use crate::run;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Fails with one line for each dependency that has no allowed licence or comes from an unknown place.
pub fn check(project: &Project) -> Result<()> {
    let rules = Rules::read(&fs::read_to_string(project.path("deny.toml"))?)?;
    let metadata = run::read(project.cargo(Build::Dev).args(["metadata", "--format-version=1"]))?;
    let metadata: Metadata = serde_json::from_str(&metadata)?;
    let objections: Vec<String> = metadata.packages.iter().filter_map(|package| rules.objection(package)).collect();
    ensure!(objections.is_empty(), "these dependencies are not allowed by deny.toml:\n{}", objections.join("\n"));
    Ok(())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// A path has none.
    source: Option<String>,
}

/// The part of deny.toml that counts here.
#[derive(Deserialize)]
struct File {
    licenses: Licences,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

struct Rules {
    allowed: Vec<Licensee>,
    /// What single packages may have besides.
    exceptions: Vec<(String, Vec<Licensee>)>,
}

impl Rules {
    fn read(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).context("deny.toml cannot be read")?;
        Ok(Self {
            allowed: parse_all(&file.licenses.allow)?,
            exceptions: file
                .licenses
                .exceptions
                .into_iter()
                .map(|exception| Ok((exception.package, parse_all(&exception.allow)?)))
                .collect::<Result<_>>()?,
        })
    }

    /// Why a package may not be used, if it may not.
    fn objection(&self, package: &Package) -> Option<String> {
        let Package { name, version, .. } = package;
        if let Some(source) = &package.source
            && source != CRATES_IO
        {
            return Some(format!("{name} {version} comes from `{source}`"));
        }
        let Some(licence) = &package.license else {
            return Some(format!("{name} {version} names no licence"));
        };
        // Old packages write `MIT/Apache-2.0`.
        let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
            return Some(format!("{name} {version} has a licence that cannot be read: `{licence}`"));
        };
        let own = self.exceptions.iter().filter(|(excepted, _)| excepted == name).flat_map(|(_, licences)| licences);
        let allowed: Vec<&Licensee> = self.allowed.iter().chain(own).collect();
        let satisfied = expression.evaluate(|wanted| allowed.iter().any(|licence| licence.satisfies(wanted)));
        (!satisfied).then(|| format!("{name} {version} has the licence `{licence}`"))
    }
}

fn parse_all(licences: &[String]) -> Result<Vec<Licensee>> {
    licences
        .iter()
        .map(|licence| {
            Licensee::parse(licence).with_context(|| format!("deny.toml allows `{licence}`, which is no licence"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(licence: Option<&str>, source: Option<&str>) -> Option<String> {
        let rules = Rules::read(
            r#"
            [licenses]
            allow = ["Apache-2.0", "MIT"]
            exceptions = [{ crate = "styles", allow = ["MPL-2.0"] }]
            "#,
        )
        .expect("the rules can be read");
        rules.objection(&Package {
            name: "thing".to_owned(),
            version: "1.0.0".to_owned(),
            license: licence.map(str::to_owned),
            source: source.map(str::to_owned),
        })
    }

    #[test]
    fn takes_what_can_be_used_under_an_allowed_licence() {
        for licence in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "MIT AND Apache-2.0"] {
            assert_eq!(objection(Some(licence), Some(CRATES_IO)), None, "{licence}");
        }
    }

    #[test]
    fn refuses_what_needs_a_licence_that_is_not_allowed() {
        for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "MPL-2.0"] {
            assert_eq!(
                objection(Some(licence), Some(CRATES_IO)),
                Some(format!("thing 1.0.0 has the licence `{licence}`"))
            );
        }
    }

    #[test]
    fn an_exception_is_for_one_package_only() {
        let rules = Rules::read(
            r#"
            [licenses]
            allow = ["MIT"]
            exceptions = [{ crate = "styles", allow = ["MPL-2.0"] }]
            "#,
        )
        .expect("the rules can be read");
        let package = |name: &str| Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("MPL-2.0".to_owned()),
            source: None,
        };
        assert_eq!(rules.objection(&package("styles")), None);
        assert_eq!(rules.objection(&package("others")), Some("others 1.0.0 has the licence `MPL-2.0`".to_owned()));
    }

    #[test]
    fn refuses_what_says_nothing_or_comes_from_elsewhere() {
        assert_eq!(objection(None, None), Some("thing 1.0.0 names no licence".to_owned()));
        assert_eq!(
            objection(Some("free as in beer"), None),
            Some("thing 1.0.0 has a licence that cannot be read: `free as in beer`".to_owned())
        );
        assert_eq!(
            objection(Some("MIT"), Some("git+https://example.com/thing")),
            Some("thing 1.0.0 comes from `git+https://example.com/thing`".to_owned())
        );
    }
}
