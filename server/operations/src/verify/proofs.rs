//! Whether what stands in an event about a step-up is so: that who acted stated what was done, and that a passkey which was registered as
//! theirs signed it. Of a password or a code nothing is left that could be checked.

use crate::{Error, stepup::passkeys::signed};
use chrono::{DateTime, Utc};
use domain::{
    authenticator::Means,
    event::{Envelope, Event},
    identity::IdentityEvent,
    ids::{AuthenticatorId, IdentityId, StreamId},
    stepup::{Act, Proof, Verified},
};
use store::Tx;

/// What is wrong with the step-up that stands in an event; `does` is the act that it must have been for, where that can be told.
pub(super) async fn wrong(tx: &mut Tx, envelope: &Envelope, does: Option<&Act>) -> Result<Vec<&'static str>, Error> {
    let Some(shown) = envelope.event.shown(None) else { return Ok(Vec::new()) };
    let verified = shown.verified;
    let by = envelope.actor.person();
    let mut wrong = Vec::new();
    match verified.stated() {
        Err(_) => wrong.push("what was stated for it cannot be read"),
        Ok(stated) => {
            if stated.canonical().ok().as_ref() != Some(&verified.statement) {
                wrong.push("what was stated for it is not in canonical form");
            }
            if by != Some(stated.by) {
                wrong.push("it was stated by somebody else than did it");
            }
            if does.is_some_and(|does| *does != stated.does) {
                wrong.push("what was stated for it is not what was done");
            }
        }
    }
    if verified.counts > verified.proof.strength() {
        wrong.push("its proof counted for more than it is");
    }
    if let (Some(by), Proof::Passkey { authenticator, .. }) = (by, &verified.proof) {
        let means = registered(tx, by, *authenticator, envelope.at).await?;
        wrong.extend(unsigned(verified, means.as_ref()));
    }
    Ok(wrong)
}

fn unsigned(verified: &Verified, means: Option<&Means>) -> Option<&'static str> {
    match means {
        None => Some("the passkey that signed it was never registered by who did it"),
        Some(means) => signed(&verified.statement, &verified.proof, means).err(),
    }
}

/// What an authenticator was registered as, in the chain of who had it by then.
async fn registered(
    tx: &mut Tx,
    whose: IdentityId,
    sought: AuthenticatorId,
    by_then: DateTime<Utc>,
) -> Result<Option<Means>, Error> {
    let added = tx.events_named(StreamId(whose.0), "authenticator_added").await?;
    Ok(added.iter().filter_map(|event| Envelope::read(&event.bytes).ok()).find_map(|envelope| {
        let Event::Identity(IdentityEvent::AuthenticatorAdded { authenticator, means, .. }) = envelope.event else {
            return None;
        };
        (authenticator == sought && envelope.at <= by_then).then_some(means)
    }))
}
