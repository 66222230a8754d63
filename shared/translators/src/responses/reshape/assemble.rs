//! A stream put together to one response.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::saying::word;
use crate::error::{BackendError, ErrorContext};
use crate::json::{Members, Raw, to_json};
use crate::responses::failure::backend_error;
use crate::sse::events;

/// The response that the events of `body` come to.
pub fn assemble(body: &[u8], errors: &ErrorContext) -> Result<Vec<u8>, BackendError> {
    let mut items: Vec<Box<RawValue>> = Vec::new();
    for event in events(body) {
        let Some(data) = event.data().filter(|data| data.starts_with(b"{")) else {
            continue;
        };
        let text = String::from_utf8_lossy(data);
        let Ok(members) = serde_json::from_str::<Members<'_>>(&text) else {
            // The last event of a stream that broke off.
            break;
        };
        let response = members.get("response");
        match word(members.get("type")) {
            kind if event.is_error() || matches!(kind, None | Some("error")) => {
                return Err(BackendError::from_error_object(data, errors));
            }
            Some("response.failed") => return Err(failure(response, errors)),
            Some("response.output_item.done") => {
                items.extend(members.get("item").map(ToOwned::to_owned));
            }
            Some("response.completed" | "response.incomplete") => {
                let response = response.ok_or_else(BackendError::unreadable)?;
                return with_output(response, &items).map_err(|_| BackendError::unreadable());
            }
            _ => {}
        }
    }
    Err(BackendError::cut_short())
}

/// The response; one without any output gets that of its events.
fn with_output(response: &RawValue, items: &[Box<RawValue>]) -> serde_json::Result<Vec<u8>> {
    let mut members: Members<'_> = serde_json::from_str(response.get())?;
    let output: Option<Vec<&RawValue>> = members
        .get("output")
        .and_then(|output| serde_json::from_str(output.get()).ok());
    if output.is_none_or(|output| output.is_empty()) {
        members.set(Cow::Borrowed("output"), to_json(&items)?);
    }
    serde_json::to_vec(&members)
}

/// The error of a response that failed.
pub fn failure(response: Raw<'_>, errors: &ErrorContext) -> BackendError {
    let members: Members<'_> = response
        .and_then(|response| serde_json::from_str(response.get()).ok())
        .unwrap_or_default();
    backend_error(members.get("error"), errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b9_1_a_response_without_output_gets_that_of_its_events() {
        for (output, assembled) in [
            ("null", r#"[{"id":"a"}]"#),
            ("[ ]", r#"[{"id":"a"}]"#),
            (r#"[{"id":"b"}]"#, r#"[{"id":"b"}]"#),
        ] {
            let stream = format!(
                "data: {{\"type\":\"response.output_item.done\",\"item\":{{\"id\":\"a\"}}}}\n\n\
                data: {{\"type\":\"response.completed\",\"response\":{{\"output\":{output}}}}}\n\n"
            );
            let response = assemble(stream.as_bytes(), &ErrorContext::default()).unwrap();
            assert_eq!(
                String::from_utf8(response).unwrap(),
                format!(r#"{{"output":{assembled}}}"#)
            );
        }
    }
}
