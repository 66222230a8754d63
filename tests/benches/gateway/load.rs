//! The clients: so many connections, each asking again when it has its answer.

use std::future::pending;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::part::Part;

/// What is asked, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) path: &'static str,
    pub(crate) body: Bytes,
    pub(crate) connections: usize,
    /// Of each connection, one after the other.
    pub(crate) requests: usize,
    /// Time behind it for what is written once a second.
    pub(crate) rest: Duration,
}

/// What it came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) cpu: Duration,
    /// The median time of a request.
    pub(crate) median: Duration,
    /// From the first request to the last response.
    pub(crate) whole: Duration,
}

/// Asks `part`, and measures what that costs it.
pub(crate) fn run(part: &Part, load: &Load) -> Sample {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (before, began) = (part.cpu(), Instant::now());
    let mut times = runtime.block_on(all(part, load));
    let whole = began.elapsed();
    // Nothing is waited for but the time.
    let _ = runtime.block_on(async { timeout(load.rest, pending::<()>()).await });
    let cpu = part.cpu().saturating_sub(before);
    times.sort_unstable();
    Sample {
        cpu,
        median: times[times.len() / 2],
        whole,
    }
}

async fn all(part: &Part, load: &Load) -> Vec<Duration> {
    let mut connections = JoinSet::new();
    for key in part.keys().iter().cycle().take(load.connections) {
        connections.spawn(one(part.address().to_owned(), format!("Bearer {key}"), load.clone()));
    }
    connections.join_all().await.concat()
}

/// One connection's requests, and how long each took.
async fn one(address: String, authorization: String, load: Load) -> Vec<Duration> {
    let stream = TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut times = Vec::with_capacity(load.requests);
    for _ in 0..load.requests {
        let request = Request::post(load.path)
            .header("host", &address)
            .header("authorization", &authorization);
        let request = request
            .header("content-type", "application/json")
            .body(Full::new(load.body.clone()))
            .unwrap();
        let began = Instant::now();
        sender.ready().await.unwrap();
        let mut answer = sender.send_request(request).await.unwrap();
        let status = answer.status();
        assert_eq!(
            status,
            200,
            "{:?}",
            answer.body_mut().collect().await.unwrap().to_bytes()
        );
        while let Some(frame) = answer.frame().await {
            frame.unwrap();
        }
        times.push(began.elapsed());
    }
    connection.abort();
    times
}
