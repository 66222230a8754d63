//! `DynamoDB` and Secrets Manager, as the functions use them, with credentials that are fetched anew before they end.

use aws_config::BehaviorVersion;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use domain::access::identity_hosts::IdentityOrigins;
use domain::clock::Clock;
use service::aws;
use service::config::{AwsConfig, Environment as _, Process, SecretsConfig, token_endpoints};
use service::identity::Identity;
use service::resources::Resources;
use service::secrets::Secrets;
use service::store::Store;
use service::store::table::create_tables;
use tokio::sync::OnceCell;

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
    let loaded = loaded().await;
    let region = loaded.region().ok_or(StartError::NoRegion)?.to_string();
    let credentials = loaded.credentials_provider().ok_or(StartError::NoCredentials)?;
    Ok(AwsConfig::new(region, credentials).at_endpoints_of(&Process))
}

async fn loaded() -> aws_config::SdkConfig {
    let defaults = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(aws::http_client(None));
    defaults.load().await
}

/// The gateway's identity at vendors of models: at AWS by the same chain, which is asked when a backend first needs it.
pub fn identity(origins: IdentityOrigins, clock: Clock) -> Identity {
    let chain = SharedCredentialsProvider::new(LateChain::default());
    Identity::at(origins, clock)
        .with_aws(chain, Process.get("AWS_REGION"))
        .with_token_endpoints(token_endpoints(&Process))
}

/// The SDK's chain, made at its first use: a gateway that calls nothing at AWS looks for no credentials.
#[derive(Debug, Default)]
struct LateChain(OnceCell<Option<SharedCredentialsProvider>>);

impl ProvideCredentials for LateChain {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let chain = self.0.get_or_init(|| async { loaded().await.credentials_provider() });
            let chain = Box::pin(chain).await.as_ref();
            let chain = chain.ok_or_else(CredentialsError::not_loaded_no_source)?;
            chain.provide_credentials().await
        })
    }
}
