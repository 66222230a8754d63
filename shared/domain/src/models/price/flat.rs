//! The single prices of a model that has no list of prices.

use super::amount::Price;
use super::rates::Rates;

/// Prices of the tokens of a model that has no list, each in force at any time and in any tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    pub input: Price,
    /// The price of input that the backend had in its cache.
    pub cached_input: Price,
    /// The price of input that the backend has written to its cache.
    pub cache_write: Price,
    /// The price of input that the backend has written to its cache for an hour.
    pub cache_write_1h: Price,
    /// The price of all output, reasoning included.
    pub output: Price,
}

impl Prices {
    /// The rates of these prices. Cache writes of which it is not told how long they last cost what those of five
    /// minutes do.
    pub(super) fn rates(self) -> Rates {
        Rates {
            input: self.input,
            cached_input: self.cached_input,
            cache_write_5m: self.cache_write,
            cache_write_1h: self.cache_write_1h,
            cache_write_untold: self.cache_write,
            audio_input: self.input,
            output: self.output,
            reasoning: self.output,
            audio_output: self.output,
            ..Rates::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::amount::{HIGHEST, MILLION};
    use super::super::{Details, InForce, MicroUsd};
    use super::*;
    use crate::models::tokens::Tokens;

    fn cost(prices: Prices, tokens: Tokens) -> MicroUsd {
        InForce::Flat(prices).cost(tokens, &Details::default())
    }

    fn highest_cost(prices: Prices, input: u64, output: u64) -> MicroUsd {
        InForce::Flat(prices).highest_cost(input, output, None)
    }

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
        assert_eq!(cost(prices, tokens(1_000_000, 0, 0)), MicroUsd(600_000));
        assert_eq!(cost(prices, tokens(1_000_000, 1_000_000, 0)), MicroUsd(110_000));
        assert_eq!(cost(prices, tokens(1000, 400, 500)), MicroUsd(360 + 44 + 1100));
        assert_eq!(
            cost(
                prices,
                Tokens {
                    reasoning: 500,
                    ..tokens(0, 0, 500)
                }
            ),
            MicroUsd(1100),
            "thinking is priced once"
        );
        assert_eq!(
            cost(prices, tokens(10, 20, 0)),
            cost(prices, tokens(10, 10, 0)),
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
        assert_eq!(cost(prices, written(0, 0)), MicroUsd(600 + 40));
        assert_eq!(cost(prices, written(200, 0)), MicroUsd(400 + 40 + 250));
        assert_eq!(cost(prices, written(200, 100)), MicroUsd(400 + 40 + 125 + 200));
        assert_eq!(
            cost(prices, written(9000, 9000)),
            cost(prices, written(600, 600)),
            "no more can be written than was sent and not read"
        );
        assert_eq!(highest_cost(prices, 1000, 10), MicroUsd(2000 + 50));
    }

    #[test]
    fn a_cost_is_rounded_up_once() {
        let cheap = prices(0.000_001, 0.0, 0.000_001);
        assert_eq!(cost(cheap, tokens(0, 0, 0)), MicroUsd(0));
        assert_eq!(cost(cheap, tokens(1, 0, 0)), MicroUsd(1));
        assert_eq!(cost(cheap, tokens(500_000, 0, 500_000)), MicroUsd(1));
        assert_eq!(cost(cheap, tokens(500_000, 0, 500_001)), MicroUsd(2));
        assert_eq!(
            cost(prices(1e9, 1e9, 1e9), tokens(u64::MAX, 0, u64::MAX)),
            MicroUsd(2 * Tokens::MOST * HIGHEST),
            "no exchange has more of a kind"
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
            let (parts, whole) = (cost(prices, one).saturating_add(cost(prices, other)), cost(prices, both));
            prop_assert!(whole >= cost(prices, one));
            prop_assert!(parts >= whole && parts.0 - whole.0 <= 1);
        }

        #[test]
        fn p43_no_cache_makes_a_request_cost_more_than_was_reserved_for_its_tokens(
            prices in any_prices(),
            tokens in any_tokens(),
        ) {
            prop_assert!(cost(prices, tokens) <= highest_cost(prices, tokens.input, tokens.output));
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

    /// Tokens of one of two exchanges that could be one.
    fn any_tokens() -> impl Strategy<Value = Tokens> {
        prop::array::uniform6(0..=Tokens::MOST / 2).prop_map(
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
