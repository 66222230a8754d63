//! Invoking another function of the installation.
//!
//! Made of the parts that the SDK's crates are made of: the one for Lambda is as large as that of `DynamoDB`, and one
//! of its hundred operations would be used (decision 0013).

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use serde_json::Value;

use super::connection::{CONNECT_TIMEOUT, http_client};
use crate::config::AwsConfig;
use domain::clock::Clock;

/// Within the ten seconds that a management request may take (docs/api.md §7).
const TIMEOUT: Duration = Duration::from_secs(9);
/// In which a function that failed says so, with status 200.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// Why an invocation has no response.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    #[error("Lambda responded with status {0}")]
    Refused(u16),
    #[error("the function failed")]
    Failed,
    #[error("there are no credentials for Lambda")]
    NoCredentials(#[source] BoxError),
    #[error("Lambda cannot be reached")]
    Unreachable(#[source] BoxError),
}

/// Invokes Lambda functions and waits for their responses
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>).
#[derive(Clone, Debug)]
pub struct LambdaClient {
    credentials: SharedCredentialsProvider,
    invoke: Operation<Invocation, Bytes, InvokeError>,
}

#[derive(Debug)]
struct Invocation {
    function: String,
    event: Vec<u8>,
    credentials: Credentials,
}

/// A client of Lambda.
pub fn lambda(config: &AwsConfig, clock: Clock) -> LambdaClient {
    let endpoint = config
        .lambda_endpoint
        .clone()
        .unwrap_or_else(|| default_endpoint(&config.region));
    let signer = Signer {
        endpoint: endpoint.clone(),
        region: config.region.clone(),
        clock,
    };
    let invoke = Operation::builder()
        .service_name("lambda")
        .operation_name("Invoke")
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http_client(Some(&endpoint)))
        .endpoint_url(&endpoint)
        .no_auth()
        .no_retry()
        .sleep_impl(TokioSleep::new())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .operation_timeout(TIMEOUT)
                .build(),
        )
        .serializer(move |invocation| signer.request(invocation))
        .deserializer(response)
        .build();
    LambdaClient {
        credentials: config.credentials.clone(),
        invoke,
    }
}

/// Domains of the partitions that have their own, by the beginnings of their regions' names.
const PARTITIONS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

fn default_endpoint(region: &str) -> String {
    let own = PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix));
    let domain = own.map_or("amazonaws.com", |(_, domain)| domain);
    format!("https://lambda.{region}.{domain}")
}

impl LambdaClient {
    /// The response of the function called `function` to `event`.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Bytes, InvokeError> {
        let credentials = self.credentials.provide_credentials().await;
        let invocation = Invocation {
            function: function.to_owned(),
            event: event.to_string().into(),
            credentials: credentials.map_err(|error| InvokeError::NoCredentials(error.into()))?,
        };
        let invoked = Box::pin(self.invoke.invoke(invocation)).await;
        invoked.map_err(|error| match error {
            SdkError::ServiceError(refusal) => refusal.into_err(),
            other => InvokeError::Unreachable(other.into()),
        })
    }
}

/// Signs requests (Signature Version 4).
struct Signer {
    endpoint: String,
    region: String,
    clock: Clock,
}

impl Signer {
    fn request(&self, invocation: Invocation) -> Result<HttpRequest, BoxError> {
        let Invocation {
            function,
            event,
            credentials,
        } = invocation;
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let url = format!("{}{path}", self.endpoint);
        let identity = credentials.into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("lambda")
            .time(SystemTime::from(self.clock.now()))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable = SignableRequest::new("POST", url, std::iter::empty(), SignableBody::Bytes(&event))?;
        let (signature, _) = sign(signable, &params)?.into_parts();
        let mut request = http::Request::post(path).body(())?;
        signature.apply_to_request_http1x(&mut request);
        Ok(request.map(|()| SdkBody::from(event)).try_into()?)
    }
}

fn response(response: &HttpResponse) -> Result<Bytes, OrchestratorError<InvokeError>> {
    let status = response.status().as_u16();
    if status != 200 {
        return Err(OrchestratorError::operation(InvokeError::Refused(status)));
    }
    if response.headers().contains_key(FUNCTION_ERROR) {
        return Err(OrchestratorError::operation(InvokeError::Failed));
    }
    Ok(Bytes::copy_from_slice(response.body().bytes().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};

    use super::*;

    #[tokio::test]
    async fn each_partition_has_the_domain_that_the_sdk_knows() {
        let regions = [
            "us-east-1",
            "eu-central-1",
            "cn-north-1",
            "cn-northwest-1",
            "eusc-de-east-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "us-isob-east-1",
            "us-isof-south-1",
            "eu-isoe-west-1",
        ];
        for region in regions {
            let params = Params::builder().region(region).build().unwrap();
            let dynamodb = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
            assert_eq!(dynamodb.url().replace("dynamodb", "lambda"), default_endpoint(region));
        }
    }
}
