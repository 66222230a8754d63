//! Deleting an account with its keys and its stored responses: it disappears in one transaction, the rest follows, and
//! a deletion that was cut short is finished by the next one (promise 56).
//!
//! Keys without an owner admit nobody, so what follows later is only tidying.

use serde::{Deserialize, Serialize};

use super::api_keys::OwnedKey;
use super::change::Removal;
use super::counter::count_by;
use super::expression::Expression;
use super::keys;
use super::policies::counts_users;
use super::table::HOLDER;
use super::users::{UserRefusal, another_admin, meaning, telling};
use super::{Store, StoreError};
use domain::models::UserId;
use domain::models::audit::AuditEntry;
use domain::models::user::User;

/// Keys removed in one transaction, two items each.
const KEYS_AT_ONCE: usize = 40;

/// Remembers a deletion that is under way.
#[derive(Serialize, Deserialize)]
struct Deletion {
    user: UserId,
}

impl Store {
    /// Removes the account as [`Store::account`] has read it, frees its address, and removes its keys and stored
    /// responses.
    pub async fn delete_user(&self, user: &User, audit: &AuditEntry) -> Result<Result<(), UserRefusal>, StoreError> {
        let deletion = Deletion { user: user.id.clone() };
        let transaction = self
            .transaction()
            .delete(&keys::user(&user.id), Expression::at_version(user.version))?;
        let transaction = transaction.delete(&keys::email(&user.email), Expression::present())?;
        let mut transaction = transaction.put(&keys::user_deletion(&user.id), &deletion, Expression::absent())?;
        let mut meanings = vec![UserRefusal::VersionConflict; 3];
        if user.is_active_admin() {
            transaction = transaction.update(&keys::admins(), count_by(-1), another_admin())?;
            meanings.push(UserRefusal::LastAdmin);
        }
        if let Some(identity) = &user.identity {
            transaction = transaction.delete(&keys::identity(identity), Expression::present())?;
            meanings.push(UserRefusal::VersionConflict);
        }
        if counts_users(&user.quota_policy) {
            transaction = transaction.leave_policy(&user.quota_policy)?;
            meanings.push(UserRefusal::VersionConflict);
        }
        if user.is_admin_with_password() {
            let Some(way) = self.other_way_in(&user.id).await? else {
                return Ok(Err(UserRefusal::LastWayIn));
            };
            transaction = transaction.while_open(&way)?;
            meanings.push(UserRefusal::VersionConflict);
        }
        let commit = transaction.audited(&telling(audit, Some(user), None))?.commit().await?;
        self.forget_user(&user.id);
        let change = meaning(&commit, &meanings);
        if change.is_ok() {
            self.finish_user_deletion(&user.id).await?;
        }
        Ok(change)
    }

    /// Finishes a deletion that was cut short, if there is one.
    pub async fn resume_user_deletion(&self, id: &UserId) -> Result<Removal, StoreError> {
        let under_way: Option<Deletion> = self.get_attributes(&keys::user_deletion(id), &[HOLDER]).await?;
        if under_way.is_none() {
            return Ok(Removal::NotFound);
        }
        self.finish_user_deletion(id).await?;
        Ok(Removal::Done)
    }

    /// Each step can be repeated; the last one forgets that there is something to do.
    async fn finish_user_deletion(&self, id: &UserId) -> Result<(), StoreError> {
        let owned = self.owned_keys(id).await?;
        for some in owned.chunks(KEYS_AT_ONCE) {
            self.remove_keys(id, some).await?;
        }
        for (listed, digest) in self.session_keys(id).await? {
            let transaction = self.transaction().delete(&listed, Expression::always())?;
            transaction
                .delete(&keys::api_key(&digest), Expression::always())?
                .commit()
                .await?;
            self.forget_api_key(&digest);
        }
        self.delete_responses(id).await?;
        self.remove_sign_ins(id).await?;
        let transaction = self.transaction().delete(&keys::key_count(id), Expression::always())?;
        let transaction = transaction.delete(&keys::top_ups(id), Expression::always())?;
        transaction
            .delete(&keys::user_deletion(id), Expression::always())?
            .commit()
            .await?;
        Ok(())
    }

    async fn remove_keys(&self, owner: &UserId, some: &[OwnedKey]) -> Result<(), StoreError> {
        let mut transaction = self.transaction();
        for OwnedKey { key, digest } in some {
            transaction = transaction.delete(&keys::api_key(digest), Expression::always())?;
            transaction = transaction.delete(&keys::owned_key(owner, &key.id), Expression::always())?;
        }
        transaction.commit().await?;
        for OwnedKey { digest, .. } in some {
            self.forget_api_key(digest);
        }
        Ok(())
    }
}
