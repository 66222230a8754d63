//! The endpoints that are never translated: `POST /v1/completions`, `POST /v1/fim/completions`, `POST /v1/embeddings`,
//! `POST /v1/rerank`

use axum::extract::{Request, State};
use axum::response::Response;
use domain::models::usage::Endpoint;
use service::http::ApiError;

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::{CompletionRequest, DirectRequest};

pub(crate) async fn completions(
    app: State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    pass(Endpoint::Completions, app, context, request).await
}

pub(crate) async fn embeddings(
    app: State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    pass(Endpoint::Embeddings, app, context, request).await
}

pub(crate) async fn rerank(app: State<App>, context: RequestContext, request: Request) -> Result<Response, ApiError> {
    pass(Endpoint::Rerank, app, context, request).await
}

async fn pass(
    endpoint: Endpoint,
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let body = app.body(&context.caller, request).await?;
    let exchanges = app.exchanges.clone();
    let exchange = |downstream| async move {
        let request =
            DirectRequest::read(endpoint, &body.bytes).map(|request| CompletionRequest::Direct(Box::new(request)));
        exchange::run(&app, context, request, downstream).await;
    };
    exchanges.run(exchange).await
}
