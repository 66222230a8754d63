//! Items that live for minutes and are used once: whoever deletes one has it, and nobody else.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::expression::Expression;
use super::item::{from_item, to_item};
use super::keys::Key;
use super::table::TTL;
use super::{Store, StoreError, send};

/// How an attempt to take an item away ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken<T> {
    Done(T),
    /// It was never there, or its time has passed, or somebody else has taken it.
    Gone,
    /// It is there, and stays, since it does not fit the condition.
    Refused,
}

impl Store {
    /// Writes a new item that counts as gone after `until`.
    pub(super) async fn create_until(
        &self,
        key: &Key,
        entity: &impl Serialize,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = to_item(key, entity)?;
        item.insert(TTL.to_owned(), AttributeValue::N(until.as_second().to_string()));
        let put = self
            .client
            .put_item()
            .table_name(self.table(key.table))
            .set_item(Some(item));
        send::put(put.condition_expression(Expression::absent().text)).await?;
        Ok(())
    }

    /// Removes the item at `key` if it is there, in time, and fits `condition`: of all who try, one gets it.
    pub(super) async fn take<T: DeserializeOwned>(
        &self,
        key: &Key,
        condition: Expression,
    ) -> Result<Taken<T>, StoreError> {
        let live = Expression::new(format!("({}) AND #ttl > :now", condition.text)).with_placeholders_of(condition);
        let live = live.name("#ttl", TTL).number(":now", self.clock.now().as_second());
        let delete = self
            .client
            .delete_item()
            .table_name(self.table(key.table))
            .set_key(Some(key.attributes()));
        let delete = delete
            .condition_expression(&live.text)
            .set_expression_attribute_names(live.names());
        let delete = delete
            .set_expression_attribute_values(live.values())
            .return_values(ReturnValue::AllOld);
        match send::delete(delete.return_values_on_condition_check_failure(AllOld)).await {
            Ok(done) => done
                .attributes
                .map_or(Ok(Taken::Gone), |item| Ok(Taken::Done(from_item(key.table, item)?))),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                match error.into_err() {
                    DeleteItemError::ConditionalCheckFailedException(failed)
                        if failed.item.as_ref().is_some_and(|item| self.is_live(item)) =>
                    {
                        Ok(Taken::Refused)
                    }
                    _ => Ok(Taken::Gone),
                }
            }
            Err(error) => Err(error.into()),
        }
    }
}
