//! The local gateway in memory, with the backend's models and callers' keys.

use domain::models::Email;
use harness::client::Client;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, client};
use local::Options;
use serde_json::{Value, json};
use service::config::{LogConfig, LogFormat};
use tokio::runtime::{Builder, Runtime};

use crate::backend::{BURST, PACED};
use crate::dialect::Dialect;

/// How a gateway is set up, and who calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Nothing is limited, and the request log is off.
    Unlogged,
    /// As it is installed: nothing is limited, and the request log is on.
    Default,
    /// The same, and each request is a line of its output.
    LevelInfo,
    /// Everything is limited, though never reached, for one user.
    Limited,
    /// The same for [`USERS`] in turns.
    LimitedUsers,
}

/// Users of [`Setup::LimitedUsers`].
const USERS: usize = 16;

impl Setup {
    pub(crate) const ALL: [Self; 5] = [
        Self::Unlogged,
        Self::Default,
        Self::LevelInfo,
        Self::Limited,
        Self::LimitedUsers,
    ];

    /// As an argument, and in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unlogged => "no limits, request log off, 64 connections",
            Self::Default => "default: no limits, request log on",
            Self::LevelInfo => "the same, log level info",
            Self::Limited => "limits on, one user, 16 connections",
            Self::LimitedUsers => "limits on, sixteen users, a connection each",
        }
    }

    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|setup| setup.name() == name).unwrap()
    }
}

pub(crate) fn start(backend: &str, setup: Setup) -> (Runtime, String, String) {
    let level = if setup == Setup::LevelInfo { "info" } else { "warn" };
    service::telemetry::init(&LogConfig {
        filter: level.to_owned(),
        format: LogFormat::Text,
        metrics: None,
    });
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (address, keys) = runtime.block_on(prepare(backend, setup));
    (runtime, address, keys.join(","))
}

async fn prepare(backend: &str, setup: Setup) -> (String, Vec<String>) {
    let options = Options::in_memory(Email::parse(ADMIN_EMAIL).unwrap());
    // One worker, as on one core.
    let options = Options {
        admin_password: Some(ADMIN_PASSWORD.into()),
        workers: 1,
        ..options
    };
    let gateway = local::Gateway::start(options).await.unwrap();
    let address = gateway.address().to_string();
    let admin = Client::new(format!("http://{address}"))
        .signed_in(ADMIN_EMAIL, ADMIN_PASSWORD)
        .await;
    add_models(&admin, backend).await;
    if setup == Setup::Unlogged {
        let settings = admin.put("/api/v1/admin/settings").json(&json!({"request_log": false}));
        client::data(settings, 200).await;
    }
    let keys = keys(&admin, setup).await;
    // Runs until the process ends.
    std::mem::forget(gateway);
    (address, keys)
}

/// The backend's models in each dialect.
async fn add_models(admin: &Client, backend: &str) {
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
}

/// The keys of the callers.
async fn keys(admin: &Client, setup: Setup) -> Vec<String> {
    let users = match setup {
        Setup::Unlogged | Setup::Default | Setup::LevelInfo => {
            return vec![admin.create_key().await.credential().to_owned()];
        }
        Setup::Limited => 1,
        Setup::LimitedUsers => USERS,
    };
    admin.create_policy("limited", &limits()).await;
    let mut keys = Vec::new();
    for number in 0..users {
        let email = format!("user{number}@example.com");
        let user = admin.create_person(&email, json!({"quota_policy": "limited"})).await;
        keys.push(user.create_key().await.credential().to_owned());
    }
    keys
}

fn limits() -> Value {
    const FAR: u64 = 1_000_000_000_000;
    json!({
        "rate_limit": FAR, "request_quota_daily": FAR, "token_rate_limit": FAR, "token_quota_daily": FAR,
        "token_quota_monthly": FAR, "max_concurrency": 1_000_000
    })
}
