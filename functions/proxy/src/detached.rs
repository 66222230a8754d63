//! Exchanges as detached tasks: each owns its backend's connection and its reservation, and outlives the client's
//! connection (promise 51). It learns that the client has disconnected, and ends in order.

use std::time::Duration;

use axum::response::Response;
use service::http::ApiError;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::downstream::Downstream;

/// The running exchanges of a process. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exchanges {
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// The task ended without a response; the panic has been logged.
#[derive(Debug, thiserror::Error)]
#[error("the exchange panicked")]
struct Panicked;

impl Exchanges {
    /// Runs `exchange` as a task, and waits for its response. The task goes on if nobody waits any more.
    pub(crate) async fn run<F>(&self, exchange: impl FnOnce(Downstream) -> F) -> Result<Response, ApiError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, response) = oneshot::channel();
        // Boxed at once: a task is moved several times on its way, and this one is large.
        let task = Box::pin(exchange(Downstream::Waiting(sender)));
        self.tasks.spawn(task);
        response.await.unwrap_or_else(|_| Err(ApiError::internal(Panicked)))
    }

    /// The tasks of the exchanges, for what they spawn themselves.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Cancelled when the process must not wait any longer.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Waits for running exchanges to end, at most `grace`; then ends them with an error, and waits until they are
    /// settled.
    pub(crate) async fn drain(&self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            self.stop.cancel();
            self.tasks.wait().await;
        }
    }
}
