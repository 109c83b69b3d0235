//! What hangs on an identity that is not a person (R35, E9): who answers for it and for what else, what it holds and where.

use super::one_more;
use crate::Error;
use domain::{
    grant::Grant,
    identity::{Account, Identity, Standing},
    ids::{IdentityId, RequestId, SystemId},
    views::chain::{AccountOn, Answering, Chain, Decided, Holding},
};
use std::collections::{BTreeMap, BTreeSet};
use store::Tx;

/// How many bundles are named that it holds.
const HELD: usize = 10;
/// How many others are named that one of its owners answers for.
const OTHERS: usize = 10;
/// How many decisions are named.
const DECISIONS: i64 = 3;

/// Of whose other identities the reader may know.
#[derive(Clone, Copy)]
pub(super) enum Others {
    /// Of every owner's: that is for who decides, and who reads everything.
    OfAll,
    /// Of this owner's alone.
    Of(IdentityId),
}

/// What hangs on an identity that is not a person, as it stands beside one request.
pub(super) async fn chain(
    tx: &mut Tx,
    it: &Identity,
    beside: Option<RequestId>,
    others: Others,
) -> Result<Chain, Error> {
    let mut owners = Vec::new();
    for id in &it.spec.owners {
        if let Some(owner) = tx.identity(*id).await? {
            owners.push(answering(tx, &owner, it, others).await?);
        }
    }
    let mut grants = tx.live_grants_of(it.id).await?;
    let in_all = grants.len();
    grants.truncate(HELD);
    let reached = grants.iter().flat_map(|grant| &grant.assignments).map(|a| a.system);
    let systems: BTreeSet<SystemId> = reached.chain(it.accounts.keys().copied()).collect();
    let mut names = BTreeMap::new();
    for id in systems {
        names.extend(tx.system(id).await?.map(|system| (id, system.spec.name)));
    }
    let mut holds = Vec::new();
    for grant in &grants {
        let bundle = tx.bundle(grant.bundle).await?;
        holds.push(Holding {
            bundle: bundle.map_or_else(|| "a bundle that is gone".to_owned(), |it| it.name().to_owned()),
            systems: systems_of(grant, &names),
            until: grant.until(),
            state: grant.state.word().to_owned(),
        });
    }
    let decided = tx.last_decided_for(it.id, beside, DECISIONS).await?;
    let account =
        |(id, account): (&SystemId, &Account)| AccountOn { system: name(&names, *id), name: account.name.clone() };
    Ok(Chain {
        name: it.spec.name.clone(),
        kind: it.spec.kind,
        purpose: it.spec.purpose.clone(),
        owners,
        holds,
        holds_in_all: u32::try_from(in_all).unwrap_or(u32::MAX),
        accounts: it.accounts.iter().map(account).collect(),
        decided: decided.into_iter().map(|(by, bundle, yes, at)| Decided { by, bundle, yes, at }).collect(),
    })
}

/// Somebody who owns it, and what else they answer for; who has left answers for nothing.
async fn answering(tx: &mut Tx, owner: &Identity, it: &Identity, others: Others) -> Result<Answering, Error> {
    let name = owner.spec.name.clone();
    let left_at = match owner.standing {
        Standing::Active => None,
        Standing::Left { at } => Some(at),
    };
    let told = match others {
        Others::OfAll => true,
        Others::Of(who) => who == owner.id,
    };
    if left_at.is_some() || !told {
        return Ok(Answering { name, left_at, others: Vec::new(), others_cut: false });
    }
    let mut others = tx.also_owned_by(owner.id, it.id, one_more(OTHERS)).await?;
    let others_cut = others.len() > OTHERS;
    others.truncate(OTHERS);
    Ok(Answering { name, left_at, others, others_cut })
}

/// The systems a grant reaches, by name.
fn systems_of(grant: &Grant, names: &BTreeMap<SystemId, String>) -> Vec<String> {
    let systems: BTreeSet<_> = grant.assignments.iter().map(|a| a.system).collect();
    systems.into_iter().map(|id| name(names, id)).collect()
}

fn name(names: &BTreeMap<SystemId, String>, id: SystemId) -> String {
    names.get(&id).cloned().unwrap_or_else(|| "a system that is gone".to_owned())
}
