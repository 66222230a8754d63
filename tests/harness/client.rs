//! The HTTP client of the tests.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};

/// A client that follows no redirects and asks no proxy. It speaks to loopback only, so it trusts no certificate.
pub fn client() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let redirect = reqwest::redirect::Policy::none();
    reqwest::Client::builder().tls_backend_preconfigured(tls).redirect(redirect).no_proxy().build().unwrap()
}
