//! Where one can go by name: a few of each sort of thing the reader may see, and nothing that they may not.

use crate::{Error, Portal, facts::in_portal};
use domain::{
    Actor,
    identity::Identity,
    ids::{IdentityId, RequestId},
    views::Place,
};
use std::fmt::Display;
use store::{FIRST, Tx};

/// So many of each sort are found.
const FEW: i64 = 5;

impl Portal {
    /// What is called so, of all that the reader may open: bundles, systems, identities, groups and their own open requests. What is the
    /// reader's by a part in it is looked through in order, until there are a few of it.
    pub async fn places(&self, actor: &Actor, q: &str) -> Result<Vec<Place>, Error> {
        let now = self.now();
        let mut tx = self.store().read().await?;
        let authority = in_portal(&mut tx, actor, now).await?;
        let me = authority.actor().person().ok_or(Error::NotFound)?;
        let mut found = Found { q: q.trim().to_lowercase(), places: Vec::new() };
        for bundle in tx.catalogue(q, None, FIRST, FEW).await? {
            found.add("bundle", format_args!("/ask/{}", bundle.it.key), bundle.it.name());
        }
        if authority.reader().is_ok() {
            for system in tx.systems(q, FIRST, FEW).await? {
                found.add("system", format_args!("/systems/{}", system.it.spec.key), &system.it.spec.name);
            }
            for identity in tx.identities(q, FIRST, FEW).await? {
                found.add_identity(&identity.it);
            }
            for group in tx.groups(q, FIRST, FEW).await? {
                found.add("group", format_args!("/groups/{}", group.it.spec.key), &group.it.spec.name);
            }
        } else {
            found.systems_of(&mut tx, me).await?;
            found.identities_near(&mut tx, me).await?;
            for id in tx.groups_of(me, now).await? {
                if let Some(group) = tx.group(id).await? {
                    found.add_if_called("group", format_args!("/groups/{}", group.spec.key), &group.spec.name);
                }
            }
        }
        for request in tx.open_requests_of(me, "", 4 * FEW).await? {
            found.add_request(request.id, &request.sentence());
        }
        Ok(found.places)
    }
}

/// What was found so far.
struct Found {
    q: String,
    places: Vec<Place>,
}

impl Found {
    fn add(&mut self, kind: &str, path: impl Display, name: &str) {
        self.places.push(Place { path: path.to_string(), name: name.to_owned(), kind: kind.to_owned() });
    }

    /// Adds what is called so, as long as there are not a few of it yet.
    fn add_if_called(&mut self, kind: &str, path: impl Display, name: &str) {
        if self.wants(kind) && self.is_called(name) {
            self.add(kind, path, name);
        }
    }

    fn wants(&self, kind: &str) -> bool {
        let many = self.places.iter().filter(|place| place.kind == kind).count();
        i64::try_from(many).is_ok_and(|many| many < FEW)
    }

    fn is_called(&self, name: &str) -> bool {
        name.to_lowercase().contains(&self.q)
    }

    fn add_identity(&mut self, it: &Identity) {
        self.add(it.spec.kind.singular(), format_args!("/identities/{}", it.spec.key), &it.spec.name);
    }

    fn add_request(&mut self, id: RequestId, sentence: &str) {
        self.add_if_called("request", format_args!("/requests/{id}"), sentence);
    }

    /// The systems somebody owns, first hand or as backup.
    async fn systems_of(&mut self, tx: &mut Tx, who: IdentityId) -> Result<(), Error> {
        let (owns, backs_up) = tx.owned_by(who).await?;
        for id in owns.union(&backs_up) {
            if self.wants("system")
                && let Some(system) = tx.system(*id).await?
            {
                self.add_if_called("system", format_args!("/systems/{}", system.spec.key), &system.spec.name);
            }
        }
        Ok(())
    }

    /// Somebody themselves, those they manage, and what they answer for.
    async fn identities_near(&mut self, tx: &mut Tx, who: IdentityId) -> Result<(), Error> {
        let mine = tx.identity(who).await?.into_iter().map(|it| (who, it.spec.name));
        let near = tx.answered_for_by(who).await?.into_iter().map(|(id, name, _)| (id, name));
        let called = mine.chain(near).filter(|(_, name)| self.is_called(name)).map(|(id, _)| id);
        let few = usize::try_from(FEW).unwrap_or_default();
        for id in called.take(few).collect::<Vec<_>>() {
            if let Some(it) = tx.identity(id).await? {
                self.add_identity(&it);
            }
        }
        Ok(())
    }
}
