//! How a connection comes about: an address that may be called, TCP, TLS, all within a time.

use std::error::Error;
use std::future::ready;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use tokio::time::timeout;
use tower_service::Service;

use super::Authorities;
use super::connection::ReusableStream;
use super::socket::{Socket, Sockets};
use domain::access::egress::{AllowedNetworks, EgressError, Transport};

/// Until a connection is established: its name, TCP and TLS (promise 49).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// After so much silence, and again as often as is customary, a connection is probed.
const KEEPALIVE: Duration = Duration::from_secs(15);

type BoxError = Box<dyn Error + Send + Sync>;

/// Connects, and gives up in time. Each transport has a resolver of its own, so that an address is judged together with
/// what goes there.
#[derive(Clone)]
pub(super) struct Connector {
    networks: AllowedNetworks,
    clear: Https,
    tls: Https,
}

type Https = HttpsConnector<Sockets<HttpConnector<JudgingResolver>>>;

impl Connector {
    pub(super) fn new(networks: AllowedNetworks, authorities: &Authorities) -> Result<Self, rustls::Error> {
        let config = tls(authorities)?;
        Ok(Self {
            clear: https(config.clone(), Transport::Clear, &networks),
            tls: https(config, Transport::Tls, &networks),
            networks,
        })
    }
}

fn https(config: rustls::ClientConfig, transport: Transport, networks: &AllowedNetworks) -> Https {
    let mut tcp = HttpConnector::new_with_resolver(JudgingResolver(transport, networks.clone()));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE));
    tcp.set_keepalive_interval(Some(KEEPALIVE));
    // HTTP/2 where it is offered.
    let tls = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_all_versions();
    tls.wrap_connector(Sockets(tcp))
}

/// The public roots are built in: reading the system's certificates would cost milliseconds of every cold start.
fn tls(authorities: &Authorities) -> Result<rustls::ClientConfig, rustls::Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    roots.roots.extend_from_slice(authorities.anchors());
    Ok(
        rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

impl Service<Uri> for Connector {
    type Response = ReusableStream<MaybeHttpsStream<Socket>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let clear = self.clear.poll_ready(context)?;
        let tls = self.tls.poll_ready(context)?;
        Poll::Ready(if clear.is_ready() && tls.is_ready() {
            Ok(())
        } else {
            return Poll::Pending;
        })
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let transport = Transport::of_scheme(address.scheme_str().unwrap_or_default());
        if let Some(number) = number(&address)
            && let Err(refusal) = self.networks.judge(transport, number)
        {
            return ready(Err(refusal.into())).boxed();
        }
        let connector = match transport {
            Transport::Clear => &mut self.clear,
            Transport::Tls => &mut self.tls,
        };
        let connecting = timeout(CONNECT_TIMEOUT, connector.call(address));
        async move {
            let connected = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
            let stream = connected?;
            let acknowledging = socket(&stream).acknowledging();
            Ok(ReusableStream::new(stream, acknowledging))
        }
        .boxed()
    }
}

/// The socket of a connection.
fn socket(stream: &MaybeHttpsStream<Socket>) -> &Socket {
    match stream {
        MaybeHttpsStream::Http(socket) => socket,
        MaybeHttpsStream::Https(tls) => tls.inner().get_ref().0.inner(),
    }
}

/// The host, if it is a number: then the connector asks no resolver.
fn number(address: &Uri) -> Option<IpAddr> {
    let host = address.host()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Refuses a name whole when any of its addresses may not be called, and gives the connector exactly the addresses
/// that were judged.
#[derive(Clone)]
struct JudgingResolver(Transport, AllowedNetworks);

impl Service<Name> for JudgingResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self(transport, networks) = self.clone();
        async move {
            let addresses = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(judged(transport, &networks, addresses)?.into_iter())
        }
        .boxed()
    }
}

/// All of a name's addresses, or none.
fn judged(
    transport: Transport,
    networks: &AllowedNetworks,
    addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, EgressError> {
    addresses
        .iter()
        .try_for_each(|address| networks.judge(transport, address.ip()))?;
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use http::Request;
    use tokio::net::TcpSocket;
    use tokio::time::Instant;

    use super::*;
    use crate::outbound::{Outbound, Pieces};
    use domain::models::health::FailureClass;

    #[tokio::test]
    async fn p34_a_name_is_judged_by_the_addresses_that_it_has() {
        let resolver = |networks: &str| JudgingResolver(Transport::Tls, networks.parse().unwrap());
        let refused = resolver("").call("localhost".parse().unwrap()).await.err().unwrap();
        assert!(refused.is::<EgressError>(), "{refused}");
        let mut addresses = resolver("127.0.0.0/8,::1/128")
            .call("localhost".parse().unwrap())
            .await
            .unwrap();
        assert!(addresses.all(|address| address.ip().is_loopback()));
    }

    #[test]
    fn p34_a_name_with_one_forbidden_address_is_refused_whole() {
        let networks = "10.0.0.0/8".parse().unwrap();
        let addresses =
            |texts: &[&str]| -> Vec<SocketAddr> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        for good in [&["192.0.78.9:0"][..], &["192.0.78.9:0", "10.1.2.3:0", "[2a00::1]:0"]] {
            assert_eq!(judged(Transport::Tls, &networks, addresses(good)), Ok(addresses(good)));
        }
        for bad in [
            "127.0.0.1:0",
            "192.168.0.1:0",
            "169.254.169.254:0",
            "[::1]:0",
            "[::ffff:192.168.0.1]:0",
        ] {
            assert!(
                judged(
                    Transport::Tls,
                    &networks,
                    addresses(&["192.0.78.9:0", bad, "10.1.2.3:0"])
                )
                .is_err(),
                "{bad}"
            );
        }
    }

    #[tokio::test]
    async fn p63_ha3_an_address_is_judged_together_with_its_scheme() {
        let networks: AllowedNetworks = "10.0.0.0/8".parse().unwrap();
        let addresses = |text: &str| vec![text.parse().unwrap()];
        assert!(judged(Transport::Tls, &networks, addresses("192.0.78.9:0")).is_ok());
        assert_eq!(
            judged(Transport::Clear, &networks, addresses("192.0.78.9:0")),
            Err(EgressError::PlainText)
        );
        assert!(judged(Transport::Clear, &networks, addresses("10.1.2.3:0")).is_ok());
        // Numbers never reach a resolver.
        let outbound = Outbound::new(networks, &Authorities::default()).unwrap();
        for url in [
            "http://192.0.78.9/",
            "http://[2a00::1]/",
            "http://127.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
        ] {
            let request = Request::get(url).body(Pieces::default()).unwrap();
            let error = outbound.http.send(request).await.unwrap_err();
            assert_eq!(error.class(), FailureClass::ForbiddenAddress, "{url}");
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
        for url in [
            format!("http://{full_address}"),
            format!("https://{}", mute.local_addr().unwrap()),
        ] {
            let began = Instant::now();
            let request = Request::get(&url).body(Pieces::default()).unwrap();
            let error = outbound.http.send(request).await.unwrap_err();
            assert_eq!(
                (error.class(), began.elapsed().as_secs()),
                (FailureClass::Timeout, 5),
                "{url}: {error:?}"
            );
        }
    }
}
