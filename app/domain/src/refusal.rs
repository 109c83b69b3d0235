//! A rule said no. Every way of saying so is here, with its own sentence: lower case, no full stop, what the person typed in backticks.

use crate::{event::Inconsistent, minutes::NotMinutes, stepup::Strength, text::BadText};
use chrono::{DateTime, Utc};

/// A rule said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The actor may not do this.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// One's own request, or one for an identity one answers for.
    #[error("nobody decides on access they asked for, would get, or answer for")]
    OwnRequest,
    /// Somebody who may not decide now.
    #[error("this is not yours to decide: {why}")]
    NotADecider {
        /// Why.
        why: String,
    },
    /// Approved already in this or another stage.
    #[error("you have already approved this; another person must be the next")]
    DecidedAlready,
    /// The request was decided before.
    #[error("{what} by {by}, {}", at.format("%-d %B %Y at %H:%M UTC"))]
    AlreadyOver {
        /// What became of it: `approved`.
        what: &'static str,
        /// Who.
        by: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// The page the person looked at is older than the request.
    #[error("the request has moved on since this page was shown: look again before you decide")]
    StalePage,
    /// A shorter time was meant.
    #[error("an approval may shorten the time, never lengthen it: at most {most}")]
    Longer {
        /// The most.
        most: String,
    },
    /// No is to be explained.
    #[error("say why: a denial carries a reason")]
    NoReason,
    /// Not a length of time.
    #[error(transparent)]
    Duration(#[from] NotMinutes),
    /// A text that cannot be kept.
    #[error("the {field} {bad}")]
    Text {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        bad: BadText,
    },
    /// A field that must not be empty.
    #[error("fill in the {0}")]
    Missing(&'static str),
    /// A field with something that is not what is meant.
    #[error("`{got}` is not a {field}")]
    NotA {
        /// What is meant.
        field: &'static str,
        /// What came.
        got: String,
    },
    /// A day on which it cannot be.
    #[error("the {field} {wrong}")]
    WrongDay {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// A link that is no web address.
    #[error("`{got}` on line {line} is not a web address: begin with https:// or http://")]
    NotALink {
        /// On which line it stands.
        line: usize,
        /// What came.
        got: String,
    },
    /// A link that cannot be kept.
    #[error("the link on line {line} {bad}")]
    BadLink {
        /// On which line it stands.
        line: usize,
        /// What is wrong with it.
        bad: BadText,
    },
    /// More links than there is room for.
    #[error("the link on line {line} is one too many: there is room for {most}")]
    ManyLinks {
        /// On which line the first stands that has no room.
        line: usize,
        /// The limit.
        most: usize,
    },
    /// The grant is over or ending.
    #[error("this access is already {state}")]
    GrantOver {
        /// In which state.
        state: &'static str,
    },
    /// The grant cannot be continued.
    #[error("only live access can be extended; this is {state}")]
    NotLive {
        /// In which state.
        state: &'static str,
    },
    /// The identity has left.
    #[error("{name} has left")]
    AlreadyLeft {
        /// Who.
        name: String,
    },
    /// Somebody has said it before.
    #[error("{by} has said this already: another admin confirms it")]
    DepartureProposed {
        /// Who.
        by: String,
    },
    /// Who is said to have left does not act until that is settled.
    #[error("an admin says that {name} has left: until that is confirmed or taken back there is no way in")]
    SaidToHaveLeft {
        /// Who.
        name: String,
    },
    /// The identity has not left.
    #[error("{name} has not left")]
    NotLeft {
        /// Who.
        name: String,
    },
    /// Whoever moves a decision does not take it.
    #[error("this is not yours to decide: by your own word others decide it now")]
    MovedIt,
    /// A non-human identity does not sign in.
    #[error("{name} is not a person, and does not sign in")]
    NotAPerson {
        /// Which.
        name: String,
    },
    /// A link would let its maker become somebody who can sign in.
    #[error(
        "{name} has a password: another link is made on the command line only, with `sallyport admin invite {key}`"
    )]
    HasAPassword {
        /// Who.
        name: String,
        /// Their key.
        key: String,
    },
    /// The draft may not be published.
    #[error("it cannot be published yet: {}", gaps.join("; "))]
    NotPublishable {
        /// Why.
        gaps: Vec<String>,
    },
    /// Nobody publishes what they wrote.
    #[error("you wrote some of this draft: an admin who wrote none of it must look at it and publish it")]
    OwnDraft,
    /// Nobody sends back what they wrote.
    #[error("you wrote some of this draft: take it back from review instead")]
    OwnReview,
    /// Only who wrote a draft submits it and takes it back.
    #[error("only who wrote this draft may do this: {by}")]
    NotItsAuthor {
        /// Who wrote it.
        by: String,
    },
    /// The draft is with the reviewers already.
    #[error("draft {number} is in review already")]
    AlreadyInReview {
        /// Which.
        number: u32,
    },
    /// Nobody was asked to review it.
    #[error("draft {number} is not in review: it must be submitted first")]
    NotInReview {
        /// Which.
        number: u32,
    },
    /// The replay is a gate.
    #[error("{says}")]
    NotReplayed {
        /// How far it is.
        says: String,
    },
    /// Nobody confirms what they proposed.
    #[error("you proposed this: another admin must confirm it")]
    OwnProposal,
    /// Nobody confirms what makes them decide more.
    #[error("you would decide about “{name}” by this: another admin must confirm it")]
    GainsByIt {
        /// About what.
        name: String,
    },
    /// Nobody sends back what they proposed.
    #[error("you proposed this: take it back instead")]
    TakeItBack,
    /// Only who proposed something takes it back.
    #[error("only who proposed this takes it back: {by}")]
    NotItsProposer {
        /// Who proposed it.
        by: String,
    },
    /// One proposal at a time.
    #[error("{by} has proposed something already: that is confirmed, sent back or taken back first")]
    ProposalWaits {
        /// Who.
        by: String,
    },
    /// A proposal that changes nothing.
    #[error("that is as it is already")]
    NothingNew,
    /// The proposal is there already.
    #[error("{by} has proposed this already: another admin confirms it")]
    RetirementProposed {
        /// Who.
        by: String,
    },
    /// There is nothing to confirm.
    #[error("there is no such proposal any more: it was confirmed, taken back or replaced")]
    NothingProposed,
    /// There is no draft.
    #[error("there is no draft to look at: it was published or thrown away")]
    NoDraft,
    /// The draft is not the one that was looked at.
    #[error("the draft has changed since you looked: it is now version {number}")]
    DraftChanged {
        /// The version it is now.
        number: u32,
    },
    /// Somebody wrote a version since one began to write.
    #[error("version {number} was written meanwhile: look at what it says, then save yours")]
    WrittenMeanwhile {
        /// The newest version.
        number: u32,
    },
    /// Fields of a form that cannot stand.
    #[error("{}", .0.join("; "))]
    Form(Vec<String>),
    /// The bundle is not in the catalogue.
    #[error("“{name}” is not in the catalogue")]
    NotPublished {
        /// Which.
        name: String,
    },
    /// A bundle's key is for ever.
    #[error("a bundle keeps its key: this one is `{key}`")]
    KeyChanged {
        /// The key.
        key: String,
    },
    /// The provisioner would be the asker or an approver (R30).
    #[error("who asked for access, gets it or approved it does not also set it up: another operator must")]
    NotTheProvisioner,
    /// The task was done.
    #[error("this task is already done")]
    TaskDone,
    /// Something that must be written in the form is not.
    #[error("{says}")]
    Unwritten {
        /// Which field: `justification`.
        field: &'static str,
        /// What is to be written.
        says: String,
    },
    /// The act is to be confirmed first.
    #[error("this wants {}, for this very act", needed.word())]
    StepUp {
        /// How surely.
        needed: Strength,
    },
    /// The person has nothing that is strong enough.
    #[error("this wants {}, and you have none: add one under “Passkeys and codes”, which is behind your name, then do this again", needed.word())]
    NoAuthenticator {
        /// How surely.
        needed: Strength,
    },
    /// What the person has is strong enough, and counts for less for a while.
    #[error("this wants {}, and “{name}” was added with no more than {} less than a day ago: it counts as {} from {}", needed.word(), by.word(), needed.word(), from.format("%-d %B %Y at %H:%M UTC"))]
    TooYoung {
        /// Which.
        name: String,
        /// What added it.
        by: Strength,
        /// How surely.
        needed: Strength,
        /// From when it counts.
        from: DateTime<Utc>,
    },
    /// The step-up failed; never which part of it.
    #[error("that did not fit: {left}")]
    StepUpFailed {
        /// What is to be done.
        left: &'static str,
    },
    /// Step-ups failed too often.
    #[error("too many failed tries: no step-up counts until {}", until.format("%-d %B %Y at %H:%M UTC"))]
    Locked {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// The code was used before.
    #[error("this code has been used: each counts once, so wait for the next one")]
    UsedCode,
    /// A passkey's counter went back: there is a copy of it.
    #[error("this passkey's counter has gone back, as that of a copy does: it does not count, and the admins are told")]
    ClonedPasskey,
    /// The act that was to be confirmed is gone.
    #[error("this has waited too long, or was confirmed already: begin it again")]
    NothingToConfirm,
    /// There is no such authenticator.
    #[error("there is no such passkey or authenticator app any more")]
    NoSuchAuthenticator,
    /// Two things of one name.
    #[error("you have one called “{name}” already: choose another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Authenticators were reset, and so the person decides nothing for a while.
    #[error("your authenticators were reset: you decide again from {}", until.format("%-d %B %Y at %H:%M UTC"))]
    Barred {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// One of two who must be different people let the other in, less than a day ago.
    #[error("one of you let the other in by a link less than a day ago, and for that day you two count as one person")]
    MaybeOne,
    /// Nobody resets their own, and the second admin is another one.
    #[error("resetting somebody's authenticators takes two admins, and neither is that person: another admin must")]
    NotTheSecondAdmin,
    /// Nothing to reset.
    #[error("{name} has neither passkeys nor an authenticator app")]
    NothingToReset {
        /// Who.
        name: String,
    },
    /// No reset was asked for.
    #[error("no admin has asked for this reset, or it was taken back")]
    NoReset,
    /// One-time codes cannot be kept.
    #[error("one-time codes are not set up here: an operator must set `secrets_key` first")]
    NoSecretsKey,
    /// Too many tries.
    #[error("too many tries: wait {0} and try again")]
    TooMany(String),
    /// Wrong name or password; never which.
    #[error("that name and password do not fit together")]
    SignIn,
    /// The link was used, replaced or is too old.
    #[error("this link has been used or is too old: ask an admin for a new one")]
    DeadLink,
    /// The password is too weak.
    #[error("{0}")]
    Password(String),
    /// More would end than was confirmed.
    #[error("this would end {ends} grants; say so with --confirm-ends {ends}")]
    ManyEnds {
        /// How many.
        ends: usize,
    },
    /// The catalogue has mistakes.
    #[error("the catalogue has {} mistakes:\n{}", .0.len(), .0.join("\n"))]
    Catalogue(Vec<String>),
    /// A defect of ours: an act and its event do not agree.
    #[error("the record does not allow this: {0}")]
    Inconsistent(Inconsistent),
}

impl Refusal {
    /// Whether it is about who the actor is, rather than about what was asked.
    pub fn is_about_the_actor(&self) -> bool {
        matches!(
            self,
            Self::NotAllowed(_)
                | Self::OwnRequest
                | Self::NotADecider { .. }
                | Self::NotTheProvisioner
                | Self::OwnDraft
                | Self::StepUp { .. }
                | Self::Barred { .. }
                | Self::MaybeOne
                | Self::NotTheSecondAdmin
                | Self::OwnReview
                | Self::NotItsAuthor { .. }
                | Self::OwnProposal
                | Self::GainsByIt { .. }
                | Self::TakeItBack
                | Self::NotItsProposer { .. }
                | Self::MovedIt
        )
    }

    /// Whether somebody else was faster.
    pub fn is_a_race(&self) -> bool {
        matches!(
            self,
            Self::AlreadyOver { .. }
                | Self::StalePage
                | Self::DecidedAlready
                | Self::GrantOver { .. }
                | Self::DraftChanged { .. }
                | Self::WrittenMeanwhile { .. }
                | Self::AlreadyInReview { .. }
                | Self::RetirementProposed { .. }
                | Self::DepartureProposed { .. }
                | Self::ProposalWaits { .. }
                | Self::NothingProposed
                | Self::TaskDone
                | Self::NothingToConfirm
        )
    }
}
