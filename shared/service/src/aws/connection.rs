//! What all clients of AWS share: connections and trusted certificates.

use std::sync::LazyLock;
use std::time::Duration;

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

/// Until a connection is established: within AWS's network it does at once, or not at all.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// Amazon Root CA 1 to 4 and the Starfield root that cross-signs them: what AWS's endpoints chain to
/// (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// One pool for all services of the process; a plain-text one for an emulator on `http://`.
pub fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    static HTTPS: LazyLock<SharedHttpClient> = LazyLock::new(|| {
        let roots = TrustStore::empty()
            .with_native_roots(false)
            .with_pem_certificate(AMAZON_ROOTS);
        #[expect(
            clippy::expect_used,
            reason = "the certificates are part of the program, and a test builds this"
        )]
        let context = TlsContext::builder()
            .with_trust_store(roots)
            .build()
            .expect("the built-in certificates are valid");
        aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context)
            .build_https()
    });
    match endpoint {
        Some(endpoint) if endpoint.starts_with("http://") => aws_smithy_http_client::Builder::new().build_http(),
        _ => HTTPS.clone(),
    }
}
