//! What must hold for every input, as functions: the property tests and the fuzz targets call the same ones.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use translators::context::ResponseContext;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::sse::{Decoder, Event};
use translators::stream::{Progress, StreamEnd, StreamOutcome};

use crate::support::Hex;
use crate::support::random::counting_random;

/// A client that speaks Messages, in front of a backend that speaks chat.
fn messages_of_chat(context: ResponseContext) -> Direction {
    let sealer = Arc::new(Hex(usize::MAX)).into();
    Direction {
        client: ClientContext::Messages(ResponseContext { sealer, ..context }),
        backend: ApiDialect::Chat,
    }
}

const MAX_EVENT_BYTES: usize = 1 << 20;

/// The message that a client puts together from a stream.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Accumulated {
    pub(crate) blocks: Vec<Block>,
    pub(crate) stop_reason: Option<String>,
    pub(crate) error: Option<Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Block {
    Thinking { text: String, signature: String },
    Text(String),
    ToolUse { id: String, name: String, input: String },
}

/// Any way to cut the bytes gives the same data, and the raw bytes of all events are the input.
pub(crate) fn cuts_change_nothing(bytes: &[u8], cuts: &[usize]) {
    let whole = decode(bytes, &[]);
    let cut = decode(bytes, cuts);
    let raws: Vec<u8> = cut.iter().flat_map(|event| event.raw.to_vec()).collect();
    assert_eq!(raws, bytes);
    let data = |events: &[Event]| {
        events
            .iter()
            .filter_map(Event::data)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(data(&whole), data(&cut));
}

/// Whatever a backend sends, the stream keeps its invariants (debug builds assert them) and ends in order.
pub(crate) fn any_input_ends_in_order(
    bytes: &[u8],
    cuts: &[usize],
    context: ResponseContext,
) -> (Accumulated, StreamOutcome) {
    let (out, outcome) = translate(bytes, cuts, context);
    let message = accumulate(&out);
    let whole = message.stop_reason.is_some();
    assert_eq!(whole, outcome.ending.is_ok());
    assert!(
        out.is_empty() || whole != message.error.is_some(),
        "either an end or an error"
    );
    (message, outcome)
}

pub(crate) fn translate(bytes: &[u8], cuts: &[usize], context: ResponseContext) -> (BytesMut, StreamOutcome) {
    let mut machine = messages_of_chat(context).stream(counting_random());
    let mut out = BytesMut::new();
    for event in decode(bytes, cuts) {
        let progress = machine.feed(&event, &mut out);
        if matches!(progress, Progress::Done | Progress::Failed) {
            break;
        }
    }
    let outcome = machine.finish(StreamEnd::Closed, &mut out);
    (out, outcome)
}

pub(crate) fn decode(bytes: &[u8], cuts: &[usize]) -> Vec<Event> {
    let mut decoder = Decoder::new(MAX_EVENT_BYTES);
    let mut events = Vec::new();
    for chunk in pieces(bytes, cuts) {
        decoder.feed(Bytes::copy_from_slice(chunk));
        events.extend(decoder.by_ref().map_while(Result::ok));
    }
    events.extend(decoder.finish());
    events
}

/// Reads a Messages stream as the SDKs do: blocks in order of arrival, looked up by their index.
pub(crate) fn accumulate(stream: &[u8]) -> Accumulated {
    let mut message = Accumulated::default();
    for event in decode(stream, &[]) {
        let Some(event) = event.data().and_then(|data| serde_json::from_slice::<Value>(data).ok()) else {
            continue;
        };
        match event["type"].as_str() {
            Some("content_block_start") => message.blocks.push(started(&event["content_block"])),
            Some("content_block_delta") => {
                let index = event["index"].as_u64().and_then(|index| usize::try_from(index).ok());
                if let Some(block) = index.and_then(|index| message.blocks.get_mut(index)) {
                    add(block, &event["delta"]);
                }
            }
            Some("message_delta") => {
                message.stop_reason = Some(text(&event["delta"]["stop_reason"]));
            }
            Some("error") => message.error = Some(event["error"].clone()),
            _ => {}
        }
    }
    message
}

fn started(block: &Value) -> Block {
    match block["type"].as_str() {
        Some("thinking") => Block::Thinking {
            text: String::new(),
            signature: String::new(),
        },
        Some("tool_use") => Block::ToolUse {
            id: text(&block["id"]),
            name: text(&block["name"]),
            input: String::new(),
        },
        _ => Block::Text(String::new()),
    }
}

fn add(block: &mut Block, delta: &Value) {
    match block {
        Block::Thinking {
            text: thinking,
            signature,
        } => {
            thinking.push_str(&text(&delta["thinking"]));
            signature.push_str(&text(&delta["signature"]));
        }
        Block::Text(shown) => shown.push_str(&text(&delta["text"])),
        Block::ToolUse { input, .. } => input.push_str(&text(&delta["partial_json"])),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The bytes between the cuts, which may stand in any order and beyond the end.
fn pieces<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}
