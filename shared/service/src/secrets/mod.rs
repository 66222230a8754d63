//! Secrets and their two homes: AWS Secrets Manager, and a file with owner-only rights on a laptop (promise 22).
//!
//! Nothing else may hold a secret for longer than a request; [`domain::secret::Secret`] shows nothing when it is
//! printed.

pub mod backend_keys;
mod error;
mod file;
pub mod key_ring;
mod manager;
mod memory;

use domain::secret::Secret;

use crate::aws;
use crate::config::{AwsConfig, SecretsConfig};

pub use error::SecretsError;
pub use file::FileSecrets;
pub use manager::ManagerSecrets;
pub use memory::MemorySecrets;

/// The process's secrets by name: `jwt` for the signing keys, `sealing-keys` for those that seal,
/// `backend/<id>/<version>` for a backend's key, `sso/<version>` for the client secret of single sign-on.
#[derive(Clone, Debug)]
pub enum Secrets {
    File(FileSecrets),
    Manager(ManagerSecrets),
    Memory(MemorySecrets),
}

impl Secrets {
    /// The home that the configuration names. Nothing is opened or called yet.
    pub fn connect(config: &SecretsConfig, aws: &AwsConfig) -> Self {
        match config {
            SecretsConfig::File(path) => Self::File(FileSecrets::new(path.clone())),
            SecretsConfig::Manager { prefix } => {
                Self::Manager(ManagerSecrets::new(aws::secrets_manager(aws), prefix.clone()))
            }
        }
    }

    /// The secret called `name`, if there is one.
    pub async fn get(&self, name: &str) -> Result<Option<Secret>, SecretsError> {
        match self {
            Self::File(file) => file.get(name),
            Self::Manager(manager) => manager.get(name).await,
            Self::Memory(memory) => Ok(memory.get(name)),
        }
    }

    /// Creates the secret called `name`, or replaces it.
    pub async fn put(&self, name: &str, secret: &Secret) -> Result<(), SecretsError> {
        match self {
            Self::File(file) => file.put(name, secret),
            Self::Manager(manager) => manager.put(name, secret).await,
            Self::Memory(memory) => {
                memory.put(name, secret);
                Ok(())
            }
        }
    }

    /// Removes the secret called `name`; removing what is not there is no error.
    pub async fn delete(&self, name: &str) -> Result<(), SecretsError> {
        match self {
            Self::File(file) => file.delete(name),
            Self::Manager(manager) => manager.delete(name).await,
            Self::Memory(memory) => {
                memory.delete(name);
                Ok(())
            }
        }
    }
}
