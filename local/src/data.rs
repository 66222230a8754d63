//! The data folder: the database, the secrets and a lock against a second process.

use std::fs::File;
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
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::embedded::EmbeddedClient;

/// Before each table's name, as in the cloud.
const TABLE_PREFIX: &str = "tidegate-";

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("there is no folder for data on this system; name one with --data")]
    NoFolder,
    #[error("another gateway uses the data in {}", .0.display())]
    InUse(PathBuf),
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
pub struct Data {
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
        let lock = File::create(folder.join("lock"))?;
        lock.try_lock().map_err(|_| StartError::InUse(folder.to_owned()))?;
        let database = Database::new(&folder.join("tidegate.db").to_string_lossy())?;
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

    /// Lets other processes of this machine use the tables.
    pub(crate) fn serve_dynamodb(
        &self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let database = self.database.clone();
        async move {
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stop.cancelled_owned()).await
            {
                tracing::error!(error, "the embedded DynamoDB stopped");
            }
        }
    }
}

/// Only the owner may look in: the folder holds password hashes and secrets.
fn create_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
