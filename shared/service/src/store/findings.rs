//! Findings of policies in shadow mode: what they would have refused, read by policy and UTC day.

use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::keys;
use super::usage_reads::{Partition, day_behind};
use super::{Store, StoreError};
use domain::models::PolicyName;
use domain::models::shadow::Finding;

impl Store {
    /// The findings of a policy on these days.
    pub async fn findings(&self, policy: &PolicyName, days: &RangeInclusive<Date>) -> Result<Vec<Finding>, StoreError> {
        let (first, last) = (days.start().to_string(), day_behind(*days.end()));
        let select = Partition::of_table(keys::findings_of(policy)).between(&first, &last);
        let mut findings = Vec::new();
        self.each(&select, |finding: Finding| findings.push(finding)).await?;
        Ok(findings)
    }
}
