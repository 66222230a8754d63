//! The gateway's own identity at vendors of models: requests to them are signed by its role, or carry a token that was
//! minted for it (docs/backends.md).

mod bedrock;
mod credentials;
mod entra;
mod error;
mod exchange;
mod federation;
mod google;
mod minting;
mod proof;
mod sigv4;
mod slot;
mod slots;
mod sts;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use domain::access::identity_hosts::IdentityOrigins;
use domain::clock::Clock;
use domain::models::auth::{Auth, AwsRole};
use domain::secret::Secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode, Uri};
use tokio::time::Instant;
use url::Url;

use crate::config::AwsConfig;
use crate::outbound::{Client, Pieces};
use crate::token_endpoints::TokenEndpoints;
use credentials::AwsCredentials;
use proof::{Kind, TokenSource};
use slot::Kept;
use slots::Slots;

pub use error::IdentityError;
pub use exchange::ExchangeError;
pub use proof::{Proof, Shown};
pub use sigv4::SignatureError;

/// The gateway's identity. Clones share what it has fetched.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    origins: IdentityOrigins,
    aws: Option<AwsIdentity>,
    endpoints: TokenEndpoints,
    tokens: Slots<TokenSource, Secret>,
    clock: Clock,
}

#[derive(Clone, Debug)]
struct AwsIdentity {
    credentials: AwsCredentials,
    /// Those of roles that it assumes.
    roles: Slots<AwsRole, Credentials>,
    region: Option<String>,
}

impl Identity {
    /// An identity without credentials, for `origins` besides the vendors' own hosts.
    pub fn at(origins: IdentityOrigins, clock: Clock) -> Self {
        Self {
            origins,
            clock,
            ..Self::default()
        }
    }

    /// The identity of a function of this configuration.
    pub fn of(aws: &AwsConfig, origins: IdentityOrigins, endpoints: TokenEndpoints) -> Self {
        let identity = Self::at(origins, Clock::system()).with_token_endpoints(endpoints);
        identity.with_aws(aws.credentials.clone(), Some(aws.region.clone()))
    }

    /// The same identity with credentials at AWS; `region` is that of backends whose entry and address name none.
    #[must_use]
    pub fn with_aws(self, credentials: SharedCredentialsProvider, region: Option<String>) -> Self {
        let credentials = AwsCredentials::new(credentials, self.clock.clone());
        Self {
            aws: Some(AwsIdentity {
                credentials,
                roles: Slots::default(),
                region,
            }),
            ..self
        }
    }

    #[must_use]
    pub fn with_token_endpoints(self, endpoints: TokenEndpoints) -> Self {
        Self { endpoints, ..self }
    }

    /// The origins to which it may be shown besides the vendors' own.
    pub fn origins(&self) -> &IdentityOrigins {
        &self.origins
    }

    /// How a backend with this `auth` and `secret` at `base` is shown the identity; `None` if it is not.
    pub fn proof(
        &self,
        auth: Option<&Auth>,
        base: &Url,
        secret: Option<&Secret>,
    ) -> Result<Option<Proof>, IdentityError> {
        let Some(auth) = auth else { return Ok(None) };
        if !self.origins.admit(auth, base) {
            return Err(IdentityError::NotTheVendors);
        }
        let own_region = self.aws.as_ref().and_then(|aws| aws.region.as_deref());
        Ok(Kind::of(auth, base, secret, own_region)?.map(Proof))
    }

    /// Adds what shows the identity to the headers of a `POST` of `body`, which is sent at once: a signature is good
    /// for minutes. Tokens are fetched by `http`.
    pub async fn authorize(
        &self,
        proof: &Proof,
        http: &Client,
        url: &Uri,
        headers: &mut HeaderMap,
        body: &Pieces,
    ) -> Result<Shown, IdentityError> {
        match &proof.0 {
            Kind::Aws { scope, role } => {
                let Kept { value, since, .. } = self.credentials(role.as_ref(), http).await?;
                sigv4::sign_post(value, scope, self.clock.now(), url, headers, body)?;
                Ok(Shown { token: None, since })
            }
            Kind::Token(source) => {
                let slot = self.tokens.of(source);
                let Kept { value, since, .. } = slot.get(&self.clock, self.mint(source, http)).await?;
                headers.insert(AUTHORIZATION, sigv4::bearer(&value)?);
                if matches!(source, TokenSource::Anthropic(_)) {
                    headers.append(federation::BETA, federation::BEARER_BETA);
                }
                Ok(Shown {
                    token: Some(value),
                    since,
                })
            }
        }
    }

    /// True if another proof may do where the vendor has refused the one that was `shown` by a request that `began`
    /// then; what was refused is forgotten. A token that was minted for this very request was not outdated.
    pub async fn renews(
        &self,
        proof: &Proof,
        shown: &Shown,
        began: Instant,
        (status, aws_kind): (StatusCode, Option<&str>),
    ) -> bool {
        match &proof.0 {
            Kind::Aws { role, .. } if proof::is_outdated(status, aws_kind) => {
                match (&self.aws, role) {
                    (Some(aws), Some(role)) => aws.roles.of(role).forget(shown.since).await,
                    (Some(aws), None) => aws.credentials.forget(shown.since).await,
                    (None, _) => {}
                }
                true
            }
            Kind::Token(source) if status == StatusCode::UNAUTHORIZED && shown.since < began => {
                self.tokens.of(source).forget(shown.since).await;
                true
            }
            Kind::Aws { .. } | Kind::Token(_) => false,
        }
    }

    fn aws(&self) -> Result<&AwsIdentity, IdentityError> {
        self.aws.as_ref().ok_or(IdentityError::NoAws)
    }
}

#[cfg(test)]
mod tests {
    use super::proof::Kind;
    use super::sigv4::Scope;
    use super::*;

    fn proof(auth: &str, base: &str) -> Result<Option<Kind>, IdentityError> {
        let origins = "https://apim.example.com".parse().unwrap();
        let auth: Auth = serde_json::from_str(auth).unwrap();
        let proof = Identity::at(origins, Clock::system()).proof(Some(&auth), &base.parse().unwrap(), None);
        proof.map(|proof| proof.map(|Proof(kind)| kind))
    }

    fn scope(auth: &str, base: &str) -> Option<(String, &'static str)> {
        match proof(auth, base).unwrap() {
            Some(Kind::Aws {
                scope: Scope { region, service },
                ..
            }) => Some((region, service)),
            _ => None,
        }
    }

    #[test]
    fn region_and_service_are_those_of_the_entry_else_of_the_address() {
        let is = |region: &str, service| Some((region.to_owned(), service));
        let plain = r#"{"type":"aws_sigv4"}"#;
        let runtime = "https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic";
        let mantle = "https://bedrock-mantle.us-east-1.api.aws/v1";
        assert_eq!(scope(plain, runtime), is("eu-central-1", "bedrock"));
        assert_eq!(scope(plain, mantle), is("us-east-1", "bedrock-mantle"));
        let own = r#"{"type":"aws_sigv4","region":"eu-west-1","service":"bedrock"}"#;
        assert_eq!(scope(own, mantle), is("eu-west-1", "bedrock"));
        assert_eq!(scope(own, "https://apim.example.com"), is("eu-west-1", "bedrock"));
        assert!(proof(r#"{"type":"none"}"#, "https://evil.example").unwrap().is_none());
    }

    #[test]
    fn p93_nobody_else_is_shown_the_identity() {
        let plain = r#"{"type":"aws_sigv4"}"#;
        let wrong = proof(plain, "https://evil.example");
        assert!(matches!(wrong, Err(IdentityError::NotTheVendors)));
        assert!(matches!(
            proof(plain, "https://apim.example.com"),
            Err(IdentityError::NoRegion)
        ));
    }
}
