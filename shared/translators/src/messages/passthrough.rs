//! Requests that go to an Anthropic backend as they are, except for thinking blocks of our own (TH4).
//!
//! Their signatures are ours and a backend would refuse them. Nothing else of the body may change, so the
//! blocks are cut out of the bytes.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;
use serde_json::value::RawValue;

use crate::json::EscapedText;
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage, MessagesBody};
use crate::signature;

use crate::error::{FieldPath, RequestError};

/// The body without the thinking blocks that we have signed. A turn that had nothing else goes with them, since
/// an empty one would be refused.
pub fn without_own_thinking(body: &[u8]) -> Result<Cow<'_, [u8]>, RequestError> {
    if memmem::find(body, signature::PREFIX.as_bytes()).is_none() {
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
    let text = |field: Option<&RawValue>, start| field.and_then(EscapedText::of).is_some_and(|t| t.begins_with(start));
    text(block.kind.raw(), "thinking") && text(block.signature.raw(), signature::PREFIX)
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
}
