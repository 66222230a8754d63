//! Conditions and changes in `DynamoDB`'s expression language.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::table::PK;

/// A condition or change in `DynamoDB`'s expression language, with its names (`#…`) and values (`:…`).
#[derive(Clone, Debug, Default)]
pub(super) struct Expression {
    pub(super) text: String,
    pub(super) names: Vec<(String, String)>,
    pub(super) values: Vec<(String, AttributeValue)>,
}

impl Expression {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(super) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.push((placeholder.to_owned(), name.to_owned()));
        self
    }

    pub(super) fn text(self, placeholder: &str, value: impl Into<String>) -> Self {
        self.value(placeholder, AttributeValue::S(value.into()))
    }

    pub(super) fn number(self, placeholder: &str, value: impl ToString) -> Self {
        self.value(placeholder, AttributeValue::N(value.to_string()))
    }

    pub(super) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.push((placeholder.to_owned(), value));
        self
    }

    /// For writes that overwrite whatever is there.
    pub(super) fn always() -> Self {
        Self::new(format!("attribute_exists({PK}) OR attribute_not_exists({PK})"))
    }

    /// The names by their placeholders; `None` for none, since the database refuses an empty map.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.iter().cloned().collect())
    }

    /// The values by their placeholders, likewise.
    pub(super) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.iter().cloned().collect())
    }

    pub(super) fn with_placeholders_of(mut self, other: Self) -> Self {
        self.names.extend(other.names);
        self.values.extend(other.values);
        self
    }

    pub(super) fn absent() -> Self {
        Self::new(format!("attribute_not_exists({PK})"))
    }

    pub(super) fn present() -> Self {
        Self::new(format!("attribute_exists({PK})"))
    }

    pub(super) fn at_version(version: u64) -> Self {
        Self::new("#version = :expected")
            .name("#version", "version")
            .number(":expected", version)
    }
}
