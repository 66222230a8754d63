//! The response that is to be stored: before its end goes out, since the next request may come at once (ST4).

use bytes::Bytes;
use translators::responses::stored::{last_object, not_stored};

use super::record::Continuation;
use super::shelf::Shelf;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// The storing of one response: all of its record but for the response itself.
#[derive(Debug)]
pub(crate) struct Storing {
    shelf: Shelf,
    id: String,
    before: Continuation,
    days: u32,
}

/// The body of a whole response, which is stored first if it is to be.
pub(crate) async fn kept(storing: Option<Storing>, body: Bytes) -> Bytes {
    match storing {
        Some(storing) => storing.keep(body).await,
        None => body,
    }
}

impl Storing {
    pub(super) fn new(shelf: Shelf, id: String, before: Continuation, days: u32) -> Self {
        Self {
            shelf,
            id,
            before,
            days,
        }
    }

    /// Stores a whole response. What cannot be stored is delivered all the same, and says so.
    async fn keep(self, body: Bytes) -> Bytes {
        let Ok(text) = std::str::from_utf8(&body) else {
            return body;
        };
        if self.put(text).await {
            return body;
        }
        not_stored(text).into()
    }

    /// Stores the response that `frames` end with, if that did not fail.
    pub(crate) async fn keep_last(self, frames: Vec<Bytes>) -> Vec<Bytes> {
        let all = frames.concat();
        let Ok(text) = std::str::from_utf8(&all) else {
            return frames;
        };
        let Some(object) = last_object(text) else {
            return frames;
        };
        if self.put(object).await {
            return frames;
        }
        vec![not_stored(text).into()]
    }

    async fn put(&self, response: &str) -> bool {
        // By another id nobody would find it.
        if !response.starts_with(&format!("{{\"id\":\"{}\"", self.id)) {
            return false;
        }
        let ancestors: Vec<String> = self.before.ancestors.iter().map(|id| format!("\"{id}\"")).collect();
        let record = format!(
            "{{\"ancestors\":[{}],\"input\":[{}],\"response\":{response}}}",
            ancestors.join(","),
            self.before.input
        );
        let ttl = self.shelf.now() + i64::from(self.days) * DAY_SECONDS;
        match self.shelf.put(&self.id, &record, ttl).await {
            Ok(is_stored) => is_stored,
            Err(error) => {
                tracing::warn!(error = %error, "a response could not be stored");
                false
            }
        }
    }
}
