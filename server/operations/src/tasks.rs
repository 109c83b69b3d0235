//! Tasks of systems that are changed by hand: who may see them, and attesting that one is done.

use crate::{
    Error, Portal,
    pages::{limit, listed},
};
use domain::{
    Actor, Refusal,
    grant::Grant,
    ids::{IdentityId, TaskId},
    job::{Job, JobKey, RightKey},
    request::Request,
    resource::System,
    views::{Page, TaskView},
};
use store::{TaskRow, Tx};

impl Portal {
    /// The tasks that wait for the reader, as an operator of systems: what is to be taken away first, and of each the oldest.
    pub async fn tasks(&self, actor: &Actor, after: &str) -> Result<Page<TaskView>, Error> {
        let mut tx = self.store().read().await?;
        let authority = crate::facts::in_portal(&mut tx, actor, self.now()).await?;
        let Some(who) = authority.actor().person() else { return Ok(Page::empty()) };
        let operated = tx.operated_by(who, self.now()).await?;
        let systems = tx.systems_among(&operated).await?;
        let mut open = Vec::new();
        for id in operated {
            // The first of all systems together are among the first of each.
            open.extend(tx.open_tasks_on(id, after, limit()).await?);
        }
        open.sort_by_key(|task| (task.it.wanted, task.it.id));
        let (open, next) = listed(open);
        let mut items = Vec::new();
        for task in &open {
            if let Some(system) = systems.get(&task.right.system) {
                items.extend(task_view(&mut tx, task, system, who).await?);
            }
        }
        Ok(Page { items, next })
    }

    /// Attests that a task is done. The operator must have had no part in asking or approving (R30).
    pub async fn attest(&self, actor: &Actor, id: TaskId) -> Result<(), Error> {
        self.retrying(|| async {
            let now = self.now();
            let mut tx = self.store().write().await?;
            let authority = crate::facts::in_portal(&mut tx, actor, now).await?;
            let who = authority.actor().person().ok_or(Refusal::NotAllowed("only a person attests"))?;
            let operated = tx.operated_by(who, now).await?;
            let Some(task) = tx.task(id).await? else {
                // It was there when their page was drawn, and has been turned or dropped since.
                return Err(if operated.is_empty() { Error::NotFound } else { Refusal::TaskDone.into() });
            };
            if !operated.contains(&task.right.system) {
                return Err(Error::NotFound);
            }
            let requests = requests_behind(&mut tx, &task.right).await?;
            if takes_part(&mut tx, &requests, who).await? {
                return Err(Refusal::NotTheProvisioner.into());
            }
            if task.done_at.is_some() || !tx.attest_task(id, who, now).await? {
                return Err(Refusal::TaskDone.into());
            }
            let grants = tx.grants_on(&task.right).await?;
            if grants.is_empty() {
                return Err(Refusal::TaskDone.into());
            }
            let fits = |grant: &Grant| grant.needs_its_rights(now) == task.wanted;
            // Too late for what it was opened for it was done all the same, and every grant of the right is told.
            let late = !grants.iter().any(fits);
            for grant in grants.iter().filter(|grant| late || fits(grant)) {
                let change = grant.attested(actor, &task.right, task.wanted, now)?;
                self.save(&mut tx, &change).await?;
            }
            tx.enqueue(&Job::at(JobKey::Right(task.right.clone()), now)).await?;
            self.commit(tx).await
        })
        .await
    }
}

/// A task as its operator sees it; `None` when no grant needs it any more.
async fn task_view(tx: &mut Tx, task: &TaskRow, system: &System, who: IdentityId) -> Result<Option<TaskView>, Error> {
    let requests = requests_behind(tx, &task.right).await?;
    let Some(request) = requests.last() else { return Ok(None) };
    let why_not = takes_part(tx, &requests, who).await?.then(|| Refusal::NotTheProvisioner.to_string());
    Ok(Some(TaskView {
        id: task.id,
        system: system.spec.name.clone(),
        what: what(system, &task.right, task.wanted),
        takes_away: !task.wanted,
        account: task.right.account.clone(),
        subject: request.facts.subject.name.clone(),
        since: task.opened_at,
        request: request.id,
        why_not,
    }))
}

/// What is to be done to a right, in one sentence.
pub(crate) fn what(system: &System, right: &RightKey, wanted: bool) -> String {
    let name = system.spec.entitlements.get(&right.entitlement).map_or("a right", |it| it.name.as_str());
    if wanted {
        format!("Give `{}` the right “{name}” on {}", right.account, system.spec.name)
    } else {
        format!("Take the right “{name}” on {} away from `{}`", system.spec.name, right.account)
    }
}

/// The requests whose grants a task about a right follows from, oldest first.
pub(crate) async fn requests_behind(tx: &mut Tx, right: &RightKey) -> Result<Vec<Request>, Error> {
    let mut requests = Vec::new();
    for grant in tx.grants_on(right).await? {
        requests.extend(tx.request(grant.request).await?);
    }
    Ok(requests)
}

/// Whether somebody asked for it, gets it, answers for it, then or now, or decided on it.
pub(crate) async fn takes_part(tx: &mut Tx, requests: &[Request], who: IdentityId) -> Result<bool, Error> {
    for request in requests {
        let today = tx.identity(request.ask.subject).await?.is_some_and(|it| it.spec.owners.contains(&who));
        if today
            || request.ask.asker == who
            || request.ask.subject == who
            || request.facts.subject.owners.contains(&who)
            || request.has_decided(who)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
