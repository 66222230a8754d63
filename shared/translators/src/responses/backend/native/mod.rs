//! A Responses client in front of a backend that speaks Responses too: its bytes pass, but for what is ours or would
//! act in the operator's account (N1 to N7).
//!
//! | file | what |
//! | --- | --- |
//! | `tools.rs` | tools that a vendor's server would run (N4) |
//! | `items.rs` | items with ids, reasoning and summaries of ours (N5, N6) |
//! | `answer.rs` | an answer that is stored here, under ids of ours (N5) |

mod answer;
mod items;
mod tools;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Json, Members, Raw, lenient, lenient_object, to_json};
use crate::responses::lifecycle::Lifecycle;
use crate::responses::wire::request::ResponsesBody;
use crate::sealed::{ENCRYPTED_REASONING, Sealer};
use crate::settings::BackendSettings;
use crate::warnings::Warnings;

pub use answer::StoredAnswer;

/// The request of a client.
#[derive(Clone, Copy, Debug)]
pub struct NativeRequest<'r, 'a> {
    pub body: &'r ResponsesBody<'a>,
    /// The response that it will get.
    pub lifecycle: &'r Lifecycle,
    /// It goes to the backend's own route for compactions, where none has to be asked for (CO3).
    pub is_for_compaction: bool,
}

/// The changes of a request for a backend.
#[derive(Debug, Default)]
pub struct Adapted<'a> {
    /// Members with another value; those without one are taken out.
    pub members: Vec<(&'static str, Option<Json<'a>>)>,
    /// Names of fields that the backend does not get, for `x-translation-warnings` (P2).
    pub warnings: Vec<String>,
}

lenient_object! {
    Typed {
        kind: Raw<'a> = b"type",
        id: Raw<'a> = b"id",
        encrypted_content: Raw<'a> = b"encrypted_content",
    }
}

/// The changes of `request` for a backend with `settings`.
pub fn adapt<'a>(request: NativeRequest<'_, 'a>, settings: &BackendSettings) -> Result<Adapted<'a>, RequestError> {
    let NativeRequest { body, lifecycle, .. } = request;
    let mut adapter = Adapter {
        settings,
        sealer: lifecycle.sealer(),
        drops_trigger: request.is_for_compaction,
        warnings: Warnings::default(),
    };
    let mut members = adapter.tools(body)?;
    if let Some(input) = adapter.input(body.input)? {
        members.push(("input", Some(input)));
    }
    if lifecycle.is_stored() {
        members.extend(with_encrypted_reasoning(body)?);
    }
    Ok(Adapted {
        members,
        warnings: adapter.warnings.into_names(),
    })
}

/// What is stored here is all that the backend will be told of its reasoning (N1).
fn with_encrypted_reasoning<'a>(
    request: &ResponsesBody<'a>,
) -> Result<Option<(&'static str, Option<Json<'a>>)>, RequestError> {
    if request.includes(ENCRYPTED_REASONING)? {
        return Ok(None);
    }
    let mut included = request.include.words(FieldPath::root("include"))?;
    included.push(Cow::Borrowed(ENCRYPTED_REASONING));
    Ok(Some(("include", Some(to_json(&included)?))))
}

/// The request without its reasoning items, which the backend cannot read (N7); `None` if it has none.
pub fn without_reasoning(body: &[u8]) -> Option<Vec<u8>> {
    let mut members: Members<'_> = serde_json::from_slice(body).ok()?;
    let items: Vec<&RawValue> = serde_json::from_str(members.get("input")?.get()).ok()?;
    let is_reasoning = |item: &&RawValue| kind(item).as_deref() == Some("reasoning");
    let kept: Vec<_> = items.iter().copied().filter(|item| !is_reasoning(item)).collect();
    if kept.len() == items.len() {
        return None;
    }
    members.set(Cow::Borrowed("input"), to_json(&kept).ok()?);
    serde_json::to_vec(&members).ok()
}

struct Adapter<'s> {
    settings: &'s BackendSettings,
    sealer: &'s dyn Sealer,
    /// The item that asks for a summary is left out.
    drops_trigger: bool,
    warnings: Warnings,
}

impl<'a> Typed<'a> {
    /// The type, however it is escaped.
    fn kind(&self) -> Option<Cow<'a, str>> {
        self.kind.and_then(EscapedText::of).map(EscapedText::decode)
    }
}

fn kind(json: &RawValue) -> Option<Cow<'_, str>> {
    lenient::<Typed<'_>>(json)?.kind()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn adapted(request: &str, hosted_tools: &[&str]) -> Result<(String, Vec<String>), RequestError> {
        adapted_for(request, hosted_tools, false)
    }

    fn adapted_for(
        request: &str,
        hosted_tools: &[&str],
        is_stored: bool,
    ) -> Result<(String, Vec<String>), RequestError> {
        let settings = BackendSettings {
            hosted_tools: hosted_tools.iter().map(|tool| (*tool).to_owned()).collect(),
            ..BackendSettings::default()
        };
        let body: ResponsesBody<'_> = serde_json::from_str(request).unwrap();
        let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
        let request = NativeRequest {
            body: &body,
            lifecycle: &lifecycle.stored(is_stored),
            is_for_compaction: false,
        };
        let adapted = adapt(request, &settings)?;
        let members = adapted.members.iter();
        let members: Vec<String> = members
            .map(|(name, value)| format!("{name}={}", value.as_ref().map_or("-", |value| value.get())))
            .collect();
        Ok((members.join(" "), adapted.warnings))
    }

    #[test]
    fn n2_unknown_items_and_fields_need_no_change() {
        for request in [
            r#"{"input":"x","tools":[{"type":"function","name":"f"}],"novel":1}"#,
            r#"{"input":[{"type":"hologram","of":"additional_tools"},{"type":"compaction","encrypted_content":"theirs"}]}"#,
            r#"{"input":[{"type":"additional_tools","tools":[{"type":"custom","name":"c"}]}],"tool_choice":"required"}"#,
        ] {
            assert_eq!(adapted(request, &[]).unwrap(), (String::new(), Vec::new()), "{request}");
        }
    }

    #[test]
    fn n4_hosted_tools_pass_where_the_operator_lists_them() {
        let request = r#"{"tools":[{"type":"web_search"},{"type":"function","name":"f"}],"tool_choice":"auto"}"#;
        assert_eq!(adapted(request, &["web_search"]).unwrap().0, "");
        let (members, warnings) = adapted(request, &[]).unwrap();
        assert_eq!(members, r#"tools=[{"type":"function","name":"f"}]"#);
        assert_eq!(warnings, ["tools.web_search"]);
        let alone = r#"{"tools":[{"type":"mcp","server_url":"x"}],"tool_choice":"auto"}"#;
        assert_eq!(adapted(alone, &[]).unwrap().0, "tools=- tool_choice=-");
        let added = r#"{"input":[{"type":"additional_tools","tools":[{"type":"mcp"},{"type":"custom","name":"c"}]}]}"#;
        assert_eq!(
            adapted(added, &[]).unwrap().0,
            r#"input=[{"type":"additional_tools","tools":[{"type":"custom","name":"c"}]}]"#
        );
        for forced in [
            r#"{"tools":[{"type":"web_search"}],"tool_choice":"required"}"#,
            r#"{"tools":[{"type":"web_search"},{"type":"function","name":"f"}],"tool_choice":{"type":"web_search"}}"#,
        ] {
            let error = adapted(forced, &[]).unwrap_err();
            assert_eq!(error.message, "`web_search` is not available for this model.");
        }
    }

    #[test]
    fn n4_no_spelling_of_an_item_hides_its_tools() {
        for item in [
            r#"{"type":"additional\u005ftools","tools":[{"type":"mcp"}]}"#,
            r#"{"type":"additional_tools","tools":[],"to\u006fls":[{"type":"m\u0063p"}]}"#,
        ] {
            let (members, warnings) = adapted(&format!(r#"{{"input":[{item}]}}"#), &[]).unwrap();
            assert!(members.ends_with(r#""tools":[]}]"#), "{members}");
            assert_eq!(warnings, ["tools.mcp"], "{item}");
        }
        assert!(adapted(r#"{"input":[{"type":"item\u005freference","id":"i"}]}"#, &[]).is_err());
    }

    #[test]
    fn n5_items_lose_the_ids_that_were_made_here_and_keep_all_others() {
        let ours = format!("msg_{}_0", "k".repeat(32));
        let request = format!(
            r#"{{"input":[{{"type":"message","id":"{ours}","role":"assistant","content":"a"}},{{"id":"msg_1","role":"user"}}]}}"#
        );
        let (members, warnings) = adapted(&request, &[]).unwrap();
        assert_eq!(
            members,
            r#"input=[{"type":"message","role":"assistant","content":"a"},{"id":"msg_1","role":"user"}]"#
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn n1_the_reasoning_of_an_answer_that_is_stored_is_asked_for() {
        for (request, include) in [
            (r#"{"input":"x"}"#, r#"include=["reasoning.encrypted_content"]"#),
            (
                r#"{"input":"x","include":["a"]}"#,
                r#"include=["a","reasoning.encrypted_content"]"#,
            ),
            (r#"{"input":"x","include":["reasoning.encrypted_content"]}"#, ""),
        ] {
            assert_eq!(adapted_for(request, &[], true).unwrap().0, include);
            assert_eq!(adapted(request, &[]).unwrap().0, "");
        }
    }

    #[test]
    fn n6_reasoning_that_was_sealed_here_is_removed_with_its_text() {
        let request = r#"{"input":[{"type":"reasoning","encrypted_content":"gw1.x","summary":[{"text":"a"}]},
            {"type":"reasoning","encrypted_content":"theirs"},{"role":"user","content":"gw1. is a word"}]}"#;
        let (members, warnings) = adapted(request, &[]).unwrap();
        assert_eq!(
            members,
            r#"input=[{"type":"reasoning","encrypted_content":"theirs"},{"role":"user","content":"gw1. is a word"}]"#
        );
        assert_eq!(warnings, ["reasoning"]);
    }

    #[test]
    fn n7_the_second_try_has_no_reasoning_items() {
        let body =
            br#"{"model":"m","input":[{"type":"reasoning","encrypted_content":"x"},{"role":"user","content":"a"}]}"#;
        assert_eq!(
            without_reasoning(body).unwrap(),
            br#"{"model":"m","input":[{"role":"user","content":"a"}]}"#
        );
        assert!(without_reasoning(br#"{"input":[{"role":"user","content":"a"}]}"#).is_none());
        assert!(without_reasoning(br#"{"input":"reasoning"}"#).is_none());
    }
}
