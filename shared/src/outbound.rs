//! The one HTTP client for addresses that administrators set: pooled, without redirects or proxies, and only to addresses that may be
//! called (promises 33 to 35).

use std::error::Error;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::access::egress::{AllowedNetworks, EgressError};
use crate::models::health::FailureClass;

/// Until a connection stands (promise 49).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// HTTP/2 where it is offered. Without this list a TLS configuration of our own offers HTTP/1.1 alone.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// What an HTTP/2 server may send of one stream that nobody reads (promise 48), and of all streams of a connection: enough
/// for as many as servers allow, so that slow clients do not stop the others.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * STREAM_WINDOW;

#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[source] Box<dyn Error + Send + Sync>);

/// The way to the backends: which addresses may be called, and the client that calls them. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    pub networks: AllowedNetworks,
    pub http: reqwest::Client,
}

impl Outbound {
    pub fn new(networks: AllowedNetworks, authorities: &Authorities) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(authorities).map_err(|error| ClientError(error.into()))?)
            .dns_resolver(Arc::new(JudgingResolver(networks.clone())))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(concat!("tidegate/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError(error.into()))?;
        Ok(Self { networks, http })
    }
}

/// The public roots are built in: reading the system's certificates would cost milliseconds of every cold start.
fn tls(authorities: &Authorities) -> Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.roots.extend_from_slice(&authorities.0);
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(tls)
}

/// Certificate authorities of one's own, believed besides the public ones: `BACKEND_CA_CERTS`.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<TrustAnchor<'static>>);

/// Why `BACKEND_CA_CERTS` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("there is no PEM text in it, and it is not the path of a file: {0}")]
    File(#[from] std::io::Error),
    #[error("it holds no certificate")]
    Empty,
    #[error("a certificate is not valid: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("a certificate cannot be an authority: {0}")]
    Certificate(#[from] rustls::Error),
}

impl FromStr for Authorities {
    type Err = AuthoritiesError;

    /// Certificates in PEM, one after the other, or the path of a file that holds them. An empty text is none.
    fn from_str(text: &str) -> Result<Self, AuthoritiesError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let pem = if text.contains("-----BEGIN ") { text.to_owned() } else { std::fs::read_to_string(text)? };
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            store.add(certificate?)?;
        }
        if store.is_empty() { Err(AuthoritiesError::Empty) } else { Ok(Self(store.roots)) }
    }
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
pub fn failure_class(error: &reqwest::Error) -> FailureClass {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(class) = class_of(cause) {
            return class;
        }
        next = cause.source();
    }
    if error.is_timeout() { FailureClass::Timeout } else { FailureClass::Connect }
}

fn class_of(cause: &(dyn Error + 'static)) -> Option<FailureClass> {
    if cause.is::<EgressError>() {
        Some(FailureClass::ForbiddenAddress)
    } else if cause.is::<rustls::Error>() {
        Some(FailureClass::Tls)
    } else if cause.to_string().contains("dns error") {
        // The connector wraps whatever the resolver said, the refusal of an address too: look on below it first.
        cause.source().and_then(class_of).or(Some(FailureClass::Dns))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused_with_its_reason() {
        assert!("".parse::<Authorities>().unwrap().0.is_empty());
        for (text, reason) in [
            ("/no/such/file.pem", "not the path of a file"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be an authority"),
            ("-----BEGIN CERTIFICATE-----\nAAAA", "not valid"),
        ] {
            let error = text.parse::<Authorities>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
