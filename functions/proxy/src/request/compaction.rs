//! A request for a compaction (CO3), made into the request for a response that is a summary (CO1).

use bytes::Bytes;
use serde_json::value::RawValue;
use service::http::ApiError;

use super::body::RequestBody;

/// Members of the client's request that are replaced or left out: what is asked of the model is a text, at once.
const OURS: [&str; 7] = ["input", "stream", "store", "tools", "tool_choice", "text", "include"];

/// The request for the summary that `body` asks for. It is read as bodies of other requests are (promises 27 and 78).
pub(crate) fn summary_request(body: &Bytes) -> Result<Bytes, ApiError> {
    let asked = RequestBody::parse(body)?.checked()?;
    let mut json = asked.opened_without(&OURS, 128)?;
    json.push_str("\"store\":false,\"input\":[");
    match asked.get("input").map(RawValue::get) {
        None if asked.contains("previous_response_id") => {}
        Some(text) if text.starts_with('"') => {
            json.push_str("{\"type\":\"message\",\"role\":\"user\",\"content\":");
            json.push_str(text);
            json.push_str("},");
        }
        Some(list) if list.starts_with('[') => {
            let items = list[1..list.len() - 1].trim();
            json.push_str(items);
            json.push_str(if items.is_empty() { "" } else { "," });
        }
        _ => return Err(ApiError::invalid("input", "must be a string or a list")),
    }
    json.push_str("{\"type\":\"compaction_trigger\"}]}");
    Ok(json.into())
}

#[cfg(test)]
mod tests {
    use service::http::Code;

    use super::*;

    #[test]
    fn co3_the_summary_is_asked_for_behind_the_input_and_without_tools() {
        for (body, request) in [
            (
                r#"{"model":"m","tools":[{}],"input":"a\nb","stream":true}"#,
                r#"{"model":"m","store":false,"input":[{"type":"message","role":"user","content":"a\nb"},{"type":"compaction_trigger"}]}"#,
            ),
            (
                r#"{"model":"m","input":[ {"role":"user"} ]}"#,
                r#"{"model":"m","store":false,"input":[{"role":"user"},{"type":"compaction_trigger"}]}"#,
            ),
            (
                r#"{"previous_response_id":"r","input":null}"#,
                r#"{"previous_response_id":"r","store":false,"input":[{"type":"compaction_trigger"}]}"#,
            ),
        ] {
            assert_eq!(summary_request(&Bytes::from_static(body.as_bytes())).unwrap(), request);
        }
    }

    #[test]
    fn co3_p78_a_body_that_cannot_be_read_in_one_way_is_refused() {
        for (body, code) in [
            (r#"{"model":"m","input":"a","input":"b"}"#, Code::InvalidValue),
            (r#"{"model":"m"}"#, Code::InvalidValue),
            (r#"{"model":"m","input":"a""#, Code::InvalidJson),
        ] {
            let refused = summary_request(&Bytes::from_static(body.as_bytes())).unwrap_err();
            assert_eq!(refused.code(), code, "{body}");
        }
    }
}
