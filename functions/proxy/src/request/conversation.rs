//! The key of a conversation: the same for all of its requests, so that they can go where its prompt is in a cache.
//!
//! It is read of the client's bytes, before any translation, and only where there are backends to choose from.

use std::borrow::Cow;

use domain::access::digest::PartsDigest;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::opening_turns;

/// A number that all requests of a conversation have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationKey(pub u64);

/// The members of a request that tell its conversation from others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConversationParts<'a> {
    /// `prompt_cache_key`.
    pub(super) cache_key: Option<&'a RawValue>,
    /// `metadata`, in whose `user_id` Claude Code names its session.
    pub(super) metadata: Option<&'a RawValue>,
    /// The members before the turns: the system's prompt, and tools.
    pub(super) preamble: [Option<&'a RawValue>; 2],
    pub(super) turns: Option<&'a RawValue>,
}

impl ConversationParts<'_> {
    /// The key by the first that is there: `prompt_cache_key`, the client's `session-id`, Claude Code's session, else
    /// the `user` and the beginning of the conversation. `None` for a request that has no turns either.
    pub(super) fn key(&self, session_id: Option<&[u8]>, user: &str) -> Option<ConversationKey> {
        let cache_key = self.cache_key.and_then(text);
        let session_id = session_id.filter(|id| !id.is_empty());
        if let Some(named) = cache_key.as_deref().map(str::as_bytes).or(session_id) {
            return Some(ConversationKey::named(named));
        }
        if let Some(session) = self.metadata.and_then(claude_code_session) {
            return Some(ConversationKey::named(session.as_bytes()));
        }
        let turns = self.turns?;
        let mut digest = PartsDigest::new();
        digest.add(user.as_bytes());
        for part in self.preamble.into_iter().flatten() {
            opening_turns::add_texts(part.get(), &mut digest);
        }
        opening_turns::add_opening(turns.get(), &mut digest);
        Some(ConversationKey(digest.number()))
    }
}

impl ConversationKey {
    /// The key of a conversation that has a name.
    pub fn named(name: &[u8]) -> Self {
        let mut digest = PartsDigest::new();
        digest.add(name);
        Self(digest.number())
    }
}

/// The text of a string that is not empty.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    let text = if inner.contains('\\') {
        Cow::Owned(serde_json::from_str(value.get()).ok()?)
    } else {
        Cow::Borrowed(inner)
    };
    (!text.is_empty()).then_some(text)
}

/// The session that Claude Code names in `user_id`: a member of an object in a string, and the end of a name in
/// versions before.
fn claude_code_session(metadata: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Metadata {
        user_id: String,
    }
    #[derive(Deserialize)]
    struct UserId {
        session_id: String,
    }
    let Metadata { user_id } = serde_json::from_str(metadata.get()).ok()?;
    let session = if user_id.starts_with('{') {
        serde_json::from_str::<UserId>(&user_id).ok()?.session_id
    } else {
        user_id.rsplit_once("_session_")?.1.to_owned()
    };
    (!session.is_empty()).then_some(session)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn key(body: &Value, session_id: Option<&str>, user: &str) -> Option<ConversationKey> {
        let raw = |name: &str| Some(serde_json::value::to_raw_value(body.get(name)?).unwrap());
        let members = ["prompt_cache_key", "metadata", "system", "tools", "messages"].map(raw);
        let [cache_key, metadata, system, tools, turns] = members.each_ref().map(Option::as_deref);
        let parts = ConversationParts {
            cache_key,
            metadata,
            preamble: [system, tools],
            turns,
        };
        parts.key(session_id.map(str::as_bytes), user)
    }

    fn conversation() -> Value {
        json!({"system": "Be brief.", "tools": [{"name": "f"}], "messages": [{"role": "user", "content": "Hi"}]})
    }

    fn with(member: &str, value: Value) -> Value {
        let mut body = conversation();
        body[member] = value;
        body
    }

    #[test]
    fn p92_the_first_name_of_a_conversation_is_its_key() {
        let named = |name: &str| Some(ConversationKey::named(name.as_bytes()));
        let old = json!({"user_id": "user_1f_account_2e_session_3d"});
        let new = json!({"user_id": r#"{"device_id":"1f","session_id":"3d"}"#});
        assert_eq!(key(&with("metadata", old.clone()), None, "u"), named("3d"));
        assert_eq!(key(&with("metadata", new), None, "u"), named("3d"));
        assert_eq!(key(&with("metadata", old), Some("s"), "u"), named("s"));
        let cached = with("prompt_cache_key", json!("c\u{e9}\n"));
        assert_eq!(key(&cached, Some("s"), "u"), named("c\u{e9}\n"));
        assert_eq!(key(&with("prompt_cache_key", json!("")), Some("s"), "u"), named("s"));
    }

    #[test]
    fn p92_a_conversation_without_a_name_is_known_by_its_beginning() {
        let unnamed = key(&conversation(), None, "u");
        assert!(unnamed.is_some());
        for name in [json!({"user_id": "u"}), json!({"user_id": "{}"}), json!({}), json!(7)] {
            assert_eq!(key(&with("metadata", name), Some(""), "u"), unnamed);
        }
        let grown = json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]);
        assert_eq!(key(&with("messages", grown), None, "u"), unnamed);
        assert_ne!(key(&conversation(), None, "v"), unnamed);
        for (member, other) in [
            ("system", json!("Be long.")),
            ("tools", json!([{"name": "g"}])),
            ("messages", json!([{"role": "user", "content": "Ho"}])),
        ] {
            assert_ne!(key(&with(member, other), None, "u"), unnamed, "{member}");
        }
        assert_eq!(key(&json!({"prompt": "x"}), None, "u"), None);
    }
}
