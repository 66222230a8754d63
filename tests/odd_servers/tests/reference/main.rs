//! A reference that reads odd servers by the rules, slowly and plainly: each truth can be heard, whatever oddities are
//! combined, and the judge agrees.

mod calls;
mod chat;
mod errors;
mod items;
mod usage;

use odd_servers::{Arguments, Block, Expectation, Heard, HeardFailure, Json, Protocol, Script, Stop, judge};

const SEEDS: u64 = 2_000;

/// What a reader of one protocol made of a body.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) blocks: Vec<Block>,
    /// The reason of the end; with it an end of the body is an orderly one.
    pub(crate) stop: Option<Stop>,
    pub(crate) usage: usage::Counts,
    pub(crate) failure: Option<String>,
}

impl Read {
    pub(crate) fn fail(&mut self, message: impl Into<String>) {
        self.failure.get_or_insert(message.into());
    }

    pub(crate) fn say(&mut self, thinking: bool, text: &str) {
        match self.blocks.last_mut() {
            _ if text.is_empty() => {}
            Some(Block::Thinking(said)) if thinking => said.push_str(text),
            Some(Block::Text(said)) if !thinking => said.push_str(text),
            _ if thinking => self.blocks.push(Block::Thinking(text.to_owned())),
            _ => self.blocks.push(Block::Text(text.to_owned())),
        }
    }
}

/// One event as the HTML standard reads it.
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

fn events(text: &str) -> Vec<Event> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let blocks = text.split("\n\n").map(|block| {
        let lines: Vec<(&str, &str)> = block.split('\n').filter_map(|line| line.split_once(':')).collect();
        let of = |field: &str| {
            let values = lines.iter().filter(|(name, _)| *name == field);
            values
                .map(|(_, value)| value.strip_prefix(' ').unwrap_or(value))
                .collect::<Vec<_>>()
        };
        Event {
            name: of("event").join(""),
            data: of("data").join("\n"),
        }
    });
    blocks
        .filter(|event| {
            !event.data.trim().is_empty() && !["ping", "heartbeat", "keep-alive"].contains(&event.name.as_str())
        })
        .collect()
}

fn too_silent(script: &Script) -> bool {
    let first = script.frames.first().map_or(0, |frame| frame.after_ms);
    script.head_after_ms + first > 120_000 || script.frames.iter().skip(1).any(|frame| frame.after_ms > 300_000)
}

fn read(script: &Script) -> Read {
    let body = script.body();
    let text = String::from_utf8_lossy(&body);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut read = Read::default();
    if too_silent(script) {
        read.fail("timeout");
    } else if text.starts_with(['{', '[']) || script.status >= 400 && !text.starts_with("event") {
        match Json::parse(text) {
            Ok(json) if script.status < 400 && errors::message(&json, "").is_none() => match script.protocol {
                Protocol::Chat => chat::whole(&json, &mut read),
                Protocol::Messages => items::message(&json, &mut read),
                Protocol::Responses => items::response(&json, &mut read),
            },
            Ok(json) => read.fail(errors::message(&json, "error").unwrap_or_default()),
            Err(_) if script.status >= 400 => read.fail(text),
            Err(fault) => read.fail(fault),
        }
    } else {
        stream(script, &events(text), &mut read);
    }
    read
}

fn stream(script: &Script, events: &[Event], read: &mut Read) {
    match script.protocol {
        Protocol::Chat => chat::stream(events, read),
        Protocol::Messages => items::messages_stream(events, read),
        Protocol::Responses => items::responses_stream(events, read),
    }
    if read.stop.is_none() {
        read.fail("the body ends before the answer");
    }
}

/// What a client would get of a gateway that keeps the rules.
fn heard(script: &Script) -> Heard {
    let mut read = read(script);
    if let Some(message) = read.failure {
        let failure = Some(failure(script, message));
        return Heard {
            blocks: finished(script, read.blocks),
            failure,
            ..Heard::default()
        };
    }
    if script.think_tags {
        think_tags(&mut read.blocks);
    }
    let blocks = finished(script, read.blocks);
    let has = |wanted: fn(&Arguments) -> bool| {
        blocks
            .iter()
            .any(|block| matches!(block, Block::Call(call) if wanted(&call.arguments)))
    };
    let stop = match read.stop {
        _ if has(|arguments| matches!(arguments, Arguments::Cut(_))) => Some(Stop::MaxTokens),
        Some(Stop::Natural | Stop::ToolUse) => Some(if has(|_| true) { Stop::ToolUse } else { Stop::Natural }),
        stop => stop,
    };
    Heard {
        usage: Some(read.usage.total()),
        blocks,
        stop,
        failure: None,
    }
}

fn failure(script: &Script, message: String) -> HeardFailure {
    let (message, code) = match &script.expectation {
        // The table of vendors' words is not what is tried here.
        Expectation::Failure(failure) if failure.overflow => (
            "prompt is too long".to_owned(),
            Some("context_length_exceeded".to_owned()),
        ),
        _ => (message, None),
    };
    HeardFailure {
        status: None,
        kind: "api_error".to_owned(),
        code,
        message,
    }
}

/// An answer that begins inside the tag.
fn think_tags(blocks: &mut Vec<Block>) {
    let Some(place) = blocks
        .iter()
        .position(|block| matches!(block, Block::Text(text) if text.contains("</think>")))
    else {
        return;
    };
    let Block::Text(text) = &blocks[place] else { return };
    let (thinking, text) = text.split_once("</think>").unwrap_or_default();
    let split = [
        Block::Thinking(thinking.to_owned()),
        Block::Text(text.trim_start_matches('\n').to_owned()),
    ];
    blocks.splice(place..=place, split);
}

/// Arguments cleaned by B3, ids unique in answer and history.
fn finished(script: &Script, blocks: Vec<Block>) -> Vec<Block> {
    let mut ids: Vec<String> = script.history_ids.clone();
    let calls = |block: Block| match block {
        Block::Call(mut call) => {
            call.arguments = calls::clean(call.arguments.text());
            let id = call.id.take().filter(|id| !id.is_empty() && !ids.contains(id));
            let id = id.unwrap_or_else(|| format!("made_{}", ids.len()));
            ids.push(id.clone());
            call.id = Some(id);
            Block::Call(call)
        }
        other => other,
    };
    blocks.into_iter().map(calls).collect()
}

#[test]
fn every_truth_can_be_heard_by_the_rules() {
    let mut failures = [0; 2];
    for protocol in Protocol::ALL {
        for streamed in [true, false] {
            for seed in 0..SEEDS {
                let script = Script::from_seed(seed, protocol, streamed);
                let heard = heard(&script);
                failures[usize::from(heard.failure.is_some())] += 1;
                for client in Protocol::ALL {
                    let judged = judge(&script, client, &heard);
                    let body = || String::from_utf8_lossy(&script.body()).into_owned();
                    assert_eq!(
                        judged,
                        Ok(()),
                        "{protocol:?} {streamed} {seed} {:?} to {client:?}:\n{}",
                        script.oddities,
                        body()
                    );
                }
            }
        }
    }
    assert!(failures.iter().all(|count| *count > SEEDS), "{failures:?}");
}
