//! The budget of an account above users: a department, or the whole organisation (api.md §5, "Budget").

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::DisplayName;
use super::limit::{Limit, Slot, check_list};
use super::policy::Mode;
use super::zone::Zone;

/// Limits of one budget.
const MAX_LIMITS: usize = 8;

/// The limits of a department or of the organisation, which hold for all of its people together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The department; absent of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// The name of the counter of each of `limits`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    /// The time zone by whose clock days, weeks and months begin.
    #[serde(default)]
    pub timezone: Zone,
    /// Absent of one that nobody has stored yet.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    pub version: u64,
}

impl Budget {
    /// The budget of a department that nobody has stored yet: it limits nothing.
    pub fn unlimited(department: DisplayName) -> Self {
        Self {
            name: Some(department),
            ..Self::default()
        }
    }
}

/// All budgets of an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    pub organisation: Budget,
    /// In the order of their names.
    pub departments: Vec<Budget>,
}

impl Budgets {
    pub fn department(&self, name: &DisplayName) -> Option<&Budget> {
        let named = |budget: &&Budget| budget.name.as_ref() == Some(name);
        self.departments.iter().find(named)
    }
}

/// Refuses limits that a budget cannot have: only of spans of a day or longer can parts be lent to users.
pub fn check_limits(limits: &[Limit]) -> Result<(), String> {
    check_list(limits, MAX_LIMITS)?;
    match limits.iter().find(|limit| !limit.measure.is_budget()) {
        Some(limit) => Err(format!(
            "`{}` is a limit of users and keys alone; here it must be of a day, week, month or total",
            limit.measure
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn limits(list: &Value) -> Vec<Limit> {
        serde_json::from_value(list.clone()).unwrap()
    }

    #[test]
    fn p112_a_budget_has_limits_of_a_day_or_longer() {
        let span = |per: &str| limits(&json!([{"what": "cost", "per": per, "amount": 1}]));
        for per in ["day", "week", "month", "total"] {
            assert_eq!(check_limits(&span(per)), Ok(()), "{per}");
        }
        let rate = check_limits(&span("60s")).unwrap_err();
        assert!(rate.contains("cost/60s"), "{rate}");
        assert!(check_limits(&limits(&json!([{"what": "concurrency", "amount": 1}]))).is_err());
        let many: Vec<Value> = (0..9)
            .map(|number| json!({"what": "cost", "per": "day", "amount": 1, "models": [format!("m{number}")]}))
            .collect();
        assert!(check_limits(&limits(&many.into())).is_err());
    }
}
