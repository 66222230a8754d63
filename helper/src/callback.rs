//! The way back from the browser: one address of this computer, for as long as a login takes (RFC 8252 §7.3).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::error::HelperError;

const PATH: &str = "/callback";
/// More than the heads of browsers have.
const MAX_HEAD: usize = 16 * 1024;
/// Whoever connects and says nothing keeps nobody waiting.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A listener of one login.
pub(crate) struct Callback {
    listener: TcpListener,
    port: u16,
}

/// The answer that the gateway has sent back with the browser (RFC 6749 §4.1.2, RFC 9207).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    Code(String),
    /// A refusal by its name.
    Error(String),
}

impl Callback {
    pub(crate) async fn listen() -> Result<Self, HelperError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(HelperError::Listen)?;
        let port = listener.local_addr().map_err(HelperError::Listen)?.port();
        Ok(Self { listener, port })
    }

    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// The answer that comes back with `state` from `issuer`. Other requests to this address are answered and passed
    /// over: any page and any program of this computer can make some.
    pub(crate) async fn returned(&self, state: &str, issuer: &str) -> Result<Returned, HelperError> {
        loop {
            let (mut stream, _) = self.listener.accept().await.map_err(HelperError::Listen)?;
            let Ok(Some(target)) = timeout(HEAD_TIMEOUT, target(&mut stream)).await else {
                continue;
            };
            let returned = judge(&target, state, issuer);
            // A browser that has gone meanwhile has brought its answer all the same.
            let _ = respond(&mut stream, returned.as_ref()).await;
            if let Some(returned) = returned {
                return Ok(returned);
            }
        }
    }
}

/// The target of a `GET`, if the stream brings one.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        if request.parse(&head).ok()?.is_complete() {
            return (request.method == Some("GET")).then(|| request.path.map(ToOwned::to_owned))?;
        }
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
}

/// The answer in a request, if it is the one that is waited for.
fn judge(target: &str, state: &str, issuer: &str) -> Option<Returned> {
    let (path, query) = target.split_once('?')?;
    let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    let is = |name: &str, expected: &str| query.get(name).is_some_and(|value| value == expected);
    if path != PATH || !is("state", state) || !is("iss", issuer) {
        return None;
    }
    let text = |name: &str| query.get(name).map(ToString::to_string);
    text("code")
        .map(Returned::Code)
        .or_else(|| text("error").map(Returned::Error))
}

async fn respond(stream: &mut TcpStream, returned: Option<&Returned>) -> std::io::Result<()> {
    let (status, text) = match returned {
        Some(Returned::Code(_)) => (
            "200 OK",
            "Back to the terminal: this page can be closed.\n请回到终端，此页面可以关闭。\n",
        ),
        Some(Returned::Error(_)) => (
            "200 OK",
            "Nobody was signed in: this page can be closed.\n没有登录，此页面可以关闭。\n",
        ),
        None => ("404 Not Found", "Nothing is here.\n"),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         referrer-policy: no-referrer\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://a.example";

    #[test]
    fn c6_only_what_was_waited_for_comes_back() {
        let judge = |target: &str| judge(target, "s1", ISSUER);
        let good = "/callback?code=c0de&state=s1&iss=https%3A%2F%2Fa.example";
        assert_eq!(judge(good), Some(Returned::Code("c0de".into())));
        let denied = "/callback?error=access_denied&state=s1&iss=https%3A%2F%2Fa.example";
        assert_eq!(judge(denied), Some(Returned::Error("access_denied".into())));
        for other in [
            "/callback",
            "/favicon.ico",
            "/callback?code=c0de&iss=https%3A%2F%2Fa.example",
            "/callback?code=c0de&state=s2&iss=https%3A%2F%2Fa.example",
            "/callback?code=c0de&state=s1",
            "/callback?code=c0de&state=s1&iss=https%3A%2F%2Fb.example",
            "/other?code=c0de&state=s1&iss=https%3A%2F%2Fa.example",
            "/callback?state=s1&iss=https%3A%2F%2Fa.example",
        ] {
            assert_eq!(judge(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn noise_before_the_answer_does_not_end_the_login() {
        let callback = Callback::listen().await.unwrap();
        let address = ("127.0.0.1", callback.port);
        let browser = async {
            for request in [
                "GET /favicon.ico HTTP/1.1\r\nhost: x\r\n\r\n",
                "nonsense\r\n\r\n",
                "POST /callback?code=evil&state=s1&iss=https://a.example HTTP/1.1\r\nhost: x\r\n\r\n",
                "GET /callback?code=c0de&state=s1&iss=https://a.example HTTP/1.1\r\nhost: x\r\n\r\n",
            ] {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut answer = String::new();
                let _ = stream.read_to_string(&mut answer).await;
                assert_eq!(answer.contains("200 OK"), request.contains("c0de"), "{request}");
            }
        };
        let (returned, ()) = tokio::join!(callback.returned("s1", ISSUER), browser);
        assert_eq!(returned.unwrap(), Returned::Code("c0de".into()));
    }
}
