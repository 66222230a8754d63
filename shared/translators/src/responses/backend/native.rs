//! A Responses client in front of a backend that speaks Responses too: its bytes pass, but for what is ours or would
//! act in the operator's account (N1 to N7).

use std::borrow::Cow;

use memchr::memmem;
use serde_json::value::RawValue;

use crate::chat::saying::word;
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, Members, Raw, lenient, lenient_object, to_json};
use crate::responses::refusal;
use crate::responses::wire::request::ResponsesBody;
use crate::settings::BackendSettings;
use crate::signature;
use crate::warnings::Warnings;

/// Texts of which one is in each item that must not pass as it is; an input without any of them is not read.
const MARKS: [&str; 6] = [
    signature::PREFIX,
    "additional_tools",
    "tool_search_output",
    "item_reference",
    "compaction",
    // An ASCII character in its escape: the others may be spelled with it.
    "\\u00",
];

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
pub fn adapt<'a>(request: &ResponsesBody<'a>, settings: &BackendSettings) -> Result<Adapted<'a>, RequestError> {
    let mut adapter = Adapter {
        settings,
        warnings: Warnings::default(),
    };
    let mut members = adapter.tools(request)?;
    if let Some(input) = adapter.input(request.input)? {
        members.push(("input", Some(input)));
    }
    Ok(Adapted {
        members,
        warnings: adapter.warnings.into_names(),
    })
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
    warnings: Warnings,
}

/// A list of tools without those that the backend must not run.
#[derive(Default)]
struct Filtered<'a> {
    kept: Vec<&'a RawValue>,
    /// The type of the first one that was taken out.
    lost: Option<Cow<'a, str>>,
}

impl Adapter<'_> {
    /// The changes of the tools and of the choice among them (N4, R18).
    fn tools<'a>(
        &mut self,
        request: &ResponsesBody<'a>,
    ) -> Result<Vec<(&'static str, Option<Json<'a>>)>, RequestError> {
        let choice = request.tool_choice.raw();
        if let Some(hosted) = choice
            .and_then(kind)
            .filter(|kind| kind != "allowed_tools" && self.runs(kind))
        {
            return Err(refusal::hosted_tool(&hosted));
        }
        let Filtered { kept, lost } = self.filtered(request.tools, FieldPath::root("tools"))?;
        let Some(lost) = lost else { return Ok(Vec::new()) };
        if !kept.is_empty() {
            return Ok(vec![("tools", Some(to_json(&kept)?))]);
        }
        if choice.is_some_and(|choice| choice.get() == "\"required\"") {
            return Err(refusal::hosted_tool(&lost));
        }
        let without_choice = choice.map(|_| ("tool_choice", None));
        Ok([("tools", None)].into_iter().chain(without_choice).collect())
    }

    /// The items, if some of them must not pass as they are.
    fn input<'a>(&mut self, input: Field<'a>) -> Result<Option<Json<'a>>, RequestError> {
        let is_marked = |raw: &RawValue| {
            let has = |mark: &str| memmem::find(raw.get().as_bytes(), mark.as_bytes()).is_some();
            raw.get().starts_with('[') && MARKS.into_iter().any(has)
        };
        if !input.raw().is_some_and(is_marked) {
            return Ok(None);
        }
        let root = FieldPath::root("input");
        let items = input.list(root)?;
        let mut kept: Vec<Json<'a>> = Vec::with_capacity(items.len());
        let mut is_changed = false;
        for (index, item) in items.into_iter().enumerate() {
            let sent = self.item(index, item, root.index(index))?;
            is_changed |= !matches!(sent, Some(Cow::Borrowed(_)));
            kept.extend(sent);
        }
        Ok(if is_changed { Some(to_json(&kept)?) } else { None })
    }

    /// An item as it is sent; `None` for one that is not.
    fn item<'a>(
        &mut self,
        index: usize,
        item: &'a RawValue,
        path: FieldPath<'_>,
    ) -> Result<Option<Json<'a>>, RequestError> {
        let typed: Typed<'_> = lenient(item).unwrap_or_default();
        let is_ours = typed
            .encrypted_content
            .and_then(EscapedText::of)
            .is_some_and(|content| content.begins_with(signature::PREFIX));
        match typed.kind().as_deref() {
            Some("reasoning") if is_ours => {
                self.warnings.dropped("reasoning");
                Ok(None)
            }
            Some("compaction" | "compaction_summary") if is_ours => Err(refusal::foreign_compaction(index)),
            Some("item_reference") => Err(refusal::no_item(word(typed.id).unwrap_or_default())),
            Some("additional_tools" | "tool_search_output") => self.with_tools(item, path).map(Some),
            _ => Ok(Some(Cow::Borrowed(item))),
        }
    }

    /// An item that adds tools, with those that may pass.
    fn with_tools<'a>(&mut self, item: &'a RawValue, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
        let mut members = serde_json::from_str::<Members<'a>>(item.get())?.unique();
        let tools = members.0.iter().find(|(name, _)| name == "tools");
        let Some((_, Cow::Borrowed(tools))) = tools else {
            return Ok(Cow::Borrowed(item));
        };
        let filtered = self.filtered(Field::new(tools), path.field("tools"))?;
        if filtered.lost.is_none() {
            return Ok(Cow::Borrowed(item));
        }
        let kept = to_json(&filtered.kept)?;
        members.set(Cow::Borrowed("tools"), kept);
        Ok(to_json(&members)?)
    }

    fn filtered<'a>(&mut self, tools: Field<'a>, path: FieldPath<'_>) -> Result<Filtered<'a>, RequestError> {
        let mut filtered = Filtered::default();
        for tool in tools.list(path)? {
            match kind(tool).filter(|kind| self.runs(kind)) {
                None => filtered.kept.push(tool),
                Some(kind) => {
                    self.warnings.dropped(&format!("tools.{kind}"));
                    filtered.lost.get_or_insert(kind);
                }
            }
        }
        Ok(filtered)
    }

    /// True for a type of tools that the vendor's server would run, and that the operator has not allowed.
    fn runs(&self, kind: &str) -> bool {
        let is_clients = matches!(kind, "function" | "custom" | "namespace" | "tool_search");
        !is_clients && !self.settings.hosted_tools.iter().any(|allowed| allowed == kind)
    }
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
    use super::*;

    fn adapted(request: &str, hosted_tools: &[&str]) -> Result<(String, Vec<String>), RequestError> {
        let settings = BackendSettings {
            hosted_tools: hosted_tools.iter().map(|tool| (*tool).to_owned()).collect(),
            ..BackendSettings::default()
        };
        let body: ResponsesBody<'_> = serde_json::from_str(request).unwrap();
        let adapted = adapt(&body, &settings)?;
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
