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

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use domain::clock::Clock;
    use dynoxide::Database;

    use super::*;
    use crate::data::Data;
    use crate::embedded::EmbeddedClient;

    #[tokio::test]
    async fn c1_a_process_is_ready_while_its_tables_can_be_read_and_its_end_has_not_begun() {
        let stop = CancellationToken::new();
        let tell = |store: Store| {
            let stop = stop.clone();
            Readiness { store, stop }.tell()
        };
        let store = Data::open(None).unwrap().store(Clock::system()).await.unwrap();
        assert_eq!(tell(store.clone()).await, (StatusCode::OK, "ok\n"));
        // A database without tables.
        let http = SharedHttpClient::new(EmbeddedClient::new(Database::memory().unwrap()));
        let lost = Store::new(service::aws::embedded_dynamodb(http), "lost-", Clock::system());
        let unavailable = |reason| (StatusCode::SERVICE_UNAVAILABLE, reason);
        assert_eq!(tell(lost).await, unavailable("the tables cannot be read\n"));
        stop.cancel();
        assert_eq!(tell(store).await, unavailable("ending\n"));
    }
}
