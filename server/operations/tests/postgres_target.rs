//! The connector contract on real servers: every test runs on `PostgreSQL` 15 and on 18, with roles and a database of its own, and most
//! look at the effect: whether the person really reads, and really no longer does.

use operations::{
    catalogue::{self, File},
    connectors::{Connector, ConnectorError, Progress, Right, Seen, postgres::Postgres},
    discover::{self, Discovered, Group},
};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{env, time::Duration};

/// Runs each test on both servers, under a name of its own.
macro_rules! on_both {
    ($($test:ident)*) => {
        mod postgres_15 {
            $(#[tokio::test] async fn $test() { super::$test(super::Server::V15).await; })*
        }
        mod postgres_18 {
            $(#[tokio::test] async fn $test() { super::$test(super::Server::V18).await; })*
        }
    };
}

on_both! {
    gives_looks_and_takes_a_right_the_person_really_has
    gives_and_takes_twice_as_once
    an_open_session_loses_what_it_inherited
    a_session_that_set_the_role_is_ended
    a_session_left_by_an_interrupted_revoke_is_ended_by_the_next_try
    sessions_of_others_are_left_alone
    says_when_a_session_does_not_end
    sees_a_right_held_through_another_role_and_says_that_taking_leaves_it
    sees_both_the_direct_and_the_other_way
    takes_what_another_granted_or_says_why_not
    a_superuser_takes_what_everybody_granted
    says_whom_the_account_has_given_the_role_on_to
    an_account_that_may_grant_itself_the_role_is_seen
    createrole_without_the_admin_option
    says_that_it_may_not_end_sessions
    takes_strange_names_as_they_are
    says_which_account_or_role_is_missing
    refuses_reserved_roles_and_its_own
    refuses_superusers_and_roles_that_may_not_log_in
    refuses_a_role_that_is_a_member_of_the_account
    says_that_the_secret_is_not_accepted
    changes_to_one_role_at_once_all_arrive
    a_change_that_another_makes_at_the_same_moment_is_tried_again
    a_membership_of_ours_that_was_switched_off_is_made_usable
    health_says_what_is_there_and_what_lacks
    membership_counts_where_the_server_lets_it_count
    discovers_what_is_there
    writes_a_catalogue_to_start_from
    no_name_in_the_database_writes_the_catalogue
}

#[derive(Clone, Copy, PartialEq)]
enum Server {
    V15,
    V18,
}

impl Server {
    fn url(self) -> String {
        let name = match self {
            Self::V15 => "SALLYPORT_TEST_POSTGRES_15",
            Self::V18 => "SALLYPORT_TEST_POSTGRES_18",
        };
        env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
    }

    fn options(self) -> PgConnectOptions {
        self.url().parse().expect("the variable holds the URL of a server")
    }
}

/// A database of its own on one server, roles of its own, and a superuser's session to arrange things with.
struct World {
    server: Server,
    root: PgConnection,
    tag: String,
    roles: Vec<String>,
}

const PASSWORD: &str = "a long password";

impl World {
    async fn on(server: Server) -> Self {
        let mut first = connect(server.options()).await;
        // The server gives the chance: two runs on one cluster never meet.
        let tag: String = sqlx::query_scalar("select 't' || left(md5(random()::text || clock_timestamp()), 10)")
            .fetch_one(&mut first)
            .await
            .expect("the server makes a tag");
        run(&mut first, &format!("create database {tag}")).await;
        let mut world = Self { server, root: connect(server.options().database(&tag)).await, tag, roles: Vec::new() };
        world.run("create schema orders").await;
        world.run("create table orders.lines (line int)").await;
        world.run("insert into orders.lines values (42)").await;
        world
    }

    async fn run(&mut self, sql: &str) {
        run(&mut self.root, sql).await;
    }

    /// A role under a name that nobody else uses, made with these words.
    async fn role(&mut self, name: &str, words: &str) -> String {
        let name = format!("{}_{name}", self.tag);
        self.role_named(&name, words).await;
        name
    }

    async fn role_named(&mut self, name: &str, words: &str) {
        self.run(&format!("create role {} {words}", quoted(name))).await;
        self.roles.push(name.to_owned());
    }

    async fn account(&mut self, name: &str) -> String {
        self.role(name, &format!("login password '{PASSWORD}'")).await
    }

    /// A role that may read the table.
    async fn reader(&mut self, name: &str) -> String {
        let role = self.role(name, "").await;
        self.run(&format!("grant usage on schema orders to {}", quoted(&role))).await;
        self.run(&format!("grant select on orders.lines to {}", quoted(&role))).await;
        role
    }

    /// A role for the connector with exactly the privileges its documentation asks for.
    async fn keeper(&mut self, gives: &[&str]) -> String {
        let keeper = self.account("keeper").await;
        self.run(&format!("grant pg_signal_backend to {keeper}")).await;
        for role in gives {
            self.may_give(&keeper, role).await;
        }
        keeper
    }

    async fn may_give(&mut self, keeper: &str, role: &str) {
        let with = match self.server {
            Server::V15 => "admin option",
            Server::V18 => "admin true, inherit false, set false",
        };
        self.run(&format!("grant {} to {} with {with}", quoted(role), quoted(keeper))).await;
    }

    fn url(&self, role: &str) -> String {
        let options = self.server.options();
        let secret = PASSWORD.replace(' ', "%20");
        format!("postgres://{role}:{secret}@{}:{}/{}", options.get_host(), options.get_port(), self.tag)
    }

    fn superuser_url(&self) -> String {
        let url = self.server.url();
        let (server, _) = url.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{}", self.tag)
    }

    fn connector(&self, role: &str) -> Postgres {
        Postgres::open(&self.url(role)).expect("the URL is right")
    }

    async fn sign_in(&self, account: &str) -> PgConnection {
        connect(self.server.options().database(&self.tag).username(account).password(PASSWORD)).await
    }

    async fn sessions(&mut self, account: &str) -> i64 {
        sqlx::query_scalar("select count(*) from pg_stat_activity where usename = $1")
            .bind(account)
            .fetch_one(&mut self.root)
            .await
            .expect("the server counts sessions")
    }

    async fn end(self) {
        self.root.close().await.expect("the session closes");
        let mut last = connect(self.server.options()).await;
        run(&mut last, &format!("drop database {} with (force)", self.tag)).await;
        let roles: Vec<String> = self.roles.iter().map(|role| quoted(role)).collect();
        // Postgres: since 16 a role that granted something cannot be dropped before that is undone.
        run(&mut last, &format!("drop owned by {0} cascade; drop role {0}", roles.join(", "))).await;
    }
}

async fn connect(options: PgConnectOptions) -> PgConnection {
    options.ssl_mode(PgSslMode::Prefer).connect().await.expect("the server lets us in")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    attempt(connection, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn attempt(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(|_| ())
}

async fn reads(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("select line from orders.lines").fetch_one(connection).await
}

fn is_refused(outcome: &Result<i32, sqlx::Error>) -> bool {
    outcome.as_ref().is_err_and(|error| {
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("42501")
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn right(account: &str, entitlement: &str) -> Right {
    Right { account: account.to_owned(), entitlement: entitlement.to_owned() }
}

fn direct(seen: &Seen) -> &str {
    match seen {
        Seen::Present { directly: true, detail: Some(detail) } => detail,
        other => panic!("not there first hand: {other:?}"),
    }
}

fn indirect(seen: &Seen) -> &str {
    match seen {
        Seen::Present { directly: false, detail: Some(detail) } => detail,
        other => panic!("not there through others only: {other:?}"),
    }
}

fn denied<T: std::fmt::Debug>(outcome: Result<T, ConnectorError>) -> String {
    match outcome {
        Err(ConnectorError::Denied(words)) => words,
        other => panic!("not denied: {other:?}"),
    }
}

fn failed<T: std::fmt::Debug>(outcome: Result<T, ConnectorError>) -> String {
    match outcome {
        Err(ConnectorError::Failed(words)) => words,
        other => panic!("not failed: {other:?}"),
    }
}

fn missing<T: std::fmt::Debug>(outcome: Result<T, ConnectorError>) -> String {
    match outcome {
        Err(ConnectorError::Missing(words)) => words,
        other => panic!("not missing: {other:?}"),
    }
}

fn settings<T: std::fmt::Debug>(outcome: Result<T, ConnectorError>) -> String {
    match outcome {
        Err(ConnectorError::Settings(words)) => words,
        other => panic!("not a matter of settings: {other:?}"),
    }
}

fn says(words: &str, parts: &[&str]) {
    for part in parts {
        assert!(words.contains(part), "`{part}` is not in: {words}");
    }
}

#[tokio::test]
async fn says_that_nothing_answers() {
    // Bound and never listening: connections are refused, and nobody else gets the port meanwhile.
    let held = tokio::net::TcpSocket::new_v4().expect("a socket");
    held.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let port = held.local_addr().expect("the port").port();
    let connector =
        Postgres::open(&format!("postgres://keeper:swordfish@127.0.0.1:{port}/orders")).expect("the URL is right");
    match connector.look(&right("maya", "read")).await {
        Err(ConnectorError::Unreachable(words)) => {
            says(&words, &["nothing answers", "see that it is up"]);
            assert!(!words.contains("swordfish") && !words.contains("127.0.0.1"), "{words}");
        }
        other => panic!("not unreachable: {other:?}"),
    }
}

#[tokio::test]
async fn says_within_seconds_that_a_server_is_silent() {
    // Accepts and never says a word, like a firewall that lets in and nothing out.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("the port").port();
    let connector =
        Postgres::open(&format!("postgres://keeper:swordfish@127.0.0.1:{port}/orders")).expect("the URL is right");
    let outcome = tokio::time::timeout(Duration::from_secs(8), connector.give(&right("maya", "read"))).await;
    match outcome.expect("it gives up by itself") {
        Err(ConnectorError::Unreachable(words)) => says(&words, &["did not answer in time"]),
        other => panic!("not unreachable: {other:?}"),
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_found_is_unreachable() {
    let connector =
        Postgres::open("postgres://keeper:swordfish@no-such-host.invalid/orders").expect("the URL is right");
    match connector.take(&right("maya", "read")).await {
        Err(ConnectorError::Unreachable(words)) => {
            says(&words, &["right host and port"]);
            assert!(!words.contains("no-such-host"), "{words}");
        }
        other => panic!("not unreachable: {other:?}"),
    }
}

#[test]
fn refuses_a_secret_that_is_no_url_without_repeating_it() {
    for url in [
        "",
        "swordfish",
        "mysql://keeper:swordfish@db/orders",
        "postgres:///orders",
        "postgres://db/orders",
        "postgres://:swordfish@db/orders",
        "postgres://keeper:swordfish@/orders",
        "postgres://keeper:swordfish@:5432/orders",
        "postgres://keeper:swordfish@db",
        "postgres://keeper:swordfish@db/",
        "postgres://keeper:swordfish@db:port/orders",
        "postgres://keeper:swordfish@db/orders?sslmode=swordfish",
        "postgres://keeper:swordfish@db/orders?swordfish=1",
        "postgres://keeper:swordfish@db/orders?host=elsewhere",
        "postgres://keeper:sword?fish@db/orders",
        "postgres://keeper:sword/fish@db/orders",
    ] {
        let words = settings(Postgres::open(url));
        says(&words, &["postgres://role:password@host:5432/database"]);
        assert!(!words.contains("fish") && !words.contains("keeper"), "{words}");
    }
    let connector =
        Postgres::open("postgresql://keeper:swordfish@db/orders?sslmode=require").expect("the URL is right");
    assert_eq!(format!("{connector:?}"), "Postgres { .. }");
}

async fn gives_looks_and_takes_a_right_the_person_really_has(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));

    assert!(is_refused(&reads(&mut world.sign_in(&maya).await).await));
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);

    assert_eq!(connector.give(&right).await.expect("it gives"), Progress::Done);
    assert_eq!(reads(&mut world.sign_in(&maya).await).await.expect("she reads"), 42);
    let seen = connector.look(&right).await.expect("it looks");
    assert_eq!(direct(&seen), format!("granted by `{keeper}`"));

    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    assert!(is_refused(&reads(&mut world.sign_in(&maya).await).await));
    world.end().await;
}

async fn gives_and_takes_twice_as_once(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    for _ in 0..2 {
        assert_eq!(connector.give(&right).await.expect("it gives"), Progress::Done);
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from pg_auth_members where member = $1::regrole")
        .bind(&maya)
        .fetch_one(&mut world.root)
        .await
        .expect("the server counts memberships");
    assert_eq!(rows, 1);
    for _ in 0..2 {
        assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
        assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    }
    world.end().await;
}

async fn an_open_session_loses_what_it_inherited(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    // Without the privilege to end sessions, so that what ends the reading is the revoke alone.
    let keeper = world.account("keeper").await;
    world.may_give(&keeper, &role).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    connector.give(&right).await.expect("it gives");
    let mut session = world.sign_in(&maya).await;
    assert_eq!(reads(&mut session).await.expect("she reads"), 42);
    denied(connector.take(&right).await);
    assert!(is_refused(&reads(&mut session).await), "the session is open and reads no more");
    world.end().await;
}

async fn a_session_that_set_the_role_is_ended(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    connector.give(&right).await.expect("it gives");
    let mut session = world.sign_in(&maya).await;
    run(&mut session, &format!("set role {role}")).await;

    // What this is about: the revoke alone leaves the session reading.
    world.run(&format!("grant {role} to {maya}")).await;
    world.run(&format!("revoke {role} from {maya}")).await;
    assert_eq!(reads(&mut session).await.expect("she reads"), 42);
    connector.give(&right).await.expect("it gives again");

    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(world.sessions(&maya).await, 0);
    assert!(reads(&mut session).await.is_err());
    assert!(attempt(&mut world.sign_in(&maya).await, &format!("set role {role}")).await.is_err());
    world.end().await;
}

async fn a_session_left_by_an_interrupted_revoke_is_ended_by_the_next_try(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    connector.give(&right).await.expect("it gives");
    let mut session = world.sign_in(&maya).await;
    run(&mut session, &format!("set role {role}")).await;
    // The first half of a take, as a killed process leaves it.
    let mut half = world.sign_in(&keeper).await;
    run(&mut half, &format!("revoke {role} from {maya}")).await;
    half.close().await.expect("the session closes");
    assert_eq!(reads(&mut session).await.expect("she reads still"), 42);
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);

    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(world.sessions(&maya).await, 0);
    assert!(reads(&mut session).await.is_err());
    world.end().await;
}

async fn sessions_of_others_are_left_alone(server: Server) {
    let mut world = World::on(server).await;
    let (maya, jonas) = (world.account("maya").await, world.account("jonas").await);
    let role = world.reader("read").await;
    let keeper = world.keeper(&[&role]).await;
    let connector = world.connector(&keeper);
    for account in [&maya, &jonas] {
        connector.give(&right(account, &role)).await.expect("it gives");
    }
    let _hers = world.sign_in(&maya).await;
    let mut his = world.sign_in(&jonas).await;
    connector.take(&right(&maya, &role)).await.expect("it takes");
    assert_eq!(world.sessions(&maya).await, 0);
    assert_eq!(reads(&mut his).await.expect("he reads"), 42);
    world.end().await;
}

async fn says_when_a_session_does_not_end(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    connector.give(&right).await.expect("it gives");
    let mut session = world.sign_in(&maya).await;
    let process: i32 =
        sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut session).await.expect("the session has a process");
    // A stopped process hears nothing; the server stops it itself, for the test may be another user. It must go on soon, by
    // itself too, for nobody can make a database meanwhile.
    let stop = format!("(sleep 3; kill -CONT {process}) >/dev/null 2>&1 & kill -STOP {process}");
    world.run(&format!("create table heard (line text); copy heard from program '{stop}'")).await;
    let impatient = world.connector(&keeper).leaving_within(Duration::from_millis(300));
    let outcome = impatient.take(&right).await;
    world.run(&format!("copy heard from program 'kill -CONT {process}'")).await;
    says(&failed(outcome), &[&format!("`{maya}`"), "not all of its sessions ended within 300ms", "try again"]);
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(world.sessions(&maya).await, 0);
    world.end().await;
}

async fn sees_a_right_held_through_another_role_and_says_that_taking_leaves_it(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let (team, desk) = (world.role("team", "").await, world.role("desk", "").await);
    world.run(&format!("grant {role} to {desk}; grant {desk} to {team}; grant {team} to {maya}")).await;
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    let way = format!("through `{maya}` → `{team}` → `{desk}` → `{role}`");
    assert_eq!(indirect(&connector.look(&right).await.expect("it looks")), way);

    let mut session = world.sign_in(&maya).await;
    says(&failed(connector.take(&right).await), &["the right still stands", &way, "removed there"]);
    assert_eq!(reads(&mut session).await.expect("nothing was taken, so nothing was interrupted"), 42);

    // Once somebody has seen to it, the next try finds nothing left.
    world.run(&format!("revoke {team} from {maya}")).await;
    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    assert_eq!(world.sessions(&maya).await, 0);
    world.end().await;
}

async fn sees_both_the_direct_and_the_other_way(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role, team) = (world.account("maya").await, world.reader("read").await, world.role("team", "").await);
    world.run(&format!("grant {role} to {team}; grant {team} to {maya}")).await;
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    assert_eq!(connector.give(&right).await.expect("it gives beside it"), Progress::Done);
    let seen = connector.look(&right).await.expect("it looks");
    assert_eq!(direct(&seen), format!("granted by `{keeper}`; also through `{maya}` → `{team}` → `{role}`"));
    failed(connector.take(&right).await);
    let seen = connector.look(&right).await.expect("it looks");
    assert_eq!(indirect(&seen), format!("through `{maya}` → `{team}` → `{role}`"));
    world.end().await;
}

async fn takes_what_another_granted_or_says_why_not(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let dba = world.account("dba").await;
    world.may_give(&dba, &role).await;
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    run(&mut world.sign_in(&dba).await, &format!("grant {role} to {maya}")).await;
    assert_eq!(direct(&connector.look(&right).await.expect("it looks")), format!("granted by `{dba}`"));
    let mut session = world.sign_in(&maya).await;
    match server {
        Server::V15 => {
            assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
        }
        Server::V18 => {
            let words = denied(connector.take(&right).await);
            says(
                &words,
                &[
                    &format!("granted by `{dba}`"),
                    &format!("unless it has the privileges of `{dba}`"),
                    &format!("`REVOKE \"{role}\" FROM \"{maya}\" GRANTED BY \"{dba}\"`"),
                ],
            );
            assert_eq!(reads(&mut session).await.expect("she reads still"), 42);
            // What the message asks for helps.
            world.run(&format!("grant {dba} to {keeper}")).await;
            assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
        }
    }
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    world.end().await;
}

async fn a_superuser_takes_what_everybody_granted(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    for name in ["dba", "desk"] {
        let grantor = world.account(name).await;
        world.may_give(&grantor, &role).await;
        run(&mut world.sign_in(&grantor).await, &format!("grant {role} to {maya}")).await;
    }
    world.run(&format!("grant {role} to {maya}")).await;
    let (connector, right) = (Postgres::open(&world.superuser_url()).expect("the URL is right"), right(&maya, &role));
    let seen = connector.look(&right).await.expect("it looks");
    if server == Server::V18 {
        says(
            direct(&seen),
            &["`postgres`", &format!("`{}_dba`", world.tag), &format!("`{}_desk`", world.tag), " and "],
        );
    }
    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    world.end().await;
}

async fn says_whom_the_account_has_given_the_role_on_to(server: Server) {
    let mut world = World::on(server).await;
    let (maya, jonas) = (world.account("maya").await, world.account("jonas").await);
    let role = world.reader("read").await;
    world.run(&format!("grant {role} to {maya} with admin option")).await;
    run(&mut world.sign_in(&maya).await, &format!("grant {role} to {jonas}")).await;
    let (connector, right) = (Postgres::open(&world.superuser_url()).expect("the URL is right"), right(&maya, &role));
    let taken = connector.take(&right).await;
    match server {
        Server::V15 => assert_eq!(taken.expect("15 keeps no account of it"), Progress::Done),
        Server::V18 => {
            says(&failed(taken), &[&format!("`{maya}` has given `{role}` on to `{jonas}`"), "revoke that first"]);
            run(&mut world.sign_in(&maya).await, &format!("revoke {role} from {jonas}")).await;
            assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
        }
    }
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    world.end().await;
}

async fn an_account_that_may_grant_itself_the_role_is_seen(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    world.may_give(&maya, &role).await;
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    let seen = connector.look(&right).await.expect("it looks");
    match server {
        Server::V15 => says(direct(&seen), &["granted by"]),
        Server::V18 => {
            says(indirect(&seen), &[&format!("`{maya}` → `{role}`"), "`ADMIN OPTION`", "to itself"]);
            assert!(is_refused(&reads(&mut world.sign_in(&maya).await).await));
            assert_eq!(connector.give(&right).await.expect("it gives"), Progress::Done);
            assert_eq!(reads(&mut world.sign_in(&maya).await).await.expect("she reads"), 42);
            says(&failed(connector.take(&right).await), &["the right still stands", "`ADMIN OPTION`"]);
            assert!(is_refused(&reads(&mut world.sign_in(&maya).await).await));
        }
    }
    world.end().await;
}

async fn createrole_without_the_admin_option(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.account("keeper").await;
    world.run(&format!("alter role {keeper} createrole; grant pg_signal_backend to {keeper}")).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    let given = connector.give(&right).await;
    match server {
        Server::V15 => {
            assert_eq!(given.expect("15 lets it"), Progress::Done);
            assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
        }
        Server::V18 => {
            let words = denied(given);
            let grant = format!("GRANT \"{role}\" TO \"{keeper}\" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE");
            says(
                &words,
                &[
                    &format!("`{keeper}` may not give `{role}`"),
                    "needs the `ADMIN OPTION`",
                    "`CREATEROLE` alone is not enough",
                    &format!("`{grant}`"),
                ],
            );
            // The statement it names is the one that helps.
            world.run(&grant).await;
            assert_eq!(connector.give(&right).await.expect("it gives"), Progress::Done);
        }
    }
    world.end().await;
}

async fn says_that_it_may_not_end_sessions(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.account("keeper").await;
    world.may_give(&keeper, &role).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    connector.give(&right).await.expect("it gives");
    let mut session = world.sign_in(&maya).await;
    run(&mut session, &format!("set role {role}")).await;
    let words = denied(connector.take(&right).await);
    says(
        &words,
        &[
            &format!("the membership of `{maya}` is gone"),
            "an open session",
            "`pg_signal_backend`",
            &format!("`GRANT pg_signal_backend TO \"{keeper}\"`"),
        ],
    );
    assert_eq!(reads(&mut session).await.expect("she reads still"), 42);

    world.run(&format!("grant pg_signal_backend to {keeper}")).await;
    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert!(reads(&mut session).await.is_err());
    world.end().await;
}

async fn takes_strange_names_as_they_are(server: Server) {
    let mut world = World::on(server).await;
    let tag = world.tag.clone();
    let keeper = world.keeper(&[]).await;
    let connector = world.connector(&keeper);
    let names = [
        format!("{tag} Maya Lindqvist"),
        format!("{tag}\"; drop table orders.lines; --"),
        format!("{tag}'quoted' $1 %I \\ ;"),
        format!("{tag} 日本 Ünïcödé"),
        // As long as a name may be.
        format!("{tag}{}", "x".repeat(63 - tag.len())),
    ];
    for name in names {
        world.role_named(&name, &format!("login password '{PASSWORD}'")).await;
        // A role of the same sort, one byte apart.
        let role = format!("R{}", &name[1..]);
        world.role_named(&role, "").await;
        world
            .run(&format!("grant usage on schema orders to {0}; grant select on orders.lines to {0}", quoted(&role)))
            .await;
        world.may_give(&keeper, &role).await;
        let right = right(&name, &role);
        assert_eq!(connector.give(&right).await.expect("it gives"), Progress::Done, "{name}");
        direct(&connector.look(&right).await.expect("it looks"));
        let mut session = world.sign_in(&name).await;
        assert_eq!(reads(&mut session).await.expect("the account reads"), 42, "{name}");
        assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done, "{name}");
        assert!(reads(&mut session).await.is_err(), "{name}");
        assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent, "{name}");
    }
    // A name that no client can sign in with may still be an account, and may not break a line of ours.
    let (name, role) = (format!("{tag}\nsecond\tline"), format!("R{tag}\u{202e}\nrole"));
    world.role_named(&name, "login").await;
    world.role_named(&role, "").await;
    let asked = right(&name, &role);
    let words = denied(connector.give(&asked).await);
    assert!(!words.contains(['\n', '\u{202e}']), "{words:?}");
    world.may_give(&keeper, &role).await;
    assert_eq!(connector.give(&asked).await.expect("it gives"), Progress::Done);
    direct(&connector.look(&asked).await.expect("it looks"));
    assert_eq!(connector.take(&asked).await.expect("it takes"), Progress::Done);
    assert_eq!(connector.look(&asked).await.expect("it looks"), Seen::Absent);
    world.end().await;
}

async fn says_which_account_or_role_is_missing(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let connector = world.connector(&keeper);
    let upper = maya.to_uppercase();
    let long = format!("{maya}{}", "x".repeat(80));
    let cut: String = long.chars().take(63).collect();
    // The server cuts names to 63 bytes; the one that was asked for is another all the same.
    world.role_named(&cut, "login").await;
    for account in ["nobody", "nobody\nelse", "nul\0", upper.as_str(), long.as_str()] {
        let asked = right(account, &role);
        for words in [
            missing(connector.look(&asked).await),
            missing(connector.give(&asked).await),
            missing(connector.take(&asked).await),
        ] {
            says(&words, &["no account `", "case-sensitive"]);
            assert!(!words.contains('\n'), "a name cannot break the line: {words:?}");
        }
    }
    let words = missing(connector.give(&right(&maya, "no such role")).await);
    says(&words, &["no role `no such role`", "`native`"]);
    world.end().await;
}

async fn refuses_reserved_roles_and_its_own(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    world.run(&format!("grant pg_read_all_data to {keeper} with admin option")).await;
    let connector = world.connector(&keeper);
    for (account, entitlement, word) in [
        (maya.as_str(), "pg_read_all_data", "reserved"),
        ("pg_monitor", role.as_str(), "reserved"),
        (maya.as_str(), keeper.as_str(), "signs in as"),
        (keeper.as_str(), role.as_str(), "signs in as"),
        (maya.as_str(), maya.as_str(), "to itself"),
    ] {
        let right = right(account, entitlement);
        says(&settings(connector.look(&right).await), &[word]);
        says(&settings(connector.give(&right).await), &[word]);
        says(&settings(connector.take(&right).await), &[word]);
    }
    let mut hers = world.sign_in(&maya).await;
    assert!(is_refused(&reads(&mut hers).await));
    world.end().await;
}

async fn refuses_superusers_and_roles_that_may_not_log_in(server: Server) {
    let mut world = World::on(server).await;
    let role = world.reader("read").await;
    let root = world.role("root", &format!("superuser login password '{PASSWORD}'")).await;
    let team = world.role("team", "").await;
    let keeper = world.keeper(&[&role]).await;
    let connector = world.connector(&keeper);
    says(&settings(connector.give(&right(&root, &role)).await), &["is a superuser", "link an ordinary account"]);
    assert_eq!(
        indirect(&connector.look(&right(&root, &role)).await.expect("it looks")),
        "the account is a superuser, which may do everything"
    );
    says(&failed(connector.take(&right(&root, &role)).await), &["still stands", "superuser"]);
    says(&settings(connector.give(&right(&team, &role)).await), &["may not log in", "is no account"]);
    // An account that was locked while it held the right loses it all the same.
    let maya = world.account("maya").await;
    connector.give(&right(&maya, &role)).await.expect("it gives");
    world.run(&format!("alter role {maya} nologin")).await;
    assert_eq!(connector.take(&right(&maya, &role)).await.expect("it takes"), Progress::Done);
    assert_eq!(connector.look(&right(&maya, &role)).await.expect("it looks"), Seen::Absent);
    world.end().await;
}

async fn refuses_a_role_that_is_a_member_of_the_account(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    world.run(&format!("grant {maya} to {role}")).await;
    let keeper = world.keeper(&[&role]).await;
    let connector = world.connector(&keeper);
    let words = failed(connector.give(&right(&maya, &role)).await);
    says(&words, &[&format!("`{role}` is a member of `{maya}` itself")]);
    world.end().await;
}

async fn says_that_the_secret_is_not_accepted(server: Server) {
    let mut world = World::on(server).await;
    let keeper = world.keeper(&[]).await;
    let url = world.url(&keeper);
    let wrong = [
        (url.replace("a%20long%20password", "swordfish"), "does not accept the role and password"),
        (format!("{url}swordfish"), "no database of the name"),
    ];
    for (url, part) in wrong {
        let connector = Postgres::open(&url).expect("the URL is well formed");
        let words = settings(connector.health().await);
        says(&words, &[part]);
        assert!(!words.contains("swordfish") && !words.contains(&keeper), "{words}");
    }
    world.end().await;
}

async fn changes_to_one_role_at_once_all_arrive(server: Server) {
    let mut world = World::on(server).await;
    let role = world.reader("read").await;
    let keeper = world.keeper(&[&role]).await;
    let mut accounts = Vec::new();
    for n in 0..4 {
        accounts.push(world.account(&format!("a{n}")).await);
    }
    // Two connectors on each account, as two replicas of the portal would be.
    let both = |take: bool| {
        let tasks: Vec<_> = accounts
            .iter()
            .flat_map(|account| [account, account])
            .map(|account| {
                let (connector, right) = (world.connector(&keeper), right(account, &role));
                tokio::spawn(
                    async move { if take { connector.take(&right).await } else { connector.give(&right).await } },
                )
            })
            .collect();
        tasks
    };
    for _ in 0..2 {
        for take in [false, true] {
            for task in both(take) {
                assert_eq!(task.await.expect("the task ends").expect("it arrives"), Progress::Done);
            }
            for account in &accounts {
                let seen = world.connector(&keeper).look(&right(account, &role)).await.expect("it looks");
                assert_eq!(seen == Seen::Absent, take);
            }
        }
    }
    world.end().await;
}

async fn health_says_what_is_there_and_what_lacks(server: Server) {
    let mut world = World::on(server).await;
    let role = world.reader("read").await;
    let version = match server {
        Server::V15 => "PostgreSQL 15.",
        Server::V18 => "PostgreSQL 18.",
    };
    let keeper = world.account("keeper").await;
    let connector = world.connector(&keeper);
    says(&denied(connector.health().await), &[version, "`ADMIN OPTION`", " and ", "`pg_signal_backend`", &keeper]);

    world.run(&format!("alter role {keeper} createrole; grant pg_signal_backend to {keeper}")).await;
    match server {
        Server::V15 => says(&connector.health().await.expect("15 lets it"), &["`CREATEROLE`", "more than it needs"]),
        Server::V18 => says(&denied(connector.health().await), &["lacks the `ADMIN OPTION`"]),
    }

    world.run(&format!("alter role {keeper} nocreaterole")).await;
    world.may_give(&keeper, &role).await;
    let words = connector.health().await.expect("all is there");
    says(&words, &[version, "may end sessions", &format!("may give `{role}`")]);

    let root = Postgres::open(&world.superuser_url()).expect("the URL is right");
    says(&root.health().await.expect("a superuser may"), &[version, "is a superuser", "more than it needs"]);
    world.end().await;
}

async fn membership_counts_where_the_server_lets_it_count(server: Server) {
    let mut world = World::on(server).await;
    let role = world.reader("read").await;
    let keeper = world.keeper(&[&role]).await;
    let connector = world.connector(&keeper);
    // What each step lets one do, and whether the server lets the account read in the end.
    let chains: &[(&[&str], bool)] = match server {
        Server::V15 => &[(&["", ""], true), (&["", "", ""], true)],
        Server::V18 => &[
            (&["inherit true, set true", "inherit true, set true"], true),
            (&["inherit false, set true", "inherit true, set false"], true),
            (&["inherit false, set true", "inherit false, set true"], true),
            (&["inherit true, set false", "inherit true, set false"], true),
            (&["inherit true, set false", "inherit false, set true"], false),
            (&["inherit false, set false", "inherit true, set true"], false),
        ],
    };
    for (n, (steps, reads_in_the_end)) in chains.iter().enumerate() {
        let account = world.account(&format!("a{n}")).await;
        let mut roles = vec![account.clone()];
        for step in 1..steps.len() {
            roles.push(world.role(&format!("a{n}s{step}"), "").await);
        }
        roles.push(role.clone());
        for (pair, with) in roles.windows(2).zip(*steps) {
            let with = if with.is_empty() { String::new() } else { format!("with {with}") };
            world.run(&format!("grant {} to {} {with}", pair[1], pair[0])).await;
        }
        // By inheritance, or after taking any of the roles on the way.
        let mut reads_somehow = false;
        for taken in &roles {
            let mut session = world.sign_in(&account).await;
            let set = attempt(&mut session, &format!("set role {taken}")).await;
            reads_somehow |= set.is_ok() && reads(&mut session).await.is_ok();
        }
        assert_eq!(reads_somehow, *reads_in_the_end, "what the server does: {steps:?}");
        let seen = connector.look(&right(&account, &role)).await.expect("it looks");
        assert_eq!(seen != Seen::Absent, *reads_in_the_end, "what the connector sees: {steps:?}");
    }
    world.end().await;
}

/// A small database with one of everything; what is found of it alone, whatever else is on the server.
async fn small_database(world: &mut World) -> Discovered {
    world.run("create table orders.customers (name text, email text)").await;
    world.run("create schema billing; create table billing.invoices (); create table billing.entries ()").await;
    let (maya, jonas) = (world.account("maya").await, world.account("jonas").await);
    let batch = world.role("batch", "login createdb valid until '2020-01-01'").await;
    world.role("root", "login superuser").await;
    let (read, write) = (world.role("Read.Orders", "").await, world.role("write", "").await);
    let (clerk, lead) = (world.role("clerk", "").await, world.role("lead", "createrole").await);
    let owner = world.role("owner", "").await;
    world.role("empty", "").await;
    world.run(&format!("grant usage on schema orders to \"{read}\"")).await;
    world.run(&format!("grant select on all tables in schema orders, billing to \"{read}\"")).await;
    world.run(&format!("grant connect on database {} to \"{read}\"", world.tag.clone())).await;
    world.run(&format!("grant insert, select, update on orders.lines to {write}")).await;
    world.run(&format!("grant select (name) on orders.customers to {clerk}")).await;
    world.run(&format!("grant \"{read}\" to {clerk}; grant {clerk} to {lead}; grant pg_read_all_data to {lead}")).await;
    world
        .run(&format!("alter table billing.entries owner to {owner}; grant create on schema billing to {owner}"))
        .await;
    world.run(&format!("alter default privileges in schema orders grant delete on tables to {owner}")).await;
    world.run(&format!("grant {clerk} to {maya}; grant {write} to {jonas}; grant {batch} to {jonas}")).await;
    let found = discover::postgres(&world.url(&maya)).await.expect("anybody who may connect may read the catalogue");
    only(&world.tag, found)
}

fn only(tag: &str, mut found: Discovered) -> Discovered {
    found.accounts.retain(|account| account.name.starts_with(tag));
    found.groups.retain(|group| group.name.starts_with(tag));
    found
}

async fn discovers_what_is_there(server: Server) {
    let mut world = World::on(server).await;
    let found = small_database(&mut world).await;
    let tag = world.tag.clone();
    let plain = |name: &str| name.strip_prefix(&format!("{tag}_")).expect("one of ours").to_owned();

    assert!(found.server.starts_with(match server {
        Server::V15 => "15.",
        Server::V18 => "18.",
    }));
    assert_eq!((found.database.as_str(), plain(&found.signed_in_as).as_str()), (tag.as_str(), "maya"));

    let accounts: Vec<_> = found
        .accounts
        .iter()
        .map(|a| {
            let holds: Vec<String> = a.holds.iter().map(|way| plain(way.roles.last().expect("a way ends"))).collect();
            let lent_to: Vec<String> = a.lent_to.iter().map(|name| plain(name)).collect();
            (plain(&a.name), a.powers.join(", "), a.expired, holds.join(", "), lent_to.join(", "))
        })
        .collect();
    let row = |name: &str, powers: &str, expired, holds: &str, lent_to: &str| {
        (name.to_owned(), powers.to_owned(), expired, holds.to_owned(), lent_to.to_owned())
    };
    assert_eq!(
        accounts,
        [
            row("batch", "create databases", true, "", "jonas"),
            row("jonas", "", false, "batch, write", ""),
            row("maya", "", false, "clerk, Read.Orders", ""),
            row("root", "superuser", false, "", ""),
        ]
    );

    let group = |name: &str| -> &Group {
        found.groups.iter().find(|group| plain(&group.name) == name).unwrap_or_else(|| panic!("no `{name}`"))
    };
    assert_eq!(found.groups.len(), 6);
    let read = group("Read.Orders");
    assert_eq!(read.says, "Select on every table in the schemas billing and orders");
    assert!(read.privileged.is_empty());
    assert_eq!(read.held_by, [format!("{tag}_maya")]);
    let write = group("write");
    assert_eq!(write.says, "Select, insert, update on the table orders.lines");
    assert_eq!(write.privileged, ["select, insert, update on the table orders.lines"]);
    assert_eq!(write.held_by, [format!("{tag}_jonas")]);
    let clerk = group("clerk");
    let own = "Select on single columns in the schema orders (customers.name); select on every table";
    says(&clerk.says, &[own, &format!("in the schemas billing and orders (through {tag}_Read.Orders)")]);
    assert!(clerk.privileged.is_empty());
    let lead = group("lead");
    says(&lead.says, &["Create roles; ", "read every table (pg_read_all_data)", &format!("(through {tag}_clerk)")]);
    assert_eq!(lead.privileged, ["create roles"]);
    assert!(lead.held_by.is_empty());
    let owner = group("owner");
    says(&owner.says, &["Do anything with one object, as its owner", "create in the schema billing"]);
    says(&owner.says, &["delete on each future table in the schema orders"]);
    assert_eq!(owner.privileged.len(), 3);
    assert_eq!(group("empty").says, format!("Nothing that was found in the database {tag}"));

    // Seen from another database, what it may do in this one is not known, and so not taken to be harmless.
    let from_afar = only(&tag, discover::postgres(&server.url()).await.expect("it reads"));
    let read = from_afar.groups.iter().find(|group| plain(&group.name) == "Read.Orders").expect("the same role");
    assert_eq!(read.privileged, [format!("do what was not read in the database {tag}")]);
    world.end().await;
}

/// An import refuses the files line by line wherever something is to be filled in, and nowhere else; filled in, it takes them.
fn is_refused_until_filled_in(files: &[(String, String)]) {
    let read = |text: &dyn Fn(&str) -> String| {
        let file = |(name, before): &(String, String)| File { name: name.clone(), text: text(before) };
        catalogue::read(&files.iter().map(file).collect::<Vec<_>>())
    };
    let marked: Vec<(String, usize)> = files
        .iter()
        .flat_map(|(name, text)| text.lines().enumerate().map(move |(n, line)| (name.clone(), n + 1, line)))
        .filter(|(_, _, line)| line.contains("FILL IN:") && !line.starts_with('#'))
        .map(|(name, n, _)| (name, n))
        .collect();
    let refused = read(&|text| text.to_owned()).expect_err("nothing is filled in");
    let refused: Vec<(String, usize)> = refused.into_iter().map(|mistake| (mistake.file, mistake.line)).collect();
    assert_eq!(refused, marked);

    let filled_in = read(&|text| {
        text.replace("owners = []", "owners = [\"ola.nord\"]")
            .replace("fallback = \"\"", "fallback = \"security\"")
            .replace("group = \"\"", "group = \"security\"")
            .replace("groups = [\"\"]", "groups = [\"support\"]")
    });
    let filled_in = filled_in.expect("a catalogue");
    assert_eq!(filled_in.systems.len(), 1);
    assert_eq!(
        filled_in.bundles.len(),
        marked.iter().filter(|(file, _)| file.ends_with("bundles.toml")).count() - two_stages(files)
    );
}

/// How many of the bundles ask for a second pair of eyes, and so have one line more to fill in.
fn two_stages(files: &[(String, String)]) -> usize {
    files.iter().map(|(_, text)| text.matches("group = \"\"").count()).sum()
}

/// The files as tables, under their names.
fn parsed(files: &[(String, String)]) -> Vec<(&str, toml::Table)> {
    files
        .iter()
        .map(|(name, text)| (name.as_str(), text.parse().unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))))
        .collect()
}

async fn writes_a_catalogue_to_start_from(server: Server) {
    let mut world = World::on(server).await;
    let found = small_database(&mut world).await;
    let tag = world.tag.clone();
    let files = found.catalogue("orders-db");
    is_refused_until_filled_in(&files);
    let tables = parsed(&files);
    let names: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["orders-db.toml", "orders-db-bundles.toml", "orders-db-accounts.toml"]);

    let system = &tables[0].1["system"][0];
    for (field, value) in
        [("key", "orders-db"), ("connector", "postgres"), ("fallback", ""), ("environment", "production")]
    {
        assert_eq!(system[field].as_str(), Some(value), "{field}");
    }
    assert!(system["owners"].as_array().is_some_and(Vec::is_empty), "an import refuses a system that nobody owns");
    assert_eq!(system["settings"]["secret"].as_str(), Some("orders-db"));
    says(
        &files[0].1,
        &[
            "SALLYPORT_SECRET_ORDERS_DB",
            "GRANT pg_signal_backend TO sallyport",
            "FILL IN: the keys of the people",
            &format!("# `{tag}_batch` is an account that `{tag}_jonas` may act as; it is not offered"),
            &format!("# Held today by `{tag}_maya`."),
            "# Privileged, for it lets one select, insert, update on the table orders.lines.",
        ],
    );
    let entitlements: Vec<(&str, &str, bool)> = system["entitlement"]
        .as_array()
        .expect("entitlements")
        .iter()
        .map(|e| {
            let field = |name: &str| e[name].as_str().expect("a text");
            (field("key"), field("native"), e["privileged"].as_bool().expect("yes or no"))
        })
        .collect();
    let expected = [
        ("read.orders", "Read.Orders", false),
        ("clerk", "clerk", false),
        ("empty", "empty", false),
        ("lead", "lead", true),
        ("owner", "owner", true),
        ("write", "write", true),
    ];
    assert_eq!(entitlements.len(), expected.len());
    for (key, native, privileged) in expected {
        let (key, native) = (format!("{tag}_{key}"), format!("{tag}_{native}"));
        assert!(
            entitlements.contains(&(key.as_str(), native.as_str(), privileged)),
            "{key} is not in {entitlements:?}"
        );
    }

    let bundles = tables[1].1["bundle"].as_array().expect("bundles");
    assert_eq!(bundles.len(), entitlements.len());
    for (bundle, (key, _, privileged)) in bundles.iter().zip(&entitlements) {
        assert_eq!(bundle["key"].as_str(), Some(format!("orders-db-{key}").as_str()));
        assert_eq!(bundle["entitlements"][0].as_str(), Some(format!("orders-db/{key}").as_str()));
        assert_eq!(bundle["longest"].as_str(), Some(if *privileged { "2h" } else { "8h" }));
        assert_eq!(bundle["stage"][0]["from"]["owners"].as_bool(), Some(true));
        assert_eq!(bundle["stage"].as_array().map(Vec::len), Some(if *privileged { 2 } else { 1 }));
    }

    assert!(tables[2].1.is_empty(), "nobody is taken for anybody");
    let filled_in: Vec<&str> = files[2]
        .1
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let people: toml::Table = filled_in.join("\n").parse().expect("the stanzas are TOML once their `#` is gone");
    let accounts: Vec<&str> = people["person"]
        .as_array()
        .expect("people")
        .iter()
        .map(|person| person["accounts"]["orders-db"].as_str().expect("an account"))
        .collect();
    // Not the superuser, and not the one that read it.
    assert_eq!(accounts, [format!("{tag}_batch"), format!("{tag}_jonas")]);
    let shares = format!("`{tag}_jonas` may act as it, and would share what it is given");
    let way = format!("`{tag}_maya` → `{tag}_clerk` → `{tag}_Read.Orders`");
    says(
        &files[2].1,
        &[
            &format!("# `{tag}_batch`: may create databases; {shares}; its password has expired"),
            &format!("# `{tag}_root`: a superuser has everything already"),
            &format!("# holds `{tag}_Read.Orders` today: {way}, offered as orders-db/{tag}_read.orders"),
        ],
    );
    world.end().await;
}

async fn no_name_in_the_database_writes_the_catalogue(server: Server) {
    let mut world = World::on(server).await;
    let tag = world.tag.clone();
    let line = "\n[[person]]\nkey = \"x\"\n#";
    let roles = [
        format!("{tag}{line}"),
        format!("{tag}\u{202e}\r\t"),
        format!("{tag}\"\"\" ''' \\u0041 #"),
        format!("{tag} 日本"),
        format!("{tag} 世界"),
        format!("{tag}{}", "x".repeat(63 - tag.len())),
    ];
    for role in &roles {
        world.role_named(role, "").await;
    }
    let account = format!("{tag}a{line}");
    world.role_named(&account, "login").await;
    for role in &roles {
        world.run(&format!("grant {} to {}", quoted(role), quoted(&account))).await;
    }
    let (named, reader) = (quoted(line), quoted(&roles[0]));
    world
        .run(&format!(
            "create schema {named}; create table {named}.{named} (); grant select on {named}.{named} to {reader}"
        ))
        .await;
    let found = only(&tag, discover::postgres(&world.superuser_url()).await.expect("it reads"));
    assert_eq!(found.groups.len(), roles.len());

    let files = found.catalogue(&"s".repeat(75));
    is_refused_until_filled_in(&files);
    let tables = parsed(&files);
    assert_eq!(tables[0].1.keys().collect::<Vec<_>>(), ["system"]);
    assert_eq!(tables[1].1.keys().collect::<Vec<_>>(), ["bundle"]);
    assert!(tables[2].1.is_empty());
    let entitlements = tables[0].1["system"][0]["entitlement"].as_array().expect("entitlements");
    let natives: Vec<&str> = entitlements.iter().map(|e| e["native"].as_str().expect("a name")).collect();
    let (unfit, fit) = roles.split_at(2);
    assert_eq!(natives.len(), fit.len());
    for role in fit {
        assert!(natives.contains(&role.as_str()), "the target's own name stays as it is: {role:?}");
    }
    assert_eq!(files[0].1.matches("is not offered, for its name holds characters").count(), unfit.len());
    assert_eq!(files[2].1.matches("its name holds characters that a catalogue refuses; rename it").count(), 1);
    for field in ["says", "name"] {
        for shown in entitlements.iter().map(|e| e[field].as_str().expect("a text")) {
            assert!(!shown.contains(['\n', '\t', '\u{202e}']), "{shown:?}");
        }
    }

    let is_key = |key: &&str| {
        key.len() <= 80
            && key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c))
    };
    for things in [entitlements, tables[1].1["bundle"].as_array().expect("bundles")] {
        let mut keys: Vec<&str> = things.iter().map(|thing| thing["key"].as_str().expect("a key")).collect();
        assert!(keys.iter().all(is_key), "{keys:?}");
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), fit.len(), "no key is given twice");
    }
    world.end().await;
}

async fn a_change_that_another_makes_at_the_same_moment_is_tried_again(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    for (statement, gone) in [(format!("grant {role} to {maya}"), false), (format!("revoke {role} from {maya}"), true)]
    {
        // Another replica is in the middle of the same change.
        let mut other = world.sign_in(&keeper).await;
        run(&mut other, &format!("begin; {statement}")).await;
        let (connector, right) = (world.connector(&keeper), right(&maya, &role));
        let ours = tokio::spawn(async move {
            let done = if gone { connector.take(&right).await } else { connector.give(&right).await };
            (done, connector.look(&right).await)
        });
        let waits = "select exists (select from pg_stat_activity where usename = $1 and wait_event_type = 'Lock')";
        while !sqlx::query_scalar::<_, bool>(waits).bind(&keeper).fetch_one(&mut world.root).await.expect("it answers")
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        run(&mut other, "commit").await;
        let (done, seen) = ours.await.expect("the task ends");
        assert_eq!(done.expect("the second change finds the first"), Progress::Done);
        assert_eq!(seen.expect("it looks") == Seen::Absent, gone);
    }
    world.end().await;
}

async fn a_membership_of_ours_that_was_switched_off_is_made_usable(server: Server) {
    let mut world = World::on(server).await;
    let (maya, role) = (world.account("maya").await, world.reader("read").await);
    let keeper = world.keeper(&[&role]).await;
    let (connector, right) = (world.connector(&keeper), right(&maya, &role));
    match server {
        // 15 has no such switch; an account that does not inherit takes the role by itself.
        Server::V15 => world.run(&format!("alter role {maya} noinherit")).await,
        Server::V18 => {
            let off = format!("grant {role} to {maya} with inherit false, set false");
            run(&mut world.sign_in(&keeper).await, &off).await;
            assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
        }
    }
    assert_eq!(connector.give(&right).await.expect("it gives"), Progress::Done);
    let mut session = world.sign_in(&maya).await;
    run(&mut session, &format!("set role {role}")).await;
    assert_eq!(reads(&mut session).await.expect("she reads"), 42);
    assert_eq!(connector.take(&right).await.expect("it takes"), Progress::Done);
    assert_eq!(connector.look(&right).await.expect("it looks"), Seen::Absent);
    world.end().await;
}
