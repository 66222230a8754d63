//! Answers by chance: small, and with all that texts and arguments may hold.

use super::{Arguments, Block, Call, Stop, Truth, Usage};
use crate::json::{Json, Style, json};
use crate::rng::Rng;

const WORDS: &[&str] = &[
    "Hello",
    " to",
    " all",
    " of",
    " you",
    ".",
    "\n",
    "\n\n",
    " ",
    "  ",
    "\t",
    "\r\n",
    "a\"b",
    "back\\slash",
    "{\"p\":\"a\"}",
    "[DONE]",
    "data: [DONE]\n\n",
    "event: error\ndata: {}\n\n",
    "<think>",
    "</think>",
    "<think>plan</think>answer",
    "</tool_call>",
    "null",
    "é",
    "ß",
    "你好，世界",
    "日本",
    "😀",
    "👩‍👩‍👧",
    "e\u{301}",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "\u{0}",
    "\u{1f}",
    "\u{7f}",
    "\\u0041",
    "\\n",
    "'",
    "${x}",
    "%s",
    "</script>",
    "finish_reason",
    "# Title\n",
    "```rust\nfn f() {}\n```",
    "مرحبا",
    "\u{10ffff}",
];

const TOOLS: &[&str] = &["read", "write", "shell", "get_weather", "mcp__files__search-all", "a"];

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1.50",
    "12345678901234567890123",
    "0.1000000000000000055",
    "1e400",
    "-0",
    "9007199254740993",
];

pub(super) fn truth(rng: &mut Rng) -> Truth {
    let mut blocks = Vec::new();
    if rng.one_in(2) {
        blocks.push(Block::Thinking(filled_text(rng)));
    }
    if !rng.one_in(3) {
        blocks.push(Block::Text(text(rng)));
    }
    for _ in 0..rng.below(3) {
        let count = if rng.one_in(12) {
            rng.between(5, 12)
        } else {
            rng.below(4)
        };
        blocks.extend((0..count).map(|_| Block::Call(call(rng))));
        match rng.below(6) {
            0 => blocks.push(Block::Text(filled_text(rng))),
            1 => blocks.push(Block::Thinking(filled_text(rng))),
            _ => {}
        }
    }
    name_calls(&mut blocks, rng);
    join_neighbours(&mut blocks);
    let stop = stop(&blocks, rng);
    Truth {
        blocks,
        stop,
        usage: usage(rng),
    }
}

fn stop(blocks: &[Block], rng: &mut Rng) -> Stop {
    let calls = blocks.iter().any(|block| matches!(block, Block::Call(_)));
    match rng.below(8) {
        0 => Stop::MaxTokens,
        1 if !calls => Stop::Filtered,
        _ if calls => Stop::ToolUse,
        _ => Stop::Natural,
    }
}

fn usage(rng: &mut Rng) -> Usage {
    let (cached, reasoning) = (rng.below(3) * rng.below(500), rng.below(2) * rng.below(90));
    let counts = [
        cached + rng.between(1, 5_000),
        cached,
        reasoning + rng.between(1, 900),
        reasoning,
    ];
    let [input, cached, output, reasoning] = counts.map(|count| count as u64);
    Usage {
        input,
        cached,
        output,
        reasoning,
    }
}

pub(super) fn text(rng: &mut Rng) -> String {
    (0..rng.below(9)).map(|_| rng.pick(WORDS)).collect()
}

/// A text with something other than white space in it.
fn filled_text(rng: &mut Rng) -> String {
    text(rng) + "so"
}

/// A call; its id is given when all are there.
pub(super) fn call(rng: &mut Rng) -> Call {
    let arguments = object(rng, 0).write(Style {
        ascii: rng.one_in(3),
        spaces: rng.one_in(3),
    });
    let name = rng.pick(TOOLS).to_owned();
    Call {
        id: None,
        name,
        arguments: Arguments::Object(arguments),
    }
}

/// Gives each call an id that no other has, in the form of one vendor.
pub(super) fn name_calls(blocks: &mut [Block], rng: &mut Rng) {
    let vendor = rng.below(3);
    let calls = blocks.iter_mut().filter_map(|block| {
        if let Block::Call(call) = block {
            Some(call)
        } else {
            None
        }
    });
    for (place, call) in calls.enumerate() {
        let number = rng.below(1 << 30);
        call.id = Some(match vendor {
            0 => format!("call_{number:08x}{place}"),
            1 => format!("toolu_{number:08x}{place}"),
            _ => format!("chatcmpl-tool-{number:08x}{place}"),
        });
    }
}

pub(super) fn join_neighbours(blocks: &mut Vec<Block>) {
    let mut joined: Vec<Block> = Vec::new();
    for block in blocks.drain(..) {
        match (joined.last_mut(), block) {
            (Some(Block::Text(before)), Block::Text(text)) | (Some(Block::Thinking(before)), Block::Thinking(text)) => {
                before.push_str(&text);
            }
            (_, Block::Text(text)) if text.is_empty() => {}
            (_, block) => joined.push(block),
        }
    }
    *blocks = joined;
}

fn object(rng: &mut Rng, depth: usize) -> Json {
    let members = rng.below(4);
    Json::Object(
        (0..members)
            .map(|place| (format!("{}{place}", text(rng)), value(rng, depth + 1)))
            .collect(),
    )
}

fn value(rng: &mut Rng, depth: usize) -> Json {
    match rng.below(if depth > 6 { 6 } else { 9 }) {
        0 => Json::Null,
        1 => json!(rng.one_in(2)),
        2 => Json::Number(rng.pick(NUMBERS).to_owned()),
        3 => json!(object(rng, 20).write(Style::default())),
        4 | 5 => json!(text(rng)),
        6 => Json::Array((0..rng.below(3)).map(|_| value(rng, depth + 1)).collect()),
        _ => object(rng, depth),
    }
}
