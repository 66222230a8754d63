//! A whole chat completion to a response (RA).
//!
//! Its items are put together as in a stream, without the events: both come to the same object.

use std::borrow::Cow;

use bytes::BytesMut;

use super::context::ResponsesContext;
use super::status::Status;
use super::stream::Items;
use super::wire::response::ResponseObject;
use crate::chat::completion::Choice;
use crate::chat::finish_reason::is_unknown;
use crate::context::RandomText;
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::stream::{Received, Repairs, Sequencer};
use crate::translated::TranslatedResponse;
use crate::usage::Usage;
use crate::whole;

/// Translates the body of a backend's response with status 200.
pub fn translate(
    body: &[u8],
    context: &ResponsesContext,
    random: RandomText,
) -> Result<TranslatedResponse, BackendError> {
    let text = String::from_utf8_lossy(body);
    let shared = &context.response;
    let completion = whole::read(&text, &shared.errors)?;
    let choice = whole::choice(&completion, &text, &shared.errors)?;
    let mut sequencer = Sequencer::new(Items::whole(context, random), shared);
    // No event is written.
    let mut nowhere = BytesMut::new();
    if let Some(message) = choice.message().or(choice.delta.0.as_ref()) {
        sequencer.delta(message, true, &mut nowhere);
    }
    sequencer.finish(&mut nowhere);
    let finish_reason = choice.finish_reason().map(EscapedText::decode);
    let calls = sequencer.calls();
    let status = Status::of(finish_reason.as_deref(), calls)?;
    sequencer.content().close_last(status, calls, &mut nowhere)?;
    let received = sequencer.received();
    let reported = completion.usage();
    let estimate = Usage::estimate(shared.estimated_input_tokens, received.text_bytes);
    let (usage, usage_is_estimated) = Usage::believed(reported, estimate, shared.context_window);
    let usage = usage.served_in(completion.tier());
    let response = status.response(&context.lifecycle, sequencer.content().output(), usage);
    Ok(TranslatedResponse {
        body: json(&response),
        usage,
        usage_is_estimated,
        upstream_id: completion.id().filter(|id| !shared.errors.secrets.are_in(id)),
        nameless_calls: received.nameless_calls,
        repairs: Repairs {
            invalid_utf8: matches!(text, Cow::Owned(_)),
            absurd_usage: reported.is_some_and(|usage| usage.is_absurd(shared.context_window)),
            ..repairs(choice, received, context)
        },
    })
}

fn json(response: &ResponseObject<'_>) -> Vec<u8> {
    let mut json = String::with_capacity(response.capacity());
    response.write(&mut json);
    json.into_bytes()
}

fn repairs(choice: &Choice<'_>, received: Received, context: &ResponsesContext) -> Repairs {
    let reason = choice.finish_reason().map(EscapedText::decode);
    let unknown = reason.filter(|reason| is_unknown(reason));
    Repairs {
        junk_behind_arguments: received.junk_behind_arguments,
        unsealed_reasoning: received.unsealed_reasoning,
        unknown_finish_reason: unknown.map(|reason| context.response.errors.secrets.clean(&reason)),
        ..Repairs::default()
    }
}
