//! The stored responses of one user.

use std::collections::HashMap;
use std::sync::Arc;

use service::http::ApiError;
use service::store::{Store, StoreError};
use translators::responses::refusal::no_previous_response;

use super::record::{History, Record, is_response_id};
use super::references::References;
use crate::seals::OwnersSeals;

/// The responses that one user may read, and nobody else.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    store: Store,
    seals: Arc<OwnersSeals>,
}

impl Shelf {
    pub(crate) fn new(store: Store, seals: Arc<OwnersSeals>) -> Self {
        Self { store, seals }
    }

    /// The response of this id, if it is there and its time has not passed.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<Record>, StoreError> {
        Ok(self.read(&[id]).await?.remove(id))
    }

    /// Deletes the response of this id; false if there is none.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        Ok(is_response_id(id) && self.store.delete_response(self.seals.owner(), id).await?)
    }

    /// All that the request refers to: in one read, and the ancestors that are not among it in a second one.
    pub(super) async fn history(&self, references: &References<'_>) -> Result<History, ApiError> {
        let wanted = references.responses();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut found = self.read(&wanted).await?;
        let mut history = History::default();
        if let Some(previous) = references.previous() {
            let not_found = || ApiError::from(no_previous_response(previous));
            let last = found.remove(previous).ok_or_else(not_found)?;
            let ancestors = last.ancestors.iter().map(String::as_str);
            let unread: Vec<&str> = ancestors.filter(|id| !found.contains_key(*id)).collect();
            found.extend(self.read(&unread).await?);
            for id in &last.ancestors {
                // A conversation with a gap would be another one.
                history.turns.push(found.remove(id).ok_or_else(not_found)?);
                history.ids.push(id.clone());
            }
            history.ids.push(previous.to_owned());
            history.turns.push(last);
        }
        history.others = found.into_iter().collect();
        Ok(history)
    }

    async fn read(&self, ids: &[&str]) -> Result<HashMap<String, Record>, StoreError> {
        // Ids of other servers, and texts that are none.
        let ids: Vec<&str> = ids.iter().copied().filter(|id| is_response_id(id)).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let sealed = self.store.responses(self.seals.owner(), &ids).await?;
        let opened = sealed.into_iter().filter_map(|(id, sealed)| {
            let content = self.seals.open_response(&id, &sealed)?;
            Some((id, serde_json::from_slice(&content).ok()?))
        });
        Ok(opened.collect())
    }

    /// Stores what is kept of a response until the second `ttl`. False if it cannot be.
    pub(super) async fn put(&self, id: &str, content: &str, ttl: i64) -> Result<bool, StoreError> {
        match self.seals.seal_response(id, content.as_bytes()) {
            Some(sealed) => self.store.create_response(self.seals.owner(), id, &sealed, ttl).await,
            None => Ok(false),
        }
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.store.clock().now().as_second()
    }
}
