//! The events of a Responses stream, and a whole response, as backends send them. Read leniently (B5).

use crate::json::{Lenient, LenientList, Raw, lenient_object};

lenient_object! {
    /// One event.
    pub(super) Frame {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) response: Lenient<Response<'a>> = b"response",
        pub(super) item: Lenient<Item<'a>> = b"item",
        pub(super) output_index: Raw<'a> = b"output_index",
        pub(super) summary_index: Raw<'a> = b"summary_index",
        pub(super) content_index: Raw<'a> = b"content_index",
        pub(super) delta: Raw<'a> = b"delta",
    }
}

lenient_object! {
    /// The response in an event, or the one that came in place of a stream.
    pub(super) Response {
        pub(super) id: Raw<'a> = b"id",
        pub(super) object: Raw<'a> = b"object",
        pub(super) status: Raw<'a> = b"status",
        pub(super) error: Raw<'a> = b"error",
        pub(super) incomplete: Lenient<IncompleteDetails<'a>> = b"incomplete_details",
        pub(super) output: LenientList<Item<'a>> = b"output",
        pub(super) usage: Raw<'a> = b"usage",
        pub(super) service_tier: Raw<'a> = b"service_tier",
    }
}

lenient_object! {
    pub(super) IncompleteDetails {
        pub(super) reason: Raw<'a> = b"reason",
    }
}

lenient_object! {
    /// An item of any type.
    pub(super) Item {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) id: Raw<'a> = b"id",
        pub(super) call_id: Raw<'a> = b"call_id",
        pub(super) name: Raw<'a> = b"name",
        pub(super) arguments: Raw<'a> = b"arguments",
        /// The text for a custom tool.
        pub(super) input: Raw<'a> = b"input",
        pub(super) content: LenientList<Part<'a>> = b"content",
        pub(super) summary: LenientList<Part<'a>> = b"summary",
        pub(super) encrypted_content: Raw<'a> = b"encrypted_content",
    }
}

lenient_object! {
    pub(super) Part {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) text: Raw<'a> = b"text",
        pub(super) refusal: Raw<'a> = b"refusal",
    }
}
