//! Who calls: from the headers to a person or a program (promises 12, 18, 20).

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::{ApiError, Code};
use crate::models::api_key::ApiKey;
use crate::models::user::User;

/// A person with a session.
#[derive(Clone, Debug)]
pub struct SessionCaller {
    pub user: Arc<User>,
}

/// A program with an API key.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    pub user: Arc<User>,
    pub key: Arc<ApiKey>,
}

/// The credential of a management request.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or_else(ApiError::unauthorized)?;
    if values.next().is_some() {
        return Err(ApiError::new(Code::InvalidValue, "there must be one Authorization header"));
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(ApiError::unauthorized)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(ApiError::unauthorized()) }
}

/// The credential of a `/v1` request: `Authorization: Bearer` or `x-api-key`; two different ones are refused.
pub fn api_key(headers: &HeaderMap) -> Result<&str, ApiError> {
    let Some(key) = headers.get("x-api-key") else { return bearer(headers) };
    let key = key.to_str().map_err(|_| ApiError::unauthorized())?;
    if headers.contains_key(AUTHORIZATION) && bearer(headers)? != key {
        return Err(ApiError::unauthorized());
    }
    Ok(key)
}
