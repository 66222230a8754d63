//! The place where a gateway keeps its tables and secrets.

use std::path::PathBuf;

use domain::clock::Clock;
use service::resources::Resources;
use service::store::Store;

use crate::cloud::CloudStorage;
use crate::data::Data;
use crate::start_error::StartError;

/// The place where a gateway is to keep its tables and secrets.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In memory: nothing is left at the end.
    Memory,
    /// In a folder of this machine, for one process.
    Folder(PathBuf),
    /// In `DynamoDB` and Secrets Manager, for any number of processes, and for functions beside them.
    Cloud(CloudStorage),
}

/// The opened storage of a running gateway.
#[derive(Clone, Debug)]
pub(crate) enum Home {
    Embedded(Data),
    Cloud(Resources),
}

impl Home {
    pub(crate) async fn open(storage: &Storage, clock: &Clock) -> Result<Self, StartError> {
        Ok(match storage {
            Storage::Memory => Self::Embedded(Data::open(None)?),
            Storage::Folder(folder) => Self::Embedded(Data::open(Some(folder))?),
            Storage::Cloud(cloud) => Self::Cloud(cloud.connect(clock.clone()).await?),
        })
    }

    pub(crate) async fn resources(&self, clock: Clock) -> Result<Resources, StartError> {
        match self {
            Self::Embedded(data) => data.resources(clock).await,
            Self::Cloud(resources) => Ok(resources.clone()),
        }
    }

    /// The tables, with nothing remembered of them.
    pub(crate) async fn store(&self, clock: Clock) -> Result<Store, StartError> {
        match self {
            Self::Embedded(data) => data.store(clock).await,
            Self::Cloud(resources) => Ok(resources.store.clone()),
        }
    }
}
