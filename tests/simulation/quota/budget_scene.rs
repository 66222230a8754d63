//! Departments and limits of budgets, and an empty installation for them.

use domain::models::limit::Limit;
use domain::models::{DisplayName, UserId};
use dynoxide::Database;
use serde_json::json;

use crate::contents;
use crate::dice::Dice;

const DEPARTMENTS: [&str; 2] = ["A", "B"];

pub(super) fn department(dice: &mut Dice) -> Option<DisplayName> {
    dice.pick(&[Some("A"), Some("A"), Some("B"), None])
        .map(|name| DisplayName::parse(name).unwrap())
}

/// One or two limits, each small enough to be reached.
pub(super) fn limits(dice: &mut Dice) -> Vec<Limit> {
    let limit = |dice: &mut Dice| -> Limit {
        let per = dice.pick(&["day", "month", "week", "total"]);
        let models = dice.pick(&[json!([]), json!([]), json!(["opus*"])]);
        let limit = match dice.below(3) {
            0 => json!({"what": "requests", "per": per, "amount": dice.between(1, 8), "models": models}),
            1 => json!({"what": "tokens", "per": per, "amount": dice.between(100, 900), "models": models}),
            _ => {
                json!({"what": "cost", "per": per, "amount": format!("0.{:06}", dice.between(200, 1800)).parse::<f64>().unwrap(), "models": models})
            }
        };
        serde_json::from_value(limit).unwrap()
    };
    let mut limits: Vec<Limit> = (0..dice.between(1, 2)).map(|_| limit(dice)).collect();
    if limits.len() == 2 && limits[0].is_like(&limits[1]) {
        limits.pop();
    }
    limits
}

/// Takes away what other runs have left.
pub(super) fn forget(database: &Database, users: &[UserId]) {
    contents::clear(database, "policies", "budgets");
    contents::clear(database, "quota", "org");
    for name in DEPARTMENTS {
        contents::clear(database, "quota", &format!("dept#{name}"));
    }
    for user in users {
        contents::clear(database, "quota", &format!("user#{user}"));
        contents::clear(database, "usage", &format!("log#{user}"));
        contents::clear(database, "usage", &format!("rollup#{user}"));
    }
}
