//! An embedded `DynamoDB` behind real HTTP, so that real function binaries can use it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use domain::random;
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use service::aws;
use service::config::{AwsConfig, Environment as _, Process};
use service::store::table::create_tables;

use crate::loopback::Loopback;

/// The variable that names another implementation's address, to run tests on it: a second opinion (`.ci/run`).
const OTHER: &str = "OTHER_DYNAMODB";
const REGION: &str = "eu-central-1";

/// A database in memory with all tables of an installation. Dropping it loses them.
#[derive(Debug)]
pub struct Dynamo {
    /// Absent for another implementation.
    _server: Option<Loopback>,
    config: AwsConfig,
    client: Client,
}

impl Dynamo {
    /// A fresh database whose tables' names begin with `prefix`.
    pub async fn start(prefix: &str) -> Self {
        let (server, url, region) = if let Some(url) = Process.get(OTHER) {
            // One process of another implementation has a database for each region.
            (None, url, format!("test-{}", random::base62(12)))
        } else {
            let server = embedded();
            let url = format!("http://{}", server.address());
            (Some(server), url, REGION.to_owned())
        };
        let config = config(url, &region, ("test", "test"));
        let client = aws::dynamodb(&config);
        create_tables(&client, prefix).await.unwrap();
        Self {
            _server: server,
            config,
            client,
        }
    }

    /// What the SDK needs to be told to come here.
    pub fn config(&self) -> AwsConfig {
        self.config.clone()
    }

    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// A client of the database at `url`, with this key. It waits as long as it takes: what a test reads tells of the
/// gateway, not of how busy the machine is.
pub fn client(url: &str, access_key_id: &str, secret: &str) -> Client {
    let client = aws::dynamodb(&config(url.to_owned(), REGION, (access_key_id, secret)));
    let patient = client.config().to_builder().timeout_config(TimeoutConfig::disabled());
    Client::from_conf(patient.build())
}

fn embedded() -> Loopback {
    let database = Database::memory().unwrap();
    Loopback::start(|listener| async {
        serve_with_shutdown(listener, database, std::future::pending())
            .await
            .unwrap();
    })
}

fn config(url: String, region: &str, (access_key_id, secret): (&str, &str)) -> AwsConfig {
    AwsConfig {
        dynamodb_endpoint: Some(url),
        ..AwsConfig::new(region, Credentials::from_keys(access_key_id, secret, None))
    }
}
