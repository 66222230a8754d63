//! The property: the client's message is the true answer, or the client has an explicit error where that is right.
//! Never less, never twice.

mod blocks;
mod passed;

pub use passed::judge_passed;

use crate::expectation::{Expectation, Failure, UsageExpectation};
use crate::hear::{Heard, HeardFailure, Reply, hear};
use crate::protocol::Protocol;
use crate::script::Script;
use crate::truth::{Block, Usage};
use blocks::Client;

/// Counts above this are beyond any window (B7.4).
const MAX_COUNT: u64 = 1 << 31;

/// Reads what a client of `protocol` got of `script`, and judges it. Same dialect on both sides is judged as bytes
/// that are passed on, unless the server answered in the other form.
pub fn check(script: &Script, protocol: Protocol, reply: &Reply) -> Result<(), String> {
    let as_asked = script.as_events == script.streamed && script.status < 400;
    if protocol == script.protocol && (as_asked || reply.status >= 400) {
        return judge_passed(script, reply);
    }
    judge(script, protocol, &hear(protocol, script.streamed, reply)?)
}

/// Judges what a client of `protocol` heard of `script`.
pub fn judge(script: &Script, protocol: Protocol, heard: &Heard) -> Result<(), String> {
    let client = Client { script, protocol };
    match (&script.expectation, &heard.failure) {
        (Expectation::Answer, Some(failure)) => Err(format!("an error instead of the answer: {failure:?}")),
        (Expectation::Failure(_), None) => Err(format!("no error, though the answer is not whole: {heard:?}")),
        (Expectation::Failure(expected), Some(failure)) => {
            told(expected, protocol, failure)?;
            client.begins(&heard.blocks)
        }
        (Expectation::AnswerOrFailure, Some(_)) => client.begins(&heard.blocks),
        (Expectation::Answer | Expectation::AnswerOrFailure, None) => {
            let expected = script.truth.stop;
            if heard.stop != Some(expected) {
                return Err(format!(
                    "the reason of the end is {:?} instead of {expected:?}",
                    heard.stop
                ));
            }
            client.equals(&heard.blocks)?;
            counted(script, heard.usage)
        }
    }
}

fn told(expected: &Failure, protocol: Protocol, heard: &HeardFailure) -> Result<(), String> {
    if expected.overflow {
        let words = match protocol {
            Protocol::Messages => heard.message.starts_with("prompt is too long"),
            _ => heard.code.as_deref() == Some("context_length_exceeded"),
        };
        return if words {
            Ok(())
        } else {
            Err(format!(
                "coding agents do not see that the prompt is too long: {heard:?}"
            ))
        };
    }
    let message = expected.message.as_deref().unwrap_or_default();
    if heard.message.contains(message) {
        Ok(())
    } else {
        Err(format!("the message {message:?} is not told: {heard:?}"))
    }
}

fn counted(script: &Script, heard: Option<Usage>) -> Result<(), String> {
    let Some(usage) = heard else {
        return if script.usage == UsageExpectation::Any {
            Ok(())
        } else {
            Err("no usage".to_owned())
        };
    };
    let truth = script.truth.usage;
    let said = script
        .truth
        .blocks
        .iter()
        .any(|block| matches!(block, Block::Text(text) | Block::Thinking(text) if !text.is_empty()));
    let right = match script.usage {
        UsageExpectation::Exact => {
            (usage.input, usage.cached, usage.output) == (truth.input, truth.cached, truth.output)
        }
        UsageExpectation::Estimated => {
            usage.output < MAX_COUNT && usage.input < MAX_COUNT && (usage.output > 0 || !said)
        }
        UsageExpectation::Any => usage.output < MAX_COUNT && usage.input < MAX_COUNT,
    };
    if right {
        Ok(())
    } else {
        Err(format!("usage is {usage:?} instead of {truth:?} ({:?})", script.usage))
    }
}
