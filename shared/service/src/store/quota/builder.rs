//! A change of an item and its condition, under construction.

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::expression::Expression;

/// A change and its condition, under construction.
#[derive(Default)]
pub(super) struct Update {
    set: Vec<String>,
    remove: Vec<String>,
    expected: Vec<String>,
    placeholders: Expression,
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
