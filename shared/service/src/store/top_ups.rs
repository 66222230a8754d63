//! Top-ups of users: one item an account, beside the policies, since it is read with them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::change::Removal;
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, TOP_UP, TOP_UPS};
use super::retry::Attempts;
use super::table::{PK, TTL, Table};
use super::transaction::Commit;
use super::{Store, StoreError};
use domain::access::quota::{TopUp, raised};
use domain::models::audit::AuditEntry;
use domain::models::policy::Policy;
use domain::models::user::User;
use domain::models::{TopUpId, UserId};

/// Attempts while others change the same account's.
const TRIES: u32 = 5;
/// Top-ups of one account that are in force at once.
const MAX_TOP_UPS: usize = 20;
/// The place of the account in the transaction.
const ACCOUNT: usize = 0;

/// How the creation of a top-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopUpCreation {
    Done,
    TooMany,
    /// Deleted meanwhile.
    AccountGone,
}

/// The top-ups of one account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountTopUps {
    pub account: UserId,
    pub top_ups: Vec<TopUp>,
    version: u64,
    /// When the last one ends, in seconds since 1970.
    ttl: i64,
}

impl Store {
    /// The policy of `user` with the limits that hold now; as this process knows both, at most 30 s old.
    pub async fn policy_of(&self, user: &User) -> Result<Option<Arc<Policy>>, StoreError> {
        let Some(policy) = self.policy(&user.quota_policy).await? else {
            return Ok(None);
        };
        // Where nothing is limited, there is nothing to raise.
        if policy.counts_nothing() {
            return Ok(Some(policy));
        }
        let top_ups = self.cached_top_ups(&user.id).await?;
        let raised = raised(&policy, &top_ups, self.clock.now());
        Ok(Some(raised.map_or(policy, Arc::new)))
    }

    /// An account without top-ups is remembered as long as one with some.
    async fn cached_top_ups(&self, account: &UserId) -> Result<Arc<[TopUp]>, StoreError> {
        let known = self.memory.top_ups.get(account, || async {
            let top_ups = self.account_top_ups(account).await?.map(|stored| stored.top_ups);
            Ok::<_, StoreError>(Some(top_ups.unwrap_or_default().into()))
        });
        Ok(known.await?.unwrap_or_default())
    }

    /// The top-ups of `account` that are in force, as they are now.
    pub async fn top_ups(&self, account: &UserId) -> Result<Vec<TopUp>, StoreError> {
        let stored = self.account_top_ups(account).await?;
        Ok(stored.map(|stored| self.in_force(stored.top_ups)).unwrap_or_default())
    }

    /// All that are in force, by account.
    pub async fn all_top_ups(&self) -> Result<Vec<AccountTopUps>, StoreError> {
        let range = Range {
            table: Table::Policies,
            index: None,
            pk: TOP_UPS,
            prefix: TOP_UP,
            newest_first: false,
        };
        let mut accounts: Vec<AccountTopUps> = self.all(&range).await?;
        for account in &mut accounts {
            account.top_ups = self.in_force(std::mem::take(&mut account.top_ups));
        }
        Ok(accounts)
    }

    /// Adds a top-up of `account`.
    pub async fn create_top_up(
        &self,
        account: &UserId,
        top_up: &TopUp,
        audit: &AuditEntry,
    ) -> Result<TopUpCreation, StoreError> {
        let added = |mut top_ups: Vec<TopUp>| {
            if top_ups.len() >= MAX_TOP_UPS {
                return Err(TopUpCreation::TooMany);
            }
            top_ups.push(top_up.clone());
            Ok(top_ups)
        };
        let changed = self.change_top_ups(account, audit, TopUpCreation::AccountGone, added);
        Ok(changed.await?.err().unwrap_or(TopUpCreation::Done))
    }

    /// Ends a top-up before its time.
    pub async fn delete_top_up(
        &self,
        account: &UserId,
        id: &TopUpId,
        audit: &AuditEntry,
    ) -> Result<Removal, StoreError> {
        let without = |mut top_ups: Vec<TopUp>| {
            let before = top_ups.len();
            top_ups.retain(|top_up| top_up.id != *id);
            if top_ups.len() == before {
                return Err(Removal::NotFound);
            }
            Ok(top_ups)
        };
        let changed = self.change_top_ups(account, audit, Removal::NotFound, without);
        Ok(changed.await?.err().unwrap_or(Removal::Done))
    }

    /// Changes the top-ups of `account` that are in force, again when others have changed them meanwhile. Refused as
    /// `change` says, or as `gone` where there is no such account.
    async fn change_top_ups<R>(
        &self,
        account: &UserId,
        audit: &AuditEntry,
        gone: R,
        change: impl Fn(Vec<TopUp>) -> Result<Vec<TopUp>, R>,
    ) -> Result<Result<(), R>, StoreError> {
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let known = self.account_top_ups(account).await?;
            let top_ups = known.as_ref().map(|known| known.top_ups.clone()).unwrap_or_default();
            let top_ups = match change(self.in_force(top_ups)) {
                Ok(changed) => changed,
                Err(refusal) => return Ok(Err(refusal)),
            };
            match self.replace_top_ups(account, known.as_ref(), top_ups, audit).await? {
                Commit::Done => return Ok(Ok(())),
                commit if commit.refused_at(ACCOUNT) => return Ok(Err(gone)),
                Commit::Refused(_) => attempts.overtaken()?,
            }
        }
    }

    async fn account_top_ups(&self, account: &UserId) -> Result<Option<AccountTopUps>, StoreError> {
        self.get(&keys::top_ups(account)).await
    }

    fn in_force(&self, mut top_ups: Vec<TopUp>) -> Vec<TopUp> {
        let now = self.clock.now();
        top_ups.retain(|top_up| top_up.is_in_force(now));
        top_ups
    }

    /// Writes the top-ups of an account that is there, if they are as they are known.
    async fn replace_top_ups(
        &self,
        account: &UserId,
        known: Option<&AccountTopUps>,
        top_ups: Vec<TopUp>,
        audit: &AuditEntry,
    ) -> Result<Commit, StoreError> {
        let last = top_ups.iter().map(|top_up| top_up.until.as_second()).max();
        let replaced = AccountTopUps {
            account: account.clone(),
            ttl: last.unwrap_or_else(|| self.clock.now().as_second()) + 1,
            top_ups,
            version: known.map_or(0, |known| known.version) + 1,
        };
        let expected = match known {
            Some(known) => Expression::at_version(known.version),
            // What has run out counts as absent, and may still be there.
            None => Expression::new(format!("attribute_not_exists({PK}) OR #ttl <= :now"))
                .name("#ttl", TTL)
                .number(":now", self.clock.now().as_second()),
        };
        let transaction = self.transaction().check(&keys::user(account), Expression::present())?;
        let transaction = transaction.put(&keys::top_ups(account), &replaced, expected)?;
        let commit = transaction.audited(audit)?.commit().await?;
        self.memory.top_ups.forget(account);
        Ok(commit)
    }
}
