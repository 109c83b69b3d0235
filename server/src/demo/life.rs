//! The last nine days of the demo's company: what people asked for, who decided, what came of it. Everything is done through the same
//! operations that people use; only the clock is set back.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use domain::Actor;
use domain::ids::RequestId;
use domain::views::Asking;
use operations::Portal;

use super::Backdated;

/// How long ago it begins.
pub const BEGINS: TimeDelta = TimeDelta::days(9);

// While nobody acts, time still passes: what is due is done about when it is due.
const STRIDE: TimeDelta = TimeDelta::minutes(15);
// More rounds than the demo could ever need; a job that makes itself due again must not hold it up.
const ROUNDS: usize = 50;

/// Something that somebody did, so long ago. The request's name is only for this table.
struct Step {
    ago: TimeDelta,
    who: &'static str,
    request: &'static str,
    did: Did,
}

enum Did {
    Ask {
        bundle: &'static str,
        subject: &'static str,
        length: &'static str,
        why: &'static str,
        work_item: &'static str,
        exception: bool,
    },
    Approve {
        shorter: &'static str,
        comment: &'static str,
    },
    Deny {
        comment: &'static str,
    },
    Comment {
        text: &'static str,
    },
    Withdraw,
    GiveBack,
    Attest,
}

const fn ago(days: i64, hours: i64, minutes: i64) -> TimeDelta {
    TimeDelta::minutes((days * 24 + hours) * 60 + minutes)
}

/// A person for themselves.
const fn asks(
    ago: TimeDelta,
    who: &'static str,
    request: &'static str,
    bundle: &'static str,
    length: &'static str,
    why: &'static str,
) -> Step {
    Step { ago, who, request, did: Did::Ask { bundle, subject: who, length, why, work_item: "", exception: false } }
}

const fn approves(ago: TimeDelta, who: &'static str, request: &'static str, comment: &'static str) -> Step {
    Step { ago, who, request, did: Did::Approve { shorter: "", comment } }
}

const fn does(ago: TimeDelta, who: &'static str, request: &'static str, did: Did) -> Step {
    Step { ago, who, request, did }
}

/// Oldest first.
static LIFE: &[Step] = &[
    // A report that ran its time.
    asks(
        ago(8, 22, 0),
        "zuzanna.kowal",
        "missed deliveries",
        "lake-report",
        "5d",
        "Which delivery promises we missed in the last quarter, by region, for the board",
    ),
    // Two systems, two owners: the dashboards are Zuzanna's own too, so Mei is the only one left for them.
    approves(ago(8, 20, 30), "mei.tanaka", "missed deliveries", "The curated tables have all of it."),
    approves(ago(8, 19, 0), "ola.nord", "missed deliveries", ""),
    // Somebody new in Customer Care: a manager agrees, two desks set it up by hand.
    asks(
        ago(7, 23, 0),
        "joao.marques",
        "joao's workplace",
        "care-shift",
        "14d",
        "The returns queue, together with Fatima",
    ),
    approves(ago(7, 22, 10), "fatima.elamrani", "joao's workplace", "Welcome!"),
    does(ago(7, 20, 40), "marek.novotny", "joao's workplace", Did::Attest),
    does(ago(7, 19, 15), "jonas.berg", "joao's workplace", Did::Attest),
    // Staging needs nobody's word.
    asks(ago(6, 4, 0), "hamza.yilmaz", "new basket", "flags-staging", "7d", "The new basket, step by step"),
    // Given back early.
    asks(
        ago(5, 2, 0),
        "bram.visser",
        "merge rules",
        "repository-maintain",
        "1d",
        "Storefront: the checkout tests become required before a merge",
    ),
    approves(ago(5, 1, 20), "linnea.ek", "merge rules", ""),
    approves(ago(5, 0, 30), "anton.lysenko", "merge rules", "Good, long overdue."),
    does(ago(4, 21, 0), "bram.visser", "merge rules", Did::GiveBack),
    // Personal data: an owner and two stewards.
    asks(
        ago(3, 6, 0),
        "zuzanna.kowal",
        "double deliveries",
        "lake-raw",
        "6h",
        "Customers who were sent the same parcel twice: curated tables drop the address. I keep a count for each postcode area and no names.",
    ),
    approves(ago(3, 5, 10), "ola.nord", "double deliveries", ""),
    does(
        ago(3, 4, 40),
        "henrique.dias",
        "double deliveries",
        Did::Comment { text: "What becomes of the query's result when you are done?" },
    ),
    does(
        ago(3, 4, 20),
        "zuzanna.kowal",
        "double deliveries",
        Did::Comment { text: "It is deleted with the notebook; the counts go into the report." },
    ),
    does(
        ago(3, 4, 0),
        "henrique.dias",
        "double deliveries",
        Did::Approve { shorter: "4h", comment: "Four hours are enough for that." },
    ),
    approves(ago(3, 3, 30), "diogo.almeida", "double deliveries", ""),
    // No is an answer.
    asks(
        ago(2, 5, 0),
        "pieter.dejong",
        "refunds",
        "payments-refund-create",
        "5d",
        "The returns of this week, while Catarina is at the bank",
    ),
    does(
        ago(2, 3, 45),
        "erik.sundin",
        "refunds",
        Did::Deny { comment: "Catarina is back tomorrow, and two are to see every refund. Ask again if it piles up." },
    ),
    asks(
        ago(2, 2, 0),
        "viktor.strand",
        "preview",
        "flags-preview",
        "14d",
        "What the shop looks like before the autumn campaign",
    ),
    // Asked in error, and taken back.
    asks(
        ago(1, 23, 0),
        "diogo.almeida",
        "wrong bundle",
        "lake-report",
        "10d",
        "How many orders are split over two warehouses",
    ),
    does(ago(1, 22, 50), "diogo.almeida", "wrong bundle", Did::Withdraw),
    // Had by somebody who, some hours later, needs what must not be in the same hands.
    asks(
        ago(1, 6, 0),
        "hamza.yilmaz",
        "two reviewers",
        "repository-maintain",
        "5d",
        "Storefront: whatever touches the checkout is merged by two reviewers from now on",
    ),
    approves(ago(1, 5, 10), "linnea.ek", "two reviewers", ""),
    approves(ago(1, 4, 30), "anton.lysenko", "two reviewers", "Fulfilment follows next month."),
    // Refused by policy: Sanne has no account there.
    asks(
        ago(1, 3, 0),
        "sanne.bakker",
        "first shift",
        "orders-support",
        "8h",
        "CASE-20391: two parcels, one paid twice",
    ),
    asks(ago(1, 2, 0), "maya.lindqvist", "maya's tests", "flags-staging", "7d", "The reply templates behind a flag"),
    // Set up by hand, and waiting for the desks.
    asks(ago(0, 20, 0), "sanne.bakker", "sanne's workplace", "care-shift", "30d", "The phone queue, from Monday on"),
    approves(ago(0, 4, 0), "fatima.elamrani", "sanne's workplace", ""),
    // What waits now.
    asks(ago(0, 6, 0), "oskar.wallin", "rotation", "on-call-join", "7d", "Next week, for Bram, who is away"),
    approves(ago(0, 5, 0), "anton.lysenko", "rotation", "His first rotation; Sander stands beside him."),
    does(
        ago(0, 3, 20),
        "maya.lindqvist",
        "invoices again",
        Did::Ask {
            bundle: "orders-automation",
            subject: "svc.invoice-runner",
            length: "1h",
            why: "Invoices of last night failed halfway; the runner reads the orders again and sends the rest",
            work_item: "DEP-311",
            exception: false,
        },
    ),
    // An exception, as he may change the merge rules meanwhile.
    does(
        ago(0, 3, 0),
        "hamza.yilmaz",
        "hanging tests",
        Did::Ask {
            bundle: "ci-run",
            subject: "hamza.yilmaz",
            length: "2h",
            why: "The checkout tests hang since the new merge rule, and nobody can merge: I stop them and start them one by one",
            work_item: "",
            exception: true,
        },
    ),
    asks(
        ago(0, 2, 30),
        "joao.marques",
        "lost order",
        "orders-read",
        "2h",
        "CASE-20407: a customer has a receipt for an order we do not find",
    ),
    does(
        ago(0, 1, 50),
        "thu.nguyen",
        "stuck orders",
        Did::Ask {
            bundle: "orders-write",
            subject: "thu.nguyen",
            length: "1h",
            why: "Set 14 orders stuck in picking back to paid; the list is in the change, and a copy of the rows is kept to undo it",
            work_item: "CHG-1042",
            exception: false,
        },
    ),
    does(
        ago(0, 1, 10),
        "anton.lysenko",
        "stuck orders",
        Did::Comment { text: "Is the list the one we went through this morning?" },
    ),
    asks(
        ago(0, 0, 40),
        "maya.lindqvist",
        "case 20418",
        "orders-read",
        "4h",
        "CASE-20418: three parcels to one address, and the customer says she ordered one",
    ),
];

/// Lives through all of it, up to now.
pub async fn live(portal: &Portal, clock: &Backdated) -> Result<()> {
    let mut requests = BTreeMap::new();
    let mut behind = BEGINS;
    for step in LIFE {
        pass(portal, clock, &mut behind, step.ago).await?;
        step.take(portal, &mut requests)
            .await
            .with_context(|| format!("the demo's story does not go on: {} and `{}`", step.who, step.request))?;
    }
    pass(portal, clock, &mut behind, TimeDelta::zero()).await
}

async fn pass(portal: &Portal, clock: &Backdated, behind: &mut TimeDelta, until: TimeDelta) -> Result<()> {
    loop {
        settle(portal).await?;
        if *behind <= until {
            return Ok(());
        }
        *behind = (*behind - STRIDE).max(until);
        clock.set_back(*behind);
    }
}

async fn settle(portal: &Portal) -> Result<()> {
    for _ in 0..ROUNDS {
        if portal.run_due_jobs(32).await? == 0 {
            break;
        }
    }
    Ok(())
}

impl Step {
    async fn take(&self, portal: &Portal, requests: &mut BTreeMap<&'static str, RequestId>) -> Result<()> {
        let actor = portal.actor_by_key(self.who).await?;
        if let Did::Ask { bundle, subject, length, why, work_item, exception } = self.did {
            let asking = Asking {
                bundle: bundle.to_owned(),
                subject: id_of(portal, subject).await?,
                duration: length.to_owned(),
                justification: why.to_owned(),
                work_item: work_item.to_owned(),
                link: String::new(),
                continues: String::new(),
                exception: if exception { "yes".to_owned() } else { String::new() },
            };
            requests.insert(self.request, portal.ask(&actor, &asking).await?);
            return Ok(());
        }
        let request = *requests.get(self.request).context("nobody asked for it")?;
        match self.did {
            Did::Ask { .. } => {}
            Did::Approve { shorter, comment } => {
                let version = portal.request(&actor, request).await?.version;
                portal.approve(&actor, request, version, shorter, comment).await?;
            }
            Did::Deny { comment } => {
                let version = portal.request(&actor, request).await?.version;
                portal.deny(&actor, request, version, comment).await?;
            }
            Did::Comment { text } => portal.comment(&actor, request, text).await?,
            Did::Withdraw => portal.withdraw(&actor, request).await?,
            Did::GiveBack => {
                let grant = portal.grant_of(request).await?.context("there is nothing to give back")?;
                portal.give_back(&actor, grant).await?;
            }
            Did::Attest => {
                let mut after = String::new();
                loop {
                    let page = portal.tasks(&actor, &after).await?;
                    for task in page.items.iter().filter(|task| task.request == request && task.why_not.is_none()) {
                        portal.attest(&actor, task.id).await?;
                    }
                    let Some(next) = page.next else { break };
                    after = next;
                }
            }
        }
        Ok(())
    }
}

async fn id_of(portal: &Portal, key: &str) -> Result<String> {
    match portal.actor_by_key(key).await? {
        Actor::Person { id, .. } => Ok(id.to_string()),
        Actor::System | Actor::Operator => anyhow::bail!("`{key}` is nobody"),
    }
}
