//! Errors of framing in JSON, as all errors are (docs/api.md §8).
//!
//! The HTTP library itself responds to a head that it cannot read, before any code of ours and without a body. Its
//! response is replaced on its way to the socket. Behind API Gateway the edge responds.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use domain::models::RequestId;
use http::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};
use service::http::{ApiError, Code, Dialect};

/// A connection whose every error is JSON.
pub(crate) struct JsonErrors<T> {
    io: T,
    /// The rest that is to be written in place of the library's response.
    instead: Bytes,
}

impl<T: Write + Unpin> JsonErrors<T> {
    pub(crate) fn new(io: T) -> Self {
        Self {
            io,
            instead: Bytes::new(),
        }
    }

    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(context, &self.instead))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.instead.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> Write for JsonErrors<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        match in_json(bytes) {
            None => Pin::new(&mut self.io).poll_write(context, bytes),
            Some(response) => {
                self.instead = response;
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        match slices.first().and_then(|first| in_json(first)) {
            None => Pin::new(&mut self.io).poll_write_vectored(context, slices),
            Some(response) => {
                self.instead = response;
                Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

impl<T: Read + Unpin> Read for JsonErrors<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

/// The response in place of `bytes`, if those are one of the library's own: each of ours has a request id.
fn in_json(bytes: &[u8]) -> Option<Bytes> {
    let (status, error) = match bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)? {
        b"400" => (
            StatusCode::BAD_REQUEST,
            ApiError::new(Code::InvalidValue, "the request is not valid HTTP"),
        ),
        b"414" => (StatusCode::URI_TOO_LONG, too_large("the request's address is too long")),
        b"431" => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            too_large("the request's headers are too long or too many"),
        ),
        _ => return None,
    };
    let id = b"x-request-id";
    if bytes.windows(id.len()).any(|window| window == id) {
        None
    } else {
        Some(response(status, &error))
    }
}

fn too_large(message: &'static str) -> ApiError {
    ApiError::new(Code::RequestTooLarge, message)
}

/// In the shape that both families of clients can read: which one calls is not known.
fn response(status: StatusCode, error: &ApiError) -> Bytes {
    let id = RequestId::generate();
    let mut body = error.body(Dialect::OpenAi, &id);
    body["type"] = "error".into();
    body["request_id"] = id.to_string().into();
    let body = body.to_string();
    let headers = format!(
        "content-length: {}\r\nx-request-id: {id}\r\nx-content-type-options: nosniff",
        body.len()
    );
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}\r\n\r\n{body}")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p29_only_the_librarys_own_responses_are_replaced() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let response = String::from_utf8(in_json(bare).unwrap().to_vec()).unwrap();
        assert!(
            response.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n")
                && response.contains("\"request_too_large\"")
        );
        for other in [
            "HTTP/1.1 400 Bad Request\r\nx-request-id: req_1\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "data: x\n\n",
            "",
        ] {
            assert!(in_json(other.as_bytes()).is_none(), "{other}");
        }
    }
}
