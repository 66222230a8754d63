//! A backend behind TLS whose certificate comes from an authority of its own, and which speaks the versions of HTTP
//! that it is started with.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::loopback::{Loopback, accept};

/// A running backend. Its address is a number, so that nothing has to be resolved.
#[derive(Debug)]
pub struct TlsBackend {
    seen: Arc<Seen>,
    authority: String,
    server: Loopback,
}

#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    versions: Mutex<Vec<Version>>,
}

impl TlsBackend {
    /// One that offers these protocols (`h2`, `http/1.1`) and answers every request with `answer`.
    pub fn start(protocols: &[&str], answer: &Value) -> Self {
        let (config, authority) = certified(protocols);
        let (acceptor, answer) = (TlsAcceptor::from(Arc::new(config)), Bytes::from(answer.to_string()));
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        let handle = move |stream| serve(acceptor.clone(), stream, shared.clone(), answer.clone());
        Self {
            seen,
            authority,
            server: Loopback::start(|listener| accept(listener, handle)),
        }
    }

    pub fn base_url(&self) -> String {
        format!("https://{}", self.server.address())
    }

    /// The certificate of the authority, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::Relaxed)
    }

    /// The version of HTTP of each request.
    pub fn versions(&self) -> Vec<Version> {
        self.seen.versions.lock().unwrap().clone()
    }
}

fn certified(protocols: &[&str]) -> (ServerConfig, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let mut config = config
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    (config, authority.pem())
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, seen: Arc<Seen>, answer: Bytes) {
    // A client that does not believe the certificate leaves here.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    seen.connections.fetch_add(1, Ordering::Relaxed);
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| respond(request, seen.clone(), answer.clone()));
    let stream = TokioIo::new(stream);
    // An error means that the gateway has closed the connection.
    let _ = if speaks_http2 {
        http2::Builder::new(TokioExecutor::new())
            .serve_connection(stream, service)
            .await
    } else {
        http1::Builder::new().serve_connection(stream, service).await
    };
}

async fn respond(
    request: Request<Incoming>,
    seen: Arc<Seen>,
    answer: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    seen.versions.lock().unwrap().push(request.version());
    let _ = request.into_body().collect().await;
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(Full::from(answer))
        .unwrap())
}
