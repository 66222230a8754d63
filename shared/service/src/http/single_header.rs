//! Headers that decide something, and so come once (promise 78).

use http::{HeaderMap, HeaderName};

use super::error::ApiError;

/// The text of the header `name`, if it is there; refused where it comes twice.
pub(super) fn single(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(&name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(ApiError::invalid(name.as_str(), "must not come twice")),
        (value, None) => Ok(value.and_then(|value| value.to_str().ok())),
    }
}
