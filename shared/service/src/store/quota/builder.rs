//! A change of an item and its condition, under construction.

use aws_sdk_dynamodb::types::AttributeValue;

use serde::Serialize;

use super::super::StoreError;
use super::super::expression::Expression;
use super::super::table::Table;

/// A change and its condition, under construction.
#[derive(Default)]
pub(super) struct Update {
    set: Vec<String>,
    remove: Vec<String>,
    expected: Vec<String>,
    placeholders: Expression,
}

/// The path of a counter, and the beginning of the placeholders of its names and values.
#[derive(Clone, Copy)]
pub(super) struct Counter<'a> {
    pub(super) path: &'a str,
    pub(super) tag: &'a str,
}

impl Counter<'static> {
    pub(super) const WINDOW: Self = Self::named("w");
    pub(super) const DAY: Self = Self::named("d");
    pub(super) const MONTH: Self = Self::named("m");

    const fn named(name: &'static str) -> Self {
        Self { path: name, tag: name }
    }
}

impl Update {
    pub(super) fn replace(&mut self, name: &str, known: AttributeValue, replaced: AttributeValue) {
        self.expect(format!("{name} = :{name}known"))
            .set(format!("{name} = :{name}"))
            .value(&format!(":{name}known"), known)
            .value(&format!(":{name}"), replaced);
    }

    pub(super) fn set(&mut self, text: impl Into<String>) -> &mut Self {
        self.set.push(text.into());
        self
    }

    pub(super) fn remove(&mut self, text: impl Into<String>) -> &mut Self {
        self.remove.push(text.into());
        self
    }

    pub(super) fn expect(&mut self, text: impl Into<String>) -> &mut Self {
        self.expected.push(text.into());
        self
    }

    pub(super) fn name(&mut self, placeholder: &str, name: &str) -> &mut Self {
        self.placeholders = std::mem::take(&mut self.placeholders).name(placeholder, name);
        self
    }

    pub(super) fn value(&mut self, placeholder: &str, value: AttributeValue) -> &mut Self {
        self.placeholders = std::mem::take(&mut self.placeholders).value(placeholder, value);
        self
    }

    pub(super) fn number(&mut self, placeholder: &str, number: impl ToString) -> &mut Self {
        self.value(placeholder, AttributeValue::N(number.to_string()))
    }

    pub(super) fn finish(self) -> (Expression, Expression) {
        let clause = |keyword: &str, parts: &[String]| {
            if parts.is_empty() {
                String::new()
            } else {
                format!("{keyword} {} ", parts.join(", "))
            }
        };
        let mut change = self.placeholders;
        change.text = clause("SET", &self.set) + &clause("REMOVE", &self.remove);
        (change, Expression::new(self.expected.join(" AND ")))
    }
}

/// A part of the item as it is stored.
pub(in crate::store) fn value(part: &impl Serialize) -> Result<AttributeValue, StoreError> {
    let corrupt = |source| StoreError::Corrupt {
        entity: Table::Quota.name(),
        source: Box::new(source),
    };
    serde_dynamo::to_attribute_value(part).map_err(corrupt)
}
