//! A Responses request that fits a script of an odd server, for the tests of its response.

use std::sync::Arc;

use odd_servers::{Protocol, Script};
use translators::directions::request::of_responses;
use translators::directions::{ApiDialect, ClientContext};
use translators::model::ModelFacts;
use translators::responses::context::ResponsesContext;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::ResponsesRequest;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::{BackendSettings, ThinkTags};
use translators::tool_ids::UsedIds;

/// It asks for thinking.
const REQUEST: &str = r#"{"model":"m","input":"x","reasoning":{"effort":"low","summary":"auto"}}"#;

pub(crate) fn new_response() -> Lifecycle {
    Lifecycle::new("k".repeat(20), Arc::new(|| 1))
}

/// The response with what it repeats of the request.
pub(crate) fn repeated(response: &Lifecycle) -> Lifecycle {
    let body: ResponsesBody<'_> = serde_json::from_str(REQUEST).unwrap();
    response.of_request(&body, "m").unwrap()
}

/// The dialect of an odd server.
pub(crate) fn api_dialect(protocol: Protocol) -> ApiDialect {
    match protocol {
        Protocol::Chat => ApiDialect::Chat,
        Protocol::Messages => ApiDialect::Messages,
        Protocol::Responses => ApiDialect::Responses,
    }
}

/// The context of the response to a request, whose backend speaks `backend`.
pub(crate) fn context(script: &Script, backend: ApiDialect, response: &Lifecycle) -> ResponsesContext {
    let body: ResponsesBody<'_> = serde_json::from_str(REQUEST).unwrap();
    let request = ResponsesRequest {
        body: &body,
        lifecycle: response,
    };
    let settings = BackendSettings {
        think_tags: if script.think_tags {
            ThinkTags::Parse
        } else {
            ThinkTags::Keep
        },
        ..BackendSettings::default()
    };
    let facts = ModelFacts {
        client_model: "m".to_owned(),
        ..ModelFacts::default()
    };
    let translated = of_responses(request, backend, &settings, &facts).unwrap();
    let ClientContext::Responses(context) = translated.context else {
        unreachable!("the client speaks Responses")
    };
    let mut context = *context;
    let mut used_ids = UsedIds::default();
    script.history_ids.iter().for_each(|id| used_ids.add(id));
    context.response.used_ids = used_ids;
    context.response.estimated_input_tokens = 7;
    context
}
