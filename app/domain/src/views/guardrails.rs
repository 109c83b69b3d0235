//! What the pages of the guardrails show.

use super::{Change, Line, RemarkView, ReplayView};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

view! {
    /// One rule, as people read it.
    GuardrailView {
        /// Its name.
        id: String,
        /// Its sentence.
        says: String,
        /// Whether it forbids; else it permits, and may demand something.
        forbids: bool,
        /// What it demands, each in a few words.
        demands: Vec<String>,
    }

    /// Something wrong with a text, and in which line.
    TextFault {
        /// The line, where it is known; the first is 1.
        line: Option<usize>,
        /// What is wrong and what would be right.
        says: String,
    }

    /// How one test ended.
    TestView {
        /// What it says.
        says: String,
        /// In which line it begins.
        line: usize,
        /// Why it failed; nothing when it holds.
        failures: Vec<String>,
    }

    /// What a text of guardrails comes to.
    GuardrailSketch {
        /// The rules, where they can be read.
        rules: Vec<GuardrailView>,
        /// What is wrong with the rules.
        rule_faults: Vec<TextFault>,
        /// What is wrong with the tests as they are written.
        test_faults: Vec<TextFault>,
        /// The tests that were run.
        tests: Vec<TestView>,
        /// What else keeps it from being published.
        gaps: Vec<String>,
    }

    /// The draft of the guardrails.
    GuardrailDraft {
        /// Which version it will be.
        number: u32,
        /// Everybody who wrote some of it.
        by: String,
        /// Who submitted it for review, and when.
        submitted: Option<(String, DateTime<Utc>)>,
        /// What it would change, rule by rule.
        diff: Vec<Change>,
        /// What it comes to.
        sketch: GuardrailSketch,
        /// What it would have changed for the requests on record.
        replay: Option<ReplayView>,
        /// Whether the reader may publish it.
        may_publish: bool,
        /// Why not.
        why_not: Option<String>,
        /// Submit it for review.
        submit: bool,
        /// Take it back from review.
        withdraw: bool,
        /// Write on it.
        comment: bool,
        /// Send it back to who wrote it.
        send_back: bool,
        /// Throw it away.
        discard: bool,
    }

    /// The page of the guardrails.
    GuardrailPage {
        /// Which version counts now, who published it, and when.
        published: Option<(u32, String, DateTime<Utc>)>,
        /// Its rules.
        rules: Vec<GuardrailView>,
        /// Its text.
        text: Option<String>,
        /// The version that is written and not published.
        draft: Option<GuardrailDraft>,
        /// What was written on it, oldest first.
        remarks: Vec<RemarkView>,
        /// Whether the reader may edit.
        may_edit: bool,
        /// What happened, newest first.
        lines: Vec<Line>,
    }

    /// The editor of the guardrails, filled.
    GuardrailEditor {
        /// How many versions there were when it was drawn.
        after: u32,
        /// Whether it is filled with the set that is worth beginning with, as nothing was written yet.
        starting: bool,
        /// The rules.
        rules: String,
        /// Their tests.
        tests: String,
        /// The words that rules are written in.
        words: String,
    }
}
