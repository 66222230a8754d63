//! Lambda's Invoke API: one function of an installation calls another one.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Function;
use super::api::Api;
use crate::loopback::{Loopback, accept};

type Running = Arc<Mutex<HashMap<String, Arc<Api>>>>;

/// The functions that may be invoked by their names.
#[derive(Debug)]
pub struct Functions {
    running: Running,
    server: Loopback,
}

impl Functions {
    pub fn start() -> Self {
        let running = Running::default();
        let shared = running.clone();
        let server = Loopback::start(|listener| accept(listener, move |stream| serve(stream, shared.clone())));
        Self { running, server }
    }

    /// What `AWS_ENDPOINT_URL_LAMBDA` has to be.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Lets `function` be invoked as `name`.
    pub fn add(&self, name: &str, function: &Function) {
        self.running
            .lock()
            .unwrap()
            .insert(name.to_owned(), function.api.clone());
    }
}

async fn serve(stream: TcpStream, running: Running) {
    let service = service_fn(|request| {
        let running = running.clone();
        async move { Ok::<_, Infallible>(invoke(request, &running).await) }
    });
    // An error means that the function has left, which tests see at its process.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn invoke(request: Request<Incoming>, running: &Running) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let name = path
        .strip_prefix("/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"));
    let name = name
        .filter(|_| request.method() == Method::POST)
        .unwrap_or_else(|| panic!("Lambda has no {path}"));
    let signature = request.headers()["authorization"].to_str().unwrap();
    assert!(
        signature.starts_with("AWS4-HMAC-SHA256 Credential=") && signature.contains("/lambda/aws4_request"),
        "{signature}"
    );
    let Some(api) = running.lock().unwrap().get(name).cloned() else {
        return answer(404, "{}");
    };
    let event = request.into_body().collect().await.unwrap().to_bytes();
    let output = api.invoke(serde_json::from_slice(&event).unwrap()).output().await;
    answer(200, &output.to_string())
}

fn answer(status: u16, body: &str) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .body(Full::from(body.to_owned()))
        .unwrap()
}
