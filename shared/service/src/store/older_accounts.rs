//! Accounts that are older than the attribute `has_password`: whether they have a password is in the hash alone, which
//! only logins may read (promise 75).
//!
//! Whoever may change accounts writes the attribute where it comes upon such a one, by a condition on the kind of the
//! hash. It makes no new version: nothing about the account is other than before.

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Expression;
use super::keys;
use super::transaction::Commit;
use super::{Store, StoreError};
use domain::models::UserId;
use domain::models::user::{Password, User};

impl Store {
    /// The account as it is now, without the hash of its password, but told whether it has one: for functions that may
    /// change accounts.
    pub async fn account(&self, id: &UserId) -> Result<Option<User>, StoreError> {
        let mut user = self.user(id).await?;
        if let Some(user) = &mut user {
            self.tell_password(user).await?;
        }
        Ok(user)
    }

    /// Finds out whether there is a password, where that is not told.
    pub(super) async fn tell_password(&self, user: &mut User) -> Result<(), StoreError> {
        if user.password != Password::Untold {
            return Ok(());
        }
        for password in [Password::Unread, Password::Absent] {
            if self.note_password(&user.id, password.is_set()).await? == Commit::Done {
                user.password = password;
                return Ok(());
            }
        }
        // Told by somebody else meanwhile, or gone.
        if let Some(now) = self.user(&user.id).await? {
            user.password = now.password;
        }
        Ok(())
    }

    /// Writes that there is a password, or that there is none, if it is so and nobody has written it.
    async fn note_password(&self, id: &UserId, is_set: bool) -> Result<Commit, StoreError> {
        let change = Expression::new("SET #told = :is_set").value(":is_set", AttributeValue::Bool(is_set));
        let kind = if is_set { "" } else { "NOT " };
        let text =
            format!("attribute_exists(#id) AND attribute_not_exists(#told) AND {kind}attribute_type(#hash, :text)");
        let condition = Expression::new(text)
            .name("#id", "id")
            .name("#told", "has_password")
            .name("#hash", "password_hash")
            .text(":text", "S");
        let transaction = self.transaction().update(&keys::user(id), change, condition)?;
        transaction.commit().await
    }
}
