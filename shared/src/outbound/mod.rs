//! The one HTTP client for addresses that administrators set: pooled, without redirects or proxies, and only to addresses that may be
//! called (promises 33 to 35).

mod authorities;
pub mod backend;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;

use crate::access::egress::{AllowedNetworks, EgressError};
use crate::models::health::FailureClass;

pub use authorities::{Authorities, AuthoritiesError};

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
    roots.roots.extend_from_slice(authorities.anchors());
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(tls)
}

/// Refuses a name whole when any of its addresses may not be called, and gives the connector exactly the addresses
/// that were judged.
struct JudgingResolver(AllowedNetworks);

impl Resolve for JudgingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.0.clone();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(judged(&networks, addresses)?.into_iter()) as Addrs)
        })
    }
}

/// All of a name's addresses, or none.
fn judged(networks: &AllowedNetworks, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, EgressError> {
    addresses.iter().try_for_each(|address| networks.judge(address.ip()))?;
    Ok(addresses)
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
    // An I/O error passes for what it carries: that is not among its sources.
    if let Some(carried) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return class_of(carried);
    }
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
    use std::net::{TcpListener, TcpStream};

    use tokio::net::TcpSocket;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn p34_a_name_is_judged_by_the_addresses_that_it_has() {
        let resolver = |networks: &str| JudgingResolver(networks.parse().unwrap());
        let refused = resolver("").resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.is::<EgressError>(), "{refused}");
        let addresses = resolver("127.0.0.0/8,::1/128").resolve("localhost".parse().unwrap()).await.unwrap();
        assert!(addresses.map(|address| address.ip()).all(|address| address.is_loopback()));
    }

    #[test]
    fn p34_a_name_with_one_forbidden_address_is_refused_whole() {
        let networks = "10.0.0.0/8".parse().unwrap();
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        for good in [&["192.0.78.9:0"][..], &["192.0.78.9:0", "10.1.2.3:0", "[2a00::1]:0"]] {
            assert_eq!(judged(&networks, addresses(good)), Ok(addresses(good)));
        }
        for bad in ["127.0.0.1:0", "192.168.0.1:0", "169.254.169.254:0", "[::1]:0", "[::ffff:192.168.0.1]:0"] {
            assert!(judged(&networks, addresses(&["192.0.78.9:0", bad, "10.1.2.3:0"])).is_err(), "{bad}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn p49_a_connection_that_does_not_stand_within_5_s_is_given_up() {
        // The one has room for a single connection, which is taken; the other says nothing of TLS.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let full = socket.listen(0).unwrap();
        let full_address = full.local_addr().unwrap();
        let _queued = TcpStream::connect(full_address).unwrap();
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let outbound = Outbound::new("127.0.0.0/8".parse().unwrap(), &Authorities::default()).unwrap();
        for url in [format!("http://{full_address}"), format!("https://{}", mute.local_addr().unwrap())] {
            let began = Instant::now();
            let error = outbound.http.get(&url).send().await.unwrap_err();
            assert_eq!((failure_class(&error), began.elapsed().as_secs()), (FailureClass::Timeout, 5), "{url}: {error:?}");
        }
    }
}
