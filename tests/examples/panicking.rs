//! A function that panics: what the Lambda rim and the edge make of it is tested in `e2e/lambda.rs`.

#![expect(clippy::panic, reason = "this is what it is for")]

use std::convert::Infallible;

use axum::body::Body;
use bytes::Bytes;
use domain::clock::Clock;
use futures_util::stream;
use service::aws;
use service::http::Dialect;
use service::http::caller::KeyGate;
use service::http::routes::{Access, Routes};
use service::store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let routes = Routes::new()
        .get("/v1/panic", Dialect::OpenAi, Access::Anyone, panics)
        .get("/v1/ok", Dialect::OpenAi, Access::Anyone, async || "ok")
        .get(
            "/v1/panic_in_the_body",
            Dialect::OpenAi,
            Access::Anyone,
            panics_in_the_body,
        );
    // Nothing here reads the tables: the edge would, for a browser's request.
    let store = Store::new(aws::embedded_dynamodb(aws::http_client(None)), "", Clock::system());
    lambda::serve_streaming(routes.into_edge(KeyGate::new(store))).await
}

async fn panics() -> String {
    panic!("boom at a secret place")
}

async fn panics_in_the_body() -> Body {
    Body::from_stream(stream::unfold(true, async |is_first| {
        assert!(is_first, "boom at a secret place");
        Some((Ok::<_, Infallible>(Bytes::from("data: {}\n\n")), false))
    }))
}
