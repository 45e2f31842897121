//! What the player set and the game remembers: a small text file in the user's configuration.

use std::path::PathBuf;
use std::{env, fs, io};

use bevy::prelude::*;
use bevy_game_session::client::HttpSessionService;

use crate::cli::ClientArgs;
use crate::game::Pilot;

/// What the player set.
#[derive(Resource, Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    /// What others call the player.
    pub(crate) name: String,
    /// The backend, when it is not one on this machine.
    pub(crate) backend: Option<String>,
}

impl Saved {
    /// What was set last, or nothing.
    pub(crate) fn load() -> Self {
        let text = file().and_then(|file| fs::read_to_string(file).ok());
        Self::parse(&text.unwrap_or_default())
    }

    /// Writes it down for the next time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn save(&self) -> io::Result<()> {
        let file = file().ok_or_else(|| io::Error::other("there is no home directory"))?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, self.text())
    }

    /// The command line has the last word. A player without a name gets the one of their account.
    #[must_use]
    pub(crate) fn overruled_by(mut self, args: &ClientArgs) -> Self {
        if let Some(name) = &args.name {
            self.name.clone_from(name);
        }
        if args.backend.is_some() {
            self.backend.clone_from(&args.backend);
        }
        let account = || env::var("USER").or_else(|_| env::var("USERNAME")).ok();
        self.name = Pilot::fit_name(&self.name)
            .or_else(|| Pilot::fit_name(&account()?))
            .unwrap_or_else(|| "Pilot".into());
        self
    }

    /// Takes what the player chose.
    ///
    /// # Errors
    /// A sentence for the player when the address is none.
    pub(crate) fn choose(&mut self, name: &str, backend: &str) -> Result<(), String> {
        let backend = (!backend.is_empty()).then(|| backend.to_owned());
        if let Some(Err(error)) = backend.as_deref().map(HttpSessionService::new) {
            return Err(format!("This address does not work: {error}."));
        }
        name.clone_into(&mut self.name);
        self.backend = backend;
        Ok(())
    }

    fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            lines
                .find(|(name, _)| name.trim() == key)
                .map(|(_, value)| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        Self {
            name: value("name").unwrap_or_default(),
            backend: value("backend"),
        }
    }

    fn text(&self) -> String {
        let backend = self.backend.as_deref().unwrap_or_default();
        format!("name = {}\nbackend = {backend}\n", self.name)
    }
}

fn file() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = folder("XDG_CONFIG_HOME")
        .or_else(|| folder("APPDATA"))
        .or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(base.join("star-gatherers").join("settings.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_set_is_read_back_and_junk_is_nothing() {
        let saved = Saved {
            name: "Anna = me".into(),
            backend: Some("http://192.0.2.1:8080".into()),
        };
        assert_eq!(Saved::parse(&saved.text()), saved);
        assert_eq!(Saved::parse("\u{0}junk\nname"), Saved::default());
    }
}
