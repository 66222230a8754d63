//! Writing a single item, each time with what is expected of it.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use serde::de::DeserializeOwned;

use super::expression::Expression;
use super::item::{Item, from_item};
use super::keys::Key;
use super::{Store, StoreError, send};

/// How a conditional write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written<T> {
    Done,
    /// Nothing was written, since this was there instead.
    Refused(Option<T>),
}

impl Store {
    /// Changes attributes of the item at `key`, if it fits `condition`.
    pub(super) async fn update_if<T: DeserializeOwned>(
        &self,
        key: &Key,
        change: Expression,
        condition: Expression,
    ) -> Result<Written<T>, StoreError> {
        Ok(match self.update(key, change, condition, ReturnValue::None).await? {
            Ok(_) => Written::Done,
            Err(found) => Written::Refused(found.map(|item| from_item(key.table, item)).transpose()?),
        })
    }

    /// The same, with the item as it is afterwards, or as it was instead of what was expected.
    pub(super) async fn update_and_see<T: DeserializeOwned>(
        &self,
        key: &Key,
        change: Expression,
        condition: Expression,
    ) -> Result<Result<T, Option<T>>, StoreError> {
        Ok(match self.update(key, change, condition, ReturnValue::AllNew).await? {
            Ok(item) => Ok(from_item(key.table, item)?),
            Err(found) => Err(found.map(|item| from_item(key.table, item)).transpose()?),
        })
    }

    async fn update(
        &self,
        key: &Key,
        change: Expression,
        condition: Expression,
        returned: ReturnValue,
    ) -> Result<Result<Item, Option<Item>>, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes()));
        let update = update
            .update_expression(&change.text)
            .condition_expression(&condition.text);
        let both = change.with_placeholders_of(condition);
        let update = update
            .set_expression_attribute_names(both.names())
            .set_expression_attribute_values(both.values());
        let update = update
            .return_values(returned)
            .return_values_on_condition_check_failure(AllOld);
        match send::update(update).await {
            Ok(done) => Ok(Ok(done.attributes.unwrap_or_default())),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                match error.into_err() {
                    UpdateItemError::ConditionalCheckFailedException(failed) => Ok(Err(failed.item)),
                    _ => Ok(Err(None)),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}
