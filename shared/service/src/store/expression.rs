//! Conditions and changes in `DynamoDB`'s expression language.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use super::table::PK;

type Attributes = HashMap<String, AttributeValue>;

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

    /// These attributes as a projection. Placeholders, since some names are words of the expression language.
    pub(super) fn projection(attributes: &[&str]) -> Self {
        let numbered = || (0..).zip(attributes);
        let placeholders: Vec<String> = numbered().map(|(number, _)| format!("#{number}")).collect();
        let projection = Self::new(placeholders.join(","));
        numbered().fold(projection, |projection, (number, name)| {
            projection.name(&format!("#{number}"), name)
        })
    }

    /// The change that makes `after` of the attributes `before`; what neither has stays as it is.
    pub(super) fn change(before: &Attributes, after: &Attributes) -> Self {
        let changed: BTreeMap<_, _> = after
            .iter()
            .filter(|(name, value)| before.get(*name) != Some(*value))
            .collect();
        let removed: BTreeSet<_> = before.keys().filter(|name| !after.contains_key(*name)).collect();
        let (mut change, mut set, mut remove) = (Self::default(), Vec::new(), Vec::new());
        for (number, (name, value)) in (0..).zip(changed) {
            set.push(format!("#set{number} = :set{number}"));
            change = change
                .name(&format!("#set{number}"), name)
                .value(&format!(":set{number}"), value.clone());
        }
        for (number, name) in (0..).zip(removed) {
            remove.push(format!("#remove{number}"));
            change = change.name(&format!("#remove{number}"), name);
        }
        let clauses = [("SET", set), ("REMOVE", remove)]
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty());
        change.text = clauses
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect::<Vec<_>>()
            .join(" ");
        change
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

#[cfg(test)]
mod tests {
    use super::*;

    fn item(attributes: &[(&str, &str)]) -> Attributes {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), AttributeValue::S((*value).to_owned()));
        attributes.iter().map(text).collect()
    }

    #[test]
    fn p75_a_change_writes_what_differs_and_leaves_what_was_not_read() {
        let before = item(&[("name", "A"), ("role", "user"), ("department", "sales"), ("note", "n")]);
        let change = Expression::change(&before, &item(&[("name", "B"), ("role", "user"), ("hash", "h")]));
        assert_eq!(
            change.text,
            "SET #set0 = :set0, #set1 = :set1 REMOVE #remove0, #remove1"
        );
        let names = change.names().unwrap();
        assert_eq!([&names["#set0"], &names["#set1"]], ["hash", "name"]);
        assert_eq!([&names["#remove0"], &names["#remove1"]], ["department", "note"]);
        assert_eq!(change.values().unwrap()[":set1"], AttributeValue::S("B".to_owned()));
        assert_eq!(Expression::change(&before, &before).text, "");
    }
}
