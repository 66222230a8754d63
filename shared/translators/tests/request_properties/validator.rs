//! What the strictest backends accept.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value};
use translators::settings::{BackendSettings, InlineSystem, UnsignedCalls};

type Checked = Result<(), TestCaseError>;

pub(crate) fn check(chat: &Value, backend: &BackendSettings) -> Checked {
    let usual = ["model", "messages", "tools", "max_tokens", "max_completion_tokens"];
    let added = backend.extra_body.keys().map(String::as_str);
    only(chat, &usual.into_iter().chain(added).collect::<Vec<_>>())?;
    let messages = chat["messages"].as_array().unwrap();
    conversation(messages, backend)?;
    prop_assert_ne!(&messages.last().unwrap()["role"], "assistant");
    if backend.merge_turns {
        alternating(messages)?;
    }
    let mut tools = chat["tools"].as_array().into_iter().flatten();
    tools.try_for_each(|tool| function_tool(tool, backend))
}

fn conversation(messages: &[Value], backend: &BackendSettings) -> Checked {
    let mut at = 0;
    while let Some(message) = messages.get(at) {
        at += 1;
        match message["role"].as_str().unwrap() {
            "assistant" => {
                let calls = assistant(message, backend)?;
                for id in &calls {
                    let result = messages.get(at);
                    prop_assert!(result.is_some(), "no result for {id}");
                    tool(result.unwrap(), id)?;
                    at += 1;
                }
                let next = messages.get(at).map(|next| &next["role"]);
                prop_assert!(next.is_none_or(|role| role != "tool"), "a result without a call");
            }
            "user" => user(message)?,
            "system" | "developer" => {
                only(message, &["role", "content"])?;
                prop_assert!(
                    at == 1 || backend.inline_system == InlineSystem::Inline,
                    "a late system message"
                );
            }
            role => prop_assert!(false, "role {role}"),
        }
    }
    Ok(())
}

fn assistant(message: &Value, backend: &BackendSettings) -> Result<Vec<String>, TestCaseError> {
    only(
        message,
        &["role", "content", "tool_calls", "reasoning_content", "reasoning"],
    )?;
    prop_assert!(message["content"].is_null() || message["content"].as_str().is_some_and(|text| !text.is_empty()));
    let calls = message.get("tool_calls").map(|calls| calls.as_array().unwrap());
    prop_assert!(calls.is_none_or(|calls| !calls.is_empty()));
    prop_assert!(
        calls.is_some() || !message["content"].is_null(),
        "an empty assistant message"
    );
    let mut ids = Vec::new();
    for call in calls.into_iter().flatten() {
        let signed = (backend.unsigned_calls == UnsignedCalls::Google).then_some("extra_content");
        let usual = ["id", "type", "function"];
        only(call, &usual.into_iter().chain(signed).collect::<Vec<_>>())?;
        only(&call["function"], &["name", "arguments"])?;
        name(&call["function"]["name"], backend)?;
        let arguments = call["function"]["arguments"].as_str().unwrap();
        prop_assert!(
            serde_json::from_str::<Map<String, Value>>(arguments).is_ok(),
            "{arguments}"
        );
        ids.push(call["id"].as_str().unwrap().to_owned());
    }
    prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    Ok(ids)
}

fn tool(message: &Value, id: &str) -> Checked {
    only(message, &["role", "tool_call_id", "content"])?;
    prop_assert_eq!(&message["role"], "tool");
    prop_assert_eq!(message["tool_call_id"].as_str(), Some(id));
    content(&message["content"])
}

fn user(message: &Value) -> Checked {
    only(message, &["role", "content"])?;
    prop_assert_ne!(&message["content"], "");
    content(&message["content"])
}

fn content(content: &Value) -> Checked {
    if content.is_string() {
        return Ok(());
    }
    let parts = content.as_array().unwrap();
    prop_assert!(!parts.is_empty());
    for part in parts {
        match part["type"].as_str().unwrap() {
            "text" => only(part, &["type", "text"])?,
            "image_url" => {
                only(part, &["type", "image_url"])?;
                only(&part["image_url"], &["url"])?;
            }
            kind => prop_assert!(false, "a part of type {kind}"),
        }
    }
    Ok(())
}

fn function_tool(tool: &Value, backend: &BackendSettings) -> Checked {
    only(tool, &["type", "function"])?;
    only(&tool["function"], &["name", "parameters"])?;
    prop_assert!(tool["function"]["parameters"]["properties"].is_object());
    name(&tool["function"]["name"], backend)
}

fn name(name: &Value, backend: &BackendSettings) -> Checked {
    let name = name.as_str().unwrap();
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    prop_assert!(
        plain && (1..=backend.tool_name_max as usize).contains(&name.len()),
        "{name}"
    );
    Ok(())
}

fn alternating(messages: &[Value]) -> Checked {
    for pair in messages.windows(2) {
        let same = pair[0]["role"] == pair[1]["role"] && pair[0]["role"] != "tool";
        prop_assert!(!same, "two messages in a row of role {}", pair[0]["role"]);
    }
    Ok(())
}

/// No key that a strict backend would refuse.
fn only(object: &Value, keys: &[&str]) -> Checked {
    for key in object.as_object().unwrap().keys() {
        prop_assert!(keys.contains(&key.as_str()), "foreign key {key} in {object}");
    }
    Ok(())
}
