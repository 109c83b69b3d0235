//! Writing the catalogue back as text, so that what is in the portal can be read, kept and loaded elsewhere.

use crate::{
    Error, Portal,
    bundles::known_keys,
    catalogue::{self, Contents},
    guardrails::{RULES_FILE, TESTS_FILE},
};
use domain::{Actor, Refusal};

/// Every row of a kind, read five hundred at a time.
macro_rules! all {
    ($tx:expr, $page:ident) => {{
        let mut all = Vec::new();
        let mut from = store::FIRST.to_owned();
        loop {
            let page = $tx.$page("", &from, 500).await?;
            let Some(store::Listed { cursor, .. }) = page.last() else { break all };
            from.clone_from(cursor);
            all.extend(page.into_iter().map(|l| l.it));
        }
    }};
}
pub(crate) use all;

impl Portal {
    /// The whole catalogue as files by name; of bundles, what is published.
    pub async fn export(&self, actor: &Actor) -> Result<Vec<(String, String)>, Error> {
        if *actor != Actor::Operator {
            return Err(Refusal::NotAllowed("a catalogue is written from the command line").into());
        }
        let mut tx = self.store().read().await?;
        let keys = known_keys(&mut tx).await?;
        let identities = all!(tx, identities);
        let groups = all!(tx, groups);
        let systems = all!(tx, systems);
        let bundles = all!(tx, bundles);
        let contents = Contents {
            identities: identities.iter().map(|i| (&i.spec, i.standing)).collect(),
            groups: groups.iter().map(|g| &g.spec).collect(),
            systems: systems.iter().map(|s| &s.spec).collect(),
            bundles: bundles
                .iter()
                .filter(|b| b.retired_at.is_none())
                .filter_map(|b| b.published.as_ref())
                .map(|p| &p.spec)
                .collect(),
        };
        let mut files: Vec<_> =
            catalogue::write(&contents, &keys).into_iter().map(|file| (file.name, file.text)).collect();
        if let Some(counts) = tx.guardrails().await?.and_then(|set| set.published) {
            files.push((RULES_FILE.to_owned(), counts.spec.rules));
            files.push((TESTS_FILE.to_owned(), counts.spec.tests));
        }
        Ok(files)
    }
}
