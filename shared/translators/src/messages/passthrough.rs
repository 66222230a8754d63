//! Requests that go to an Anthropic backend as they are, except for thinking blocks of our own (TH4), ids that carry
//! something (ID4), and what the operator changes (B10.4).
//!
//! Their signatures are ours and a backend would refuse them. Nothing else of the body may change, so the
//! blocks are cut out of the bytes.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use serde_json::value::RawValue;

use crate::json::{EscapedText, Members};
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage, MessagesBody};
use crate::sealed::{self, PREFIX};
use crate::settings::{BackendSettings, changes};
use crate::tool_ids::{LOADED_ID_PREFIX, anthropic_id, is_loaded};

use crate::error::{FieldPath, RequestError};

/// A body for an Anthropic backend, and the fields that the operator has left out.
#[derive(Debug)]
pub struct Adapted<'b> {
    pub body: Cow<'b, [u8]>,
    pub dropped: Vec<String>,
}

/// The body as the backend takes it: without our own thinking (TH4), with ids that carry nothing (ID4), and with the
/// operator's changes (B10.4). Most bodies need none of it, and are not parsed.
pub fn adapted<'b>(body: &'b [u8], settings: &BackendSettings) -> Result<Adapted<'b>, RequestError> {
    let mut body = without_own_thinking(body)?;
    if let Some(unloaded) = with_plain_ids(&body) {
        body = Cow::Owned(unloaded);
    }
    if !changes::are_set(settings) {
        let dropped = Vec::new();
        return Ok(Adapted { body, dropped });
    }
    let mut members: Members<'_> = serde_json::from_slice(&body)?;
    let dropped = changes::apply(&mut members, settings)?;
    Ok(Adapted {
        dropped: dropped.into_iter().map(str::to_owned).collect(),
        body: Cow::Owned(serde_json::to_vec(&members)?),
    })
}

/// The body with ids that carry nothing; `None` if none does.
fn with_plain_ids(body: &[u8]) -> Option<Vec<u8>> {
    let mark = format!("\"{LOADED_ID_PREFIX}");
    let starts: Vec<usize> = memmem::find_iter(body, mark.as_bytes()).map(|at| at + 1).collect();
    let mut plain = Vec::new();
    let mut done = 0;
    for start in starts {
        let length = memchr::memchr(b'"', &body[start..])?;
        let id = std::str::from_utf8(&body[start..start + length]).unwrap_or_default();
        if is_loaded(id) {
            plain.extend_from_slice(&body[done..start]);
            plain.extend_from_slice(anthropic_id(id).as_bytes());
            done = start + length;
        }
    }
    (done > 0).then(|| {
        plain.extend_from_slice(&body[done..]);
        plain
    })
}

/// The body without the thinking blocks that we have signed. A turn that had nothing else goes with them, since
/// an empty one would be refused.
pub fn without_own_thinking(body: &[u8]) -> Result<Cow<'_, [u8]>, RequestError> {
    if memmem::find(body, PREFIX.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(body));
    }
    let text = as_text(body)?;
    let cuts = cuts(&MessagesBody::parse_unjudged(text)?, text)?;
    if cuts.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    let mut kept = Vec::with_capacity(body.len());
    let mut end = 0;
    for cut in cuts {
        kept.extend_from_slice(&body[end..cut.start]);
        end = cut.end;
    }
    kept.extend_from_slice(&body[end..]);
    Ok(Cow::Owned(kept))
}

fn cuts(request: &MessagesBody<'_>, body: &str) -> Result<Vec<Range<usize>>, RequestError> {
    let root = FieldPath::root("messages");
    let messages: Vec<&RawValue> = request.messages.list(root)?;
    let mut emptied = Vec::with_capacity(messages.len());
    let mut cuts_inside = Vec::new();
    for (i, raw) in messages.iter().enumerate() {
        let message: InputMessage<'_> = serde_json::from_str(raw.get())?;
        let (blocks, own) = own_blocks(&message, root.index(i))?;
        let is_emptied = !own.is_empty() && own.iter().all(|own| *own);
        if !is_emptied {
            cuts_inside.extend(cuts_of_list(&blocks, &own, body));
        }
        emptied.push(is_emptied);
    }
    cuts_inside.extend(cuts_of_list(&messages, &emptied, body));
    cuts_inside.sort_by_key(|cut| cut.start);
    Ok(cuts_inside)
}

/// The blocks of a turn, each with true if it is thinking of ours.
fn own_blocks<'a>(
    message: &InputMessage<'a>,
    path: FieldPath<'_>,
) -> Result<(Vec<&'a RawValue>, Vec<bool>), RequestError> {
    let path = path.field("content");
    let InputContent::Blocks(blocks) = InputContent::of(message.content, path)? else {
        return Ok((Vec::new(), Vec::new()));
    };
    let own = blocks.iter().map(is_own_thinking).collect();
    Ok((message.content.list(path)?, own))
}

fn is_own_thinking(block: &InputBlock<'_>) -> bool {
    let is_thinking = block.kind.raw().and_then(EscapedText::of);
    is_thinking.is_some_and(|kind| kind.begins_with("thinking")) && sealed::is_ours(block.signature)
}

/// The ranges that take the chosen items out of a list, each with the comma that is then too many.
fn cuts_of_list(items: &[&RawValue], chosen: &[bool], body: &str) -> Vec<Range<usize>> {
    let ranges: Vec<_> = items.iter().map(|item| range_in(body, item.get())).collect();
    let first_kept = chosen.iter().position(|chosen| !chosen).unwrap_or(chosen.len());
    let cut = |i: usize| match ranges.get(i + 1) {
        _ if i > first_kept => ranges[i - 1].end..ranges[i].end,
        Some(next) => ranges[i].start..next.start,
        None => ranges[i].clone(),
    };
    (0..items.len()).filter(|i| chosen[*i]).map(cut).collect()
}

/// The range of `part` in `body`, of which it is a slice.
fn range_in(body: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - body.as_ptr().addr();
    start..start + part.len()
}

fn as_text(body: &[u8]) -> Result<&str, RequestError> {
    std::str::from_utf8(body).map_err(|_| RequestError::new("body", "must be UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool_ids::{Load, ToolIds};

    fn stripped(body: &str) -> String {
        String::from_utf8(without_own_thinking(body.as_bytes()).unwrap().into_owned()).unwrap()
    }

    const OWN: &str = r#"{"type": "thinking", "thinking": "hm", "signature": "gw1.abc"}"#;
    const FOREIGN: &str = r#"{"signature":"Eq==","thinking":"gw1.","type":"thinking"}"#;
    const TEXT: &str = r#"{"type":"text",  "text":"gw1. \ud83d"}"#;

    fn body(blocks: &str) -> String {
        format!(
            r#"{{ "max_tokens": 1.0, "messages":[{{"role":"user","content":"a"}} , {{"role":"assistant","content":[ {blocks} ]}}] }}"#
        )
    }

    #[test]
    fn th4_own_thinking_is_cut_out_and_every_other_byte_stays() {
        let cases = [
            (format!("{OWN} , {TEXT}"), TEXT.to_owned()),
            (format!("{TEXT} , {OWN}"), TEXT.to_owned()),
            (
                format!("{OWN},{OWN}, {TEXT}, {OWN} ,{FOREIGN}"),
                format!("{TEXT} ,{FOREIGN}"),
            ),
            (format!("{FOREIGN},\n{TEXT}"), format!("{FOREIGN},\n{TEXT}")),
        ];
        for (blocks, expected) in cases {
            assert_eq!(stripped(&body(&blocks)), body(&expected), "{blocks}");
        }
    }

    #[test]
    fn th4_a_turn_of_own_thinking_only_goes_as_a_whole() {
        let expected = r#"{ "max_tokens": 1.0, "messages":[{"role":"user","content":"a"}] }"#;
        assert_eq!(stripped(&body(&format!("{OWN},{OWN}"))), expected);
    }

    #[test]
    fn th4_a_body_without_our_prefix_is_not_even_parsed() {
        assert!(matches!(without_own_thinking(b"not json"), Ok(Cow::Borrowed(_))));
    }

    fn adapted_text(body: &str, settings: &str) -> (String, Vec<String>) {
        let settings = serde_json::from_str(settings).unwrap();
        let adapted = adapted(body.as_bytes(), &settings).unwrap();
        (String::from_utf8(adapted.body.into_owned()).unwrap(), adapted.dropped)
    }

    #[test]
    fn id4_an_anthropic_backend_gets_ids_that_carry_nothing_alike_in_call_and_result() {
        let extra = RawValue::from_string("{}".to_owned()).unwrap();
        let load = Load {
            extra_content: Some(&extra),
            ..Load::default()
        };
        let id = ToolIds::default().give("a", load, &mut String::new);
        let body = |id: &str| format!(r#"{{"a":[{{"id":"{id}"}},{{"tool_use_id" : "{id}"}},"toolu_s1","\"{id}"]}}"#);
        let (sent, _) = adapted_text(&body(&id), "{}");
        let plain = anthropic_id(&id);
        assert_eq!(sent.matches(&plain).count(), 3, "{sent}");
        assert!(sent.contains("\"toolu_s1\""));
        let untouched = r#"{"id": "toolu_01","x":"toolu_s"}"#;
        assert!(matches!(
            adapted(untouched.as_bytes(), &BackendSettings::default()).unwrap().body,
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn b10_4_fields_can_be_left_out_and_added_for_an_anthropic_backend() {
        let body = r#"{"model":"m", "context_management":{"edits":[]},"max_tokens":1.0}"#;
        let settings = r#"{"drop_fields":["context_management"],"extra_body":{"x":{"y":1}}}"#;
        let (sent, dropped) = adapted_text(body, settings);
        assert_eq!(sent, r#"{"model":"m","max_tokens":1.0,"x":{"y":1}}"#);
        assert_eq!(dropped, ["context_management"]);
    }
}
