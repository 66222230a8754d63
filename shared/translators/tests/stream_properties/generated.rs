//! What a model may say, and the many ways in which a backend may send it.

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use translators::context::{ResponseContext, ThinkingDisplay};
use translators::settings::ThinkTags;

/// What a model says, free of how it is sent.
#[derive(Debug, Clone)]
pub(crate) enum Segment {
    Reasoning(String),
    Content(String),
    /// Calls whose pieces may be mixed.
    Calls(Vec<Call>),
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// One piece of a segment, as a delta can hold it.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Reasoning(String),
    Content(String),
    Call {
        index: usize,
        start: Option<(String, String)>,
        arguments: String,
    },
}

impl Piece {
    /// The order in which the parts of one delta count (§5.5).
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Reasoning(_) => 0,
            Self::Content(_) => 1,
            Self::Call { .. } => 2,
        }
    }

    pub(crate) fn add_to(&self, delta: &mut Value) {
        let append = |delta: &mut Value, field: &str, text: &str| {
            let joined = delta[field].as_str().unwrap_or_default().to_owned() + text;
            delta[field] = joined.into();
        };
        match self {
            Self::Reasoning(text) => append(delta, "reasoning_content", text),
            Self::Content(text) => append(delta, "content", text),
            Self::Call {
                index,
                start,
                arguments,
            } => {
                let mut call = json!({"index": index, "function": {"arguments": arguments}});
                if let Some((id, name)) = start {
                    call["id"] = id.as_str().into();
                    call["function"]["name"] = name.as_str().into();
                }
                if !delta["tool_calls"].is_array() {
                    delta["tool_calls"] = json!([]);
                }
                delta["tool_calls"].as_array_mut().unwrap().push(call);
            }
        }
    }
}

/// Decides at random how a stream is sent, from a list of numbers that proptest can shrink.
pub(crate) struct Chance<'a> {
    pub(crate) numbers: &'a [Index],
    pub(crate) next: usize,
}

impl Chance<'_> {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let number = self.numbers[self.next % self.numbers.len()];
        self.next += 1;
        number.index(limit)
    }

    /// Cuts a text between characters.
    pub(crate) fn split(&mut self, text: &str) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for character in text.chars() {
            if self.below(3) == 0 {
                pieces.push(String::new());
            }
            pieces.last_mut().unwrap().push(character);
        }
        pieces
    }

    /// Mixes the pieces of several calls; each call's own stay in order, and so do their first ones.
    pub(crate) fn mix(&mut self, calls: Vec<Vec<Piece>>) -> Vec<Piece> {
        let mut waiting: Vec<VecDeque<Piece>> = calls.into_iter().map(VecDeque::from).collect();
        let mut begun = 0;
        let mut mixed = Vec::new();
        loop {
            let candidates = 0..(begun + 1).min(waiting.len());
            let open: Vec<usize> = candidates.filter(|call| !waiting[*call].is_empty()).collect();
            if open.is_empty() {
                break;
            }
            let chosen = open[self.below(open.len())];
            begun = begun.max(chosen + 1);
            mixed.extend(waiting[chosen].pop_front());
        }
        mixed
    }
}

/// The segments as chunks: cut and mixed at random, or (without chance) each in one piece.
pub(crate) fn chunks(segments: &[Segment], mut chance: Option<Chance<'_>>) -> Vec<Value> {
    let mut deltas: Vec<(u8, Value)> = Vec::new();
    for piece in pieces(segments, &mut chance) {
        let joins = chance.as_mut().is_some_and(|chance| chance.below(2) == 0);
        match deltas.last_mut() {
            Some((rank, delta)) if joins && piece.rank() >= *rank => {
                *rank = piece.rank();
                piece.add_to(delta);
            }
            _ => {
                let mut delta = json!({});
                piece.add_to(&mut delta);
                deltas.push((piece.rank(), delta));
            }
        }
    }
    deltas
        .into_iter()
        .map(|(_, delta)| json!({"choices": [{"index": 0, "delta": delta}]}))
        .collect()
}

pub(crate) fn pieces(segments: &[Segment], chance: &mut Option<Chance<'_>>) -> Vec<Piece> {
    let mut split = |text: &str| {
        chance
            .as_mut()
            .map_or(vec![text.to_owned()], |chance| chance.split(text))
    };
    let mut calls_before = 0;
    let mut parts: Vec<Vec<Vec<Piece>>> = Vec::new();
    for segment in segments {
        parts.push(match segment {
            Segment::Reasoning(text) => {
                vec![split(text).into_iter().map(Piece::Reasoning).collect()]
            }
            Segment::Content(text) => vec![split(text).into_iter().map(Piece::Content).collect()],
            Segment::Calls(calls) => {
                let first = calls_before;
                calls_before += calls.len();
                let of_call = |(index, call): (usize, &Call)| call_pieces(first + index, call, split(&call.arguments));
                calls.iter().enumerate().map(of_call).collect()
            }
        });
    }
    let in_order = |part: Vec<Vec<Piece>>| part.into_iter().flatten().collect();
    let mixed = parts.into_iter().map(|part| match chance {
        Some(chance) => chance.mix(part),
        None => in_order(part),
    });
    mixed.flatten().collect()
}

pub(crate) fn call_pieces(index: usize, call: &Call, arguments: Vec<String>) -> Vec<Piece> {
    let mut start = Some((format!("call_{index}"), call.name.clone()));
    arguments
        .into_iter()
        .map(|arguments| Piece::Call {
            index,
            start: start.take(),
            arguments,
        })
        .collect()
}

pub(crate) fn sse(chunks: &[Value], line_end: &str) -> Vec<u8> {
    let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}).to_string();
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}).to_string();
    let data = chunks
        .iter()
        .map(Value::to_string)
        .chain([end, usage, "[DONE]".to_owned()]);
    let events: Vec<String> = data.map(|data| format!("data: {data}{line_end}{line_end}")).collect();
    events.concat().into_bytes()
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c \\n\"\\\\{}é😀\u{2028}]{1,8}",
        Just(" \n".to_owned()),
        Just("<think>hm</think>\n\nyes".to_owned())
    ]
}

pub(crate) fn arguments() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => ("[a-c\"\\\\{}é\n]{0,6}", any::<u64>()).prop_map(|(text, number)| json!({"t": text, "n": [number, {}]}).to_string()),
        1 => Just("{}".to_owned()),
        1 => Just(String::new()),
        1 => Just("[1, \"x\"]".to_owned()),
    ]
}

pub(crate) fn call() -> impl Strategy<Value = Call> {
    ("[a-c]{1,3}", arguments()).prop_map(|(name, arguments)| Call { name, arguments })
}

pub(crate) fn segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        text().prop_map(Segment::Reasoning),
        text().prop_map(Segment::Content),
        prop::collection::vec(call(), 1..4).prop_map(Segment::Calls),
    ]
}

pub(crate) fn context() -> impl Strategy<Value = ResponseContext> {
    let thinking = prop_oneof![
        Just(ThinkingDisplay::Shown),
        Just(ThinkingDisplay::Omitted),
        Just(ThinkingDisplay::Discarded)
    ];
    let think_tags = prop_oneof![Just(ThinkTags::Keep), Just(ThinkTags::Parse)];
    (thinking, think_tags).prop_map(|(thinking, think_tags)| ResponseContext {
        thinking,
        think_tags,
        ..ResponseContext::default()
    })
}
