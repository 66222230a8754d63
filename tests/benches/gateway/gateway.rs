//! The local gateway in memory, with the backend's models and a caller's key.

use domain::models::Email;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, client};
use local::Options;
use serde_json::{Value, json};
use service::config::{LogConfig, LogFormat};
use tokio::runtime::{Builder, Runtime};

use crate::backend::{BURST, PACED};
use crate::dialect::Dialect;

/// Who calls, and what is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nothing is limited, and the request log is off.
    Unlimited,
    /// Everything is limited, though never reached, and the request log is on.
    Governed,
}

pub(crate) fn start(backend: &str, caller: Caller) -> (Runtime, String, String) {
    service::telemetry::init(&LogConfig {
        filter: "warn".to_owned(),
        format: LogFormat::Text,
        metrics: None,
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (address, key) = runtime.block_on(prepare(backend, caller));
    (runtime, address, key)
}

async fn prepare(backend: &str, caller: Caller) -> (String, String) {
    let options = Options::in_memory(Email::parse(ADMIN_EMAIL).unwrap());
    // One worker, as on one core.
    let options = Options {
        admin_password: Some(ADMIN_PASSWORD.into()),
        workers: 1,
        ..options
    };
    let gateway = local::Gateway::start(options).await.unwrap();
    let address = gateway.address().to_string();
    let admin = client::Client::new(format!("http://{address}"))
        .signed_in(ADMIN_EMAIL, ADMIN_PASSWORD)
        .await;
    for (spoken, _) in [PACED, BURST] {
        for dialect in Dialect::ALL {
            let model = dialect.model(spoken);
            let entry = json!({"id": model, "name": model});
            client::data(admin.post("/api/v1/admin/models").json(&entry), 201).await;
            let entry = json!({"name": "scripted", "base_url": format!("http://{backend}/v1"), "model_name": spoken,
                "api_key": "its-key", "protocol": dialect.protocol()});
            let created = admin
                .post(&format!("/api/v1/admin/models/{model}/backends"))
                .json(&entry);
            client::data(created, 201).await;
        }
    }
    let settings = admin
        .put("/api/v1/admin/settings")
        .json(&json!({"request_log": caller == Caller::Governed}));
    client::data(settings, 200).await;
    let program = match caller {
        Caller::Unlimited => admin.create_key().await,
        Caller::Governed => {
            admin.create_policy("governed", &limits()).await;
            admin.create_program_under("governed").await
        }
    };
    let key = program.credential().to_owned();
    // Runs until the process ends.
    std::mem::forget(gateway);
    (address, key)
}

fn limits() -> Value {
    const FAR: u64 = 1_000_000_000_000;
    json!({
        "rate_limit": FAR, "request_quota_daily": FAR, "token_rate_limit": FAR, "token_quota_daily": FAR,
        "token_quota_monthly": FAR, "max_concurrency": 1_000_000
    })
}
