//! Lighthouse: how many points it gives the pages that people see most, as they are on a phone to somebody signed in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use super::acts::Crowd;
use super::client::Line;
use super::place::Folder;
use super::report::{Category, Page, Run};
use crate::e2e::Tools;
use crate::project::Project;
use crate::run;
use crate::steps::Steps;

/// How many steps it takes: two to get it, and one to look at the pages, which is done once.
pub const STEPS: usize = 3;

/// Where it is named: apart from the stories, which need none of it.
const PACKAGES: &str = "xtask/lighthouse";

const SCRIPT: &str = "lighthouse/cli/index.js";

/// A phone on a slow network is what Lighthouse makes up by itself.
const OPTIONS: [&str; 6] = [
    "--only-categories=performance,accessibility,best-practices",
    // As the stories start it.
    "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic",
    "--disable-full-page-screenshot",
    "--no-enable-error-reporting",
    "--output=json",
    "--quiet",
];

/// The tool, and where it keeps what it finds out.
pub struct Lighthouse {
    tools: Tools,
    folder: PathBuf,
}

impl Lighthouse {
    /// Finds or installs it, with the browser that it drives.
    pub fn obtain(project: &Project, steps: &Steps, folder: &Folder) -> Result<Self> {
        let tools = steps.loud("looking for Node and Chromium", || Tools::obtain(project, PACKAGES))?;
        steps.quiet("getting Lighthouse", || tools.get_packages())?;
        Ok(Self { tools, folder: folder.path().to_path_buf() })
    }

    /// Looks at each page, and says what costs points where they are too few.
    pub fn look_at_pages(&self, crowd: &Crowd, run: &mut Run) -> Result<()> {
        let (who, request) = crowd.reader()?;
        let mut warnings = BTreeSet::new();
        for page in Page::ALL {
            let path = match page {
                Page::Home => "/".to_owned(),
                Page::Catalogue => "/catalogue".to_owned(),
                Page::Request => format!("/requests/{request}"),
                Page::Inbox => "/inbox".to_owned(),
            };
            // Nobody is the first: what a portal keeps in memory from then on is there.
            crowd.client.page(who, &path)?;
            let seen = self.look_at(crowd.client.origin(), &who.looks_at(&path))?;
            run.points.insert(page, seen.points());
            run.remarks.extend(seen.remarks(page));
            warnings.extend(seen.run_warnings);
        }
        run.remarks.extend(warnings.into_iter().map(|it| format!("Lighthouse warns: {it}")));
        Ok(())
    }

    fn look_at(&self, origin: &str, line: &Line) -> Result<Seen> {
        let (headers, file) = (self.folder.join("headers.json"), self.folder.join("lighthouse.json"));
        // In files: everyone on this machine can read arguments, and what a program prints is shown when it fails.
        // Lighthouse repeats the cookie in what it writes.
        fs::write(&headers, json!({ "Cookie": line.cookie }).to_string())?;
        let mut command = self.tools.script(SCRIPT);
        command
            .arg(format!("{origin}{}", line.path))
            .arg("--extra-headers")
            .arg(&headers)
            .arg("--output-path")
            .arg(&file)
            .args(OPTIONS)
            .env("CHROME_PATH", self.tools.chromium());
        if let Err(lost) = run::read(&mut command) {
            // Now and then it loses the trace of a page, and asks for another try itself.
            eprintln!("once more, as Lighthouse failed: {lost:#}");
            run::read(&mut command)?;
        }
        let seen = Seen::of(&fs::read_to_string(&file)?)?;
        let (asked, came) = (&seen.requested_url, &seen.main_document_url);
        ensure!(asked == came, "Lighthouse was to look at `{asked}` and was led to `{came}`");
        Ok(seen)
    }
}

/// The part of what Lighthouse writes that counts here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    requested_url: String,
    main_document_url: String,
    run_warnings: Vec<String>,
    audits: BTreeMap<String, Audit>,
    categories: BTreeMap<Category, Judged>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    title: String,
    /// Of 1; none where it does not apply or failed.
    score: Option<f64>,
    display_value: Option<String>,
    error_message: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    /// Of 1; none where an audit that counts failed.
    score: Option<f64>,
    audit_refs: Vec<Part>,
}

/// What an audit counts in a category.
#[derive(Debug, Deserialize)]
struct Part {
    id: String,
    weight: f64,
}

impl Seen {
    fn of(text: &str) -> Result<Self> {
        // Without the text: the cookie is in it.
        serde_json::from_str(text).context("what Lighthouse writes cannot be read")
    }

    /// Of a hundred; what could not be judged is left out.
    fn points(&self) -> BTreeMap<Category, f64> {
        self.categories.iter().filter_map(|(category, it)| Some((*category, it.points()?))).collect()
    }

    fn remarks(&self, page: Page) -> Vec<String> {
        let judged = self.categories.iter().filter_map(|(category, judged)| {
            let says = match judged.points() {
                Some(points) if category.goal().is_met(points) => return None,
                Some(_) => "what costs points",
                None => "not judged, for",
            };
            Some(format!("{}: {says}: {}", category.of(page), self.costs(judged)))
        });
        judged.collect()
    }

    /// The audits that do not give all the points they could.
    fn costs(&self, judged: &Judged) -> String {
        let counted = judged.audit_refs.iter().filter(|part| part.weight > 0.0);
        let audits = counted.filter_map(|part| Some((&part.id, self.audits.get(&part.id)?)));
        let costly = audits.filter(|(_, audit)| audit.score.is_none_or(|score| score < 1.0));
        costly.map(|(id, audit)| audit.says(id)).collect::<Vec<_>>().join("; ")
    }
}

impl Judged {
    fn points(&self) -> Option<f64> {
        self.score.map(|score| (score * 100.0).round())
    }
}

impl Audit {
    fn says(&self, id: &str) -> String {
        let found = self.error_message.as_ref().or(self.display_value.as_ref());
        let found = found.map_or_else(String::new, |it| format!(": {it}"));
        format!("{} ({id}{found})", self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITES: &str = r#"{
        "lighthouseVersion": "12.8.2",
        "requestedUrl": "http://127.0.0.1:8080/",
        "mainDocumentUrl": "http://127.0.0.1:8080/",
        "runWarnings": ["a slow machine"],
        "configSettings": { "extraHeaders": { "Cookie": "c=1" } },
        "audits": {
            "first-contentful-paint": { "id": "first-contentful-paint", "title": "First paint", "score": 0.99 },
            "largest-contentful-paint": { "title": "Largest paint", "score": 0.5, "displayValue": "3.1 s" },
            "total-blocking-time": { "title": "Blocked", "score": 1 },
            "dom-size": { "title": "Many elements", "score": 0 },
            "color-contrast": { "title": "Contrast", "score": 1 },
            "video-caption": { "title": "Captions", "score": null, "scoreDisplayMode": "notApplicable" },
            "deprecations": { "title": "Old ways", "score": null, "errorMessage": "no trace" }
        },
        "categories": {
            "performance": { "title": "Performance", "score": 0.57, "auditRefs": [
                { "id": "first-contentful-paint", "weight": 10, "group": "metrics" },
                { "id": "largest-contentful-paint", "weight": 25 },
                { "id": "total-blocking-time", "weight": 30 },
                { "id": "dom-size", "weight": 0 }
            ] },
            "accessibility": { "score": 1, "auditRefs": [
                { "id": "color-contrast", "weight": 7 },
                { "id": "video-caption", "weight": 0 }
            ] },
            "best-practices": { "score": null, "auditRefs": [{ "id": "deprecations", "weight": 5 }] }
        }
    }"#;

    #[test]
    fn points_are_of_a_hundred_where_there_are_any() -> Result<()> {
        let points = Seen::of(WRITES)?.points();
        assert_eq!(points, BTreeMap::from([(Category::Performance, 57.0), (Category::Accessibility, 100.0)]));
        Ok(())
    }

    #[test]
    fn what_falls_short_is_named_with_what_costs_points() -> Result<()> {
        let remarks = Seen::of(WRITES)?.remarks(Page::Home);
        assert_eq!(
            remarks,
            [
                "Lighthouse: home, performance: what costs points: First paint (first-contentful-paint); \
                 Largest paint (largest-contentful-paint: 3.1 s)",
                "Lighthouse: home, best practices: not judged, for: Old ways (deprecations: no trace)",
            ]
        );
        Ok(())
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        let error = Seen::of(r#"{"configSettings":{"extraHeaders":{"Cookie":"c=1"}}}"#).expect_err("half of it");
        assert!(!format!("{error:#}").contains("c=1"), "{error:#}");
    }
}
