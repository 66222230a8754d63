//! Chat completions as their clients read them.

use super::sse::SseEvent;
use super::{Heard, append, arguments, count, error_of, must, need};
use crate::json::Json;
use crate::protocol::Protocol;
use crate::truth::{Arguments, Block, Call, Stop, Usage};

pub(super) fn stream(events: &[SseEvent]) -> Result<Heard, String> {
    let mut reader = Reader::default();
    for event in events {
        must(!reader.done, "something follows the end")?;
        if event.data == "[DONE]" {
            must(reader.heard.stop.is_some(), "[DONE] without a finish_reason")?;
            reader.done = true;
            continue;
        }
        let json = super::body(&event.data)?;
        if json.get("error").is_some() {
            reader.heard.failure = Some(error_of(Protocol::Chat, &json)?);
            reader.done = true;
            continue;
        }
        reader.chunk(&json)?;
    }
    must(reader.done, "the stream ends without [DONE] and without an error")?;
    Ok(reader.finish())
}

#[derive(Default)]
struct Reader {
    heard: Heard,
    id: Option<String>,
    /// The place of each call among the blocks, and its arguments so far.
    calls: Vec<(usize, String)>,
    done: bool,
}

impl Reader {
    fn chunk(&mut self, json: &Json) -> Result<(), String> {
        must(
            json.text_at(&["object"]) == Some("chat.completion.chunk"),
            "a chunk of another object",
        )?;
        let id = need(json, &["id"])?;
        must(
            self.id.get_or_insert_with(|| id.to_owned()) == id,
            "the id of the chunks changes",
        )?;
        count(json, &["created"])?;
        need(json, &["model"])?;
        if let Some(usage) = json.get("usage").filter(|usage| **usage != Json::Null) {
            must(self.heard.usage.is_none(), "usage is told twice")?;
            self.heard.usage = Some(usage_of(usage)?);
        }
        let choices = json.get("choices").ok_or("a chunk without choices")?.items();
        must(choices.len() <= 1, "several choices")?;
        let Some(choice) = choices.first() else { return Ok(()) };
        must(self.heard.stop.is_none(), "a choice behind the finish_reason")?;
        must(choice.count_at(&["index"]) == Some(0), "a choice whose index is not 0")?;
        let delta = choice
            .get("delta")
            .filter(|delta| delta.is_object())
            .ok_or("a choice without a delta")?;
        self.delta(delta)?;
        self.heard.stop = finish(choice)?;
        Ok(())
    }

    fn delta(&mut self, delta: &Json) -> Result<(), String> {
        let thinking = delta.text_at(&["reasoning_content"]).or(delta.text_at(&["reasoning"]));
        append(&mut self.heard.blocks, true, thinking.unwrap_or_default());
        match delta.get("content") {
            None | Some(Json::Null) => {}
            Some(Json::String(text)) => append(&mut self.heard.blocks, false, text),
            Some(_) => return Err("content that is no text".to_owned()),
        }
        match delta.get("tool_calls") {
            None | Some(Json::Null) => Ok(()),
            Some(Json::Array(pieces)) => pieces.iter().try_for_each(|piece| self.piece(piece)),
            Some(_) => Err("tool_calls that are no list".to_owned()),
        }
    }

    fn piece(&mut self, piece: &Json) -> Result<(), String> {
        let index = usize::try_from(count(piece, &["index"])?).map_err(|error| error.to_string())?;
        let text = piece.text_at(&["function", "arguments"]).unwrap_or_default();
        if index == self.calls.len() {
            let (id, name) = (
                need(piece, &["id"])?.to_owned(),
                need(piece, &["function", "name"])?.to_owned(),
            );
            must(piece.text_at(&["type"]) == Some("function"), "a call of another type")?;
            self.calls.push((self.heard.blocks.len(), text.to_owned()));
            let arguments = Arguments::Cut(String::new());
            self.heard.blocks.push(Block::Call(Call {
                id: Some(id),
                name,
                arguments,
            }));
            return Ok(());
        }
        let (_, arguments) = self.calls.get_mut(index).ok_or("the indices of calls have a gap")?;
        must(
            piece.is_null_at(&["id"]) && piece.is_null_at(&["function", "name"]),
            "a later piece of a call has an id or a name",
        )?;
        arguments.push_str(text);
        Ok(())
    }

    fn finish(mut self) -> Heard {
        for (place, text) in self.calls {
            if let Block::Call(call) = &mut self.heard.blocks[place] {
                call.arguments = arguments(&text);
            }
        }
        self.heard
    }
}

fn finish(choice: &Json) -> Result<Option<Stop>, String> {
    match choice.get("finish_reason") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(word)) => Ok(Some(match word.as_str() {
            "stop" => Stop::Natural,
            "tool_calls" => Stop::ToolUse,
            "length" => Stop::MaxTokens,
            "content_filter" => Stop::Filtered,
            other => return Err(format!("finish_reason {other}")),
        })),
        Some(_) => Err("a finish_reason that is no text".to_owned()),
    }
}

pub(super) fn whole(json: &Json) -> Result<Heard, String> {
    must(json.text_at(&["object"]) == Some("chat.completion"), "another object")?;
    need(json, &["id"])?;
    need(json, &["model"])?;
    let choices = json.get("choices").ok_or("no choices")?.items();
    must(choices.len() == 1, "not one choice")?;
    let message = choices[0].get("message").ok_or("no message")?;
    must(
        message.text_at(&["role"]) == Some("assistant"),
        "a message of another role",
    )?;
    let mut heard = Heard {
        stop: finish(&choices[0])?,
        ..Heard::default()
    };
    must(heard.stop.is_some(), "no finish_reason")?;
    let thinking = message
        .text_at(&["reasoning_content"])
        .or(message.text_at(&["reasoning"]));
    append(&mut heard.blocks, true, thinking.unwrap_or_default());
    must(
        message.is_null_at(&["content"]) || message.text_at(&["content"]).is_some(),
        "content that is no text",
    )?;
    append(
        &mut heard.blocks,
        false,
        message.text_at(&["content"]).unwrap_or_default(),
    );
    let calls = message.get("tool_calls").map(Json::items).unwrap_or_default();
    for call in calls {
        heard.blocks.push(Block::Call(whole_call(call)?));
    }
    heard.usage = json
        .get("usage")
        .filter(|usage| **usage != Json::Null)
        .map(usage_of)
        .transpose()?;
    Ok(heard)
}

fn whole_call(call: &Json) -> Result<Call, String> {
    must(call.text_at(&["type"]) == Some("function"), "a call of another type")?;
    Ok(Call {
        id: Some(need(call, &["id"])?.to_owned()),
        name: need(call, &["function", "name"])?.to_owned(),
        arguments: arguments(need(call, &["function", "arguments"])?),
    })
}

fn usage_of(usage: &Json) -> Result<Usage, String> {
    let (input, output) = (count(usage, &["prompt_tokens"])?, count(usage, &["completion_tokens"])?);
    must(
        count(usage, &["total_tokens"])? == input + output,
        "total_tokens is not the sum",
    )?;
    Ok(Usage {
        input,
        cached: usage
            .count_at(&["prompt_tokens_details", "cached_tokens"])
            .unwrap_or_default(),
        output,
        reasoning: usage
            .count_at(&["completion_tokens_details", "reasoning_tokens"])
            .unwrap_or_default(),
    })
}
