//! Single sign-on, with a provider that the tests script: to it, back, and into a session (promises 9 and 10).

mod accounts;
mod forgeries;
mod setup;

use std::io;
use std::sync::{Arc, Mutex};

use harness::Gateway;
use harness::identity_provider::{Begun, IdentityProvider, SigningKey};
use reqwest::Response;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// A gateway with single sign-on at a provider that has introduced itself with its key.
struct Installation {
    gateway: Gateway,
    provider: IdentityProvider,
    key: SigningKey,
    log: Log,
    _logging: tracing::subscriber::DefaultGuard,
}

impl Installation {
    async fn start() -> Self {
        Self::start_with(json!({})).await
    }

    async fn start_with(config: Value) -> Self {
        let installation = Self::unintroduced(config).await;
        installation.provider.will_introduce_itself(&installation.key);
        installation
    }

    /// The same with a provider that has not answered yet.
    async fn unintroduced(config: Value) -> Self {
        let log = Log::default();
        let logging = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish().set_default();
        let (gateway, provider, key) = (Gateway::start().await, IdentityProvider::start(), SigningKey::generate("one"));
        provider.configure(&gateway, &config).await;
        Self { gateway, provider, key, log, _logging: logging }
    }

    /// A login with these claims over the usual ones, from the link to the answer.
    async fn log_in(&self, claims: &Value) -> Response {
        let begun = Begun::at(&self.gateway).await;
        self.provider.will_grant(&self.key.sign(&self.provider.claims(&begun, claims)));
        begun.come_back(&self.gateway, "").await
    }

    /// The browser is told nothing but that it failed, and the log the reason.
    async fn assert_refused(&self, response: Response, reason: &str) {
        assert_eq!(response.status(), 400, "{reason}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "sso_failed", "{reason}");
        assert_eq!(body["error"]["message"], "the login was not completed; begin it again", "{reason}");
        let log = self.log.take();
        assert!(log.contains("single sign-on refused") && log.contains(reason), "{reason} is not in the log:\n{log}");
    }
}

/// What was logged on the test's thread, where the gateway runs too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What was logged since the last time.
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
