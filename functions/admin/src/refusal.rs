//! The refusal of a part of a request, in the report of the whole: of a line, an account, a change.

use serde::Serialize;
use service::http::ApiError;
use service::http::language::Language;

/// An error as its own response would tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    pub code: &'static str,
    pub field: Option<String>,
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(error: &ApiError, language: Language) -> Self {
        Self {
            code: error.code().name(),
            field: error.field_name().map(ToOwned::to_owned),
            message: error.told(language).text,
        }
    }
}
