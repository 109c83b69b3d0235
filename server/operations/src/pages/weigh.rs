//! What an approver should know before deciding: what becomes reachable, what was before, who else has it, what does not go together, and
//! what hangs on an identity that is not a person.

use super::{
    chain::{Others, chain},
    one_more,
};
use crate::{Error, Portal};
use domain::{
    ids::IdentityId,
    request::Request,
    views::{Context, GrantCard},
};
use store::Tx;

/// How many earlier grants are shown.
const EARLIER: usize = 5;
/// How many of those who have it too are named.
const NAMED: i64 = 4;

impl Portal {
    /// What an approver should know before deciding.
    pub(super) async fn context(&self, tx: &mut Tx, request: &Request, me: IdentityId) -> Result<Context, Error> {
        let subject = tx.identity(request.ask.subject).await?.ok_or(Error::NotFound)?;
        let (others, others_in_all) = tx.others_who_have(request.bundle(), subject.id, NAMED).await?;
        let live = tx.live_grants_of(subject.id).await?;
        let held = live.iter().filter(|grant| grant.request != request.id && grant.is_there());
        let held = tx.bundle_names(&held.map(|grant| grant.bundle).collect()).await?;
        let mut holds: Vec<_> = held.into_values().collect();
        holds.sort_unstable();
        holds.dedup();
        let delta = self.delta(tx, request, &subject, &live).await?;
        let chain = if subject.spec.kind.is_person() {
            None
        } else {
            Some(chain(tx, &subject, Some(request.id), Others::OfAll).await?)
        };
        let earlier = self.earlier(tx, request, me).await?;
        let conflicts = conflicts(tx, request).await?;
        Ok(Context { earlier, others, others_in_all, delta, holds, conflicts, chain })
    }

    /// The subject's earlier grants of the bundle.
    async fn earlier(&self, tx: &mut Tx, request: &Request, me: IdentityId) -> Result<Vec<GrantCard>, Error> {
        // One more, as its own grant may be among them.
        let mut earlier = tx.grants_of_bundle(request.ask.subject, request.bundle(), one_more(EARLIER)).await?;
        earlier.retain(|grant| grant.request != request.id);
        self.grant_cards(tx, &earlier, me).await
    }
}

/// What the subject holds or has asked for that must not be in the same hands, by the words of either, as of now.
async fn conflicts(tx: &mut Tx, request: &Request) -> Result<Vec<String>, Error> {
    let out = request.facts.bundle.spec.incompatible();
    let standings = tx.standings_of(request.ask.subject).await?;
    let ruled_out = tx.ruled_out_by(&standings.keys().copied().collect()).await?;
    let mut conflicts = Vec::new();
    for (id, (name, state)) in standings {
        let clashes = ruled_out.get(&id).is_some_and(|it| it.contains(&request.bundle()));
        if id == request.bundle() || !(out.contains(&id) || clashes) {
            continue;
        }
        conflicts.push(match state.as_str() {
            "active" => format!("holds “{name}”, which must not be in the same hands"),
            "ending" => format!("“{name}” is being taken back, and must not be in the same hands"),
            "waiting" => format!("has asked for “{name}”, which must not be in the same hands"),
            _ => format!("“{name}” is being made, and must not be in the same hands"),
        });
    }
    Ok(conflicts)
}
