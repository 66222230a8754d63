//! `POST /v1/chat/completions`

use axum::extract::{Request, State};
use axum::response::Response;
use service::http::ApiError;

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::{ChatRequest, CompletionRequest};

pub(crate) async fn complete(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let body = app.body(&context.caller, request).await?;
    let exchanges = app.exchanges.clone();
    let exchange = |downstream| async move {
        let request = ChatRequest::read(&body.bytes).map(|request| CompletionRequest::Chat(Box::new(request)));
        exchange::run(&app, context, request, downstream).await;
    };
    exchanges.run(exchange).await
}
