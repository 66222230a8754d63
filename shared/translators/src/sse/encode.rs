//! Events as bytes.

use bytes::{BufMut as _, BytesMut};
use memchr::memchr;
use serde::Serialize;

/// Writes one event as `event: <kind>`, `data: <one line of JSON>` and a blank line.
///
/// The official SDKs skip events without an `event:` line, so it is always there.
pub fn encode(out: &mut BytesMut, kind: &str, data: &impl Serialize) -> Result<(), serde_json::Error> {
    begin(out, kind);
    serde_json::to_writer((&mut *out).writer(), data)?;
    end(out);
    Ok(())
}

/// The part of an event before its JSON.
pub(crate) fn begin(out: &mut BytesMut, kind: &str) {
    debug_assert!(memchr(b'\n', kind.as_bytes()).is_none(), "an event's name is one line");
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
}

/// The part of an event behind its JSON.
pub(crate) fn end(out: &mut BytesMut) {
    out.extend_from_slice(b"\n\n");
}
