//! Several writes that happen together or not at all, each with what it expects.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};
use serde::Serialize;

use super::item::to_item;
use super::keys::Key;
use super::table::PK;
use super::{Store, StoreError};

/// How often a transaction that met another one is tried in all (promise 55).
pub(super) const TRIES: u32 = 5;

/// How a transaction ended that reached the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    Done,
    /// Nothing was written: the writes at these places, counted from 0, found other than they expected.
    Refused(Vec<usize>),
}

impl Commit {
    /// Whether the write at `place` is why nothing was written.
    pub(super) fn refused_at(&self, place: usize) -> bool {
        matches!(self, Self::Refused(places) if places.contains(&place))
    }
}

/// A transaction under construction. At most 100 writes, of different items.
pub(super) struct Transaction<'a> {
    store: &'a Store,
    writes: Vec<TransactWriteItem>,
    /// By which the database knows it when it comes again, within ten minutes; else each is a new one.
    token: Option<String>,
}

/// A condition or change in `DynamoDB`'s expression language, with its names (`#…`) and values (`:…`).
#[derive(Clone, Debug, Default)]
pub(super) struct Expression {
    pub(super) text: String,
    names: Vec<(String, String)>,
    values: Vec<(String, AttributeValue)>,
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

/// Fills the condition and its placeholders into any of the SDK's builders, which share no trait.
macro_rules! with_condition {
    ($builder:expr, $condition:expr) => {{
        let mut builder = $builder.condition_expression($condition.text);
        for (placeholder, name) in $condition.names {
            builder = builder.expression_attribute_names(placeholder, name);
        }
        for (placeholder, value) in $condition.values {
            builder = builder.expression_attribute_values(placeholder, value);
        }
        builder
    }};
}

impl Transaction<'_> {
    /// Writes the whole item, if what lies at `key` fits `condition`.
    pub(super) fn put(mut self, key: &Key, entity: &impl Serialize, condition: Expression) -> Result<Self, StoreError> {
        let put = Put::builder()
            .table_name(self.store.table(key.table))
            .set_item(Some(to_item(key, entity)?));
        let put = with_condition!(put, condition).build()?;
        self.writes.push(TransactWriteItem::builder().put(put).build());
        Ok(self)
    }

    /// Changes attributes of the item at `key`, if it fits `condition`.
    pub(super) fn update(mut self, key: &Key, change: Expression, condition: Expression) -> Result<Self, StoreError> {
        let mut update = Update::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.attributes()));
        update = update.update_expression(change.text);
        for (placeholder, name) in change.names {
            update = update.expression_attribute_names(placeholder, name);
        }
        for (placeholder, value) in change.values {
            update = update.expression_attribute_values(placeholder, value);
        }
        let update = with_condition!(update, condition).build()?;
        self.writes.push(TransactWriteItem::builder().update(update).build());
        Ok(self)
    }

    pub(super) fn delete(mut self, key: &Key, condition: Expression) -> Result<Self, StoreError> {
        let delete = Delete::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.attributes()));
        let delete = with_condition!(delete, condition).build()?;
        self.writes.push(TransactWriteItem::builder().delete(delete).build());
        Ok(self)
    }

    /// Writes nothing itself, but refuses the whole when the item at `key` does not fit `condition`.
    pub(super) fn check(mut self, key: &Key, condition: Expression) -> Result<Self, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.attributes()));
        let check = with_condition!(check, condition).build()?;
        self.writes
            .push(TransactWriteItem::builder().condition_check(check).build());
        Ok(self)
    }

    /// Makes it the same one whenever it is sent under this token: written once, however often that is.
    pub(super) fn known_as(self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self
        }
    }

    /// Writes all or nothing; tries again when it met another transaction on the same items.
    pub(super) async fn commit(self) -> Result<Commit, StoreError> {
        for attempt in 1.. {
            let write = self
                .store
                .client
                .transact_write_items()
                .set_transact_items(Some(self.writes.clone()));
            match Box::pin(write.set_client_request_token(self.token.clone()).send()).await {
                Ok(_) => return Ok(Commit::Done),
                Err(error) => match refused_places(&error) {
                    Some(places) if !places.is_empty() => return Ok(Commit::Refused(places)),
                    Some(_) if attempt < TRIES => backoff(attempt).await,
                    Some(_) => return Err(StoreError::Conflict),
                    None => return Err(error.into()),
                },
            }
        }
        Err(StoreError::Conflict)
    }
}

impl Store {
    pub(super) fn transaction(&self) -> Transaction<'_> {
        Transaction {
            store: self,
            writes: Vec::new(),
            token: None,
        }
    }
}

/// The places whose conditions failed; an empty list when another transaction was in the way; `None` for any other error.
fn refused_places(error: &SdkError<TransactWriteItemsError>) -> Option<Vec<usize>> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return None;
    };
    let codes = || {
        cancelled
            .cancellation_reasons()
            .iter()
            .map(|reason| reason.code().unwrap_or_default())
    };
    let places: Vec<usize> = codes()
        .enumerate()
        .filter(|(_, code)| *code == "ConditionalCheckFailed")
        .map(|(place, _)| place)
        .collect();
    let met_another = codes().any(|code| code == "TransactionConflict");
    (!places.is_empty() || met_another).then_some(places)
}

/// Waits some milliseconds, by chance, so that transactions that met do not meet again.
pub(super) async fn backoff(attempt: u32) {
    let [chance] = domain::random::bytes::<1>();
    tokio::time::sleep(Duration::from_millis((u64::from(chance) >> 3) * u64::from(attempt) + 1)).await;
}
