//! An administrator who can sign in remains (promise 15): with a password, or by single sign-on while it is switched
//! on.
//!
//! Whoever takes one of these ways away names another one in the same transaction, so that two who do so at once cannot
//! both rely on what the other takes.

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::Expression;
use super::keys;
use super::page::Span;
use super::transaction::Transaction;
use super::{Store, StoreError};
use domain::models::UserId;
use domain::models::user::User;

/// Accounts that are read at once.
const PAGE: usize = 200;

/// A way by which an administrator can still sign in.
pub(super) enum WayIn {
    /// The account of an active administrator with a password.
    Password(UserId),
    SingleSignOn,
}

impl Store {
    /// A way in besides the password of `without`.
    pub(super) async fn other_way_in(&self, without: &UserId) -> Result<Option<WayIn>, StoreError> {
        if self.sso_config().await?.is_some_and(|config| config.enabled) {
            return Ok(Some(WayIn::SingleSignOn));
        }
        self.admin_with_password(Some(without)).await
    }

    /// True if an active administrator has a password.
    pub async fn has_admin_with_password(&self) -> Result<bool, StoreError> {
        Ok(self.admin_with_password(None).await?.is_some())
    }

    /// An active administrator who has a password, and is not `but`. No account behind that one's page is read: the
    /// first administrator is among the oldest accounts.
    pub(super) async fn admin_with_password(&self, but: Option<&UserId>) -> Result<Option<WayIn>, StoreError> {
        let suits = |user: &User| user.is_admin_with_password() && Some(&user.id) != but;
        let mut after = None;
        loop {
            let page = self.users(None, &Span { after, limit: PAGE }, |_| true).await?;
            if let Some(user) = page.items.into_iter().find(suits) {
                return Ok(Some(WayIn::Password(user.id)));
            }
            after = page.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }
}

/// True if the change takes a password away by which an administrator can sign in.
pub(super) fn is_closed(before: &User, after: &User) -> bool {
    before.is_admin_with_password() && !after.is_admin_with_password()
}

impl Transaction<'_> {
    /// Refuses the whole unless `way` is still open.
    pub(super) fn while_open(self, way: &WayIn) -> Result<Self, StoreError> {
        match way {
            WayIn::Password(user) => self.check(&keys::user(user), with_password()),
            WayIn::SingleSignOn => self.check(&keys::sso_config(), switched_on()),
        }
    }
}

fn with_password() -> Expression {
    Expression::new("#role = :admin AND #status = :active AND #password = :true")
        .name("#role", "role")
        .name("#status", "status")
        .name("#password", "has_password")
        .text(":admin", "admin")
        .text(":active", "active")
        .value(":true", AttributeValue::Bool(true))
}

fn switched_on() -> Expression {
    Expression::new("#enabled = :true")
        .name("#enabled", "enabled")
        .value(":true", AttributeValue::Bool(true))
}
