//! JSON objects whose members become the form that a route takes.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use service::http::ApiError;
use service::http::json;

/// The members of one object.
pub(crate) type Fields = Map<String, Value>;

/// The members as `T`, with an error that names the field.
pub(crate) fn as_form<T: DeserializeOwned>(fields: &Fields) -> Result<T, ApiError> {
    let text = serde_json::to_vec(fields).map_err(ApiError::internal)?;
    json::parse(&text)
}
