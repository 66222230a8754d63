//! `GET /ready`, which tells a balancer if it should send requests to this process.

use http::StatusCode;
use service::store::Store;
use tokio_util::sync::CancellationToken;

/// The tables that must be readable, and the end that must not have begun.
#[derive(Clone, Debug)]
pub(crate) struct Readiness {
    pub(crate) store: Store,
    pub(crate) stop: CancellationToken,
}

impl Readiness {
    /// 200 `ok`, or 503 and the reason. Unlike `/health` it reads from the tables.
    pub(crate) async fn tell(self) -> (StatusCode, &'static str) {
        if self.stop.is_cancelled() {
            return (StatusCode::SERVICE_UNAVAILABLE, "ending\n");
        }
        match self.store.read_settings().await {
            Ok(_) => (StatusCode::OK, "ok\n"),
            Err(error) => {
                tracing::error!(%error, "the tables cannot be read");
                (StatusCode::SERVICE_UNAVAILABLE, "the tables cannot be read\n")
            }
        }
    }
}
