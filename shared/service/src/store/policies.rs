//! Policies: each an item, and beside it one that counts its users, so that no policy goes while somebody is under it
//! (promise 47).
//!
//! The policy `default` always exists: it is there, limiting nothing, before anybody has stored it, and cannot be
//! deleted. So nobody counts its users, and who may not write to this table can still make accounts under it.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::change::Change;
use super::counter::{Count, Relation, count_by, count_is};
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, POLICIES, POLICY, POLICY_USERS};
use super::table::Table;
use super::transaction::{Commit, Transaction};
use super::{Store, StoreError};
use domain::models::PolicyName;
use domain::models::audit::AuditEntry;
use domain::models::policy::Policy;

/// How a policy's deletion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyRemoval {
    Done,
    /// The policy is gone or has another version than the one read.
    Conflict,
    /// There are users under it.
    InUse,
}

/// A [`Count`] with the sort key, which names the policy.
#[derive(Deserialize)]
struct UsersItem {
    sk: String,
    count: u64,
}

impl Store {
    /// The policy as this process knows it, at most 30 s old.
    pub async fn policy(&self, name: &PolicyName) -> Result<Option<Arc<Policy>>, StoreError> {
        self.memory
            .policies
            .get(name, || async { Ok(self.read_policy(name).await?.map(Arc::new)) })
            .await
    }

    /// The policy as it is now.
    pub async fn read_policy(&self, name: &PolicyName) -> Result<Option<Policy>, StoreError> {
        let stored = self.get(&keys::policy(name)).await?;
        Ok(stored.or_else(|| (*name == PolicyName::default()).then(|| Policy::unlimited(name.clone()))))
    }

    /// All policies as they are now, in the order of their names.
    pub async fn policies(&self) -> Result<Vec<Policy>, StoreError> {
        let range = Range {
            table: Table::Policies,
            index: None,
            pk: POLICIES,
            prefix: POLICY,
            newest_first: false,
        };
        let mut policies: Vec<Policy> = self.all(&range).await?;
        let default = PolicyName::default();
        if let Err(place) = policies.binary_search_by(|policy| policy.name.cmp(&default)) {
            policies.insert(place, Policy::unlimited(default));
        }
        Ok(policies)
    }

    /// How many users are under each policy but `default`, whose users nobody counts.
    pub async fn policy_users(&self) -> Result<HashMap<PolicyName, u64>, StoreError> {
        let range = Range {
            table: Table::Policies,
            index: None,
            pk: POLICIES,
            prefix: POLICY_USERS,
            newest_first: false,
        };
        let items: Vec<UsersItem> = self.all(&range).await?;
        let count = |item: UsersItem| Some((PolicyName::parse(item.sk.strip_prefix(POLICY_USERS)?).ok()?, item.count));
        Ok(items.into_iter().filter_map(count).collect())
    }

    /// Adds a policy that nobody is under yet; a conflict means that there is one of this name.
    pub async fn create_policy(&self, policy: &Policy, audit: &AuditEntry) -> Result<Change, StoreError> {
        let transaction = self
            .transaction()
            .put(&keys::policy(&policy.name), policy, Expression::absent())?;
        let transaction = transaction.put(
            &keys::policy_users(&policy.name),
            &Count { count: 0 },
            Expression::absent(),
        )?;
        let commit = transaction.audited(audit)?.commit().await?;
        self.memory.policies.forget(&policy.name);
        Ok(commit.into())
    }

    /// Replaces the policy, if it still has the version before `policy.version`.
    pub async fn update_policy(&self, policy: &Policy, audit: &AuditEntry) -> Result<Change, StoreError> {
        let expected = if policy.version == 1 {
            Expression::absent()
        } else {
            Expression::at_version(policy.version - 1)
        };
        let commit = self
            .transaction()
            .put(&keys::policy(&policy.name), policy, expected)?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.policies.forget(&policy.name);
        Ok(commit.into())
    }

    /// Removes the policy as it was read, if nobody is under it.
    pub async fn delete_policy(&self, policy: &Policy, audit: &AuditEntry) -> Result<PolicyRemoval, StoreError> {
        let transaction = self
            .transaction()
            .delete(&keys::policy(&policy.name), Expression::at_version(policy.version))?;
        let commit = transaction
            .delete(&keys::policy_users(&policy.name), count_is(Relation::Equal, 0))?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.policies.forget(&policy.name);
        Ok(match commit {
            Commit::Done => PolicyRemoval::Done,
            Commit::Refused(places) if places == [1] => PolicyRemoval::InUse,
            Commit::Refused(_) => PolicyRemoval::Conflict,
        })
    }
}

/// True if the users under the policy are counted: all but those of `default`, which exists whoever is under it.
pub(super) fn counts_users(name: &PolicyName) -> bool {
    *name != PolicyName::default()
}

impl Transaction<'_> {
    /// Counts one user more under the policy; refused when there is no such policy.
    pub(super) fn join_policy(self, name: &PolicyName) -> Result<Self, StoreError> {
        self.update(&keys::policy_users(name), count_by(1), Expression::present())
    }

    /// Counts one user less.
    pub(super) fn leave_policy(self, name: &PolicyName) -> Result<Self, StoreError> {
        let some = count_is(Relation::MoreThan, 0);
        self.update(&keys::policy_users(name), count_by(-1), some)
    }
}
