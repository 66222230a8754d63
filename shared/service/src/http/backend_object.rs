//! A backend's own error object, which clients of its dialect get (B6.6).

use serde_json::Value;
use translators::error::Dialect;

use domain::models::RequestId;

/// An error object of a backend, and its dialect.
#[derive(Clone, Debug)]
pub(super) struct BackendObject(pub(super) Dialect, pub(super) Box<Value>);

impl BackendObject {
    /// The object as clients of `dialect` get it, if it is one of that dialect with all that they read. Anthropic's
    /// SDKs read the request id there too.
    pub(super) fn for_clients_of(&self, dialect: Dialect, request_id: &RequestId) -> Option<Value> {
        let Self(of, object) = self;
        if *of != dialect || !object["error"]["type"].is_string() {
            return None;
        }
        let mut object = Value::clone(object);
        if dialect == Dialect::Anthropic && object["request_id"].is_null() {
            object["request_id"] = request_id.as_str().into();
        }
        Some(object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn b6_6_an_object_passes_to_clients_of_its_dialect_if_it_is_whole() {
        let id = RequestId::generate();
        let openai = json!({"error": {"message": "x", "type": "invalid_request_error", "param": "p", "code": "c"}});
        let anthropic = json!({"type": "error", "error": {"type": "api_error", "message": "x"}});
        let passed = |of, value: &Value, to| BackendObject(of, Box::new(value.clone())).for_clients_of(to, &id);
        assert_eq!(passed(Dialect::OpenAi, &openai, Dialect::OpenAi), Some(openai.clone()));
        assert_eq!(passed(Dialect::OpenAi, &openai, Dialect::Anthropic), None);
        assert_eq!(
            passed(Dialect::OpenAi, &json!({"error": {"message": "x"}}), Dialect::OpenAi),
            None
        );
        let whole = passed(Dialect::Anthropic, &anthropic, Dialect::Anthropic).unwrap();
        assert_eq!(
            (&whole["error"], &whole["request_id"]),
            (&anthropic["error"], &json!(id.as_str()))
        );
    }
}
