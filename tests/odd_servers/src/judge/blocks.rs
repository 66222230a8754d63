//! Compares what was heard with the truth, block by block, or by kind where a protocol has no order.

use crate::json::{Json, Style, json};
use crate::oddity::Oddity;
use crate::protocol::Protocol;
use crate::script::Script;
use crate::truth::{Arguments, Block, Call};

pub(super) struct Client<'a> {
    pub(super) script: &'a Script,
    pub(super) protocol: Protocol,
}

/// What stands between two texts that one protocol keeps apart and another joins.
const JOINTS: [&str; 3] = ["", "\n", "\n\n"];

impl Client<'_> {
    /// True if the order of blocks of several kinds reaches the client: chat has none, nor has the hub for whole
    /// answers. Text behind a call whose arguments are never complete is held until the end, and may change places with
    /// calls.
    fn ordered(&self) -> bool {
        let never_complete = [Oddity::ArgumentsNone, Oddity::ArgumentsNoJson];
        let held = never_complete
            .iter()
            .any(|oddity| self.script.oddities.contains(oddity));
        let streamed = self.script.streamed && self.script.as_events && !held;
        self.protocol != Protocol::Chat && (streamed || self.protocol == self.script.protocol)
    }

    /// The message is the truth.
    pub(super) fn equals(&self, heard: &[Block]) -> Result<(), String> {
        let truth = &self.script.truth.blocks;
        self.same_calls(heard, false)?;
        if self.ordered() {
            return in_order(heard, truth, false);
        }
        for thinking in [true, false] {
            let (said, parts) = (texts(heard, thinking).concat(), texts(truth, thinking));
            if !joined(&said, &parts, false) {
                return Err(format!("the {} is {said:?} instead of {parts:?}", kind(thinking)));
            }
        }
        Ok(())
    }

    /// The message is a beginning of the truth.
    pub(super) fn begins(&self, heard: &[Block]) -> Result<(), String> {
        let truth = &self.script.truth.blocks;
        self.same_calls(heard, true)?;
        if self.ordered() {
            return in_order(heard, truth, true);
        }
        for thinking in [true, false] {
            let (said, parts) = (texts(heard, thinking).concat(), texts(truth, thinking));
            if !joined(&said, &parts, true) {
                return Err(format!("the {} is {said:?}, no beginning of {parts:?}", kind(thinking)));
            }
        }
        Ok(())
    }

    fn same_calls(&self, heard: &[Block], beginning: bool) -> Result<(), String> {
        let (heard, truth) = (calls(heard), calls(&self.script.truth.blocks));
        // A call that broke off may be left out.
        let least = truth
            .iter()
            .filter(|call| !matches!(call.arguments, Arguments::Cut(_)))
            .count();
        if heard.len() > truth.len() || heard.len() < least && !beginning {
            return Err(format!("{} calls instead of {}: {heard:?}", heard.len(), truth.len()));
        }
        for (place, (heard_call, call)) in heard.iter().zip(&truth).enumerate() {
            let fault = |what: &str| Err(format!("call {place}: {what}: {heard_call:?} instead of {call:?}"));
            if heard_call.name != call.name {
                return fault("the name");
            }
            if !self.right_id(heard_call, place, &heard, &truth) {
                return fault("the id");
            }
            if !self.right_arguments(heard_call, call, beginning) {
                return fault("the arguments");
            }
        }
        Ok(())
    }

    /// Ids are unique in answer and history, and kept where the server gave one that can be kept.
    fn right_id(&self, heard_call: &Call, place: usize, heard: &[&Call], truth: &[&Call]) -> bool {
        let (Some(heard_id), history) = (&heard_call.id, &self.script.history_ids) else {
            return false;
        };
        let unique = heard.iter().filter(|other| other.id.as_ref() == Some(heard_id)).count() == 1;
        if heard_id.is_empty() || !unique || history.contains(heard_id) && self.protocol != self.script.protocol {
            return false;
        }
        let Some(id) = &truth[place].id else { return true };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let kept = self.protocol != Protocol::Messages || id.len() <= 64 && id.bytes().all(allowed);
        let given_before = truth[..place].iter().any(|other| other.id.as_ref() == Some(id));
        !kept || given_before || history.contains(id) || heard_id == id
    }

    fn right_arguments(&self, heard: &Call, truth: &Call, beginning: bool) -> bool {
        let text = heard.arguments.text();
        let wrapped = |raw: &str| Json::parse(text).is_ok_and(|json| json == json!({"raw_arguments": raw}));
        let whole = match &truth.arguments {
            Arguments::Object(object) => same_json(text, object),
            // Where arguments are a text, the client reads them itself.
            Arguments::Raw(raw) => wrapped(raw) || self.protocol != Protocol::Messages && text == raw,
            Arguments::Cut(cut) => cut.starts_with(text) || wrapped(cut),
        };
        whole
            || beginning && matches!(heard.arguments, Arguments::Cut(_)) && truth.arguments.text().starts_with(text)
            || beginning && text == "{}"
            || beginning && is_beginning_of_wrapped(text, &truth.arguments)
    }
}

/// True if the two texts are one JSON value, members in order and numbers with their digits.
fn same_json(one: &str, other: &str) -> bool {
    matches!((Json::parse(one), Json::parse(other)), (Ok(one), Ok(other)) if one == other)
}

/// True for the beginning of wrapped arguments, or for the beginning of arguments wrapped.
fn is_beginning_of_wrapped(text: &str, truth: &Arguments) -> bool {
    let Arguments::Raw(raw) = truth else { return false };
    let told = Json::parse(text)
        .ok()
        .and_then(|json| json.text_at(&["raw_arguments"]).map(str::to_owned));
    told.is_some_and(|told| raw.starts_with(&told))
        || json!({"raw_arguments": raw}).write(Style::default()).starts_with(text)
}

fn kind(thinking: bool) -> &'static str {
    if thinking { "thinking" } else { "text" }
}

fn calls(blocks: &[Block]) -> Vec<&Call> {
    blocks
        .iter()
        .filter_map(|block| {
            if let Block::Call(call) = block {
                Some(call)
            } else {
                None
            }
        })
        .collect()
}

fn texts(blocks: &[Block], of_thinking: bool) -> Vec<&str> {
    let texts = blocks.iter().filter_map(|block| match block {
        Block::Thinking(text) if of_thinking => Some(text.as_str()),
        Block::Text(text) if !of_thinking => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// True if `said` is `parts` joined in any of the usual ways, or with `beginning` a beginning of that.
fn joined(said: &str, parts: &[&str], beginning: bool) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return said.is_empty();
    };
    if beginning && part.starts_with(said) {
        return true;
    }
    let Some(behind) = said.strip_prefix(part) else {
        return false;
    };
    if rest.is_empty() {
        return behind.is_empty();
    }
    JOINTS.iter().any(|joint| {
        behind
            .strip_prefix(joint)
            .is_some_and(|behind| joined(behind, rest, beginning))
    })
}

/// Kinds and texts of blocks in order; calls are compared elsewhere.
fn in_order(heard: &[Block], truth: &[Block], beginning: bool) -> Result<(), String> {
    let fault = |place: usize| {
        Err(format!(
            "block {place} is {:?} instead of {:?}",
            heard.get(place),
            truth.get(place)
        ))
    };
    let last = heard.len().saturating_sub(1);
    for (place, block) in heard.iter().enumerate() {
        let partial = beginning && place == last;
        let same = match (block, truth.get(place)) {
            (Block::Thinking(heard), Some(Block::Thinking(truth))) | (Block::Text(heard), Some(Block::Text(truth))) => {
                heard == truth || partial && truth.starts_with(heard.as_str())
            }
            (Block::Call(_), Some(Block::Call(_))) => true,
            _ => false,
        };
        if !same {
            return fault(place);
        }
    }
    let missing = &truth[heard.len()..];
    let left_out = matches!(
        missing,
        [Block::Call(Call {
            arguments: Arguments::Cut(_),
            ..
        })]
    );
    if beginning || missing.is_empty() || left_out {
        Ok(())
    } else {
        fault(heard.len())
    }
}
