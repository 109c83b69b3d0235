//! The fields of the editor, each drawn as its condition, its stage or the bundle says it is filled in.

use crate::components::{
    field::{Field, Wrong, described},
    picks::{Picks, picked},
    words::capital,
};
use domain::{
    form::{Field as Asked, Input},
    views::editor::{BundleEditor, Choice, FieldFault, SystemChoice, Values},
};
use leptos::prelude::*;

/// What the fields are drawn with.
pub struct Sheet {
    /// What stands in them.
    pub values: Values,
    /// What is wrong with them.
    pub faults: Vec<FieldFault>,
    /// What can be picked.
    pub editor: BundleEditor,
}

/// The id of a field's control.
pub fn id(path: &str) -> String {
    format!("f-{}", path.replace(['.', '_'], "-"))
}

/// The name of a field's control.
pub fn name(path: &str) -> String {
    format!("fields[{path}][]")
}

/// What the form held, as it was kept.
pub fn kept(fields: &std::collections::BTreeMap<String, Vec<String>>) -> Values {
    let inner = |name: &str| name.strip_prefix("fields[")?.strip_suffix("][]").map(str::to_owned);
    fields.iter().filter_map(|(name, held)| Some((inner(name)?, held.clone()))).collect()
}

impl Sheet {
    /// What stands in a field.
    pub fn held(&self, path: &str) -> &[String] {
        self.values.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    fn first(&self, path: &str) -> String {
        self.held(path).first().cloned().unwrap_or_default()
    }

    /// What is wrong with a field.
    pub fn error(&self, path: &str) -> Option<String> {
        self.faults.iter().find(|fault| fault.field == path).map(|fault| capital(&fault.says))
    }

    /// A field, drawn as it is filled in.
    pub fn draw(&self, path: &str, field: &Asked) -> AnyView {
        match field.input {
            Input::Line { most } => self.line(path, field, most, None),
            Input::Pattern => self.line(path, field, 200, None),
            Input::Key => self.line(path, field, 64, None),
            Input::Span | Input::Number { .. } => self.line(path, field, 12, None),
            Input::Zone => self.line(path, field, 64, Some("zones")),
            Input::Group => self.line(path, field, 64, Some("groups")),
            Input::Time => self.line(path, field, 8, None),
            Input::Tags => self.line(path, field, 500, None),
            Input::Yes => self.yes(path, field),
            Input::One(_) => self.pills(path, field, "radio"),
            Input::Any(_) => self.pills(path, field, "checkbox"),
            Input::Groups => self.picks(path, field, &self.editor.groups, "groups"),
            Input::Bundles => self.picks(path, field, &self.editor.bundles, "bundles"),
            Input::People => self.picks(path, field, &self.editor.people, "people"),
            Input::Rights => self.rights(path, field),
        }
    }

    fn line(&self, path: &str, field: &Asked, most: u32, list: Option<&'static str>) -> AnyView {
        let (id, name) = (id(path), name(path));
        let error = self.error(path);
        let hint = Some(field.hint.to_owned()).filter(|hint| !hint.is_empty());
        let described = described(&id, hint.is_some(), error.is_some());
        let invalid = error.is_some().then_some("true");
        let value = match field.input {
            Input::Tags => self.held(path).join(", "),
            _ => self.first(path),
        };
        let (kind, mode, class) = match field.input {
            Input::Time => ("time", None, Some("short")),
            Input::Number { .. } => ("text", Some("numeric"), Some("short")),
            Input::Span => ("text", None, Some("short")),
            _ => ("text", None, None),
        };
        let code = matches!(field.input, Input::Pattern | Input::Key).then_some("false");
        view! {
            <Field id=id.clone() label=field.label hint error optional=!field.required>
                <input
                    id=id
                    name=name
                    type=kind
                    inputmode=mode
                    class=class
                    value=value
                    list=list
                    maxlength=most
                    autocomplete="off"
                    spellcheck=code
                    aria-describedby=described
                    aria-invalid=invalid
                />
            </Field>
        }
        .into_any()
    }

    fn yes(&self, path: &str, field: &Asked) -> AnyView {
        let id = id(path);
        let checked = !self.held(path).is_empty();
        let hint = format!("{id}-hint");
        view! {
            <div class="field">
                <label class="check">
                    <input type="checkbox" id=id name=name(path) value="true" checked=checked aria-describedby=hint.clone() />
                    {field.label}
                </label>
                <p class="hint" id=hint>
                    {field.hint}
                </p>
            </div>
        }
        .into_any()
    }

    /// Some of a few words, or one of them.
    fn pills(&self, path: &str, field: &Asked, kind: &'static str) -> AnyView {
        let held = self.held(path);
        let mut words = field.input.words();
        if kind == "radio" && !field.required {
            words.insert(0, ("", "nothing more"));
        }
        let none = kind == "radio" && !field.required && held.iter().all(String::is_empty);
        let pills = words
            .into_iter()
            .enumerate()
            .map(|(turn, (word, says))| {
                let checked = held.iter().any(|it| it == word) || (none && word.is_empty());
                let id = (turn == 0).then(|| id(path));
                view! {
                    <label>
                        <input id=id type=kind name=name(path) value=word checked=checked />
                        {says}
                    </label>
                }
            })
            .collect_view();
        self.group(path, field, view! { <div class="pills">{pills}</div> }.into_any())
    }

    /// What was picked, each to be taken away, and a line to add more.
    fn picks(&self, path: &str, field: &Asked, choices: &[Choice], list: &'static str) -> AnyView {
        let picked = picked(self.held(path), choices);
        let label = format!("{}: add by key", field.label);
        let within = view! { <Picks id=id(path) name=name(path) label picked list /> };
        self.group(path, field, within.into_any())
    }

    /// What systems can give, system by system; those that give something are open.
    fn rights(&self, path: &str, field: &Asked) -> AnyView {
        let held: Vec<&str> =
            self.held(path).iter().flat_map(|it| it.split([',', ' '])).filter(|it| !it.is_empty()).collect();
        let first = id(path);
        let systems = self
            .editor
            .systems
            .iter()
            .filter(|system| !system.rights.is_empty())
            .enumerate()
            .map(|(turn, system)| {
                let SystemChoice { name: title, says, rights } = system;
                let inside = rights.iter().filter(|right| held.contains(&right.value.as_str())).count();
                let summary = (turn == 0).then(|| first.clone());
                let rights = rights
                    .iter()
                    .map(|right| {
                        let checked = held.contains(&right.value.as_str());
                        view! {
                            <label class="check">
                                <input type="checkbox" name=name(path) value=right.value.clone() checked=checked />
                                <span>
                                    <strong>{right.name.clone()}</strong>
                                    <span class="hint">{capital(&right.says)}</span>
                                </span>
                            </label>
                        }
                    })
                    .collect_view();
                view! {
                    <details class="fold rights" open=inside != 0>
                        <summary id=summary>
                            {crate::components::icon::Icon::Chevron.svg()}
                            {title.clone()}
                            <span class="soft">{says.clone()}</span>
                        </summary>
                        <div>{rights}</div>
                    </details>
                }
            })
            .collect_view();
        // What no system offers any more stays until it is taken away.
        let offered = |value: &str| {
            self.editor.systems.iter().any(|system| system.rights.iter().any(|right| right.value == value))
        };
        let others = held.iter().filter(|value| !offered(value)).map(|value| {
            let value = (*value).to_owned();
            view! {
                <label class="check">
                    <input type="checkbox" name=name(path) value=value.clone() checked=true />
                    <code>{value.clone()}</code>
                </label>
            }
        });
        let others = others.collect_view();
        self.group(path, field, view! { {others} {systems} }.into_any())
    }

    /// Several controls under one name.
    fn group(&self, path: &str, field: &Asked, within: AnyView) -> AnyView {
        let id = id(path);
        let error = self.error(path);
        let class = if error.is_some() { "field bad" } else { "field" };
        let described = described(&id, !field.hint.is_empty(), error.is_some());
        let hint = (!field.hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{field.hint}</p> });
        view! {
            <fieldset class=class aria-describedby=described>
                <legend>
                    {field.label}
                    {(!field.required).then(|| view! { <span class="optional">" (optional)"</span> })}
                </legend>
                {hint}
                {error.map(|error| view! { <Wrong id=id.clone() error /> })}
                {within}
            </fieldset>
        }
        .into_any()
    }
}
