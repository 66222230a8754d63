//! API keys: one item under the key's digest, for requests, and one under its owner, for lists; both change together.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::change::{Change, Removal};
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, KEY};
use super::table::Table;
use super::transaction::Commit;
use super::write::Written;
use super::{Store, StoreError};
use domain::access::api_key::KeyDigest;
use domain::models::api_key::ApiKey;
use domain::models::audit::AuditEntry;
use domain::models::{KeyId, UserId};

/// Keys that one person may have (promise 21).
pub const MAX_KEYS: u64 = 50;

/// How often a key's last use is written at most.
const RECORD_USE_EVERY: SignedDuration = SignedDuration::from_mins(5);

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
pub(super) struct OwnedKey {
    #[serde(flatten)]
    pub(super) key: ApiKey,
    pub(super) digest: KeyDigest,
}

impl Store {
    /// The key of a digest as this process knows it, at most 30 s old.
    pub async fn cached_api_key(&self, digest: &KeyDigest) -> Result<Option<Arc<ApiKey>>, StoreError> {
        self.memory
            .api_keys
            .get(digest, || async {
                Ok(self.get(&keys::api_key(digest)).await?.map(Arc::new))
            })
            .await
    }

    /// A person's keys, oldest first. They are at most [`MAX_KEYS`].
    pub async fn api_keys(&self, owner: &UserId) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self
            .owned_keys(owner)
            .await?
            .into_iter()
            .map(|owned| owned.key)
            .collect())
    }

    /// Adds a key, unless its owner has too many or is no longer active.
    pub async fn create_api_key(
        &self,
        key: &ApiKey,
        digest: KeyDigest,
        audit: &AuditEntry,
    ) -> Result<KeyCreation, StoreError> {
        let owned = OwnedKey {
            key: key.clone(),
            digest,
        };
        let one_more = Expression::new("ADD #count :one")
            .name("#count", "count")
            .number(":one", 1);
        let some_left = Expression::new("attribute_not_exists(#count) OR #count < :most")
            .name("#count", "count")
            .number(":most", MAX_KEYS);
        let active = Expression::new("#status = :active")
            .name("#status", "status")
            .text(":active", "active");
        let transaction = self
            .transaction()
            .update(&keys::key_count(&key.owner), one_more, some_left)?;
        let transaction = transaction.check(&keys::user(&key.owner), active)?;
        let transaction = transaction.put(&keys::api_key(&digest), key, Expression::absent())?;
        let transaction = transaction.put(&keys::owned_key(&key.owner, &key.id), &owned, Expression::absent())?;
        let commit = transaction.audited(audit)?.commit().await?;
        self.forget_api_key(&digest);
        match commit {
            Commit::Done => Ok(KeyCreation::Done),
            commit if commit.refused_at(0) => Ok(KeyCreation::TooMany),
            commit if commit.refused_at(1) => Ok(KeyCreation::OwnerGone),
            Commit::Refused(_) => Err(StoreError::Conflict),
        }
    }

    /// Removes a person's key; another person's is not found (promise 14).
    pub async fn delete_api_key(&self, owner: &UserId, id: &KeyId, audit: &AuditEntry) -> Result<Removal, StoreError> {
        let Some(OwnedKey { digest, .. }) = self.get(&keys::owned_key(owner, id)).await? else {
            return Ok(Removal::NotFound);
        };
        let one_less = Expression::new("ADD #count :minus")
            .name("#count", "count")
            .number(":minus", -1);
        let transaction = self
            .transaction()
            .delete(&keys::owned_key(owner, id), Expression::present())?;
        let transaction = transaction.delete(&keys::api_key(&digest), Expression::present())?;
        let transaction = transaction.update(&keys::key_count(owner), one_less, Expression::present())?;
        let commit = transaction.audited(audit)?.commit().await?;
        self.forget_api_key(&digest);
        Ok(if commit == Commit::Done {
            Removal::Done
        } else {
            Removal::NotFound
        })
    }

    /// A person's key as it is now; another person's is not found (promise 14).
    pub async fn api_key(&self, owner: &UserId, id: &KeyId) -> Result<Option<ApiKey>, StoreError> {
        let found: Option<OwnedKey> = self.get(&keys::owned_key(owner, id)).await?;
        Ok(found.map(|OwnedKey { key, .. }| key))
    }

    /// Writes what can be changed of `key`, if it still has the version before `key.version`.
    pub async fn update_api_key(&self, key: &ApiKey, audit: &AuditEntry) -> Result<Change, StoreError> {
        let Some(OwnedKey { digest, .. }) = self.get(&keys::owned_key(&key.owner, &key.id)).await? else {
            return Ok(Change::Conflict);
        };
        let expected = || Expression::at_version(key.version - 1);
        let transaction =
            self.transaction()
                .update(&keys::owned_key(&key.owner, &key.id), changes(key)?, expected())?;
        let transaction = transaction.update(&keys::api_key(&digest), changes(key)?, expected())?;
        let commit = transaction.audited(audit)?.commit().await?;
        self.forget_api_key(&digest);
        Ok(commit.into())
    }

    /// Records that the key was used at `now`, unless that was done in the last minutes; a request is not worth a
    /// write each.
    pub async fn record_use(&self, key: &ApiKey, digest: &KeyDigest) -> Result<(), StoreError> {
        let now = self.clock.now();
        let long_ago = now - RECORD_USE_EVERY;
        let known = self.memory.last_uses.get(digest).max(key.last_used_at);
        if known.is_some_and(|known| known > long_ago) {
            return Ok(());
        }
        self.memory.last_uses.insert(*digest, now);
        let used = || Expression::new("SET last_used_at = :now").text(":now", now.to_string());
        let unknown = Expression::new("attribute_type(last_used_at, :null) OR last_used_at < :long_ago");
        let unknown = unknown.text(":null", "NULL").text(":long_ago", long_ago.to_string());
        let written: Written<ApiKey> = self.update_if(&keys::api_key(digest), used(), unknown).await?;
        if written == Written::Done {
            let _: Written<OwnedKey> = self
                .update_if(&keys::owned_key(&key.owner, &key.id), used(), Expression::present())
                .await?;
        }
        Ok(())
    }

    pub(super) fn forget_api_key(&self, digest: &KeyDigest) {
        self.memory.api_keys.forget(digest);
    }

    pub(super) async fn owned_keys(&self, owner: &UserId) -> Result<Vec<OwnedKey>, StoreError> {
        let pk = keys::owner_keys(owner);
        self.all(&Range {
            table: Table::ApiKeys,
            index: None,
            pk: &pk,
            prefix: KEY,
            newest_first: false,
        })
        .await
    }
}

/// What an owner can change of a key, and its version; the rest stays as it is, whoever writes it meanwhile.
fn changes(key: &ApiKey) -> Result<Expression, StoreError> {
    let value = |value: serde_dynamo::Result<AttributeValue>| {
        value.map_err(|source| StoreError::Corrupt {
            entity: Table::ApiKeys.name(),
            source: Box::new(source),
        })
    };
    let set = "SET #name = :name, #enabled = :enabled, #models = :models, #limits = :limits, #slots = :slots, \
               #expires = :expires, #version = :version";
    let set = Expression::new(set)
        .name("#name", "name")
        .name("#enabled", "enabled")
        .name("#models", "models")
        .name("#limits", "limits")
        .name("#slots", "slots");
    let set = set
        .name("#expires", "expires_at")
        .name("#version", "version")
        .number(":version", key.version);
    let set = set
        .text(":name", key.name.as_str())
        .value(":enabled", AttributeValue::Bool(key.enabled));
    let set = set
        .value(":models", value(serde_dynamo::to_attribute_value(&key.models))?)
        .value(":limits", value(serde_dynamo::to_attribute_value(&key.limits))?)
        .value(":slots", value(serde_dynamo::to_attribute_value(&key.slots))?);
    Ok(set.value(":expires", value(serde_dynamo::to_attribute_value(key.expires_at))?))
}
