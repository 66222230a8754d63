//! One crossing of dialects: an odd server's script, as a client gets it.

use bytes::Bytes;
use domain::models::RequestId;
use odd_servers::{Ending, Protocol, Reply, Script};
use service::http::{ApiError, Dialect};
use translators::context::ResponseContext;
use translators::directions::{ClientContext, Direction};
use translators::error::{BackendError, ErrorContext};
use translators::responses::lifecycle::Lifecycle;
use translators::settings::ThinkTags;
use translators::sse::Decoder;
use translators::stream::{Progress, StreamEnd};
use translators::tool_ids::UsedIds;

use super::super::context::PassthroughContext;
use super::super::convert::ResponseConverter;
use super::super::test_requests::{self, api_dialect};

const MAX_EVENT_BYTES: usize = 8 << 20;

/// A client's dialect and a backend's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossing {
    pub(super) client: Protocol,
    pub(super) backend: Protocol,
}

/// All nine directions.
pub(super) const CROSSINGS: [Crossing; 9] = [
    crossing(Protocol::Chat, Protocol::Chat),
    crossing(Protocol::Chat, Protocol::Messages),
    crossing(Protocol::Chat, Protocol::Responses),
    crossing(Protocol::Messages, Protocol::Chat),
    crossing(Protocol::Messages, Protocol::Messages),
    crossing(Protocol::Messages, Protocol::Responses),
    crossing(Protocol::Responses, Protocol::Chat),
    crossing(Protocol::Responses, Protocol::Messages),
    crossing(Protocol::Responses, Protocol::Responses),
];

const fn crossing(client: Protocol, backend: Protocol) -> Crossing {
    Crossing { client, backend }
}

fn response_context(script: &Script) -> ResponseContext {
    ResponseContext {
        model: "m".to_owned(),
        think_tags: if script.think_tags {
            ThinkTags::Parse
        } else {
            ThinkTags::Keep
        },
        includes_usage: true,
        used_ids: used_ids(script),
        estimated_input_tokens: 7,
        ..ResponseContext::default()
    }
}

impl Crossing {
    fn dialect(self) -> Dialect {
        match self.client {
            Protocol::Messages => Dialect::Anthropic,
            _ => Dialect::OpenAi,
        }
    }

    fn errors(self) -> ErrorContext {
        ErrorContext {
            same_dialect: (self.client == self.backend).then(|| self.dialect()),
            ..ErrorContext::default()
        }
    }

    fn converter(self, script: &Script) -> ResponseConverter {
        self.converting(script, test_requests::new_response())
    }

    /// The converter of a request that fits the script: it asks for thinking and usage, and names no stop sequence. A
    /// Responses client gets `response`.
    pub(super) fn converting(self, script: &Script, response: Lifecycle) -> ResponseConverter {
        let context = || {
            Box::new(PassthroughContext {
                errors: self.errors(),
                ..PassthroughContext::named("m")
            })
        };
        let client = match (self.client, self.backend) {
            (Protocol::Chat, Protocol::Chat) => return ResponseConverter::Chat(context()),
            (Protocol::Messages, Protocol::Messages) => return ResponseConverter::Messages(context()),
            (Protocol::Responses, Protocol::Responses) => {
                return ResponseConverter::Responses(context(), Box::new(response));
            }
            (Protocol::Chat, _) => ClientContext::Chat(response_context(script)),
            (Protocol::Messages, _) => ClientContext::Messages(response_context(script)),
            (Protocol::Responses, backend) => {
                let context = test_requests::context(script, api_dialect(backend), &response);
                ClientContext::Responses(Box::new(context))
            }
        };
        ResponseConverter::Translated(Box::new(Direction {
            client,
            backend: api_dialect(self.backend),
        }))
    }

    fn failed(self, error: BackendError) -> Reply {
        let error = ApiError::from(error);
        Reply {
            status: error.status(self.dialect()).as_u16(),
            body: error
                .body(self.dialect(), &RequestId::generate())
                .to_string()
                .into_bytes(),
            complete: true,
        }
    }

    /// What the client gets of the script.
    pub(super) fn play(self, script: &Script) -> Reply {
        if script.status != 200 {
            return self.failed(BackendError::from_response(
                script.status,
                None,
                &script.body(),
                &self.errors(),
            ));
        }
        if script.streamed {
            self.play_stream(script)
        } else {
            self.play_whole(script)
        }
    }

    fn play_whole(self, script: &Script) -> Reply {
        if script.ending != Ending::Close {
            return self.failed(BackendError::broken_off());
        }
        match self.converter(script).convert(script.body().into()) {
            Ok(response) => Reply {
                status: 200,
                body: response.body.to_vec(),
                complete: true,
            },
            Err(error) => self.failed(error),
        }
    }

    fn play_stream(self, script: &Script) -> Reply {
        let mut stream = self.converter(script).into_stream();
        let mut decoder = Decoder::new(MAX_EVENT_BYTES);
        let mut frames: Vec<Bytes> = Vec::new();
        for frame in &script.frames {
            let converted = stream.feed(&mut decoder, frame.bytes.clone().into());
            frames.extend(converted.frames);
            if matches!(converted.progress, Progress::Done | Progress::Failed) {
                break;
            }
        }
        let end = match script.ending {
            Ending::Reset => StreamEnd::Broken,
            Ending::Close | Ending::StaysOpen => StreamEnd::Closed,
        };
        frames.extend(stream.close(&mut decoder).frames);
        let has_begun = stream.has_begun();
        let ending = stream.finish(decoder, end, &RequestId::generate());
        frames.extend(ending.frames);
        match ending.result {
            Err(error) if !has_begun => self.failed(error),
            _ => Reply {
                status: 200,
                body: frames.concat(),
                complete: true,
            },
        }
    }
}

fn used_ids(script: &Script) -> UsedIds {
    let mut used = UsedIds::default();
    script.history_ids.iter().for_each(|id| used.add(id));
    used
}
