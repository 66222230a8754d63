//! Accounts: each an item, its e-mail address another, so that no address is taken twice (promise 54).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::counter::{Count, Relation, count_by, count_is};
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, Key, USER, USERS};
use super::page::{Page, Span};
use super::policies::counts_users;
use super::table::{ACCOUNT, HOLDER, Table};
use super::transaction::{Commit, Transaction};
use super::{Store, StoreError};
use domain::models::audit::AuditEntry;
use domain::models::sso::Identity;
use domain::models::user::{Profile, User};
use domain::models::{Email, UserId};

/// What the audit trail tells of an account.
const TOLD: [&str; 8] = [
    "email",
    "name",
    "role",
    "status",
    "department",
    "quota_policy",
    "has_password",
    "identity",
];

/// Why an account was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRefusal {
    NotFound,
    /// The account has another version than the one read.
    VersionConflict,
    EmailTaken,
    /// The change would have left no active administrator (promise 15).
    LastAdmin,
    /// The change would have left no administrator who can sign in.
    LastWayIn,
    /// There is no policy of the name that the account would have had (promise 47).
    NoPolicy,
    /// The identity at the provider is another account's (promise 10).
    IdentityTaken,
}

/// What holds an address or an identity for its account.
#[derive(Serialize, Deserialize)]
pub(super) struct HolderItem {
    user: UserId,
}

impl Store {
    /// The account as it is now, without the hash of its password. Of one that is older than `has_password`, whether it
    /// has one is not told: see [`Store::account`].
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.get_attributes(&keys::user(id), &ACCOUNT).await
    }

    /// The account as this process knows it, at most 30 s old.
    pub async fn cached_user(&self, id: &UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.memory
            .users
            .get(id, || async { Ok(self.user(id).await?.map(Arc::new)) })
            .await
    }

    /// Makes the next [`Store::cached_user`] read the account.
    pub fn forget_user(&self, id: &UserId) {
        self.memory.users.forget(id);
    }

    /// The account of an address, without the hash of its password.
    pub async fn user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        match self.holder_of(email).await? {
            Some(id) => self.account(&id).await,
            None => Ok(None),
        }
    }

    /// The account of an address with the hash of its password: for logins alone, since no other function may read it
    /// (promise 75). It takes as many reads whether there is an account or not, so that the time reveals
    /// nothing (promise 3).
    pub async fn user_with_password(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let id = self.holder_of(email).await?;
        self.get(&keys::user(&id.unwrap_or_else(UserId::generate))).await
    }

    /// The account of an identity at a provider.
    pub async fn user_by_identity(&self, identity: &Identity) -> Result<Option<User>, StoreError> {
        match self.holder(&keys::identity(identity)).await? {
            Some(id) => self.user(&id).await,
            None => Ok(None),
        }
    }

    /// The account that has the address, in whichever of its forms it is kept.
    async fn holder_of(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        let holder = self.holder(&keys::email(email)).await?;
        let older = match email.apart() {
            Some(apart) => self.holder(&keys::email(&apart)).await?,
            None => None,
        };
        Ok(holder.or(older))
    }

    /// Whose the address or identity at `key` is.
    async fn holder(&self, key: &Key) -> Result<Option<UserId>, StoreError> {
        let holder: Option<HolderItem> = self.get_attributes(key, &[HOLDER]).await?;
        Ok(holder.map(|holder| holder.user))
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
        let mut page = self.page(&range, span, keep).await?;
        for user in &mut page.items {
            self.tell_password(user).await?;
        }
        Ok(page)
    }

    /// Adds an account, if its address is free and its policy exists.
    pub async fn create_user(&self, user: &User, audit: &AuditEntry) -> Result<Result<(), UserRefusal>, StoreError> {
        let mut meanings = Vec::new();
        let mut transaction = self.new_user(user, &mut meanings)?;
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
        let commit = transaction.audited(&telling(audit, None, Some(user)))?.commit().await?;
        self.forget_user(&user.id);
        Ok(meaning(&commit, &meanings))
    }

    /// Adds the first administrator: done once among any number of processes that try (promise 6).
    pub async fn create_first_admin(&self, user: &User, audit: &AuditEntry) -> Result<Change, StoreError> {
        let transaction =
            self.new_user(user, &mut Vec::new())?
                .put(&keys::admins(), &Count { count: 1 }, Expression::absent())?;
        let audit = telling(audit, None, Some(user));
        Ok(transaction.audited(&audit)?.commit().await?.into())
    }

    /// True if the installation has had its first administrator.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        Ok(self.get::<Count>(&keys::admins()).await?.is_some())
    }

    fn new_user(&self, user: &User, meanings: &mut Vec<UserRefusal>) -> Result<Transaction<'_>, StoreError> {
        let transaction = self.transaction().take_address(user, None, meanings)?;
        meanings.push(UserRefusal::EmailTaken);
        transaction.put(&keys::user(&user.id), user, Expression::absent())
    }
}

/// The entry with what the account was and is: as it is written, whichever it was when the change was asked for.
pub(super) fn telling(audit: &AuditEntry, before: Option<&User>, after: Option<&User>) -> AuditEntry {
    let (before, after) = (before.map(Profile::from), after.map(Profile::from));
    audit.clone().telling_of(TOLD, &before, &after)
}

impl Transaction<'_> {
    /// Takes the address for its account in place of `former`, if nobody has it in any of its forms.
    pub(super) fn take_address(
        mut self,
        user: &User,
        former: Option<&Email>,
        meanings: &mut Vec<UserRefusal>,
    ) -> Result<Self, StoreError> {
        self = self.put(&keys::email(&user.email), &HolderItem::of(user), Expression::absent())?;
        meanings.push(UserRefusal::EmailTaken);
        let former = former.map(keys::email);
        // The database takes one write of each item, so what is given up is not looked at besides.
        let apart = user.email.apart().map(|apart| keys::email(&apart));
        if let Some(apart) = apart.filter(|apart| former.as_ref() != Some(apart)) {
            self = self.check(&apart, Expression::absent())?;
            meanings.push(UserRefusal::EmailTaken);
        }
        if let Some(former) = former {
            self = self.delete(&former, Expression::present())?;
            meanings.push(UserRefusal::VersionConflict);
        }
        Ok(self)
    }
}

impl HolderItem {
    pub(super) fn of(user: &User) -> Self {
        Self { user: user.id.clone() }
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

    use domain::models::user::{Password, PasswordHash};
    use serde_json::Value;

    use super::*;

    #[test]
    fn p75_ha4_all_of_an_account_is_read_but_its_password() {
        let email = "a@example.com".to_owned().try_into().unwrap();
        let name = "A".to_owned().try_into().unwrap();
        let mut user = User::new(email, name, jiff::Timestamp::UNIX_EPOCH);
        user.password = Password::Hash(PasswordHash::new("$argon2id$".to_owned()));
        user.department = Some("D".to_owned().try_into().unwrap());
        let Value::Object(members) = serde_json::to_value(&user).unwrap() else {
            panic!("an account is an object");
        };
        let mut known = BTreeSet::from(ACCOUNT);
        assert!(known.insert("password_hash"));
        assert_eq!(members.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    }
}
