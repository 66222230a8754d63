//! What the provider says to one request: a head and then steps, down to the single byte.

use std::io::Write as _;
use std::iter::once;

use bytes::{BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use serde_json::Value;

use crate::Gate;

/// One reply, built from left to right:
/// `Reply::events().event(&chunk).wait(&gate).bytes("data: [DO").close()`.
#[derive(Clone, Debug)]
pub struct Reply {
    head: Option<Head>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Debug)]
struct Head {
    status: StatusCode,
    headers: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Send(Bytes),
    Wait(Gate),
    /// Sends the same bytes until the other side leaves.
    Repeat(Bytes),
    /// Sends nothing until the other side leaves.
    Silence,
    Close,
    /// Closes with a TCP reset.
    Reset,
}

impl Reply {
    /// A whole body of known length.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let head = Head {
            status: StatusCode::from_u16(status).unwrap(),
            headers: Vec::new(),
        };
        let reply = Self {
            head: Some(head),
            steps: vec![Step::Send(body.clone())],
        };
        reply
            .header("content-type", content_type)
            .header("content-length", &body.len().to_string())
    }

    /// A whole body that is compressed.
    pub fn gzip(content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(body.as_ref()).unwrap();
        Self::new(200, content_type, gzip.finish().unwrap()).header("content-encoding", "gzip")
    }

    /// A JSON body with status 200.
    pub fn json(body: &Value) -> Self {
        Self::error(200, body)
    }

    /// A JSON body with another status.
    pub fn error(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// A redirect to `location`.
    pub fn redirect(location: &str) -> Self {
        Self::new(307, "text/plain", "").header("location", location)
    }

    /// A stream of server-sent events: each [`event`](Self::event) and each [`bytes`](Self::bytes) is one HTTP chunk.
    pub fn events() -> Self {
        let head = Head {
            status: StatusCode::OK,
            headers: Vec::new(),
        };
        let reply = Self {
            head: Some(head),
            steps: Vec::new(),
        };
        reply
            .header("content-type", "text/event-stream")
            .header("transfer-encoding", "chunked")
    }

    /// Bytes in place of an HTTP head; nothing at all with `""`.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self {
            head: None,
            steps: vec![Step::Send(bytes.into())],
        }
    }

    /// Takes the request and never answers.
    pub fn silence() -> Self {
        Self {
            head: None,
            steps: vec![Step::Silence],
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let head = self.head.as_mut().expect("a reply with a head");
        head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One event `data: <data>` in a chunk of its own.
    #[must_use]
    pub fn event(self, data: &Value) -> Self {
        self.bytes(format!("data: {data}\n\n"))
    }

    /// One event of each of `data`.
    #[must_use]
    pub fn each(self, data: impl IntoIterator<Item = Value>) -> Self {
        data.into_iter().fold(self, |reply, data| reply.event(&data))
    }

    /// One chunk of any bytes of the stream: half an event, three, or none at all.
    #[must_use]
    pub fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let mut chunk = BytesMut::new();
        chunk.put_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        chunk.put_slice(bytes);
        chunk.put_slice(b"\r\n");
        self.step(Step::Send(chunk.freeze()))
    }

    /// The last event of a chat stream and the end of the body.
    #[must_use]
    pub fn done(self) -> Self {
        self.bytes("data: [DONE]\n\n").end()
    }

    /// The regular end of a stream's body.
    #[must_use]
    pub fn end(self) -> Self {
        self.step(Step::Send(Bytes::from_static(b"0\r\n\r\n")))
    }

    /// Stops here until the test opens `gate`.
    #[must_use]
    pub fn wait(self, gate: &Gate) -> Self {
        self.step(Step::Wait(gate.clone()))
    }

    /// Says `reply` after what was said so far, head and all.
    #[must_use]
    pub fn then(self, reply: Reply) -> Self {
        let head = Step::Send(reply.head());
        [head].into_iter().chain(reply.steps).fold(self, Self::step)
    }

    /// Repeats the last piece without end.
    #[must_use]
    pub fn endless(mut self) -> Self {
        let Some(Step::Send(piece)) = self.steps.pop() else {
            panic!("there is no piece to repeat")
        };
        self.step(Step::Repeat(piece))
    }

    /// Stops here for good; the connection stays open.
    #[must_use]
    pub fn stall(self) -> Self {
        self.step(Step::Silence)
    }

    /// Sends only the first `length` bytes of the last piece, a chunk's length line counted in: in mid-chunk, if
    /// [`close`](Self::close) or [`reset`](Self::reset) follow.
    #[must_use]
    pub fn cut(mut self, length: usize) -> Self {
        let Some(Step::Send(piece)) = self.steps.last_mut() else {
            panic!("there is no piece to cut")
        };
        piece.truncate(length);
        self
    }

    /// Breaks off here in an orderly way (FIN).
    #[must_use]
    pub fn close(self) -> Self {
        self.step(Step::Close)
    }

    /// Breaks off here with a TCP reset.
    #[must_use]
    pub fn reset(self) -> Self {
        self.step(Step::Reset)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The head as it goes over the wire; empty where the reply has none.
    pub(super) fn head(&self) -> Bytes {
        let Some(head) = &self.head else { return Bytes::new() };
        let headers = head.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let lines = once(format!("HTTP/1.1 {}", head.status))
            .chain(headers)
            .chain([String::new(), String::new()]);
        lines.collect::<Vec<_>>().join("\r\n").into()
    }
}
