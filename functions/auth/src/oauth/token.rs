//! `POST /oauth/token`: each grant type has its own way to a token.

use super::error::OAuthError;
use super::form::Form;
use super::issue::TokenResponse;

/// `POST /oauth/token`
pub(crate) async fn exchange(form: Form) -> Result<TokenResponse, OAuthError> {
    form.required("grant_type", "grant_type is missing")?;
    Err(OAuthError::UnsupportedGrantType)
}
