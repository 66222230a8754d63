//! From a draft to frames: the lines of events, the end of the bytes, and how they arrive.

use super::{Ending, Frame, LineEnds, Split, Wire};
use crate::draft::Draft;
use crate::expectation::{Expectation, UsageExpectation};
use crate::json::Json;
use crate::rng::Rng;
use crate::speak::{Data, Event, Part};

/// The bytes of one event, or of the body.
struct Chunk {
    after_ms: u64,
    bytes: Vec<u8>,
    part: Part,
    /// Its data is complete behind this byte.
    complete_at: usize,
    tells_usage: bool,
}

impl Wire {
    fn line_end(&self, rng: &mut Rng) -> &'static str {
        match self.line_ends {
            LineEnds::Lf => "\n",
            LineEnds::CrLf => "\r\n",
            LineEnds::Cr => "\r",
            // A CR before an LF would be one line end.
            LineEnds::Mixed => rng.pick(&["\n", "\r\n"]),
        }
    }

    fn text_of(&self, event: &Event) -> String {
        match &event.data {
            Data::Json(json) => json.write(self.style),
            Data::Text(text) => text.clone(),
        }
    }

    fn event(&self, event: &Event, rng: &mut Rng) -> Chunk {
        let colon = if self.blank_after_colon { ": " } else { ":" };
        let mut lines = if self.comments { comments(rng) } else { Vec::new() };
        lines.extend(event.name.as_ref().map(|name| format!("event{colon}{name}")));
        let mut data = self.text_of(event);
        if self.many_data_lines && data.starts_with('{') && data.ends_with('}') && data.len() > 2 {
            data = format!("{{\n{}\n}}", &data[1..data.len() - 1]);
        }
        lines.extend(data.split('\n').map(|line| format!("data{colon}{line}")));
        let mut text = String::new();
        for (place, line) in lines.iter().enumerate() {
            text += if place > 0 { self.line_end(rng) } else { "" };
            text += line;
        }
        let complete_at = self.encode(&text).len();
        text += self.line_end(rng);
        text += self.line_end(rng);
        let tells_usage = event.json().is_some_and(|json| {
            json.at(&["usage"])
                .or(json.at(&["response", "usage"]))
                .is_some_and(Json::is_object)
        });
        Chunk {
            after_ms: event.after_ms,
            bytes: self.encode(&text),
            part: event.part,
            complete_at,
            tells_usage,
        }
    }

    fn encode(&self, text: &str) -> Vec<u8> {
        let Some(replacement) = self.replacement else {
            return text.as_bytes().to_vec();
        };
        let mut bytes = Vec::new();
        for (place, part) in text.split('\u{fffd}').enumerate() {
            if place > 0 {
                bytes.extend_from_slice(replacement);
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }
}

/// Lines that say nothing, also with a blank line behind them.
fn comments(rng: &mut Rng) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..rng.below(3) {
        let line = rng.pick(&[
            ": keep-alive",
            ":",
            "id: 7",
            "retry: 3000",
            ": data: {}",
            "unknown: x",
            "data-like",
        ]);
        lines.push(line.to_owned());
        if rng.one_in(2) {
            lines.push(String::new());
        }
    }
    lines
}

/// The frames of `draft`. A cut decides here what the client may expect.
pub(crate) fn render(draft: &mut Draft) -> Vec<Frame> {
    let mut rng = draft.rng.clone();
    let mut chunks = chunks(draft, &mut rng);
    if draft.wire.cut {
        cut(draft, &mut chunks, &mut rng);
    }
    if let Some(first) = chunks.first_mut() {
        first.after_ms += draft.wire.first_after_ms;
    }
    frames(draft.wire.split, chunks, &mut rng)
}

fn chunks(draft: &Draft, rng: &mut Rng) -> Vec<Chunk> {
    let wire = &draft.wire;
    let mut chunks: Vec<Chunk> = if let Some(text) = &wire.instead {
        vec![body_chunk(text.clone().into_bytes())]
    } else if wire.as_events {
        draft.events.iter().map(|event| wire.event(event, rng)).collect()
    } else {
        vec![body_chunk(wire.encode(&format!(
            "{}{}",
            wire.before_body,
            draft.body.write(wire.style)
        )))]
    };
    if let Some(last) = chunks.last_mut().filter(|_| wire.line_ends_missing > 0) {
        let one = if wire.line_ends_missing == 1 {
            wire.line_end(rng)
        } else {
            ""
        };
        last.bytes.truncate(last.complete_at);
        last.bytes.extend_from_slice(one.as_bytes());
    }
    if let Some(first) = chunks.first_mut().filter(|_| wire.bom) {
        first.bytes.splice(0..0, *b"\xef\xbb\xbf");
        first.complete_at += 3;
    }
    chunks.retain(|chunk| !chunk.bytes.is_empty());
    chunks
}

const fn body_chunk(bytes: Vec<u8>) -> Chunk {
    let complete_at = bytes.len();
    Chunk {
        after_ms: 0,
        bytes,
        part: Part::Finish,
        complete_at,
        tells_usage: true,
    }
}

/// Ends the bytes early. Before the end of the answer that is a failure, behind it an orderly end unless an event
/// is torn or the connection is reset.
fn cut(draft: &mut Draft, chunks: &mut Vec<Chunk>, rng: &mut Rng) {
    let Some(end) = chunks
        .iter()
        .position(|chunk| matches!(chunk.part, Part::Finish | Part::Done))
    else {
        return;
    };
    let at_chunk = if rng.one_in(4) {
        end + rng.below(chunks.len() - end)
    } else {
        rng.below(end + 1)
    };
    let length = chunks[at_chunk].bytes.len();
    let at_byte = if rng.one_in(3) { 0 } else { rng.below(length) };
    let complete = at_byte >= chunks[at_chunk].complete_at;
    let torn = at_byte > 0 && !complete;
    let ended = at_chunk > end || at_chunk == end && complete;
    let usage_lost = chunks[at_chunk..]
        .iter()
        .enumerate()
        .any(|(place, chunk)| chunk.tells_usage && !(place == 0 && complete));
    chunks.truncate(at_chunk + 1);
    chunks[at_chunk].bytes.truncate(at_byte);
    chunks.retain(|chunk| !chunk.bytes.is_empty());
    if !ended {
        draft.must_fail(None);
    } else if torn || draft.wire.ending == Ending::Reset {
        draft.expectation = Expectation::AnswerOrFailure;
    }
    if usage_lost {
        draft.usage = UsageExpectation::Any;
    }
}

fn frames(split: Split, chunks: Vec<Chunk>, rng: &mut Rng) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for chunk in chunks {
        let apart = split != Split::Once || chunk.after_ms > 0;
        match frames.last_mut().filter(|_| !apart) {
            Some(frame) => frame.bytes.extend(chunk.bytes),
            None => frames.push(Frame {
                after_ms: chunk.after_ms,
                bytes: chunk.bytes,
            }),
        }
    }
    match split {
        Split::Events | Split::Once => frames,
        Split::Bytes => frames.into_iter().flat_map(|frame| pieces(frame, |_| 1)).collect(),
        Split::Anywhere => frames
            .into_iter()
            .flat_map(|frame| pieces(frame, |left| 1 + rng.below(left.min(40))))
            .collect(),
    }
}

fn pieces(frame: Frame, mut size: impl FnMut(usize) -> usize) -> Vec<Frame> {
    let mut pieces = Vec::new();
    let (mut rest, mut after_ms) = (&frame.bytes[..], frame.after_ms);
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(size(rest.len()));
        pieces.push(Frame {
            after_ms,
            bytes: piece.to_vec(),
        });
        (rest, after_ms) = (behind, 0);
    }
    pieces
}
