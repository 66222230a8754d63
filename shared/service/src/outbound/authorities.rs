//! Who may certify backends, besides the public authorities.

use std::str::FromStr;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// Certificate authorities of one's own, believed besides the public ones: `BACKEND_CA_CERTS`.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<TrustAnchor<'static>>);

impl Authorities {
    /// True if only the public ones are believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0
    }
}

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
        let pem = if text.contains("-----BEGIN ") {
            text.to_owned()
        } else {
            std::fs::read_to_string(text)?
        };
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            store.add(certificate?)?;
        }
        if store.is_empty() {
            Err(AuthoritiesError::Empty)
        } else {
            Ok(Self(store.roots))
        }
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
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
                "no certificate",
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "cannot be an authority",
            ),
            ("-----BEGIN CERTIFICATE-----\nAAAA", "not valid"),
        ] {
            let error = text.parse::<Authorities>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
