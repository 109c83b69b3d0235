//! A bundle as the editor's form: filled from the text of the catalogue, and written back to that text, so that a form is read and checked
//! exactly as a file is. Each line that is written remembers its field, and a mistake in the line is told at the field.

use super::{Mistake, draft::BundleDraft, read_bundle, write::quoted};
use domain::{
    bundle::BundleSpec,
    condition::Condition,
    form::{Field, Form, Input},
    views::editor::{FieldFault, STAGES, Values, WITH},
};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// What the form holds for a bundle as it is written in the catalogue.
pub fn values(text: &str) -> Values {
    let mut values = Values::new();
    // A text that this crate wrote is read; of any other nothing is filled in.
    let Ok(parsed) = text.parse::<Table>() else { return values };
    let Some(bundle) = parsed.get("bundle").and_then(|all| all.get(0)).and_then(Value::as_table) else { return values };
    let mut with = Vec::new();
    for (name, value) in bundle {
        if Condition::FORMS.iter().any(|form| form.key == name) {
            with.push(name.clone());
        }
        match value {
            Value::Table(fields) => {
                for (field, value) in fields {
                    values.insert(format!("{name}.{field}"), plain(value));
                }
            }
            Value::Array(stages) if name == BundleSpec::STAGE.key => {
                for (turn, stage) in stages.iter().filter_map(Value::as_table).enumerate() {
                    fill_stage(&mut values, turn, stage);
                }
            }
            _ => {
                values.insert(name.clone(), plain(value));
            }
        }
    }
    values.insert(WITH.to_owned(), with);
    values
}

fn fill_stage(values: &mut Values, turn: usize, stage: &Table) {
    let at = stage_at(turn);
    values.insert(format!("{at}.{WITH}"), vec!["true".to_owned()]);
    for (name, value) in stage {
        match value {
            // `from = { group = "security" }` is a choice, and beside it what was chosen.
            Value::Table(from) => {
                for (source, who) in from {
                    values.insert(format!("{at}.{name}"), vec![source.clone()]);
                    values.insert(format!("{at}.{source}"), plain(who));
                }
            }
            _ => {
                values.insert(format!("{at}.{name}"), plain(value));
            }
        }
    }
}

/// What stands in a field, one by one.
pub(super) fn plain(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(plain).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// The name of a stage within the form, counted from 0.
fn stage_at(turn: usize) -> String {
    format!("{}.{turn}", BundleSpec::STAGE.key)
}

/// A form written out as the text of the catalogue.
pub struct Written {
    text: String,
    /// Which field each line is of.
    lines: Vec<String>,
    /// Lines of fields that were left empty: that is told already.
    told: BTreeSet<usize>,
    faults: Vec<FieldFault>,
}

impl Written {
    /// Writes out what a form holds. The key of a bundle that is there already never changes.
    pub fn of(values: &Values, key: Option<&str>) -> Self {
        let mut written = Self { text: String::new(), lines: Vec::new(), told: BTreeSet::new(), faults: Vec::new() };
        written.line("", "[[bundle]]");
        for field in BundleSpec::own_fields() {
            match (key, field.input) {
                (Some(key), Input::Key) => written.line(field.name, &format!("key = {}", quoted(key))),
                _ => written.field(values, field.name, field.name, &field),
            }
        }
        let with = values.get(WITH).map(Vec::as_slice).unwrap_or_default();
        let (tables, plain): (Vec<&Form>, Vec<&Form>) = Condition::FORMS
            .iter()
            .filter(|form| with.iter().any(|key| key == form.key))
            .partition(|form| is_table(form));
        for form in plain {
            for field in form.fields {
                written.field(values, &form.path(field), form.key, field);
            }
        }
        for form in tables {
            written.line(form.key, &format!("[bundle.{}]", form.key));
            for field in form.fields {
                written.field(values, &form.path(field), field.name, field);
            }
        }
        for turn in 0..STAGES {
            written.stage(values, &stage_at(turn));
        }
        written
    }

    fn stage(&mut self, values: &Values, at: &str) {
        if !values.contains_key(&format!("{at}.{WITH}")) {
            return;
        }
        self.line(at, "[[bundle.stage]]");
        for field in BundleSpec::STAGE.fields {
            let path = format!("{at}.{}", field.name);
            match field.name {
                "from" => self.source(values, at, &path, field),
                "group" | "people" => {}
                name => self.field(values, &path, name, field),
            }
        }
    }

    /// From whom a stage's approvals come: a choice in the form, a table in the catalogue.
    fn source(&mut self, values: &Values, at: &str, path: &str, field: &Field) {
        let chosen = given(values, path, field.input);
        let chosen = chosen.first().map(String::as_str);
        let beside = BundleSpec::STAGE.fields.iter().find(|field| Some(field.name) == chosen);
        let (path, from) = match (beside, chosen) {
            (Some(beside), Some(source)) => {
                let path = format!("{at}.{source}");
                let who = given(values, &path, beside.input);
                if who.is_empty() {
                    self.faults.push(FieldFault { field: path.clone(), says: empty(beside) });
                    self.told.insert(self.lines.len() + 1);
                }
                let who = if beside.input.is_list() {
                    listed(&who)
                } else {
                    quoted(who.first().map(String::as_str).unwrap_or_default())
                };
                (path, format!("{source} = {who}"))
            }
            (None, Some(source)) => (path.to_owned(), format!("{source} = true")),
            (_, None) => (path.to_owned(), String::new()),
        };
        let from = if from.is_empty() { "{}".to_owned() } else { format!("{{ {from} }}") };
        self.line(&path, &format!("from = {from}"));
    }

    fn field(&mut self, values: &Values, path: &str, name: &str, field: &Field) {
        let given = given(values, path, field.input);
        if given.is_empty() {
            if !field.required {
                return;
            }
            self.faults.push(FieldFault { field: path.to_owned(), says: empty(field) });
            self.told.insert(self.lines.len() + 1);
        }
        let first = given.first().map(String::as_str).unwrap_or_default();
        let value = match field.input {
            Input::Yes => "true".to_owned(),
            Input::Number { .. } if !first.is_empty() && first.chars().all(|c| c.is_ascii_digit()) => {
                // A number in TOML does not begin with a zero.
                let digits = first.trim_start_matches('0');
                if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
            }
            input if input.is_list() => listed(&given),
            _ => quoted(first),
        };
        self.line(path, &format!("{name} = {value}"));
    }

    fn line(&mut self, path: &str, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines.extend(line.lines().map(|_| path.to_owned()));
    }

    /// Reads it as a file is read, or tells what is wrong with which field.
    pub fn read(&self) -> Result<BundleDraft, Vec<FieldFault>> {
        match read_bundle(&self.text) {
            Ok(draft) if self.faults.is_empty() => Ok(draft),
            Ok(_) => Err(self.faults.clone()),
            Err(mistakes) => Err(self.faults(&mistakes)),
        }
    }

    /// The mistakes at their fields, in the order of the form.
    pub fn faults(&self, mistakes: &[Mistake]) -> Vec<FieldFault> {
        let found = mistakes.iter().filter(|mistake| !self.told.contains(&mistake.line)).map(|mistake| {
            let field = self.lines.get(mistake.line.saturating_sub(1)).cloned().unwrap_or_default();
            FieldFault { says: as_said(&mistake.says, &field), field }
        });
        let mut faults: Vec<_> = self.faults.iter().cloned().chain(found).collect();
        let turn = |fault: &FieldFault| self.lines.iter().position(|path| *path == fault.field);
        faults.sort_by_key(turn);
        faults
    }
}

/// Whether a condition is a table in the catalogue, with its fields in it.
fn is_table(form: &Form) -> bool {
    form.fields.iter().all(|field| !field.name.is_empty())
}

/// What a field holds, blanks and repetitions left out.
fn given(values: &Values, path: &str, input: Input) -> Vec<String> {
    let all = values.get(path).map(Vec::as_slice).unwrap_or_default().iter().map(String::as_str);
    let parts: Vec<&str> = match input {
        Input::Tags => all.flat_map(|text| text.split(',')).collect(),
        _ if input.is_list() => all.flat_map(|text| text.split([',', ' ', '\n', '\t', '\r'])).collect(),
        // A pattern may mean its blanks.
        Input::Pattern => return all.filter(|text| !text.is_empty()).take(1).map(str::to_owned).collect(),
        _ => all.take(1).collect(),
    };
    let mut seen = BTreeSet::new();
    parts.into_iter().map(str::trim).filter(|it| !it.is_empty() && seen.insert(*it)).map(str::to_owned).collect()
}

fn listed(items: &[String]) -> String {
    let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", items.join(", "))
}

fn empty(field: &Field) -> String {
    let picked = field.input.is_list() || matches!(field.input, Input::One(_));
    let then = if picked && !matches!(field.input, Input::Tags) { "pick at least one" } else { "fill it in" };
    format!("“{}” is empty: {then}", field.label)
}

fn uncapital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A mistake as one says it beside a form, where fields have labels and nothing is written in TOML.
fn as_said(says: &str, path: &str) -> String {
    let part = path.split('.').next().unwrap_or_default();
    let fields = match Condition::FORMS.iter().find(|form| form.key == part) {
        _ if part == BundleSpec::STAGE.key => BundleSpec::STAGE.fields.to_vec(),
        Some(form) => form.fields.to_vec(),
        None => BundleSpec::own_fields(),
    };
    fields.iter().fold(says.to_owned(), |says, field| {
        let name = if field.name.is_empty() { part } else { field.name };
        says.replace(&format!("`{name} = "), "`").replace(&format!("`{name}`"), &format!("“{}”", field.label))
    })
}

/// Every field that a form can hold, by its name in the whole form, with its label and how it is filled in; in the form's order.
pub fn fields(values: &Values) -> Vec<(String, String, Input)> {
    let own =
        BundleSpec::own_fields().into_iter().map(|field| (field.name.to_owned(), field.label.to_owned(), field.input));
    let conditions = Condition::FORMS.into_iter().flat_map(|form| {
        form.fields.iter().map(move |field| {
            let label = if field.name.is_empty() {
                form.title.to_owned()
            } else {
                format!("{}: {}", form.title, uncapital(field.label))
            };
            (form.path(field), label, field.input)
        })
    });
    let stages =
        (0..STAGES).filter(|turn| values.contains_key(&format!("{}.{WITH}", stage_at(*turn)))).flat_map(|turn| {
            BundleSpec::STAGE.fields.iter().map(move |field| {
                let label = format!("Stage {}: {}", turn + 1, uncapital(field.label));
                (format!("{}.{}", stage_at(turn), field.name), label, field.input)
            })
        });
    own.chain(conditions).chain(stages).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = r#"[[bundle]]
key = "orders-write"
name = "Orders, “write” \\ and more"
says = "Change an order"
tags = ["orders", "support work"]
entitlements = ["orders-db/write"]
longest = "8h"
default = "4h"
non_human_longest = "1h"
waits = "3d"
askers = { groups = ["engineering"], kinds = ["person", "agent"] }
justification = { at_least = 20, pattern = " CASE-[0-9]+\\b", hint = "name the case" }
work_item = { pattern = "^CHG-[0-9]+$" }
hours = { days = ["mon", "sun"], from = "07:00", to = "19:30", zone = "Europe/Stockholm" }
environments = ["production"]
sensitivity_at_most = "high"
incompatible = ["orders-approve"]
automatic = true
step_up = "code"

  [[bundle.stage]]
  name = "Owner"
  need = 1
  from = { owners = true }

  [[bundle.stage]]
  name = "Security"
  need = 2
  from = { group = "security" }
  step_up = "passkey"
  escalates_after = "4h"

  [[bundle.stage]]
  name = "Two of us"
  need = 1
  from = { people = ["eva.holm", "ola.berg"] }
"#;

    fn set(values: &mut Values, name: &str, held: &[&str]) {
        values.insert(name.to_owned(), held.iter().map(|it| (*it).to_owned()).collect());
    }

    fn told(values: &Values) -> Vec<(String, String)> {
        let faults = Written::of(values, None).read().expect_err("something is wrong");
        faults.into_iter().map(|fault| (fault.field, fault.says)).collect()
    }

    #[test]
    fn a_form_says_what_the_text_says() {
        let from_text = read_bundle(BUNDLE).expect("it is sound");
        assert_eq!(Written::of(&values(BUNDLE), None).read(), Ok(from_text.clone()));
        assert_eq!(Written::of(&values(BUNDLE), Some("orders-write")).read(), Ok(from_text));
    }

    #[test]
    fn every_condition_and_every_field_of_it_is_in_the_form() {
        let values = values(BUNDLE);
        let with = values.get(WITH).expect("the conditions that are set");
        assert_eq!(with.len(), Condition::FORMS.len(), "{with:?}");
        let known: BTreeSet<_> = fields(&values).into_iter().map(|(path, ..)| path).collect();
        let apart = |path: &str| path == WITH || path.ends_with(&format!(".{WITH}")) || path.ends_with(".owners");
        for path in values.keys().filter(|path| !apart(path)) {
            assert!(known.contains(path), "{path} has no field");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_field_in_words_of_the_form() {
        let mut values = values(BUNDLE);
        set(&mut values, "name", &["  "]);
        set(&mut values, "longest", &["long"]);
        set(&mut values, "justification.at_least", &["0"]);
        set(&mut values, "hours.zone", &["Europe/Stokholm"]);
        set(&mut values, "hours.days", &[]);
        set(&mut values, "stage.1.group", &[]);
        set(&mut values, "stage.2.need", &["3"]);
        let told = told(&values);
        let says = |field: &str| told.iter().find(|(at, _)| at == field).map(|(_, says)| says.as_str());
        assert_eq!(says("name"), Some("“Name” is empty: fill it in"));
        assert_eq!(
            says("longest"),
            Some("`long` is not a length of time: write 30m, 8h or 2d, from 1 minute to 366 days")
        );
        assert_eq!(
            says("justification.at_least"),
            Some("“At least so many characters” must be from 1 to 2000; this is 0")
        );
        assert_eq!(says("hours.zone"), Some("`Europe/Stokholm` is no time zone: did you mean `Europe/Stockholm`?"));
        assert_eq!(says("hours.days"), Some("“On these days” is empty: pick at least one"));
        assert_eq!(says("stage.1.group"), Some("“Which group” is empty: fill it in"));
        assert_eq!(
            says("stage.2"),
            Some("“How many approve” is 3, and “Which people” names 2: name more people or need fewer")
        );
        assert_eq!(told.len(), 7, "each once: {told:?}");
        let order: Vec<_> = told.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(order.first().zip(order.last()), Some((&"name", &"stage.2")), "in the order of the form");
    }

    #[test]
    fn what_is_typed_cannot_become_anything_else() {
        let mut values = values(BUNDLE);
        for hostile in ["x\"\nautomatic = true\n", "x\"]\n[[bundle]]", "'''", "\"\"\"\n[[person]]", "\\\" = 1"] {
            set(&mut values, "says", &[hostile]);
            let written = Written::of(&values, None);
            match written.read() {
                Ok(draft) => assert_eq!(draft.says, hostile.trim()),
                Err(faults) => assert!(faults.iter().all(|fault| fault.field == "says"), "{hostile}: {faults:?}"),
            }
        }
        set(&mut values, "says", &["Change an order"]);
        // Neither the key of a bundle that is there, nor a field nobody knows, nor a stage beyond the last.
        set(&mut values, "key", &["another"]);
        set(&mut values, "nonsense", &["x"]);
        set(&mut values, "stage.99.with", &["true"]);
        let draft = Written::of(&values, Some("orders-write")).read().expect("it is sound");
        assert_eq!((draft.key.as_str(), draft.stages.len()), ("orders-write", 3));
    }

    #[test]
    fn lists_are_picked_typed_or_both() {
        let mut values = values(BUNDLE);
        set(&mut values, "stage.2.people", &["eva.holm", "ola.berg, eva.holm  bram.vos", ""]);
        set(&mut values, "tags", &["support work,  orders , "]);
        let draft = Written::of(&values, None).read().expect("it is sound");
        assert_eq!(draft.tags, BTreeSet::from(["orders".to_owned(), "support work".to_owned()]));
        let Some(super::super::SourceDraft::People(people)) = draft.stages.last().map(|stage| &stage.from) else {
            panic!("named people")
        };
        assert_eq!(people.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), ["bram.vos", "eva.holm", "ola.berg"]);
    }
}
