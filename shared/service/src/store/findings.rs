//! What policies in shadow mode would have refused, read by policy and UTC day.

use std::ops::RangeInclusive;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::expression::Expression;
use super::item::{Select, from_item};
use super::keys;
use super::table::{PK, SK, Table};
use super::{Store, StoreError};
use domain::models::PolicyName;
use domain::models::shadow::Finding;

impl Store {
    /// The findings of a policy on these days.
    pub async fn findings(&self, policy: &PolicyName, days: &RangeInclusive<Date>) -> Result<Vec<Finding>, StoreError> {
        let behind = days.end().checked_add(1.day()).unwrap_or(Date::MAX).to_string();
        let (mut findings, mut start) = (Vec::new(), None);
        loop {
            let expected = Expression::new("#pk = :pk AND #sk BETWEEN :first AND :last")
                .name("#pk", PK)
                .name("#sk", SK)
                .text(":pk", keys::findings_of(policy))
                .text(":first", days.start().to_string())
                .text(":last", &behind);
            let select = Select {
                table: Table::Usage,
                index: None,
                expected,
                newest_first: false,
                limit: None,
            };
            let page = self.select(select, start).await?;
            let items = page.items.unwrap_or_default();
            for item in items.into_iter().filter(|item| self.is_live(item)) {
                findings.push(from_item(Table::Usage, item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(findings);
            }
        }
    }
}
