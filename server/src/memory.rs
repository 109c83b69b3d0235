//! Opening the portal's memory as the settings say, with the machine's clock and chance.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use operations::{Clock, Ids, Portal, Schema, Setup, SystemClock, SystemIds};

use crate::config::Settings;

/// What a portal is opened with; tests bring a clock of their own.
pub fn setup(settings: &Settings, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Setup {
    Setup {
        database: settings.database.as_str().to_owned(),
        clock,
        ids,
        idle: settings.session_idle.delta(),
        absolute: settings.session_absolute.delta(),
        approval_lapse: settings.approval_lapse,
        hashing_at_once: settings.hashing_at_once,
        secrets: settings.secrets.by_name(),
        secrets_key: settings.secrets_key.clone(),
        relying_party: settings.relying_party(),
    }
}

/// The portal on its database, whatever its schema.
pub async fn open(settings: &Settings) -> Result<Portal> {
    open_with(settings, Arc::new(SystemClock)).await
}

/// The same, by another clock.
pub async fn open_with(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Portal> {
    Portal::open(setup(settings, clock, Arc::new(SystemIds::default())))
        .await
        .with_context(|| format!("cannot open the database {}", settings.database))
}

/// The portal, ready to be used. A file of our own is brought up to date on the way; a database that others share is not.
pub async fn ready(settings: &Settings) -> Result<Portal> {
    ready_with(settings, Arc::new(SystemClock)).await
}

/// The same, by another clock.
pub async fn ready_with(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Portal> {
    let portal = open_with(settings, clock).await?;
    if settings.database.is_postgres() {
        must_fit(&portal).await?;
    } else {
        portal.migrate().await?;
    }
    Ok(portal)
}

/// The portal that must be there already: nobody checks or exports an empty file that a typing mistake made.
pub async fn existing(settings: &Settings) -> Result<Portal> {
    if let Some(file) = settings.database.file()
        && !Path::new(file).exists()
    {
        bail!("there is no database at `{file}`: name the right one with --database");
    }
    let portal = open(settings).await?;
    must_fit(&portal).await?;
    Ok(portal)
}

async fn must_fit(portal: &Portal) -> Result<()> {
    match portal.schema().await? {
        Schema::Fits => Ok(()),
        Schema::Differs(says) => bail!(says),
    }
}
