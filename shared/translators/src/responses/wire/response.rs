//! The response object (RA1, RA7), written as it stands in events and in whole answers.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::usage::{ServedTier, Usage};

/// What all forms of one response have in common.
#[derive(Clone, Debug)]
pub struct Head {
    /// The part of all ids that tells this response from others (RA2).
    pub key: String,
    pub created_at: i64,
    /// Members that repeat the request or have their default, each with a comma before it.
    pub echo: Arc<str>,
    /// The tier that is asked for, in its JSON escapes. The end of the response tells the one in which it was served.
    pub tier: Option<Arc<str>>,
    /// It is to be stored; if it cannot be, its end says so (ST4).
    pub is_stored: bool,
}

/// Why a response failed.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    pub code: &'static str,
    pub message: &'a str,
}

/// A response at some point of its life.
#[derive(Clone, Copy, Debug)]
pub struct ResponseObject<'a> {
    head: &'a Head,
    status: &'static str,
    failure: Option<&'a Failure<'a>>,
    incomplete: Option<&'static str>,
    /// The items as JSON, with commas between them.
    output: &'a str,
    usage: Option<Usage>,
    completed_at: Option<i64>,
}

impl<'a> ResponseObject<'a> {
    pub fn in_progress(head: &'a Head) -> Self {
        Self {
            head,
            status: "in_progress",
            failure: None,
            incomplete: None,
            output: "",
            usage: None,
            completed_at: None,
        }
    }

    pub fn completed(head: &'a Head, output: &'a str, usage: Usage, at: i64) -> Self {
        Self {
            status: "completed",
            output,
            usage: Some(usage),
            completed_at: Some(at),
            ..Self::in_progress(head)
        }
    }

    pub fn incomplete(head: &'a Head, output: &'a str, usage: Usage, reason: &'static str) -> Self {
        Self {
            status: "incomplete",
            output,
            usage: Some(usage),
            incomplete: Some(reason),
            ..Self::in_progress(head)
        }
    }

    pub fn failed(head: &'a Head, output: &'a str, failure: &'a Failure<'a>) -> Self {
        Self {
            status: "failed",
            output,
            failure: Some(failure),
            ..Self::in_progress(head)
        }
    }

    pub fn status(&self) -> &'static str {
        self.status
    }

    /// The length of the JSON, roughly and rather too much.
    pub fn capacity(&self) -> usize {
        512 + self.head.echo.len() + self.output.len()
    }

    /// The object as JSON, added to `json`.
    pub fn write(&self, json: &mut String) {
        let Head {
            key,
            created_at,
            echo,
            is_stored,
            ..
        } = self.head;
        let status = self.status;
        let _ = write!(
            json,
            "{{\"id\":\"resp_{key}\",\"object\":\"response\",\"created_at\":{created_at},\"status\":\"{status}\",\"error\":"
        );
        match self.failure {
            None => json.push_str("null"),
            Some(Failure { code, message }) => {
                let message = serde_json::to_string(message).unwrap_or_default();
                let _ = write!(json, "{{\"code\":\"{code}\",\"message\":{message}}}");
            }
        }
        json.push_str(",\"incomplete_details\":");
        match self.incomplete {
            None => json.push_str("null"),
            Some(reason) => {
                let _ = write!(json, "{{\"reason\":\"{reason}\"}}");
            }
        }
        json.push_str(",\"output\":[");
        json.push_str(self.output);
        json.push_str("],\"usage\":");
        match self.usage {
            None => json.push_str("null"),
            Some(usage) => write_usage(usage, json),
        }
        if let Some(at) = self.completed_at {
            let _ = write!(json, ",\"completed_at\":{at}");
        }
        json.push_str(echo);
        // What failed is not stored (ST4). The last member: `stored.rs` finds it there.
        let is_stored = *is_stored && self.failure.is_none();
        let _ = write!(json, ",\"service_tier\":\"{}\",\"store\":{is_stored}}}", self.tier());
    }

    /// The tier that is asked for; at the end the one in which the response was served.
    fn tier(&self) -> &str {
        let tier = match self.usage {
            Some(usage) => usage.breakdown.tier.and_then(ServedTier::openai),
            None => self.head.tier.as_deref(),
        };
        tier.unwrap_or("default")
    }
}

fn write_usage(usage: Usage, json: &mut String) {
    let Usage {
        input,
        cached_input,
        cache_write,
        output,
        reasoning,
        ..
    } = usage;
    let reasoning = reasoning.unwrap_or_default();
    let total = input.saturating_add(output);
    let _ = write!(
        json,
        "{{\"input_tokens\":{input},\"input_tokens_details\":{{\"cached_tokens\":{cached_input},\
         \"cache_write_tokens\":{cache_write}}},\"output_tokens\":{output},\
         \"output_tokens_details\":{{\"reasoning_tokens\":{reasoning}}},\"total_tokens\":{total}}}"
    );
}
