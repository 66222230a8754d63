//! The data folder: the database, the secrets and a lock against a second process.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::clock::Clock;
use dynoxide::{Database, DynoxideError};
use etcetera::BaseStrategy as _;
use service::resources::Resources;
use service::secrets::{FileSecrets, MemorySecrets, Secrets};
use service::store::Store;
use service::store::table::create_tables;

use crate::database_port::Door;
use crate::embedded::EmbeddedClient;
use crate::hosts::Hosts;
use crate::sigv4::AccessKey;
use crate::start_error::{DatabaseState, StartError};

const DATABASE: &str = "tidegate.db";
const SECRETS: &str = "secrets.json";
/// The first bytes of a file of `SQLite`.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// The version of what lies in the folder, raised when an older release could not read it.
const LAYOUT: u32 = 1;
/// The beginning of each table's name, as in the cloud.
const TABLE_PREFIX: &str = "tidegate-";

/// `tidegate` in the user's folder for application data.
pub fn default_folder() -> Result<PathBuf, StartError> {
    let folders = etcetera::choose_base_strategy().map_err(|_| StartError::NoFolder)?;
    Ok(folders.data_dir().join("tidegate"))
}

/// An open data folder, or the memory of a gateway that keeps nothing.
#[derive(Clone)]
pub(crate) struct Data {
    database: Database,
    secrets: Secrets,
    _lock: Option<Arc<File>>,
}

impl std::fmt::Debug for Data {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Data")
    }
}

impl Data {
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, StartError> {
        let Some(folder) = folder else {
            let secrets = Secrets::Memory(MemorySecrets::default());
            return Ok(Self {
                database: Database::memory()?,
                secrets,
                _lock: None,
            });
        };
        create_private(folder)?;
        let lock = open_private(&folder.join("lock")).map_err(StartError::folder(folder))?;
        lock.try_lock().map_err(|refused| match refused {
            TryLockError::WouldBlock => StartError::InUse(folder.to_owned()),
            TryLockError::Error(error) => StartError::folder(folder)(error),
        })?;
        let secrets = FileSecrets::new(folder.join(SECRETS));
        if secrets.check().is_err() {
            return Err(StartError::SecretsFile(folder.join(SECRETS)));
        }
        Ok(Self {
            database: open_database(folder)?,
            secrets: Secrets::File(secrets),
            _lock: Some(Arc::new(lock)),
        })
    }

    /// The store over this database, with its tables in place.
    pub(crate) async fn store(&self, clock: Clock) -> Result<Store, StartError> {
        let client = service::aws::embedded_dynamodb(SharedHttpClient::new(EmbeddedClient::new(self.database.clone())));
        create_tables(&client, TABLE_PREFIX).await?;
        Ok(Store::new(client, TABLE_PREFIX, clock))
    }

    /// The store and the secrets of this folder.
    pub(crate) async fn resources(&self, clock: Clock) -> Result<Resources, StartError> {
        Ok(Resources::new(self.store(clock).await?, self.secrets.clone()))
    }

    /// Deletes items whose time is over, as the real database does by itself.
    pub(crate) fn sweep(&self) -> Result<usize, DynoxideError> {
        self.database.sweep_ttl()
    }

    /// The database for clients that sign with `key`.
    pub(crate) fn door(&self, key: AccessKey, hosts: Hosts) -> Door {
        Door {
            database: self.database.clone(),
            key,
            hosts,
        }
    }
}

/// The database of the folder, which is made where there was no installation before. What is there and is none stays as
/// it is: a loss must not look like a first start.
fn open_database(folder: &Path) -> Result<Database, StartError> {
    let path = folder.join(DATABASE);
    let refused = |state| StartError::database(&path, state);
    let was_installed = folder.join(SECRETS).exists();
    check_version(folder)?;
    match head_of(&path).map_err(StartError::folder(folder))? {
        None if was_installed => return Err(refused(DatabaseState::Missing)),
        Some(head) if head.is_empty() && was_installed => return Err(refused(DatabaseState::Empty)),
        Some(head) if !head.is_empty() && head != SQLITE => return Err(refused(DatabaseState::Damaged)),
        _ => {}
    }
    // Made first: the database gives its other files the rights of this one.
    drop(open_private(&path).map_err(StartError::folder(folder))?);
    let opened = Database::new(&path.to_string_lossy());
    opened.map_err(|error| {
        tracing::warn!(%error, "the database cannot be opened");
        refused(DatabaseState::Damaged)
    })
}

/// The first bytes of the file, as many as [`SQLITE`] has; `None` if there is none.
fn head_of(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut head = Vec::new();
    match File::open(path) {
        Ok(file) => {
            file.take(SQLITE.len() as u64).read_to_end(&mut head)?;
            Ok(Some(head))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Refuses data that a later release has written, and marks what this one writes. An empty file is a mark that was not
/// written to its end, such as on a full disk.
fn check_version(folder: &Path) -> Result<(), StartError> {
    let path = folder.join("version");
    let written = match fs::read_to_string(&path) {
        Ok(text) if text.trim().is_empty() => Some(0),
        Ok(text) => text.trim().parse().ok(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(0),
        Err(error) => return Err(StartError::folder(folder)(error)),
    };
    match written {
        Some(LAYOUT) => Ok(()),
        Some(older) if older < LAYOUT => {
            let mut file = open_private(&path).map_err(StartError::folder(folder))?;
            writeln!(file, "{LAYOUT}").map_err(StartError::folder(folder))
        }
        _ => Err(StartError::database(&folder.join(DATABASE), DatabaseState::Newer)),
    }
}

/// Only the owner may look in: the folder holds password hashes and secrets. Whoever else can write there could put a
/// link or a file of his own in the place of one of ours.
fn create_private(folder: &Path) -> Result<(), StartError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(StartError::folder(folder))?;
    make_private(folder)?;
    for entry in fs::read_dir(folder).map_err(StartError::folder(folder))? {
        make_private(&entry.map_err(StartError::folder(folder))?.path())?;
    }
    Ok(())
}

/// Takes all rights of others away: of a file or folder of this user, which is no link.
fn make_private(path: &Path) -> Result<(), StartError> {
    let refused = || StartError::NotPrivate(path.to_owned());
    // Without waiting: a named pipe would hold the start up.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = fs::OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|_| refused())?;
    let found = file.metadata()?;
    let is_plain = found.is_file() || found.is_dir();
    if !is_plain || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused());
    }
    let own = found.mode() & 0o700;
    if found.mode() & 0o777 != own {
        file.set_permissions(fs::Permissions::from_mode(own))?;
    }
    Ok(())
}

/// The file, made for its owner alone where there is none. A link is not followed.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let no_links = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    options.mode(0o600).custom_flags(no_links).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use domain::models::UserId;

    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(domain::random::sortable_id())
    }

    fn mode(path: &Path) -> Option<u32> {
        Some(fs::metadata(path).ok()?.permissions().mode() & 0o777)
    }

    #[test]
    fn p69_ha24_the_data_is_the_owners_alone() {
        let folder = folder();
        drop(Data::open(Some(&folder)).unwrap());
        assert_eq!(mode(&folder), Some(0o700));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), Some(0o600), "{}", path.display());
        }
        for (path, open, private) in [
            (folder.clone(), 0o755, 0o700),
            (folder.join("tidegate.db"), 0o644, 0o600),
            (folder.join("lock"), 0o660, 0o600),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            drop(Data::open(Some(&folder)).unwrap());
            assert_eq!(mode(&path), Some(private), "{}", path.display());
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn op2_data_that_is_lost_damaged_or_newer_is_named_and_stays() {
        let folder = folder();
        let why = |state| match Data::open(Some(&folder)) {
            Err(StartError::Database { path, state: found }) => {
                assert_eq!((path, found), (folder.join(DATABASE), state));
            }
            other => panic!("{state:?}: {other:?}"),
        };
        drop(Data::open(Some(&folder)).unwrap());
        drop(Data::open(Some(&folder)).unwrap());
        fs::write(folder.join(SECRETS), "{}").unwrap();
        for (content, state) in [
            ("", DatabaseState::Empty),
            ("not a database of any kind", DatabaseState::Damaged),
        ] {
            fs::write(folder.join(DATABASE), content).unwrap();
            why(state);
            assert_eq!(fs::read_to_string(folder.join(DATABASE)).unwrap(), content);
        }
        fs::remove_file(folder.join(DATABASE)).unwrap();
        why(DatabaseState::Missing);
        fs::write(folder.join("version"), "2").unwrap();
        why(DatabaseState::Newer);
        fs::write(folder.join("version"), "1").unwrap();
        fs::write(folder.join(SECRETS), "{\"half").unwrap();
        assert!(matches!(Data::open(Some(&folder)), Err(StartError::SecretsFile(_))));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn op2_a_start_whose_mark_was_not_written_to_its_end_hinders_no_other() {
        let folder = folder();
        for written in ["", "\n"] {
            drop(Data::open(Some(&folder)).unwrap());
            fs::write(folder.join("version"), written).unwrap();
            drop(Data::open(Some(&folder)).unwrap());
            assert_eq!(fs::read_to_string(folder.join("version")).unwrap(), "1\n");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn op2_errors_name_the_folder_they_are_about() {
        let file = folder();
        fs::write(&file, "a file").unwrap();
        let error = Data::open(Some(&file.join("data"))).unwrap_err().to_string();
        assert!(
            error.contains(&*file.to_string_lossy()) && error.contains("--data"),
            "{error}"
        );
        fs::remove_file(file).unwrap();
    }

    #[tokio::test]
    async fn a_folder_from_before_stored_responses_gets_their_table_and_keeps_the_others() {
        let folder = folder();
        let owner = UserId::parse("u1").unwrap();
        let clock = Clock::system();
        let ttl = clock.now().as_second() + 1000;
        let data = Data::open(Some(&folder)).unwrap();
        let tables = |data: &Data| {
            let all = serde_json::from_str("{}").unwrap();
            data.database.list_tables(all).unwrap().table_names
        };
        let store = data.store(clock.clone()).await.unwrap();
        assert!(store.create_response(&owner, "resp_a", b"sealed", ttl).await.unwrap());
        let all = tables(&data);
        let removed = serde_json::from_str(r#"{"TableName": "tidegate-responses"}"#).unwrap();
        data.database.delete_table(removed).unwrap();
        assert_eq!(tables(&data).len(), all.len() - 1);
        drop((store, data));

        let data = Data::open(Some(&folder)).unwrap();
        let store = data.store(clock).await.unwrap();
        assert_eq!(tables(&data), all);
        let read = store.responses(&owner, &["resp_a"], usize::MAX).await.unwrap();
        assert!(read.unwrap().is_empty());
        assert!(store.create_response(&owner, "resp_a", b"sealed", ttl).await.unwrap());
        let read = store.responses(&owner, &["resp_a"], usize::MAX).await.unwrap();
        assert_eq!(
            read.unwrap().get("resp_a").map(Vec::as_slice),
            Some(b"sealed".as_slice())
        );
        drop((store, data));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn ha24_links_are_not_followed() {
        let (folder, elsewhere) = (folder(), folder());
        for name in ["tidegate.db", "lock", "secrets.json"] {
            drop(Data::open(Some(&folder)).unwrap());
            let _ = fs::remove_file(folder.join(name));
            symlink(&elsewhere, folder.join(name)).unwrap();
            assert!(Data::open(Some(&folder)).is_err(), "{name}");
            assert!(!elsewhere.exists(), "{name}");
            fs::remove_dir_all(&folder).unwrap();
        }
    }
}
