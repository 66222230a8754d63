//! Reading single items, and all items of a partition.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::{self, AttributeValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::expression::Expression;
use super::keys::Key;
use super::table::{Index, PK, SK, TTL, Table};
use super::{Store, StoreError, send};

pub(super) type Item = HashMap<String, AttributeValue>;

/// An item that counts as gone after the second `ttl`.
#[derive(Serialize)]
pub(super) struct Expiring<T> {
    #[serde(flatten)]
    pub(super) item: T,
    pub(super) ttl: i64,
}

/// Which items of one partition, in the order of their sort keys.
pub(super) struct Range<'a> {
    pub(super) table: Table,
    /// Instead of the table itself: its partitions are other ones, and it may lag behind by moments.
    pub(super) index: Option<&'a Index>,
    pub(super) pk: &'a str,
    /// Sort keys that begin so.
    pub(super) prefix: &'a str,
    pub(super) newest_first: bool,
}

/// A query, with the condition on its keys.
#[derive(Clone)]
pub(super) struct Select<'a> {
    pub(super) table: Table,
    pub(super) index: Option<&'a Index>,
    pub(super) expected: Expression,
    pub(super) newest_first: bool,
    /// How many items are read at most.
    pub(super) limit: Option<usize>,
}

/// `entity` as an item that lies at `key`.
pub(super) fn to_item(key: &Key, entity: &impl Serialize) -> Result<Item, StoreError> {
    let mut item = attributes(key.table, entity)?;
    item.extend(key.attributes());
    Ok(item)
}

/// `entity` as attributes of an item of `table`.
pub(super) fn attributes(table: Table, entity: &impl Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(entity).map_err(|source| StoreError::Corrupt {
        entity: table.name(),
        source: Box::new(source),
    })
}

pub(super) fn from_item<T: DeserializeOwned>(table: Table, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|source| StoreError::Corrupt {
        entity: table.name(),
        source: Box::new(source),
    })
}

impl<'a> Range<'a> {
    /// The query for all of its items.
    fn select(&self) -> Select<'a> {
        let (pk, sk) = self.index.map_or((PK, SK), |index| (index.partition, index.sort));
        let mut expected = Expression::new("#pk = :pk").name("#pk", pk).text(":pk", self.pk);
        if !self.prefix.is_empty() {
            expected.text.push_str(" AND begins_with(#sk, :prefix)");
            expected = expected.name("#sk", sk).text(":prefix", self.prefix);
        }
        Select {
            table: self.table,
            index: self.index,
            expected,
            newest_first: self.newest_first,
            limit: None,
        }
    }
}

impl Key {
    pub(super) fn attributes(&self) -> Item {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

impl Store {
    /// The item at `key`, as it is after all writes that have ended.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        self.get_with(key, self.client.get_item()).await
    }

    /// Of the item these attributes alone; the others do not leave the database.
    pub(super) async fn get_attributes<T: DeserializeOwned>(
        &self,
        key: &Key,
        attributes: &[&str],
    ) -> Result<Option<T>, StoreError> {
        let projection = Expression::projection(attributes);
        let request = self
            .client
            .get_item()
            .set_expression_attribute_names(projection.names())
            .projection_expression(projection.text);
        self.get_with(key, request).await
    }

    async fn get_with<T: DeserializeOwned>(
        &self,
        key: &Key,
        request: GetItemFluentBuilder,
    ) -> Result<Option<T>, StoreError> {
        let request = request.table_name(self.table(key.table)).consistent_read(true);
        let found = send::get(request.set_key(Some(key.attributes()))).await?.item;
        found
            .filter(|item| self.is_live(item))
            .map(|item| from_item(key.table, item))
            .transpose()
    }

    /// All items of `range`, however many pages they fill.
    pub(super) async fn all<T: DeserializeOwned>(&self, range: &Range<'_>) -> Result<Vec<T>, StoreError> {
        let mut items = Vec::new();
        self.each(&range.select(), |item: T| items.push(item)).await?;
        Ok(items)
    }

    /// Shows `visit` all items that `select` names, however many pages they fill.
    pub(super) async fn each<T: DeserializeOwned>(
        &self,
        select: &Select<'_>,
        mut visit: impl FnMut(T),
    ) -> Result<(), StoreError> {
        let mut start = None;
        loop {
            let page = self.select(select.clone(), start).await?;
            let items = page.items.unwrap_or_default();
            for item in items.into_iter().filter(|item| self.is_live(item)) {
                visit(from_item(select.table, item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// The keys of all items of a partition, whose other attributes do not leave the database.
    pub(super) async fn keys_of(&self, table: Table, pk: &str) -> Result<Vec<Key>, StoreError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let query = self.client.query().table_name(self.table(table)).consistent_read(true);
            let query = query
                .key_condition_expression(format!("{PK} = :pk"))
                .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()));
            let query = query
                .select(types::Select::SpecificAttributes)
                .projection_expression(format!("{PK}, {SK}"));
            let page = send::query(query.set_exclusive_start_key(start)).await?;
            let sort_keys = page
                .items
                .unwrap_or_default()
                .into_iter()
                .filter_map(|mut item| item.remove(SK));
            found.extend(sort_keys.filter_map(|sk| match sk {
                AttributeValue::S(sk) => Some(Key::new(table, pk, sk)),
                _ => None,
            }));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// One page of at most `limit` items of `range`, behind the key `start`.
    pub(super) async fn query(
        &self,
        range: &Range<'_>,
        start: Option<Item>,
        limit: usize,
    ) -> Result<QueryOutput, StoreError> {
        let select = Select {
            limit: Some(limit),
            ..range.select()
        };
        self.select(select, start).await
    }

    /// One page of the items that `select` names, behind the key `start`.
    pub(super) async fn select(&self, select: Select<'_>, start: Option<Item>) -> Result<QueryOutput, StoreError> {
        let Select {
            table,
            index,
            expected,
            newest_first,
            limit,
        } = select;
        let request = self
            .client
            .query()
            .table_name(self.table(table))
            .set_index_name(index.map(|index| index.name.to_owned()));
        let request = request
            .consistent_read(index.is_none())
            .scan_index_forward(!newest_first)
            .set_exclusive_start_key(start);
        let request = request
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()))
            .key_condition_expression(&expected.text);
        let projection = table
            .read_of_lists()
            .map(|attributes| Expression::projection(&attributes));
        // Said twice, since roles are bound to the one and the other (docs/security.md).
        let request = request
            .set_select(projection.as_ref().map(|_| types::Select::SpecificAttributes))
            .set_projection_expression(projection.as_ref().map(|projection| projection.text.clone()));
        let placeholders = expected.with_placeholders_of(projection.unwrap_or_default());
        let request = request
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values());
        Ok(send::query(request).await?)
    }

    /// True if the item's time has not passed: the database may delete it much later (promise 57).
    pub(super) fn is_live(&self, item: &Item) -> bool {
        let until = item
            .get(TTL)
            .and_then(|ttl| ttl.as_n().ok())
            .and_then(|ttl| ttl.parse::<i64>().ok());
        until.is_none_or(|until| self.clock.now().as_second() < until)
    }
}
