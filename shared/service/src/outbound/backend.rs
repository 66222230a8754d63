//! Where a backend's endpoints are, and how it is shown its key.

use http::header::{AUTHORIZATION, InvalidHeaderValue};
use http::{HeaderName, HeaderValue};
use url::Url;

use domain::models::auth::{Auth, KeyHeader};
use domain::models::catalog::{Backend, Protocol};
use domain::secret::Secret;

/// A call of Messages: clouds have an address for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessagesCall {
    Whole,
    Streamed,
    CountTokens,
}

/// The addresses at one backend.
#[derive(Clone, Debug)]
pub struct Addresses {
    base: Url,
    protocol: Protocol,
    /// Azure's version of the API, which every request there has.
    api_version: Option<String>,
}

impl Addresses {
    /// At `base`, which is the backend's `base_url` as it may be called.
    pub fn of(backend: &Backend, base: Url) -> Self {
        Self {
            base,
            protocol: backend.protocol,
            api_version: backend.api_version.clone(),
        }
    }

    /// The route `path` of the backend's API: behind its base, below `/v1` where that has no path of its own, and of
    /// Messages, which is never without a version, where it does not end in one (docs/api.md §5).
    pub fn route(&self, path: &str) -> Url {
        let own = self.base.path().trim_end_matches('/');
        let version = if own.is_empty() || (self.protocol == Protocol::Anthropic && !ends_in_version(own)) {
            "/v1"
        } else {
            ""
        };
        self.at(&format!("{own}{version}/{path}"))
    }

    /// The address at which a backend that speaks Messages takes `call` of the model that it knows as `model`.
    pub fn messages(&self, model: &str, call: MessagesCall) -> Url {
        match (self.protocol, call) {
            (Protocol::AnthropicVertex, MessagesCall::Whole) => self.raw_predict(&escaped(model), "rawPredict"),
            (Protocol::AnthropicVertex, MessagesCall::Streamed) => {
                self.raw_predict(&escaped(model), "streamRawPredict")
            }
            (Protocol::AnthropicVertex, MessagesCall::CountTokens) => self.raw_predict("count-tokens", "rawPredict"),
            (_, MessagesCall::Whole | MessagesCall::Streamed) => self.route("messages"),
            (_, MessagesCall::CountTokens) => self.route("messages/count_tokens"),
        }
    }

    /// A model of Anthropic's in Vertex AI
    /// (<https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>).
    fn raw_predict(&self, model: &str, method: &str) -> Url {
        let own = self.base.path().trim_end_matches('/');
        self.at(&format!("{own}/publishers/anthropic/models/{model}:{method}"))
    }

    /// `path` beside `/v1`, not below it: where servers have what is not of the API.
    pub fn outside_v1(&self, path: &str) -> Url {
        let root = self.base.path().trim_end_matches('/').trim_end_matches("/v1");
        self.at(&format!("{root}/{path}"))
    }

    /// The absolute `path` on the backend's host.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        if let Some(version) = &self.api_version {
            url.query_pairs_mut().append_pair("api-version", version);
        }
        url
    }
}

/// `name` as one segment of a path: all but unreserved characters (RFC 3986 §2.3) and `@` are escaped.
fn escaped(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    let escape = |byte: u8| match byte {
        plain if is_plain(plain) => char::from(plain).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(escape).collect()
}

/// True for `/api/v3`.
fn ends_in_version(path: &str) -> bool {
    let last = path.rsplit('/').next().and_then(|last| last.strip_prefix('v'));
    last.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The header that shows a backend its key: the one that its `auth` names, else its protocol's own; `None` where
/// something else is shown.
pub fn credential(backend: &Backend, key: &Secret) -> Result<Option<(HeaderName, HeaderValue)>, CredentialError> {
    let own = match backend.protocol {
        Protocol::Openai | Protocol::Responses | Protocol::AnthropicVertex => KeyHeader::AUTHORIZATION,
        Protocol::Anthropic => "x-api-key",
    };
    let name = match &backend.auth {
        Some(Auth::ApiKey { header }) => HeaderName::try_from(header.as_str()).map_err(|_| CredentialError::Name)?,
        Some(_) => return Ok(None),
        None => HeaderName::from_static(own),
    };
    let mut value = if name == AUTHORIZATION {
        HeaderValue::try_from(format!("Bearer {}", key.expose()))
    } else {
        HeaderValue::try_from(key.expose())
    }?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}

/// The reason why a key cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("the header for the key has no name")]
    Name,
    #[error("the key is no header value")]
    Value(#[from] InvalidHeaderValue),
}

#[cfg(test)]
mod tests {
    use domain::models::health::Health;
    use domain::models::{BackendId, DisplayName, ModelId};
    use jiff::Timestamp;

    use super::*;

    fn backend(protocol: Protocol, auth: Option<&str>) -> Backend {
        Backend {
            id: BackendId::generate(),
            model_id: ModelId::parse("m").unwrap(),
            name: DisplayName::parse("b").unwrap(),
            base_url: String::new(),
            model_name: "m".to_owned(),
            weight: 1,
            region: None,
            enabled: true,
            secret: None,
            retired_secret: None,
            key_fingerprint: None,
            protocol,
            auth: auth.map(|auth| serde_json::from_str(auth).unwrap()),
            api_version: None,
            preset: None,
            settings: std::collections::BTreeMap::new(),
            max_concurrency: 0,
            timeout_ms: None,
            idle_timeout_ms: None,
            headers: std::collections::BTreeMap::new(),
            health_path: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
            health: Health::default(),
        }
    }

    #[test]
    fn a_model_in_vertex_is_a_part_of_the_path() {
        let base = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/";
        let addresses = Addresses::of(&backend(Protocol::AnthropicVertex, None), base.parse().unwrap());
        let models = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/";
        for (model, call, end) in [
            ("claude-opus-5", MessagesCall::Whole, "claude-opus-5:rawPredict"),
            (
                "claude@20261101",
                MessagesCall::Streamed,
                "claude@20261101:streamRawPredict",
            ),
            ("../a;b c?", MessagesCall::Whole, "..%2Fa%3Bb%20c%3F:rawPredict"),
            ("claude", MessagesCall::CountTokens, "count-tokens:rawPredict"),
        ] {
            assert_eq!(addresses.messages(model, call).as_str(), format!("{models}{end}"));
        }
    }

    #[test]
    fn the_path_goes_behind_the_base_or_below_v1() {
        for (base, route, root) in [
            (
                "http://127.0.0.1:8000",
                "http://127.0.0.1:8000/v1/models",
                "http://127.0.0.1:8000/health",
            ),
            (
                "http://127.0.0.1:8000/",
                "http://127.0.0.1:8000/v1/models",
                "http://127.0.0.1:8000/health",
            ),
            (
                "https://api.z.ai/api/paas/v4",
                "https://api.z.ai/api/paas/v4/models",
                "https://api.z.ai/api/paas/v4/health",
            ),
            ("https://host/v1/", "https://host/v1/models", "https://host/health"),
        ] {
            let addresses = Addresses::of(&backend(Protocol::Openai, None), base.parse().unwrap());
            assert_eq!(
                (
                    addresses.route("models").as_str(),
                    addresses.outside_v1("health").as_str()
                ),
                (route, root)
            );
        }
    }

    #[test]
    fn messages_are_below_a_version_always() {
        for (base, route) in [
            ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
            ("https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages"),
            (
                "https://api.z.ai/api/anthropic",
                "https://api.z.ai/api/anthropic/v1/messages",
            ),
            (
                "https://api.z.ai/api/anthropic/",
                "https://api.z.ai/api/anthropic/v1/messages",
            ),
            ("https://host/a/v12", "https://host/a/v12/messages"),
            ("https://host/v", "https://host/v/v1/messages"),
            ("https://host/v1beta", "https://host/v1beta/v1/messages"),
        ] {
            let addresses = Addresses::of(&backend(Protocol::Anthropic, None), base.parse().unwrap());
            assert_eq!(addresses.route("messages").as_str(), route);
        }
    }

    #[test]
    fn the_version_of_the_api_goes_with_every_address() {
        let azure = Backend {
            api_version: Some("2024-10-21".to_owned()),
            ..backend(Protocol::Openai, None)
        };
        let base = "https://r.openai.azure.com/openai/deployments/d".parse().unwrap();
        let addresses = Addresses::of(&azure, base);
        assert_eq!(
            addresses.route("chat/completions").as_str(),
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21"
        );
        for url in [addresses.outside_v1("health"), addresses.at("/status")] {
            assert_eq!(url.query(), Some("api-version=2024-10-21"), "{url}");
        }
    }

    #[test]
    fn p37_a_health_path_is_a_path_on_the_backends_own_host() {
        let addresses = Addresses::of(&backend(Protocol::Openai, None), "https://h/api/v4".parse().unwrap());
        assert_eq!(addresses.at("/health").as_str(), "https://h/health");
        assert_eq!(addresses.at("/a/../../b").as_str(), "https://h/b");
    }

    #[test]
    fn p38_a_key_is_shown_in_the_protocols_own_header_or_the_one_of_the_entry() {
        let shown = |protocol, auth| credential(&backend(protocol, auth), &"k".into()).unwrap().unwrap();
        let authorization = (AUTHORIZATION, HeaderValue::from_static("Bearer k"));
        let header = |name| (HeaderName::from_static(name), HeaderValue::from_static("k"));
        assert_eq!(shown(Protocol::Openai, None), authorization);
        assert_eq!(shown(Protocol::Responses, None), authorization);
        assert_eq!(shown(Protocol::Anthropic, None), header("x-api-key"));
        for (protocol, name) in [
            (Protocol::Openai, "api-key"),
            (Protocol::Anthropic, "ocp-apim-subscription-key"),
        ] {
            let auth = format!(r#"{{"type":"api_key","header":"{name}"}}"#);
            let backend = backend(protocol, Some(&auth));
            assert_eq!(credential(&backend, &"k".into()).unwrap(), Some(header(name)));
        }
        let bearer = Some(r#"{"type":"api_key","header":"Authorization"}"#);
        assert_eq!(shown(Protocol::Anthropic, bearer), authorization);
        assert!(shown(Protocol::Openai, None).1.is_sensitive());
        assert!(credential(&backend(Protocol::Openai, None), &"a\nb".into()).is_err());
        let signed = backend(Protocol::Openai, Some(r#"{"type":"aws_sigv4"}"#));
        assert!(credential(&signed, &"k".into()).unwrap().is_none());
    }
}
