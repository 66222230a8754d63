//! Requests to `DynamoDB`, each sent by a function that is not `async`.
//!
//! The body of an `async` function is compiled again in every crate that awaits it, and with it the SDK's machinery for
//! each operation. Behind these boxes it is compiled once, here. The futures are large in memory, too, and
//! many wait inside them.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::batch_get_item::builders::BatchGetItemFluentBuilder;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemError, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::get_item::{GetItemError, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::query::{QueryError, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use futures_util::future::BoxFuture;

type Sent<Output, Error> = BoxFuture<'static, Result<Output, SdkError<Error>>>;

pub(super) fn get(request: GetItemFluentBuilder) -> Sent<GetItemOutput, GetItemError> {
    Box::pin(request.send())
}

pub(super) fn batch_get(request: BatchGetItemFluentBuilder) -> Sent<BatchGetItemOutput, BatchGetItemError> {
    Box::pin(request.send())
}

pub(super) fn query(request: QueryFluentBuilder) -> Sent<QueryOutput, QueryError> {
    Box::pin(request.send())
}

pub(super) fn put(request: PutItemFluentBuilder) -> Sent<PutItemOutput, PutItemError> {
    Box::pin(request.send())
}

pub(super) fn update(request: UpdateItemFluentBuilder) -> Sent<UpdateItemOutput, UpdateItemError> {
    Box::pin(request.send())
}

pub(super) fn delete(request: DeleteItemFluentBuilder) -> Sent<DeleteItemOutput, DeleteItemError> {
    Box::pin(request.send())
}

pub(super) fn transact(
    request: TransactWriteItemsFluentBuilder,
) -> Sent<TransactWriteItemsOutput, TransactWriteItemsError> {
    Box::pin(request.send())
}
