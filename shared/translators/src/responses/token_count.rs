//! The estimated number of tokens of a Responses request: for `input_tokens` (PA2), and for backends that report none.

use serde_json::value::RawValue;

use super::wire::request::ResponsesBody;
use crate::json::{EscapedText, Members};
use crate::tokens::{MilliTokens, TOKEN, of_text};

const PER_OBJECT: MilliTokens = 4 * TOKEN;
const PER_IMAGE: MilliTokens = 1600 * TOKEN;
/// A page of a PDF is some thousand tokens and some ten thousand bytes of base64.
const PER_BASE64_BYTE: MilliTokens = TOKEN / 20;
/// Deeper values count by their length.
const MAX_DEPTH: usize = 6;
/// Members that the model does not read.
const UNREAD: [&str; 7] = ["id", "type", "role", "status", "call_id", "encrypted_content", "detail"];

/// At least 1; nothing is validated.
pub fn estimate(request: &ResponsesBody<'_>) -> u64 {
    let read = [request.instructions, request.input, request.tools, request.text];
    let total: MilliTokens = read
        .iter()
        .filter_map(|field| field.raw())
        .map(|json| of_json(json, 0))
        .sum();
    total.div_ceil(TOKEN).max(1)
}

fn of_json(json: &RawValue, depth: usize) -> MilliTokens {
    if let Some(text) = EscapedText::of(json) {
        return of_text(text);
    }
    match json.get().as_bytes().first() {
        Some(b'[') if depth < MAX_DEPTH => {
            let items: Vec<&RawValue> = serde_json::from_str(json.get()).unwrap_or_default();
            items.into_iter().map(|item| of_json(item, depth + 1)).sum()
        }
        Some(b'{') if depth < MAX_DEPTH => {
            let members: Members<'_> = serde_json::from_str(json.get()).unwrap_or_default();
            PER_OBJECT
                + members
                    .0
                    .iter()
                    .map(|(name, value)| of_member(name, value, depth))
                    .sum::<MilliTokens>()
        }
        _ => of_text(EscapedText::from_escaped(json.get())),
    }
}

fn of_member(name: &str, value: &RawValue, depth: usize) -> MilliTokens {
    match name {
        name if UNREAD.contains(&name) => 0,
        "image_url" => PER_IMAGE,
        "file_data" => value.get().len() as MilliTokens * PER_BASE64_BYTE,
        // A schema is read as it is written.
        "parameters" | "schema" => of_text(EscapedText::from_escaped(value.get())),
        _ => of_json(value, depth + 1),
    }
}
