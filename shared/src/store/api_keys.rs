//! API keys: one item under the key's digest, for requests, and one under its owner, for lists; both change together.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::catalog::Removal;
use super::item::Range;
use super::keys::{self, KEY};
use super::table::Table;
use super::transaction::{Commit, Expression};
use super::{Store, StoreError};
use crate::access::api_key::KeyDigest;
use crate::models::api_key::ApiKey;
use crate::models::audit::AuditEntry;
use crate::models::{KeyId, UserId};

/// Keys that one person may have (promise 21).
const MAX_KEYS: u64 = 50;

/// How the creation of a key ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCreation {
    Done,
    TooMany,
    /// Deleted or disabled meanwhile.
    OwnerGone,
}

/// A key in its owner's list, with the digest under which its other item lies.
#[derive(Serialize, Deserialize)]
struct OwnedKey {
    #[serde(flatten)]
    key: ApiKey,
    digest: KeyDigest,
}

impl Store {
    /// The key of a digest as this process knows it, at most 30 s old.
    pub async fn cached_api_key(&self, digest: &KeyDigest) -> Result<Option<Arc<ApiKey>>, StoreError> {
        self.memory.api_keys.get(digest, || async { Ok(self.get(&keys::api_key(digest)).await?.map(Arc::new)) }).await
    }

    /// A person's keys, oldest first. They are at most [`MAX_KEYS`].
    pub async fn api_keys(&self, owner: &UserId) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self.owned_keys(owner).await?.into_iter().map(|owned| owned.key).collect())
    }

    /// Adds a key, unless its owner has too many or is no longer active.
    pub async fn create_api_key(&self, key: &ApiKey, digest: KeyDigest, entry: &AuditEntry) -> Result<KeyCreation, StoreError> {
        let owned = OwnedKey { key: key.clone(), digest };
        let one_more = Expression::new("ADD #count :one").name("#count", "count").number(":one", 1);
        let some_left = Expression::new("attribute_not_exists(#count) OR #count < :most").name("#count", "count").number(":most", MAX_KEYS);
        let active = Expression::new("#status = :active").name("#status", "status").text(":active", "active");
        let transaction = self.transaction().update(&keys::key_count(&key.owner), one_more, some_left)?;
        let transaction = transaction.check(&keys::user(&key.owner), active)?;
        let transaction = transaction.put(&keys::api_key(&digest), key, Expression::absent())?;
        let transaction = transaction.put(&keys::owned_key(&key.owner, &key.id), &owned, Expression::absent())?;
        let commit = transaction.audited(entry)?.commit().await?;
        self.memory.api_keys.forget(&digest);
        match commit {
            Commit::Done => Ok(KeyCreation::Done),
            commit if commit.refused_at(0) => Ok(KeyCreation::TooMany),
            commit if commit.refused_at(1) => Ok(KeyCreation::OwnerGone),
            Commit::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Removes a person's key; another person's is not found (promise 14).
    pub async fn delete_api_key(&self, owner: &UserId, id: &KeyId, entry: &AuditEntry) -> Result<Removal, StoreError> {
        let Some(OwnedKey { digest, .. }) = self.get(&keys::owned_key(owner, id)).await? else { return Ok(Removal::NotFound) };
        let one_less = Expression::new("ADD #count :minus").name("#count", "count").number(":minus", -1);
        let transaction = self.transaction().delete(&keys::owned_key(owner, id), Expression::present())?;
        let transaction = transaction.delete(&keys::api_key(&digest), Expression::present())?;
        let transaction = transaction.update(&keys::key_count(owner), one_less, Expression::present())?;
        let commit = transaction.audited(entry)?.commit().await?;
        self.memory.api_keys.forget(&digest);
        Ok(if commit == Commit::Done { Removal::Done } else { Removal::NotFound })
    }

    async fn owned_keys(&self, owner: &UserId) -> Result<Vec<OwnedKey>, StoreError> {
        let pk = keys::owner_keys(owner);
        self.all(&Range { table: Table::ApiKeys, pk: &pk, prefix: KEY, newest_first: false }).await
    }
}
