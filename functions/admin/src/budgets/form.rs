//! A budget as administrators write it.

use domain::models::DisplayName;
use domain::models::budget::{Budget, check_limits};
use domain::models::limit::{self, Limit};
use domain::models::policy::Mode;
use domain::models::zone::Zone;
use service::http::managed::constraint::list;
use service::http::{ApiError, Code};
use service::managed_object;

/// Budgets of departments. Looked at before the write, not with it: nothing hangs on the exact number.
const MAX_DEPARTMENTS: usize = 500;

managed_object! {
    // Also the creation form, which changes a budget without limits.
    Budget: DepartmentPatch {
        required name:     DisplayName;
        nullable mode:     Mode;
        nullable limits:   Vec<Limit>, list(check_limits);
        nullable timezone: Zone;
    }
}

managed_object! {
    Budget: OrganisationPatch {
        nullable mode:     Mode;
        nullable limits:   Vec<Limit>, list(check_limits);
        nullable timezone: Zone;
    }
}

impl DepartmentPatch {
    /// `old` with the changes.
    pub(crate) fn applied(&self, old: &Budget) -> Result<Budget, ApiError> {
        let mut budget = old.clone();
        self.apply(&mut budget)?;
        Ok(with_slots(budget, old))
    }
}

impl OrganisationPatch {
    /// `old` with the changes.
    pub(crate) fn applied(&self, old: &Budget) -> Result<Budget, ApiError> {
        let mut budget = old.clone();
        self.apply(&mut budget)?;
        Ok(with_slots(budget, old))
    }
}

fn with_slots(mut budget: Budget, old: &Budget) -> Budget {
    budget.slots = limit::slots(&budget.limits, (&old.limits, &old.slots));
    budget
}

/// Refuses that there are so many budgets of departments.
pub(crate) fn check_room(departments: usize) -> Result<(), ApiError> {
    if departments <= MAX_DEPARTMENTS {
        return Ok(());
    }
    let message = format!("there can be at most {MAX_DEPARTMENTS} budgets of departments");
    Err(ApiError::new(Code::Conflict, message))
}
