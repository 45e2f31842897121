//! What this user's runs have made, on disk: written before each thing is made, so that a run that is killed at any
//! moment leaves a note of what it may have made.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use game_session_backend::Keyring;
use serde::{Deserialize, Serialize};

use super::error::AnywhereError;
use super::names::LocationName;

/// Where the state is kept: one small file for each location, this user's mark, and the backend's keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// The user's own, as the operating system has it.
    ///
    /// # Errors
    /// [`AnywhereError::NoStateDir`] when it has none.
    pub fn of_user() -> Result<Self, AnywhereError> {
        let base = dirs::state_dir().or_else(dirs::data_local_dir);
        base.map(|base| Self(base.join("game-session")))
            .ok_or(AnywhereError::NoStateDir)
    }

    /// This one.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The keyring that this user's backends share, made at its first use.
    pub(crate) fn keyring(&self) -> Result<Keyring, AnywhereError> {
        let text = self.once("keyring", || String::clone(&Keyring::new_key_text("k1")))?;
        text.parse().map_err(AnywhereError::Keyring)
    }

    /// The mark that tells what this user made from what others made: random, the same for ever.
    pub(crate) fn owner(&self) -> Result<String, AnywhereError> {
        let fresh = || {
            let mut bytes = [0; 16];
            // two equal marks would only let their users remove each other's locations
            let _ = getrandom::fill(&mut bytes);
            format!("{:032x}", u128::from_be_bytes(bytes))
        };
        self.once("owner", fresh)
    }

    /// What a file holds; it is made if it is not there. It is never seen half written.
    fn once(&self, name: &str, fresh: impl FnOnce() -> String) -> Result<String, AnywhereError> {
        let path = self.0.join(name);
        let broken = |source| AnywhereError::State {
            path: path.clone(),
            source,
        };
        match std::fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(broken(error)),
        }
        self.make_dir()?;
        write_first(&path, fresh().as_bytes()).map_err(broken)?;
        // another run may have been quicker: what is there counts for both
        std::fs::read_to_string(&path)
            .map(|text| text.trim().to_owned())
            .map_err(broken)
    }

    fn make_dir(&self) -> Result<(), AnywhereError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.0).map_err(|source| AnywhereError::State {
            path: self.0.clone(),
            source,
        })
    }
}

/// Writes beside it first, so that a reader finds the old text or the new one.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = write_beside(path, bytes)?;
    std::fs::rename(&beside, path)
}

/// As [`write_whole`], unless another run was quicker: a file with something in it stays as it is.
fn write_first(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        return write_whole(path, bytes);
    }
    let beside = write_beside(path, bytes)?;
    let linked = std::fs::hard_link(&beside, path);
    let removed = std::fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => removed,
        linked => linked.and(removed),
    }
}

fn write_beside(path: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let mut word = [0; 4];
    // two runs of one process must not write the same file
    let _ = getrandom::fill(&mut word);
    let word = u32::from_be_bytes(word);
    let beside = path.with_extension(format!("new-{}-{word:08x}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(beside)
}

/// What was made for one location, or was about to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    /// Things that this user made, oldest first.
    pub(crate) made: Vec<Thing>,
    /// Where the backend of the running `up` listens.
    pub(crate) backend_url: Option<String>,
    /// The fleet of the last `up`.
    pub(crate) fleet_id: Option<String>,
    /// The compute of the last `up`.
    pub(crate) compute: Option<String>,
}

/// Something that `up` makes and `down` removes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Thing {
    /// A custom location.
    Location(String),
    /// An Anywhere fleet, by its id.
    Fleet(String),
    /// A location of a fleet that was there before.
    FleetLocation {
        /// The fleet.
        fleet_id: String,
        /// The location.
        location: String,
    },
    /// A compute.
    Compute {
        /// Its fleet.
        fleet_id: String,
        /// Its name.
        name: String,
    },
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Location(name) => write!(f, "location {name}"),
            Self::Fleet(id) => write!(f, "fleet {id}"),
            Self::FleetLocation { fleet_id, location } => write!(f, "location {location} of fleet {fleet_id}"),
            Self::Compute { fleet_id, name } => write!(f, "compute {name} of fleet {fleet_id}"),
        }
    }
}

/// The record of one location, held by one process at a time.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    record: Record,
    owner: String,
    /// Locked while it is open, also against a process that dies.
    _lock: File,
}

impl Keeper {
    pub(crate) fn take(dir: &StateDir, scope: &str, location: &LocationName) -> Result<Self, AnywhereError> {
        dir.make_dir()?;
        let path = dir.0.join(format!("{scope}.{location}.json"));
        let lock_path = path.with_extension("lock");
        let broken = |source| AnywhereError::State {
            path: lock_path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).create(true).truncate(false);
        let mut lock = lock.open(&lock_path).map_err(broken)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // only for the message
                let _ = lock.read_to_string(&mut text);
                return Err(AnywhereError::Busy {
                    location: location.to_string(),
                    pid: text.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        lock.set_len(0).map_err(broken)?;
        write!(lock, "{}", std::process::id()).map_err(broken)?;
        let owner = dir.owner()?;
        Ok(Self {
            record: read(&path)?,
            path,
            owner,
            _lock: lock,
        })
    }

    /// What is on record, without holding it; and whether somebody holds it.
    pub(crate) fn look(
        dir: &StateDir,
        scope: &str,
        location: &LocationName,
    ) -> Result<(Record, Option<u32>), AnywhereError> {
        match Self::take(dir, scope, location) {
            Ok(keeper) => Ok((keeper.record, None)),
            Err(AnywhereError::Busy { pid, .. }) => {
                let path = dir.0.join(format!("{scope}.{location}.json"));
                Ok((read(&path)?, Some(pid.unwrap_or(0))))
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn has(&self, thing: &Thing) -> bool {
        self.record.made.contains(thing)
    }

    /// Notes that a thing is about to be made.
    pub(crate) fn note(&mut self, thing: Thing) -> Result<(), AnywhereError> {
        if self.has(&thing) {
            return Ok(());
        }
        self.change(|record| record.made.push(thing))
    }

    /// Notes that a thing is gone.
    pub(crate) fn forget(&mut self, thing: &Thing) -> Result<(), AnywhereError> {
        self.change(|record| record.made.retain(|other| other != thing))
    }

    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Record)) -> Result<(), AnywhereError> {
        let mut record = self.record.clone();
        change(&mut record);
        let broken = |source| AnywhereError::State {
            path: self.path.clone(),
            source,
        };
        let text = serde_json::to_vec_pretty(&record).map_err(|error| broken(error.into()))?;
        write_whole(&self.path, &text).map_err(broken)?;
        self.record = record;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Record, AnywhereError> {
    let broken = |source| AnywhereError::State {
        path: path.to_owned(),
        source,
    };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| broken(error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Record::default()),
        Err(error) => Err(broken(error)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn location() -> LocationName {
        "home".parse().unwrap()
    }

    #[test]
    fn what_was_noted_is_there_after_the_process_is_gone_and_only_one_holds_it() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = StateDir::at(temporary.path().join("deep/state"));
        let mut keeper = Keeper::take(&dir, "us-west-2", &location()).unwrap();
        let thing = Thing::Location("custom-home".to_owned());
        keeper.note(thing.clone()).unwrap();
        keeper.note(thing.clone()).unwrap();
        assert_eq!(keeper.record().made.len(), 1);
        let error = Keeper::take(&dir, "us-west-2", &location()).unwrap_err();
        assert!(
            matches!(error, AnywhereError::Busy { pid: Some(pid), .. } if pid == std::process::id()),
            "{error}"
        );
        assert!(
            Keeper::take(&dir, "eu-west-1", &location()).is_ok(),
            "another region is another place"
        );
        assert!(Keeper::look(&dir, "us-west-2", &location()).unwrap().1.is_some());
        drop(keeper);
        let keeper = Keeper::take(&dir, "us-west-2", &location()).unwrap();
        assert!(keeper.has(&thing));
        assert_eq!(keeper.owner(), dir.owner().unwrap());
    }

    #[test]
    fn of_two_first_runs_at_once_both_keep_what_the_quicker_one_wrote() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = StateDir::at(temporary.path());
        let mut quicker = None;
        // the other run comes between the look at the file and the writing of it
        let slower = dir.once("mark", || {
            quicker = Some(dir.once("mark", || "quicker".to_owned()).unwrap());
            "slower".to_owned()
        });
        assert_eq!(
            (slower.unwrap().as_str(), quicker.as_deref()),
            ("quicker", Some("quicker"))
        );
        let names: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing is left beside it: {names:?}");
        std::fs::write(temporary.path().join("mark"), "").unwrap();
        assert_eq!(dir.once("mark", || "anew".to_owned()).unwrap(), "anew");
    }

    #[test]
    fn the_mark_and_the_keyring_stay_the_same_and_a_broken_file_is_told() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = StateDir::at(temporary.path());
        assert_eq!(dir.owner().unwrap(), dir.owner().unwrap());
        assert_eq!(dir.owner().unwrap().len(), 32);
        dir.keyring().unwrap();
        let text = std::fs::read_to_string(temporary.path().join("keyring")).unwrap();
        dir.keyring().unwrap();
        assert_eq!(std::fs::read_to_string(temporary.path().join("keyring")).unwrap(), text);
        std::fs::write(temporary.path().join("us-west-2.custom-home.json"), "{").unwrap();
        let error = Keeper::take(&dir, "us-west-2", &location()).unwrap_err().to_string();
        assert!(
            error.contains("us-west-2.custom-home.json") && error.contains("--state-dir"),
            "{error}"
        );
    }
}
