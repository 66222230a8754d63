//! Reading and writing single items and pages of them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::Key;
use super::table::{Index, PK, SK, TTL, Table};
use super::{Store, StoreError};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Some of the items asked for, and where the next ones begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to give as [`Span::after`] for the next page; `None` at the end.
    pub next: Option<String>,
}

/// A part of a list: at most `limit` entries behind the one called `after`.
#[derive(Clone, Debug)]
pub struct Span {
    pub after: Option<String>,
    pub limit: usize,
}

/// Which items of one partition, in the order of their sort keys.
pub(super) struct Range<'a> {
    pub(super) table: Table,
    pub(super) pk: &'a str,
    /// Sort keys that begin so.
    pub(super) prefix: &'a str,
    pub(super) newest_first: bool,
}

/// `entity` as an item that lies at `key`.
pub(super) fn to_item(key: &Key, entity: &impl Serialize) -> Result<Item, StoreError> {
    let corrupt = |source| StoreError::Corrupt { entity: key.table.name(), source: Box::new(source) };
    let mut item: Item = serde_dynamo::to_item(entity).map_err(corrupt)?;
    item.extend(key.attributes());
    Ok(item)
}

pub(super) fn from_item<T: DeserializeOwned>(table: Table, item: Item) -> Result<T, StoreError> {
    serde_dynamo::from_item(item).map_err(|source| StoreError::Corrupt { entity: table.name(), source: Box::new(source) })
}

impl Key {
    pub(super) fn attributes(&self) -> Item {
        HashMap::from([(PK.to_owned(), AttributeValue::S(self.pk.clone())), (SK.to_owned(), AttributeValue::S(self.sk.clone()))])
    }
}

impl Store {
    /// The item at `key`, as it is after all writes that have ended.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let ask = self.client.get_item().table_name(self.table(key.table)).consistent_read(true);
        let found = ask.set_key(Some(key.attributes())).send().await?.item;
        found.filter(|item| self.is_live(item)).map(|item| from_item(key.table, item)).transpose()
    }

    /// All items of `range`, however many pages they fill.
    pub(super) async fn all<T: DeserializeOwned>(&self, range: &Range<'_>) -> Result<Vec<T>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self.query(range, start, None).await?;
            for item in page.items.unwrap_or_default().into_iter().filter(|item| self.is_live(item)) {
                items.push(from_item(range.table, item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// The part of `range` that `span` names; `keep` leaves items out without shortening the page.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        range: &Range<'_>,
        span: &Span,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, StoreError> {
        let mut items: Vec<(String, T)> = Vec::new();
        let mut start = span.after.as_ref().map(|sk| Key { table: range.table, pk: range.pk.to_owned(), sk: sk.clone() }.attributes());
        loop {
            let page = self.query(range, start, Some(span.limit + 1)).await?;
            for item in page.items.unwrap_or_default().into_iter().filter(|item| self.is_live(item)) {
                let sk = text(&item, SK);
                let entity = from_item(range.table, item)?;
                if keep(&entity) {
                    items.push((sk, entity));
                }
                // One more than asked for tells that there is a next page.
                if items.len() > span.limit {
                    items.pop();
                    let next = items.last().map(|(sk, _)| sk.clone());
                    return Ok(Page { items: items.into_iter().map(|(_, entity)| entity).collect(), next });
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(Page { items: items.into_iter().map(|(_, entity)| entity).collect(), next: None });
            }
        }
    }

    /// All items whose `index.partition` is `value`. An index may lag behind its table by moments.
    pub(super) async fn all_by_index<T: DeserializeOwned>(&self, table: Table, index: &Index, value: &str) -> Result<Vec<T>, StoreError> {
        let ask = self.client.query().table_name(self.table(table)).index_name(index.name);
        let ask = ask.key_condition_expression("#partition = :partition").expression_attribute_names("#partition", index.partition);
        let mut pages = ask.expression_attribute_values(":partition", AttributeValue::S(value.to_owned())).into_paginator().send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page?.items.unwrap_or_default() {
                items.push(from_item(table, item)?);
            }
        }
        Ok(items)
    }

    async fn query(
        &self,
        range: &Range<'_>,
        start: Option<Item>,
        limit: Option<usize>,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, StoreError> {
        let ask = self.client.query().table_name(self.table(range.table)).consistent_read(true);
        let ask = ask.scan_index_forward(!range.newest_first).set_exclusive_start_key(start);
        let ask = ask.set_limit(limit.and_then(|limit| i32::try_from(limit).ok()));
        let ask = ask.expression_attribute_values(":pk", AttributeValue::S(range.pk.to_owned()));
        let ask = if range.prefix.is_empty() {
            ask.key_condition_expression(format!("{PK} = :pk"))
        } else {
            ask.key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
                .expression_attribute_values(":prefix", AttributeValue::S(range.prefix.to_owned()))
        };
        Ok(ask.send().await?)
    }

    /// Whether the item's time has not passed: the database may delete it much later (promise 57).
    fn is_live(&self, item: &Item) -> bool {
        let until = item.get(TTL).and_then(|ttl| ttl.as_n().ok()).and_then(|ttl| ttl.parse::<i64>().ok());
        until.is_none_or(|until| self.clock.now().as_second() < until)
    }
}

fn text(item: &Item, attribute: &str) -> String {
    item.get(attribute).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}
