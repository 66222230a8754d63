//! A whole completion as a backend sends it: read, or the error that stands in its place.

use crate::chat::completion::{Choice, Completion};
use crate::chat::stream::is_error;
use crate::error::{BackendError, ErrorContext};

/// The completion in `body`, or the error that stands in its place.
pub(crate) fn read<'a>(body: &'a str, errors: &ErrorContext) -> Result<Completion<'a>, BackendError> {
    let json = trimmed(body);
    let Ok(completion) = serde_json::from_str::<Completion<'_>>(json) else {
        // A list with an error in it is told (E1), a page of HTML is not.
        let unreadable = BackendError::unreadable();
        let is_list = json.starts_with('[');
        return Err(if is_list {
            error_in(json, errors, unreadable)
        } else {
            unreadable
        });
    };
    if is_error(&completion, json.as_bytes()) {
        return Err(error_in(json, errors, BackendError::interrupted()));
    }
    Ok(completion)
}

/// The choice that is the answer. GLM and others respond 200 with a code and a message where the choices should be.
pub(crate) fn choice<'c, 'a>(
    completion: &'c Completion<'a>,
    body: &str,
    errors: &ErrorContext,
) -> Result<&'c Choice<'a>, BackendError> {
    completion
        .choice()
        .ok_or_else(|| error_in(trimmed(body), errors, BackendError::unreadable()))
}

fn trimmed(body: &str) -> &str {
    body.trim_start_matches('\u{feff}').trim_ascii()
}

/// The error that `json` describes, `silent` where it has no message.
fn error_in(json: &str, errors: &ErrorContext, silent: BackendError) -> BackendError {
    BackendError::from_error_object_or(json.as_bytes(), errors, silent)
}
