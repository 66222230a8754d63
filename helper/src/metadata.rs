//! The endpoints that a gateway tells of (RFC 8414).

use http::StatusCode;
use serde::Deserialize;

use crate::error::HelperError;
use crate::gateway::GatewayUrl;
use crate::http::Http;

const DOCUMENT: &str = "/.well-known/oauth-authorization-server";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    /// Opened in a browser, and may be at another address of the gateway: the one at which people log in.
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) device_authorization_endpoint: String,
    pub(crate) revocation_endpoint: String,
}

impl Metadata {
    /// The document of `gateway`, whose endpoints are its own.
    pub(crate) async fn of(http: &Http, gateway: &GatewayUrl) -> Result<Self, HelperError> {
        let (status, document) = http.get(&gateway.at(DOCUMENT)).await?;
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(HelperError::SwitchedOff(gateway.to_string())),
            status => {
                return Err(HelperError::Refused {
                    gateway: gateway.to_string(),
                    status: status.as_u16(),
                    reason: "it does not tell its endpoints".to_owned(),
                });
            }
        }
        let mistaken = |reason| HelperError::Mistaken {
            gateway: gateway.to_string(),
            reason,
        };
        let metadata: Self =
            serde_json::from_value(document).map_err(|_| mistaken("its document has not all endpoints"))?;
        metadata.check(gateway).map_err(mistaken)?;
        Ok(metadata)
    }

    /// Refuses what would send codes and tokens elsewhere (RFC 8414 §3.3).
    fn check(&self, gateway: &GatewayUrl) -> Result<(), &'static str> {
        if self.issuer != gateway.as_str() {
            return Err("it calls itself by another address; sign in at that one");
        }
        let own = [
            &self.token_endpoint,
            &self.device_authorization_endpoint,
            &self.revocation_endpoint,
        ];
        if own.iter().any(|endpoint| !gateway.holds(endpoint)) {
            return Err("its endpoints are somebody else's");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(issuer: &str, token: &str) -> Metadata {
        Metadata {
            issuer: issuer.into(),
            authorization_endpoint: "https://login.example/oauth/authorize".into(),
            token_endpoint: token.into(),
            device_authorization_endpoint: "https://a.example/oauth/device_authorization".into(),
            revocation_endpoint: "https://a.example/oauth/revoke".into(),
        }
    }

    #[test]
    fn a_document_of_somebody_else_is_refused() {
        let gateway: GatewayUrl = "https://a.example".parse().unwrap();
        let own = "https://a.example/oauth/token";
        assert_eq!(metadata("https://a.example", own).check(&gateway), Ok(()));
        metadata("https://b.example", own).check(&gateway).unwrap_err();
        for elsewhere in [
            "https://b.example/oauth/token",
            "https://a.example.evil/oauth/token",
            "",
        ] {
            metadata("https://a.example", elsewhere).check(&gateway).unwrap_err();
        }
    }
}
