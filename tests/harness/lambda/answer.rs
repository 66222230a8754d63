//! A function's answer, as it came over the wire.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::Gate;

/// What lies between the head and the body of a streamed answer.
const DELIMITER: [u8; 8] = [0; 8];

#[derive(Debug)]
pub(super) enum Piece {
    Head(HeaderMap),
    Data(Instant, Bytes),
    End { complete: bool },
    Error(Value),
}

/// An event that was handed out.
#[derive(Debug)]
pub struct Invocation {
    pieces: UnboundedReceiver<Piece>,
    hung_up: Gate,
    began: Instant,
}

/// The two ways in which an answer leaves: before it has ended, or afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Streamed,
    Buffered,
}

/// The HTTP answer inside the function's answer.
#[derive(Debug)]
pub struct Answer {
    pub mode: Mode,
    pub status: u16,
    pub headers: HeaderMap,
    /// What came in the same frame as the head.
    rest: Option<Chunk>,
    wire: Invocation,
    /// `None` until the body has ended; then true if it did so regularly.
    complete: Option<bool>,
}

/// A part of the body, and how long after the event it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub after: Duration,
    pub bytes: Bytes,
}

impl Invocation {
    pub(super) fn new(pieces: UnboundedReceiver<Piece>, hung_up: Gate) -> Self {
        Self {
            pieces,
            hung_up,
            began: Instant::now(),
        }
    }

    /// The answer's head; the body follows as it comes.
    pub async fn answer(mut self) -> Answer {
        let headers = match self.next().await {
            Piece::Head(headers) => headers,
            other => panic!("the function did not answer: {other:?}"),
        };
        match headers.get("lambda-runtime-function-response-mode") {
            Some(mode) if mode == "streaming" => self.streamed(&headers).await,
            _ => self.buffered().await,
        }
    }

    /// What a function returned that no HTTP request has invoked.
    pub async fn output(mut self) -> Value {
        let Piece::Head(_) = self.next().await else {
            panic!("the function did not answer")
        };
        let (body, complete, _) = self.body().await;
        assert!(complete, "the answer broke off after {body:?}");
        serde_json::from_slice(&body).unwrap()
    }

    /// The failure that the function reported instead of an answer.
    pub async fn error(mut self) -> Value {
        match self.next().await {
            Piece::Error(error) => error,
            other => panic!("the function did not report an error: {other:?}"),
        }
    }

    async fn next(&mut self) -> Piece {
        self.pieces.recv().await.expect("the function says how its answer ends")
    }

    async fn streamed(mut self, headers: &HeaderMap) -> Answer {
        assert_eq!(
            headers["content-type"],
            "application/vnd.awslambda.http-integration-response"
        );
        let mut read = BytesMut::new();
        let (at, size) = loop {
            let Piece::Data(at, bytes) = self.next().await else {
                panic!("the answer ended before its head: {read:?}")
            };
            read.extend_from_slice(&bytes);
            if let Some(size) = read.windows(DELIMITER.len()).position(|window| window == DELIMITER) {
                break (at, size);
            }
        };
        let head = serde_json::from_slice(&read.split_to(size)).unwrap();
        let rest = read.split_off(DELIMITER.len()).freeze();
        let rest = (!rest.is_empty()).then(|| Chunk {
            after: at - self.began,
            bytes: rest,
        });
        Answer {
            rest,
            ..Answer::new(Mode::Streamed, &head, self)
        }
    }

    /// The whole body, whether it ended regularly, and when.
    async fn body(&mut self) -> (BytesMut, bool, Instant) {
        let mut read = BytesMut::new();
        let mut last = self.began;
        loop {
            match self.next().await {
                Piece::Data(at, bytes) => {
                    read.extend_from_slice(&bytes);
                    last = at;
                }
                Piece::End { complete } => return (read, complete, last),
                other => panic!("not a part of a body: {other:?}"),
            }
        }
    }

    async fn buffered(mut self) -> Answer {
        let (read, complete, last) = self.body().await;
        let answer: Value = serde_json::from_slice(&read).unwrap();
        assert_eq!(answer["isBase64Encoded"], false, "our answers are text");
        let body = answer["body"].as_str().unwrap_or_default().to_owned();
        let rest = Some(Chunk {
            after: last - self.began,
            bytes: body.into(),
        });
        Answer {
            rest,
            complete: Some(complete),
            ..Answer::new(Mode::Buffered, &answer, self)
        }
    }
}

impl Answer {
    fn new(mode: Mode, head: &Value, wire: Invocation) -> Self {
        let status = head["statusCode"].as_u64().unwrap().try_into().unwrap();
        Self {
            mode,
            status,
            headers: headers(head),
            rest: None,
            wire,
            complete: None,
        }
    }

    /// The next part of the body, as soon as it comes; `None` at the end.
    pub async fn chunk(&mut self) -> Option<Chunk> {
        if let Some(chunk) = self.rest.take() {
            return Some(chunk);
        }
        if self.complete.is_some() {
            return None;
        }
        match self.wire.next().await {
            Piece::Data(at, bytes) => Some(Chunk {
                after: at - self.wire.began,
                bytes,
            }),
            Piece::End { complete } => {
                self.complete = Some(complete);
                None
            }
            other => panic!("not a part of a body: {other:?}"),
        }
    }

    /// The next part, which stays the next one.
    pub async fn peek(&mut self) -> Option<&Chunk> {
        self.rest = self.chunk().await;
        self.rest.as_ref()
    }

    /// Takes no more of it: the function's connection breaks.
    pub fn hang_up(self) {
        self.wire.hung_up.open();
    }

    /// The rest of the body, and whether it ended regularly.
    pub async fn end(mut self) -> (Bytes, bool) {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            body.extend_from_slice(&chunk.bytes);
        }
        (body.freeze(), self.complete.unwrap_or_default())
    }

    /// The rest of the body of an answer that must end regularly.
    pub async fn text(self) -> String {
        let (body, complete) = self.end().await;
        assert!(complete, "the answer broke off after {body:?}");
        String::from_utf8(body.into()).unwrap()
    }

    pub async fn json(self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }
}

/// `headers` and `multiValueHeaders` of an answer's head.
fn headers(head: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let single = head["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name, vec![value]));
    let multiple = head["multiValueHeaders"].as_object().into_iter().flatten();
    let multiple = multiple.map(|(name, values)| (name, values.as_array().unwrap().iter().collect()));
    for (name, values) in single.chain(multiple) {
        let name: HeaderName = name.parse().unwrap();
        let values = values
            .into_iter()
            .map(|value| HeaderValue::from_str(value.as_str().unwrap()).unwrap());
        headers.remove(&name);
        for value in values {
            headers.append(name.clone(), value);
        }
    }
    headers
}
