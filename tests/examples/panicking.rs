//! A function that panics: what the Lambda rim and the edge make of it is tested in `e2e/lambda.rs`.

#![expect(clippy::panic, reason = "this is what it is for")]

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use domain::clock::Clock;
use futures_util::stream;
use service::aws;
use service::config::AwsConfig;
use service::http::edge::Edge;
use service::store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let routes = Router::new()
        .route("/v1/panic", get(panics))
        .route("/v1/ok", get(async || "ok"));
    let routes = routes.route("/v1/panic_in_the_body", get(panics_in_the_body));
    // Nothing here reads the tables: the edge would, for a browser's request.
    let store = Store::new(aws::dynamodb(&AwsConfig::default()), "", Clock::system());
    lambda::serve_streaming(Edge::new(routes, store)).await
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
