//! Keys of sessions, with which the console tries models: one for each login, replaced by the next, neither counted nor
//! listed. Whose session has ended has none ([`crate::http::caller`]); the database removes them after their time.

use jiff::Timestamp;
use serde::Deserialize;

use super::api_keys::OwnedKey;
use super::change::Change;
use super::expression::Expression;
use super::item::{Expiring, Range};
use super::keys::{self, Key, SESSION};
use super::retry::Attempts;
use super::table::{TTL, Table};
use super::{Store, StoreError};
use domain::access::api_key::KeyDigest;
use domain::models::UserId;
use domain::models::api_key::ApiKey;
use domain::models::audit::AuditEntry;

/// Attempts while another page of the same session makes one.
const TRIES: u32 = 5;

/// What a deletion needs of the item in the owner's list.
#[derive(Deserialize)]
struct ListedKey {
    sk: String,
    digest: KeyDigest,
}

impl Store {
    /// Makes `key` the one of the session that began at `login_at`, until `until`. A conflict means that the account
    /// may not be used any more.
    pub async fn replace_session_key(
        &self,
        key: &ApiKey,
        digest: KeyDigest,
        (login_at, until): (Timestamp, Timestamp),
        audit: &AuditEntry,
    ) -> Result<Change, StoreError> {
        let place = keys::session_key(&key.owner, login_at);
        let ttl = until.as_second();
        let owned = Expiring {
            item: OwnedKey {
                key: key.clone(),
                digest,
            },
            ttl,
        };
        let active = Expression::new("#status = :active")
            .name("#status", "status")
            .text(":active", "active");
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let before: Option<OwnedKey> = self.get(&place).await?;
            let transaction = self
                .transaction()
                .put(&place, &owned, self.replaceable(before.as_ref()))?
                .check(&keys::user(&key.owner), active.clone())?;
            let mut transaction = transaction.put(
                &keys::api_key(&digest),
                &Expiring { item: key, ttl },
                Expression::absent(),
            )?;
            if let Some(before) = &before {
                transaction = transaction.delete(&keys::api_key(&before.digest), Expression::always())?;
            }
            let commit = transaction.audited(audit)?.commit().await?;
            if let Some(before) = &before {
                self.forget_api_key(&before.digest);
            }
            if !commit.refused_at(0) {
                return Ok(commit.into());
            }
            attempts.collided().await?;
        }
    }

    /// The condition that the place has the key `before`, or none whose time has not passed.
    fn replaceable(&self, before: Option<&OwnedKey>) -> Expression {
        match before {
            Some(before) => Expression::new("#digest = :digest")
                .name("#digest", "digest")
                .text(":digest", before.digest),
            None => Expression::new(format!("{} OR #ttl <= :now", Expression::absent().text))
                .name("#ttl", TTL)
                .number(":now", self.clock.now().as_second()),
        }
    }

    /// The session keys of an account: where each is listed, and where it is looked up.
    pub(super) async fn session_keys(&self, owner: &UserId) -> Result<Vec<(Key, KeyDigest)>, StoreError> {
        let pk = keys::owner_keys(owner);
        let range = Range {
            table: Table::ApiKeys,
            index: None,
            pk: &pk,
            prefix: SESSION,
            newest_first: false,
        };
        let listed: Vec<ListedKey> = self.all(&range).await?;
        let places = listed
            .into_iter()
            .map(|key| (keys::listed_key(owner, key.sk), key.digest));
        Ok(places.collect())
    }
}
