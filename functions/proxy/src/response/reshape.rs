//! A response in the other form than it was asked for (B9.1): a stream where JSON was due is put together, JSON where a
//! stream was due is taken apart. The first bytes tell, not the label. Pure.

use bytes::{Bytes, BytesMut};
use translators::directions::ApiDialect;
use translators::error::{BackendError, ErrorContext};
use translators::responses::reshape::Begun;
use translators::{chat, messages, responses};

use super::context::PassthroughContext;
use super::scan::ChunkInfo;

/// True if `body`, which is due to be JSON, is a stream of events.
pub(super) fn is_stream(body: &[u8]) -> bool {
    const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    FIELDS.iter().any(|field| body.starts_with(field))
}

/// The response that a stream in `dialect` comes to.
pub(super) fn whole_of(dialect: ApiDialect, stream: &[u8], errors: &ErrorContext) -> Result<Bytes, BackendError> {
    let whole = match dialect {
        ApiDialect::Messages => messages::reshape::assemble(stream, errors),
        ApiDialect::Chat => chat::reshape::assemble(stream, errors),
        ApiDialect::Responses => responses::reshape::assemble(stream, errors),
    };
    whole.map(Bytes::from)
}

/// The stream in `dialect` that a response comes to, with its end mark and the client's name of the model. `begun` is
/// what a Responses client has of it already.
pub(super) fn stream_of(
    dialect: ApiDialect,
    body: &str,
    info: &ChunkInfo,
    context: &PassthroughContext,
    begun: &mut Begun,
) -> Result<Bytes, BackendError> {
    let named = context.model_name.apply(Bytes::copy_from_slice(body.as_bytes()), info);
    let text = std::str::from_utf8(&named).map_err(|_| BackendError::unreadable())?;
    let mut out = BytesMut::with_capacity(2 * text.len());
    let written = match dialect {
        ApiDialect::Messages => messages::reshape::take_apart(text, &mut out),
        ApiDialect::Responses => responses::reshape::take_apart(text, begun, &mut out),
        ApiDialect::Chat => chat::reshape::take_apart(text, !context.hides_usage).map(|chunks| {
            for chunk in chunks {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(&chunk);
                out.extend_from_slice(b"\n\n");
            }
            out.extend_from_slice(b"data: [DONE]\n\n");
        }),
    };
    written.map_err(|_| BackendError::unreadable())?;
    Ok(out.freeze())
}
