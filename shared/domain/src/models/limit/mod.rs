//! Limits as administrators write them for policies, and owners for their keys: `{what, per, amount, models}`.

mod measure;
mod slot;

use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Number;

use super::ModelGlob;
use super::catalog::glob_matches;
use super::price::MicroUsd;

pub use measure::{MAX_WINDOW_SECONDS, Measure, Per, Unit};
pub use slot::Slot;

/// The largest limit that is not of money (promise 47).
pub const MAX_LIMIT: u64 = 1_000_000_000_000;
/// The largest limit of cost: a thousand million dollars.
pub const MAX_COST: MicroUsd = MicroUsd(1_000_000_000_000_000);
/// Models and globs of one limit.
const MAX_MODELS: usize = 20;

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub measure: Measure,
    /// Requests or tokens; of cost, millionths of a dollar.
    pub amount: NonZeroU64,
    /// Ids of models and globs over them; empty is every model.
    pub models: Vec<ModelGlob>,
}

/// A limit in JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    per: Option<String>,
    /// USD of cost.
    amount: Number,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    models: Vec<ModelGlob>,
}

impl Limit {
    /// True if requests for the model `id` are counted.
    pub fn is_for(&self, id: &str) -> bool {
        is_among(&self.models, id)
    }

    /// True if both limit the same, whatever the amounts are.
    pub fn is_like(&self, other: &Self) -> bool {
        self.measure == other.measure && self.models == other.models
    }
}

/// True if the model `id` is one of `models`; all are, if there are none.
pub fn is_among(models: &[ModelGlob], id: &str) -> bool {
    models.is_empty() || models.iter().any(|glob| glob_matches(glob.as_str(), id))
}

/// The slots of `limits`: those that `old` limits have which limit the same, and new ones for the others.
pub fn slots(limits: &[Limit], (old, old_slots): (&[Limit], &[Slot])) -> Vec<Slot> {
    let kept = |limit: &Limit| old.iter().zip(old_slots).find(|(old, _)| old.is_like(limit));
    let slot = |limit| kept(limit).map_or_else(Slot::draw, |(_, slot)| slot.clone());
    limits.iter().map(slot).collect()
}

/// Refuses more limits than `most`, and two that limit the same.
pub fn check_list(limits: &[Limit], most: usize) -> Result<(), String> {
    if limits.len() > most {
        return Err(format!("may hold at most {most} limits"));
    }
    let mut rest = limits;
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|other| other.is_like(first)) {
            return Err(format!("`{}` is limited twice", first.measure));
        }
        rest = others;
    }
    Ok(())
}

/// An amount of `unit` as people write it.
pub fn read_amount(unit: Unit, written: &Number) -> Result<NonZeroU64, String> {
    let read = match unit {
        Unit::Cost => {
            let cost = written.as_f64().and_then(MicroUsd::from_usd).map(|cost| cost.0);
            cost.filter(|cost| *cost <= MAX_COST.0)
        }
        Unit::Requests | Unit::Tokens => written.as_u64().filter(|count| *count <= MAX_LIMIT),
    };
    read.and_then(NonZeroU64::new).ok_or_else(|| match unit {
        Unit::Cost => "must be USD, above 0 to 1000000000, with at most six decimals".to_owned(),
        Unit::Requests | Unit::Tokens => format!("must be a whole number, 1 to {MAX_LIMIT}"),
    })
}

fn written_amount(unit: Unit, amount: u64) -> Number {
    let whole = || Number::from(amount);
    match unit {
        Unit::Cost if amount.is_multiple_of(1_000_000) => Number::from(amount / 1_000_000),
        Unit::Cost => Number::from_f64(MicroUsd(amount).usd()).unwrap_or_else(whole),
        Unit::Requests | Unit::Tokens => whole(),
    }
}

impl TryFrom<Written> for Limit {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let named = |(field, message): (&str, &str)| format!("`{field}` {message}");
        let measure = Measure::of(&written.what, written.per.as_deref()).map_err(named)?;
        if written.models.len() > MAX_MODELS {
            return Err(format!("`models` may hold at most {MAX_MODELS} models"));
        }
        let amount = read_amount(measure.unit(), &written.amount);
        Ok(Self {
            measure,
            amount: amount.map_err(|message| format!("`amount` {message}"))?,
            models: written.models,
        })
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            what: self.measure.what().to_owned(),
            per: self.measure.per().map(|per| per.to_string()),
            amount: written_amount(self.measure.unit(), self.amount.get()),
            models: self.models.clone(),
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Written::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(limit: &Value) -> Result<Limit, String> {
        serde_json::from_value(limit.clone()).map_err(|error| error.to_string())
    }

    #[test]
    fn p88_a_limit_is_read_as_it_was_written() {
        for limit in [
            json!({"what": "cost", "per": "month", "amount": 500}),
            json!({"what": "cost", "per": "3600s", "amount": 0.25}),
            json!({"what": "cost", "per": "day", "amount": 5, "models": ["opus*"]}),
            json!({"what": "tokens", "per": "week", "amount": 20_000_000}),
            json!({"what": "requests", "per": "60s", "amount": 60}),
            json!({"what": "requests", "per": "total", "amount": MAX_LIMIT}),
            json!({"what": "concurrency", "amount": 4}),
        ] {
            let parsed = read(&limit).unwrap();
            assert_eq!(serde_json::to_value(&parsed).unwrap(), limit);
            let stored: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(&parsed).unwrap();
            assert_eq!(serde_dynamo::from_attribute_value::<_, Limit>(stored).unwrap(), parsed);
        }
    }

    #[test]
    fn p88_wrong_limits_say_what_is_wrong() {
        for (limit, member) in [
            (json!({"what": "words", "per": "day", "amount": 1}), "`what`"),
            (json!({"what": "cost", "per": "year", "amount": 1}), "`per`"),
            (json!({"what": "cost", "amount": 1}), "`per`"),
            (json!({"what": "cost", "per": "0s", "amount": 1}), "`per`"),
            (json!({"what": "cost", "per": "86401s", "amount": 1}), "`per`"),
            (json!({"what": "cost", "per": "+60s", "amount": 1}), "`per`"),
            (json!({"what": "concurrency", "per": "day", "amount": 1}), "`per`"),
            (json!({"what": "cost", "per": "day", "amount": 0}), "`amount`"),
            (json!({"what": "cost", "per": "day", "amount": 0.000_000_1}), "`amount`"),
            (json!({"what": "tokens", "per": "day", "amount": 1.5}), "`amount`"),
            (
                json!({"what": "tokens", "per": "day", "amount": 1, "model": "a"}),
                "`model`",
            ),
        ] {
            let message = read(&limit).unwrap_err();
            assert!(message.contains(member), "{limit}: {message}");
        }
    }

    #[test]
    fn p88_a_limit_keeps_its_slot_while_it_limits_the_same_and_gets_a_new_one_when_it_comes_back() {
        let limit = |per: &str, amount: u64| read(&json!({"what": "cost", "per": per, "amount": amount})).unwrap();
        let old = [limit("day", 1), limit("week", 1)];
        let first = slots(&old, (&[], &[]));
        let raised = [limit("week", 2)];
        let second = slots(&raised, (&old, &first));
        assert_eq!(second, first[1..]);
        let third = slots(&old, (&raised, &second));
        assert_eq!(third[1], first[1]);
        assert_ne!(third[0], first[0]);
    }
}
