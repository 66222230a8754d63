//! Signatures with which AWS knows the gateway's role (Signature Version 4).

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_lc_rs::digest::{Context, SHA256};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningError, SigningSettings, sign};
use aws_sigv4::sign::v4;
use domain::access::digest::hex;
use domain::secret::Secret;
use http::header::{ACCEPT, InvalidHeaderValue};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;

use crate::outbound::Pieces;

/// Headers that are not signed: they say who asks, and proxies on the way may change them.
const UNSIGNED: [HeaderName; 4] = [
    ACCEPT,
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// The region and the service that a signature is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) region: String,
    pub(super) service: &'static str,
}

/// The reason why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    #[error("the request cannot be signed")]
    Request(#[from] SigningError),
    #[error("the signature has no parameters")]
    Parameters(#[from] v4::signing_params::BuildError),
    #[error("the signature is no query")]
    Query(#[from] serde_urlencoded::ser::Error),
    #[error("the signature is no header")]
    Header(#[from] InvalidHeaderValue),
}

/// Adds the signature of a `POST` of `body` to its headers.
pub(super) fn sign_post(
    credentials: Credentials,
    scope: &Scope,
    now: Timestamp,
    url: &Uri,
    headers: &mut HeaderMap,
    body: &Pieces,
) -> Result<(), SignatureError> {
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(scope.service)
        .time(SystemTime::from(now))
        .settings(SigningSettings::default())
        .build()?
        .into();
    let signed = headers.iter().filter(|(name, _)| !UNSIGNED.contains(name));
    let signed = signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let body = SignableBody::Precomputed(sha256_hex(body));
    let request = SignableRequest::new("POST", url.to_string(), signed, body)?;
    let (signature, _) = sign(request, &parameters)?.into_parts().0.into_parts();
    for header in signature {
        let mut value = HeaderValue::from_str(header.value())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(header.name()), value);
    }
    Ok(())
}

/// The query that signs a `POST` without a body to `url`, for `life`.
pub(super) fn presigned_query(
    credentials: Credentials,
    scope: &Scope,
    now: Timestamp,
    url: &str,
    life: Duration,
) -> Result<String, SignatureError> {
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(life);
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(scope.service)
        .time(SystemTime::from(now))
        .settings(settings)
        .build()?
        .into();
    let request = SignableRequest::new("POST", url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (_, query) = sign(request, &parameters)?.into_parts().0.into_parts();
    Ok(serde_urlencoded::to_string(query)?)
}

/// The value of `authorization` that shows `token`.
pub(super) fn bearer(token: &Secret) -> Result<HeaderValue, SignatureError> {
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
    bearer.set_sensitive(true);
    Ok(bearer)
}

fn sha256_hex(body: &Pieces) -> String {
    let mut digest = Context::new(&SHA256);
    body.iter().for_each(|piece| digest.update(piece));
    hex(digest.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// AWS's own example key (<https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html>).
    fn credentials() -> Credentials {
        Credentials::from_keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None)
    }

    fn signed(url: &str, headers: &[(&'static str, &'static str)], body: &'static str) -> String {
        let scope = Scope {
            region: "us-east-1".to_owned(),
            service: "service",
        };
        let named = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers: HeaderMap = headers.iter().map(named).collect();
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        let body = Bytes::from_static(body.as_bytes()).into();
        sign_post(credentials(), &scope, now, &url.parse().unwrap(), &mut headers, &body).unwrap();
        headers["authorization"].to_str().unwrap().to_owned()
    }

    #[test]
    fn signatures_are_those_of_awss_published_suite() {
        // `post-vanilla`
        assert_eq!(
            signed("https://example.amazonaws.com/", &[], ""),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        // `post-x-www-form-urlencoded`
        assert_eq!(
            signed(
                "https://example.amazonaws.com/",
                &[("content-type", "application/x-www-form-urlencoded")],
                "Param1=value1"
            ),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }

    #[test]
    fn what_proxies_may_change_is_not_signed() {
        let plain = signed(
            "https://example.amazonaws.com/",
            &[("content-type", "application/json")],
            "{}",
        );
        let more = [
            ("content-type", "application/json"),
            ("accept", "*/*"),
            ("x-request-id", "1"),
            ("traceparent", "00-1"),
            ("tracestate", "a=b"),
        ];
        assert_eq!(signed("https://example.amazonaws.com/", &more, "{}"), plain);
        let beta = [("content-type", "application/json"), ("anthropic-beta", "a,b")];
        assert!(
            signed("https://example.amazonaws.com/", &beta, "{}").contains("SignedHeaders=anthropic-beta;content-type")
        );
    }

    #[test]
    fn a_digest_is_of_all_pieces() {
        let body = Pieces::from_iter([Bytes::from_static(b"a"), Bytes::from_static(b"bc")]);
        assert_eq!(
            sha256_hex(&body),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
