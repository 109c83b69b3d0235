//! What events say of step-ups: how it was shown who acts, and which act must have been stated for it. Told again from the event and the
//! row before it, for whoever checks the trail.

use crate::{
    bundle::BundleEvent,
    event::{Event, Record},
    group::GroupEvent,
    guardrail::{GuardrailEvent, GuardrailSet},
    identity::IdentityEvent,
    request::{Request, RequestEvent},
    resource::SystemEvent,
    stepup::{Act, Verified},
};

/// A step-up that stands in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// How the actor showed who they are.
    pub verified: &'a Verified,
    /// The act that must have been stated; `None` where the row before the event is not at hand.
    pub does: Option<Act>,
}

impl Event {
    /// The step-up that stands in it, if one does; `before` is the row that it changed.
    pub fn shown(&self, before: Option<&Record>) -> Option<Shown<'_>> {
        match self {
            Self::Identity(event) => of_identity(event, before),
            Self::System(event) => of_system(event, before),
            Self::Bundle(event) => of_bundle(event, before),
            Self::Guardrail(event) => of_guardrails(event, before),
            Self::Request(event) => of_request(event, before),
            Self::Group(event) => of_group(event, before),
            Self::Portal(_) | Self::Grant(_) => None,
        }
    }
}

fn of_identity<'a>(event: &'a IdentityEvent, before: Option<&Record>) -> Option<Shown<'a>> {
    let who = if let Some(Record::Identity(it)) = before { Some(it) } else { None };
    let (verified, does) = match event {
        IdentityEvent::AuthenticatorAdded { name, means, verified, .. } => {
            (verified, Some(Act::AddAuthenticator { kind: means.strength(), name: name.clone() }))
        }
        IdentityEvent::AuthenticatorRenamed { authenticator, name, verified } => {
            let does = Act::RenameAuthenticator { authenticator: *authenticator, name: name.clone() };
            (verified.as_ref()?, Some(does))
        }
        IdentityEvent::AuthenticatorRemoved { authenticator, verified } => {
            (verified, Some(Act::RemoveAuthenticator { authenticator: *authenticator }))
        }
        IdentityEvent::RecoveryCodesMade { verified, .. } => (verified, Some(Act::RenewRecoveryCodes)),
        IdentityEvent::ResetAsked { verified } => {
            (verified.as_ref()?, who.map(|who| Act::AskReset { identity: who.id }))
        }
        IdentityEvent::AuthenticatorsReset { verified, .. } => {
            let asked = who.and_then(|who| who.reset.as_ref().map(|asked| (who.id, asked.event)));
            (verified, asked.map(|(identity, asked)| Act::ResetAuthenticators { identity, asked }))
        }
        IdentityEvent::IdentityLeft { said_by: None, verified } | IdentityEvent::DepartureProposed { verified } => {
            (verified.as_ref()?, who.map(|who| Act::MarkLeft { identity: who.id }))
        }
        IdentityEvent::IdentityLeft { said_by: Some(_), verified } => {
            (verified.as_ref()?, who.map(|who| Act::ConfirmLeft { identity: who.id }))
        }
        IdentityEvent::IdentityReturned { verified } => {
            (verified.as_ref()?, who.map(|who| Act::MarkReturned { identity: who.id }))
        }
        IdentityEvent::DelegationMade { to, from, until, verified } => {
            (verified, Some(Act::Delegate { to: *to, from: *from, until: *until }))
        }
        IdentityEvent::IdentityDefined { .. }
        | IdentityEvent::DelegationEnded {}
        | IdentityEvent::DepartureTakenBack {}
        | IdentityEvent::Invited { .. }
        | IdentityEvent::PasswordSet { .. }
        | IdentityEvent::PasswordRehashed { .. }
        | IdentityEvent::SignedOutEverywhere {}
        | IdentityEvent::SteppedUp { .. }
        | IdentityEvent::ProofSpent { .. }
        | IdentityEvent::StepUpFailed { .. }
        | IdentityEvent::ResetRefused {} => return None,
    };
    Some(Shown { verified, does })
}

fn of_group<'a>(event: &'a GroupEvent, before: Option<&Record>) -> Option<Shown<'a>> {
    let GroupEvent::MembersConfirmed { verified: Some(verified), .. } = event else { return None };
    let group = if let Some(Record::Group(it)) = before { Some(it) } else { None };
    let does = group.and_then(|it| it.proposed.as_ref().map(|proposed| it.confirmation_act(proposed)));
    Some(Shown { verified, does })
}

fn of_system<'a>(event: &'a SystemEvent, before: Option<&Record>) -> Option<Shown<'a>> {
    let verified = match event {
        SystemEvent::OwnersConfirmed { verified, .. } => verified.as_ref()?,
        SystemEvent::SystemDefined { .. }
        | SystemEvent::OwnersProposed { .. }
        | SystemEvent::OwnersCommented { .. }
        | SystemEvent::OwnersTakenBack { .. }
        | SystemEvent::OwnersRejected { .. } => return None,
    };
    let system = if let Some(Record::System(it)) = before { Some(it) } else { None };
    let does = system.and_then(|it| it.proposed.as_ref().map(|proposed| it.confirmation_act(proposed)));
    Some(Shown { verified, does })
}

fn of_bundle<'a>(event: &'a BundleEvent, before: Option<&Record>) -> Option<Shown<'a>> {
    let bundle = if let Some(Record::Bundle(it)) = before { Some(it) } else { None };
    let (verified, does) = match event {
        BundleEvent::BundlePublished { verified, .. } => {
            (verified, bundle.and_then(|it| it.draft.as_ref().map(|draft| it.publication_act(draft))))
        }
        BundleEvent::BundleRetired { verified, .. } => {
            (verified, bundle.and_then(|it| it.retiring.as_ref().map(|retiring| it.retirement_act(retiring))))
        }
        BundleEvent::BundleDrafted { .. }
        | BundleEvent::DraftSubmitted { .. }
        | BundleEvent::DraftWithdrawn { .. }
        | BundleEvent::DraftCommented { .. }
        | BundleEvent::DraftSentBack { .. }
        | BundleEvent::DraftDiscarded { .. }
        | BundleEvent::RetirementProposed { .. }
        | BundleEvent::RetirementDropped { .. } => return None,
    };
    Some(Shown { verified: verified.as_ref()?, does })
}

fn of_guardrails<'a>(event: &'a GuardrailEvent, before: Option<&Record>) -> Option<Shown<'a>> {
    let GuardrailEvent::GuardrailsPublished { verified: Some(verified), .. } = event else { return None };
    let set = if let Some(Record::GuardrailSet(it)) = before { Some(it) } else { None };
    let does = set.and_then(|set| set.draft.as_ref().map(GuardrailSet::publication_act));
    Some(Shown { verified, does })
}

fn of_request<'a>(event: &'a RequestEvent, before: Option<&Record>) -> Option<Shown<'a>> {
    match event {
        RequestEvent::Asked { ask, facts, verified, .. } => {
            let verified = verified.as_ref()?;
            // What was written in the form stands in no event: of that only the statement has the hash.
            let stated = verified.stated().map(|it| it.does);
            let form = if let Ok(Act::Ask { form, .. }) = stated { form } else { String::new() };
            let (bundle, number) = (facts.bundle.bundle, facts.bundle.number);
            let (subject, minutes, beside) = (ask.subject, ask.minutes, ask.exception.clone());
            let does = Act::Ask { bundle, number, subject, minutes, form, beside };
            Some(Shown { verified, does: Some(does) })
        }
        RequestEvent::Approved { decision, .. } | RequestEvent::Denied { decision } => {
            let verified = decision.verified.as_ref()?;
            let request = if let Some(Record::Request(it)) = before { Some(it) } else { None };
            let minutes = |it: &Request| decision.minutes.unwrap_or(it.minutes);
            let does = request.map(|it| it.approval_act(decision.stage, minutes(it), decision.for_whom));
            Some(Shown { verified, does })
        }
        RequestEvent::Withdrawn {}
        | RequestEvent::Commented { .. }
        | RequestEvent::Rerouted { .. }
        | RequestEvent::Escalated { .. }
        | RequestEvent::RequestExpired {}
        | RequestEvent::ApprovalLapsed {}
        | RequestEvent::SentBack { .. }
        | RequestEvent::Stopped { .. }
        | RequestEvent::Granted { .. }
        | RequestEvent::ExceptionReviewed { .. } => None,
    }
}
