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

    /// All that the request refers to: in one read, and its ancestors in a second one.
    pub(super) async fn history(&self, references: &References<'_>) -> Result<History, ApiError> {
        let Some(previous) = references.previous() else {
            return Ok(History {
                others: self.others(references, &[]).await?,
                ..History::default()
            });
        };
        let not_found = || ApiError::from(no_previous_response(previous));
        let last = self.find(previous).await?.ok_or_else(not_found)?;
        let ancestors: Vec<&str> = last.ancestors.iter().map(String::as_str).collect();
        let mut found = self.read(&ancestors).await?;
        let mut history = History::default();
        for id in &last.ancestors {
            // A conversation with a gap would be another one.
            history.turns.push(found.remove(id).ok_or_else(not_found)?);
            history.ids.push(id.clone());
        }
        history.ids.push(previous.to_owned());
        history.turns.push(last);
        history.others = self.others(references, &history.ids).await?;
        Ok(history)
    }

    /// The records of single items besides those that are `known`.
    async fn others(&self, references: &References<'_>, known: &[String]) -> Result<Vec<(String, Record)>, StoreError> {
        let wanted = references.responses();
        let unknown = wanted.iter().filter(|id| !known.contains(*id));
        let unknown: Vec<&str> = unknown.map(String::as_str).collect();
        Ok(self.read(&unknown).await?.into_iter().collect())
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
