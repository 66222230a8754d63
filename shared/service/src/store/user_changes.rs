//! Changes of accounts: made of what was read, and again when others came between (promise 55).

use super::counter::count_by;
use super::expression::Expression;
use super::keys;
use super::policies::counts_users;
use super::retry::Attempts;
use super::transaction::Transaction;
use super::users::{HolderItem, UserRefusal, another_admin, meaning, telling};
use super::{Store, StoreError, way_in};
use crate::hasher::Verified;
use domain::access::accounts::{ends_sessions, ends_sign_ins};
use domain::models::UserId;
use domain::models::audit::AuditEntry;
use domain::models::user::User;

/// Attempts of a change that meets others (promise 55).
const TRIES: u32 = 5;

impl Store {
    /// Changes an account as `change` says, again when it was changed by others meanwhile (promise 55). What ends
    /// sessions ends them here, whoever makes the change (promise 8).
    pub async fn change_user<E: From<StoreError>>(
        &self,
        id: &UserId,
        audit: &AuditEntry,
        change: impl Fn(&User) -> Result<User, E>,
    ) -> Result<Result<User, UserRefusal>, E> {
        self.change_read(id, audit, || self.account(id), change).await
    }

    /// Changes the account as `read` finds it.
    async fn change_read<E: From<StoreError>, F: Future<Output = Result<Option<User>, StoreError>>>(
        &self,
        id: &UserId,
        audit: &AuditEntry,
        read: impl Fn() -> F,
        change: impl Fn(&User) -> Result<User, E>,
    ) -> Result<Result<User, UserRefusal>, E> {
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let Some(before) = read().await? else {
                return Ok(Err(UserRefusal::NotFound));
            };
            if let Some(authority) = &audit.authority
                && (authority.user == before.id && authority.session != before.session)
            {
                self.forget_user(id);
                return Err(StoreError::SessionEnded.into());
            }
            let mut after = change(&before)?;
            after.version = before.version + 1;
            after.updated_at = self.clock.now();
            after.session += u64::from(ends_sessions(&before, &after));
            after.sign_in_epoch += u64::from(ends_sign_ins(&before, &after));
            match self.update_user(&before, &after, audit).await? {
                Ok(()) => {
                    self.tidy_sign_ins(&before, &after).await;
                    return Ok(Ok(after));
                }
                Err(UserRefusal::VersionConflict) => attempts.collided().await?,
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
    }

    /// Changes the account whose password was checked, while it has that password and the session of then (promise 61).
    pub async fn change_verified(
        &self,
        verified: &Verified,
        audit: &AuditEntry,
        change: impl Fn(&User) -> User,
    ) -> Result<Result<User, UserRefusal>, StoreError> {
        let seen = verified.user();
        let change = |user: &User| {
            if user.password == seen.password && user.session == seen.session {
                Ok(change(user))
            } else {
                Err(StoreError::SessionEnded)
            }
        };
        let key = keys::user(&seen.id);
        self.change_read(&seen.id, audit, || self.get(&key), change).await
    }

    /// Removes the sign-ins that the change has ended. They are dead without that, so nobody is told if it fails.
    async fn tidy_sign_ins(&self, before: &User, after: &User) {
        if before.sign_in_epoch != after.sign_in_epoch
            && let Err(error) = self.remove_sign_ins(&after.id).await
        {
            tracing::warn!(user.id = %after.id, %error, "ended sign-ins could not be removed");
        }
    }

    /// Makes `after` of the account `before`, if it still has the version that was read. A hash that was not read
    /// stays.
    async fn update_user(
        &self,
        before: &User,
        after: &User,
        audit: &AuditEntry,
    ) -> Result<Result<(), UserRefusal>, StoreError> {
        let transaction = self.transaction().replace(
            &keys::user(&after.id),
            before,
            after,
            Expression::at_version(before.version),
        )?;
        let mut meanings = vec![UserRefusal::VersionConflict];
        let mut transaction = transaction.move_holders(before, after, &mut meanings)?;
        if before.is_active_admin() != after.is_active_admin() {
            transaction = if after.is_active_admin() {
                transaction.update(&keys::admins(), count_by(1), Expression::present())?
            } else {
                transaction.update(&keys::admins(), count_by(-1), another_admin())?
            };
            meanings.push(UserRefusal::LastAdmin);
        }
        if before.quota_policy != after.quota_policy {
            if counts_users(&after.quota_policy) {
                transaction = transaction.join_policy(&after.quota_policy)?;
                meanings.push(UserRefusal::NoPolicy);
            }
            if counts_users(&before.quota_policy) {
                transaction = transaction.leave_policy(&before.quota_policy)?;
                meanings.push(UserRefusal::VersionConflict);
            }
        }
        if way_in::is_closed(before, after) {
            let Some(way) = self.other_way_in(&after.id).await? else {
                return Ok(Err(UserRefusal::LastWayIn));
            };
            transaction = transaction.while_open(&way)?;
            meanings.push(UserRefusal::VersionConflict);
        }
        let audit = telling(audit, Some(before), Some(after));
        let commit = transaction.audited(&audit)?.commit().await?;
        self.forget_user(&after.id);
        Ok(meaning(&commit, &meanings))
    }
}

impl Transaction<'_> {
    /// Gives up the address and the identity that the account no longer has, and takes the new ones.
    fn move_holders(
        mut self,
        before: &User,
        after: &User,
        meanings: &mut Vec<UserRefusal>,
    ) -> Result<Self, StoreError> {
        let holder = HolderItem::of(after);
        if before.email.kept() != after.email.kept() {
            self = self.take_address(after, Some(&before.email), meanings)?;
        }
        if before.identity != after.identity {
            if let Some(identity) = &after.identity {
                self = self.put(&keys::identity(identity), &holder, Expression::absent())?;
                meanings.push(UserRefusal::IdentityTaken);
            }
            if let Some(identity) = &before.identity {
                self = self.delete(&keys::identity(identity), Expression::present())?;
                meanings.push(UserRefusal::VersionConflict);
            }
        }
        Ok(self)
    }
}
