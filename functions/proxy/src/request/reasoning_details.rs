//! `reasoning_details` of another vendor in a chat request: a client sends back what it got of another backend of the
//! model, and strict chat backends refuse what they do not know (H1).

use memchr::memmem;
use serde_json::value::RawValue;
use translators::chat::reasoning_details::ANTHROPIC_FORMAT;
use translators::json::Members;

use crate::patch::{Patch, Span};

const MEMBER: &str = "reasoning_details";

/// The patches that take the entries of other vendors' backends out of the `messages` of `body`. Most bodies have none,
/// and are not parsed.
pub(super) fn without_foreign(messages: Option<&RawValue>, body: &[u8]) -> Vec<Patch> {
    let Some(messages) = messages.filter(|messages| has_format(messages.get())) else {
        return Vec::new();
    };
    let messages: Vec<&RawValue> = serde_json::from_str(messages.get()).unwrap_or_default();
    let foreign = messages.into_iter().filter(|message| has_format(message.get()));
    foreign
        .filter_map(|message| without_member(message.get(), body))
        .collect()
}

fn has_format(json: &str) -> bool {
    memmem::find(json.as_bytes(), ANTHROPIC_FORMAT.as_bytes()).is_some()
}

/// The patch that takes the member out of `message`, which is a part of `body`, with the comma that is then too many.
fn without_member(message: &str, body: &[u8]) -> Option<Patch> {
    let members: Members<'_> = serde_json::from_str(message).ok()?;
    let end_of = |json: &RawValue| json.get().as_ptr().addr() + json.get().len() - message.as_ptr().addr();
    let place = members.0.iter().position(|(name, _)| name == MEMBER)?;
    let value = members.0.get(place)?.1.as_ref();
    if !has_format(value.get()) {
        return None;
    }
    let mut end = end_of(value);
    let start = if let Some((_, before)) = place.checked_sub(1).and_then(|before| members.0.get(before)) {
        end_of(before)
    } else {
        // Without one before it, a member goes with the comma that follows.
        end += memchr::memchr(b',', message.get(end..)?.as_bytes()).map_or(0, |comma| comma + 1);
        message.find('{')? + 1
    };
    Span::of(message.get(start..end)?.as_bytes(), body)
        .ok()
        .map(Patch::remove)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::patch::patched;

    fn sent(messages: &str) -> String {
        let body = Bytes::from(format!(r#"{{"messages":{messages}}}"#));
        let members: Members<'_> = serde_json::from_slice(&body).unwrap();
        let sent = patched(&body, &without_foreign(members.get("messages"), &body));
        String::from_utf8(sent.to_vec()).unwrap()
    }

    #[test]
    fn h1_signed_thinking_of_another_vendor_does_not_reach_a_chat_backend() {
        let details = r#""reasoning_details" : [{"signature":"x","format":"anthropic-claude-v1"}]"#;
        for (message, left) in [
            (
                format!(r#"{{"role":"assistant", {details} ,"content":"a"}}"#),
                r#"{"role":"assistant" ,"content":"a"}"#,
            ),
            (
                format!(r#"{{ {details} , "role":"assistant"}}"#),
                r#"{ "role":"assistant"}"#,
            ),
            (
                format!(r#"{{"role":"assistant",{details}}}"#),
                r#"{"role":"assistant"}"#,
            ),
        ] {
            let user = r#"{"role":"user","content":"of anthropic-claude-v1"}"#;
            let expected = format!(r#"{{"messages":[{user},{left}]}}"#);
            assert_eq!(sent(&format!("[{user},{message}]")), expected, "{message}");
        }
        let own = r#"[{"role":"assistant","reasoning_details":[{"format":"google-gemini-v1"}]}]"#;
        assert_eq!(sent(own), format!(r#"{{"messages":{own}}}"#));
    }
}
