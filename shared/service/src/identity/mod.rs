//! The gateway's own identity at vendors of models: requests to them are signed by its role, or carry a token that was
//! minted for it (docs/backends.md).

mod credentials;
mod entra;
mod error;
mod exchange;
mod proof;
mod sigv4;
mod slot;
mod sts;
mod tokens;

use aws_credential_types::provider::SharedCredentialsProvider;
use domain::access::identity_hosts::IdentityOrigins;
use domain::clock::Clock;
use domain::models::auth::{Auth, AzureCredential};
use domain::secret::Secret;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use jiff::Timestamp;
use tokio::time::Instant;
use url::Url;

use crate::config::{AwsConfig, TokenEndpoints};
use crate::outbound::{Client, Pieces};
use credentials::AwsCredentials;
use proof::{Kind, TokenSource};
use slot::{Fetched, Kept};
use tokens::Tokens;

pub use error::IdentityError;
pub use exchange::ExchangeError;
pub use proof::{Proof, Shown};
pub use sigv4::SignatureError;

/// Microsoft's for all but sovereign clouds.
const AZURE_AUTHORITY: &str = "https://login.microsoftonline.com";

/// The gateway's identity. Clones share what it has fetched.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    origins: IdentityOrigins,
    aws: Option<AwsIdentity>,
    endpoints: TokenEndpoints,
    tokens: Tokens<TokenSource>,
    clock: Clock,
}

#[derive(Clone, Debug)]
struct AwsIdentity {
    credentials: AwsCredentials,
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
            aws: Some(AwsIdentity { credentials, region }),
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
        let kind = match auth {
            Auth::None | Auth::ApiKey { .. } => return Ok(None),
            Auth::AwsSigv4(signature) => {
                let own = self.aws.as_ref().and_then(|aws| aws.region.as_deref());
                Kind::aws(signature, base, own).ok_or(IdentityError::NoRegion)?
            }
            Auth::AzureEntra(application) => Kind::Token(TokenSource::Entra {
                application: application.clone(),
                secret: secret
                    .filter(|_| application.credential == AzureCredential::ClientSecret)
                    .cloned(),
            }),
        };
        Ok(Some(Proof(kind)))
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
            Kind::Aws(scope) => {
                let Kept { value, since, .. } = self.aws()?.credentials.get().await?;
                sigv4::sign_post(value, scope, self.clock.now(), url, headers, body)?;
                Ok(Shown { token: None, since })
            }
            Kind::Token(source) => {
                let slot = self.tokens.of(source);
                let Kept { value, since, .. } = slot.get(&self.clock, self.mint(source, http)).await?;
                let bearer = HeaderValue::try_from(format!("Bearer {}", value.expose()));
                let mut bearer = bearer.map_err(SignatureError::Header)?;
                bearer.set_sensitive(true);
                headers.insert(AUTHORIZATION, bearer);
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
            Kind::Aws(_) if proof::is_outdated(status, aws_kind) => {
                if let Some(aws) = &self.aws {
                    aws.credentials.forget(shown.since).await;
                }
                true
            }
            Kind::Token(source) if status == StatusCode::UNAUTHORIZED && shown.since < began => {
                self.tokens.of(source).forget(shown.since).await;
                true
            }
            Kind::Aws(_) | Kind::Token(_) => false,
        }
    }

    async fn mint(&self, source: &TokenSource, http: &Client) -> Result<Fetched<Secret>, IdentityError> {
        let TokenSource::Entra { application, secret } = source;
        let authority = self.endpoints.azure_authority.as_deref().unwrap_or(AZURE_AUTHORITY);
        let assertion;
        let (shown, sent) = if let Some(secret) = secret {
            (entra::Shown::Secret(secret), secret)
        } else {
            assertion = self.web_identity(entra::AUDIENCE, http).await?;
            (entra::Shown::Assertion(&assertion), &assertion)
        };
        let request = entra::request(authority, application, &shown)?;
        let answer = exchange::send(http, request).await?.success(Some(sent))?;
        let (value, life) = entra::read(&answer)?;
        Ok(Fetched {
            value,
            end: self.clock.now().checked_add(life).unwrap_or(Timestamp::MAX),
        })
    }

    /// A token by which other clouds know the role at AWS.
    async fn web_identity(&self, audience: &str, http: &Client) -> Result<Secret, IdentityError> {
        let aws = self.aws()?;
        let region = aws.region.as_deref().ok_or(IdentityError::NoRegion)?;
        let credentials = aws.credentials.get().await?.value;
        let endpoint = self.endpoints.sts.as_deref();
        let request = sts::request(credentials, region, endpoint, audience, self.clock.now())?;
        let answer = exchange::send(http, request).await?.success(None)?;
        Ok(sts::read(&answer)?)
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
            Some(Kind::Aws(Scope { region, service })) => Some((region, service)),
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
