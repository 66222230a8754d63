//! Lists of prices: what a request reserves, and what it costs.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::in_force::InForce;
use super::rates::{Rates, total};
use super::split::Split;
use super::*;
use crate::models::tokens::Tokens;

fn list(prices: &Value) -> Vec<PriceEntry> {
    serde_json::from_value(prices.clone()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The prices of one entry with these members.
fn entry(members: &Value) -> PriceEntry {
    let mut entry = members.clone();
    entry["from"] = json!("2026-01-01T00:00:00Z");
    serde_json::from_value(entry).unwrap()
}

fn cost(entry: &PriceEntry, tokens: Tokens, details: Details) -> u64 {
    InForce::Entry(entry).cost(tokens, &details).0
}

/// A million tokens of input and a thousand of output.
const TOKENS: Tokens = Tokens {
    input: 1_000_000,
    cached_input: 0,
    cache_write: 0,
    cache_write_1h: 0,
    output: 1000,
    reasoning: 0,
};

#[test]
fn b8_the_entry_in_force_at_admission_is_the_last_one_that_has_begun() {
    let prices = list(&json!([
        {"from": "2026-01-01T00:00:00Z", "input": 1, "output": 2},
        {"from": "2026-06-01T00:00:00Z", "input": 3, "output": 4},
    ]));
    assert!(check_prices(&prices).is_ok());
    for (moment, from) in [
        ("2025-12-31T23:59:59Z", None),
        ("2026-01-01T00:00:00Z", Some("2026-01-01T00:00:00Z")),
        ("2026-05-31T23:59:59Z", Some("2026-01-01T00:00:00Z")),
        ("2027-01-01T00:00:00Z", Some("2026-06-01T00:00:00Z")),
    ] {
        let found = InForce::entry(&prices, at(moment)).map(|entry| entry.from);
        assert_eq!(found, from.map(at), "{moment}");
    }
    let reversed: Vec<PriceEntry> = prices.into_iter().rev().collect();
    assert!(check_prices(&reversed).is_err());
}

#[test]
fn b8_each_kind_has_its_price_and_what_has_none_costs_what_its_kind_does() {
    let all = entry(&json!({
        "input": 1, "cached_input": 0.1, "cache_write_5m": 1.25, "cache_write_1h": 2, "output": 5, "reasoning": 6,
        "audio_input": 10, "audio_output": 20, "request": 0.01
    }));
    let tokens = Tokens {
        input: 1000,
        cached_input: 100,
        cache_write: 300,
        cache_write_1h: 100,
        output: 100,
        reasoning: 40,
    };
    let told = Details {
        cache_write_5m: 200,
        audio_input: 50,
        audio_output: 10,
        tells_reasoning: true,
        ..Details::default()
    };
    let input = 550 + 10 + 250 + 200 + 500;
    assert_eq!(cost(&all, tokens, told), input + 50 * 5 + 40 * 6 + 10 * 20 + 10_000);
    let plain = entry(&json!({"input": 1, "output": 5}));
    assert_eq!(cost(&plain, tokens, told), 1000 + 500);
}

#[test]
fn b8_what_is_not_told_apart_costs_its_dearest_kind() {
    let prices = entry(&json!({"input": 1, "cache_write_5m": 1.25, "cache_write_1h": 2, "output": 5, "reasoning": 6}));
    let written = Tokens {
        cache_write: 1_000_000,
        ..TOKENS
    };
    assert_eq!(cost(&prices, written, Details::default()), 2_000_000 + 6000);
    let told = Details {
        cache_write_5m: 1_000_000,
        tells_reasoning: true,
        ..Details::default()
    };
    assert_eq!(cost(&prices, written, told), 1_250_000 + 5000);
}

#[test]
fn b8_a_tier_and_a_long_prompt_have_prices_of_their_own() {
    let prices = entry(&json!({
        "input": 1, "output": 10,
        "above_input_tokens": {"200000": {"input": 2}, "900000": {"input": 3, "output": 20}},
        "tiers": {
            "priority": {"input": 4, "above_input_tokens": {"200000": {"input": 8}}},
            "flex": {"input": 0.5, "output": 5}
        }
    }));
    let of = |input, told_tier| {
        let tokens = Tokens { input, ..TOKENS };
        let details = Details {
            told_tier,
            tells_reasoning: true,
            ..Details::default()
        };
        cost(&prices, tokens, details)
    };
    assert_eq!(of(200_000, None), 200_000 + 10_000, "a step begins above its number");
    assert_eq!(of(200_001, None), 400_002 + 10_000);
    assert_eq!(of(1_000_000, None), 3_000_000 + 20_000);
    assert_eq!(of(100_000, Some(Tier::Priority)), 400_000 + 10_000);
    assert_eq!(of(300_000, Some(Tier::Priority)), 2_400_000 + 10_000);
    assert_eq!(of(100_000, Some(Tier::Flex)), 50_000 + 5000);
    assert_eq!(
        of(100_000, Some(Tier::Batch)),
        100_000 + 10_000,
        "without prices it costs what others do"
    );
    let reserved = |input, asked| InForce::Entry(&prices).highest_cost(input, 1000, asked).0;
    assert_eq!(reserved(100_000, None), 110_000);
    assert_eq!(reserved(100_000, Some(Tier::Priority)), 410_000);
    assert_eq!(reserved(300_000, Some(Tier::Priority)), 2_410_000);
}

#[test]
fn b8_a_cheaper_tier_counts_once_it_is_told() {
    let prices = entry(&json!({"input": 1, "output": 10, "tiers": {"flex": {"input": 0.5, "output": 5}}}));
    let asked = Details {
        asked_tier: Some(Tier::Flex),
        tells_reasoning: true,
        ..Details::default()
    };
    let small = Tokens {
        input: 100_000,
        ..TOKENS
    };
    assert_eq!(cost(&prices, small, asked), 110_000);
}

#[test]
fn b8_a_price_list_is_read_as_it_was_written_and_unknown_members_are_refused() {
    let written = json!([{
        "from": "2026-01-01T00:00:00Z", "tiers": {"flex": {"input": 0.5}},
        "above_input_tokens": {"200000": {"output": 2.0}}, "input": 1.0, "output": 0.000_001
    }]);
    assert_eq!(serde_json::to_value(list(&written)).unwrap(), written);
    let item: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(list(&written)).unwrap();
    let read: Vec<PriceEntry> = serde_dynamo::from_attribute_value(item).unwrap();
    assert_eq!(read, list(&written));
    for wrong in [
        json!({"input": 1}),
        json!({"from": "2026-01-01T00:00:00Z", "in": 1}),
        json!({"from": "2026-01-01T00:00:00Z", "input": 0.000_000_1}),
        json!({"from": "2026-01-01T00:00:00Z", "tiers": {"fast": {}}}),
        json!({"from": "2026-01-01T00:00:00Z", "above_input_tokens": {"0": {}}}),
        json!({"from": "2026-01-01T00:00:00Z", "above_input_tokens": {"-1": {}}}),
    ] {
        assert!(serde_json::from_value::<PriceEntry>(wrong.clone()).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn p83_b8_the_parts_of_a_cost_are_never_less_than_the_whole_nor_more_than_was_reserved(
        prices in prop::array::uniform9(prop::option::of(0_u64..=1_000_000_000)),
        step in prop::option::of((1_u64..2000, 0_u64..=1_000_000_000)),
        counts in prop::array::uniform6(0_u64..3000),
        parts in prop::array::uniform3(0_u64..3000),
        tells_reasoning in any::<bool>(),
        tiers in (0_usize..5, 0_usize..5),
    ) {
        let [input, cached_input, cache_write, cache_write_1h, output, reasoning] = counts;
        let tokens = Tokens { input, cached_input, cache_write, cache_write_1h, output, reasoning }.bounded();
        let [standard, priority] = [Tier::Standard, Tier::Priority].map(Some);
        let tier = |index: usize| [None, standard, priority, Some(Tier::Flex), Some(Tier::Batch)][index];
        let asked_tier = tier(tiers.0);
        // A vendor serves in the tier that was asked for, or in that of everybody.
        let told_tier = [asked_tier, Some(Tier::Standard), None][tiers.1 % 3];
        let [cache_write_5m, audio_input, audio_output] = parts;
        let details = Details { cache_write_5m, audio_input, audio_output, tells_reasoning, asked_tier, told_tier };
        let entry = some_entry(prices, step);
        let prices = InForce::Entry(&entry);

        let whole = prices.cost(tokens, &details);
        let rates: Rates = prices.rates(tokens, &details);
        let split = rates.parts(&Split::new(tokens, &details));
        prop_assert_eq!(split.iter().map(|(count, _)| count).sum::<u64>(), tokens.total() + 1_000_000);
        let parts: u64 = split.iter().map(|part| total([*part]).0).sum();
        prop_assert!(parts >= whole.0 && parts - whole.0 < split.len() as u64);
        prop_assert!(whole <= prices.highest_cost(tokens.input, tokens.output, asked_tier));
    }
}

#[expect(
    clippy::similar_names,
    reason = "the names of the two kinds of cache writes are the vendor's"
)]
fn some_entry(of: [Option<u64>; 9], step: Option<(u64, u64)>) -> PriceEntry {
    let [
        input,
        cached_input,
        cache_write_5m,
        cache_write_1h,
        output,
        reasoning,
        audio_input,
        audio_output,
        request,
    ] = of.map(|price| price.map(super::amount::Price));
    let priority = TierPrices {
        output: input,
        cache_write_1h: output,
        ..TierPrices::default()
    };
    let dearer = |(step, price)| {
        let set = PriceSet {
            input: Some(super::amount::Price(price)),
            ..PriceSet::default()
        };
        (Step(step), set)
    };
    PriceEntry {
        from: Timestamp::UNIX_EPOCH,
        tiers: Tiers {
            priority: Some(priority),
            ..Tiers::default()
        },
        above_input_tokens: step.map(dearer).into_iter().collect(),
        input,
        cached_input,
        cache_write_5m,
        cache_write_1h,
        output,
        reasoning,
        audio_input,
        audio_output,
        request,
    }
}
