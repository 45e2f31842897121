//! The one file that knows the embedded store: rows by name in one table.

use std::{fs, io, path::Path};

use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::world::Row;

const ROWS: TableDefinition<&str, &[u8]> = TableDefinition::new("rows");
/// The file in the data directory.
const FILE: &str = "gamelift-emulator.redb";
/// What the store may keep in memory, in bytes.
const CACHE: usize = 8 * 1024 * 1024;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}: is another emulator running on it?")]
    Open(#[from] redb::DatabaseError),
    #[error("{0}")]
    Store(#[from] redb::Error),
}

/// Rows on disk.
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        make_private(directory)?;
        let path = directory.join(FILE);
        let database = Builder::new().set_cache_size(CACHE).create(&path)?;
        make_own(&path)?;
        let store = Self { database };
        store.write(std::iter::empty())?;
        Ok(store)
    }

    /// Every row there is.
    pub(crate) fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(ROWS)?;
            let rows = table.iter()?.map(|row| {
                let (name, value) = row?;
                Ok((name.value().to_owned(), value.value().to_vec()))
            });
            rows.collect()
        };
        Ok(read()?)
    }

    /// Writes and removes rows in one transaction, and waits until the disk has it.
    pub(super) fn write<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Result<(), StoreError> {
        let write = || -> Result<(), redb::Error> {
            let mut transaction = self.database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            {
                let mut table = transaction.open_table(ROWS)?;
                for row in rows {
                    match &row.value {
                        Some(value) => drop(table.insert(row.name.as_str(), value.as_slice())?),
                        None => drop(table.remove(row.name.as_str())?),
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        };
        Ok(write()?)
    }
}

/// A directory for tokens and session data is its owner's alone.
#[cfg(unix)]
fn make_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(not(unix))]
fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)
}

#[cfg(unix)]
fn make_own(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_own(_: &Path) -> io::Result<()> {
    Ok(())
}
