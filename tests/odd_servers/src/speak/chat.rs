//! Chat completions: the chunks of a stream and the whole object.

use super::{Event, Part, Speech, pieces};
use crate::json::{Json, json};
use crate::rng::Rng;
use crate::truth::{Block, Call, Stop, Usage};

/// The ways in which vendors differ without breaking a rule.
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
struct Habits {
    id: String,
    /// `reasoning_content` of most, `reasoning` of OpenRouter and newer vLLM.
    thinking: &'static str,
    role_everywhere: bool,
    /// The first chunk has a role and an empty text only.
    opening: bool,
    /// Null members that say nothing.
    nulls: bool,
    /// The end stands in the last chunk with content.
    finish_with_content: bool,
    usage: UsagePlace,
    /// The first piece of a call has some of its arguments.
    arguments_at_once: bool,
}

#[derive(PartialEq)]
enum UsagePlace {
    OwnChunk,
    WithFinish,
}

impl Habits {
    fn new(rng: &mut Rng) -> Self {
        Self {
            id: format!("chatcmpl-{}", rng.below(1 << 30)),
            thinking: rng.pick(&["reasoning_content", "reasoning_content", "reasoning"]),
            role_everywhere: rng.one_in(4),
            opening: !rng.one_in(4),
            nulls: rng.one_in(3),
            finish_with_content: rng.one_in(4),
            usage: if rng.one_in(4) {
                UsagePlace::WithFinish
            } else {
                UsagePlace::OwnChunk
            },
            arguments_at_once: rng.one_in(2),
        }
    }

    fn chunk(&self, choices: Json) -> Json {
        let mut chunk = json!({
            "id": (&self.id), "object": "chat.completion.chunk", "created": 1_790_000_000, "model": "backend-model", "choices": choices,
        });
        if self.nulls {
            chunk.add("system_fingerprint", Json::Null);
            chunk.add("usage", Json::Null);
        }
        chunk
    }

    fn delta(&self, mut delta: Json) -> Json {
        if self.role_everywhere {
            delta.add_first("role", "assistant");
        }
        if self.nulls {
            delta.add("refusal", Json::Null);
            if delta.get("tool_calls").is_none() {
                delta.add("tool_calls", Json::Null);
            }
        }
        self.chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]))
    }
}

pub(super) fn events(speech: &Speech<'_>, rng: &mut Rng) -> Vec<Event> {
    let habits = Habits::new(rng);
    let mut events = Vec::new();
    if habits.opening {
        let mut opening = habits.delta(json!({"content": ""}));
        if let Some(delta) = opening.at_mut(&["choices", "0", "delta"]) {
            delta.set("role", "assistant");
        }
        events.push(Event::new(Part::Head, opening));
    }
    let mut ordinal = 0;
    for block in &speech.truth.blocks {
        match block {
            Block::Thinking(text) => say(&mut events, &habits, Part::Thinking, text, rng),
            Block::Text(text) => say(&mut events, &habits, Part::Text, text, rng),
            Block::Call(call) => {
                call_pieces(&mut events, &habits, (ordinal, call), &speech.sent[ordinal], rng);
                ordinal += 1;
            }
        }
    }
    end(&mut events, &habits, speech);
    events.push(Event::done());
    events
}

fn say(events: &mut Vec<Event>, habits: &Habits, part: Part, text: &str, rng: &mut Rng) {
    for piece in pieces(text, rng) {
        let delta = match part {
            Part::Thinking => Json::Object(vec![(habits.thinking.to_owned(), piece.into())]),
            _ => json!({"content": piece}),
        };
        events.push(Event::new(part, habits.delta(delta)));
    }
}

fn call_pieces(events: &mut Vec<Event>, habits: &Habits, (ordinal, call): (usize, &Call), sent: &str, rng: &mut Rng) {
    let mut arguments = pieces(sent, rng).into_iter();
    let first = if habits.arguments_at_once {
        arguments.next().unwrap_or_default()
    } else {
        String::new()
    };
    let mut opening =
        json!({"index": ordinal, "type": "function", "function": {"name": (&call.name), "arguments": first}});
    if let Some(id) = &call.id {
        opening.add_first("id", id);
    }
    let rest = arguments.map(|piece| json!({"index": ordinal, "function": {"arguments": piece}}));
    for piece in std::iter::once(opening).chain(rest) {
        events.push(Event::new(
            Part::Call(ordinal),
            habits.delta(json!({"tool_calls": [piece]})),
        ));
    }
}

fn end(events: &mut Vec<Event>, habits: &Habits, speech: &Speech<'_>) {
    let finish = finish_word(speech);
    let last = events
        .last_mut()
        .filter(|event| habits.finish_with_content && event.part.is_content());
    if let Some(last) = last {
        if let Some(choice) = last.json_mut().and_then(|json| json.at_mut(&["choices", "0"])) {
            choice.set("finish_reason", finish);
        }
        last.part = Part::Finish;
    } else {
        let choices = json!([{"index": 0, "delta": {}, "finish_reason": finish}]);
        events.push(Event::new(Part::Finish, habits.chunk(choices)));
    }
    let usage = usage_json(speech.truth.usage);
    if habits.usage == UsagePlace::OwnChunk {
        let mut chunk = habits.chunk(json!([]));
        chunk.set("usage", usage);
        events.push(Event::new(Part::Usage, chunk));
    } else if let Some(json) = events.last_mut().and_then(Event::json_mut) {
        json.set("usage", usage);
    }
}

pub(super) fn body(speech: &Speech<'_>, rng: &mut Rng) -> Json {
    let habits = Habits::new(rng);
    let truth = speech.truth;
    let (thinking, text) = (truth.thinking(), truth.text());
    let content = if text.is_empty() && rng.one_in(2) {
        Json::Null
    } else {
        text.into()
    };
    let mut message = json!({"role": "assistant", "content": content});
    if !thinking.is_empty() {
        message.add(habits.thinking, thinking);
    }
    let calls: Vec<Json> = truth
        .calls()
        .zip(speech.sent)
        .map(|(call, sent)| whole_call(call, sent))
        .collect();
    if !calls.is_empty() {
        message.add("tool_calls", calls);
    } else if habits.nulls {
        message.add("tool_calls", Json::Null);
    }
    json!({
        "id": (&habits.id), "object": "chat.completion", "created": 1_790_000_000, "model": "backend-model",
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": (finish_word(speech))}],
        "usage": (usage_json(truth.usage)),
    })
}

fn whole_call(call: &Call, sent: &str) -> Json {
    let mut json = json!({"type": "function", "function": {"name": (&call.name), "arguments": sent}});
    if let Some(id) = &call.id {
        json.add_first("id", id);
    }
    json
}

fn finish_word(speech: &Speech<'_>) -> String {
    let usual = match speech.truth.stop {
        Stop::Natural => "stop",
        Stop::ToolUse => "tool_calls",
        Stop::MaxTokens => "length",
        Stop::Filtered => "content_filter",
    };
    speech.finish.unwrap_or(usual).to_owned()
}

pub(crate) fn usage_json(usage: Usage) -> Json {
    json!({
        "prompt_tokens": (usage.input), "completion_tokens": (usage.output), "total_tokens": (usage.input + usage.output),
        "prompt_tokens_details": {"cached_tokens": (usage.cached)},
        "completion_tokens_details": {"reasoning_tokens": (usage.reasoning)},
    })
}
