//! Prices and amounts of money, without drift: integers inside, USD as a decimal number where people and programs read
//! them.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Decimals of a price and of an amount of money.
const DECIMALS: usize = 6;
pub(super) const MILLION: u64 = 1_000_000;
/// USD per million tokens that no price exceeds.
pub(super) const HIGHEST: u64 = 1_000_000_000;

/// A price of tokens: in millionths of a USD per million tokens, which is millionths of a micro-dollar a token.
/// Read and shown as USD per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub(super) u64);

/// An amount of money in micro-dollars, and so stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub u64);

impl Price {
    /// Millionths of a USD for a million, which is millionths of a micro-dollar for one.
    pub(super) fn millionths(self) -> u64 {
        self.0
    }

    /// USD for one token, as an exact decimal without trailing zeros.
    pub fn usd_per_token(self) -> String {
        const TOKENS: u64 = MILLION * MILLION;
        let decimals = 2 * DECIMALS;
        let text = format!("{}.{:0decimals$}", self.0 / TOKENS, self.0 % TOKENS);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl MicroUsd {
    /// The amount for people.
    #[expect(clippy::cast_precision_loss, reason = "exact up to nine billion dollars")]
    pub fn usd(self) -> f64 {
        self.0 as f64 / MILLION as f64
    }

    /// An amount of USD that has at most six decimals and is not below zero.
    pub fn from_usd(usd: f64) -> Option<Self> {
        millionths(usd).map(Self)
    }

    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for MicroUsd {
    fn add_assign(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }
}

impl Sum for MicroUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::saturating_add)
    }
}

/// USD, with all six decimals.
impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / MILLION, self.0 % MILLION)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        MicroUsd(self.0).usd().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let price = millionths(f64::deserialize(deserializer)?).filter(|price| *price <= HIGHEST * MILLION);
        price.map(Self).ok_or_else(|| {
            de::Error::custom(format_args!(
                "must be USD per million tokens, 0 to {HIGHEST}, with at most {DECIMALS} decimals"
            ))
        })
    }
}

/// `number` times a million, if that is an integer. The decimal that a person wrote is the shortest that means the
/// same `f64`, and the one that is printed; its digits are read, so that nothing is rounded on the way.
fn millionths(number: f64) -> Option<u64> {
    let text = (number + 0.0).to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    if fraction.len() > DECIMALS {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(MILLION)?.checked_add(fraction)
}
