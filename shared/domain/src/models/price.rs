//! Prices and costs, without drift: integers inside, USD as a decimal number where people and programs read them.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::tokens::Tokens;

/// Decimals of a price and of an amount of money.
const DECIMALS: usize = 6;
const MILLION: u64 = 1_000_000;
/// USD per million tokens that no price exceeds.
const HIGHEST: u64 = 1_000_000_000;

/// What tokens cost: in millionths of a USD per million tokens, which is millionths of a micro-dollar a token.
/// Read and shown as USD per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(u64);

/// An amount of money in micro-dollars, and so stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MicroUsd(pub u64);

/// What one model's tokens cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    pub input: Price,
    /// For input that the backend had in its cache.
    pub cached_input: Price,
    /// For input that the backend has written to its cache.
    pub cache_write: Price,
    /// For input that the backend has written to its cache for an hour.
    pub cache_write_1h: Price,
    /// For all output, reasoning included.
    pub output: Price,
}

impl Prices {
    /// What `tokens` cost. Rounded up, once: what costs anything is never free, and two requests are never cheaper
    /// than one that is as large as both.
    pub fn cost(self, tokens: Tokens) -> MicroUsd {
        let cached = tokens.cached_input.min(tokens.input);
        let written = tokens.cache_write.min(tokens.input - cached);
        let written_1h = tokens.cache_write_1h.min(written);
        total([
            (tokens.input - cached - written, self.input),
            (cached, self.cached_input),
            (written - written_1h, self.cache_write),
            (written_1h, self.cache_write_1h),
            (tokens.output, self.output),
        ])
    }

    /// The most that so many tokens can cost, whatever part of the input is read from or written to a cache.
    pub fn highest_cost(self, input: u64, output: u64) -> MicroUsd {
        let dearest = self
            .input
            .max(self.cached_input)
            .max(self.cache_write)
            .max(self.cache_write_1h);
        total([(input, dearest), (output, self.output)])
    }
}

/// Rounded up.
fn total<const N: usize>(parts: [(u64, Price); N]) -> MicroUsd {
    let exact: u128 = parts
        .into_iter()
        .map(|(tokens, Price(price))| u128::from(tokens) * u128::from(price))
        .sum();
    MicroUsd(u64::try_from(exact.div_ceil(u128::from(MILLION))).unwrap_or(u64::MAX))
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

impl Price {
    /// USD for one token, as an exact decimal without trailing zeros.
    pub fn usd_per_token(self) -> String {
        const TOKENS: u64 = MILLION * MILLION;
        let decimals = 2 * DECIMALS;
        let text = format!("{}.{:0decimals$}", self.0 / TOKENS, self.0 % TOKENS);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn price(usd: f64) -> Price {
        serde_json::from_value(json!(usd)).unwrap()
    }

    fn prices(input: f64, cached_input: f64, output: f64) -> Prices {
        Prices {
            input: price(input),
            cached_input: price(cached_input),
            cache_write: price(input),
            cache_write_1h: price(input),
            output: price(output),
        }
    }

    fn tokens(input: u64, cached_input: u64, output: u64) -> Tokens {
        Tokens {
            input,
            cached_input,
            output,
            ..Tokens::default()
        }
    }

    #[test]
    fn ml1_a_tokens_price_is_an_exact_decimal() {
        for (per_million, per_token) in [
            (0.0, "0"),
            (0.2, "0.0000002"),
            (0.000_001, "0.000000000001"),
            (2.5, "0.0000025"),
            (1_000_000.0, "1"),
            (10_000_000.0, "10"),
        ] {
            assert_eq!(price(per_million).usd_per_token(), per_token);
        }
    }

    #[test]
    fn p43_cached_input_has_its_own_price_and_thinking_is_output() {
        let prices = prices(0.6, 0.11, 2.2);
        assert_eq!(prices.cost(tokens(1_000_000, 0, 0)), MicroUsd(600_000));
        assert_eq!(prices.cost(tokens(1_000_000, 1_000_000, 0)), MicroUsd(110_000));
        assert_eq!(prices.cost(tokens(1000, 400, 500)), MicroUsd(360 + 44 + 1100));
        assert_eq!(
            prices.cost(Tokens {
                reasoning: 500,
                ..tokens(0, 0, 500)
            }),
            MicroUsd(1100),
            "thinking is priced once"
        );
        assert_eq!(
            prices.cost(tokens(10, 20, 0)),
            prices.cost(tokens(10, 10, 0)),
            "no more can be cached than was sent"
        );
    }

    #[test]
    fn p43_cache_writes_have_prices_of_their_own() {
        let prices = Prices {
            cache_write: price(1.25),
            cache_write_1h: price(2.0),
            ..prices(1.0, 0.1, 5.0)
        };
        let written = |cache_write, cache_write_1h| Tokens {
            cache_write,
            cache_write_1h,
            ..tokens(1000, 400, 0)
        };
        assert_eq!(prices.cost(written(0, 0)), MicroUsd(600 + 40));
        assert_eq!(prices.cost(written(200, 0)), MicroUsd(400 + 40 + 250));
        assert_eq!(prices.cost(written(200, 100)), MicroUsd(400 + 40 + 125 + 200));
        assert_eq!(
            prices.cost(written(9000, 9000)),
            prices.cost(written(600, 600)),
            "no more can be written than was sent and not read"
        );
        assert_eq!(prices.highest_cost(1000, 10), MicroUsd(2000 + 50));
    }

    #[test]
    fn a_cost_is_rounded_up_once() {
        let cheap = prices(0.000_001, 0.0, 0.000_001);
        assert_eq!(cheap.cost(tokens(0, 0, 0)), MicroUsd(0));
        assert_eq!(cheap.cost(tokens(1, 0, 0)), MicroUsd(1));
        assert_eq!(cheap.cost(tokens(500_000, 0, 500_000)), MicroUsd(1));
        assert_eq!(cheap.cost(tokens(500_000, 0, 500_001)), MicroUsd(2));
        assert_eq!(
            prices(1e9, 1e9, 1e9).cost(tokens(u64::MAX, 0, u64::MAX)),
            MicroUsd(u64::MAX)
        );
    }

    #[test]
    fn p28_a_price_that_would_be_changed_is_refused() {
        for bad in [
            json!(-1),
            json!(-0.000_001),
            json!(0.000_000_1),
            json!(1e9 + 1.0),
            json!(1e300),
            json!("1"),
            json!(1.000_000_1),
        ] {
            assert!(serde_json::from_value::<Price>(bad.clone()).is_err(), "{bad}");
        }
        for good in [
            json!(0),
            json!(0.0),
            json!(-0.0),
            json!(3),
            json!(0.1),
            json!(1e9),
            json!(0.000_001),
        ] {
            let read: Price = serde_json::from_value(good.clone()).unwrap();
            assert_eq!(
                serde_json::to_value(read).unwrap().as_f64(),
                good.as_f64().map(f64::abs)
            );
        }
    }

    proptest! {
        #[test]
        fn every_price_is_read_back_as_it_was_written(units in 0..=HIGHEST * MILLION) {
            let text = serde_json::to_string(&Price(units)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Price>(&text).unwrap(), Price(units));
            prop_assert_eq!(MicroUsd::from_usd(MicroUsd(units).usd()), Some(MicroUsd(units)));
            prop_assert_eq!(MicroUsd(units).to_string().parse::<f64>().unwrap().to_bits(), MicroUsd(units).usd().to_bits());
        }

        #[test]
        fn more_tokens_never_cost_less_and_parts_never_less_than_the_whole(
            prices in any_prices(),
            one in any_tokens(),
            other in any_tokens(),
        ) {
            let mut both = one;
            both += other;
            let (parts, whole) = (prices.cost(one).saturating_add(prices.cost(other)), prices.cost(both));
            prop_assert!(whole >= prices.cost(one));
            prop_assert!(parts >= whole && parts.0 - whole.0 <= 1);
        }

        #[test]
        fn p43_no_cache_makes_a_request_cost_more_than_was_reserved_for_its_tokens(
            prices in any_prices(),
            tokens in any_tokens(),
        ) {
            prop_assert!(prices.cost(tokens) <= prices.highest_cost(tokens.input, tokens.output));
        }
    }

    fn any_prices() -> impl Strategy<Value = Prices> {
        prop::array::uniform5(0..=HIGHEST * MILLION).prop_map(|prices| {
            let [input, cached_input, cache_write, cache_write_1h, output] = prices.map(Price);
            Prices {
                input,
                cached_input,
                cache_write,
                cache_write_1h,
                output,
            }
        })
    }

    fn any_tokens() -> impl Strategy<Value = Tokens> {
        prop::array::uniform6(0..=Tokens::MOST).prop_map(
            |[input, cached_input, cache_write, cache_write_1h, output, reasoning]| {
                let tokens = Tokens {
                    input,
                    cached_input,
                    cache_write,
                    cache_write_1h,
                    output,
                    reasoning,
                };
                tokens.bounded()
            },
        )
    }
}
