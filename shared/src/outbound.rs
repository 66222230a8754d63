//! The one HTTP client for addresses that administrators set: pooled, without redirects or proxies, and only to addresses that may be
//! called (promises 33 to 35).

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::access::egress::{AllowedNetworks, EgressError};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::crypto::aws_lc_rs;

/// Until a connection stands (promise 49).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[source] Box<dyn Error + Send + Sync>);

/// The roots are built in: reading the system's certificates would cost milliseconds of every cold start.
pub fn client(networks: AllowedNetworks) -> Result<reqwest::Client, ClientError> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(JudgingResolver(networks)))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| ClientError(error.into()))
}

/// Refuses a name whole when any of its addresses may not be called, and gives the connector exactly the addresses
/// that were judged.
struct JudgingResolver(AllowedNetworks);

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            addresses.iter().try_for_each(|address| networks.judge(address.ip()))?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Why a call came to no answer, as coarsely as anybody may be told (promise 37).
pub fn coarse_reason(error: &reqwest::Error) -> &'static str {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(reason) = reason_of(cause) {
            return reason;
        }
        next = cause.source();
    }
    if error.is_timeout() { "timeout" } else { "connect" }
}

fn reason_of(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    if cause.is::<EgressError>() {
        Some("forbidden_address")
    } else if cause.is::<rustls::Error>() {
        Some("tls")
    } else if cause.to_string().contains("dns error") {
        // The connector wraps whatever the resolver said, the refusal of an address too: look on below it first.
        cause.source().and_then(reason_of).or(Some("dns"))
    } else {
        None
    }
}
