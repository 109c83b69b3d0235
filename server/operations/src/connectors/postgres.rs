//! A `PostgreSQL` server as a target: a right is the membership of an account (a login role) in a role.
//! What a role may do inside the database is the database's own business and is not touched here.
//!
//! # The role this connector signs in as
//!
//! It needs to give the roles and to end sessions, and should not be able to read data. On 16 and newer (tried on 18):
//!
//! ```sql
//! CREATE ROLE sallyport LOGIN PASSWORD '…';
//! GRANT pg_signal_backend TO sallyport;
//! -- and for each role that it gives:
//! GRANT orders_read TO sallyport WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
//! ```
//!
//! `CREATEROLE` alone is not enough there: the server wants the `ADMIN OPTION` on each role. Whoever has that could grant
//! itself the role, but not without a membership that everybody sees. On 15 the grant has no finer options, so that the
//! connector's role may do what the roles may:
//!
//! ```sql
//! CREATE ROLE sallyport LOGIN PASSWORD '…';
//! GRANT pg_signal_backend TO sallyport;
//! -- and for each role that it gives:
//! GRANT orders_read TO sallyport WITH ADMIN OPTION;
//! ```
//!
//! On 15 `CREATEROLE` does in place of the last, but it lets the connector change nearly every role there is. `NOINHERIT`
//! does not suit: it switches off `pg_signal_backend`. What another role granted is taken only with that role's privileges
//! on 16 and newer, and with the `ADMIN OPTION` on 15. Ending the sessions of a superuser takes a superuser; such accounts
//! are given nothing here.
//!
//! # How a right is taken
//!
//! A membership has no end of its own, and `REVOKE` is not enough: an open session loses what it inherited at once, but
//! one that ran `SET ROLE` keeps the role. So: revoke under every grantor, look again (first hand and through other roles),
//! then end the account's sessions. The order matters: a session that begins after the revoke can no longer take the role.
//!
//! Which of its roles a session has taken nobody else can see. So all of the account's sessions are ended, and work under
//! its other rights is interrupted with them.
//!
//! They are ended by every [`take`](Connector::take), also when no membership is found: a process killed between the revoke
//! and the end of the sessions would otherwise leave one behind for good. So it may only be called for a right that the
//! caller's record says we gave; for any other it would end innocent work. While the right still stands in another way no
//! session is ended: that would take nothing away, and would interrupt the person anew at each try.
//!
//! Out of reach: an account that other accounts are members of shares its rights with them, and their sessions are not
//! ended.

use super::{Connector, ConnectorError, Progress, Right, Seen};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, FromRow, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    io::ErrorKind,
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};

/// From this version on a membership may stand under several grantors, and has options of its own.
const MANY_GRANTORS: i32 = 160_000;
/// How long the server may take to let us in.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one whole act may take, whatever the network does; the statement timeout is the server's half of this.
const ACT: Duration = Duration::from_secs(30);
/// How long ended sessions may take to be gone, unless said otherwise: a rollback is work too.
const LEAVING: Duration = Duration::from_secs(5);
/// How often to look whether they are.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How many connections one target gets from us at a time.
const AT_ONCE: usize = 2;
/// How often a statement is tried that lost a race with another change to the same role.
const TRIES: u8 = 3;

/// Gives and takes role memberships on one `PostgreSQL` server.
///
/// It signs in anew for each act: rights change seldom, a connection that died in between cannot be picked up, and a server that is
/// down says so at once.
pub struct Postgres {
    options: PgConnectOptions,
    leaving: Duration,
    turns: Semaphore,
}

impl fmt::Debug for Postgres {
    /// Says nothing of the target: its options hold the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Postgres {
    /// Prepares for the server at `postgres://role:password@host:port/database`; connects only when there is something to do.
    pub fn open(url: &str) -> Result<Self, ConnectorError> {
        Ok(Self { options: options(url)?, leaving: LEAVING, turns: Semaphore::new(AT_ONCE) })
    }

    /// The same, with another bound on how long ended sessions may take to be gone.
    #[must_use]
    pub fn leaving_within(self, leaving: Duration) -> Self {
        Self { leaving, ..self }
    }
}

#[async_trait]
impl Connector for Postgres {
    async fn look(&self, right: &Right) -> Result<Seen, ConnectorError> {
        let _turn = self.turns.acquire().await;
        within(async { Session::begin(&self.options).await?.look(right).await }).await
    }

    async fn give(&self, right: &Right) -> Result<Progress, ConnectorError> {
        let _turn = self.turns.acquire().await;
        within(async { Session::begin(&self.options).await?.give(right).await }).await
    }

    /// Ends the account's sessions too, whether or not the right still stood: call it only for a right that we gave.
    async fn take(&self, right: &Right) -> Result<Progress, ConnectorError> {
        let _turn = self.turns.acquire().await;
        within(async { Session::begin(&self.options).await?.take(right, self.leaving).await }).await
    }

    /// Gives the server's version besides.
    async fn health(&self) -> Result<String, ConnectorError> {
        let _turn = self.turns.acquire().await;
        within(async { Session::begin(&self.options).await?.health().await }).await
    }
}

/// Bounds an act on our side: a server that is cut off in the middle of a statement never says so.
async fn within<T>(act: impl Future<Output = Result<T, ConnectorError>>) -> Result<T, ConnectorError> {
    timeout(ACT, act).await.unwrap_or_else(|_| Err(silent()))
}

/// One connection, for one act.
struct Session {
    connection: PgConnection,
    version: i32,
    /// The roles we act as: the one that signed in, and the one a server setting may have put in its place.
    ours: [String; 2],
}

/// The two roles a right names, as the server has them.
struct Parties {
    account: Role,
    role: Role,
}

#[derive(Clone, FromRow)]
struct Role {
    name: String,
    may_log_in: bool,
    superuser: bool,
}

impl Session {
    async fn begin(options: &PgConnectOptions) -> Result<Self, ConnectorError> {
        let mut connection = connect(options).await?;
        let row =
            sqlx::query("select current_setting('server_version_num')::int4, current_user::text, session_user::text")
                .fetch_one(&mut connection)
                .await
                .map_err(fault)?;
        let (version, acting, signed_in): (i32, String, String) = FromRow::from_row(&row).map_err(fault)?;
        Ok(Self { connection, version, ours: [acting, signed_in] })
    }

    fn me(&self) -> &str {
        &self.ours[0]
    }

    async fn look(&mut self, right: &Right) -> Result<Seen, ConnectorError> {
        let parties = self.parties(right).await?;
        let standing = self.standing(&parties).await?;
        Ok(standing.seen())
    }

    async fn give(&mut self, right: &Right) -> Result<Progress, ConnectorError> {
        let Parties { account, role } = &self.parties(right).await?;
        let (account_named, role_named) = (named(&account.name), named(&role.name));
        if !account.may_log_in {
            return Err(ConnectorError::Settings(format!(
                "{account_named} may not log in, so it is no account; link one that may, or run `ALTER ROLE {} LOGIN`",
                shown(&account.name)
            )));
        }
        if account.superuser {
            return Err(ConnectorError::Settings(format!(
                "{account_named} is a superuser: it may do everything as it is, and taking {role_named} would end nothing; link an ordinary account"
            )));
        }
        let parties = Parties { account: account.clone(), role: role.clone() };
        if self.standing(&parties).await?.is_direct() {
            return Ok(Progress::Done);
        }
        // Postgres: from 16 on our own membership row may be there with its use switched off, and a plain GRANT leaves it so.
        let usable = if self.version >= MANY_GRANTORS { " with set true" } else { "" };
        let grant = format!("grant {} to {}{usable}", ident(&role.name), ident(&account.name));
        match self.change(&grant).await {
            Ok(()) => {}
            Err(error) if code(&error).as_deref() == Some("42501") => return Err(self.may_not_give(role, &error)),
            Err(error) if code(&error).as_deref() == Some("0LP01") => {
                return Err(ConnectorError::Failed(format!(
                    "{role_named} cannot be given to {account_named}: {role_named} is a member of {account_named} itself"
                )));
            }
            Err(error) => return Err(fault(error)),
        }
        if self.standing(&parties).await?.is_direct() {
            return Ok(Progress::Done);
        }
        Err(ConnectorError::Failed(format!(
            "the server accepted giving {role_named} to {account_named}, but the membership is not there; something else takes it away again"
        )))
    }

    async fn take(&mut self, right: &Right, leaving: Duration) -> Result<Progress, ConnectorError> {
        let parties = self.parties(right).await?;
        self.revoke(&parties).await?;
        let standing = self.standing(&parties).await?;
        if standing.is_direct() {
            return Err(self.may_not_take(&parties, &standing));
        }
        if let Some(way) = standing.other_ways() {
            return Err(ConnectorError::Failed(format!(
                "{} is no longer a member of {} first hand, but the right still stands: {way}; it was not given by the portal, so it has to be removed there",
                named(&parties.account.name),
                named(&parties.role.name),
            )));
        }
        self.end_sessions(&parties.account, leaving).await?;
        Ok(Progress::Done)
    }

    /// Revokes under every grantor; what the server refuses for want of a privilege is left for the next look to find.
    async fn revoke(&mut self, parties: &Parties) -> Result<(), ConnectorError> {
        let (account, role) = (&parties.account.name, &parties.role.name);
        for grantor in self.standing(parties).await?.grantors() {
            // Postgres: before 16 there is one membership whoever granted it, and the grantor may have been dropped since.
            let under = match grantor {
                Some(grantor) if self.version >= MANY_GRANTORS => format!(" granted by {}", ident(&grantor)),
                _ => String::new(),
            };
            match self.change(&format!("revoke {} from {}{under}", ident(role), ident(account))).await {
                Ok(()) => {}
                Err(error) if code(&error).as_deref() == Some("42501") => {}
                Err(error) if code(&error).as_deref() == Some("2BP01") => {
                    return Err(self.given_on(parties).await?);
                }
                Err(error) => return Err(fault(error)),
            }
        }
        Ok(())
    }

    /// Runs one statement that changes a membership, again when another session changed the same role at the same moment.
    async fn change(&mut self, statement: &str) -> Result<(), sqlx::Error> {
        let mut tries = 1;
        loop {
            let outcome = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut self.connection).await;
            match outcome {
                // Postgres: the catalogue takes no row locks; the loser hears "tuple concurrently updated" or of a duplicate key.
                Err(error) if tries < TRIES && matches!(code(&error).as_deref(), Some("XX000" | "23505")) => tries += 1,
                Err(error) => return Err(error),
                Ok(_) => return Ok(()),
            }
        }
    }

    /// Finds both roles of a right, and refuses those that are never ours to change.
    async fn parties(&mut self, right: &Right) -> Result<Parties, ConnectorError> {
        let (account, role) = (right.account.as_str(), right.entitlement.as_str());
        for name in [account, role] {
            if name.starts_with("pg_") {
                return Err(ConnectorError::Settings(format!(
                    "{} is reserved by the server and is never given or taken; make a role of your own that is a member of it",
                    named(name)
                )));
            }
            if self.ours.iter().any(|ours| ours == name) {
                return Err(ConnectorError::Settings(format!(
                    "{} is the role the connector itself signs in as, and is never given or taken",
                    named(name)
                )));
            }
        }
        if account == role {
            return Err(ConnectorError::Settings(format!("{} cannot be given to itself", named(account))));
        }
        // The parameter is text: as `name` it would be cut to 63 bytes and might meet another role.
        let found: Vec<Role> = sqlx::query_as(
            "select rolname::text as name, rolcanlogin as may_log_in, rolsuper as superuser
             from pg_catalog.pg_roles where rolname = any($1::text[])",
        )
        .bind(vec![account.replace('\0', ""), role.replace('\0', "")])
        .fetch_all(&mut self.connection)
        .await
        .map_err(fault)?;
        let find = |name: &str| found.iter().find(|role| role.name == name).cloned();
        match (find(account), find(role)) {
            (Some(account), Some(role)) => Ok(Parties { account, role }),
            (None, _) => Err(ConnectorError::Missing(format!(
                "there is no account {} on the server (names are case-sensitive); if it was renamed, link the new name: it keeps what it held",
                named(account)
            ))),
            (Some(_), None) => Err(ConnectorError::Missing(format!(
                "there is no role {} on the server (names are case-sensitive); if it was renamed, change `native` in the catalogue",
                named(role)
            ))),
        }
    }

    async fn standing(&mut self, parties: &Parties) -> Result<Standing, ConnectorError> {
        let memberships = memberships(&mut self.connection, Some(&parties.account.name)).await?;
        Ok(Standing::of(&parties.account, &parties.role, memberships))
    }

    fn may_not_give(&self, role: &Role, error: &sqlx::Error) -> ConnectorError {
        let (me, role_named) = (named(self.me()), named(&role.name));
        let (us, it) = (shown(self.me()), shown(&role.name));
        let why = if role.superuser {
            format!("{role_named} is a superuser, which only a superuser may give: choose a role that is not")
        } else if self.version >= MANY_GRANTORS {
            format!(
                "it needs the `ADMIN OPTION` on that role (`CREATEROLE` alone is not enough since PostgreSQL 16): run `GRANT {it} TO {us} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`"
            )
        } else {
            format!("it needs the `ADMIN OPTION` on that role: run `GRANT {it} TO {us} WITH ADMIN OPTION`")
        };
        ConnectorError::Denied(format!("{me} may not give {role_named}; {why} (the server: {})", words(error)))
    }

    fn may_not_take(&self, parties: &Parties, standing: &Standing) -> ConnectorError {
        let (account, role) = (named(&parties.account.name), named(&parties.role.name));
        let (them, it, us) = (shown(&parties.account.name), shown(&parties.role.name), shown(self.me()));
        let me = named(self.me());
        if self.version < MANY_GRANTORS {
            return ConnectorError::Denied(format!(
                "{account} still holds {role}, granted by {}, and {me} may not revoke it; it needs the `ADMIN OPTION` on that role: run `GRANT {it} TO {us} WITH ADMIN OPTION`",
                all(standing.grantors().iter().map(|grantor| grantor_named(grantor.as_deref())))
            ));
        }
        let grantors: Vec<String> = standing.grantors().into_iter().flatten().collect();
        if grantors.iter().any(|grantor| self.ours.contains(grantor)) {
            return ConnectorError::Denied(format!(
                "{account} still holds {role}, granted by {me}, which may not revoke it any more; it needs the `ADMIN OPTION` on that role: run `GRANT {it} TO {us} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`"
            ));
        }
        ConnectorError::Denied(format!(
            "{account} still holds {role}, granted by {by}; {me} may revoke only what it granted, unless it has the privileges of {by}: have a superuser run {}",
            all(grantors.iter().map(|grantor| format!("`REVOKE {it} FROM {them} GRANTED BY {}`", shown(grantor)))),
            by = all(grantors.iter().map(|grantor| named(grantor))),
        ))
    }

    /// Says whom the account has given the role on to: a revoke would have to take it from them too, and they are not ours.
    async fn given_on(&mut self, parties: &Parties) -> Result<ConnectorError, ConnectorError> {
        let holders: Vec<String> = sqlx::query_scalar(
            "select distinct holder.rolname::text
             from pg_catalog.pg_auth_members m
             join pg_catalog.pg_roles holder on holder.oid = m.member
             join pg_catalog.pg_roles given on given.oid = m.roleid
             join pg_catalog.pg_roles giver on giver.oid = m.grantor
             where given.rolname = $1::text and giver.rolname = $2::text
             order by 1",
        )
        .bind(&parties.role.name)
        .bind(&parties.account.name)
        .fetch_all(&mut self.connection)
        .await
        .map_err(fault)?;
        Ok(ConnectorError::Failed(format!(
            "{account} has given {role} on to {}; revoke that first, then {role} can be taken from {account}",
            all(holders.iter().map(|holder| named(holder))),
            account = named(&parties.account.name),
            role = named(&parties.role.name),
        )))
    }

    /// Ends every session the account has now, and returns when they are gone. Those that begin meanwhile hold nothing and are left.
    async fn end_sessions(&mut self, account: &Role, leaving: Duration) -> Result<(), ConnectorError> {
        let open = self.sessions(account, None).await?;
        if open.is_empty() {
            return Ok(());
        }
        let ended = sqlx::query(
            "select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a
             where a.usename = $1::text and a.pid = any($2)",
        )
        .bind(&account.name)
        .bind(&open)
        .execute(&mut self.connection)
        .await;
        match ended {
            Ok(_) => {}
            Err(error) if code(&error).as_deref() == Some("42501") => return Err(self.may_not_end(account, &open)),
            Err(error) => return Err(fault(error)),
        }
        let gone = async {
            while !self.sessions(account, Some(&open)).await?.is_empty() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Ok(())
        };
        timeout(leaving, gone).await.unwrap_or_else(|_| {
            Err(ConnectorError::Failed(format!(
                "the membership of {account} is gone, but not all of its sessions ended within {leaving:?}, and one that ran `SET ROLE` may still use it; try again",
                account = named(&account.name),
            )))
        })
    }

    /// The process ids of the account's sessions, of those among `only` where it is given.
    async fn sessions(&mut self, account: &Role, only: Option<&[i32]>) -> Result<Vec<i32>, ConnectorError> {
        sqlx::query_scalar(
            "select pid from pg_catalog.pg_stat_activity
             where usename = $1::text and pid <> pg_catalog.pg_backend_pid() and ($2::int4[] is null or pid = any($2))",
        )
        .bind(&account.name)
        .bind(only)
        .fetch_all(&mut self.connection)
        .await
        .map_err(fault)
    }

    fn may_not_end(&self, account: &Role, open: &[i32]) -> ConnectorError {
        let who = named(&account.name);
        let needs = if account.superuser {
            "ending the sessions of a superuser takes a superuser: have one end them".to_owned()
        } else {
            format!("it needs the role `pg_signal_backend`: run `GRANT pg_signal_backend TO {}`", shown(self.me()))
        };
        ConnectorError::Denied(format!(
            "the membership of {who} is gone, but it has {} that may still use the role, and {} may not end them; {needs}",
            if open.len() == 1 { "an open session".to_owned() } else { format!("{} open sessions", open.len()) },
            named(self.me()),
        ))
    }

    async fn health(&mut self) -> Result<String, ConnectorError> {
        let state: State = sqlx::query_as(
            "select current_setting('server_version') as server,
                    pg_catalog.pg_is_in_recovery() as replica,
                    me.rolsuper as superuser,
                    me.rolcreaterole as makes_roles,
                    pg_catalog.pg_has_role(me.oid, 'pg_signal_backend', 'usage') as ends_sessions,
                    array(select r.rolname::text from pg_catalog.pg_roles r
                          where r.rolname !~ '^pg_' and r.oid <> me.oid
                            and pg_catalog.pg_has_role(me.oid, r.oid, 'member with admin option')
                          order by 1) as gives
             from pg_catalog.pg_roles me where me.rolname = current_user",
        )
        .fetch_one(&mut self.connection)
        .await
        .map_err(fault)?;
        let me = named(self.me());
        let at = format!("PostgreSQL {}", state.server);
        if state.replica {
            return Err(ConnectorError::Settings(format!(
                "{at} is a read-only replica, where no role can be given; let the secret point at the primary"
            )));
        }
        if state.superuser {
            return Ok(format!(
                "{at}; {me} is a superuser and may give every role and end every session, which is more than it needs"
            ));
        }
        let makes_roles = state.makes_roles && self.version < MANY_GRANTORS;
        let mut lacks = Vec::new();
        if !makes_roles && state.gives.is_empty() {
            lacks.push(format!(
                "the `ADMIN OPTION` on the roles it is to give (for each, `GRANT the_role TO {} WITH ADMIN {}`)",
                shown(self.me()),
                if self.version >= MANY_GRANTORS { "TRUE, INHERIT FALSE, SET FALSE" } else { "OPTION" },
            ));
        }
        if !state.ends_sessions {
            lacks.push(format!("`pg_signal_backend` (`GRANT pg_signal_backend TO {}`)", shown(self.me())));
        }
        if !lacks.is_empty() {
            return Err(ConnectorError::Denied(format!("{at}; {me} lacks {}", lacks.join(" and "))));
        }
        let gives = if makes_roles {
            "every role that is no superuser, through `CREATEROLE`, which is more than it needs".to_owned()
        } else {
            all(state.gives.iter().map(|role| named(role)))
        };
        Ok(format!("{at}; {me} may end sessions, and may give {gives}"))
    }
}

#[derive(FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "a row as the server answers it")]
struct State {
    server: String,
    replica: bool,
    superuser: bool,
    makes_roles: bool,
    ends_sessions: bool,
    gives: Vec<String>,
}

/// One row of `pg_auth_members`: that a role is a member of another, and what it may do with that.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Membership {
    /// Who is a member.
    pub(crate) member: String,
    /// Of what.
    pub(crate) role: String,
    /// Who granted it; `None` when that role has been dropped since.
    pub(crate) grantor: Option<String>,
    /// The member may grant it on, and so to itself.
    pub(crate) admin: bool,
    /// The member has the role's privileges without doing anything.
    pub(crate) inherits: bool,
    /// The member may `SET ROLE` to it.
    pub(crate) sets: bool,
}

impl Membership {
    pub(crate) fn is_of_use(&self) -> bool {
        self.inherits || self.sets
    }
}

/// How one account has one role.
struct Standing {
    superuser: bool,
    direct: Vec<Membership>,
    others: Vec<Way>,
}

/// How far along a chain of memberships an account gets with a role; ordered from the most to the least it can do there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// It may `SET ROLE` to it, and from there on.
    Sets,
    /// It has its privileges, and those it inherits in turn.
    Inherits,
    /// It may grant it to itself.
    Grants,
}

impl Reach {
    /// What is left after one more membership; `None` when the chain breaks there.
    fn through(self, step: &Membership) -> Option<Self> {
        match self {
            Self::Grants => Some(Self::Grants),
            Self::Sets if step.sets => Some(Self::Sets),
            Self::Sets | Self::Inherits if step.inherits => Some(Self::Inherits),
            Self::Sets | Self::Inherits if step.admin => Some(Self::Grants),
            Self::Sets | Self::Inherits => None,
        }
    }
}

/// A chain of roles from an account to a role, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The roles on it, in order.
    pub roles: Vec<String>,
    /// Whether the account must first grant itself something on the way, which it may.
    pub by_granting: bool,
}

impl Way {
    /// A way that needs no granting says more than one that does, and a short one more than a long one.
    fn weight(&self) -> (bool, usize) {
        (self.by_granting, self.roles.len())
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain: Vec<String> = self.roles.iter().map(|role| named(role)).collect();
        f.write_str(&chain.join(" → "))?;
        if self.by_granting {
            f.write_str(" (by the `ADMIN OPTION`, which lets it grant the role to itself)")
        } else {
            Ok(())
        }
    }
}

impl Standing {
    fn of(account: &Role, role: &Role, memberships: Vec<Membership>) -> Self {
        let others = Chart::of(&memberships).others(&account.name, &role.name);
        let is_direct = |m: &Membership| m.member == account.name && m.role == role.name && m.is_of_use();
        Self { superuser: account.superuser, direct: memberships.into_iter().filter(is_direct).collect(), others }
    }

    fn is_direct(&self) -> bool {
        !self.direct.is_empty()
    }

    fn grantors(&self) -> BTreeSet<Option<String>> {
        self.direct.iter().map(|membership| membership.grantor.clone()).collect()
    }

    /// Every way but the direct one, in words.
    fn other_ways(&self) -> Option<String> {
        let superuser = self.superuser.then(|| "the account is a superuser, which may do everything".to_owned());
        let through =
            (!self.others.is_empty()).then(|| format!("through {}", all(self.others.iter().map(ToString::to_string))));
        match (superuser, through) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one),
            (Some(superuser), Some(through)) => Some(format!("{through}; {superuser}")),
        }
    }

    fn seen(&self) -> Seen {
        let others = self.other_ways();
        if !self.is_direct() {
            return others.map_or(Seen::Absent, |way| Seen::Present { directly: false, detail: Some(way) });
        }
        let grantors = self.grantors();
        let granted = format!("granted by {}", all(grantors.iter().map(|grantor| grantor_named(grantor.as_deref()))));
        let detail = others.map_or(granted.clone(), |way| format!("{granted}; also {way}"));
        Seen::Present { directly: true, detail: Some(detail) }
    }
}

/// Who is a member of what, to be walked from an account upwards.
pub(crate) struct Chart<'a>(BTreeMap<&'a str, Vec<&'a Membership>>);

impl<'a> Chart<'a> {
    pub(crate) fn of(memberships: &'a [Membership]) -> Self {
        let mut chart: BTreeMap<&str, Vec<&Membership>> = BTreeMap::new();
        for membership in memberships {
            chart.entry(&membership.member).or_default().push(membership);
        }
        Self(chart)
    }

    /// The shortest way to each role that an account has anything of.
    pub(crate) fn reached(&self, account: &str) -> Vec<Way> {
        let mut ways: Vec<Way> = self.walk(account).into_iter().map(|(way, _)| way).collect();
        ways.sort_by_key(Way::weight);
        let mut roles = BTreeSet::new();
        ways.retain(|way| roles.insert(way.roles.last().cloned()));
        ways
    }

    /// The ways by which an account has one role, save the direct membership: the shortest one for each last step.
    fn others(&self, account: &str, role: &str) -> Vec<Way> {
        let mut ways: Vec<Way> = self
            .walk(account)
            .into_iter()
            .filter(|(way, step)| step.role == role && (way.roles.len() > 2 || !step.is_of_use()))
            .map(|(way, _)| way)
            .collect();
        ways.sort_by_key(Way::weight);
        let mut last_steps = BTreeSet::new();
        ways.retain(|way| last_steps.insert(way.roles.iter().rev().nth(1).cloned()));
        ways
    }

    /// Every membership that can be reached, each with a shortest way that ends with it.
    fn walk(&self, account: &str) -> Vec<(Way, &'a Membership)> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([(account.to_owned(), Reach::Sets)]);
        let mut queue = VecDeque::from([(vec![account.to_owned()], Reach::Sets)]);
        while let Some((path, reach)) = queue.pop_front() {
            let steps = path.last().and_then(|here| self.0.get(here.as_str())).map_or(&[][..], Vec::as_slice);
            for step in steps {
                let Some(next) = reach.through(step) else { continue };
                let mut roles = path.clone();
                roles.push(step.role.clone());
                if seen.insert((step.role.clone(), next)) {
                    queue.push_back((roles.clone(), next));
                }
                found.push((Way { roles, by_granting: next == Reach::Grants }, *step));
            }
        }
        found
    }
}

/// The memberships an account can get anything from, or all there are.
pub(crate) async fn memberships(
    connection: &mut PgConnection,
    account: Option<&str>,
) -> Result<Vec<Membership>, ConnectorError> {
    // Postgres: before 16 the options stood on the role, or nowhere; as JSON a missing column reads as null.
    sqlx::query_as(
        "with recursive reached (id) as (
           select oid from pg_catalog.pg_roles where $1::text is null or rolname = $1::text
           union
           select m.roleid from reached join pg_catalog.pg_auth_members m on m.member = reached.id
         )
         select member.rolname::text as member, role.rolname::text as role, grantor.rolname::text as grantor,
                m.admin_option as admin,
                coalesce((to_jsonb(m) ->> 'inherit_option')::bool, member.rolinherit) as inherits,
                coalesce((to_jsonb(m) ->> 'set_option')::bool, true) as sets
         from pg_catalog.pg_auth_members m
         join pg_catalog.pg_roles member on member.oid = m.member
         join pg_catalog.pg_roles role on role.oid = m.roleid
         left join pg_catalog.pg_roles grantor on grantor.oid = m.grantor
         where m.member in (select id from reached)
         order by 1, 2, 3",
    )
    .bind(account)
    .fetch_all(connection)
    .await
    .map_err(fault)
}

/// Reads the options of a connection from a URL. No message and no log line says anything of the URL, not even which part is wrong:
/// a misplaced `?` or `@` may have made a part of the password look like anything else.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, ConnectorError> {
    let wrong = || {
        ConnectorError::Settings(
            "the secret is not the URL of a PostgreSQL database; write postgres://role:password@host:5432/database, with special characters in the password percent-encoded, and after a `?` no options but sslmode, sslrootcert, sslcert, sslkey"
                .to_owned(),
        )
    };
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or_else(wrong)?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    // The driver would fill in what is missing from the environment, and would log an option it does not know.
    let (authority, database) = address.split_once('/').ok_or_else(wrong)?;
    let (who, host) = authority.rsplit_once('@').ok_or_else(wrong)?;
    let role = who.split(':').next().unwrap_or_default();
    if role.is_empty() || host.is_empty() || host.starts_with(':') || database.is_empty() {
        return Err(wrong());
    }
    let known = |option: &str| {
        let name = option.split('=').next().unwrap_or_default();
        ["sslmode", "sslrootcert", "sslcert", "sslkey"].contains(&name)
    };
    if !query.is_empty() && !query.split('&').all(known) {
        return Err(wrong());
    }
    let options: PgConnectOptions = url.parse().map_err(|_| wrong())?;
    Ok(options
        .application_name("sallyport")
        .options([
            ("statement_timeout", "10s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "60s"),
            // Nothing of ours may be found in a schema that others can write.
            ("search_path", "pg_catalog"),
            // Notices would go to our log; what matters we look for ourselves.
            ("client_min_messages", "error"),
        ])
        .disable_statement_logging())
}

/// Signs in, within seconds.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, ConnectorError> {
    let connecting = PgConnection::connect_with(options);
    timeout(CONNECT, connecting).await.map_err(|_| silent())?.map_err(fault)
}

fn silent() -> ConnectorError {
    ConnectorError::Unreachable(
        "the database did not answer in time; see that it is up, that the secret names the right host and port, and that nothing between here and there drops the connection"
            .to_owned(),
    )
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned)
}

/// The server's own words.
fn words(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| "it said nothing".to_owned(), |said| printable(said.message()))
}

/// What an error of the driver means to whoever runs the portal.
#[expect(clippy::needless_pass_by_value, reason = "it stands in every `map_err`")]
pub(crate) fn fault(error: sqlx::Error) -> ConnectorError {
    use ConnectorError::{Denied, Failed, Settings, Unreachable};
    match &error {
        sqlx::Error::Io(io) => Unreachable(match io.kind() {
            ErrorKind::ConnectionRefused => {
                "nothing answers at the database's host and port: see that it is up, and that the secret names the right ones".to_owned()
            }
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                "the database closed the connection".to_owned()
            }
            ErrorKind::NotFound => {
                "a file that the secret names (a certificate, a key, a socket) is not there".to_owned()
            }
            _ => "the database cannot be reached: see that the secret names the right host and port, and that this machine can resolve and reach it".to_owned(),
        }),
        sqlx::Error::Tls(_) => Settings(
            "the database and the connector could not agree on TLS; see that the server offers it, or what sslmode and sslrootcert in the secret say".to_owned(),
        ),
        sqlx::Error::Database(said) => match said.code().as_deref().unwrap_or_default() {
            "28P01" => Settings("the database does not accept the role and password in the secret".to_owned()),
            "28000" => Settings(
                "the database does not let the connector's role in: see its pg_hba.conf, and that the role may log in".to_owned(),
            ),
            "3D000" => Settings("the server has no database of the name in the secret".to_owned()),
            "53300" | "57P03" => Unreachable(format!("the database takes no connection now: {}", words(&error))),
            "57P01" | "57P02" | "57P05" => Unreachable("the database ended the connection: it is being shut down, or somebody ended the session".to_owned()),
            "25006" => Settings("this is a read-only replica, where no role can be given or taken; let the secret point at the primary".to_owned()),
            "42501" => Denied(format!("the database refuses it: {}", words(&error))),
            "55P03" | "57014" => Failed("the database took too long; somebody may hold a lock on its roles; try again".to_owned()),
            code if code.starts_with("08") => Unreachable(format!("the connection failed: {}", words(&error))),
            code => Failed(format!("the database refuses it with {code}: {}", words(&error))),
        },
        sqlx::Error::Configuration(_) => Settings(
            "the role, password or certificate in the secret cannot be used as it stands; see that it holds no unusual characters".to_owned(),
        ),
        // The driver's own words may quote what it was set up with.
        _ => Failed("what came from the database could not be understood; is it a PostgreSQL server of version 15 or newer?".to_owned()),
    }
}

/// An identifier as SQL takes it, whatever it holds. A NUL cannot be part of one, and none is ever read from the server.
fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An identifier in a statement that a message shows.
fn shown(name: &str) -> String {
    printable(&ident(name))
}

/// A name as messages show it: in backticks, on one line.
pub(crate) fn named(name: &str) -> String {
    format!("`{}`", printable(name))
}

fn grantor_named(grantor: Option<&str>) -> String {
    grantor.map_or_else(|| "a role that is no longer there".to_owned(), named)
}

/// The text with everything escaped that could break a line or turn the direction of reading.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns { safe.extend(c.escape_unicode()) } else { safe.push(c) }
    }
    safe
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn all(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.collect();
    let Some(last) = parts.pop() else { return "nothing".to_owned() };
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memberships as `member > role`, followed by what the member may do: `i`nherit, `s`et, `a`dmin.
    fn chart(lines: &[&str]) -> Vec<Membership> {
        let line = |line: &&str| {
            let (ends, may) = line.split_once(" : ").expect("`member > role : isa`");
            let (member, role) = ends.split_once(" > ").expect("`member > role : isa`");
            Membership {
                member: member.to_owned(),
                role: role.to_owned(),
                grantor: Some("dba".to_owned()),
                admin: may.contains('a'),
                inherits: may.contains('i'),
                sets: may.contains('s'),
            }
        };
        lines.iter().map(line).collect()
    }

    fn others(lines: &[&str]) -> Vec<String> {
        Chart::of(&chart(lines)).others("maya", "read").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_direct_membership_is_not_another_way() {
        assert!(others(&["maya > read : is"]).is_empty());
        assert!(others(&["maya > read : i"]).is_empty());
        assert!(others(&["jonas > team : is", "team > read : is"]).is_empty());
    }

    #[test]
    fn finds_the_shortest_way_for_each_last_step() {
        let found = others(&[
            "maya > read : is",
            "maya > a : is",
            "maya > b : is",
            "a > b : is",
            "a > read : is",
            "b > read : is",
        ]);
        assert_eq!(found, ["`maya` → `a` → `read`", "`maya` → `b` → `read`"]);
    }

    #[test]
    fn a_chain_holds_only_where_the_server_lets_it() {
        // SET ROLE first, inherit from there on.
        assert_eq!(others(&["maya > a : s", "a > read : i"]).len(), 1);
        // What is only inherited cannot be set from: the server looks at who signed in.
        assert!(others(&["maya > a : i", "a > read : s"]).is_empty());
        assert!(others(&["maya > a : ", "a > read : is"]).is_empty());
    }

    #[test]
    fn an_admin_option_is_a_way_that_needs_granting() {
        for lines in [&["maya > read : a"][..], &["maya > a : is", "a > read : a"], &["maya > a : a", "a > read : is"]]
        {
            let ways = Chart::of(&chart(lines)).others("maya", "read");
            assert_eq!(ways.len(), 1, "{lines:?}");
            assert!(ways[0].by_granting, "{lines:?}");
        }
    }

    #[test]
    fn walks_a_dense_chart_in_no_time() {
        // Forty layers of five roles: more ways than could ever be counted one by one.
        let mut lines = Vec::new();
        for layer in 0..40 {
            for from in 0..5 {
                lines.extend((0..5).map(|to| format!("r{layer}.{from} > r{}.{to} : isa", layer + 1)));
            }
        }
        lines.push("maya > r0.0 : is".to_owned());
        lines.extend((0..5).map(|last| format!("r40.{last} > read : is")));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert_eq!(others(&lines).len(), 5);
    }

    #[test]
    fn quotes_every_identifier() {
        assert_eq!(ident("orders_read"), "\"orders_read\"");
        assert_eq!(ident("a\"; drop role b; --"), "\"a\"\"; drop role b; --\"");
        assert_eq!(ident("Ünï 'x' $1"), "\"Ünï 'x' $1\"");
    }

    #[test]
    fn names_in_messages_stay_on_their_line() {
        assert_eq!(named("a\nb\u{202e}"), "`a\\u{a}b\\u{202e}`");
        assert_eq!(named("日本 \"x\""), "`日本 \"x\"`");
    }

    #[test]
    fn lists_as_a_person_would() {
        let said = |parts: &[&str]| all(parts.iter().map(|part| (*part).to_owned()));
        assert_eq!(said(&[]), "nothing");
        assert_eq!(said(&["a"]), "a");
        assert_eq!(said(&["a", "b"]), "a and b");
        assert_eq!(said(&["a", "b", "c"]), "a, b and c");
    }
}
