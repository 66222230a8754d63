//! The requests of token endpoints: forms (RFC 6749 §3.2, appendix B).

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use service::http::json::{MAX_MANAGEMENT_BODY, read_any};
use url::form_urlencoded;

use super::error::OAuthError;

/// Parameters by name. Those that nobody asks for are ignored, and those without a value count as absent.
#[derive(Debug)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// The form that a body is; none may have a parameter twice.
    fn of(body: &[u8]) -> Result<Self, OAuthError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OAuthError::InvalidRequest("a parameter stands twice"));
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The parameter, or the refusal `missing` of a request without it.
    pub(crate) fn required(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or(OAuthError::InvalidRequest(missing))
    }
}

impl<S: Sync> FromRequest<S> for Form {
    type Rejection = OAuthError;

    async fn from_request(request: Request, _: &S) -> Result<Self, OAuthError> {
        Self::of(&read_any(request, MAX_MANAGEMENT_BODY).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_each_parameter_once_and_none_without_a_value() {
        let form = Form::of(b"grant_type=a%20b&scope=&x=1").unwrap();
        assert_eq!(form.get("grant_type"), Some("a b"));
        assert_eq!(form.get("scope"), None);
        assert!(form.required("scope", "missing").is_err());
        assert!(Form::of(b"a=1&a=1").is_err());
    }
}
