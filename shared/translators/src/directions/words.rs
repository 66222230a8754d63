//! Chat's names of members in the words of the client whose request became chat: errors and warnings of a second
//! conversion name what the client has sent.

use std::borrow::Cow;

use super::dialect::ApiDialect;
use crate::error::RequestError;

/// The client's name of chat's member `name`, of which only the first step counts.
fn of_member(name: &str, client: ApiDialect) -> Option<&'static str> {
    Some(match (client, name) {
        (ApiDialect::Messages, "max_completion_tokens") => "max_tokens",
        (ApiDialect::Messages, "reasoning_effort") => "output_config.effort",
        (ApiDialect::Messages, "response_format") => "output_config.format",
        (ApiDialect::Messages, "stop") => "stop_sequences",
        (ApiDialect::Messages, "user" | "safety_identifier") => "metadata.user_id",
        (ApiDialect::Messages, "parallel_tool_calls") => "tool_choice.disable_parallel_tool_use",
        (ApiDialect::Responses, "messages") => "input",
        (ApiDialect::Responses, "max_tokens" | "max_completion_tokens") => "max_output_tokens",
        (ApiDialect::Responses, "reasoning_effort") => "reasoning.effort",
        (ApiDialect::Responses, "response_format") => "text.format",
        (ApiDialect::Responses, "verbosity") => "text.verbosity",
        (ApiDialect::Responses, "logprobs") => "top_logprobs",
        _ => return None,
    })
}

/// A warning about the field `name` of the hub.
pub(super) fn warning(name: &str, client: ApiDialect) -> &str {
    of_member(name, client).unwrap_or(name)
}

/// An error about the hub's request. Which message it was is not told: the client's own are counted otherwise.
pub(super) fn error(mut error: RequestError, client: ApiDialect) -> RequestError {
    let root = error.path.split('.').next().unwrap_or_default().to_owned();
    let own = of_member(&root, client).unwrap_or(&root);
    let path = match root.as_str() {
        "messages" => Cow::Borrowed(own),
        _ => Cow::Owned(format!("{own}{}", &error.path[root.len()..])),
    };
    error.message = match error.message.strip_prefix(&error.path) {
        Some(fault) => format!("{path}{fault}"),
        None => error.message.replacen(&format!("`{root}`"), &format!("`{own}`"), 1),
    };
    error.path = path.into_owned();
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h6_the_second_conversion_names_what_the_client_has_sent() {
        let told = |path: &str, client| {
            let error = error(RequestError::new(path, "is wrong"), client);
            (error.path, error.message)
        };
        assert_eq!(
            told("messages.3.content.0.type", ApiDialect::Responses),
            ("input".into(), "input: is wrong".into())
        );
        assert_eq!(
            told("messages.3.content.0.type", ApiDialect::Messages),
            ("messages".into(), "messages: is wrong".into())
        );
        assert_eq!(
            told("response_format.json_schema", ApiDialect::Responses).0,
            "text.format.json_schema"
        );
        let unsupported = error(RequestError::unsupported("logprobs"), ApiDialect::Responses);
        assert_eq!(
            unsupported.message,
            "`top_logprobs` cannot be used with this model's backend."
        );
        assert_eq!(
            warning("reasoning_effort", ApiDialect::Messages),
            "output_config.effort"
        );
        assert_eq!(warning("seed", ApiDialect::Responses), "seed");
    }
}
