//! The making of tokens and credentials: each by the requests of its kind.

use std::time::Duration;

use aws_credential_types::Credentials;
use domain::models::auth::{AwsRole, AzureEntra, GcpCredential, ServiceAccount, WorkloadProvider};
use domain::secret::Secret;
use jiff::Timestamp;

use super::error::IdentityError;
use super::exchange::{self, TokenRequest, read_token};
use super::proof::TokenSource;
use super::slot::{Fetched, Kept};
use super::sts::{self, Sts};
use super::{Identity, bedrock, entra, federation, google};
use crate::outbound::Client;

/// Microsoft's for all but sovereign clouds.
const AZURE_AUTHORITY: &str = "https://login.microsoftonline.com";

/// A token and its life.
type Minted = Result<(Secret, Duration), IdentityError>;

impl Identity {
    /// A new token of `source`.
    pub(super) async fn mint(&self, source: &TokenSource, http: &Client) -> Result<Fetched<Secret>, IdentityError> {
        let endpoints = &self.endpoints;
        let (value, life) = match source {
            TokenSource::Bedrock { region, role } => return self.bedrock_key(region, role.as_ref(), http).await,
            TokenSource::Entra { application, secret } => self.entra(application, secret.as_ref(), http).await?,
            TokenSource::Google { credential, key } => self.google(credential, key.as_ref(), http).await?,
            TokenSource::OpenAi(account) => {
                let assertion = self.web_identity(federation::OPENAI_AUDIENCE, http).await?;
                let request = federation::openai(endpoints.openai.as_deref(), account, &assertion)?;
                read_token(&answer(http, request, &assertion).await?)?
            }
            TokenSource::Anthropic(rule) => {
                let assertion = self.web_identity(federation::ANTHROPIC_AUDIENCE, http).await?;
                let request = federation::anthropic(endpoints.anthropic.as_deref(), rule, &assertion)?;
                read_token(&answer(http, request, &assertion).await?)?
            }
        };
        let end = self.clock.now().checked_add(life).unwrap_or(Timestamp::MAX);
        Ok(Fetched { value, end })
    }

    /// The gateway's own credentials at AWS, or those of `role`, which it assumes.
    pub(super) async fn credentials(
        &self,
        role: Option<&AwsRole>,
        http: &Client,
    ) -> Result<Kept<Credentials>, IdentityError> {
        let aws = self.aws()?;
        let Some(role) = role else {
            return Ok(aws.credentials.get().await?);
        };
        let assume = async {
            let request = self.sts().await?.assume(role)?;
            let answer = exchange::send(http, request).await?.success(None)?;
            Ok(sts::read_credentials(&answer)?)
        };
        aws.roles.of(role).get(&self.clock, assume).await
    }

    async fn bedrock_key(
        &self,
        region: &str,
        role: Option<&AwsRole>,
        http: &Client,
    ) -> Result<Fetched<Secret>, IdentityError> {
        let Kept { value, end, .. } = self.credentials(role, http).await?;
        let now = self.clock.now();
        let own_end = now.checked_add(bedrock::LIFE).unwrap_or(Timestamp::MAX);
        Ok(Fetched {
            value: bedrock::key(value, region, now)?,
            end: own_end.min(end),
        })
    }

    async fn entra(&self, application: &AzureEntra, secret: Option<&Secret>, http: &Client) -> Minted {
        let authority = self.endpoints.azure_authority.as_deref().unwrap_or(AZURE_AUTHORITY);
        let assertion;
        let (shown, sent) = if let Some(secret) = secret {
            (entra::Shown::Secret(secret), secret)
        } else {
            assertion = self.web_identity(entra::AUDIENCE, http).await?;
            (entra::Shown::Assertion(&assertion), &assertion)
        };
        let request = entra::request(authority, application, &shown)?;
        Ok(read_token(&answer(http, request, sent).await?)?)
    }

    async fn google(&self, credential: &GcpCredential, key: Option<&Secret>, http: &Client) -> Minted {
        match (credential, key) {
            (
                GcpCredential::AwsFederation {
                    audience,
                    service_account,
                },
                _,
            ) => self.google_by_role(audience, service_account.as_ref(), http).await,
            (GcpCredential::ServiceAccountKey, key) => {
                let nothing = Secret::default();
                let endpoint = self.endpoints.google_token.as_deref();
                let (request, assertion) = google::by_key(endpoint, key.unwrap_or(&nothing), self.clock.now())?;
                Ok(read_token(&answer(http, request, &assertion).await?)?)
            }
        }
    }

    async fn google_by_role(
        &self,
        audience: &WorkloadProvider,
        account: Option<&ServiceAccount>,
        http: &Client,
    ) -> Minted {
        let endpoints = &self.endpoints;
        let Sts {
            credentials,
            region,
            now,
            ..
        } = self.sts().await?;
        let subject = google::subject_token(credentials, region, audience, now)?;
        let request = google::exchange(endpoints.google_sts.as_deref(), audience, &subject)?;
        let (token, life) = read_token(&answer(http, request, &subject).await?)?;
        let Some(account) = account else {
            return Ok((token, life));
        };
        let endpoint = endpoints.google_iam_credentials.as_deref();
        let request = google::impersonation(endpoint, account, &token)?;
        let answered = answer(http, request, &token).await?;
        Ok(google::read_impersonated(&answered, self.clock.now())?)
    }

    /// A token by which `audience` knows the role at AWS.
    async fn web_identity(&self, audience: &str, http: &Client) -> Result<Secret, IdentityError> {
        let request = self.sts().await?.web_identity(audience)?;
        let answer = exchange::send(http, request).await?.success(None)?;
        Ok(sts::read_token(&answer)?)
    }

    /// The token service, asked by the gateway's own credentials.
    async fn sts(&self) -> Result<Sts<'_>, IdentityError> {
        let aws = self.aws()?;
        Ok(Sts {
            region: aws.region.as_deref().ok_or(IdentityError::NoRegion)?,
            credentials: aws.credentials.get().await?.value,
            endpoint: self.endpoints.sts.as_deref(),
            now: self.clock.now(),
        })
    }
}

/// The body of a success; the log has what a refusal says, without the secret that was `sent`.
async fn answer(http: &Client, request: TokenRequest, sent: &Secret) -> Result<Vec<u8>, IdentityError> {
    Ok(exchange::send(http, request).await?.success(Some(sent))?)
}
