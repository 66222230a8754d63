//! Parameters that an administrator adds to every request for a model (api.md §6), serialized once for each version of
//! the model.

use domain::models::catalog::{Model, param_header};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use translators::json::Members;

use super::max_tokens;
use crate::patch::Patch;

#[derive(Clone, Debug, Default)]
pub(crate) struct ModelParams {
    /// Each member's name, and the member itself behind a comma: `,"name":value`.
    members: Vec<(String, String)>,
    /// Parameters written `__name__`, which are headers and replace the client's.
    pub(crate) headers: HeaderMap,
}

impl ModelParams {
    pub(crate) fn of(model: &Model) -> Self {
        let mut params = Self::default();
        for (name, value) in &model.model_params {
            match param_header(name) {
                Some(header) => params.headers.extend(header_of(&header, value)),
                None => params.members.push((name.clone(), format!(",{}:{value}", json!(name)))),
            }
        }
        params
    }

    /// The patch that adds the parameters for which `is_set` is false to `body`, an object with at least one member.
    pub(super) fn patch(&self, body: &[u8], is_set: impl Fn(&str) -> bool) -> Option<Patch> {
        let missing: String = self
            .members
            .iter()
            .filter(|(name, _)| !is_set(name))
            .map(|(_, member)| member.as_str())
            .collect();
        let end = body
            .iter()
            .rposition(|byte| *byte == b'}')
            .filter(|_| !missing.is_empty())?;
        Some(Patch::insert(end, missing))
    }

    /// The same for a body whose members are not known. It is parsed only if there are parameters.
    pub(crate) fn patch_unread(&self, body: &[u8]) -> Option<Patch> {
        if self.members.is_empty() {
            return None;
        }
        let set: Members<'_> = serde_json::from_slice(body).ok()?;
        // A translated body has the limit under the name that the backend takes.
        let same = |key: &str, name: &str| key == name || (is_max_tokens(key) && is_max_tokens(name));
        self.patch(body, |name| set.0.iter().any(|(key, _)| same(key, name)))
    }
}

fn is_max_tokens(name: &str) -> bool {
    max_tokens::FIELDS.contains(&name) || name == "max_output_tokens"
}

/// `None` for what cannot be a header; the configuration refuses it.
fn header_of(name: &str, value: &Value) -> Option<(HeaderName, HeaderValue)> {
    Some((
        HeaderName::try_from(name).ok()?,
        HeaderValue::from_str(value.as_str()?).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::patched;

    fn params(params: Value) -> ModelParams {
        let model = json!({
            "id": "m", "name": "m", "enabled": true, "model_params": params, "version": 1,
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"
        });
        ModelParams::of(&serde_json::from_value(model).unwrap())
    }

    #[test]
    fn members_are_added_where_they_are_not_set_and_headers_are_told_apart() {
        let params =
            params(json!({"top_k": 5, "a \"b\"": {"c": [1]}, "__user_agent__": "me", "__header_x_source__": "us"}));
        let sent = |body: &str| {
            let patch = params.patch_unread(body.as_bytes())?;
            Some(String::from_utf8(patched(body.as_bytes(), &[patch]).to_vec()).unwrap())
        };
        assert_eq!(
            sent(r#"{"top_k":1} "#).as_deref(),
            Some(r#"{"top_k":1,"a \"b\"":{"c":[1]}} "#)
        );
        assert_eq!(
            sent(r#"{"top\u005fk":null,"a \"b\"":0}"#),
            None,
            "set is set, however it is written"
        );
        let cap = self::params(json!({"max_tokens": 5}));
        assert!(
            cap.patch_unread(br#"{"max_completion_tokens":9}"#).is_none(),
            "a limit of the response is one under either name"
        );
        assert_eq!(params.headers.get("user-agent").unwrap(), "me");
        assert_eq!(params.headers.get("x-source").unwrap(), "us");
    }
}
