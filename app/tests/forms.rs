//! Forms name the address they are sent to in plain text, as HTML does; here each address is held against the server functions there are.

use app::components::review::DraftAct;
use leptos::server_fn::axum::server_fn_paths;
use std::{collections::BTreeSet, fs, path::Path};

fn addresses_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the entry is there").path();
        if path.is_dir() {
            addresses_in(&path, found);
        } else {
            let text = fs::read_to_string(&path).expect("the file is text");
            found.extend(text.split('"').filter(|part| part.starts_with("/api/")).map(str::to_owned));
        }
    }
}

#[test]
fn every_form_is_sent_to_a_server_function() {
    let known: BTreeSet<_> = server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    let mut named = BTreeSet::new();
    addresses_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut named);
    assert!(named.len() > 10, "the forms were not found: {named:?}");
    let unknown: Vec<_> = named.difference(&known).collect();
    assert!(unknown.is_empty(), "no server function answers to {unknown:?}");
}

#[test]
fn whatever_is_done_to_a_draft_is_done_by_a_server_function() {
    let known: BTreeSet<_> = server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    for of in ["/api/bundles", "/api/guardrails"] {
        for act in DraftAct::ALL {
            let path = format!("{of}/{}", act.path());
            assert!(known.contains(&path), "no server function answers to {path}");
        }
    }
}
