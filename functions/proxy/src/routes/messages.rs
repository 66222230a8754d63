//! `POST /v1/messages`

use axum::extract::{Request, State};
use axum::response::Response;
use service::http::{ApiError, json};

use crate::app::App;
use crate::exchange::{self, RequestContext};
use crate::request::{CompletionRequest, MessagesRequest};

pub(crate) async fn create(
    State(app): State<App>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let body = json::read(request, app.limits.max_body_bytes).await?;
    let exchanges = app.exchanges.clone();
    let exchange = |downstream| async move {
        let request =
            MessagesRequest::read(&headers, &body).map(|request| CompletionRequest::Messages(Box::new(request)));
        exchange::run(&app, context, request, downstream).await;
    };
    exchanges.run(exchange).await
}
