//! What `DynamoDB` takes, and that the largest of all that the store makes is within it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).

use domain::models::rollup::Rollup;
use domain::models::sums::Sums;
use domain::models::usage::UsageRecord;
use serde_json::json;

use super::expression::Expression;
use super::item::attributes;
use super::leases;
use super::table::Table;
use super::usage::{set_and_add, size};

/// Bytes of an expression.
const TEXT: usize = 4096;
/// Operators and functions of one.
const OPERATORS: usize = 300;
/// Bytes of a placeholder.
const PLACEHOLDER: usize = 255;
/// Bytes of an item.
pub(super) const ITEM: usize = 400 << 10;

/// The operators and functions of an expression. The `=` of `SET` is none: `SET a = :b + :c + :d` has two, the page
/// says.
pub(super) fn operators(text: &str) -> usize {
    let is_change = ["SET ", "REMOVE ", "ADD "].iter().any(|verb| text.starts_with(verb));
    let words = text.split([' ', ',', '(', ')']).filter(|word| match *word {
        "=" => !is_change,
        "AND" | "OR" | "NOT" | "IN" | "BETWEEN" | "<>" | "<" | "<=" | ">" | ">=" | "+" | "-" => true,
        _ => false,
    });
    let functions = [
        "attribute_exists(",
        "attribute_not_exists(",
        "if_not_exists(",
        "size(",
        "begins_with(",
        "contains(",
    ];
    words.count() + functions.iter().map(|name| text.matches(name).count()).sum::<usize>()
}

#[track_caller]
fn fits(expression: &Expression) {
    let (bytes, operators) = (expression.text.len(), operators(&expression.text));
    assert!(
        bytes <= TEXT && operators <= OPERATORS,
        "{bytes} bytes, {operators} operators: {}",
        expression.text
    );
    let mut placeholders = expression.names.iter().map(|(placeholder, _)| placeholder);
    assert!(placeholders.all(|placeholder| placeholder.len() <= PLACEHOLDER));
}

#[track_caller]
pub(super) fn both_fit((change, condition): &(Expression, Expression)) {
    fits(change);
    fits(condition);
}

#[test]
fn p46_every_lease_is_within_the_limits() {
    both_fit(&leases::of_most_dead());
}

#[test]
fn p20_every_row_of_sums_is_within_the_limits() {
    let id = "019aafd0c07b7f3cb1e5c1ed2ad1a1f5";
    let record: UsageRecord = serde_json::from_value(json!({
        "id": id, "request_id": id, "at": "2026-03-01T10:00:00Z", "user": id, "key": id, "department": "Research", "model": "m",
        "endpoint": "chat_completions", "client": "anthropic_sdk", "streamed": true, "backend": id, "status": 200,
        "outcome": "complete", "input_tokens": 1, "cached_input_tokens": 1, "cache_write_tokens": 1, "cache_write_1h_tokens": 1, "output_tokens": 1,
        "reasoning_tokens": 1, "estimated": true, "cost": 1, "duration_ms": 1, "first_byte_ms": 1
    }))
    .unwrap();
    let mut row = Rollup::from(&record);
    for hour in 8..12 {
        let mut sums = Sums::from(&record);
        (sums.errors, sums.estimated) = (1, 1);
        sums.speed.first_bytes = [1; 8];
        sums.refused.fill(1);
        row.hours.insert(hour, sums);
    }
    let counters = row
        .counters()
        .map(|(name, value)| (name, aws_sdk_dynamodb::types::AttributeValue::N(value.to_string())));
    fits(&set_and_add(attributes(Table::Usage, &row.of).unwrap(), counters));
}

#[test]
fn p46_ten_thousand_requests_at_one_backend_have_room_in_its_item() {
    let item = size(attributes(Table::Catalog, &leases::of(10_000)).unwrap());
    assert!(item <= ITEM, "{item} bytes");
}

#[test]
fn operators_are_counted_as_the_page_says() {
    assert_eq!(operators("SET a = :b + :c + :d"), 2);
    assert_eq!(
        operators("attribute_exists(r.#id) AND (attribute_not_exists(d.e) OR d.e > :now) AND w.l = :l"),
        7
    );
    assert_eq!(
        operators("SET w.q.p.#p = if_not_exists(w.q.p.#p, :zero) + :qadd REMOVE w.q.p.#q0, w.q.p.#q1"),
        2
    );
}
