//! The small files that outlive the process: the one place that knows the file system.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tracing::warn;

/// A file of ours is never longer.
const LONGEST: u64 = 64 * 1024;
/// How many changes may wait for the disk.
const MOST_WAITING: usize = 16;

/// The directory in which a client keeps what must outlive its process: who the player is
/// ([`HttpSettings::keep_guest`](crate::HttpSettings::keep_guest)) and where it plays
/// ([`SessionClientPlugin::keep_session`](crate::SessionClientPlugin::keep_session)). Cheap to clone.
///
/// Only one process at a time has it: two windows of one game are two players. Files are written whole or not at all, by
/// a thread of its own, and for this user only. Dropping the last clone waits for what is still to be written.
#[derive(Clone)]
pub struct PlayerFiles(Arc<Open>);

struct Open {
    directory: PathBuf,
    /// Held as long as it lives.
    _lock: File,
    changes: Mutex<Option<SyncSender<Change>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

enum Change {
    Write(&'static str, Vec<u8>),
    Remove(&'static str),
}

/// Why the files of a player cannot be used. The game can be played without them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayerFilesError {
    /// Another process of the game has them.
    #[error("another process of this game has the player's files: this one plays as another guest")]
    InUse,
    /// The system has no place for them.
    #[error("the system names no home directory: give a directory")]
    NoHome,
    /// The name of the game is none of a directory.
    #[error("the name of the game's directory may have letters, digits, spaces, dashes and underscores only")]
    BadName,
    /// The directory cannot be made or opened.
    #[error("the directory of the player's files cannot be used: is it writable?")]
    Unusable(#[source] io::Error),
}

impl PlayerFiles {
    /// In a directory of this name in the place that the system has for local data of its users.
    ///
    /// # Errors
    /// [`PlayerFilesError`].
    pub fn of_game(game: &str) -> Result<Self, PlayerFilesError> {
        let fine = |c: char| c.is_alphanumeric() || " _-".contains(c);
        if game.trim().is_empty() || !game.chars().all(fine) {
            return Err(PlayerFilesError::BadName);
        }
        let place = dirs::data_local_dir().ok_or(PlayerFilesError::NoHome)?;
        Self::in_directory(place.join(game))
    }

    /// In this directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`PlayerFilesError`].
    pub fn in_directory(directory: impl AsRef<Path>) -> Result<Self, PlayerFilesError> {
        let directory = directory.as_ref().to_owned();
        make_directory(&directory).map_err(PlayerFilesError::Unusable)?;
        let lock = open_for_user(&directory.join("lock")).map_err(PlayerFilesError::Unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => PlayerFilesError::InUse,
            TryLockError::Error(error) => PlayerFilesError::Unusable(error),
        })?;
        let (changes, waiting) = sync_channel(MOST_WAITING);
        let place = directory.clone();
        let writer = std::thread::Builder::new()
            .name("player files".into())
            .spawn(move || waiting.into_iter().for_each(|change| make_change(&place, change)))
            .map_err(PlayerFilesError::Unusable)?;
        Ok(Self(Arc::new(Open {
            directory,
            _lock: lock,
            changes: Mutex::new(Some(changes)),
            writer: Mutex::new(Some(writer)),
        })))
    }

    /// Reads a file; what cannot be read is told and counts as absent.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, name: &'static str) -> Option<T> {
        let path = self.0.directory.join(name);
        let mut text = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => warn!(name, %error, "a kept file cannot be read: it is ignored"),
            Ok(_) if text.len() as u64 > LONGEST => warn!(name, "a kept file is too long: it is ignored"),
            Ok(_) => {
                if let Ok(value) = serde_json::from_slice(&text) {
                    return Some(value);
                }
                // What the error says of the text may be secret.
                warn!(name, "a kept file is not one of this game: it is ignored");
            }
        }
        None
    }

    /// Writes a file in the background.
    pub(crate) fn write(&self, name: &'static str, value: &impl serde::Serialize) {
        match serde_json::to_vec(value) {
            Ok(text) => self.change(Change::Write(name, text)),
            Err(error) => warn!(name, %error, "nothing to keep"),
        }
    }

    /// Removes a file in the background.
    pub(crate) fn remove(&self, name: &'static str) {
        self.change(Change::Remove(name));
    }

    fn change(&self, change: Change) {
        let changes = self.0.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changes) = &*changes
            && changes.try_send(change).is_err()
        {
            warn!("the disk is too slow: something was not kept");
        }
    }
}

impl std::fmt::Debug for PlayerFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PlayerFiles").field(&self.0.directory).finish()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        drop(self.changes.get_mut().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(writer) = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = writer.join();
        }
    }
}

fn make_change(directory: &Path, change: Change) {
    let made = match &change {
        Change::Write(name, text) => write_whole(directory, name, text),
        Change::Remove(name) => match fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        },
    };
    if let Err(error) = made {
        warn!(%error, "something could not be kept");
    }
}

/// Beside its place first, then moved there: a reader sees the old file or the new one.
fn write_whole(directory: &Path, name: &str, text: &[u8]) -> io::Result<()> {
    let beside = directory.join(format!("{name}.new"));
    let mut file = open_for_user(&beside)?;
    file.set_len(0)?;
    file.write_all(text)?;
    file.sync_all()?;
    drop(file);
    fs::rename(beside, directory.join(name))
}

fn open_for_user(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_file_is_written_whole_for_this_user_only_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let files = PlayerFiles::in_directory(directory.path()).unwrap();
        files.write("a.json", &"kept");
        drop(files);
        let path = directory.path().join("a.json");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!directory.path().join("a.json.new").exists());
        let files = PlayerFiles::in_directory(directory.path()).unwrap();
        assert_eq!(files.read::<String>("a.json").as_deref(), Some("kept"));
        files.remove("a.json");
        files.remove("never.json");
        drop(files);
        assert!(!path.exists());
    }

    #[test]
    fn the_name_of_a_game_leads_nowhere_else() {
        for bad in ["", " ", "..", "../other", "a/b", "c:\\d"] {
            assert!(
                matches!(PlayerFiles::of_game(bad), Err(PlayerFilesError::BadName)),
                "{bad}"
            );
        }
    }

    #[test]
    fn two_processes_do_not_share_a_player() {
        let directory = tempfile::tempdir().unwrap();
        let files = PlayerFiles::in_directory(directory.path()).unwrap();
        let second = PlayerFiles::in_directory(directory.path());
        assert!(matches!(second, Err(PlayerFilesError::InUse)));
        drop(files);
        assert!(PlayerFiles::in_directory(directory.path()).is_ok());
    }

    #[test]
    fn a_file_that_is_corrupt_foreign_or_too_long_is_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let files = PlayerFiles::in_directory(directory.path()).unwrap();
        for text in [String::new(), "{".into(), "[1]".into(), "x".repeat(70_000)] {
            fs::write(directory.path().join("a.json"), text).unwrap();
            assert_eq!(files.read::<String>("a.json"), None);
        }
        fs::create_dir(directory.path().join("b.json")).unwrap();
        assert_eq!(files.read::<String>("b.json"), None);
    }
}
