//! Which limits of a meter have come to a percent that somebody wants to know of, and of which nobody was warned yet.

use jiff::Timestamp;

use super::amounts::{Amounts, amount};
use super::counters::{Count, Counters, Until};
use super::judgement::LimitUsage;
use super::limits::{Level, Limits, Place, Rule};
use super::meter::Meter;
use super::warned::{LastWarning, Warned};
use crate::models::notify::Percents;

/// A limit that has come to a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub usage: LimitUsage,
    /// The limit's place in the meter: `cost/month` of a counter that limits share, else its slot.
    pub place: String,
    pub last: LastWarning,
}

impl Warning {
    /// The name that tells it from all others of the user: the limit in one period, at one amount and percent.
    pub fn name(&self) -> String {
        let Self { place, last, .. } = self;
        format!("{place}#{}#{}#{}", last.period, last.amount, last.percent)
    }
}

/// The limits of a day or longer that are used and reserved to a percent `at` which nobody was warned of in this
/// period. Of several percents at once the highest is told.
pub fn warnings(meter: &Meter, limits: &Limits, at: &Percents, now: Timestamp) -> Vec<Warning> {
    let counters = Counters::at(now.into(), meter, limits, Amounts::default());
    let budgets = counters.counts().filter(|count| count.rule.measure.is_budget());
    let reached = budgets.filter_map(|count| count.warning(at, now));
    reached.filter(|warning| is_new(meter, warning)).collect()
}

fn is_new(meter: &Meter, Warning { place, last, .. }: &Warning) -> bool {
    let known = meter.warned.as_ref().and_then(|warned| warned.get(place));
    known.is_none_or(|known| (known.period, known.amount) != (last.period, last.amount) || known.percent < last.percent)
}

/// What is remembered after `warnings`: those of periods that are over are forgotten.
pub fn warned(meter: &Meter, warnings: &[Warning], now: Timestamp) -> Warned {
    let mut warned = meter.warned.clone().unwrap_or_default();
    warned.retain(|_, last| last.ends.is_none_or(|ends| ends > now.as_second()));
    warned.extend(warnings.iter().map(|warning| (warning.place.clone(), warning.last)));
    warned
}

impl Count<'_> {
    fn warning(&self, at: &Percents, now: Timestamp) -> Option<Warning> {
        let Until::Ends { at: ends, number } = self.until else {
            return None;
        };
        let usage = self.usage(now);
        let percent = at.reached(usage.used, usage.value)?;
        let last = LastWarning {
            period: number,
            amount: amount(usage.value),
            percent,
            ends: Some(ends)
                .filter(|ends| *ends < Timestamp::MAX)
                .map(Timestamp::as_second),
        };
        Some(Warning {
            place: place(self.rule),
            usage,
            last,
        })
    }
}

/// The limit's place in the meter, which no other limit of the user has at the same time.
fn place(rule: &Rule) -> String {
    match &rule.place {
        Place::Slot(Level::User, slot) => format!("x.{}", slot.as_str()),
        Place::Slot(Level::Key, slot) => format!("y.{}", slot.as_str()),
        Place::Day | Place::Month | Place::Window | Place::Live => rule.measure.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::quota::period::Period;
    use crate::models::PolicyName;
    use crate::models::policy::Policy;
    use crate::models::price::MicroUsd;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A meter that has used so much of the month's 1000.
    fn meter(cost: i64) -> Meter {
        Meter {
            month: Period {
                number: 202_611,
                cost,
                ..Period::default()
            },
            ..Meter::default()
        }
    }

    fn limits(cost: u64) -> Limits {
        let mut policy = Policy::unlimited(PolicyName::default());
        policy.cost_quota_monthly = Some(MicroUsd(cost));
        policy.rate_limit = std::num::NonZeroU64::new(1);
        Limits::from(&policy)
    }

    fn percents(meter: &Meter, limits: &Limits, now: Timestamp) -> Vec<u64> {
        let warnings = warnings(meter, limits, &Percents::default(), now);
        warnings.iter().map(|warning| warning.last.percent).collect()
    }

    #[test]
    fn p96_a_percent_that_the_meter_remembers_is_not_told_again() {
        let (now, limit) = (at("2026-11-27T10:00:00Z"), limits(1000));
        assert!(percents(&meter(499), &limit, now).is_empty());
        let mut half = meter(500);
        let first = warnings(&half, &limit, &Percents::default(), now);
        assert_eq!(
            (first.len(), first[0].place.as_str(), first[0].last.percent),
            (1, "cost/month", 50)
        );
        half.warned = Some(warned(&half, &first, now));
        assert!(percents(&half, &limit, now).is_empty());
        half.month.cost = 950;
        assert_eq!(percents(&half, &limit, now), [90], "of two the higher one");
        assert_eq!(
            percents(&half, &limits(1900), now),
            [50],
            "another amount is another limit"
        );
    }

    #[test]
    fn p96_what_is_remembered_goes_with_its_period() {
        let (now, limit) = (at("2026-11-27T10:00:00Z"), limits(1000));
        let mut full = meter(1000);
        full.warned = Some(warned(&full, &warnings(&full, &limit, &Percents::default(), now), now));
        assert_eq!(full.warned.as_ref().map(Warned::len), Some(1));
        let later = at("2026-12-01T00:00:00Z");
        assert!(percents(&full, &limit, later).is_empty(), "nothing is used of December");
        assert!(warned(&full, &[], later).is_empty());
    }
}
