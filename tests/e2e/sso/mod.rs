//! Single sign-on, with a provider that the tests script: to it, back, and into a session (promises 9 and 10).

mod accounts;
mod forgeries;
mod function;
mod one_time_codes;
mod rotation;
mod setup;
mod trial;
mod userinfo;

use domain::clock::Clock;
use harness::Gateway;
use harness::identity_provider::{Begun, IdentityProvider, SigningKey};
use local::Options;
use reqwest::Response;
use serde_json::{Value, json};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::log::Log;

/// A gateway with single sign-on at a provider that has introduced itself with its key.
pub(crate) struct Installation {
    pub(crate) gateway: Gateway,
    pub(crate) provider: IdentityProvider,
    pub(crate) key: SigningKey,
    pub(crate) clock: Clock,
    /// The log of the test's thread, where the gateway runs too.
    pub(crate) log: Log,
    _logging: tracing::subscriber::DefaultGuard,
}

impl Installation {
    async fn start() -> Self {
        Self::start_with(json!({})).await
    }

    async fn start_with(config: Value) -> Self {
        Self::start_at(&Clock::system(), config).await
    }

    /// The same by this clock.
    pub(crate) async fn start_at(clock: &Clock, config: Value) -> Self {
        let installation = Self::unintroduced_at(clock, config).await;
        installation.provider.will_introduce_itself(&installation.key);
        installation
    }

    /// With a provider that has not answered yet.
    async fn unintroduced(config: Value) -> Self {
        Self::unintroduced_at(&Clock::system(), config).await
    }

    async fn unintroduced_at(clock: &Clock, config: Value) -> Self {
        let log = Log::default();
        let logging = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(log.clone())
            .finish()
            .set_default();
        // Without threads of its own, so that it logs on this one, where it is heard.
        let on_this_thread = |options| Options {
            workers: 0,
            clock: clock.clone(),
            ..options
        };
        let gateway = Gateway::start_with(on_this_thread).await;
        let (provider, key) = (IdentityProvider::start(), SigningKey::generate("one"));
        provider.configure(&gateway, &config).await;
        Self {
            gateway,
            provider,
            key,
            clock: clock.clone(),
            log,
            _logging: logging,
        }
    }

    /// Claims of a token that is made now by the gateway's clock.
    fn times(&self) -> Value {
        let now = self.clock.now().as_second();
        json!({"iat": now, "exp": now + 300})
    }

    /// A login with these claims over the usual ones, from the link to the answer.
    async fn log_in(&self, claims: &Value) -> Response {
        let begun = Begun::at(&self.gateway).await;
        self.provider.will_vouch(&begun, &self.key, claims);
        begun.come_back(&self.gateway, "").await
    }

    /// The browser is told nothing but that it failed, and the log the reason.
    async fn assert_refused(&self, response: Response, reason: &str) {
        assert_eq!(response.status(), 400, "{reason}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "sso_failed", "{reason}");
        assert_eq!(
            body["error"]["message"], "the login was not completed; begin it again",
            "{reason}"
        );
        let log = self.log.take();
        assert!(
            log.contains("single sign-on refused") && log.contains(reason),
            "{reason} is not in the log:\n{log}"
        );
    }
}
