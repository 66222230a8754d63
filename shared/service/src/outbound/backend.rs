//! Where a backend's endpoints are, and how it is shown its key.

use http::header::{AUTHORIZATION, InvalidHeaderValue};
use http::{HeaderName, HeaderValue};
use url::Url;

use domain::models::catalog::Protocol;
use domain::secret::Secret;

/// `base` with `path` behind it; without a path of its own, below `/v1` (api.md §5).
pub fn endpoint(mut base: Url, path: &str) -> Url {
    let prefix = match base.path().trim_end_matches('/') {
        "" => "/v1".to_owned(),
        own => own.to_owned(),
    };
    base.set_path(&format!("{prefix}/{path}"));
    base
}

/// `path` beside `/v1`, not below it: where servers have what is not of the API.
pub fn outside_v1(mut base: Url, path: &str) -> Url {
    let root = base.path().trim_end_matches('/').trim_end_matches("/v1").to_owned();
    base.set_path(&format!("{root}/{path}"));
    base
}

/// The header that shows a backend of this protocol its key.
pub fn credential(protocol: Protocol, key: &Secret) -> Result<(HeaderName, HeaderValue), InvalidHeaderValue> {
    let (name, value) = match protocol {
        Protocol::Openai | Protocol::Responses => {
            (AUTHORIZATION, HeaderValue::try_from(format!("Bearer {}", key.expose())))
        }
        Protocol::Anthropic => (
            HeaderName::from_static("x-api-key"),
            HeaderValue::try_from(key.expose()),
        ),
    };
    let mut value = value?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_goes_behind_the_base_or_below_v1() {
        for (base, url, root) in [
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
            let base: Url = base.parse().unwrap();
            assert_eq!(
                (
                    endpoint(base.clone(), "models").as_str(),
                    outside_v1(base, "health").as_str()
                ),
                (url, root)
            );
        }
    }

    #[test]
    fn p38_each_protocol_is_shown_its_key_in_its_own_header() {
        let shown = |protocol| credential(protocol, &"k".into()).unwrap();
        assert_eq!(
            shown(Protocol::Openai),
            (AUTHORIZATION, HeaderValue::from_static("Bearer k"))
        );
        assert_eq!(
            shown(Protocol::Anthropic),
            (HeaderName::from_static("x-api-key"), HeaderValue::from_static("k"))
        );
        assert_eq!(shown(Protocol::Responses), shown(Protocol::Openai));
        assert!(shown(Protocol::Openai).1.is_sensitive());
        assert!(credential(Protocol::Openai, &"a\nb".into()).is_err());
    }
}
