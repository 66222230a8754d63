//! Stored responses: sealed texts in the partition of their owner, each in as many items as its length needs (ST2,
//! ST3). What is in them is not known here.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::future::try_join_all;

use super::expression::Expression;
use super::item::Item;
use super::keys::{self, Key};
use super::table::{SK, TTL, Table};
use super::{Store, StoreError, send};
use domain::models::UserId;

/// The most bytes of an item.
const ITEM: usize = 400 << 10;
/// Bytes of a part, which leave room for the other attributes of its item.
const PART: usize = 380 << 10;
/// The most parts of a response.
const MOST_PARTS: usize = 24;
/// The most keys that the database takes at once.
const BATCH: usize = 100;
/// Deletions of a transaction, whose items may have 4 MB together.
const DELETED_AT_ONCE: usize = (4 << 20) / ITEM;

const SEALED: &str = "sealed";
/// The number of parts of the response. Each item has it; that of the first one is read.
const PARTS: &str = "parts";

impl Store {
    /// Stores what is sealed of a response until the second `ttl`. False if there is one of this id, or if it is too
    /// long. The first item comes last: what lies there is whole.
    pub async fn create_response(&self, owner: &UserId, id: &str, sealed: &[u8], ttl: i64) -> Result<bool, StoreError> {
        let parts: Vec<&[u8]> = sealed.chunks(PART).collect();
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return Ok(false);
        }
        let numbered = (0..).zip(&parts);
        let write = |(number, part): (u32, &&[u8])| {
            let mut item = keys::response(owner, id, number).attributes();
            item.insert(SEALED.to_owned(), AttributeValue::B(Blob::new(*part)));
            item.insert(PARTS.to_owned(), AttributeValue::N(parts.len().to_string()));
            item.insert(TTL.to_owned(), AttributeValue::N(ttl.to_string()));
            self.put_part(item)
        };
        let mut writes: Vec<_> = numbered.map(write).collect();
        let first = writes.remove(0);
        if try_join_all(writes).await?.contains(&false) {
            return Ok(false);
        }
        first.await
    }

    /// The sealed texts of the responses with these ids that `owner` has, by id; `None` if that is more than `most`
    /// bytes, of which little more is read.
    pub async fn responses(
        &self,
        owner: &UserId,
        ids: &[&str],
        most: usize,
    ) -> Result<Option<HashMap<String, Vec<u8>>>, StoreError> {
        let mut room = most;
        let heads = ids.iter().map(|id| keys::response(owner, id, 0)).collect();
        let Some(heads) = self.parts(heads, &mut room).await? else {
            return Ok(None);
        };
        let further = ids.iter().filter_map(|id| Some((*id, parts_of(heads.get(*id)?))));
        let further = further.flat_map(|(id, parts)| (1..parts).map(move |part| keys::response(owner, id, part)));
        let Some(rest) = self.parts(further.collect(), &mut room).await? else {
            return Ok(None);
        };
        let whole = |id: &str| {
            let head = heads.get(id)?;
            let mut sealed = bytes_of(head)?.to_vec();
            for part in 1..parts_of(head) {
                sealed.extend_from_slice(bytes_of(rest.get(&keys::response(owner, id, part).sk)?)?);
            }
            Some(sealed)
        };
        let found = ids.iter().filter_map(|id| Some(((*id).to_owned(), whole(id)?)));
        Ok(Some(found.collect()))
    }

    /// False if there is none.
    pub async fn delete_response(&self, owner: &UserId, id: &str) -> Result<bool, StoreError> {
        let mut room = usize::MAX;
        let heads = self.parts(vec![keys::response(owner, id, 0)], &mut room).await?;
        let Some(head) = heads.as_ref().and_then(|heads| heads.get(id)) else {
            return Ok(false);
        };
        // The first one first: without it there is no response.
        for part in 0..parts_of(head) {
            let delete = self.client.delete_item().table_name(self.table(Table::Responses));
            let key = keys::response(owner, id, part);
            send::delete(delete.set_key(Some(key.attributes()))).await?;
        }
        Ok(true)
    }

    /// Removes all that is stored for `owner`. Reads keys alone, which is all that its caller may read (ST8); in
    /// transactions, since its role may delete only so (`infra/template.yaml`).
    pub(super) async fn delete_responses(&self, owner: &UserId) -> Result<(), StoreError> {
        let found = self.keys_of(Table::Responses, owner.as_str()).await?;
        for some in found.chunks(DELETED_AT_ONCE) {
            let mut transaction = self.transaction();
            for key in some {
                transaction = transaction.delete(key, Expression::always())?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }

    /// False if there is an item already.
    async fn put_part(&self, item: Item) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(self.table(Table::Responses))
            .set_item(Some(item));
        match send::put(put.condition_expression(Expression::absent().text))
            .await
            .map_err(StoreError::from)
        {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The items at `keys` that are there and whose time has not passed, by their sort keys; `None` where they take
    /// more bytes than there is `room`.
    async fn parts(&self, keys: Vec<Key>, room: &mut usize) -> Result<Option<HashMap<String, Item>>, StoreError> {
        let table = self.table(Table::Responses);
        let mut found = HashMap::new();
        let mut wanted: Vec<Item> = keys.iter().map(Key::attributes).collect();
        while !wanted.is_empty() {
            let now: Vec<Item> = wanted.drain(..wanted.len().min(BATCH)).collect();
            let asked = KeysAndAttributes::builder()
                .set_keys(Some(now))
                .consistent_read(true)
                .build()?;
            let answer = send::batch_get(self.client.batch_get_item().request_items(&table, asked)).await?;
            let items = answer
                .responses
                .and_then(|mut tables| tables.remove(&table))
                .unwrap_or_default();
            for item in items.into_iter().filter(|item| self.is_live(item)) {
                let Some(left) = room.checked_sub(bytes_of(&item).map_or(0, <[u8]>::len)) else {
                    return Ok(None);
                };
                *room = left;
                if let Some(AttributeValue::S(sk)) = item.get(SK) {
                    found.insert(sk.clone(), item);
                }
            }
            // Left over, since an answer holds 16 MB.
            let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&table));
            wanted.extend(left.map(|left| left.keys).unwrap_or_default());
        }
        Ok(Some(found))
    }
}

fn parts_of(head: &Item) -> u32 {
    let parts = head.get(PARTS).and_then(|parts| parts.as_n().ok());
    parts.and_then(|parts| parts.parse().ok()).unwrap_or(1)
}

fn bytes_of(item: &Item) -> Option<&[u8]> {
    Some(item.get(SEALED)?.as_b().ok()?.as_ref())
}
