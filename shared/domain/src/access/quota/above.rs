//! The limits above a user, as one request meets them: those of its user's department and of the organisation.

use super::name::LimitName;
use super::owner::Owner;
use crate::models::DisplayName;
use crate::models::budget::{Budget, Budgets};
use crate::models::limit::{Limit, Measure, Slot};
use crate::models::policy::Mode;
use crate::models::zone::Zone;

/// The limits above one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above {
    /// The account right above the user.
    pub parent: Owner,
    pub rules: Vec<UpperRule>,
}

/// One limit of an account above users. How much it allows is in that account's meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpperRule {
    pub owner: Owner,
    pub slot: Slot,
    pub name: LimitName,
    pub measure: Measure,
    /// The time zone by whose clock its window begins.
    pub zone: Zone,
    /// False in shadow mode: it is counted, and refuses nothing.
    pub is_enforced: bool,
}

impl Default for Above {
    fn default() -> Self {
        Self {
            parent: Owner::Organisation,
            rules: Vec::new(),
        }
    }
}

impl Above {
    /// The limits above a user of `department` for requests to the model `id`.
    pub fn of(budgets: &Budgets, department: Option<&DisplayName>, id: &str) -> Self {
        let department = department.and_then(|name| budgets.department(name));
        let levels = department.into_iter().chain([&budgets.organisation]);
        Self {
            parent: department.map_or(Owner::Organisation, Owner::of),
            rules: levels.flat_map(|budget| UpperRule::all(budget, id)).collect(),
        }
    }
}

impl UpperRule {
    /// Those of `budget` for the model `id`.
    fn all<'a>(budget: &'a Budget, id: &'a str) -> impl Iterator<Item = Self> + 'a {
        let slotted = budget.limits.iter().zip(&budget.slots);
        let concerned = slotted.filter(move |(limit, _)| limit.is_for(id));
        concerned.map(|(limit, slot)| Self::new(budget, limit, slot))
    }

    pub fn new(budget: &Budget, limit: &Limit, slot: &Slot) -> Self {
        Self {
            owner: Owner::of(budget),
            slot: slot.clone(),
            // No field of a policy says it.
            name: LimitName::Listed(limit.measure, limit.models.clone()),
            measure: limit.measure,
            zone: budget.timezone.clone(),
            is_enforced: budget.mode == Mode::Enforce,
        }
    }
}
