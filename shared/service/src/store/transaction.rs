//! Several writes that happen together or not at all, each with what it expects.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};
use serde::Serialize;

use super::expression::Expression;
use super::item::{attributes, to_item};
use super::keys::{self, Key};
use super::retry::Attempts;
use super::{Store, StoreError, send};
use domain::models::audit::Authority;

/// Attempts of a transaction that meets others (promise 55).
const TRIES: u32 = 5;

/// How a transaction ended that reached the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    Done,
    /// Nothing was written: the writes at these places, counted from 0, found other than they expected.
    Refused(Vec<usize>),
}

impl Commit {
    /// True if the write at `place` is why nothing was written.
    pub(super) fn refused_at(&self, place: usize) -> bool {
        matches!(self, Self::Refused(places) if places.contains(&place))
    }
}

/// A transaction under construction. At most 100 writes, of different items.
pub(super) struct Transaction<'a> {
    store: &'a Store,
    writes: Vec<TransactWriteItem>,
    /// The item of each write.
    keys: Vec<Key>,
    /// The write that checks the session of the change, if it has one of its own.
    authority: Option<usize>,
    /// By which the database knows it when it comes again, within ten minutes; else each is a new one.
    token: Option<String>,
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
    fn with(mut self, key: &Key, write: TransactWriteItemBuilder) -> Self {
        self.writes.push(write.build());
        self.keys.push(key.clone());
        self
    }

    /// Refuses the whole with [`StoreError::SessionEnded`] unless the account still has the session that the change is
    /// made with. The database takes one write of each item, so a write of that account gets the condition itself.
    pub(super) fn under(mut self, authority: &Authority) -> Result<Self, StoreError> {
        let key = keys::user(&authority.user);
        let lasting = Expression::new("#acting = :acting")
            .name("#acting", "session")
            .number(":acting", authority.session);
        if let Some(place) = self.keys.iter().position(|written| *written == key) {
            narrow(&mut self.writes[place], lasting);
            Ok(self)
        } else {
            self.authority = Some(self.writes.len());
            self.check(&key, lasting)
        }
    }

    /// Writes the whole item, if what lies at `key` fits `condition`.
    pub(super) fn put(self, key: &Key, entity: &impl Serialize, condition: Expression) -> Result<Self, StoreError> {
        let put = Put::builder()
            .table_name(self.store.table(key.table))
            .set_item(Some(to_item(key, entity)?));
        let put = with_condition!(put, condition).build()?;
        Ok(self.with(key, TransactWriteItem::builder().put(put)))
    }

    /// Changes attributes of the item at `key`, if it fits `condition`.
    pub(super) fn update(self, key: &Key, change: Expression, condition: Expression) -> Result<Self, StoreError> {
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
        Ok(self.with(key, TransactWriteItem::builder().update(update)))
    }

    /// Makes `after` of the entity `before` at `key`, if it fits `condition`. Attributes that neither has stay as they
    /// are.
    pub(super) fn replace(
        self,
        key: &Key,
        before: &impl Serialize,
        after: &impl Serialize,
        condition: Expression,
    ) -> Result<Self, StoreError> {
        let (before, after) = (attributes(key.table, before)?, attributes(key.table, after)?);
        self.update(key, Expression::change(&before, &after), condition)
    }

    pub(super) fn delete(self, key: &Key, condition: Expression) -> Result<Self, StoreError> {
        let delete = Delete::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.attributes()));
        let delete = with_condition!(delete, condition).build()?;
        Ok(self.with(key, TransactWriteItem::builder().delete(delete)))
    }

    /// Writes nothing itself, but refuses the whole when the item at `key` does not fit `condition`.
    pub(super) fn check(self, key: &Key, condition: Expression) -> Result<Self, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.store.table(key.table))
            .set_key(Some(key.attributes()));
        let check = with_condition!(check, condition).build()?;
        Ok(self.with(key, TransactWriteItem::builder().condition_check(check)))
    }

    /// Makes it the same one whenever it is sent under this token: written once, however often that is.
    pub(super) fn known_as(self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self
        }
    }

    /// Writes all or nothing; tries again when it met another writer on the same items, or too many.
    pub(super) async fn commit(self) -> Result<Commit, StoreError> {
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let write = self
                .store
                .client
                .transact_write_items()
                .set_transact_items(Some(self.writes.clone()));
            match send::transact(write.set_client_request_token(self.token.clone())).await {
                Ok(_) => return Ok(Commit::Done),
                Err(error) => match refused_places(&error) {
                    Some(places) if places.is_empty() => attempts.collided().await?,
                    Some(places) if self.authority.is_some_and(|place| places.contains(&place)) => {
                        return Err(StoreError::SessionEnded);
                    }
                    Some(places) => return Ok(Commit::Refused(places)),
                    None => return Err(error.into()),
                },
            }
        }
    }
}

impl Store {
    pub(super) fn transaction(&self) -> Transaction<'_> {
        Transaction {
            store: self,
            writes: Vec::new(),
            keys: Vec::new(),
            authority: None,
            token: None,
        }
    }
}

/// Adds a condition to a write that has one.
fn narrow(write: &mut TransactWriteItem, also: Expression) {
    let (condition, names, values) = match write {
        TransactWriteItem { put: Some(put), .. } => (
            put.condition_expression.get_or_insert_default(),
            &mut put.expression_attribute_names,
            &mut put.expression_attribute_values,
        ),
        TransactWriteItem {
            update: Some(update), ..
        } => (
            update.condition_expression.get_or_insert_default(),
            &mut update.expression_attribute_names,
            &mut update.expression_attribute_values,
        ),
        TransactWriteItem {
            delete: Some(delete), ..
        } => (
            delete.condition_expression.get_or_insert_default(),
            &mut delete.expression_attribute_names,
            &mut delete.expression_attribute_values,
        ),
        TransactWriteItem {
            condition_check: Some(check),
            ..
        } => (
            &mut check.condition_expression,
            &mut check.expression_attribute_names,
            &mut check.expression_attribute_values,
        ),
        _ => return,
    };
    *condition = format!("({condition}) AND {}", also.text);
    names.get_or_insert_default().extend(also.names);
    values.get_or_insert_default().extend(also.values);
}

/// Reasons for a cancellation that pass: another writer on the same item, or more writes than its partition takes.
const PASSING: [&str; 3] = [
    "TransactionConflict",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
];

/// The places whose conditions failed; an empty list when nothing but time was in the way; `None` for any other error.
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
    let may_pass = codes().any(|code| PASSING.contains(&code));
    (!places.is_empty() || may_pass).then_some(places)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_smithy_runtime_api::http::{Response as HttpResponse, StatusCode};
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn cancelled(codes: &[&str]) -> SdkError<TransactWriteItemsError> {
        let reasons = codes
            .iter()
            .map(|code| CancellationReason::builder().code(*code).build());
        let cancelled = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons.collect()));
        let response = HttpResponse::new(StatusCode::try_from(400).unwrap(), SdkBody::empty());
        SdkError::service_error(
            TransactWriteItemsError::TransactionCanceledException(cancelled.build()),
            response,
        )
    }

    #[test]
    fn p55_what_passes_is_tried_again_and_what_does_not_is_told() {
        for passing in PASSING {
            assert_eq!(
                refused_places(&cancelled(&["None", passing])),
                Some(vec![]),
                "{passing}"
            );
        }
        assert_eq!(
            refused_places(&cancelled(&["ThrottlingError", "ConditionalCheckFailed"])),
            Some(vec![1])
        );
        assert_eq!(refused_places(&cancelled(&["ValidationError"])), None);
    }
}
