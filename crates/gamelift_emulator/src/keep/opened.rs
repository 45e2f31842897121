//! From a data directory to a driven world.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

use crate::{
    error::EmulatorError,
    notify::Notifier,
    seed::Seed,
    server::Driver,
    world::{Beacons, Settings, World, time_of},
};

use super::{Keeper, Store, StoreError};

/// What a data directory holds; nothing when there is none.
pub(crate) struct Opened {
    directory: PathBuf,
    store: Option<Store>,
    rows: Vec<(String, Vec<u8>)>,
}

impl Opened {
    /// Reads a data directory, if there is one.
    pub(crate) fn open(directory: Option<&Path>) -> Result<Self, EmulatorError> {
        let Some(directory) = directory else {
            return Ok(Self {
                directory: PathBuf::new(),
                store: None,
                rows: Vec::new(),
            });
        };
        let read = || {
            let store = super::open(directory)?;
            let rows = store.rows()?;
            Ok::<_, StoreError>((store, rows))
        };
        let (store, rows) = read().map_err(|error| unusable(directory, &error))?;
        tracing::info!(directory = %directory.display(), rows = rows.len(), "data directory opened");
        Ok(Self {
            directory: directory.to_owned(),
            store: Some(store),
            rows,
        })
    }

    /// The world that is in it, or a new one with its seed, and what moves it. A seed that cannot be sown leaves nothing
    /// in the directory.
    pub(crate) fn drive(
        self,
        settings: Settings,
        beacons: Box<dyn Beacons>,
        notifier: Arc<Notifier>,
        seed: &Seed,
    ) -> Result<Driver, EmulatorError> {
        let Self { directory, store, rows } = self;
        let keeper = store.map(Keeper::start).transpose();
        let keeper = keeper.map_err(|error| unusable(&directory, &error))?;
        Driver::start(time_of(&rows), keeper, notifier, |now| {
            let ids = Box::new(Uuid::new_v4);
            if rows.is_empty() {
                let mut world = World::new(settings, ids, beacons, now);
                seed.sow(&mut world, now)?;
                return Ok(world);
            }
            World::restore(settings, ids, beacons, &rows, now).map_err(|error| unusable(&directory, &error))
        })
    }
}

fn unusable(directory: &Path, error: &dyn std::fmt::Display) -> EmulatorError {
    EmulatorError::DataDirectory {
        directory: directory.to_owned(),
        reason: error.to_string(),
    }
}
