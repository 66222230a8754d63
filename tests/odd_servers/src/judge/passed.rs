//! Same dialect on both sides: what the server said reaches the client event by event, however odd it is.

use crate::expectation::Expectation;
use crate::hear::Reply;
use crate::hear::sse::{SseEvent, lenient};
use crate::json::Json;
use crate::oddity::Oddity;
use crate::protocol::Protocol;
use crate::script::Script;

/// Members that are ours to change: the name of the model, and what a stored response is known by.
const OURS: &[&str] = &["model"];
const OURS_IN_RESPONSES: &[&str] = &[
    "model",
    "id",
    "item_id",
    "sequence_number",
    "store",
    "previous_response_id",
];
/// What tells the reason of the end; a call that broke off may change it (B3.2).
const REASONS: &[&str] = &["finish_reason", "stop_reason", "status", "incomplete_details"];

/// Judges bytes that were passed on.
pub fn judge_passed(script: &Script, reply: &Reply) -> Result<(), String> {
    if reply.status >= 400 {
        return refused(script, reply);
    }
    if script.streamed {
        streamed(script, reply)
    } else {
        whole(script, reply)
    }
}

fn message(script: &Script) -> &str {
    if let Expectation::Failure(failure) = &script.expectation {
        failure.message.as_deref().unwrap_or_default()
    } else {
        ""
    }
}

fn refused(script: &Script, reply: &Reply) -> Result<(), String> {
    let body = String::from_utf8_lossy(&reply.body);
    if script.expectation == Expectation::Answer {
        return Err(format!("status {} instead of the answer: {body}", reply.status));
    }
    if body.contains(message(script)) {
        Ok(())
    } else {
        Err(format!("the message {:?} is not told: {body}", message(script)))
    }
}

fn whole(script: &Script, reply: &Reply) -> Result<(), String> {
    if matches!(script.expectation, Expectation::Failure(_)) {
        return Err(format!("status {} for an answer that is not whole", reply.status));
    }
    let said = parse(script, &script.body())?;
    let heard = parse(script, &reply.body)?;
    if said == heard && reply.complete {
        Ok(())
    } else {
        Err(format!("{heard:?} instead of {said:?}"))
    }
}

fn parse(script: &Script, bytes: &[u8]) -> Result<Json, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut json = Json::parse(text.strip_prefix('\u{feff}').unwrap_or(&text))?;
    strip(script, &mut json);
    Ok(json)
}

fn strip(script: &Script, json: &mut Json) {
    let ours = if script.protocol == Protocol::Responses {
        OURS_IN_RESPONSES
    } else {
        OURS
    };
    let broken_off = script.oddities.contains(&Oddity::ArgumentsCut);
    match json {
        Json::Object(members) => {
            members
                .retain(|(name, _)| !(ours.contains(&name.as_str()) || broken_off && REASONS.contains(&name.as_str())));
            for (_, value) in members {
                strip(script, value);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| strip(script, item)),
        _ => {}
    }
}

/// One event of content, told apart from marks, noise and errors.
enum Seen {
    /// Begins the answer; a gateway that had to begin it before the server did wrote its own (B8.3).
    Start,
    Content(Json),
    /// A chunk with usage alone, which a client gets if it asked for it.
    Usage,
    Mark,
    Error(String),
    /// Data that is no JSON.
    Torn,
}

fn see(script: &Script, event: &SseEvent) -> Option<Seen> {
    let name = event.name.as_deref().unwrap_or_default();
    let Some(mut json) = event.json() else {
        return match event.data.trim() {
            "[DONE]" => Some(Seen::Mark),
            _ if event.data.is_empty() || matches!(name, "ping" | "heartbeat" | "keep-alive") => None,
            _ => Some(Seen::Torn),
        };
    };
    let kind = json.text_at(&["type"]).unwrap_or_default();
    if json == Json::Null || matches!(name, "ping" | "heartbeat" | "keep-alive") || kind == "ping" {
        return None;
    }
    if name == "error" || kind == "error" || kind == "response.failed" || has_error(&json) {
        return Some(Seen::Error(event.data.clone()));
    }
    match kind {
        "message_stop" => return Some(Seen::Mark),
        "message_start" | "response.created" => return Some(Seen::Start),
        "response.in_progress" => return None,
        _ => {}
    }
    let no_choices = json
        .get("choices")
        .is_some_and(|choices| *choices == Json::Array(Vec::new()));
    if no_choices && json.get("usage").is_some_and(Json::is_object) {
        return Some(Seen::Usage);
    }
    strip(script, &mut json);
    Some(Seen::Content(json))
}

/// True for an error that says something, in any of the forms of servers.
fn has_error(json: &Json) -> bool {
    let says = |json: &Json| match json.get("error") {
        Some(Json::Object(members)) => !members.is_empty(),
        Some(Json::String(text)) => !text.is_empty(),
        _ => false,
    };
    let choice = json.at(&["choices", "0"]);
    says(json)
        || json.at(&["0"]).is_some_and(says)
        || choice.is_some_and(says)
        || choice.is_some_and(|choice| choice.text_at(&["finish_reason"]) == Some("error"))
        || json.text_at(&["object"]) == Some("error")
        || json.get("base_resp").is_some()
}

fn streamed(script: &Script, reply: &Reply) -> Result<(), String> {
    let see_all = |bytes: &[u8]| {
        lenient(bytes)
            .0
            .iter()
            .filter_map(|event| see(script, event))
            .collect::<Vec<Seen>>()
    };
    let (said, heard) = (see_all(&script.body()), see_all(&reply.body));
    let error = heard
        .iter()
        .find_map(|seen| if let Seen::Error(data) = seen { Some(data) } else { None });
    let marked = heard.iter().any(|seen| matches!(seen, Seen::Mark));
    let starts = |seen: &[Seen]| seen.iter().filter(|seen| matches!(seen, Seen::Start)).count();
    let begun = starts(&heard) <= 1 && (starts(&said) == starts(&heard) || content(&heard).is_empty());
    let (said, heard) = (content(&said), content(&heard));
    if !begun {
        return Err("the answer is begun twice, or not at all".to_owned());
    }
    let whole = said == heard && reply.complete && (marked || script.protocol == Protocol::Responses);
    match (&script.expectation, error) {
        (Expectation::Answer, Some(error)) => Err(format!("an error instead of the answer: {error}")),
        (Expectation::Failure(_), None) => Err("no error, though the answer is not whole".to_owned()),
        (Expectation::Answer | Expectation::AnswerOrFailure, None) if whole => Ok(()),
        (Expectation::Answer | Expectation::AnswerOrFailure, None) => Err(differ(&said, &heard, marked)),
        (_, Some(error)) if !error.contains(message(script)) => {
            Err(format!("the message {:?} is not told: {error}", message(script)))
        }
        (_, Some(_)) if said.starts_with(&heard) => Ok(()),
        (_, Some(_)) => Err(differ(&said, &heard, marked)),
    }
}

fn content(seen: &[Seen]) -> Vec<&Json> {
    seen.iter()
        .filter_map(|seen| {
            if let Seen::Content(json) = seen {
                Some(json)
            } else {
                None
            }
        })
        .collect()
}

fn differ(said: &[&Json], heard: &[&Json], marked: bool) -> String {
    let place = said.iter().zip(heard).take_while(|(said, heard)| said == heard).count();
    let (said_here, heard_here) = (said.get(place), heard.get(place));
    format!(
        "event {place} of {} is {heard_here:?} instead of {said_here:?} (end mark: {marked})",
        said.len()
    )
}
