//! The portal: its memory, clock, chance and targets, opened once and shared by every channel.

use crate::{
    Clock, Error, Ids,
    connectors::{Connector, ConnectorError, directory::Directory, manual::Manual, postgres::Postgres},
    guardrails::Compiled,
    health::Answered,
    ids,
    pace::Pace,
    stepup::{
        codes::SecretsKey,
        passkeys::{Passkeys, RelyingParty},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Actor,
    event::Transition,
    ids::EventId,
    minutes::Minutes,
    portal::Portal as PortalRow,
    resource::{ConnectorKind, System},
    text::Words,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use store::{Store, Tx};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// What is needed to open the portal.
pub struct Setup {
    /// `sqlite://FILE` or `postgres://…`.
    pub database: String,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub ids: Arc<dyn Ids>,
    /// How long a session may rest unused.
    pub idle: TimeDelta,
    /// How long a session may last.
    pub absolute: TimeDelta,
    /// How long an approval, and a grant that is being made, may wait for the access to be there.
    pub approval_lapse: Minutes,
    /// How many passwords are hashed at once; each takes 19 MiB.
    pub hashing_at_once: usize,
    /// Secrets for connectors, by the name that systems' settings give.
    pub secrets: BTreeMap<String, String>,
    /// The key under which secrets are kept; without one there are no one-time codes.
    pub secrets_key: Option<SecretsKey>,
    /// For whom passkeys are made; without one there are none.
    pub relying_party: Option<RelyingParty>,
}

/// Whether the database's schema is the one this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// It is.
    Fits,
    /// It is not, and what to do.
    Differs(String),
}

/// The portal. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    setup: Setup,
    hashing: Semaphore,
    targets: Mutex<BTreeMap<String, Arc<Postgres>>>,
    answered: Answered,
    moved: AtomicBool,
    pace: Pace,
    replica: String,
    decoy: tokio::sync::OnceCell<String>,
    passkeys: Option<Passkeys>,
    /// The versions of the guardrails that were read already.
    guardrails: Mutex<BTreeMap<u32, Arc<Compiled>>>,
}

/// How often an act is tried again when somebody else was faster.
const TRIES: u32 = 8;
/// Under which name it is counted what moved in processes that have ended: one for all of them, as a command is a process of its own.
const ENDED: &str = "ended";

impl Portal {
    /// Opens the database; does not change its schema.
    pub async fn open(setup: Setup) -> Result<Self, Error> {
        let store = Store::open(&setup.database).await?;
        let passkeys = setup.relying_party.as_ref().map(Passkeys::open).transpose()?;
        let replica = hex::encode(&setup.ids.secret()[..8]);
        let inner = Inner {
            store,
            hashing: Semaphore::new(setup.hashing_at_once.max(1)),
            targets: Mutex::default(),
            answered: Answered::default(),
            moved: AtomicBool::new(false),
            pace: Pace::default(),
            replica,
            decoy: tokio::sync::OnceCell::new(),
            passkeys,
            guardrails: Mutex::default(),
            setup,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Brings the schema up to date, and founds the portal when it is new.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.store().migrate().await?;
        self.found().await
    }

    async fn found(&self) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        if tx.portal().await?.is_some() {
            return Ok(());
        }
        let change = PortalRow::found(&Actor::System, self.now())?;
        let founded = match self.save(&mut tx, &change).await {
            Ok(()) => self.commit(tx).await,
            Err(failed) => Err(failed),
        };
        match founded {
            // Another replica founded it in the same moment.
            Ok(()) | Err(Error::Conflict) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Whether the schema is the one this program knows.
    pub async fn schema(&self) -> Result<Schema, Error> {
        match self.store().check_schema().await {
            Ok(()) => Ok(Schema::Fits),
            Err(store::Error::Schema(says)) => Ok(Schema::Differs(says)),
            Err(other) => Err(other.into()),
        }
    }

    /// Whether the portal can serve: the database answers and its schema fits.
    pub async fn ready(&self) -> Result<(), Error> {
        match self.schema().await? {
            Schema::Fits => Ok(()),
            Schema::Differs(says) => Err(Error::Unready(says)),
        }
    }

    /// Counts what has moved here, so that other processes hear of it, waits for what is under way and closes.
    pub async fn close(&self) {
        if let Err(error) = self.count_what_moved(ENDED).await {
            tracing::warn!(%error, "pages that others serve do not hear of what has changed");
        }
        self.store().close().await;
    }

    /// A number that moves whenever anything changes, on any replica.
    pub async fn changes(&self) -> Result<i64, Error> {
        self.count_what_moved(&self.inner.replica).await?;
        Ok(self.store().read().await?.count_changes().await?)
    }

    async fn count_what_moved(&self, name: &str) -> Result<(), Error> {
        if !self.inner.moved.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let counted = self.retrying(|| self.count_once(name)).await;
        if counted.is_err() {
            // It is still to be counted.
            self.inner.moved.store(true, Ordering::Release);
        }
        counted
    }

    async fn count_once(&self, name: &str) -> Result<(), Error> {
        let mut tx = self.store().write().await?;
        tx.bump_changes(name).await?;
        Ok(tx.commit().await?)
    }

    /// Whether this is a demo, with known passwords.
    pub async fn is_demo(&self) -> Result<bool, Error> {
        Ok(self.store().read().await?.portal().await?.is_some_and(|portal| portal.is_demo()))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn setup(&self) -> &Setup {
        &self.inner.setup
    }

    pub(crate) fn hashing(&self) -> &Semaphore {
        &self.inner.hashing
    }

    pub(crate) fn decoy(&self) -> &tokio::sync::OnceCell<String> {
        &self.inner.decoy
    }

    pub(crate) fn answered(&self) -> &Answered {
        &self.inner.answered
    }

    pub(crate) fn passkeys(&self) -> Option<&Passkeys> {
        self.inner.passkeys.as_ref()
    }

    /// A version of the guardrails that was read already.
    pub(crate) fn compiled(&self, number: u32) -> Option<Arc<Compiled>> {
        let known = self.inner.guardrails.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&number).map(Arc::clone)
    }

    /// Keeps a version of the guardrails that was just read.
    pub(crate) fn keep_compiled(&self, number: u32, compiled: &Arc<Compiled>) {
        let mut known = self.inner.guardrails.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(number, Arc::clone(compiled));
    }

    /// What time it is, by the portal's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.setup.clock.now()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.inner.setup.ids.next(self.now())
    }

    pub(crate) fn token(&self) -> String {
        ids::token(self.inner.setup.ids.as_ref())
    }

    /// Counts what is worked out for somebody without saving anything, and refuses what is too much of it.
    pub(crate) fn paced(&self, actor: &Actor) -> Result<(), Error> {
        let Some(who) = actor.person() else { return Ok(()) };
        Ok(self.inner.pace.count(who, self.now())?)
    }

    /// Free text, ready to be kept apart from the trail; `None` when nothing was written.
    pub(crate) fn words(&self, text: &str) -> Option<Words> {
        (!text.is_empty()).then(|| Words {
            id: domain::ids::TextId(self.new_id()),
            salt: self.token(),
            text: text.to_owned(),
        })
    }

    /// Writes one change.
    pub(crate) async fn save(&self, tx: &mut Tx, change: &Transition) -> Result<(), Error> {
        Ok(tx.save(EventId(self.new_id()), change).await?)
    }

    /// Makes it so, and lets pages know that something moved.
    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), Error> {
        tx.commit().await?;
        self.inner.moved.store(true, Ordering::Release);
        Ok(())
    }

    /// Tries an act again while somebody else is faster: what leaves room for it succeeds, what does not is told by its refusal.
    pub(crate) async fn retrying<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        // On the heap: an act is large, and whoever calls it should not be.
        for _ in 1..TRIES {
            match Box::pin(attempt()).await {
                Err(Error::Conflict) => tokio::task::yield_now().await,
                other => return other,
            }
        }
        Box::pin(attempt()).await
    }

    /// What reaches a system.
    pub(crate) fn connector(&self, system: &System) -> Result<Arc<dyn Connector>, ConnectorError> {
        match system.spec.connector {
            ConnectorKind::Directory => {
                Ok(Arc::new(Directory { store: self.store().clone(), clock: Arc::clone(&self.setup().clock) }))
            }
            ConnectorKind::Manual => Ok(Arc::new(Manual {
                store: self.store().clone(),
                clock: Arc::clone(&self.setup().clock),
                ids: Arc::clone(&self.setup().ids),
                system: system.clone(),
            })),
            ConnectorKind::Postgres => {
                let name = system.spec.settings.get("secret").map(String::as_str).unwrap_or_default();
                let Some(url) = self.setup().secrets.get(name) else {
                    return Err(ConnectorError::Settings(format!(
                        "the secret `{name}` is not set: give the database's URL in SALLYPORT_SECRET_{}",
                        name.to_uppercase().replace(['-', '.'], "_")
                    )));
                };
                let mut targets = self.inner.targets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if let Some(known) = targets.get(name) {
                    return Ok(Arc::clone(known) as Arc<dyn Connector>);
                }
                let opened = Arc::new(Postgres::open(url)?);
                targets.insert(name.to_owned(), Arc::clone(&opened));
                Ok(opened)
            }
        }
    }
}
