//! Accounts: each an item, its e-mail address another, so that no address is taken twice (promise 54).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::counter::{Count, Relation, count_by, count_is};
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, USER, USERS};
use super::page::{Page, Span};
use super::policies::counts_users;
use super::retry::Attempts;
use super::table::Table;
use super::transaction::{Commit, Transaction};
use super::{Store, StoreError};
use crate::hasher::Verified;
use domain::access::accounts::ends_sessions;
use domain::models::audit::AuditEntry;
use domain::models::sso::Identity;
use domain::models::user::User;
use domain::models::{Email, UserId};

/// Attempts of a change that meets others (promise 55).
const TRIES: u32 = 5;

/// What the rights of a caller are judged by: all of an account but the hash of its password (HA4).
const RIGHTS: &str = "id email name role status department quota_policy identity session created_at updated_at version";

/// Why an account was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRefusal {
    NotFound,
    /// The account has another version than the one read.
    VersionConflict,
    EmailTaken,
    /// The change would have left no active administrator (promise 15).
    LastAdmin,
    /// There is no policy of the name that the account would have had (promise 47).
    NoPolicy,
    /// The identity at the provider is another account's (promise 10).
    IdentityTaken,
}

/// What holds an address or an identity for its account.
#[derive(Serialize, Deserialize)]
struct HolderItem {
    user: UserId,
}

impl Store {
    /// The account as it is now.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.get(&keys::user(id)).await
    }

    /// The account as this process knows it, at most 30 s old.
    pub async fn cached_user(&self, id: &UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.memory
            .users
            .get(id, || async {
                let user: Option<User> = self.get_attributes(&keys::user(id), RIGHTS).await?;
                Ok(user.map(Arc::new))
            })
            .await
    }

    /// Makes the next [`Store::cached_user`] read the account.
    pub fn forget_user(&self, id: &UserId) {
        self.memory.users.forget(id);
    }

    /// The account of an address. It takes two reads whether there is one or not, so that the time reveals nothing
    /// (promise 3).
    pub async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let holder: Option<HolderItem> = self.get(&keys::email(email)).await?;
        let id = holder.map_or_else(UserId::generate, |holder| holder.user);
        self.user(&id).await
    }

    /// The account of an identity at a provider.
    pub async fn user_by_identity(&self, identity: &Identity) -> Result<Option<User>, StoreError> {
        let holder: Option<HolderItem> = self.get(&keys::identity(identity)).await?;
        match holder {
            Some(holder) => self.user(&holder.user).await,
            None => Ok(None),
        }
    }

    /// Accounts in the order of their creation, of one department or of all.
    pub async fn users(
        &self,
        department: Option<&str>,
        span: &Span,
        keep: impl Fn(&User) -> bool,
    ) -> Result<Page<User>, StoreError> {
        let table = Table::Users;
        let range = match department {
            Some(department) => Range {
                table,
                index: table.indexes().first(),
                pk: department,
                prefix: "",
                newest_first: false,
            },
            None => Range {
                table,
                index: None,
                pk: USERS,
                prefix: USER,
                newest_first: false,
            },
        };
        self.page(&range, span, keep).await
    }

    /// Adds an account, if its address is free and its policy exists.
    pub async fn create_user(&self, user: &User, audit: &AuditEntry) -> Result<Result<(), UserRefusal>, StoreError> {
        let mut transaction = self.new_user(user)?;
        let mut meanings = vec![UserRefusal::EmailTaken; 2];
        if counts_users(&user.quota_policy) {
            transaction = transaction.join_policy(&user.quota_policy)?;
            meanings.push(UserRefusal::NoPolicy);
        }
        if let Some(identity) = &user.identity {
            transaction = transaction.put(&keys::identity(identity), &HolderItem::of(user), Expression::absent())?;
            meanings.push(UserRefusal::IdentityTaken);
        }
        if user.is_active_admin() {
            transaction = transaction.update(&keys::admins(), count_by(1), Expression::present())?;
        }
        let commit = transaction.audited(audit)?.commit().await?;
        self.forget_user(&user.id);
        Ok(meaning(&commit, &meanings))
    }

    /// Adds the first administrator: done once among any number of processes that try (promise 6).
    pub async fn create_first_admin(&self, user: &User, audit: &AuditEntry) -> Result<Change, StoreError> {
        let transaction = self
            .new_user(user)?
            .put(&keys::admins(), &Count { count: 1 }, Expression::absent())?;
        Ok(transaction.audited(audit)?.commit().await?.into())
    }

    /// True if the installation has had its first administrator.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(self.get::<Count>(&keys::admins()).await?.is_some())
    }

    fn new_user(&self, user: &User) -> Result<Transaction<'_>, StoreError> {
        let transaction =
            self.transaction()
                .put(&keys::email(&user.email), &HolderItem::of(user), Expression::absent())?;
        transaction.put(&keys::user(&user.id), user, Expression::absent())
    }

    /// Changes an account as `change` says, again when it was changed by others meanwhile (promise 55). What ends
    /// sessions ends them here, whoever makes the change (promise 8).
    pub async fn change_user<E: From<StoreError>>(
        &self,
        id: &UserId,
        audit: &AuditEntry,
        change: impl Fn(&User) -> Result<User, E>,
    ) -> Result<Result<User, UserRefusal>, E> {
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let Some(before) = self.user(id).await? else {
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
            match self.update_user(&before, &after, audit).await? {
                Ok(()) => return Ok(Ok(after)),
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
            if user.password_hash == seen.password_hash && user.session == seen.session {
                Ok(change(user))
            } else {
                Err(StoreError::SessionEnded)
            }
        };
        self.change_user(&seen.id, audit, change).await
    }

    /// Replaces the account `before` by `after`, if it still has the version that was read.
    async fn update_user(
        &self,
        before: &User,
        after: &User,
        audit: &AuditEntry,
    ) -> Result<Result<(), UserRefusal>, StoreError> {
        let transaction =
            self.transaction()
                .put(&keys::user(&after.id), after, Expression::at_version(before.version))?;
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
        let commit = transaction.audited(audit)?.commit().await?;
        self.forget_user(&after.id);
        Ok(meaning(&commit, &meanings))
    }
}

impl HolderItem {
    fn of(user: &User) -> Self {
        Self { user: user.id.clone() }
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
        if before.email.folded() != after.email.folded() {
            self = self.put(&keys::email(&after.email), &holder, Expression::absent())?;
            self = self.delete(&keys::email(&before.email), Expression::present())?;
            meanings.extend([UserRefusal::EmailTaken, UserRefusal::VersionConflict]);
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

/// What the first refused write of a transaction means; `meanings` are those of its writes in their order.
pub(super) fn meaning(commit: &Commit, meanings: &[UserRefusal]) -> Result<(), UserRefusal> {
    let refused = meanings
        .iter()
        .enumerate()
        .find(|(place, _)| commit.refused_at(*place))
        .map(|(_, meaning)| *meaning);
    match commit {
        Commit::Done => Ok(()),
        Commit::Refused(_) => Err(refused.unwrap_or(UserRefusal::VersionConflict)),
    }
}

/// The condition that an active administrator remains without this one.
pub(super) fn another_admin() -> Expression {
    count_is(Relation::MoreThan, 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::models::user::PasswordHash;
    use serde_json::Value;

    use super::*;

    #[test]
    fn p75_ha4_rights_are_judged_by_all_of_an_account_but_its_password() {
        let email = "a@example.com".to_owned().try_into().unwrap();
        let name = "A".to_owned().try_into().unwrap();
        let mut user = User::new(email, name, jiff::Timestamp::UNIX_EPOCH);
        user.password_hash = Some(PasswordHash::new("$argon2id$".to_owned()));
        user.department = Some("D".to_owned().try_into().unwrap());
        let Value::Object(members) = serde_json::to_value(&user).unwrap() else {
            panic!("an account is an object");
        };
        let mut known: BTreeSet<&str> = RIGHTS.split(' ').collect();
        assert!(known.insert("password_hash"));
        assert_eq!(members.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    }
}
