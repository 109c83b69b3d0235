//! What can only be seen when all files are read: keys given twice, circles, accounts that clash, services where people are meant.

use super::{
    Catalogue, Mistake, Place, Stanza,
    draft::{Mention, SourceDraft},
    read::{Found, Table},
};
use domain::{resource::ConnectorKind, text::Key};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
};

/// Puts together what was found, and notes what does not fit.
pub(super) fn whole(found: Found, mistakes: &RefCell<Vec<Mistake>>) -> Catalogue {
    let mut mistakes = mistakes.borrow_mut();
    keys_given_twice(&found, &mut mistakes);
    accounts_that_clash(&found, &mut mistakes);
    let catalogue = Catalogue {
        people_and_services: firsts(found.identities, |it| &it.key),
        groups: firsts(found.groups, |it| &it.key),
        systems: firsts(found.systems, |it| &it.key),
        bundles: firsts(found.bundles, |it| &it.key),
    };
    groups_within_themselves(&catalogue, &mut mistakes);
    managers_in_a_circle(&catalogue, &mut mistakes);
    services_where_people_are_meant(&catalogue, &mut mistakes);
    catalogue
}

fn firsts<T>(stanzas: Vec<Stanza<T>>, key: impl Fn(&T) -> &Key) -> BTreeMap<Key, Stanza<T>> {
    let mut firsts = BTreeMap::new();
    for stanza in stanzas {
        firsts.entry(key(&stanza.it).clone()).or_insert(stanza);
    }
    firsts
}

fn keys_given_twice(found: &Found, mistakes: &mut Vec<Mistake>) {
    let mut firsts = BTreeMap::new();
    for given in &found.keys {
        // People and services are named in the same places, so they share their keys.
        let space = match given.table {
            Table::Person | Table::Service => Table::Person,
            Table::Group | Table::System | Table::Bundle => given.table,
        };
        match firsts.entry((space, &given.key)) {
            Entry::Vacant(free) => {
                free.insert(given);
            }
            Entry::Occupied(first) => {
                let first = first.get();
                let (table, key) = (first.table.name(), &given.key);
                mistakes.push(Mistake::at(
                    &given.at,
                    format!("`{key}` is already the key of a {table} at {}; name one of them otherwise", first.at),
                ));
            }
        }
    }
}

fn groups_within_themselves(catalogue: &Catalogue, mistakes: &mut Vec<Mistake>) {
    let edges = catalogue.groups.iter().map(|(key, stanza)| (key, stanza.it.groups.iter().collect()));
    for (circle, at) in circles(edges.collect()) {
        let says = match circle.as_slice() {
            [own] => format!("the group `{own}` holds itself: leave it out"),
            several => format!("{}: a group cannot be within itself", told(several, "holds")),
        };
        mistakes.push(Mistake::at(at, says));
    }
}

fn managers_in_a_circle(catalogue: &Catalogue, mistakes: &mut Vec<Mistake>) {
    let edges = catalogue.people_and_services.iter().map(|(key, stanza)| (key, stanza.it.manager.iter().collect()));
    for (circle, at) in circles(edges.collect()) {
        let says = match circle.as_slice() {
            [own] => {
                format!("`{own}` cannot be their own manager: name another, or none for the head")
            }
            several => format!("{}: somebody must be the head", told(several, "reports to")),
        };
        mistakes.push(Mistake::at(at, says));
    }
}

/// Circles among things that mention one another, each with the place of the mention that closes it.
fn circles<'a>(edges: BTreeMap<&'a Key, BTreeSet<&'a Mention>>) -> Vec<(Vec<&'a Key>, &'a Place)> {
    let places = (edges.iter())
        .flat_map(|(key, mentions)| mentions.iter().map(|mention| ((*key, &mention.key), &mention.at)))
        .collect::<BTreeMap<_, _>>();
    let plain = edges
        .into_iter()
        .map(|(key, mentions)| (key, mentions.into_iter().map(|mention| &mention.key).collect()))
        .collect();
    let closed = cycles(&plain).into_iter().filter_map(|circle| {
        let place = *places.get(&(*circle.last()?, *circle.first()?))?;
        Some((circle, place))
    });
    closed.collect()
}

fn told(circle: &[&Key], verb: &str) -> String {
    let mut names = circle.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
    names.extend(names.first().cloned());
    let chain = names.join(&format!(", which {verb} "));
    chain.replacen(&format!(", which {verb}"), &format!(" {verb}"), 1)
}

/// The circles in a graph: each begins with one of its members, and its last leads back to its first. There is none exactly when the
/// graph has none; where circles share members, not every one of them is listed.
pub fn cycles<N: Ord + Clone>(edges: &BTreeMap<N, BTreeSet<N>>) -> Vec<Vec<N>> {
    let mut cycles = Vec::new();
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        // Not recursive: a chain may be as long as the catalogue.
        let mut path = Vec::<N>::new();
        let mut open = BTreeMap::new();
        let mut ahead = vec![Step::Into(start.clone())];
        while let Some(step) = ahead.pop() {
            match step {
                Step::OutOf(node) => {
                    path.pop();
                    open.remove(&node);
                    done.insert(node);
                }
                Step::Into(node) => {
                    if let Some(began) = open.get(&node) {
                        cycles.push(path.iter().skip(*began).cloned().collect());
                        continue;
                    }
                    if done.contains(&node) {
                        continue;
                    }
                    open.insert(node.clone(), path.len());
                    path.push(node.clone());
                    ahead.push(Step::OutOf(node.clone()));
                    ahead.extend(edges.get(&node).into_iter().flatten().rev().cloned().map(Step::Into));
                }
            }
        }
    }
    cycles
}

enum Step<N> {
    Into(N),
    OutOf(N),
}

fn services_where_people_are_meant(catalogue: &Catalogue, mistakes: &mut Vec<Mistake>) {
    let mut people = |mention: &Mention, who: &str| {
        if let Some(named) = catalogue.people_and_services.get(&mention.key)
            && !named.it.kind.is_person()
        {
            let (key, kind) = (&mention.key, named.it.kind.key());
            mistakes.push(Mistake::at(&mention.at, format!("`{key}` is a service (`{kind}`): {who} is a person")));
        }
    };
    for stanza in catalogue.people_and_services.values() {
        stanza.it.manager.iter().for_each(|mention| people(mention, "a manager"));
        stanza.it.owners.iter().for_each(|mention| people(mention, "an owner"));
    }
    for stanza in catalogue.systems.values() {
        stanza.it.owners.iter().chain(&stanza.it.backup_owners).for_each(|mention| people(mention, "an owner"));
    }
    for stage in catalogue.bundles.values().flat_map(|stanza| &stanza.it.stages) {
        match &stage.from {
            SourceDraft::People(named) => named.iter().for_each(|mention| people(mention, "who decides")),
            SourceDraft::Owners | SourceDraft::Group(_) | SourceDraft::Manager => {}
        }
    }
}

fn accounts_that_clash(found: &Found, mistakes: &mut Vec<Mistake>) {
    let held_by_the_directory = (found.systems.iter())
        .filter(|stanza| stanza.it.connector == ConnectorKind::Directory)
        .map(|stanza| &stanza.it.key)
        .collect::<BTreeSet<_>>();
    let mut firsts = BTreeMap::<(&Key, &str), (&Key, &Place)>::new();
    for identity in found.identities.iter().map(|stanza| &stanza.it) {
        for (Mention { key: system, at }, account) in &identity.accounts {
            let holder = &identity.key;
            if held_by_the_directory.contains(system) {
                let says =
                    format!("`{system}` is held by the directory, where `{holder}` needs no account: leave it out");
                mistakes.push(Mistake::at(at, says));
            }
            let (first, told_at) = *firsts.entry((system, account)).or_insert((holder, at));
            if first != holder {
                let says = format!(
                    "the account `{account}` on `{system}` is already that of `{first}` at {told_at}; an account has one holder"
                );
                mistakes.push(Mistake::at(at, says));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graph(edges: &[(u8, u8)]) -> BTreeMap<u8, BTreeSet<u8>> {
        let mut graph = BTreeMap::<u8, BTreeSet<u8>>::new();
        for (from, to) in edges {
            graph.entry(*from).or_default().insert(*to);
        }
        graph
    }

    #[test]
    fn finds_circles_and_only_circles() {
        assert_eq!(cycles(&graph(&[(1, 2), (2, 3), (1, 3)])), Vec::<Vec<u8>>::new());
        assert_eq!(cycles(&graph(&[(1, 1)])), [[1]]);
        assert_eq!(cycles(&graph(&[(1, 2), (2, 3), (3, 2)])), [[2, 3]]);
        assert_eq!(cycles(&graph(&[(1, 2), (2, 1), (3, 4), (4, 3)])), [[1, 2], [3, 4]]);
    }

    #[test]
    fn a_long_chain_does_not_exhaust_the_stack() {
        let chain = (0..200_000_u32).map(|node| (node, BTreeSet::from([node + 1]))).collect();
        assert_eq!(cycles(&chain), Vec::<Vec<u32>>::new());
    }

    proptest! {
        #[test]
        fn there_is_a_circle_exactly_when_no_order_exists(edges in prop::collection::vec((0..8_u8, 0..8_u8), 0..20)) {
            let graph = graph(&edges);
            let found = cycles(&graph);
            for circle in &found {
                let ends = circle.iter().zip(circle.iter().cycle().skip(1));
                prop_assert!(ends.into_iter().all(|(from, to)| graph[from].contains(to)));
            }
            // Take away, again and again, what leads nowhere: something remains exactly when there is a circle.
            let mut left = graph;
            while let Some(end) = left.iter().find(|(_, to)| !to.iter().any(|to| left.contains_key(to))).map(|(node, _)| *node) {
                left.remove(&end);
            }
            prop_assert_eq!(found.is_empty(), left.is_empty());
        }
    }
}
