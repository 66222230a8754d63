//! `DynamoDB` and Secrets Manager, as the functions use them, with credentials that are fetched anew before they end.

use aws_config::BehaviorVersion;
use domain::clock::Clock;
use service::aws;
use service::config::{AwsConfig, Process, SecretsConfig};
use service::resources::Resources;
use service::secrets::Secrets;
use service::store::Store;
use service::store::table::create_tables;

use crate::start_error::StartError;

/// The tables and secrets of an installation in the cloud.
#[derive(Clone, Debug)]
pub struct CloudStorage {
    /// The beginning of each table's name.
    pub table_prefix: String,
    pub secrets: SecretsConfig,
    /// Makes the tables that are missing, where no template has made them.
    pub create_tables: bool,
}

impl CloudStorage {
    pub(crate) async fn connect(&self, clock: Clock) -> Result<Resources, StartError> {
        let config = Box::pin(aws_config()).await?;
        let client = aws::dynamodb(&config);
        if self.create_tables {
            create_tables(&client, &self.table_prefix).await?;
        }
        let store = Store::new(client, &self.table_prefix, clock);
        Ok(Resources::new(store, Secrets::connect(&self.secrets, &config)))
    }
}

/// Region and credentials by the SDK's chain: environment, profile, web identity, container, instance
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>).
async fn aws_config() -> Result<AwsConfig, StartError> {
    let defaults = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(aws::http_client(None));
    let loaded = defaults.load().await;
    let region = loaded.region().ok_or(StartError::NoRegion)?.to_string();
    let credentials = loaded.credentials_provider().ok_or(StartError::NoCredentials)?;
    Ok(AwsConfig::new(region, credentials).at_endpoints_of(&Process))
}
