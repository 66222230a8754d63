//! An embedded `DynamoDB` behind real HTTP, so that real function binaries can use it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Credentials;
use dynoxide::Database;
use dynoxide::server::serve_with_shutdown;
use service::aws;
use service::config::AwsConfig;
use service::store::table::create_tables;

use crate::loopback::Loopback;

/// A database in memory with all tables of an installation. Dropping it loses them.
#[derive(Debug)]
pub struct Dynamo {
    server: Loopback,
    client: Client,
}

impl Dynamo {
    /// A fresh database whose tables' names begin with `prefix`.
    pub async fn start(prefix: &str) -> Self {
        let database = Database::memory().unwrap();
        let server = Loopback::start(|listener| async {
            serve_with_shutdown(listener, database, std::future::pending())
                .await
                .unwrap();
        });
        let client = client(&url(&server), "test", "test");
        create_tables(&client, prefix).await.unwrap();
        Self { server, client }
    }

    /// What the SDK needs to be told to come here.
    pub fn config(&self) -> AwsConfig {
        config(url(&self.server), "test", "test")
    }

    pub fn client(&self) -> &Client {
        &self.client
    }
}

fn url(server: &Loopback) -> String {
    format!("http://{}", server.address())
}

/// A client of the database at `url`, with this key.
pub fn client(url: &str, access_key_id: &str, secret: &str) -> Client {
    aws::dynamodb(&config(url.to_owned(), access_key_id, secret))
}

fn config(url: String, access_key_id: &str, secret: &str) -> AwsConfig {
    AwsConfig {
        dynamodb_endpoint: Some(url),
        ..AwsConfig::new("eu-central-1", Credentials::from_keys(access_key_id, secret, None))
    }
}
