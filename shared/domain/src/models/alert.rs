//! Alerts: each tells that a limit has come to one of the percents that somebody wants to know of.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::limit::{Measure, Unit};
use super::price::MicroUsd;
use super::{DisplayName, Email, KeyId, PolicyName, UserId};

/// The time within which an alert is delivered or given up.
pub const TRIED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// One alert as it is stored: the facts of its moment, and what became of its delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The same in every delivery of it.
    pub id: String,
    pub at: Timestamp,
    pub user: UserId,
    pub user_name: DisplayName,
    pub user_email: Email,
    #[serde(default)]
    pub department: Option<DisplayName>,
    /// The key whose own limit it is; absent for a limit of the policy.
    #[serde(default)]
    pub key: Option<AlertedKey>,
    pub policy: PolicyName,
    /// True if the limit refuses: not in shadow mode.
    pub is_enforced: bool,
    /// The limit in the words of budgets: `cost/month`.
    pub limit: String,
    pub percent: u64,
    /// Requests, tokens, or millionths of a dollar.
    pub amount: u64,
    /// Settled and reserved.
    pub used: u64,
    /// The part of `used` that requests under way may give back.
    pub reserved: u64,
    /// Absent for a limit of all time.
    #[serde(default)]
    pub resets_at: Option<Timestamp>,
    /// The tries so far.
    #[serde(default)]
    pub attempts: u32,
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
    /// Why the last try has failed.
    #[serde(default)]
    pub failure: Option<String>,
}

/// A key as an alert names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertedKey {
    pub id: KeyId,
    pub name: DisplayName,
    pub prefix: String,
}

impl Alert {
    /// The alert as administrators and webhooks see it, cost in USD.
    pub fn shown(&self) -> Value {
        let amount = |amount| match self.unit() {
            Unit::Cost => json!(MicroUsd(amount).usd()),
            Unit::Requests | Unit::Tokens => json!(amount),
        };
        json!({
            "id": self.id, "at": self.at, "level": if self.key.is_some() { "key" } else { "user" },
            "limit": self.limit, "percent": self.percent, "amount": amount(self.amount), "used": amount(self.used),
            "reserved": amount(self.reserved), "resets_at": self.resets_at,
            "mode": if self.is_enforced { "enforce" } else { "shadow" }, "policy": self.policy,
            "user": {
                "id": self.user, "name": self.user_name, "email": self.user_email, "department": self.department,
            },
            "key": self.key,
        })
    }

    /// What is used and what there is, as people read it, and the unit.
    pub fn amounts(&self) -> (String, String, &'static str) {
        let [used, amount] = [self.used, self.amount];
        match self.unit() {
            Unit::Cost => (
                MicroUsd(used).usd().to_string(),
                MicroUsd(amount).usd().to_string(),
                "USD",
            ),
            Unit::Tokens => (used.to_string(), amount.to_string(), "tokens"),
            Unit::Requests => (used.to_string(), amount.to_string(), "requests"),
        }
    }

    fn unit(&self) -> Unit {
        let of_models = || Measure::parse(self.limit.rsplit_once('/')?.0);
        let measure = Measure::parse(&self.limit).or_else(of_models);
        measure.map_or(Unit::Requests, Measure::unit)
    }

    /// The time of the try after one that begins at `now`: pauses grow from half a minute to an hour.
    pub fn next_try(&self, now: Timestamp) -> Timestamp {
        let factor = 1_i32.checked_shl(self.attempts.min(16)).unwrap_or(i32::MAX);
        let pause = FIRST_PAUSE.checked_mul(factor).unwrap_or(LONGEST_PAUSE);
        now.saturating_add(pause.min(LONGEST_PAUSE)).unwrap_or(Timestamp::MAX)
    }

    /// True if it is not tried any more.
    pub fn is_given_up(&self, now: Timestamp) -> bool {
        now >= self.at.saturating_add(TRIED_FOR).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(any(test, feature = "fixtures"))]
impl Alert {
    /// Ann has come to 80 % of five dollars a month.
    #[expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "the texts are constants")]
    pub fn fixture() -> Self {
        Self {
            id: "alert_1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            user: UserId::parse("u").unwrap(),
            user_name: DisplayName::parse("Ann").unwrap(),
            user_email: Email::parse("ann@example.com").unwrap(),
            department: None,
            key: None,
            policy: PolicyName::default(),
            is_enforced: true,
            limit: "cost/month".to_owned(),
            percent: 80,
            amount: 5_000_000,
            used: 4_010_000,
            reserved: 0,
            resets_at: "2026-12-01T00:00:00Z".parse().ok(),
            attempts: 0,
            sent_at: None,
            failure: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(attempts: u32) -> Alert {
        Alert {
            attempts,
            ..Alert::fixture()
        }
    }

    #[test]
    fn p97_pauses_grow_to_an_hour_and_end_after_a_day() {
        let pause = |attempts| alert(attempts).next_try(Timestamp::UNIX_EPOCH).as_second();
        assert_eq!([0, 1, 2, 6, 7, 40].map(pause), [30, 60, 120, 1920, 3600, 3600]);
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(!alert(0).is_given_up(at(24 * 3600 - 1)));
        assert!(alert(0).is_given_up(at(24 * 3600)));
    }
}
