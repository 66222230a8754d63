//! Conversations as clients have them: turns in a row or one by one, results in any order, system turns anywhere.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A request's messages, and what of them must arrive.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub messages: Vec<Value>,
    pub calls: Vec<Call>,
    pub thinking: Vec<String>,
    /// In the order of the chat messages.
    pub texts: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub client_id: String,
    pub backend_id: String,
    pub name: String,
    pub input: Value,
}

/// One step of a conversation, from an assistant turn to the user's next word.
#[derive(Clone, Debug)]
struct Step {
    thinking: Option<String>,
    reply: Option<String>,
    calls: Vec<(String, Value, usize)>,
    results_reversed: bool,
    result_has_image: bool,
    system_after_reply: Option<String>,
    split_user_turn: bool,
    question: String,
    system_after: Option<String>,
}

impl History {
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut tools: Vec<Value> = Vec::new();
        for call in &self.calls {
            if !tools.iter().any(|tool| tool["name"] == call.name.as_str()) {
                tools.push(json!({"name": call.name, "input_schema": {"type": "object"}}));
            }
        }
        let body = json!({"model": "m", "max_tokens": 100, "messages": self.messages, "tools": tools});
        serde_json::to_vec(&body).unwrap()
    }

    fn new(first: String) -> Self {
        let messages = vec![json!({"role": "user", "content": [{"type": "text", "text": first}]})];
        Self {
            messages,
            calls: Vec::new(),
            thinking: Vec::new(),
            texts: vec![first],
        }
    }

    fn add(&mut self, step: Step) {
        let calls = self.add_assistant_turn(&step);
        if let Some(text) = step.system_after_reply {
            self.messages.push(json!({"role": "system", "content": text}));
        }
        let mut results: Vec<_> = calls.iter().map(|call| result(call, step.result_has_image)).collect();
        self.texts
            .extend(calls.iter().map(|call| format!("result of {}", call.client_id)));
        if step.results_reversed {
            results.reverse();
        }
        let question = json!({"type": "text", "text": step.question});
        if step.split_user_turn && !results.is_empty() {
            self.messages.push(json!({"role": "user", "content": results}));
            self.messages.push(json!({"role": "user", "content": [question]}));
        } else {
            results.push(question);
            self.messages.push(json!({"role": "user", "content": results}));
        }
        self.texts.push(step.question);
        if let Some(text) = step.system_after {
            self.messages
                .push(json!({"role": "system", "content": [{"type": "text", "text": text}]}));
            self.texts.push(text);
        }
        self.calls.extend(calls);
    }

    fn add_assistant_turn(&mut self, step: &Step) -> Vec<Call> {
        let mut content = Vec::new();
        let skipped = step.reply.is_none() && step.calls.is_empty();
        if let Some(thinking) = &step.thinking {
            content.push(json!({"type": "thinking", "thinking": thinking, "signature": "gw1.x"}));
            self.thinking.extend((!skipped).then(|| thinking.clone()));
        }
        if let Some(text) = &step.reply {
            content.push(json!({"type": "text", "text": text}));
            self.texts.push(text.clone());
        }
        let first = self.calls.len();
        let calls: Vec<_> = step
            .calls
            .iter()
            .enumerate()
            .map(|(i, call)| new_call(first + i, call))
            .collect();
        let blocks = calls
            .iter()
            .map(|call| json!({"type": "tool_use", "id": call.client_id, "name": call.name, "input": call.input}));
        content.extend(blocks);
        self.messages.push(json!({"role": "assistant", "content": content}));
        calls
    }
}

/// Ids of three kinds: an own one of the backend's, one that had to be encoded, one of the vendor's form.
fn new_call(number: usize, (name, input, kind): &(String, Value, usize)) -> Call {
    let encoded = format!("functions.f:{number}");
    let (client_id, backend_id) = match kind {
        0 => (format!("call_{number}"), format!("call_{number}")),
        1 => (format!("toolu_x{}", hex(&encoded)), encoded),
        _ => (format!("toolu_01{number}"), format!("toolu_01{number}")),
    };
    Call {
        client_id,
        backend_id,
        name: name.clone(),
        input: input.clone(),
    }
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn result(call: &Call, with_image: bool) -> Value {
    let text = json!({"type": "text", "text": format!("result of {}", call.client_id)});
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let content = if with_image { vec![text, image] } else { vec![text] };
    json!({"type": "tool_result", "tool_use_id": call.client_id, "content": content})
}

pub(crate) fn histories() -> impl Strategy<Value = History> {
    (text(), prop::collection::vec(step(), 0..5)).prop_map(|(first, steps)| {
        let mut history = History::new(first);
        for step in steps {
            history.add(step);
        }
        history
    })
}

fn step() -> impl Strategy<Value = Step> {
    let flags = any::<(bool, bool, bool)>();
    let assistant = (
        prop::option::of(text()),
        prop::option::of(text()),
        prop::collection::vec(call(), 0..4),
    );
    let user = (prop::option::of(text()), text(), prop::option::of(text()));
    (assistant, user, flags).prop_map(|((thinking, reply, calls), (before, question, after), flags)| Step {
        thinking,
        reply,
        calls,
        results_reversed: flags.0,
        result_has_image: flags.1,
        system_after_reply: before,
        split_user_turn: flags.2,
        question,
        system_after: after,
    })
}

fn call() -> impl Strategy<Value = (String, Value, usize)> {
    let long = format!("mcp__{}", "long_".repeat(30));
    let names = ["Read", "get-weather_2", "files.read", "größe", "files_read", &long];
    let input = prop::collection::btree_map("[a-c]{1,2}", any::<i64>(), 0..3);
    let name = select(names.map(str::to_owned).to_vec());
    (name, input, text(), 0..3_usize).prop_map(|(name, numbers, text, kind)| {
        let mut input = json!(numbers);
        input["text"] = json!(text);
        (name, input, kind)
    })
}

/// Never empty; with quotes, backslashes, line ends, and characters of all lengths.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,12}",
        "[\\PC\n\t]{1,6}",
        Just("{\"a\": [1, \\\"}".to_owned()),
        Just("\u{2028}😀".to_owned())
    ]
}
