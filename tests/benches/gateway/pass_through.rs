//! The limit: the least that a proxy made of hyper does.

use http::header::{HOST, TRANSFER_ENCODING};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::backend::serve;

pub(crate) fn start(backend: &str) -> (Runtime, String, String) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    let backend = backend.to_owned();
    runtime.spawn(serve(listener, move |mut request| {
        let path = request.uri().path();
        *request.uri_mut() = format!("http://{backend}{path}").parse().unwrap();
        request.headers_mut().remove(HOST);
        let answer = client.request(request);
        async move {
            let mut answer = answer.await.unwrap();
            answer.headers_mut().remove(TRANSFER_ENCODING);
            Ok(answer.map(BodyExt::boxed_unsync))
        }
    }));
    (runtime, address, "none".to_owned())
}
