//! Clients of the AWS services, made by hand: the SDK's own loading of profiles and of the system's certificates
//! costs several milliseconds of every cold start, and a Lambda needs neither.

mod connection;
mod lambda;

use std::time::Duration;

use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use crate::config::AwsConfig;

use connection::CONNECT_TIMEOUT;

pub use connection::http_client;
pub use lambda::{InvokeError, LambdaClient, lambda};

/// A `DynamoDB` client.
pub fn dynamodb(config: &AwsConfig) -> aws_sdk_dynamodb::Client {
    let mut builder = dynamodb_config(http_client(config.dynamodb_endpoint.as_deref()))
        .region(aws_sdk_dynamodb::config::Region::new(config.region.clone()))
        .credentials_provider(config.credentials.clone());
    builder.set_endpoint_url(config.dynamodb_endpoint.clone());
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

/// A `DynamoDB` client of a database in this process, which `http` is the way to: what does not leave the process needs
/// no signature, a tenth of what a request costs.
pub fn embedded_dynamodb(http: SharedHttpClient) -> aws_sdk_dynamodb::Client {
    let config = dynamodb_config(http).endpoint_url("http://embedded").allow_no_auth();
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

fn dynamodb_config(http: SharedHttpClient) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .retry_config(retries())
        .timeout_config(timeouts())
        .http_client(http)
}

/// A Secrets Manager client.
pub fn secrets_manager(config: &AwsConfig) -> aws_sdk_secretsmanager::Client {
    let mut builder = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(aws_sdk_secretsmanager::config::Region::new(config.region.clone()))
        .credentials_provider(config.credentials.clone())
        .retry_config(retries())
        .timeout_config(timeouts())
        .http_client(http_client(config.secrets_manager_endpoint.as_deref()));
    builder.set_endpoint_url(config.secrets_manager_endpoint.clone());
    aws_sdk_secretsmanager::Client::from_conf(builder.build())
}

/// Three tries in all (docs/api.md §9).
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}

/// A dependency that is down is reported within two seconds (docs/api.md §9).
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(Duration::from_millis(1500))
        .operation_timeout(Duration::from_secs(2))
        .build()
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;

    use super::*;

    #[test]
    fn clients_are_made_with_the_built_in_roots() {
        let config = AwsConfig::new("eu-central-1", Credentials::from_keys("id", "secret", None));
        let client = dynamodb(&config);
        assert_eq!(client.config().region().map(AsRef::as_ref), Some("eu-central-1"));
        secrets_manager(&config);
    }
}
