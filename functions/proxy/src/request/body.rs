//! The reader of request bodies, one for all dialects (promises 27 and 28): valid JSON, its nesting, its lists'
//! lengths, its duplicates. Members keep the client's bytes.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use service::http::{ApiError, Code};
use translators::restricted::{Path, Restriction, restriction};
use translators::settings::BackendSettings;

use super::json_walk::{Fault, Role, walk};
use crate::patch::{Patch, Span};

/// More members than any API has; it bounds the memory for their names.
const MAX_MEMBERS: usize = 200;
/// The lists of all dialects, and the most items of each.
const LISTS: [(&str, usize); 5] = [
    ("messages", 10_000),
    ("tools", 1024),
    ("functions", 1024),
    ("stop", 64),
    ("stop_sequences", 64),
];

/// The members of a request's body, whose values are unread but checked.
#[derive(Clone, Debug)]
pub(super) struct RequestBody<'a> {
    text: &'a str,
    members: Vec<Member<'a>>,
    /// Bytes that a model reads.
    text_bytes: usize,
}

#[derive(Clone, Debug)]
struct Member<'a> {
    name: Cow<'a, str>,
    restriction: Option<Restriction>,
    value: &'a RawValue,
}

impl<'a> RequestBody<'a> {
    /// The members of `body`, and nothing else of it judged.
    pub(super) fn parse(body: &'a Bytes) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body).map_err(|_| ApiError::new(Code::InvalidJson, "the body is not UTF-8"))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let members = json.deserialize_map(MemberList).and_then(|members| {
            json.end()?;
            Ok(members)
        });
        Ok(Self {
            text,
            members: members.map_err(|error| not_json(&error))?,
            text_bytes: 0,
        })
    }

    /// The same members, all of them checked.
    pub(super) fn checked(mut self) -> Result<Self, ApiError> {
        for (place, member) in self.members.iter().enumerate() {
            if self.members[..place].iter().any(|other| other.name == member.name) {
                return Err(invalid(&member.name, "duplicate member"));
            }
            self.text_bytes += member.check()?;
        }
        Ok(self)
    }

    /// The same members, which must have one of this name.
    pub(super) fn requiring(self, name: &str) -> Result<Self, ApiError> {
        if self.contains(name) {
            Ok(self)
        } else {
            Err(invalid(name, "field required"))
        }
    }

    /// Bytes that a model reads.
    pub(super) fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// The value of a member.
    pub(super) fn value(&self, name: &str) -> Option<&'a RawValue> {
        let member = self.members.iter().find(|member| member.name == name)?;
        Some(member.value)
    }

    /// The same; `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.value(name).filter(|value| value.get() != "null")
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> + '_ {
        self.members.iter().map(|member| (member.name.clone(), member.value))
    }

    /// The model's name, and its place with its quotes.
    pub(super) fn model(&self) -> Result<(Cow<'a, str>, Span), ApiError> {
        let value = self
            .get("model")
            .ok_or_else(|| ApiError::invalid("model", "the model is missing"))?;
        let Text(name) =
            serde_json::from_str(value.get()).map_err(|_| ApiError::invalid("model", "the model must be a string"))?;
        Ok((name, self.span(value)?))
    }

    /// False if absent.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name).map(RawValue::get) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    /// The place of the first member.
    pub(super) fn start(&self) -> usize {
        memchr::memchr(b'{', self.text.as_bytes()).map_or(0, |brace| brace + 1)
    }

    pub(super) fn span(&self, value: &RawValue) -> Result<Span, ApiError> {
        Span::of(value.get().as_bytes(), self.text.as_bytes()).map_err(ApiError::internal)
    }

    /// The names of members that a backend with `settings` does not get.
    pub(super) fn withheld(&self, path: Path, settings: &BackendSettings) -> Vec<String> {
        let withheld = self.members.iter().filter(|member| {
            let restriction = member.restriction;
            restriction.is_some_and(|restriction| restriction.withholds(&member.name, path, settings))
        });
        withheld.map(|member| member.name.clone().into_owned()).collect()
    }

    /// The members that are restricted in one way.
    pub(super) fn restricted(&self, restriction: Restriction) -> impl Iterator<Item = (&str, &'a RawValue)> {
        let members = self.members.iter();
        members
            .filter(move |member| member.restriction == Some(restriction))
            .map(|member| (member.name.as_ref(), member.value))
    }

    /// The object without the members `names`, open for further ones of `more` bytes: a comma is behind each.
    pub(super) fn opened_without(&self, names: &[&str], more: usize) -> Result<String, ApiError> {
        let mut json = String::with_capacity(self.text.len() + more);
        json.push('{');
        let kept = self.members.iter();
        for Member { name, value, .. } in kept.filter(|member| !names.contains(&member.name.as_ref())) {
            json.push_str(&serde_json::to_string(name).map_err(ApiError::internal)?);
            json.push(':');
            json.push_str(value.get());
            json.push(',');
        }
        Ok(json)
    }

    /// The patches that take the members `names` out, each with a comma.
    pub(super) fn without(&self, names: &[String]) -> Vec<Patch> {
        if names.is_empty() {
            return Vec::new();
        }
        let bytes = self.text.as_bytes();
        let (mut end, mut has_kept) = (self.start(), false);
        let mut patches = Vec::with_capacity(names.len());
        for member in &self.members {
            let start = end;
            end = self.span(member.value).map_or(end, |span| span.range().end);
            if !names.iter().any(|name| *name == member.name) {
                has_kept = true;
                continue;
            }
            // Without one before it, a member goes with the comma that follows.
            if !has_kept {
                end += memchr::memchr(b',', &bytes[end..]).map_or(0, |comma| comma + 1);
            }
            patches.extend(Span::of(&bytes[start..end], bytes).map(Patch::remove));
        }
        patches
    }
}

impl Member<'_> {
    /// Checks the value; returns its bytes that a model reads.
    fn check(&self) -> Result<usize, ApiError> {
        let (name, json) = (self.name.as_ref(), self.value.get());
        let list = LISTS.iter().find(|(list, _)| *list == name);
        if name == "messages" && !json.starts_with('[') {
            return Err(invalid(name, "must be a list"));
        }
        let walked = walk(json, role(name)).map_err(|fault| match fault {
            Fault::TooDeep => ApiError::new(Code::InvalidJson, "the body is nested too deep"),
            Fault::Duplicate(inner) => {
                let inner: String = inner.chars().take(64).collect();
                invalid(name, &format!("duplicate member `{inner}`"))
            }
        })?;
        let least = usize::from(name == "messages");
        match list {
            Some((_, most)) if json.starts_with('[') && !(least..=*most).contains(&walked.items) => {
                Err(invalid(name, &format!("there must be {least} to {most} items")))
            }
            _ => Ok(walked.text_bytes),
        }
    }
}

/// Whatever is not known to stay out of the prompt counts as text.
fn role(name: &str) -> Role {
    match name {
        "messages" => Role::Conversation,
        "model"
        | "user"
        | "safety_identifier"
        | "prompt_cache_key"
        | "metadata"
        | "service_tier"
        | "stream_options"
        | "stop"
        | "stop_sequences"
        | "reasoning_effort"
        | "verbosity"
        | "modalities"
        | "include"
        | "client_metadata"
        | "prompt_cache_options"
        | "prompt_cache_retention"
        | "truncation" => Role::Unread,
        _ => Role::Text,
    }
}

/// The error of the member `name`, whose message begins with the path as those of the translators do.
pub(super) fn invalid(name: &str, reason: &str) -> ApiError {
    ApiError::invalid(name, format!("{name}: {reason}"))
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let text = error.to_string();
    if error.is_data() {
        let reason = text.split(" at line ").next().unwrap_or_default().to_owned();
        return ApiError::new(Code::InvalidValue, reason);
    }
    ApiError::new(Code::InvalidJson, format!("the body is not valid JSON: {text}"))
}

struct MemberList;

impl<'a> Visitor<'a> for MemberList {
    type Value = Vec<Member<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // Most requests have no more.
        let mut members = Vec::with_capacity(8);
        while let Some(Text(name)) = map.next_key()? {
            if members.len() == MAX_MEMBERS {
                return Err(de::Error::custom("the body has too many members"));
            }
            members.push(Member {
                restriction: restriction(&name),
                name,
                value: map.next_value()?,
            });
        }
        Ok(members)
    }
}

/// A text, borrowed if it has no escapes.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::patched;

    fn read(body: &Bytes) -> Result<RequestBody<'_>, ApiError> {
        RequestBody::parse(body)?.checked()
    }

    fn refused(members: &str) -> (Code, Option<String>) {
        let body = Bytes::from(format!("{{{members}}}"));
        let error = read(&body).unwrap_err();
        (error.code(), error.field_name().map(str::to_owned))
    }

    #[test]
    fn ha10_lists_have_a_most_in_every_dialect() {
        let list = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
        for (name, most) in LISTS.into_iter().skip(1) {
            let sent = |count| format!(r#""messages":[{{}}],"{name}":{}"#, list(count));
            assert_eq!(refused(&sent(most + 1)), (Code::InvalidValue, Some(name.to_owned())));
            let body = Bytes::from(format!("{{{}}}", sent(most)));
            assert!(read(&body).is_ok(), "{name}");
        }
        for messages in ["[]", "{}", "7", &list(10_001)] {
            let refusal = refused(&format!(r#""messages":{messages}"#));
            assert_eq!(refusal, (Code::InvalidValue, Some("messages".to_owned())));
        }
    }

    #[test]
    fn ha10_members_are_taken_out_of_the_bytes() {
        for (sent, left) in [
            (r#"{"a":1,"messages":[{}]}"#, r#"{"messages":[{}]}"#),
            (
                r#"{"a":1 , "b" : 2,"messages":[{}] , "\u0061b":3 }"#,
                r#"{"messages":[{}] }"#,
            ),
            (
                r#"{ "messages":[{}] ,"a":{"a":","}, "x":1,"b":2}"#,
                r#"{ "messages":[{}], "x":1}"#,
            ),
        ] {
            let body = Bytes::from(sent);
            let read = read(&body).unwrap();
            let names = ["a", "b", "ab"].map(str::to_owned);
            assert_eq!(patched(&body, &read.without(&names)), left, "{sent}");
        }
    }
}
