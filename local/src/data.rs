//! The data folder: the database, the secrets and a lock against a second process.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use auth::bootstrap::BootstrapError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::clock::Clock;
use dynoxide::{Database, DynoxideError};
use etcetera::BaseStrategy as _;
use service::resources::Resources;
use service::secrets::{FileSecrets, MemorySecrets, Secrets, SecretsError};
use service::store::table::create_tables;
use service::store::{Store, StoreError};

use crate::database_port::Door;
use crate::embedded::EmbeddedClient;
use crate::hosts::Hosts;
use crate::sigv4::AccessKey;

/// Before each table's name, as in the cloud.
const TABLE_PREFIX: &str = "tidegate-";

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no folder for data on this system; name one with --data")]
    NoFolder,
    #[error("another gateway uses the data in {}", .0.display())]
    InUse(PathBuf),
    #[error("{} must be a plain file or folder that only its owner can read: chmod -R go= the folder of the data", .0.display())]
    NotPrivate(PathBuf),
    #[error("the database listens on this machine alone, not on {0}")]
    DatabaseForOthers(SocketAddr),
    #[error("no AWS region: set AWS_REGION")]
    NoRegion,
    #[error("no AWS credentials: not in the environment, a profile, or of this container or instance")]
    NoCredentials,
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("the database cannot be opened")]
    Database(#[from] DynoxideError),
    #[error("the tables cannot be used")]
    Store(#[from] StoreError),
    #[error("the secrets cannot be used")]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Client(#[from] service::outbound::ClientError),
    #[error("the first administrator cannot be made")]
    Bootstrap(#[from] BootstrapError),
}

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
        let lock = open_private(&folder.join("lock"))?;
        lock.try_lock().map_err(|_| StartError::InUse(folder.to_owned()))?;
        // Made first: the database gives its other files the rights of this one.
        let path = folder.join("tidegate.db");
        drop(open_private(&path)?);
        let database = Database::new(&path.to_string_lossy())?;
        let secrets = Secrets::File(FileSecrets::new(folder.join("secrets.json")));
        Ok(Self {
            database,
            secrets,
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

/// Only the owner may look in: the folder holds password hashes and secrets. Whoever else can write there could put a
/// link or a file of his own in the place of one of ours.
fn create_private(folder: &Path) -> Result<(), StartError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    make_private(folder)?;
    for entry in fs::read_dir(folder)? {
        make_private(&entry?.path())?;
    }
    Ok(())
}

/// Takes all rights of others away: of a file or folder of this user, which is no link.
#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
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

#[cfg(not(unix))]
fn make_private(_: &Path) -> Result<(), StartError> {
    Ok(())
}

/// The file, made for its owner alone where there is none. A link is not followed.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let no_links = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        options.mode(0o600).custom_flags(no_links);
    }
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

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
