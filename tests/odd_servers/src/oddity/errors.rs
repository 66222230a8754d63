//! Errors in every form, by status, in a 200, first or behind some content (B5.3, B6).

use crate::draft::Draft;
use crate::expectation::{Expectation, Failure};
use crate::json::{Json, Style, json};
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::speak::{Data, Event, Part};
use crate::wire::Ending;

const MESSAGES: &[&str] = &[
    "the model melted (4711)",
    "no room left on device 4711",
    "engine core died: 4711",
    "model is loading, 4711",
];

/// Vendors' words for a prompt that is too long, with the code that stands beside them.
const OVERFLOWS: &[(&str, &str)] = &[
    (
        "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
        "context_length_exceeded",
    ),
    (
        "However, you requested 0 output tokens and your prompt contains at least 262145 input tokens. This model's maximum context length is 262144 tokens.",
        "",
    ),
    ("Input is too long for requested model.", "ValidationException"),
    (
        "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
        "INVALID_ARGUMENT",
    ),
    (
        "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        "",
    ),
    ("prompt too long; exceeded max context length by 1253 tokens", ""),
    (
        "`inputs` tokens + `max_new_tokens` must be <= 32769. Given: 40000 `inputs` tokens and 1000 `max_new_tokens`",
        "validation",
    ),
    (
        "Trying to keep the first 7000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
        "",
    ),
    ("invalid params, context window exceeds limit (2013)", "2013"),
    ("Range of input length should be [1, 30720]", "InvalidParameter"),
    ("Prompt exceeds max length", "1261"),
    (
        "the request exceeds the available context size, try increasing it",
        "exceed_context_size_error",
    ),
];

/// JSON bodies that hold an error, in the order of `form`.
const FORMS: usize = 10;

fn form(number: usize, message: &str, code: &Json) -> Json {
    match number {
        0 => json!({"error": {"message": message, "type": "server_error", "param": null, "code": (code.clone())}}),
        1 => json!({"type": "error", "error": {"type": "api_error", "message": message}, "request_id": "r"}),
        2 => json!({"error": message}),
        3 => json!([{"error": {"code": 500, "message": message, "status": "INTERNAL"}}]),
        4 => {
            json!({"object": "error", "message": message, "type": "BadRequestError", "param": null, "code": (code.clone())})
        }
        5 => {
            let base = json!({"status_code": 1002, "status_msg": message});
            json!({"id": "x", "choices": null, "usage": {"total_tokens": 0}, "base_resp": base})
        }
        6 => json!({"id": "x", "choices": [], "error": {"message": message, "code": (code.clone())}}),
        7 => json!({"code": (code.clone()), "message": message, "request_id": "r"}),
        8 => json!({"detail": message}),
        _ => json!({"code": (code.clone()), "msg": message, "success": false}),
    }
}

fn any_code(rng: &mut Rng) -> Json {
    [json!("InternalError"), json!(503), Json::Null][rng.below(3)].clone()
}

fn message(rng: &mut Rng) -> &'static str {
    rng.pick(MESSAGES)
}

/// An event with an error in it.
fn event(draft: &mut Draft, message: &str) -> Event {
    let code = any_code(&mut draft.rng);
    match (draft.protocol, draft.rng.below(3)) {
        (Protocol::Responses, 0) => {
            let response = json!({"id": "resp_x", "status": "failed", "output": [], "error": {"code": "server_error", "message": message}});
            Event::named(Part::Noise, json!({"type": "response.failed", "response": response}))
        }
        (Protocol::Responses, 1) => Event::named(
            Part::Noise,
            json!({"type": "error", "code": code, "message": message, "param": null}),
        ),
        (Protocol::Messages, 0 | 1) => Event::named(Part::Noise, form(1, message, &code)),
        // Without an error member it is the name of the event that says what it is.
        (_, 2) => {
            let mut event = Event::new(Part::Noise, form(draft.rng.below(FORMS), message, &code));
            event.name = Some("error".to_owned());
            event
        }
        _ => Event::new(
            Part::Noise,
            form([0, 1, 2, 4, 5, 6][draft.rng.below(6)], message, &code),
        ),
    }
}

pub(super) fn no_json_event(draft: &mut Draft) -> bool {
    let data = draft.rng.pick(&[
        "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi",
        "<html>Bad Gateway</html>",
        "undefined",
        "{'a': 1}",
    ]);
    let Some(place) = draft.place_before_finish() else {
        return false;
    };
    draft.events.insert(
        place,
        Event {
            name: None,
            data: Data::Text(data.to_owned()),
            part: Part::Noise,
            after_ms: 0,
        },
    );
    draft.must_fail(None);
    true
}

pub(super) fn mid_stream(draft: &mut Draft) -> bool {
    let Some(place) = draft.content_place() else {
        return false;
    };
    let message = message(&mut draft.rng);
    let event = event(draft, message);
    draft.events.truncate(place + 1);
    draft.events.push(event);
    if draft.protocol == Protocol::Chat && draft.rng.one_in(2) {
        draft.events.push(Event::done());
    }
    draft.must_fail(Some(message));
    true
}

pub(super) fn first(draft: &mut Draft) -> bool {
    let message = message(&mut draft.rng);
    let event = event(draft, message);
    draft.events = vec![event];
    draft.must_fail(Some(message));
    true
}

fn send(draft: &mut Draft, status: u16, label: &'static str, text: String) {
    draft.wire.status = status;
    draft.wire.content_type = Some(label);
    draft.wire.instead = Some(text);
}

/// An error event as the only text of a body.
fn as_event(message: &str) -> String {
    format!(
        "event: error\ndata: {}\n\n",
        json!({"code": "InternalError", "message": message}).write(Style::default())
    )
}

pub(super) fn in_200(draft: &mut Draft) -> bool {
    let message = message(&mut draft.rng);
    let code = any_code(&mut draft.rng);
    let label = draft.rng.pick(&["application/json", "text/event-stream"]);
    let text = match draft.rng.below(FORMS + 1) {
        FORMS => as_event(message),
        number => form(number, message, &code).write(draft.wire.style),
    };
    send(draft, 200, label, text);
    draft.must_fail(Some(message));
    true
}

pub(super) fn refusal(draft: &mut Draft) -> bool {
    let message = message(&mut draft.rng);
    let code = any_code(&mut draft.rng);
    let status = [400, 422, 429, 500, 503, 529][draft.rng.below(6)];
    let (label, text) = match draft.rng.below(FORMS + 2) {
        FORMS => ("text/event-stream", as_event(message)),
        number if number > FORMS => ("text/plain", message.to_owned()),
        number => ("application/json", form(number, message, &code).write(draft.wire.style)),
    };
    send(draft, status, label, text);
    draft.must_fail(Some(message));
    true
}

pub(super) fn overflow(draft: &mut Draft) -> bool {
    let (message, code) = OVERFLOWS[draft.rng.below(OVERFLOWS.len())];
    let code = if code.is_empty() { Json::Null } else { code.into() };
    let json = form(draft.rng.below(2), message, &code);
    if draft.streamed && draft.rng.one_in(3) {
        draft.events = vec![Event::new(Part::Noise, json)];
    } else {
        let status = [400, 413, 422, 500][draft.rng.below(4)];
        send(draft, status, "application/json", json.write(draft.wire.style));
    }
    draft.expectation = Expectation::Failure(Failure {
        message: Some(message.to_owned()),
        overflow: true,
    });
    true
}

pub(super) fn empty_body(draft: &mut Draft) -> bool {
    draft.wire.instead = Some(String::new());
    draft.wire.ending = if draft.rng.one_in(3) {
        Ending::Reset
    } else {
        Ending::Close
    };
    draft.must_fail(None);
    true
}
