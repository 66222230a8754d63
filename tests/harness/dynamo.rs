//! An embedded `DynamoDB` behind real HTTP, so that real function binaries can use it.

use aws_sdk_dynamodb::Client;
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
        let client = aws::dynamodb(&config(&server));
        create_tables(&client, prefix).await.unwrap();
        Self { server, client }
    }

    /// What the SDK needs to be told to come here.
    pub fn config(&self) -> AwsConfig {
        config(&self.server)
    }

    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// A client of the database at `url`, with this key.
pub fn client(url: &str, access_key_id: &str, secret: &str) -> Client {
    aws::dynamodb(&AwsConfig {
        region: "eu-central-1".into(),
        access_key_id: access_key_id.into(),
        secret_access_key: secret.into(),
        dynamodb_endpoint: Some(url.to_owned()),
        ..AwsConfig::default()
    })
}

fn config(server: &Loopback) -> AwsConfig {
    AwsConfig {
        region: "eu-central-1".into(),
        access_key_id: "test".into(),
        secret_access_key: "test".into(),
        dynamodb_endpoint: Some(format!("http://{}", server.address())),
        ..AwsConfig::default()
    }
}
