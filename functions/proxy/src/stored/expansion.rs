//! The body of a request that says everything itself. Pure.

use bytes::Bytes;
use service::http::{ApiError, Code};
use translators::json::Members;

use super::record::{History, joined};

/// `body` with all items as its input, and without the id of what it goes on from. It may not be longer than what a
/// client could send.
pub(super) fn expanded(body: &Bytes, history: &History, own: &str, most: usize) -> Result<Bytes, ApiError> {
    let members: Members<'_> = serde_json::from_slice(body).map_err(ApiError::internal)?;
    let items = joined(&history.items(), own);
    let mut json = String::with_capacity(body.len() + items.len());
    json.push('{');
    let replaced = |name: &str| matches!(name, "input" | "previous_response_id");
    for (name, value) in members.0.iter().filter(|(name, _)| !replaced(name)) {
        json.push_str(&serde_json::to_string(name).map_err(ApiError::internal)?);
        json.push(':');
        json.push_str(value.get());
        json.push(',');
    }
    json.push_str("\"input\":[");
    json.push_str(&items);
    json.push_str("]}");
    if json.len() > most {
        let message = format!("the conversation is longer than {most} bytes");
        return Err(ApiError::new(Code::RequestTooLarge, message).field("previous_response_id"));
    }
    Ok(json.into())
}
