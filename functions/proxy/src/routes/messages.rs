//! `POST /v1/messages`

use axum::extract::{Request, State};
use axum::response::Response;
use service::http::ApiError;

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::{CompletionRequest, MessagesRequest};

pub(crate) async fn create(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let body = app.body(&context.caller, request).await?;
    let exchanges = app.exchanges.clone();
    let exchange = |downstream| async move {
        let request =
            MessagesRequest::read(&headers, &body.bytes).map(|request| CompletionRequest::Messages(Box::new(request)));
        exchange::run(&app, context, request, downstream).await;
    };
    exchanges.run(exchange).await
}
