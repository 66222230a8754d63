//! The events of a Messages stream, and a whole message, as backends send them. Read leniently (B5).

use crate::json::{Lenient, LenientList, Raw, lenient_object};

lenient_object! {
    /// One event, or the message that came in place of a stream.
    pub(super) Frame {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) index: Raw<'a> = b"index",
        pub(super) message: Lenient<MessageHead<'a>> = b"message",
        pub(super) content_block: Lenient<ContentBlock<'a>> = b"content_block",
        pub(super) delta: Lenient<Delta<'a>> = b"delta",
        pub(super) usage: Raw<'a> = b"usage",
        // Of a whole message.
        pub(super) id: Raw<'a> = b"id",
        pub(super) content: LenientList<ContentBlock<'a>> = b"content",
        pub(super) stop_reason: Raw<'a> = b"stop_reason",
        pub(super) stop_details: Lenient<StopDetails<'a>> = b"stop_details",
    }
}

lenient_object! {
    /// The message of `message_start`.
    pub(super) MessageHead {
        pub(super) id: Raw<'a> = b"id",
        pub(super) usage: Raw<'a> = b"usage",
    }
}

lenient_object! {
    pub(super) ContentBlock {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) text: Raw<'a> = b"text",
        pub(super) thinking: Raw<'a> = b"thinking",
        pub(super) signature: Raw<'a> = b"signature",
        /// Of `redacted_thinking`.
        pub(super) data: Raw<'a> = b"data",
        pub(super) id: Raw<'a> = b"id",
        pub(super) name: Raw<'a> = b"name",
        pub(super) input: Raw<'a> = b"input",
    }
}

lenient_object! {
    /// The `delta` of a block or of the message.
    pub(super) Delta {
        pub(super) kind: Raw<'a> = b"type",
        pub(super) text: Raw<'a> = b"text",
        pub(super) thinking: Raw<'a> = b"thinking",
        pub(super) signature: Raw<'a> = b"signature",
        pub(super) partial_json: Raw<'a> = b"partial_json",
        pub(super) stop_reason: Raw<'a> = b"stop_reason",
        pub(super) stop_details: Lenient<StopDetails<'a>> = b"stop_details",
    }
}

lenient_object! {
    pub(super) StopDetails {
        pub(super) explanation: Raw<'a> = b"explanation",
    }
}
