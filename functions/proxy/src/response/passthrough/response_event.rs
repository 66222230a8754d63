//! An event of a Responses stream that is passed on: what the gateway looks at, read at once.

use translators::json::{Lenient, Raw};
use translators::lenient_object;
use translators::usage::{ServedTier, Usage};

lenient_object! {
    pub(super) ResponseEvent {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) sequence_number: Raw<'a> = b"sequence_number",
        pub(super) delta: Raw<'a> = b"delta",
        pub(super) response: Raw<'a> = b"response",
        pub(super) output_index: Raw<'a> = b"output_index",
        pub(super) content_index: Raw<'a> = b"content_index",
        pub(super) item: Raw<'a> = b"item",
        pub(super) item_id: Raw<'a> = b"item_id",
    }
}

lenient_object! {
    /// The response that an event of its life has.
    pub(super) Response {
        pub(super) id: Raw<'a> = b"id",
        pub(super) model: Raw<'a> = b"model",
        usage: Raw<'a> = b"usage",
        service_tier: Raw<'a> = b"service_tier",
    }
}

impl<'a> ResponseEvent<'a> {
    pub(super) fn read_response(&self) -> Response<'a> {
        let response = self.response.map(|response| serde_json::from_str(response.get()));
        let response: Option<Lenient<Response<'a>>> = response.and_then(Result::ok);
        response.and_then(|Lenient(response)| response).unwrap_or_default()
    }
}

impl Response<'_> {
    /// The usage, with the tier that the response was served in: prices depend on it.
    pub(super) fn reported(&self) -> Option<Usage> {
        let usage = self.usage.and_then(Usage::from_response)?;
        Some(usage.served_in(ServedTier::named(self.service_tier)))
    }
}
