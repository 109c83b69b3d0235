//! Events in people's words: the timeline of a request, what happened to a bundle, the trail.

use crate::Error;
use chrono::{DateTime, Utc};
use domain::{
    authenticator::{Failure, Used, Young},
    bundle::BundleEvent,
    event::{Envelope, Event},
    grant::{GrantEvent, Leaving, Why},
    group::GroupEvent,
    guardrail::GuardrailEvent,
    identity::IdentityEvent,
    ids::EntitlementId,
    job::RightKey,
    portal::PortalEvent,
    replay::Found,
    request::RequestEvent,
    resource::SystemEvent,
    ruling::Outcome,
    stepup::{Strength, Verified},
    text::TextRef,
    views::Line,
};
use std::collections::BTreeMap;
use store::{EventRow, Right, Tx};

/// The rights that events name, read at once.
struct Rights(BTreeMap<EntitlementId, Right>);

/// Says events in words, with what was written in them, in the order in which they come.
pub(crate) async fn lines(tx: &mut Tx, rows: &[EventRow]) -> Result<Vec<Line>, Error> {
    Ok(told(tx, rows).await?.into_iter().map(|(_, line)| line).collect())
}

/// The same, each beside what it says in words.
pub(crate) async fn told(tx: &mut Tx, rows: &[EventRow]) -> Result<Vec<(Envelope, Line)>, Error> {
    let events = rows.iter().map(EventRow::envelope).collect::<Result<Vec<_>, _>>()?;
    let named = events.iter().filter_map(right).map(|right| right.entitlement).collect();
    let rights = Rights(tx.entitlements(&named).await?);
    let said: Vec<_> = events.iter().map(|event| rights.say(event)).collect();
    let texts = said.iter().filter_map(|said| said.text.as_ref()).map(|text| text.id).collect();
    let texts = tx.texts(&texts).await?;
    let told = rows.iter().zip(events).zip(said).map(|((row, envelope), Said { what, text, decided })| {
        let line = Line {
            id: row.id,
            at: envelope.at,
            who: who(&envelope),
            what,
            text: text.map(|text| texts.get(&text.id).cloned().unwrap_or_else(erased)),
            decided,
            event: envelope.event.name().to_owned(),
            hash: row.hash.clone(),
            founding: envelope.founding,
        };
        (envelope, line)
    });
    Ok(told.collect())
}

/// Who did it; of a decision also in whose place, as it was called then.
fn who(envelope: &Envelope) -> String {
    if let Event::Request(event) = &envelope.event
        && let RequestEvent::Approved { decision, .. } | RequestEvent::Denied { decision } = event.as_ref()
    {
        return decision.name.clone();
    }
    envelope.actor.to_string()
}

/// A free text, or that it was erased.
pub(crate) async fn written(tx: &mut Tx, text: &TextRef) -> Result<String, Error> {
    Ok(tx.text(text.id).await?.unwrap_or_else(erased))
}

fn erased() -> String {
    "(this text was erased)".to_owned()
}

struct Said {
    what: String,
    text: Option<TextRef>,
    decided: bool,
}

fn decided(what: impl Into<String>) -> Said {
    Said { what: what.into(), text: None, decided: true }
}

fn done(what: impl Into<String>) -> Said {
    Said { what: what.into(), text: None, decided: false }
}

impl Rights {
    fn say(&self, envelope: &Envelope) -> Said {
        match &envelope.event {
            Event::Portal(event) => decided(match event {
                PortalEvent::PortalFounded {} => "founded the portal".to_owned(),
                PortalEvent::FoundingEnded { because } => format!("ended founding mode: {because}"),
                PortalEvent::DemoMade {} => "made this a demo, where everybody has the same known password".to_owned(),
                PortalEvent::CatalogueImported { created, changed, left, ended } => {
                    format!("loaded a catalogue: {created} new, {changed} changed, {left} left, {ended} grants ended")
                }
            }),
            Event::Identity(event) => decided(of_identity(event, envelope.version)),
            Event::Group(event) => of_group(event, envelope.version),
            Event::System(event) => of_system(event, envelope.version),
            Event::Bundle(event) => of_bundle(event),
            Event::Guardrail(event) => of_guardrails(event),
            Event::Request(event) => of_request(event),
            Event::Grant(event) => self.of_grant(event),
        }
    }

    fn of_grant(&self, event: &GrantEvent) -> Said {
        match event {
            GrantEvent::GrantOpened { rights, .. } => done(match rights.len() {
                1 => "began to make one right".to_owned(),
                n => format!("began to make {n} rights"),
            }),
            GrantEvent::LookedBefore { right, was_there: false } => {
                done(format!("looked first: {} was not there", self.name(right)))
            }
            GrantEvent::LookedBefore { right, was_there: true } => {
                done(format!("found {} there before this grant; it will stay at the end", self.name(right)))
            }
            GrantEvent::SeenPresent { right } => done(format!("saw that {} is there", self.name(right))),
            GrantEvent::SeenAbsent { right } => done(format!("saw that {} is gone", self.name(right))),
            GrantEvent::LeftThere { right, why } => {
                let right = self.name(right);
                done(match why {
                    Leaving::ThereBefore => format!("left {right} as it was before this grant"),
                    Leaving::StillNeeded => format!("left {right} there, as another grant needs it"),
                    Leaving::NeverGiven => format!("left {right} alone, as it was never given"),
                })
            }
            GrantEvent::Attested { right, present: true } => done(format!("set up {} by hand", self.name(right))),
            GrantEvent::Attested { right, present: false } => done(format!("took away {} by hand", self.name(right))),
            GrantEvent::Troubled { right, says } => done(format!("could not change {}: {says}", self.name(right))),
            GrantEvent::GrantActive { until } => done(format!("the access is there; it ends {}", day(*until))),
            GrantEvent::GrantEnding { why } => match why {
                Why::GivenBack {} => decided("gave the access back"),
                Why::Revoked {} => decided("revoked the access"),
                Why::Expired {} => done("ended it: its time was over"),
                Why::Left {} => decided("ended it, as its holder left the company"),
                Why::Continued { .. } => done("handed over to the grant that continues it"),
                Why::Lapsed {} => done("gave up: the access was not there in time"),
            },
            GrantEvent::GrantEnded {} => done("closed the grant: every right is settled"),
        }
    }

    /// A right by name: `“Read orders” on Orders database`.
    fn name(&self, right: &RightKey) -> String {
        let known = self.0.get(&right.entitlement);
        known.map_or_else(|| "a right".to_owned(), |it| format!("“{}” on {}", it.name, it.on))
    }
}

fn of_identity(event: &IdentityEvent, version: u32) -> String {
    match event {
        IdentityEvent::IdentityDefined { spec } if version == 1 => format!("added {}", spec.name),
        IdentityEvent::IdentityDefined { spec } => format!("changed what the catalogue says of {}", spec.name),
        IdentityEvent::IdentityLeft { said_by: None, verified } => {
            format!("said that they left{}", sure(verified.as_ref()))
        }
        IdentityEvent::IdentityLeft { said_by: Some(by), verified } => {
            format!("confirmed that they left, as {by} had said{}", sure(verified.as_ref()))
        }
        IdentityEvent::DepartureProposed { verified } => {
            format!("said that they left, for another admin to confirm{}", sure(verified.as_ref()))
        }
        IdentityEvent::DepartureTakenBack {} => "said that they have not left".to_owned(),
        IdentityEvent::IdentityReturned { verified } => format!("said that they came back{}", sure(verified.as_ref())),
        IdentityEvent::Invited { .. } => "issued a one-time link".to_owned(),
        IdentityEvent::PasswordSet { .. } => "set a password".to_owned(),
        IdentityEvent::PasswordRehashed { .. } => "hashed their password anew, and stronger".to_owned(),
        IdentityEvent::SignedOutEverywhere {} => "signed out everywhere".to_owned(),
        IdentityEvent::AuthenticatorAdded { name, means, verified, young, .. } => {
            let kind = if means.strength() == Strength::Passkey { "passkey" } else { "authenticator app" };
            format!("added the {kind} “{name}”, with {}{}", verified.proof.word(), counting(*young))
        }
        IdentityEvent::AuthenticatorRenamed { name, verified, .. } => {
            format!("called an authenticator “{name}”{}", sure(verified.as_ref()))
        }
        IdentityEvent::AuthenticatorRemoved { verified, .. } => {
            format!("removed an authenticator, with {}", verified.proof.word())
        }
        IdentityEvent::RecoveryCodesMade { codes, young, .. } => {
            format!("made {} new recovery codes{}", codes.len(), counting(*young))
        }
        IdentityEvent::SteppedUp { used } => format!("confirmed an act with {}", with(used)),
        IdentityEvent::ProofSpent { used } => {
            format!("showed who they are with {}, but the act was refused", with(used))
        }
        IdentityEvent::StepUpFailed { tried, why, until } => {
            let locks = until.map(|until| format!(", once too often: none counts until {}", day(until)));
            format!("{}{}", failed(*tried, *why), locks.unwrap_or_default())
        }
        IdentityEvent::ResetAsked { verified } => {
            format!("asked to reset their passkeys and codes{}", sure(verified.as_ref()))
        }
        IdentityEvent::ResetRefused {} => "took back or refused that reset".to_owned(),
        IdentityEvent::DelegationMade { until, verified, .. } => {
            format!("let another decide in their place until {}, with {}", day(*until), verified.proof.word())
        }
        IdentityEvent::DelegationEnded {} => "ended that another decides in their place".to_owned(),
        IdentityEvent::AuthenticatorsReset { asked_by, verified, .. } => {
            format!("reset their passkeys and codes, as {asked_by} had asked, with {}", verified.proof.word())
        }
    }
}

fn of_group(event: &GroupEvent, version: u32) -> Said {
    match event {
        GroupEvent::GroupDefined { spec } if version == 1 => decided(format!("added the group {}", spec.name)),
        GroupEvent::GroupDefined { spec } => decided(format!("changed the group {}", spec.name)),
        GroupEvent::MembersProposed { .. } => decided("proposed others to be in the group"),
        GroupEvent::MembersConfirmed { verified, .. } => {
            decided(format!("confirmed who is in the group{}", sure(verified.as_ref())))
        }
        GroupEvent::MembersRejected { text, .. } => {
            Said { what: "sent that proposal back".to_owned(), text: Some(text.clone()), decided: true }
        }
        GroupEvent::MembersTakenBack { .. } => decided("took that proposal back"),
    }
}

fn of_system(event: &SystemEvent, version: u32) -> Said {
    match event {
        SystemEvent::SystemDefined { spec } if version == 1 => decided(format!("added the system {}", spec.name)),
        SystemEvent::SystemDefined { spec } => decided(format!("changed the system {}", spec.name)),
        SystemEvent::OwnersProposed { .. } => {
            decided("proposed to change who decides about the system, or what guards it")
        }
        SystemEvent::OwnersCommented { text, .. } => {
            Said { what: "wrote on that proposal".to_owned(), text: Some(text.clone()), decided: true }
        }
        SystemEvent::OwnersConfirmed { verified, .. } => {
            decided(format!("confirmed who decides about the system, and what guards it{}", sure(verified.as_ref())))
        }
        SystemEvent::OwnersRejected { text, .. } => {
            Said { what: "sent that proposal back".to_owned(), text: text.clone(), decided: true }
        }
        SystemEvent::OwnersTakenBack { .. } => decided("took that proposal back"),
    }
}

/// How somebody showed who they are for it, where they did.
fn sure(verified: Option<&Verified>) -> String {
    verified.map(|it| format!(", with {}", it.proof.word())).unwrap_or_default()
}

fn with(used: &Used) -> &'static str {
    match used {
        Used::Password {} => "their password",
        Used::Code { .. } => "a one-time code",
        Used::RecoveryCode { .. } => "a recovery code",
        Used::Passkey { .. } => "a passkey",
    }
}

fn failed(tried: Strength, why: Failure) -> String {
    let with = tried.word();
    match why {
        Failure::Wrong => format!("failed to confirm an act with {with}"),
        Failure::TooWeak => format!("tried to confirm an act with {with}, which is less than it asks for"),
        Failure::UsedBefore => format!("tried to confirm an act with {with} that had been used before"),
        Failure::Copied => format!("tried to confirm an act with a copy of {with}: its counter had gone back"),
    }
}

/// For how long something that was added counts for less than it is.
fn counting(young: Option<Young>) -> String {
    let says = |it: Young| format!("; it counts for no more than {} until {}", it.counts.word(), day(it.until));
    young.map(says).unwrap_or_default()
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y at %H:%M UTC").to_string()
}

fn of_bundle(event: &BundleEvent) -> Said {
    match event {
        BundleEvent::BundleDrafted { number, .. } => decided(format!("wrote version {number} as a draft")),
        BundleEvent::DraftSubmitted { number } => decided(format!("submitted draft {number} for review")),
        BundleEvent::DraftWithdrawn { number } => decided(format!("took draft {number} back from review")),
        BundleEvent::DraftCommented { number, text } => {
            Said { what: format!("wrote on draft {number}"), text: Some(text.clone()), decided: true }
        }
        BundleEvent::DraftSentBack { number, text } => {
            Said { what: format!("sent draft {number} back"), text: Some(text.clone()), decided: true }
        }
        BundleEvent::DraftDiscarded { number } => decided(format!("threw away draft {number}")),
        BundleEvent::BundlePublished { number, alone, verified, replayed } => {
            published(*number, *alone, verified.as_ref(), replayed.as_ref())
        }
        BundleEvent::RetirementProposed { .. } => decided("proposed to take the bundle out of the catalogue"),
        BundleEvent::RetirementDropped { .. } => decided("let the bundle stay in the catalogue"),
        BundleEvent::BundleRetired { alone: false, .. } => decided("took the bundle out of the catalogue"),
        BundleEvent::BundleRetired { alone: true, .. } => {
            decided("took the bundle out of the catalogue alone, in founding mode")
        }
    }
}

fn of_guardrails(event: &GuardrailEvent) -> Said {
    match event {
        GuardrailEvent::GuardrailsDrafted { number, .. } => decided(format!("wrote version {number} as a draft")),
        GuardrailEvent::GuardrailsSubmitted { number } => decided(format!("submitted draft {number} for review")),
        GuardrailEvent::GuardrailsWithdrawn { number } => decided(format!("took draft {number} back from review")),
        GuardrailEvent::GuardrailsCommented { number, text } => {
            Said { what: format!("wrote on draft {number}"), text: Some(text.clone()), decided: true }
        }
        GuardrailEvent::GuardrailsSentBack { number, text } => {
            Said { what: format!("sent draft {number} back"), text: Some(text.clone()), decided: true }
        }
        GuardrailEvent::GuardrailsDiscarded { number } => decided(format!("threw away draft {number}")),
        GuardrailEvent::GuardrailsPublished { number, alone, verified, replayed } => {
            published(*number, *alone, verified.as_ref(), replayed.as_ref())
        }
    }
}

/// That a draft was published, how surely, and what its replay had found.
fn published(number: u32, alone: bool, verified: Option<&Verified>, replayed: Option<&Found>) -> Said {
    if alone {
        return decided(format!("published version {number} alone, in founding mode"));
    }
    let sure = verified.map(|v| format!(" with {}", v.proof.word())).unwrap_or_default();
    let found = replayed.map(|found| format!(". {}", found.sentence())).unwrap_or_default();
    decided(format!("published version {number}{sure}{}", found.trim_end_matches('.')))
}

fn of_request(event: &RequestEvent) -> Said {
    match event {
        RequestEvent::Asked { ask, justification, ruling, verified, .. } => {
            let outcome = match ruling.outcome {
                Outcome::Refused => "policy refused it",
                Outcome::Automatic => "policy allowed it at once",
                Outcome::NeedsApproval => "policy wants approval",
            };
            let sure = verified.as_ref().map(|v| format!(" with {}", v.proof.word())).unwrap_or_default();
            let how = if ask.exception.is_some() { ", as an exception" } else { "" };
            Said {
                what: format!("asked for {}{how}{sure}; {outcome}", ask.minutes),
                text: justification.clone(),
                decided: true,
            }
        }
        RequestEvent::Approved { decision, approval, .. } => {
            let shorter = decision.minutes.map(|m| format!(" for {m}")).unwrap_or_default();
            let sure = decision.verified.as_ref().map(|v| format!(" with {}", v.proof.word())).unwrap_or_default();
            let last = if approval.is_some() { "" } else { "; more approvals are needed" };
            Said { what: format!("approved{shorter}{sure}{last}"), text: decision.comment.clone(), decided: true }
        }
        RequestEvent::Denied { decision } => {
            Said { what: "denied".to_owned(), text: decision.comment.clone(), decided: true }
        }
        RequestEvent::Withdrawn {} => decided("withdrew the request"),
        RequestEvent::Commented { text } => Said { what: "wrote".to_owned(), text: Some(text.clone()), decided: true },
        RequestEvent::Rerouted { .. } => decided("worked out again who may decide, as somebody's authority changed"),
        RequestEvent::Escalated { .. } => decided("let those who stand in decide as well, as nobody had in time"),
        RequestEvent::RequestExpired {} => decided("let it expire: nobody decided in time"),
        RequestEvent::ApprovalLapsed {} => decided("let the approval lapse: the access was not there in time"),
        RequestEvent::SentBack { added, .. } => {
            let names: Vec<_> = added.iter().map(|s| s.name.clone()).collect();
            decided(format!("judged it again: policy asks for more now: {}", domain::text::and(&names)))
        }
        RequestEvent::Stopped { why, .. } => decided(format!("stopped it: {why}")),
        RequestEvent::Granted { .. } => decided("judged it again, and opened a grant"),
        RequestEvent::ExceptionReviewed { text, .. } => {
            Said { what: "reviewed the exception".to_owned(), text: Some(text.clone()), decided: true }
        }
    }
}

/// The right that an event tells of.
fn right(envelope: &Envelope) -> Option<&RightKey> {
    let Event::Grant(event) = &envelope.event else { return None };
    match event.as_ref() {
        GrantEvent::LookedBefore { right, .. }
        | GrantEvent::SeenPresent { right }
        | GrantEvent::SeenAbsent { right }
        | GrantEvent::LeftThere { right, .. }
        | GrantEvent::Attested { right, .. }
        | GrantEvent::Troubled { right, .. } => Some(right),
        GrantEvent::GrantOpened { .. }
        | GrantEvent::GrantActive { .. }
        | GrantEvent::GrantEnding { .. }
        | GrantEvent::GrantEnded {} => None,
    }
}
