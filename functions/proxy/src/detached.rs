//! The side of an exchange where the client waits.
//!
//! The work is done by a task of its own, which owns the backend's connection and the reservation and does not die
//! with the client's connection (promise 51). It learns that the client has left, and ends in good order.

use axum::response::Response;
use service::http::ApiError;
use tokio::sync::oneshot;

use crate::App;

/// A client that waits for an answer.
#[derive(Debug)]
pub(crate) struct Client(oneshot::Sender<Result<Response, ApiError>>);

/// A task that ended without an answer; what ended it has been logged.
#[derive(Debug, thiserror::Error)]
#[error("the exchange panicked")]
struct Panicked;

/// Runs `exchange` as a task, and waits for its answer. The task goes on when nobody waits any more.
pub(crate) async fn serve<F>(app: App, exchange: impl FnOnce(App, Client) -> F) -> Result<Response, ApiError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, answer) = oneshot::channel();
    // Boxed at once: a task is moved several times on its way, and this one is large.
    let task = Box::pin(exchange(app.clone(), Client(sender)));
    app.exchanges.tracker.spawn(task);
    answer.await.unwrap_or_else(|_| Err(ApiError::internal(Panicked)))
}

impl Client {
    /// Ends when the client has left.
    pub(crate) async fn gone(&mut self) {
        self.0.closed().await;
    }

    pub(crate) fn has_left(&self) -> bool {
        self.0.is_closed()
    }

    /// Answers. Whoever has left gets nothing.
    pub(crate) fn answer(self, answer: Result<Response, ApiError>) {
        let _ = self.0.send(answer);
    }
}
