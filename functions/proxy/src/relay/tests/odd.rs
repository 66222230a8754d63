//! The property of odd servers over the relay and its timers: what the conversion of bytes gives, a client gets,
//! whatever the silences, wherever the body ends, and however slowly the client reads. Time is paused.

use odd_servers::{Ending, Frame as OddFrame, Oddity, Protocol, Reply, Script, check};
use service::http::{ApiError, Dialect};
use tokio::time::{Duration as Time, timeout};
use translators::error::BackendError;
use translators::responses::lifecycle::Lifecycle;
use translators::settings::ThinkTags;
use translators::sse::Decoder;
use translators::stream::{Progress, StreamEnd};

use super::*;
use crate::response::beginning::EarlyResponse;
use crate::response::test_requests::{self, api_dialect};

const SEEDS: u64 = 1000;
const FIRST_EVENT: Time = Time::from_mins(2);
const BEGIN_AFTER: Time = Time::from_secs(10);
const MAX_EVENT_BYTES: usize = 8 << 20;

/// The client's protocol and the backend's.
const CROSSINGS: [(Protocol, Protocol); 9] = [
    (Protocol::Messages, Protocol::Chat),
    (Protocol::Responses, Protocol::Chat),
    (Protocol::Chat, Protocol::Chat),
    (Protocol::Messages, Protocol::Messages),
    (Protocol::Chat, Protocol::Messages),
    (Protocol::Responses, Protocol::Messages),
    (Protocol::Responses, Protocol::Responses),
    (Protocol::Chat, Protocol::Responses),
    (Protocol::Messages, Protocol::Responses),
];

fn dialect(client: Protocol) -> Dialect {
    if client == Protocol::Messages {
        Dialect::Anthropic
    } else {
        Dialect::OpenAi
    }
}

/// The converter of a request that fits the script. `response` is what a Responses client will get.
fn converter(script: &Script, client: Protocol, response: &Lifecycle) -> ResponseConverter {
    let passthrough = || Box::new(PassthroughContext::named("m"));
    let backend = api_dialect(script.protocol);
    let client = match (client, script.protocol) {
        (Protocol::Chat, Protocol::Chat) => return ResponseConverter::Chat(passthrough()),
        (Protocol::Messages, Protocol::Messages) => return ResponseConverter::Messages(passthrough()),
        (Protocol::Responses, Protocol::Responses) => {
            return ResponseConverter::Responses(passthrough(), Box::new(response.clone()));
        }
        (Protocol::Chat, _) => ClientContext::Chat(context(script)),
        (Protocol::Messages, _) => ClientContext::Messages(context(script)),
        (Protocol::Responses, _) => {
            ClientContext::Responses(Box::new(test_requests::context(script, backend, response)))
        }
    };
    ResponseConverter::Translated(Box::new(Direction { client, backend }))
}

fn context(script: &Script) -> ResponseContext {
    ResponseContext {
        model: "m".into(),
        think_tags: if script.think_tags {
            ThinkTags::Parse
        } else {
            ThinkTags::Keep
        },
        includes_usage: true,
        estimated_input_tokens: 7,
        ..ResponseContext::default()
    }
}

/// The response of `client` before a backend has a part in it.
fn early(client: Protocol, response: &Lifecycle) -> EarlyResponse {
    match client {
        Protocol::Chat => EarlyResponse::Chat,
        Protocol::Messages => EarlyResponse::Messages,
        Protocol::Responses => EarlyResponse::Responses {
            response: Box::new(test_requests::repeated(response)),
            signs: 0,
        },
    }
}

/// A backend that plays the script on the paused clock.
async fn playing(script: &Script) -> ResponseBody {
    let (frames, ending) = (script.frames.clone(), script.ending);
    let (sender, receiver) = mpsc::channel(1);
    let head = Time::from_millis(script.head_after_ms);
    tokio::spawn(async move {
        sleep(head).await;
        for OddFrame { after_ms, bytes } in frames {
            sleep(Time::from_millis(after_ms)).await;
            if sender.send(Some(Bytes::from(bytes))).await.is_err() {
                return;
            }
        }
        match ending {
            Ending::Close => {}
            Ending::Reset => drop(sender.send(None).await),
            Ending::StaysOpen => sender.closed().await,
        }
    });
    over_http(Played(receiver)).await
}

/// A body that ends with an error at `None`.
struct Played(mpsc::Receiver<Option<Bytes>>);

impl http_body::Body for Played {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0
            .poll_recv(context)
            .map(|event| event.map(|bytes| bytes.map(Frame::data).ok_or(std::io::ErrorKind::ConnectionReset.into())))
    }
}

fn failed(error: BackendError, client: Protocol) -> Reply {
    let error = ApiError::from(error);
    Reply {
        status: error.status(dialect(client)).as_u16(),
        body: error
            .body(dialect(client), &RequestId::generate())
            .to_string()
            .into_bytes(),
        complete: true,
    }
}

/// The start of the script's stream as the exchange waits for it: after ten seconds the response begins without it.
async fn first_event(
    script: &Script,
    client: Protocol,
    state: &ClientState,
    response: &Lifecycle,
) -> (Vec<u8>, Result<StartedStream, BackendError>) {
    let converter = converter(script, client, response);
    let started = timeout(
        FIRST_EVENT,
        start(playing(script).await, converter, MAX_EVENT_BYTES, state),
    );
    tokio::pin!(started);
    let mut body = Vec::new();
    let result = tokio::select! {
        result = &mut started => result,
        () = sleep(BEGIN_AFTER) => {
            state.begin();
            body.extend(early(client, response).begin("m", 7));
            started.await
        }
    };
    let result = match result {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(FirstEventError::Backend(error))) => Err(error),
        Ok(Err(FirstEventError::Disconnected(_))) => Err(BackendError::broken_off()),
        Err(_) => Err(BackendError::timed_out()),
    };
    (body, result)
}

/// What a client gets over the relay that waits for `pause` before each frame.
async fn relayed(script: &Script, client: Protocol, pause: Time) -> Reply {
    let state = ClientState::default();
    let response = test_requests::new_response();
    let (mut body, started) = first_event(script, client, &state, &response).await;
    match started {
        Ok(stream) => {
            let (_, mut driven) = running(stream);
            while let Some(frame) = driven.frame().await {
                body.extend(frame.unwrap().into_data().unwrap());
                sleep(pause).await;
            }
        }
        Err(error) if !state.has_begun() => return failed(error, client),
        Err(error) => body.extend(early(client, &response).fail(&error.into(), &RequestId::generate())),
    }
    Reply {
        status: 200,
        body,
        complete: true,
    }
}

/// What the conversion gives if all bytes are there at once.
fn converted(script: &Script, client: Protocol) -> Reply {
    let mut stream = converter(script, client, &test_requests::new_response()).into_stream();
    let mut decoder = Decoder::new(MAX_EVENT_BYTES);
    let mut body = Vec::new();
    for frame in &script.frames {
        let fed = stream.feed(&mut decoder, frame.bytes.clone().into());
        body.extend(fed.frames.concat());
        if matches!(fed.progress, Progress::Done | Progress::Failed) {
            break;
        }
    }
    let end = match script.ending {
        Ending::Close => StreamEnd::Closed,
        Ending::Reset => StreamEnd::Broken,
        Ending::StaysOpen => StreamEnd::TimedOut,
    };
    body.extend(stream.close(&mut decoder).frames.concat());
    let has_begun = stream.has_begun();
    let ending = stream.finish(decoder, end, &RequestId::generate());
    body.extend(ending.frames.concat());
    match ending.result {
        Err(error) if !has_begun => failed(error, client),
        _ => Reply {
            status: 200,
            body,
            complete: true,
        },
    }
}

#[tokio::test(start_paused = true)]
async fn b1_3_odd_servers_are_relayed_whole_whatever_their_silences_and_however_slowly_they_are_read() {
    let mut faults = Vec::new();
    let (mut judged, mut known) = (0, 0);
    for (client, backend) in CROSSINGS {
        for seed in 0..SEEDS {
            let script = Script::from_seed_among(seed, backend, true, |oddity| oddity != Oddity::Gzip);
            let has_no_head = script.frames.is_empty() && script.ending == Ending::Reset;
            if script.status != 200 || has_no_head || !script.history_ids.is_empty() {
                continue;
            }
            judged += 1;
            let pause = Time::from_millis([0, 0, 30, 200][usize::try_from(seed % 4).unwrap()]);
            let reply = relayed(&script, client, pause).await;
            let Err(fault) = check(&script, client, &reply) else {
                continue;
            };
            // What is the conversion's fault alone is held by its own property.
            if check(&script, client, &converted(&script, client)).is_err() {
                known += 1;
                continue;
            }
            let got = String::from_utf8_lossy(&reply.body).into_owned();
            faults.push(format!(
                "{client:?} of {backend:?} {seed} {:?}: {fault}\n{got}",
                script.oddities
            ));
        }
    }
    let first: Vec<&str> = faults.iter().take(5).map(String::as_str).collect();
    assert!(
        faults.is_empty(),
        "{} of {judged}: {}",
        faults.len(),
        first.join("\n\n")
    );
    assert!(judged > 2000 && known * 20 < judged, "{judged} {known}");
}
