//! Questions to a gateway, and their whole answers.

use std::time::Duration;

use bytes::Bytes;
use domain::access::egress::AllowedNetworks;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Builder;
use http::{Request, StatusCode};
use serde_json::Value;
use service::outbound::{Authorities, CallError, Outbound, Pieces};
use tokio::time::timeout;
use url::form_urlencoded::Serializer;

use crate::error::HelperError;

/// Below the half minute for which programs wait for this one.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER: usize = 256 * 1024;
/// A person's own gateway may be anywhere.
const EVERYWHERE: &str = "0.0.0.0/0,::/0";
/// The files in which systems have the authorities that they trust, the company's own among them.
const SYSTEM: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// A client of gateways.
#[derive(Clone, Debug)]
pub(crate) struct Http(Outbound);

impl Http {
    /// One that believes these authorities besides the public ones; without any, the system's.
    pub(crate) fn new(authorities: &Authorities) -> Result<Self, HelperError> {
        let system = || SYSTEM.iter().find_map(|path| path.parse().ok()).unwrap_or_default();
        let authorities = if authorities.is_empty() {
            system()
        } else {
            authorities.clone()
        };
        let networks: AllowedNetworks = EVERYWHERE.parse().unwrap_or_default();
        Ok(Self(Outbound::new(networks, &authorities)?))
    }

    pub(crate) async fn get(&self, url: &str) -> Result<(StatusCode, Value), HelperError> {
        self.send(url, Request::get(url), String::new()).await
    }

    /// Posts a form, as OAuth's endpoints take it.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Result<(StatusCode, Value), HelperError> {
        let request = Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(url, request, body).await
    }

    /// Status and JSON of an answer; what is no JSON is null.
    async fn send(&self, url: &str, request: Builder, body: String) -> Result<(StatusCode, Value), HelperError> {
        let unreachable = |error: CallError| HelperError::unreachable(origin(url), &error);
        let request = request
            .header(ACCEPT, "application/json")
            .body(Pieces::from(Bytes::from(body)))
            .map_err(|error| unreachable(error.into()))?;
        let late = |_| HelperError::Unreachable {
            gateway: origin(url).to_owned(),
            reason: "timeout".to_owned(),
        };
        let answer = timeout(TIMEOUT, self.whole(request)).await.map_err(late)?;
        let (status, body) = answer.map_err(unreachable)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    async fn whole(&self, request: Request<Pieces>) -> Result<(StatusCode, Vec<u8>), CallError> {
        let (head, body) = self.0.http.send(request).await?.into_parts();
        Ok((head.status, body.read(MAX_ANSWER).await?.unwrap_or_default()))
    }
}

/// Scheme and host, which messages name.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_host_alone() {
        assert_eq!(origin("https://a.example:1/b/c?d"), "https://a.example:1");
        assert_eq!(origin("https://a.example"), "https://a.example");
    }
}
