//! What an administrator adds to every request for a model (api.md §6), made ready once for each version of it.

use domain::models::catalog::{Model, param_header};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use translators::json::Members;

use crate::patch::Splice;
use crate::quota::demand::CAPS;

/// A model's parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelParams {
    /// Each member's name, and the member itself behind a comma: `,"name":value`.
    members: Vec<(String, String)>,
    /// Those written `__name__`, which replace the client's.
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

    /// The parameters that are not set in `body`, an object with a member.
    pub(crate) fn missing(&self, body: &[u8], is_set: impl Fn(&str) -> bool) -> Option<Splice> {
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
        Some(Splice {
            at: end..end,
            with: missing.into(),
        })
    }

    /// The same for a body of which it is not known what is set. It is read only where there are parameters.
    pub(crate) fn missing_in(&self, body: &[u8]) -> Option<Splice> {
        if self.members.is_empty() {
            return None;
        }
        let set: Members<'_> = serde_json::from_slice(body).ok()?;
        // Two names of one thing: a translated body has the one that the backend takes.
        let names = |key: &str, name: &str| key == name || (is_cap(key) && is_cap(name));
        self.missing(body, |name| set.0.iter().any(|(key, _)| names(key, name)))
    }
}

fn is_cap(name: &str) -> bool {
    CAPS.contains(&name)
}

/// What cannot be a header was refused when it was configured.
fn header_of(name: &str, value: &Value) -> Option<(HeaderName, HeaderValue)> {
    Some((
        HeaderName::try_from(name).ok()?,
        HeaderValue::from_str(value.as_str()?).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let added = |body: &str| {
            params
                .missing_in(body.as_bytes())
                .map(|splice| (splice.at.start, String::from_utf8(splice.with.to_vec()).unwrap()))
        };
        assert_eq!(
            added(r#"{"top_k":1} "#),
            Some((10, r#","a \"b\"":{"c":[1]}"#.to_owned()))
        );
        assert_eq!(
            added(r#"{"top\u005fk":null,"a \"b\"":0}"#),
            None,
            "set is set, however it is written"
        );
        let cap = self::params(json!({"max_tokens": 5}));
        assert!(
            cap.missing_in(br#"{"max_completion_tokens":9}"#).is_none(),
            "a limit of the answer is one, whatever its name"
        );
        assert_eq!(params.headers.get("user-agent").unwrap(), "me");
        assert_eq!(params.headers.get("x-source").unwrap(), "us");
    }
}
