//! The adapter between Lambda's events and our routers: the only place that knows `lambda_http`.
//!
//! Streamed responses need the streaming form of the Runtime API even when they are short, and buffered integrations
//! cannot read it; so a function uses one of [`serve`] and [`serve_streaming`] for all its responses.

mod request;
mod streaming;

use axum::response::Response;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Request};
use lambda_runtime::Runtime;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::http::edge::Edge;
use tower::{ServiceExt, service_fn};

use request::{harmless, plain};
use streaming::StreamingLayer;

pub use lambda_http::Error;

/// Runs a function whose responses are buffered.
pub async fn serve(edge: Edge) -> Result<(), Error> {
    lambda_runtime::run_concurrent(Adapter::from(buffered(edge)).map_request(harmless)).await
}

/// The function as `lambda_http` calls it.
fn buffered(
    edge: Edge,
) -> impl tower::Service<Request, Response = lambda_http::Response<lambda_http::Body>, Error = Error, Future: Send>
+ Clone
+ Send {
    service_fn(move |request| {
        let edge = edge.clone();
        async move { collected(edge.respond(plain(request)).await).await }
    })
}

/// Runs a function whose responses are buffered, and which is also invoked with events of its own: `work` once for
/// each.
///
/// What has a `requestContext` came through API Gateway, whoever sent it: nobody outside can send an event of ours.
pub async fn serve_with_events<E, T, F>(
    edge: Edge,
    work: impl Fn(E) -> F + Clone + Send + Sync + 'static,
) -> Result<(), Error>
where
    E: DeserializeOwned + Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let run = move |event: LambdaEvent<Box<RawValue>>| {
        let (edge, work) = (edge.clone(), work.clone());
        let handled = async move {
            if came_by_http(&event.payload) {
                return respond_to_http(edge, event).await;
            }
            let outcome = work(serde_json::from_str(event.payload.get())?).await?;
            Ok::<_, Error>(serde_json::value::to_raw_value(&outcome)?)
        };
        handled.boxed()
    };
    lambda_runtime::run_concurrent(service_fn(run)).await
}

async fn respond_to_http(edge: Edge, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
    let request: LambdaRequest = serde_json::from_str(event.payload.get())?;
    let event = harmless(LambdaEvent::new(request, event.context));
    let response = Adapter::from(buffered(edge)).oneshot(event).await?;
    Ok(serde_json::value::to_raw_value(&response)?)
}

fn came_by_http(payload: &RawValue) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Peek {
        request_context: Option<IgnoredAny>,
    }
    serde_json::from_str(payload.get()).is_ok_and(|peek: Peek| peek.request_context.is_some())
}

/// Runs a function whose responses are streamed.
pub async fn serve_streaming(edge: Edge) -> Result<(), Error> {
    let refuse = |_: LambdaEvent<IgnoredAny>| async { Err::<(), Error>("the event is no HTTP request".into()) }.boxed();
    Runtime::new(service_fn(refuse))
        .layer(StreamingLayer::new(edge))
        .run_concurrent()
        .await
}

/// Runs a function that a schedule invokes: `work` once for each event, whatever the event says.
pub async fn serve_schedule<F>(work: impl Fn() -> F + Clone + Send + Sync + 'static) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    serve_events(move |_: IgnoredAny| work()).await
}

/// Runs a function that is invoked with events of its own: `work` once for each, whose outcome is the response.
pub async fn serve_events<E, T, F>(work: impl Fn(E) -> F + Clone + Send + Sync + 'static) -> Result<(), Error>
where
    E: DeserializeOwned + Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    // Boxed as any future: the runtime nests its own around it, deeper than the compiler likes to follow.
    let run = move |event: LambdaEvent<E>| work(event.payload).boxed();
    lambda_runtime::run_concurrent(service_fn(run)).await
}

/// The response with its whole body, as text: everything that is buffered is JSON.
async fn collected(response: Response) -> Result<lambda_http::Response<lambda_http::Body>, Error> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    let text = String::from_utf8(body.into()).map_err(|_| "a buffered response must be UTF-8")?;
    Ok(lambda_http::Response::from_parts(parts, text.into()))
}
