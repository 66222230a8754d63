//! One connection of the provider: requests in, replies out, byte by byte.
//!
//! Written by hand over the socket, since an HTTP library can send neither garbage nor half a chunk.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::received::Received;
use super::reply::{Reply, Step};

pub(super) struct Connection {
    stream: TcpStream,
    read: BytesMut,
}

/// How a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The script has come to its end; the connection may serve another request.
    Open,
    /// The script broke off.
    Closed,
    /// The other side left before the script had come to its end.
    Abandoned,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            read: BytesMut::new(),
        }
    }

    /// The next request, or `None` when the other side has closed the connection.
    pub(super) async fn receive(&mut self) -> Option<Received> {
        let (mut request, length) = loop {
            if let Some(head) = self.take_head() {
                break head;
            }
            self.fill().await?;
        };
        while self.read.len() < length {
            self.fill().await?;
        }
        request.body = self.read.split_to(length).freeze();
        Some(request)
    }

    async fn fill(&mut self) -> Option<()> {
        match self.stream.read_buf(&mut self.read).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }

    /// The request's head and the length of its body, when the head has come whole.
    fn take_head(&mut self) -> Option<(Received, usize)> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(size) = head.parse(&self.read).expect("the gateway speaks HTTP") else {
            return None;
        };
        let pairs = head.headers.iter().map(|header| {
            (
                HeaderName::from_bytes(header.name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(header.value).unwrap(),
            )
        });
        let headers: HeaderMap = pairs.collect();
        assert!(
            !headers.contains_key("transfer-encoding"),
            "the gateway knows how long its requests are"
        );
        let length = headers
            .get("content-length")
            .map_or(0, |length| length.to_str().unwrap().parse().unwrap());
        let request = Received::new(
            head.method.unwrap().parse().unwrap(),
            head.path.unwrap().to_owned(),
            headers,
        );
        let _ = self.read.split_to(size);
        Some((request, length))
    }

    /// Says `reply`, step by step.
    pub(super) async fn play(&mut self, reply: &Reply) -> Ended {
        if self.stream.write_all(&reply.head()).await.is_err() {
            return Ended::Abandoned;
        }
        for step in &reply.steps {
            match self.take(step).await {
                Ended::Open => {}
                ended => return ended,
            }
        }
        Ended::Open
    }

    async fn take(&mut self, step: &Step) -> Ended {
        match step {
            Step::Send(bytes) => self.send(bytes).await,
            Step::Wait(gate) => tokio::select! {
                () = gate.opened() => Ended::Open,
                ended = left(&mut self.stream) => ended,
            },
            Step::Repeat(bytes) => loop {
                if self.send(bytes).await == Ended::Abandoned {
                    return Ended::Abandoned;
                }
            },
            Step::Silence => left(&mut self.stream).await,
            Step::Close => Ended::Closed,
            Step::Reset => {
                self.stream.set_zero_linger().unwrap();
                Ended::Closed
            }
        }
    }

    async fn send(&mut self, bytes: &Bytes) -> Ended {
        if self.stream.write_all(bytes).await.is_ok() {
            Ended::Open
        } else {
            Ended::Abandoned
        }
    }
}

/// Waits until the other side has closed the connection.
async fn left(stream: &mut TcpStream) -> Ended {
    match stream.read(&mut [0]).await {
        Ok(0) | Err(_) => Ended::Abandoned,
        Ok(_) => panic!("the gateway sent a request before the last one was answered"),
    }
}
