//! The stored responses of one user.

use std::collections::HashMap;
use std::sync::Arc;

use service::http::ApiError;
use service::store::{Store, StoreError};
use translators::responses::ids::is_response_id;
use translators::responses::refusal::no_previous_response;

use super::expansion::too_long;
use super::record::{History, Record};
use super::references::References;
use crate::app::App;
use crate::seals::OwnersSeals;

/// The most that is read for a request, in lengths of the longest body: each record may hold all of its conversation.
const BODIES: usize = 4;

/// The responses that one user may read, and nobody else.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    store: Store,
    seals: Arc<OwnersSeals>,
    /// Bytes of the records that a request may refer to.
    most: usize,
}

impl Shelf {
    pub(crate) fn new(app: &App, seals: Arc<OwnersSeals>) -> Self {
        Self {
            store: app.store.clone(),
            seals,
            most: app.limits.max_body_bytes.saturating_mul(BODIES),
        }
    }

    /// The response of this id, if it is there and its time has not passed.
    pub(crate) async fn find(&self, id: &str) -> Result<Option<Record>, ApiError> {
        let mut room = usize::MAX;
        Ok(self.read(&[id], &mut room).await?.remove(id))
    }

    /// Deletes the response of this id; false if there is none.
    pub(crate) async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        Ok(is_response_id(id) && self.store.delete_response(self.seals.owner(), id).await?)
    }

    /// All that the request refers to: in one read, and the ancestors that are not among it in a second one.
    pub(super) async fn history(&self, references: &References<'_>) -> Result<History, ApiError> {
        let wanted = references.responses();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut room = self.most;
        let mut found = self.read(&wanted, &mut room).await?;
        let mut history = History::default();
        if let Some(previous) = references.previous() {
            let not_found = || ApiError::from(no_previous_response(previous));
            let last = found.remove(previous).ok_or_else(not_found)?;
            let ancestors = last.ancestors.iter().map(String::as_str);
            let unread: Vec<&str> = ancestors.filter(|id| !found.contains_key(*id)).collect();
            found.extend(self.read(&unread, &mut room).await?);
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

    /// The records of these ids, which take their bytes of `room`.
    async fn read(&self, ids: &[&str], room: &mut usize) -> Result<HashMap<String, Record>, ApiError> {
        // Ids of other servers, and texts that are none.
        let ids: Vec<&str> = ids.iter().copied().filter(|id| is_response_id(id)).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let too_long = || too_long(self.most);
        let sealed = self.store.responses(self.seals.owner(), &ids, *room).await?;
        let mut records = HashMap::new();
        for (id, sealed) in sealed.ok_or_else(too_long)? {
            let Some(content) = self.seals.open_response(&id, &sealed) else {
                continue;
            };
            // What is sealed may be far shorter than what is in it.
            *room = room.checked_sub(content.len()).ok_or_else(too_long)?;
            if let Ok(record) = Record::read(&content) {
                records.insert(id, record);
            }
        }
        Ok(records)
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
