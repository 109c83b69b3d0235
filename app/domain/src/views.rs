//! What reads answer with: plain facts for pages, in people's words. No rules live here, and nothing here is ever written down.

use crate::{
    condition::Asks,
    identity::{Kind, PortalRole},
    ids::{
        BundleId, EventId, GrantId, GroupId, IdentityId, InvitationId, NoticeId, RequestId, SessionId, SystemId, TaskId,
    },
    minutes::Minutes,
    ruling::{Check, Outcome},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

macro_rules! view {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty),* }
    )*};
}

pub mod authenticators;
pub mod bulk;
pub mod chain;
pub mod delegation;
pub mod editor;
pub mod findings;
pub mod guardrails;
pub mod signals;

/// One page of a list, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// What is shown.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page without anything on it.
    pub fn empty() -> Self {
        Self { items: Vec::new(), next: None }
    }
}

/// What every page says of the portal itself, before its door and behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Banners {
    /// Whether it is in founding mode.
    pub founding: bool,
    /// Whether it is a demo.
    pub demo: bool,
}

view! {
    /// What every page's frame shows.
    Shell {
        /// Who is signed in.
        me: IdentityId,
        /// Their name.
        name: String,
        /// Their key.
        key: String,
        /// Their roles.
        roles: Vec<PortalRole>,
        /// How many requests wait for them.
        to_decide: u32,
        /// How many tasks wait for them.
        tasks: u32,
        /// How many notices they have not read.
        notices: u32,
        /// What is said of the portal itself.
        banners: Banners,
        /// How many changes there were before the page was read: what happens after that is news to it.
        changes: i64,
    }

    /// Somebody or something by name.
    Named {
        /// Its id, as text.
        id: String,
        /// Its name.
        name: String,
    }

    /// Where Ctrl-K can go.
    Place {
        /// The path.
        path: String,
        /// What is there, by name.
        name: String,
        /// What it is, in a word or two.
        kind: String,
    }

    /// A bundle in the catalogue.
    BundleCard {
        /// Which.
        id: BundleId,
        /// Its key; the page of asking is found by it.
        key: String,
        /// Its name.
        name: String,
        /// What one can do with it.
        says: String,
        /// What is inside: `Orders database: read orders`.
        inside: Vec<String>,
        /// Its systems' names.
        systems: Vec<String>,
        /// The longest it can be had for.
        longest: Minutes,
        /// What the form offers.
        default: Minutes,
        /// Who approves, in a few words.
        approval: String,
        /// How long it usually takes, in minutes, where that is known.
        usual_minutes: Option<u32>,
        /// Why the reader cannot have it, where that is known before asking.
        why_not: Option<String>,
        /// Where it stands for the reader, if it is not over: `waiting`, `approved`, `opening`, `active`, `ending`.
        standing: Option<String>,
        /// For whom the reader may ask where they cannot for themselves: those they answer for.
        others: Vec<String>,
    }

    /// The form for asking.
    AskForm {
        /// For which bundle.
        bundle: BundleCard,
        /// For whom the reader may ask; the reader first, if the bundle is for people at all.
        subjects: Vec<Named>,
        /// What its conditions want in the form.
        asks: Vec<Asks>,
        /// The grant it would continue, if it is a renewal.
        continues: Option<GrantId>,
        /// The conditions in words.
        conditions: Vec<String>,
    }

    /// The fields of the form for asking, as they come from a browser.
    Asking {
        /// The bundle's key.
        bundle: String,
        /// For whom: an identity's id.
        subject: String,
        /// For how long, as people write it.
        duration: String,
        /// Why.
        justification: String,
        /// The work item's reference.
        work_item: String,
        /// Pages that say more, one a line.
        link: String,
        /// The grant it continues, or nothing.
        continues: String,
        /// `yes` where it is asked for as an exception from separation of duties.
        #[serde(default)]
        exception: String,
    }

    /// A ruling as a page shows it.
    RulingView {
        /// What it comes to.
        outcome: Outcome,
        /// Every rule tried.
        checks: Vec<Check>,
        /// Who would decide.
        stages: Vec<StageView>,
        /// What happens next, in one sentence.
        next: String,
        /// Why it is not automatic although the bundle would like it to be.
        not_automatic: Vec<String>,
        /// What is privileged in it, and why.
        privileged: Vec<String>,
        /// With what the asker confirms it, in words.
        confirms: Option<String>,
        /// Whether only what is to be written in the form is missing: then it comes back to be finished, and nothing is recorded.
        unfinished: bool,
        /// What the guardrails said; nothing where none were published.
        guardrails: Option<VerdictView>,
        /// Other bundles that cover the need, by key, where this one is refused and no change of the ask helps.
        instead: Vec<Named>,
        /// Whether it is asked for as an exception from separation of duties; nothing where it cannot be.
        exception: Option<bool>,
    }

    /// What the guardrails said in a ruling.
    VerdictView {
        /// Which version of them.
        number: u32,
        /// By which engine.
        engine: String,
        /// The sentences of the rules that had a part in it.
        rules: Vec<String>,
        /// What they demand, each in a few words.
        demands: Vec<String>,
    }

    /// A stage as a page shows it.
    StageView {
        /// Its name.
        name: String,
        /// How many are needed.
        need: u8,
        /// Who may decide it.
        people: Vec<String>,
        /// Who has approved, and when.
        done: Vec<(String, DateTime<Utc>)>,
        /// Whether it decides now.
        current: bool,
        /// Whether backup owners or the fallback group had to step in.
        stands_in: Option<String>,
        /// With what each confirms, in words.
        confirms: Option<String>,
        /// Who holds it, while it decides.
        holding: Option<HoldingView>,
    }

    /// Who holds a stage, and who comes in beside them.
    HoldingView {
        /// Who has had it longest.
        who: Vec<String>,
        /// Since when.
        since: DateTime<Utc>,
        /// Who came or comes in beside them, in words, and when.
        beside: Vec<(String, DateTime<Utc>)>,
    }

    /// A request in a list.
    RequestCard {
        /// Which.
        id: RequestId,
        /// The bundle's name.
        bundle: String,
        /// The bundle's key.
        bundle_key: String,
        /// For whom.
        subject: String,
        /// Who asked.
        asker: String,
        /// In one sentence.
        sentence: String,
        /// Where it stands.
        state: String,
        /// When it was asked.
        asked_at: DateTime<Utc>,
        /// Until when it waits.
        until: Option<DateTime<Utc>>,
        /// Who can decide now.
        waits_on: Vec<String>,
        /// How long it is for.
        minutes: Minutes,
        /// Whether it is production or privileged or highly sensitive.
        weighty: bool,
        /// The most sensitive system it reaches.
        system: String,
        /// The version of the terms shown; a yes to older ones is refused.
        terms: u32,
        /// In whose place the reader would decide, where it waits for another.
        for_whom: Option<String>,
        /// What it is an exception from; none where it is an ordinary request.
        excepted: Vec<String>,
    }

    /// How it stands with the review of an exception.
    ReviewView {
        /// Who reviewed it and when, with what they wrote.
        done: Option<(String, DateTime<Utc>, String)>,
        /// Until when it is due, once the access has ended.
        due: Option<DateTime<Utc>>,
        /// Whether that time is over.
        overdue: bool,
        /// Who owes it.
        owed_by: Vec<String>,
        /// Whether the reader does.
        mine: bool,
    }

    /// A review that the reader owes.
    ReviewRow {
        /// The request.
        card: RequestCard,
        /// Until when.
        due: DateTime<Utc>,
        /// Whether that time is over.
        overdue: bool,
    }

    /// A grant in a list.
    GrantCard {
        /// Which.
        id: GrantId,
        /// The request that led to it.
        request: RequestId,
        /// The bundle's name.
        bundle: String,
        /// The bundle's key.
        bundle_key: String,
        /// Who has it.
        subject: String,
        /// What is inside.
        inside: Vec<String>,
        /// Where it stands: `opening`, `active`, `ending`, `ended`.
        state: String,
        /// Since when it is there.
        since: Option<DateTime<Utc>>,
        /// Until when.
        until: Option<DateTime<Utc>>,
        /// Whether its access is there, and not only being made, or taken away already.
        there: bool,
        /// Whether its end is near.
        expiring: bool,
        /// When and why it ended.
        ended: Option<(DateTime<Utc>, String)>,
        /// What goes wrong, for those who can see to it.
        trouble: Option<String>,
        /// Whether the reader may give it back.
        may_give_back: bool,
        /// Whether the reader may ask to extend it.
        may_extend: bool,
    }

    /// The first page.
    Home {
        /// What the reader has, or what is being made for them or taken from them.
        have: Vec<GrantCard>,
        /// The newest of what the reader waits for.
        waiting: Page<RequestCard>,
        /// How much the reader waits for in all.
        waits: u32,
        /// How many requests wait for the reader's decision.
        to_decide: u32,
        /// How many tasks wait for the reader.
        tasks: u32,
        /// The exceptions that the reader is to look back at.
        reviews: Vec<ReviewRow>,
    }

    /// Everything the reader has, had, waits for, and could ask for.
    MyAccess {
        /// What is not over, the next to end first: there, being made, or being taken away.
        active: Vec<GrantCard>,
        /// Asked for, page by page.
        waiting: Page<RequestCard>,
        /// How much is asked for in all.
        waits: u32,
        /// What the reader could ask for now, of the first page of the catalogue.
        eligible: Vec<BundleCard>,
        /// Over, page by page.
        ended: Page<GrantCard>,
    }

    /// One line of a timeline.
    Line {
        /// The event's id.
        id: EventId,
        /// When.
        at: DateTime<Utc>,
        /// Who.
        who: String,
        /// What happened, in words.
        what: String,
        /// What they wrote.
        text: Option<String>,
        /// On which track: decided (true) or done (false).
        decided: bool,
        /// What kind of event, for an icon.
        event: String,
        /// The event's hash.
        hash: String,
        /// Whether the portal was in founding mode.
        founding: bool,
    }

    /// One right of a grant, both ledgers side by side (R69).
    AssignmentView {
        /// The system.
        system: String,
        /// The right.
        entitlement: String,
        /// The account.
        account: String,
        /// The target's own name for the right.
        native: String,
        /// What is approved: whether it should be there now.
        approved: bool,
        /// What was last seen: there, not there, or not looked yet.
        seen: Option<bool>,
        /// When.
        seen_at: Option<DateTime<Utc>>,
        /// Whether it was there before us.
        found_before: bool,
        /// What goes wrong.
        trouble: Option<TroubleView>,
    }

    /// What goes wrong with a right, and what is done about it.
    TroubleView {
        /// What the target said.
        says: String,
        /// Since when.
        since: DateTime<Utc>,
        /// How often it was tried in a row.
        tries: u32,
        /// When it is tried next, where that is due.
        next: Option<DateTime<Utc>>,
    }

    /// The acts the reader may take on a request now, and no other.
    Acts {
        /// Approve or deny.
        decide: bool,
        /// Withdraw.
        withdraw: bool,
        /// Write.
        comment: bool,
        /// Give the access back.
        give_back: bool,
        /// Ask to extend it.
        extend: bool,
        /// Take it away from somebody.
        revoke: bool,
        /// Why the reader may not decide, where they might think they could.
        why_not_decide: Option<String>,
        /// In whose place the reader decides, where it is not by their own right.
        in_place_of: Option<String>,
    }

    /// What an approver should know before deciding.
    Context {
        /// The subject's earlier grants of this bundle.
        earlier: Vec<GrantCard>,
        /// Who else has it now: the first of them.
        others: Vec<String>,
        /// How many others have it now.
        others_in_all: u32,
        /// What becomes reachable that is not today.
        delta: Delta,
        /// What else the subject holds.
        holds: Vec<String>,
        /// What the subject holds or has asked for that must not be in the same hands, as of now.
        conflicts: Vec<String>,
        /// What hangs on the subject, where it is not a person.
        chain: Option<chain::Chain>,
    }

    /// What becomes reachable by a request that is not today (L11).
    Delta {
        /// The rights that are new.
        gains: Vec<Reachable>,
        /// The rights that are asked for and reachable already.
        has: Vec<Reachable>,
        /// What else opens by it, each followed by what opens through it.
        pathways: Vec<Pathway>,
        /// Whether more opens than is listed.
        cut: bool,
    }

    /// A right that can be reached.
    Reachable {
        /// On which system.
        system: String,
        /// Which.
        right: String,
        /// Why it is privileged, if it is.
        privileged: Option<String>,
        /// Whether it stands by no grant, and so ends with none (R38).
        standing: bool,
    }

    /// Something that opens beside the rights themselves.
    Pathway {
        /// What, in words.
        says: String,
        /// How far it is from the request: 0 follows at once, and each other from what stands before it one step nearer.
        depth: u8,
    }

    /// The page of a request.
    RequestPage {
        /// In the list's words.
        card: RequestCard,
        /// The version of the terms shown; a yes to older ones is refused.
        version: u32,
        /// Why, as written; `None` when nothing was written or it was erased.
        justification: Option<String>,
        /// Whether the reason was erased.
        erased: bool,
        /// Work items.
        work_items: Vec<String>,
        /// Links.
        links: Vec<String>,
        /// What policy said, and who decides.
        ruling: RulingView,
        /// What policy said at the moment of granting.
        second: Option<RulingView>,
        /// The bundle version it was judged by.
        bundle_version: u32,
        /// The version of the rules.
        engine: u32,
        /// Where it stands, in one sentence: what happens next and who holds it.
        standing: String,
        /// Why it stopped, was denied or ended.
        because: Option<String>,
        /// The grant, if there is one.
        grant: Option<GrantCard>,
        /// Its rights.
        assignments: Vec<AssignmentView>,
        /// What happened, both tracks, oldest first, page by page.
        lines: Page<Line>,
        /// What the reader may do now.
        acts: Acts,
        /// For those who decide.
        context: Option<Context>,
        /// The hash of the newest event.
        head: String,
        /// How many events there are.
        events: u32,
        /// For how long it is approved or asked.
        minutes: Minutes,
        /// The request of the renewed grant.
        continues: Option<RequestId>,
        /// How it stands with its review, where it was granted as an exception.
        review: Option<ReviewView>,
    }

    /// A task for the operators of a system.
    TaskView {
        /// Which.
        id: TaskId,
        /// On which system.
        system: String,
        /// What is to be done, in one sentence.
        what: String,
        /// Whether something is to be taken away.
        takes_away: bool,
        /// For which account.
        account: String,
        /// Whose access it is.
        subject: String,
        /// Since when it waits.
        since: DateTime<Utc>,
        /// The request it follows from.
        request: RequestId,
        /// Why the reader may not attest it, where that is so.
        why_not: Option<String>,
    }

    /// A notice to one person.
    NoticeView {
        /// Which.
        id: NoticeId,
        /// When.
        at: DateTime<Utc>,
        /// What.
        says: String,
        /// Where it leads: a path in the portal.
        path: String,
        /// Whether it was read.
        read: bool,
    }

    /// A signed-in browser.
    SessionView {
        /// Which.
        id: SessionId,
        /// Since when.
        signed_in_at: DateTime<Utc>,
        /// When it was last used.
        seen_at: DateTime<Utc>,
        /// Which browser, as it calls itself.
        agent: String,
        /// From which address.
        address: String,
        /// Whether it is the one the reader looks through.
        current: bool,
    }

    /// A bundle in the admins' list.
    BundleRow {
        /// Its key.
        key: String,
        /// Its name.
        name: String,
        /// What it lets one do.
        says: String,
        /// The published version.
        published: Option<u32>,
        /// The version that is written and not published.
        draft: Option<u32>,
        /// Whether that version is in review.
        in_review: bool,
        /// Whether it is out of the catalogue.
        retired: bool,
        /// How many have it now: it is there.
        live: u32,
    }

    /// The admins' page of a bundle.
    BundlePage {
        /// In the list's words.
        row: BundleRow,
        /// As a sentence, the published version.
        sentence: Option<String>,
        /// As a sentence, the draft.
        draft_sentence: Option<String>,
        /// What the draft would change, line by line.
        diff: Vec<Change>,
        /// Why the draft cannot be published.
        gaps: Vec<String>,
        /// Everybody who wrote some of the draft.
        draft_by: Option<String>,
        /// Who submitted it for review, and when.
        submitted: Option<(String, DateTime<Utc>)>,
        /// What it would have changed for the requests on record.
        replay: Option<ReplayView>,
        /// What was written on it, oldest first.
        remarks: Vec<RemarkView>,
        /// Who wants the bundle out of the catalogue, and since when.
        retiring: Option<(String, DateTime<Utc>)>,
        /// What the reader may do besides.
        acts: BundleActs,
        /// Whether the reader may publish the draft.
        may_publish: bool,
        /// Why not.
        why_not: Option<String>,
        /// What happened to it, newest first.
        lines: Vec<Line>,
        /// Whether the reader may edit.
        may_edit: bool,
    }

    /// The acts the reader may take on a bundle now, and no other; publishing and editing stand beside them.
    BundleActs {
        /// Submit the draft for review.
        submit: bool,
        /// Take it back from review.
        withdraw: bool,
        /// Write on it.
        comment: bool,
        /// Send it back to who wrote it.
        send_back: bool,
        /// Throw it away.
        discard: bool,
        /// Propose that the bundle leaves the catalogue.
        propose_retirement: bool,
        /// Confirm that.
        confirm_retirement: bool,
        /// Let it stay.
        drop_retirement: bool,
    }

    /// Something that was written on a draft.
    RemarkView {
        /// On which version.
        number: u32,
        /// Who.
        by: String,
        /// When.
        at: DateTime<Utc>,
        /// What.
        text: String,
        /// Whether the draft was sent back with it.
        sends_back: bool,
    }

    /// What a draft would have changed for the requests on record.
    ReplayView {
        /// Whether all of them were judged again.
        finished: bool,
        /// How many were.
        done: u32,
        /// Of how many.
        total: u32,
        /// What it comes to, or how far it is, in one sentence.
        sentence: String,
        /// What was found, sort by sort.
        sorts: Vec<ReplaySort>,
    }

    /// The cases of one sort.
    ReplaySort {
        /// Its name.
        title: String,
        /// How many there are.
        count: u32,
        /// The first of them.
        cases: Vec<ReplayCase>,
    }

    /// A request that a draft would have changed something for.
    ReplayCase {
        /// Which.
        request: RequestId,
        /// For whom it was.
        subject: String,
        /// When it was asked.
        asked_at: DateTime<Utc>,
        /// What would have changed.
        says: String,
    }

    /// Other people who are to decide about a system, or less that is to guard it.
    OwnersView {
        /// Which proposal.
        number: u32,
        /// Who proposed it.
        by: String,
        /// When.
        at: DateTime<Utc>,
        /// What would change.
        changes: Vec<Change>,
        /// The waiting requests that others would decide by it: id and sentence.
        hands: Vec<Named>,
        /// The waiting requests that would be stopped by it, as nobody could decide them any more.
        stops: Vec<Named>,
        /// Whether the reader may confirm it.
        may_confirm: bool,
        /// Whether the reader may send it back.
        may_reject: bool,
        /// Whether the reader may take it back.
        may_take_back: bool,
        /// Whether the reader may write on it.
        may_comment: bool,
        /// Why the reader may not confirm it, where an admin wonders.
        why_not: Option<String>,
    }

    /// The form in which an admin proposes other people to decide about a system.
    OwnersForm {
        /// Its owners now: key and name.
        owners: Vec<Named>,
        /// Its backup owners now: key and name.
        backup_owners: Vec<Named>,
        /// The key of the group that decides when none of them may.
        fallback: String,
        /// The people to pick from.
        people: Vec<editor::Choice>,
        /// The groups to pick from.
        groups: Vec<editor::Choice>,
    }

    /// Others who are to be in a group that decides.
    MembersView {
        /// Which proposal.
        number: u32,
        /// Who proposed it.
        by: String,
        /// When.
        at: DateTime<Utc>,
        /// Who would come and who would go.
        changes: Vec<Change>,
        /// Whether the reader may confirm it.
        may_confirm: bool,
        /// Whether the reader may send it back.
        may_reject: bool,
        /// Why the reader may not confirm it, where an admin wonders.
        why_not: Option<String>,
    }

    /// That somebody is said to have left, and another admin is to confirm it.
    DepartureView {
        /// Who says so.
        by: String,
        /// Since when.
        at: DateTime<Utc>,
        /// Whether the reader may confirm it.
        may_confirm: bool,
        /// Whether the reader may take it back or refuse it.
        may_take_back: bool,
        /// Whether it was the reader who said so.
        own: bool,
        /// Why the reader may not confirm it, where an admin wonders.
        why_not: Option<String>,
    }

    /// One line of a difference in words.
    Change {
        /// What.
        what: String,
        /// Before.
        before: String,
        /// After.
        after: String,
    }

    /// A system in a list.
    SystemRow {
        /// Which.
        id: SystemId,
        /// Its key.
        key: String,
        /// Its name.
        name: String,
        /// What it is.
        says: String,
        /// Where it stands.
        environment: String,
        /// How much harm misuse could do.
        sensitivity: String,
        /// How closely its data is held.
        data_class: String,
        /// Its owners.
        owners: Vec<String>,
        /// How many can act on it now by a grant: a right of theirs was seen there.
        live: u32,
        /// For how many it is only being made.
        coming: u32,
        /// What goes wrong there.
        trouble: u32,
        /// How it is changed.
        connector: String,
    }

    /// The page of a system: who can act on it now, and why (R47, R63).
    SystemPage {
        /// In the list's words.
        row: SystemRow,
        /// Whether it reaches beyond the company.
        external: bool,
        /// Its backup owners.
        backup_owners: Vec<String>,
        /// Its fallback group.
        fallback: String,
        /// What is proposed for it, where that is not confirmed yet.
        proposal: Option<OwnersView>,
        /// What was said of that, or why the last was sent back.
        remarks: Vec<RemarkView>,
        /// The form in which the reader may propose other people.
        propose: Option<OwnersForm>,
        /// Its rights, and the bundles that confer them.
        entitlements: Vec<EntitlementRow>,
        /// Who has what now, or is being given it, page by page.
        holders: Page<Holder>,
    }

    /// Who has what on a system.
    Holder {
        /// By which grant.
        grant: GrantCard,
        /// When its rights on the system were last seen as they are.
        seen_at: Option<DateTime<Utc>>,
        /// What goes wrong there, right by right.
        troubles: Vec<TroubleView>,
    }

    /// How it stands with what reaches a system.
    HealthView {
        /// Whether it could do its work.
        well: bool,
        /// What it says of itself, or what it lacks.
        says: String,
        /// When it was looked at.
        looked_at: DateTime<Utc>,
    }

    /// A right in a list.
    EntitlementRow {
        /// Its name.
        name: String,
        /// What it lets one do.
        says: String,
        /// The target's own name.
        native: String,
        /// Why it is privileged.
        privileged: Option<String>,
        /// The bundles that confer it: key and name.
        bundles: Vec<Named>,
    }

    /// An identity in a list.
    IdentityRow {
        /// Which.
        id: IdentityId,
        /// Its key.
        key: String,
        /// Its name.
        name: String,
        /// Its kind.
        kind: Kind,
        /// Title or purpose.
        says: String,
        /// Where it works.
        department: String,
        /// Its roles.
        roles: Vec<PortalRole>,
        /// Whether it has left.
        left: bool,
        /// Whether it can sign in.
        signs_in: bool,
        /// Whether nobody answers for it who should: it is not a person, and all its owners have left.
        ownerless: bool,
        /// How much access it has now: it is there.
        live: u32,
    }

    /// The page of an identity.
    IdentityPage {
        /// In the list's words.
        row: IdentityRow,
        /// Where to write.
        email: Option<String>,
        /// Its manager.
        manager: Option<Named>,
        /// Its accountable owners.
        owners: Vec<Named>,
        /// The non-human identities it answers for.
        answers_for: Vec<Named>,
        /// Its accounts: system, name, since when, by whom.
        accounts: Vec<(String, String, DateTime<Utc>, String)>,
        /// Its groups.
        groups: Vec<Named>,
        /// What it has now.
        grants: Vec<GrantCard>,
        /// What happened to it, newest first.
        lines: Vec<Line>,
        /// Whether the reader may invite it.
        may_invite: bool,
        /// Why the reader cannot make a link for them, where an admin wonders.
        why_no_link: Option<String>,
        /// Whether the reader may say that it left.
        may_leave: bool,
        /// That it is said to have left, and is to be confirmed.
        departure: Option<DepartureView>,
        /// Whether the reader may say that it is back.
        may_return: bool,
        /// Its authenticators, where that is the reader's business.
        reset: Option<authenticators::ResetView>,
        /// What hangs on it, where it is not a person.
        chain: Option<chain::Chain>,
        /// How they decide, where they have of late and that is the reader's business.
        signals: Option<signals::SignalsView>,
    }

    /// A group with its members.
    GroupPage {
        /// Which.
        id: GroupId,
        /// Its key.
        key: String,
        /// Its name.
        name: String,
        /// Who is in it.
        says: String,
        /// Its standing members.
        members: Vec<Named>,
        /// Those who are in it for a while, and until when.
        by_grant: Vec<(Named, DateTime<Utc>)>,
        /// Groups in it.
        groups: Vec<Named>,
        /// What it decides or opens: where stages and conditions name it.
        used_by: Vec<Named>,
        /// Who is to be in it, where that is not confirmed yet.
        proposal: Option<MembersView>,
        /// Why the last proposal was sent back.
        remarks: Vec<RemarkView>,
    }

    /// An event in the trail.
    TrailRow {
        /// The line.
        line: Line,
        /// What it is about: a kind of thing.
        kind: String,
        /// Its name.
        name: String,
        /// Where it leads.
        path: String,
    }

    /// A one-time link, shown once.
    Invitation {
        /// Which.
        id: InvitationId,
        /// The key of whom it is for.
        key: String,
        /// Their name.
        name: String,
        /// The path with its token.
        path: String,
        /// Until when it works.
        expires_at: DateTime<Utc>,
    }
}
