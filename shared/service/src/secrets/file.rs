//! Secrets in one JSON file that only its owner can read: the laptop's home.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io};

use domain::secret::Secret;

use super::error::SecretsError;

/// A file `{"<name>": "<secret>"}`. Read at every use: processes of one machine may share it, and it is small.
#[derive(Clone, Debug)]
pub struct FileSecrets {
    path: PathBuf,
    /// One writer at a time within this process.
    writing: Arc<Mutex<()>>,
}

type Entries = BTreeMap<String, String>;

impl FileSecrets {
    pub fn new(path: PathBuf) -> Self {
        Self {
            path,
            writing: Arc::default(),
        }
    }

    /// Fails if there is a file that holds no secrets.
    pub fn check(&self) -> Result<(), SecretsError> {
        self.read().map(|_| ())
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        Ok(self.read()?.remove(name).map(Secret::from))
    }

    pub(super) fn put(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        self.change(|entries| {
            entries.insert(name.to_owned(), secret.expose().to_owned());
        })
    }

    pub(super) fn delete(&self, name: &str) -> Result<(), SecretsError> {
        self.change(|entries| {
            entries.remove(name);
        })
    }

    fn read(&self) -> Result<Entries, SecretsError> {
        match fs::read(&self.path) {
            Ok(json) => Ok(serde_json::from_slice(&json)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Entries::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) -> Result<(), SecretsError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = self.read()?;
        change(&mut entries);
        replace(&self.path, &serde_json::to_vec_pretty(&entries)?)?;
        Ok(())
    }
}

/// Replaces the file in one step, so that a crash leaves the old or the new one, never half of one.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let next = path.with_extension("next");
    // Made anew, so that no link is followed that somebody has put there.
    let _ = fs::remove_file(&next);
    let mut file = owner_only(fs::OpenOptions::new().write(true).create_new(true)).open(&next)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&next, path)
}

#[cfg(unix)]
fn owner_only(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn p22_only_the_owner_can_read_the_file() {
        let directory = std::env::temp_dir().join(domain::random::sortable_id());
        fs::create_dir(&directory).unwrap();
        let path = directory.join("secrets.json");
        let secrets = FileSecrets::new(path.clone());
        assert_eq!(secrets.get("jwt").unwrap(), None);
        secrets.put("jwt", &"one".into()).unwrap();
        secrets.put("backend/b", &"two".into()).unwrap();
        secrets.delete("jwt").unwrap();
        assert_eq!(
            FileSecrets::new(path.clone()).get("backend/b").unwrap(),
            Some("two".into())
        );
        assert_eq!(secrets.get("jwt").unwrap(), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(directory).unwrap();
    }
}
