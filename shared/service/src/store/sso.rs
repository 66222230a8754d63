//! Single sign-on: its configuration, the logins under way, and the one-time codes of those who have come back.
//!
//! Logins and codes lie under digests, live for minutes, and are taken by deleting them, so that each is used once.

use std::time::Duration;

use super::expression::Expression;
use super::single_use::Taken;
use super::transaction::Commit;
use super::{Store, StoreError, keys};
use domain::access::sso_login::{SsoAttempt, SsoGrant};
use domain::models::audit::AuditEntry;
use domain::models::sso::{SsoConfig, SsoTest};

/// Until a person is back from the provider (promise 9).
pub const ATTEMPT_LIFETIME: Duration = Duration::from_mins(10);
/// Until the console has redeemed its code: the page does it as soon as it is shown.
const GRANT_LIFETIME: Duration = Duration::from_mins(1);

/// How a change of the configuration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SsoChange {
    Done,
    /// It has another version than the one read, or the way in that would remain was just closed.
    Conflict,
    /// Nobody could sign in as administrator afterwards.
    LastWayIn,
}

impl Store {
    /// How single sign-on is set up now, if it ever was. Never remembered: what is switched off is off at once.
    pub async fn sso_config(&self) -> Result<Option<SsoConfig>, StoreError> {
        self.get(&keys::sso_config()).await
    }

    /// Replaces the configuration, if it still has the version before `config.version`. It is not switched off while no
    /// administrator has a password.
    pub async fn update_sso_config(&self, config: &SsoConfig, audit: &AuditEntry) -> Result<SsoChange, StoreError> {
        let expected = if config.version == 1 {
            Expression::absent()
        } else {
            Expression::at_version(config.version - 1)
        };
        let mut transaction = self.transaction().put(&keys::sso_config(), config, expected)?;
        if !config.enabled {
            let Some(way) = self.admin_with_password(None).await? else {
                return Ok(SsoChange::LastWayIn);
            };
            transaction = transaction.while_open(&way)?;
        }
        Ok(match transaction.audited(audit)?.commit().await? {
            Commit::Done => SsoChange::Done,
            Commit::Refused(_) => SsoChange::Conflict,
        })
    }

    /// What the last test has found.
    pub async fn sso_test(&self) -> Result<Option<SsoTest>, StoreError> {
        self.get(&keys::sso_test()).await
    }

    pub async fn record_sso_test(&self, test: &SsoTest, audit: &AuditEntry) -> Result<(), StoreError> {
        let transaction = self.transaction().put(&keys::sso_test(), test, Expression::always())?;
        transaction.audited(audit)?.commit().await.map(|_| ())
    }

    /// Remembers a login that begins.
    pub async fn begin_sso(&self, state: &str, attempt: &SsoAttempt) -> Result<(), StoreError> {
        self.create_until(&keys::sso_attempt(state), attempt, self.clock.now() + ATTEMPT_LIFETIME)
            .await
    }

    /// The login of this `state`, which is then over. Refused when another browser began it: its own may still finish.
    pub async fn take_sso_attempt(&self, state: &str, browser: &str) -> Result<Taken<SsoAttempt>, StoreError> {
        let same = Expression::new("#browser = :browser")
            .name("#browser", "browser")
            .text(":browser", browser);
        self.take(&keys::sso_attempt(state), same).await
    }

    /// Keeps the grant of a one-time code: the account whose session it is redeemed for.
    pub async fn keep_sso_grant(&self, code: &str, grant: &SsoGrant) -> Result<(), StoreError> {
        self.create_until(&keys::sso_grant(code), grant, self.clock.now() + GRANT_LIFETIME)
            .await
    }

    /// The grant of this code, which is then used up. Refused when the page that began sent another challenge, or none
    /// where one is given, or one where none is: its own may still redeem the code.
    pub async fn take_sso_grant(&self, code: &str, challenge: Option<&str>) -> Result<Taken<SsoGrant>, StoreError> {
        let same = match challenge {
            Some(challenge) => Expression::new("#challenge = :challenge").text(":challenge", challenge),
            None => Expression::new("attribute_not_exists(#challenge)"),
        };
        self.take(&keys::sso_grant(code), same.name("#challenge", "challenge"))
            .await
    }
}
