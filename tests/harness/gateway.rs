//! The local gateway in this process, in memory.

use domain::clock::Clock;
use domain::models::Email;
use local::Options;
use reqwest::RequestBuilder;

use crate::client::Client;
use crate::dynamo;
use crate::provider::Provider;
use crate::{ADMIN_EMAIL, ADMIN_PASSWORD};

/// A running gateway with an administrator. It ends with the test that started it.
#[derive(Debug)]
pub struct Gateway {
    local: local::Gateway,
    admin: Client,
}

impl Gateway {
    pub async fn start() -> Self {
        Self::start_with(|options| options).await
    }

    /// A gateway with other options than the tests' usual ones.
    pub async fn start_with(change: impl FnOnce(Options) -> Options) -> Self {
        let options = Options::in_memory(Email::parse(ADMIN_EMAIL).unwrap());
        let options = Options {
            admin_password: Some(ADMIN_PASSWORD.into()),
            ..options
        };
        let local = local::Gateway::start(change(options)).await.unwrap();
        let admin = Client::new(format!("http://{}", local.address()))
            .signed_in(ADMIN_EMAIL, ADMIN_PASSWORD)
            .await;
        Self { local, admin }
    }

    /// A gateway whose database listens too.
    pub async fn start_with_database() -> Self {
        Self::start_with(|options| Options {
            dynamodb_listen: Some(([127, 0, 0, 1], 0).into()),
            ..options
        })
        .await
    }

    /// A client of its database, with the key to it.
    pub fn database(&self) -> aws_sdk_dynamodb::Client {
        let (address, key) = self.local.database().unwrap();
        dynamo::client(&format!("http://{address}"), &key.id, key.secret.expose())
    }

    /// A gateway by this clock.
    pub async fn start_at(clock: &Clock) -> Self {
        let clock = clock.clone();
        Self::start_with(|options| Options { clock, ..options }).await
    }

    /// The same gateway with a model that `provider` serves.
    #[must_use]
    pub async fn with_model(self, id: &str, provider: &Provider) -> Self {
        self.admin.create_model(id, provider).await;
        self
    }

    /// The administrator, signed in.
    pub fn admin(&self) -> &Client {
        &self.admin
    }

    /// A program of the administrator's, with a new key.
    pub async fn program(&self) -> Client {
        self.admin.create_key().await
    }

    /// Somebody without a credential.
    pub fn anybody(&self) -> Client {
        Client::new(format!("http://{}", self.local.address()))
    }

    /// A request of somebody without a credential.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.anybody().post(path)
    }

    /// What is behind the routes.
    pub fn local(&self) -> &local::Gateway {
        &self.local
    }

    /// Ends the gateway as SIGTERM does.
    pub async fn shutdown(self) {
        self.local.shutdown().await;
    }
}
