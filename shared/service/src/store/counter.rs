//! Items that count other items, so that a condition can say how many there are.

use serde::{Deserialize, Serialize};

use super::expression::Expression;

/// The number of some other items.
#[derive(Serialize, Deserialize)]
pub(super) struct Count {
    pub(super) count: u64,
}

/// Adds `step` to a [`Count`].
pub(super) fn count_by(step: i64) -> Expression {
    Expression::new("ADD #count :step")
        .name("#count", "count")
        .number(":step", step)
}

/// The condition that a [`Count`] stands in this relation to `number`.
pub(super) fn count_is(relation: Relation, number: u64) -> Expression {
    let text = match relation {
        Relation::Equal => "#count = :number",
        Relation::MoreThan => "#count > :number",
    };
    Expression::new(text).name("#count", "count").number(":number", number)
}

/// How a [`Count`] compares to a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Relation {
    Equal,
    MoreThan,
}
