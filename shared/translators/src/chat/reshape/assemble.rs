//! A stream put together to one completion.

use std::borrow::Cow;

use serde_json::value::{RawValue, to_raw_value};

use crate::chat::completion::{Choice, Completion};
use crate::chat::stream::{ChatReader, StreamEvent, StreamReader as _};
use crate::chat::tool_calls::{PendingCall, PendingCalls, Repetition};
use crate::error::{BackendError, ErrorContext};
use crate::json::{EscapedText, Members, to_json};
use crate::sse::events;

/// A completion that grows chunk by chunk.
#[derive(Default)]
struct Assembly {
    /// Members of the chunks, but for their choices.
    members: Grown,
    choices: Vec<AssembledChoice>,
    has_finish_reason: bool,
}

#[derive(Default)]
struct AssembledChoice {
    index: u64,
    /// Members besides the message.
    members: Grown,
    message: Grown,
    calls: PendingCalls,
}

/// Members by name, in order of appearance.
#[derive(Default)]
struct Grown(Vec<(String, Value)>);

enum Value {
    /// Escaped.
    Text(String),
    /// The items.
    List(Vec<Box<RawValue>>),
    Other(Box<RawValue>),
}

/// The completion that the events of `body` come to.
pub fn assemble(body: &[u8], errors: &ErrorContext) -> Result<Vec<u8>, BackendError> {
    let mut reader = ChatReader::new(errors.clone());
    let mut assembly = Assembly::default();
    let (mut failure, mut is_done) = (None, false);
    for event in events(body) {
        let data = event.data().unwrap_or_default().to_vec();
        reader.read(&event, &mut |step| match step {
            _ if failure.is_some() || is_done => {}
            StreamEvent::Chunk(chunk) => assembly.add(chunk, &data),
            StreamEvent::Done => is_done = true,
            StreamEvent::Failed(error) => failure = Some(error),
            StreamEvent::InvalidUtf8
            | StreamEvent::Usage(_)
            | StreamEvent::Details(_)
            | StreamEvent::Skipped(_)
            | StreamEvent::Alive => {}
        });
    }
    match failure {
        Some(error) => Err(error),
        None if assembly.choices.is_empty() || !(is_done || assembly.has_finish_reason) => {
            Err(BackendError::cut_short())
        }
        None => assembly.written().map_err(|_| BackendError::unreadable()),
    }
}

impl Assembly {
    fn add(&mut self, chunk: &Completion<'_>, data: &[u8]) {
        let text = String::from_utf8_lossy(data);
        let Ok(members) = serde_json::from_str::<Members<'_>>(&text) else {
            return;
        };
        for (name, value) in members.0 {
            if name == "choices" {
                self.add_choices(&value);
            } else if value.get() != "null" {
                self.members.replace(&name, &value);
            }
        }
        let finished = |choice: &Choice<'_>| choice.finish_reason().is_some();
        self.has_finish_reason |= chunk.choices().any(|(_, choice)| finished(choice));
        for (index, choice) in chunk.choices() {
            let calls = &mut self.choice(index).calls;
            match (&choice.delta.0, choice.message()) {
                (Some(delta), _) => delta.call_pieces().for_each(|piece| calls.add(&piece)),
                (None, Some(message)) => message.call_pieces().for_each(|call| calls.add_whole(&call)),
                (None, None) => {}
            }
        }
    }

    fn add_choices(&mut self, choices: &RawValue) {
        let choices: Vec<Members<'_>> = serde_json::from_str(choices.get()).unwrap_or_default();
        for members in choices {
            let index = crate::json::ordinal(members.get("index")).unwrap_or(0);
            let choice = self.choice(index);
            for (name, value) in members.0 {
                match name.as_ref() {
                    "index" => {}
                    "delta" | "message" => choice.message.add_all(&value),
                    _ if value.get() == "null" => {}
                    name => choice.members.replace(name, &value),
                }
            }
        }
    }

    fn choice(&mut self, index: u64) -> &mut AssembledChoice {
        let place = self.choices.iter().position(|choice| choice.index == index);
        let place = place.unwrap_or_else(|| {
            self.choices.push(AssembledChoice {
                index,
                ..AssembledChoice::default()
            });
            self.choices.len() - 1
        });
        &mut self.choices[place]
    }

    fn written(mut self) -> serde_json::Result<Vec<u8>> {
        self.choices.sort_by_key(|choice| choice.index);
        let choices: Vec<Members<'_>> = self
            .choices
            .into_iter()
            .map(AssembledChoice::written)
            .collect::<Result<_, _>>()?;
        let mut members = self.members.written()?;
        members.set(Cow::Borrowed("object"), to_json(&"chat.completion")?);
        members.push(Cow::Borrowed("choices"), to_json(&choices)?);
        serde_json::to_vec(&members)
    }
}

impl AssembledChoice {
    fn written(self) -> serde_json::Result<Members<'static>> {
        let mut message = self.message.written()?;
        message
            .0
            .retain(|(name, _)| name != "tool_calls" && name != "function_call");
        if !message.contains("role") {
            message.push(Cow::Borrowed("role"), to_json(&"assistant")?);
        }
        if !message.contains("content") {
            message.push(Cow::Borrowed("content"), to_json(&())?);
        }
        let kept = (0..self.calls.list.len())
            .filter(|index| self.calls.repetition(*index, true) != Repetition::Yes)
            .map(|index| &self.calls.list[index])
            .filter(|call| !call.name.is_empty());
        let calls: Vec<&PendingCall> = kept.collect();
        let is_cut = calls.iter().any(|call| call.arguments.is_cut());
        if !calls.is_empty() {
            let calls: Vec<Members<'_>> = calls.into_iter().map(written_call).collect::<Result<_, _>>()?;
            message.push(Cow::Borrowed("tool_calls"), to_json(&calls)?);
        }
        let mut members = Members::default();
        members.push(Cow::Borrowed("index"), to_json(&self.index)?);
        members.push(Cow::Borrowed("message"), to_json(&message)?);
        members.append(self.members.written()?);
        if is_cut {
            // Nobody should run half of a call, whatever the server says (B3.2).
            members.set(Cow::Borrowed("finish_reason"), to_json(&"length")?);
        } else if !members.contains("finish_reason") {
            members.push(Cow::Borrowed("finish_reason"), to_json(&"stop")?);
        }
        Ok(members)
    }
}

fn written_call(call: &PendingCall) -> serde_json::Result<Members<'static>> {
    let mut function = Members::default();
    function.push(Cow::Borrowed("name"), to_json(&call.name)?);
    let arguments = RawValue::from_string(format!("\"{}\"", call.arguments.escaped()))?;
    function.push(Cow::Borrowed("arguments"), Cow::Owned(arguments));
    let mut written = Members::default();
    written.push(Cow::Borrowed("id"), to_json(&call.id)?);
    written.push(Cow::Borrowed("type"), to_json(&"function")?);
    written.push(Cow::Borrowed("function"), to_json(&function)?);
    if let Some(extra) = &call.extra_content {
        written.push(Cow::Borrowed("extra_content"), Cow::Owned(extra.clone()));
    }
    Ok(written)
}

impl Grown {
    fn add_all(&mut self, object: &RawValue) {
        let members: Members<'_> = serde_json::from_str(object.get()).unwrap_or_default();
        for (name, value) in members.0 {
            match name.as_ref() {
                "role" => self.replace(&name, &value),
                _ if value.get() == "null" => {}
                name => self.add(name, &value),
            }
        }
    }

    fn add(&mut self, name: &str, value: &RawValue) {
        let text = EscapedText::of(value).map(EscapedText::escaped);
        let list = || serde_json::from_str::<Vec<Box<RawValue>>>(value.get()).ok();
        match (self.find(name), text) {
            (Some(Value::Text(known)), Some(text)) => known.push_str(text),
            (Some(Value::List(known)), None) => known.extend(list().unwrap_or_default()),
            (_, Some(text)) => self.put(name, Value::Text(text.to_owned())),
            (_, None) => {
                let value = list().map_or_else(|| Value::Other(value.to_owned()), Value::List);
                self.put(name, value);
            }
        }
    }

    fn replace(&mut self, name: &str, value: &RawValue) {
        self.put(name, Value::Other(value.to_owned()));
    }

    fn put(&mut self, name: &str, value: Value) {
        match self.find(name) {
            Some(known) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut Value> {
        self.0
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    fn written(self) -> serde_json::Result<Members<'static>> {
        let members = self.0.into_iter().map(|(name, value)| {
            let value = match value {
                Value::Text(text) => RawValue::from_string(format!("\"{text}\""))?,
                Value::List(items) => to_raw_value(&items)?,
                Value::Other(json) => json,
            };
            Ok((Cow::Owned(name), Cow::Owned(value)))
        });
        members.collect::<serde_json::Result<_>>().map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembled(body: &str) -> Result<String, String> {
        assemble(body.as_bytes(), &ErrorContext::default())
            .map(|body| String::from_utf8(body).unwrap())
            .map_err(|error| error.message.to_string())
    }

    #[test]
    fn b9_1_a_stream_is_put_together_with_all_that_it_says() {
        let stream = concat!(
            "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1.0,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
            "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"h\",\"images\":[1]}}]}\n\n",
            "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"m\",\"content\":\"a\\ud83d\",\"images\":[2]}}]}\n\n",
            "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\",\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]}}]}\n\n",
            "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n",
        );
        assert_eq!(
            assembled(stream).unwrap(),
            concat!(
                r#"{"id":"x","object":"chat.completion","created":1.0,"usage":{"prompt_tokens":1},"choices":[{"index":0,"#,
                r#""message":{"role":"assistant","content":"a\ud83db","reasoning":"hm","images":[1,2],"#,
                r#""tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
            )
        );
    }

    #[test]
    fn b9_1_a_stream_that_breaks_off_is_no_completion() {
        for stream in [
            "",
            "data: [DONE]\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
        ] {
            assert!(assembled(stream).is_err(), "{stream}");
        }
        let failed =
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"died\"}}\n\n";
        assert_eq!(assembled(failed), Err("died".to_owned()));
    }
}
