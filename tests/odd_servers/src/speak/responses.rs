//! OpenAI's responses: the events of a stream and the whole object.

use super::{Event, Part, Speech, pieces};
use crate::json::{Json, json};
use crate::rng::Rng;
use crate::truth::{Block, Call, Stop, Usage};

pub(super) fn events(speech: &Speech<'_>, rng: &mut Rng) -> Vec<Event> {
    let id = format!("resp_{}", rng.below(1 << 30));
    // Reasoning is told as a summary by OpenAI, as text by servers of open models.
    let summaries = rng.one_in(2);
    let opening = response(&id, "in_progress", Vec::new(), Json::Null);
    let mut events = vec![
        Event::named(
            Part::Head,
            json!({"type": "response.created", "response": (opening.clone())}),
        ),
        Event::named(
            Part::Noise,
            json!({"type": "response.in_progress", "response": opening}),
        ),
    ];
    let mut output = Vec::new();
    let mut ordinal = 0;
    for (index, block) in speech.truth.blocks.iter().enumerate() {
        let item = Item {
            index,
            id: format!("item_{index}_{}", rng.below(1 << 20)),
            summaries,
        };
        let done = match block {
            Block::Thinking(text) => item.reasoning(&mut events, text, rng),
            Block::Text(text) => item.message(&mut events, text, rng),
            Block::Call(call) => {
                ordinal += 1;
                item.call(&mut events, (ordinal - 1, call), &speech.sent[ordinal - 1], rng)
            }
        };
        output.push(done);
    }
    let status = speech.finish.unwrap_or(status(speech.truth.stop).0);
    let terminal = finished(speech, &id, output);
    events.push(Event::named(
        Part::Finish,
        json!({"type": (format!("response.{status}")), "response": terminal}),
    ));
    number(&mut events);
    events
}

fn number(events: &mut [Event]) {
    for (number, json) in events.iter_mut().filter_map(Event::json_mut).enumerate() {
        json.add("sequence_number", number);
    }
}

struct Item {
    index: usize,
    id: String,
    summaries: bool,
}

impl Item {
    fn event(&self, part: Part, kind: &str, rest: Json) -> Event {
        let mut json =
            json!({"type": (format!("response.{kind}")), "item_id": (&self.id), "output_index": (self.index)});
        if let Json::Object(members) = rest {
            for (name, value) in members {
                json.add(&name, value);
            }
        }
        Event::named(part, json)
    }

    fn edge(&self, kind: &str, item: &Json) -> Event {
        let json = json!({"type": (format!("response.output_item.{kind}")), "output_index": (self.index), "item": (item.clone())});
        Event::named(Part::Edge, json)
    }

    fn message(&self, events: &mut Vec<Event>, text: &str, rng: &mut Rng) -> Json {
        events.push(self.edge("added", &message(&self.id, "in_progress", None)));
        let part = |text: &str| json!({"content_index": 0, "part": (output_text(text))});
        events.push(self.event(Part::Edge, "content_part.added", part("")));
        for piece in pieces(text, rng) {
            let delta = json!({"content_index": 0, "delta": piece, "logprobs": []});
            events.push(self.event(Part::Text, "output_text.delta", delta));
        }
        events.push(self.event(
            Part::Edge,
            "output_text.done",
            json!({"content_index": 0, "text": text, "logprobs": []}),
        ));
        events.push(self.event(Part::Edge, "content_part.done", part(text)));
        let done = message(&self.id, "completed", Some(text));
        events.push(self.edge("done", &done));
        done
    }

    fn reasoning(&self, events: &mut Vec<Event>, text: &str, rng: &mut Rng) -> Json {
        events.push(self.edge("added", &reasoning(&self.id, None, self.summaries)));
        let (index, part, kind, name) = if self.summaries {
            (
                "summary_index",
                "reasoning_summary_part",
                "summary_text",
                "reasoning_summary_text",
            )
        } else {
            ("content_index", "content_part", "reasoning_text", "reasoning_text")
        };
        let with =
            |member: &str, value: Json| Json::Object(vec![(index.to_owned(), json!(0)), (member.to_owned(), value)]);
        events.push(self.event(
            Part::Edge,
            &format!("{part}.added"),
            with("part", json!({"type": kind, "text": ""})),
        ));
        for piece in pieces(text, rng) {
            events.push(self.event(Part::Thinking, &format!("{name}.delta"), with("delta", piece.into())));
        }
        events.push(self.event(Part::Edge, &format!("{name}.done"), with("text", text.into())));
        events.push(self.event(
            Part::Edge,
            &format!("{part}.done"),
            with("part", json!({"type": kind, "text": text})),
        ));
        let done = reasoning(&self.id, Some(text), self.summaries);
        events.push(self.edge("done", &done));
        done
    }

    fn call(&self, events: &mut Vec<Event>, (ordinal, call): (usize, &Call), sent: &str, rng: &mut Rng) -> Json {
        events.push(self.edge("added", &function_call(&self.id, call, "", "in_progress")));
        for piece in pieces(sent, rng) {
            events.push(self.event(
                Part::Call(ordinal),
                "function_call_arguments.delta",
                json!({"delta": piece}),
            ));
        }
        let done = json!({"name": (&call.name), "arguments": sent});
        events.push(self.event(Part::Edge, "function_call_arguments.done", done));
        let done = function_call(&self.id, call, sent, "completed");
        events.push(self.edge("done", &done));
        done
    }
}

pub(super) fn body(speech: &Speech<'_>, rng: &mut Rng) -> Json {
    let summaries = rng.one_in(2);
    let mut sent = speech.sent.iter();
    let items = speech.truth.blocks.iter().enumerate().map(|(index, block)| {
        let id = format!("item_{index}");
        match block {
            Block::Thinking(text) => reasoning(&id, Some(text), summaries),
            Block::Text(text) => message(&id, "completed", Some(text)),
            Block::Call(call) => function_call(&id, call, sent.next().map_or("", String::as_str), "completed"),
        }
    });
    let output = items.collect();
    finished(speech, &format!("resp_{}", rng.below(1 << 30)), output)
}

fn message(id: &str, status: &str, text: Option<&str>) -> Json {
    let content: Vec<Json> = text.map(output_text).into_iter().collect();
    json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content})
}

fn output_text(text: &str) -> Json {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

fn reasoning(id: &str, text: Option<&str>, summaries: bool) -> Json {
    let part = |kind: &str| {
        text.map(|text| json!({"type": kind, "text": text}))
            .into_iter()
            .collect::<Vec<Json>>()
    };
    if summaries {
        return json!({"id": id, "type": "reasoning", "summary": (part("summary_text"))});
    }
    json!({"id": id, "type": "reasoning", "summary": [], "content": (part("reasoning_text"))})
}

fn function_call(id: &str, call: &Call, arguments: &str, status: &str) -> Json {
    let mut item =
        json!({"id": id, "type": "function_call", "status": status, "name": (&call.name), "arguments": arguments});
    if let Some(id) = &call.id {
        item.add("call_id", id);
    }
    item
}

fn finished(speech: &Speech<'_>, id: &str, output: Vec<Json>) -> Json {
    let (usual, reason) = status(speech.truth.stop);
    let status = speech.finish.unwrap_or(usual);
    let mut response = response(id, status, output, usage_json(speech.truth.usage));
    if let Some(reason) = reason.filter(|_| status == "incomplete") {
        response.set("incomplete_details", json!({"reason": reason}));
    }
    response
}

/// The status, and why it is incomplete.
const fn status(stop: Stop) -> (&'static str, Option<&'static str>) {
    match stop {
        Stop::Natural | Stop::ToolUse => ("completed", None),
        Stop::MaxTokens => ("incomplete", Some("max_output_tokens")),
        Stop::Filtered => ("incomplete", Some("content_filter")),
    }
}

fn response(id: &str, status: &str, output: Vec<Json>, usage: Json) -> Json {
    json!({
        "id": id, "object": "response", "created_at": 1_790_000_000, "status": status, "background": false, "error": null,
        "incomplete_details": null, "instructions": null, "max_output_tokens": null, "metadata": {}, "model": "backend-model",
        "output": output, "parallel_tool_calls": true, "previous_response_id": null, "reasoning": {"effort": null, "summary": null},
        "store": false, "temperature": 1, "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1,
        "truncation": "disabled", "usage": usage,
    })
}

pub(crate) fn usage_json(usage: Usage) -> Json {
    json!({
        "input_tokens": (usage.input), "input_tokens_details": {"cached_tokens": (usage.cached), "cache_write_tokens": 0},
        "output_tokens": (usage.output), "output_tokens_details": {"reasoning_tokens": (usage.reasoning)},
        "total_tokens": (usage.input + usage.output),
    })
}
