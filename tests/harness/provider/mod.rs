//! A model provider that follows a script: it can answer, wait until told, break off anywhere, or talk nonsense.
//!
//! ```ignore
//! let provider = Provider::start();
//! let gate = Gate::new();
//! provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&gate).event(&openai::chunk("lo")).done());
//! provider.will(Reply::error(429, &json!({})).header("retry-after", "7"));
//! ```
//!
//! Each request takes the next reply; one that finds none fails the test. [`openai`], [`anthropic`] and
//! [`responses`] hold the usual bodies of each dialect.

pub mod anthropic;
mod connection;
pub mod openai;
mod received;
mod reply;
pub mod responses;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::Method;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;

use crate::loopback::{Loopback, accept, claim};
use connection::{Connection, Ended};

pub use received::Received;
pub use reply::Reply;

/// A running provider.
#[derive(Debug)]
pub struct Provider {
    script: Arc<Script>,
    address: SocketAddr,
    server: Option<Loopback>,
    /// Keeps the address for a provider that was killed.
    place: Option<TcpSocket>,
}

#[derive(Debug, Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    /// Answers what no reply was scripted for.
    otherwise: Option<Answerer>,
    received: watch::Sender<Vec<Received>>,
    connections: AtomicUsize,
}

struct Answerer(Box<dyn Fn(&Received) -> Reply + Send + Sync>);

impl std::fmt::Debug for Answerer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answerer")
    }
}

impl Provider {
    /// A provider without a script.
    pub fn start() -> Self {
        Self::with(Script::default())
    }

    /// Ends as by a crash: every connection breaks, and new ones are refused.
    pub fn kill(&mut self) {
        self.place = Some(claim(self.address));
        self.server = None;
    }

    /// Listens again where it was killed, with the same script.
    pub fn restart(&mut self) {
        self.server = Some(listen(self.address, &self.script));
        self.place = None;
    }

    /// True unless it was killed, and has not come back.
    pub fn is_running(&self) -> bool {
        self.server.is_some()
    }

    /// A provider that says the same to every request.
    pub fn always(reply: Reply) -> Self {
        Self::answering(move |_| reply.clone())
    }

    /// A provider that makes up its reply to each request.
    pub fn answering(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(Script {
            otherwise: Some(Answerer(Box::new(answer))),
            ..Script::default()
        })
    }

    fn with(script: Script) -> Self {
        let script = Arc::new(script);
        let server = listen(SocketAddr::from(([127, 0, 0, 1], 0)), &script);
        Self {
            address: server.address(),
            script,
            server: Some(server),
            place: None,
        }
    }

    /// Adds the reply to one more request.
    pub fn will(&self, reply: Reply) {
        self.script.replies.lock().unwrap().push_back(reply);
    }

    /// Where the provider listens: `http://127.0.0.1:<port>`, without a path.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The completions among what was received: a gateway that runs for a minute has probed its backends too.
    pub fn completions(&self) -> Vec<Received> {
        self.received()
            .into_iter()
            .filter(|request| request.method == Method::POST)
            .collect()
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.script.connections.load(Ordering::Relaxed)
    }

    /// All requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.script.received.borrow().clone()
    }

    /// The request of this number, from 0; waits until it has come.
    pub async fn request(&self, number: usize) -> Received {
        let mut received = self.script.received.subscribe();
        received.wait_for(|requests| requests.len() > number).await.unwrap()[number].clone()
    }
}

impl Script {
    fn next(&self, request: &Received) -> Reply {
        self.received.send_modify(|requests| requests.push(request.clone()));
        let next = self
            .replies
            .lock()
            .unwrap()
            .pop_front()
            .or_else(|| Some((self.otherwise.as_ref()?.0)(request)));
        next.unwrap_or_else(|| {
            panic!(
                "the provider's script has no reply for {} {}",
                request.method, request.path
            )
        })
    }
}

fn listen(address: SocketAddr, script: &Arc<Script>) -> Loopback {
    let shared = script.clone();
    Loopback::start_at(address, |listener| {
        accept(listener, move |stream| {
            shared.connections.fetch_add(1, Ordering::Relaxed);
            serve(stream, shared.clone())
        })
    })
}

async fn serve(stream: TcpStream, script: Arc<Script>) {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.receive().await {
        let reply = script.next(&request);
        match connection.play(&reply).await {
            Ended::Open => {}
            Ended::Closed => return,
            Ended::Abandoned => return request.abandon(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;
    use crate::Gate;

    async fn post(provider: &Provider) -> reqwest::Result<reqwest::Response> {
        crate::client::http()
            .post(format!("{}/v1/x", provider.base_url()))
            .header("x-test", "1")
            .body("{}")
            .send()
            .await
    }

    #[tokio::test]
    async fn a_stream_stands_at_its_gate_until_it_is_opened() {
        let provider = Provider::start();
        let gate = Gate::new();
        provider.will(Reply::events().bytes("da").wait(&gate).bytes("ta: 1\n\n").end());
        let mut chunks = post(&provider).await.unwrap().bytes_stream();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "da");
        gate.open();
        assert_eq!(chunks.next().await.unwrap().unwrap(), "ta: 1\n\n");
        assert!(chunks.next().await.is_none());
    }

    #[tokio::test]
    async fn what_was_asked_can_be_read() {
        let provider = Provider::always(openai::stream(&["Hel", "lo"]));
        assert!(
            post(&provider)
                .await
                .unwrap()
                .text()
                .await
                .unwrap()
                .ends_with("data: [DONE]\n\n")
        );
        let request = provider.request(0).await;
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.header("x-test")),
            ("POST", "/v1/x", "1")
        );
        assert_eq!(request.json(), serde_json::json!({}));
    }

    #[tokio::test]
    async fn it_breaks_off_where_the_script_says() {
        let provider = Provider::start();
        let chunk = openai::chunk("Hello");
        for before_the_head in [
            Reply::raw("").close(),
            Reply::raw("").reset(),
            Reply::raw("!%&/ garbage\r\n\r\n").close(),
        ] {
            provider.will(before_the_head);
            assert!(post(&provider).await.is_err());
        }
        for in_the_body in [
            Reply::events().close(),
            Reply::events().event(&chunk).cut(20).reset(),
            Reply::json(&chunk).cut(9).close(),
        ] {
            provider.will(in_the_body);
            assert!(post(&provider).await.unwrap().bytes().await.is_err());
        }
    }

    #[tokio::test]
    async fn it_notices_that_the_other_side_has_left() {
        let provider = Provider::start();
        for stuck in [
            Reply::silence(),
            Reply::events().bytes("x").endless(),
            Reply::events().wait(&Gate::new()),
        ] {
            provider.will(stuck);
            let number = provider.received().len();
            let asking = post(&provider);
            tokio::select! {
                _ = asking => {}
                _ = provider.request(number) => {}
            }
            provider.request(number).await.abandoned().await;
        }
    }

    #[tokio::test]
    async fn it_comes_back_at_its_address() {
        let mut provider = Provider::always(Reply::json(&serde_json::json!({})));
        provider.kill();
        assert!(post(&provider).await.unwrap_err().is_connect());
        provider.restart();
        assert_eq!(post(&provider).await.unwrap().status(), 200);
    }

    #[test]
    #[should_panic(expected = "no reply for POST /v1/x")]
    fn a_request_without_a_reply_fails_the_test() {
        let provider = Provider::start();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        assert!(runtime.block_on(post(&provider)).is_err());
    }
}
