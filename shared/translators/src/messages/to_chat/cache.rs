//! `cache_control`: the client's marks on prefixes worth caching (§3.10).

use crate::chat::request::{AssistantMessage, Breakpoint, CacheMark, ChatContent, ChatMessage, ContentPart};
use crate::json::{Field, raw_object};
use crate::messages::wire::request::MessagesBody;
use crate::settings::Cache;

use crate::error::{FieldPath, RequestError};

/// `OpenAI` takes no more breakpoints in one request.
const MAX_BREAKPOINTS: usize = 4;

raw_object! {
    CacheControl {
        ttl: "ttl",
    }
}

/// The mark for the part that a marked block becomes.
pub(super) fn mark<'a>(
    cache: Cache,
    field: Field<'a>,
    path: FieldPath<'_>,
) -> Result<Option<CacheMark<'a>>, RequestError> {
    let Some(raw) = field.raw() else {
        return Ok(None);
    };
    Ok(match cache {
        Cache::None => None,
        Cache::CacheControl => Some(CacheMark::CacheControl(raw)),
        Cache::Breakpoints => {
            let control: CacheControl<'_> = field.required_object(path.field("cache_control"))?;
            let ttl = control.ttl.word(path.field("cache_control"))?;
            let ttl = (ttl.as_deref() == Some("1h")).then_some("12h");
            Some(CacheMark::PromptCacheBreakpoint(Breakpoint { mode: "explicit", ttl }))
        }
    })
}

/// A mark on a whole tool result, or on the whole request, is one on the last part of it.
pub(super) fn mark_last<'a>(parts: &mut [ContentPart<'a>], mark: Option<CacheMark<'a>>) {
    if let (Some(part), Some(mark)) = (parts.last_mut(), mark) {
        part.cache.get_or_insert(mark);
    }
}

/// The request's own `cache_control`: a mark at the end of the prompt.
pub(super) fn mark_end<'a>(
    request: &MessagesBody<'a>,
    cache: Cache,
    messages: &mut [ChatMessage<'a>],
) -> Result<(), RequestError> {
    let mark = mark(cache, request.cache_control, FieldPath::root("cache_control"))?;
    let (Some(message), Some(mark)) = (messages.last_mut(), mark) else {
        return Ok(());
    };
    if let Some(content) = content_of(message) {
        let text = match content {
            ChatContent::Parts(parts) => {
                return {
                    mark_last(parts, Some(mark));
                    Ok(())
                };
            }
            ChatContent::Text(text) => text.clone(),
        };
        *content = ChatContent::Parts(vec![ContentPart {
            cache: Some(mark),
            ..ContentPart::text(text)
        }]);
    }
    Ok(())
}

/// Keeps the last marks, which cover the longest prefixes.
pub(super) fn keep_last_breakpoints(messages: &mut [ChatMessage<'_>]) {
    let marked = messages
        .iter_mut()
        .rev()
        .filter_map(content_of)
        .flat_map(parts_from_the_end);
    for part in marked.filter(|part| part.cache.is_some()).skip(MAX_BREAKPOINTS) {
        part.cache = None;
    }
}

fn content_of<'m, 'a>(message: &'m mut ChatMessage<'a>) -> Option<&'m mut ChatContent<'a>> {
    match message {
        ChatMessage::System { content }
        | ChatMessage::Developer { content }
        | ChatMessage::User { content, .. }
        | ChatMessage::Tool { content, .. } => Some(content),
        ChatMessage::Assistant(AssistantMessage { content, .. }) => content.as_mut(),
    }
}

fn parts_from_the_end<'m, 'a>(content: &'m mut ChatContent<'a>) -> impl Iterator<Item = &'m mut ContentPart<'a>> {
    let parts = match content {
        ChatContent::Text(_) => &mut [],
        ChatContent::Parts(parts) => parts.as_mut_slice(),
    };
    parts.iter_mut().rev()
}
