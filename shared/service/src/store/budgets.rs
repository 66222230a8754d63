//! The budgets of departments and of the organisation: each an item beside the policies, read with them, and a meter
//! beside those of users, in which the amounts stand once more. Both are written in one transaction, so that nothing is
//! lent beyond a limit from the moment of its change (promise 112).
//!
//! The organisation always has a budget: one that limits nothing, before anybody has stored it. A department that has
//! none limits nothing either.

use std::sync::Arc;

use super::change::Change;
use super::expression::Expression;
use super::item::Range;
use super::keys::{self, BUDGETS};
use super::quota::{BudgetCounters, owner_limits};
use super::table::Table;
use super::usage_reads::Whose;
use super::{Store, StoreError};
use domain::access::quota::{self, Amounts, Owner, OwnerMeter, Period, UpperRule, UpperUsage};
use domain::models::DisplayName;
use domain::models::audit::AuditEntry;
use domain::models::budget::{Budget, Budgets};
use domain::models::limit::Per;
use domain::models::rollup::Rollup;
use domain::models::utc_hour::UtcHour;

/// A budget as it is to be, and as it was read.
#[derive(Clone, Copy, Debug)]
pub struct BudgetChange<'a> {
    pub old: &'a Budget,
    pub new: &'a Budget,
}

impl Store {
    /// All budgets as this process knows them, at most 30 s old.
    pub async fn budgets(&self) -> Result<Arc<Budgets>, StoreError> {
        let read = || async { Ok::<_, StoreError>(Some(Arc::new(self.read_budgets().await?))) };
        Ok(self.memory.budgets.get(&(), read).await?.unwrap_or_default())
    }

    /// All budgets as they are now.
    pub async fn read_budgets(&self) -> Result<Budgets, StoreError> {
        let range = Range {
            table: Table::Policies,
            index: None,
            pk: BUDGETS,
            prefix: "",
            newest_first: false,
        };
        let budgets: Vec<Budget> = self.all(&range).await?;
        let (departments, organisation): (Vec<Budget>, Vec<Budget>) =
            budgets.into_iter().partition(|budget| budget.name.is_some());
        Ok(Budgets {
            organisation: organisation.into_iter().next().unwrap_or_default(),
            departments,
        })
    }

    /// The organisation's budget as it is now.
    pub async fn organisation(&self) -> Result<Budget, StoreError> {
        Ok(self.get(&keys::budget(&Owner::Organisation)).await?.unwrap_or_default())
    }

    /// A department's budget as it is now.
    pub async fn department(&self, name: &DisplayName) -> Result<Option<Budget>, StoreError> {
        self.get(&keys::budget(&Owner::Department(name.clone()))).await
    }

    /// Makes or replaces a budget, if it still has the version before that of the new one.
    pub async fn put_budget(&self, change: BudgetChange<'_>, audit: &AuditEntry) -> Result<Change, StoreError> {
        let BudgetChange { old, new } = change;
        let owner = Owner::of(new);
        let counters = self.counters_of(change).await?;
        let expected = if old.version == 0 {
            Expression::absent()
        } else {
            Expression::at_version(old.version)
        };
        let (limits, condition) = owner_limits(&OwnerMeter::caps(new), new.version, &counters)?;
        let commit = self
            .transaction()
            .put(&keys::budget(&owner), new, expected)?
            .update(&keys::owner_meter(&owner), limits, condition)?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.budgets.forget(&());
        Ok(commit.into())
    }

    /// Removes a department's budget as it was read. What its people hold of it is good for nothing from then on.
    pub async fn delete_budget(&self, budget: &Budget, audit: &AuditEntry) -> Result<Change, StoreError> {
        let owner = Owner::of(budget);
        let none = OwnerMeter::caps(&Budget::default());
        let (limits, condition) = owner_limits(&none, budget.version + 1, &BudgetCounters::All(Vec::new()))?;
        let commit = self
            .transaction()
            .delete(&keys::budget(&owner), Expression::at_version(budget.version))?
            .update(&keys::owner_meter(&owner), limits, condition)?
            .audited(audit)?
            .commit()
            .await?;
        self.memory.budgets.forget(&());
        Ok(commit.into())
    }

    /// The use of each limit of `budget` now.
    pub async fn upper_usage(&self, budget: &Budget) -> Result<Vec<UpperUsage>, StoreError> {
        let owner = Owner::of(budget);
        let (meter, holders) = tokio::try_join!(self.owner_meter(&owner), self.holders(&owner))?;
        Ok(quota::upper_usage(budget, &meter, &holders, self.clock.now()))
    }

    /// The counters that the owner's meter gets and loses: a new limit begins at what the sums of usage say.
    async fn counters_of(&self, BudgetChange { old, new }: BudgetChange<'_>) -> Result<BudgetCounters, StoreError> {
        let mut begun = Vec::new();
        for (limit, slot) in new.limits.iter().zip(&new.slots) {
            if !old.slots.contains(slot) {
                let rule = UpperRule::new(new, limit, slot);
                begun.push((slot.clone(), self.begun(&rule).await?));
            }
        }
        if old.version == 0 {
            return Ok(BudgetCounters::All(begun));
        }
        let (kept, gone) = old.slots.iter().cloned().partition(|slot| new.slots.contains(slot));
        Ok(BudgetCounters::Some { begun, kept, gone })
    }

    /// The counter of a new limit. One of all time begins with nothing: of usage there are sums of a limited time.
    async fn begun(&self, rule: &UpperRule) -> Result<Period, StoreError> {
        let now = self.clock.now();
        if rule.measure.per() == Some(Per::Total) {
            return Ok(rule.begun(Amounts::default(), now));
        }
        let whose = match &rule.owner {
            Owner::Organisation => Whose::Everybody,
            Owner::Department(name) => Whose::Department(name),
        };
        let hours = UtcHour::of(rule.begins_at(now))..UtcHour::of(now).plus(1);
        let is_counted = |row: &Rollup, _: UtcHour| {
            let model = row.of.model.as_ref().map_or("", |model| model.as_str());
            rule.is_for(model).then_some(())
        };
        let sums = self.usage_sums(whose, &hours, is_counted).await?;
        let sums = sums.groups.get(&()).copied().unwrap_or_default();
        let amount = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let used = Amounts {
            requests: amount(sums.requests),
            tokens: amount(sums.tokens.total()),
            cost: amount(sums.cost.0),
        };
        Ok(rule.begun(used, now))
    }
}
