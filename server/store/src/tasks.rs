//! Tasks for the operators of systems that are changed by hand.

use crate::{
    Error, Listed, Tx,
    requests::{in_part, part},
    tx::{row, rows, run},
};
use chrono::{DateTime, Utc};
use domain::{
    ids::{EntitlementId, IdentityId, SystemId, TaskId},
    job::RightKey,
    resource::ConnectorKind,
};
use uuid::Uuid;

/// A task: make this right be there, or not be there.
#[derive(Clone, Debug)]
pub struct TaskRow {
    /// Which.
    pub id: TaskId,
    /// The right.
    pub right: RightKey,
    /// Whether it should be there.
    pub wanted: bool,
    /// Since when it waits.
    pub opened_at: DateTime<Utc>,
    /// When it was attested, if it was.
    pub done_at: Option<DateTime<Utc>>,
    /// Who attested it, if somebody did.
    pub done_by: Option<IdentityId>,
}

type Raw = (Uuid, Uuid, Uuid, String, bool, DateTime<Utc>, Option<DateTime<Utc>>, Option<Uuid>);

fn task((id, system, entitlement, account, wanted, opened_at, done_at, done_by): Raw) -> TaskRow {
    let right = RightKey { system: SystemId(system), entitlement: EntitlementId(entitlement), account };
    TaskRow { id: TaskId(id), right, wanted, opened_at, done_at, done_by: done_by.map(IdentityId) }
}

impl Tx {
    /// One task.
    pub async fn task(&mut self, id: TaskId) -> Result<Option<TaskRow>, Error> {
        const SQL: &str =
            "select id, system_id, entitlement_id, account, wanted, opened_at, done_at, done_by from tasks
            where id = $1";
        Ok(row!(self, Raw, SQL, id.0)?.map(task))
    }

    /// What was attested last of a right.
    pub async fn attested(&mut self, right: &RightKey) -> Result<Option<bool>, Error> {
        const SQL: &str = "select wanted from tasks
            where system_id = $1 and entitlement_id = $2 and account = $3 and done_at is not null
            order by done_at desc, id desc limit 1";
        Ok(row!(self, (bool,), SQL, right.system.0, right.entitlement.0, &right.account)?.map(|(wanted,)| wanted))
    }

    /// Whether a task waits to give this right: perhaps it is done, and only not attested yet.
    pub async fn is_asked_for(&mut self, right: &RightKey) -> Result<bool, Error> {
        const SQL: &str = "select wanted from tasks
            where system_id = $1 and entitlement_id = $2 and account = $3 and done_at is null";
        let open = row!(self, (bool,), SQL, right.system.0, right.entitlement.0, &right.account)?;
        Ok(open.is_some_and(|(wanted,)| wanted))
    }

    /// Whether a task waits to take this right away, on a system that is changed by hand.
    pub async fn is_to_be_taken(&mut self, right: &RightKey) -> Result<bool, Error> {
        const SQL: &str = "select t.wanted from tasks t join systems s on s.id = t.system_id
            where t.system_id = $1 and t.entitlement_id = $2 and t.account = $3 and t.done_at is null
              and s.connector = $4";
        let by_hand = ConnectorKind::Manual.word();
        let open = row!(self, (bool,), SQL, right.system.0, right.entitlement.0, &right.account, by_hand)?;
        Ok(open.is_some_and(|(wanted,)| !wanted))
    }

    /// A page of the tasks that are done, in the order they were opened.
    pub async fn done_tasks(&mut self, from: TaskId, limit: i64) -> Result<Vec<TaskRow>, Error> {
        const SQL: &str =
            "select id, system_id, entitlement_id, account, wanted, opened_at, done_at, done_by from tasks
            where done_at is not null and id > $1 order by id limit $2";
        Ok(rows!(self, Raw, SQL, from.0, limit)?.into_iter().map(task).collect())
    }

    /// Whether a task of this right was done at a moment: whether it was given, or taken away.
    pub async fn was_done(&mut self, right: &RightKey, wanted: bool, at: DateTime<Utc>) -> Result<bool, Error> {
        const SQL: &str = "select id from tasks
            where system_id = $1 and entitlement_id = $2 and account = $3 and wanted = $4 and done_at = $5 limit 1";
        let done = row!(self, (Uuid,), SQL, right.system.0, right.entitlement.0, &right.account, wanted, at)?;
        Ok(done.is_some())
    }

    /// Asks for a task; false when it is open already. One that is open for the same right and the other way round makes room for it, so
    /// that nobody attests the contrary of what they read.
    pub async fn open_task(
        &mut self,
        id: TaskId,
        right: &RightKey,
        wanted: bool,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        const TURNED: &str = "delete from tasks where system_id = $1 and entitlement_id = $2 and account = $3
            and done_at is null and wanted <> $4";
        const ADD: &str = "insert into tasks (id, system_id, entitlement_id, account, wanted, opened_at)
            values ($1, $2, $3, $4, $5, $6) on conflict do nothing";
        run!(self, TURNED, right.system.0, right.entitlement.0, &right.account, wanted)?;
        Ok(run!(self, ADD, id.0, right.system.0, right.entitlement.0, &right.account, wanted, now)? == 1)
    }

    /// Drops an open task that is no longer wanted.
    pub async fn drop_task(&mut self, right: &RightKey) -> Result<(), Error> {
        const SQL: &str =
            "delete from tasks where system_id = $1 and entitlement_id = $2 and account = $3 and done_at is null";
        run!(self, SQL, right.system.0, right.entitlement.0, &right.account)?;
        Ok(())
    }

    /// Attests a task; false when somebody else was faster.
    pub async fn attest_task(&mut self, id: TaskId, by: IdentityId, now: DateTime<Utc>) -> Result<bool, Error> {
        const SQL: &str = "update tasks set done_at = $2, done_by = $3 where id = $1 and done_at is null";
        Ok(run!(self, SQL, id.0, now, by.0)? == 1)
    }

    /// A page of the open tasks of a system: those that take something away before the others, and of each the oldest first.
    pub async fn open_tasks_on(
        &mut self,
        system: SystemId,
        from: &str,
        limit: i64,
    ) -> Result<Vec<Listed<TaskRow>>, Error> {
        const SQL: &str =
            "select id, system_id, entitlement_id, account, wanted, opened_at, done_at, done_by from tasks
            where system_id = $1 and done_at is null and (wanted > $2 or (wanted = $2 and id > $3))
            order by wanted, id limit $4";
        let (wanted, id) = in_part(from).unwrap_or((false, Uuid::nil()));
        let found = rows!(self, Raw, SQL, system.0, wanted, id, limit)?.into_iter().map(task);
        Ok(found.map(|it| Listed { cursor: part(it.wanted, it.id.0), it }).collect())
    }
}
