//! The way in which one backend is shown the gateway's identity, as its entry says.

use domain::access::identity_hosts::region_at;
use domain::models::auth::{
    AnthropicFederation, Auth, AwsRegion, AwsRole, AwsService, AzureCredential, AzureEntra, GcpCredential,
    OpenAiFederation,
};
use domain::secret::Secret;
use http::StatusCode;
use tokio::time::Instant;
use url::Url;

use super::error::IdentityError;
use super::sigv4::Scope;

/// The way in which one backend is shown the identity.
#[derive(Clone, Debug)]
pub struct Proof(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// By a signature, of the gateway's own role or of one that it assumes.
    Aws { scope: Scope, role: Option<AwsRole> },
    /// By a token.
    Token(TokenSource),
}

/// The ingredients of a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum TokenSource {
    Bedrock {
        region: String,
        role: Option<AwsRole>,
    },
    /// Without a secret the role at AWS is shown.
    Entra {
        application: AzureEntra,
        secret: Option<Secret>,
    },
    /// With the file of a service account's key, if that is the credential.
    Google {
        credential: GcpCredential,
        key: Option<Secret>,
    },
    OpenAi(OpenAiFederation),
    Anthropic(AnthropicFederation),
}

/// A proof that a request has shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The token, which no client and no log is to be told; `None` of a signature.
    pub token: Option<Secret>,
    /// The moment at which the token, or what the signature was made with, was fetched.
    pub(super) since: Instant,
}

impl Kind {
    /// How a backend with this `auth` and `secret` at `base` is shown the identity; `None` if it is not. `own_region` is
    /// that of backends whose entry and address name none.
    pub(super) fn of(
        auth: &Auth,
        base: &Url,
        secret: Option<&Secret>,
        own_region: Option<&str>,
    ) -> Result<Option<Self>, IdentityError> {
        let region = |named: Option<&AwsRegion>| {
            let named = named.cloned().or_else(|| region_at(base));
            let region = named.as_ref().map(AwsRegion::as_str).or(own_region);
            region.map(ToOwned::to_owned).ok_or(IdentityError::NoRegion)
        };
        Ok(Some(match auth {
            Auth::None | Auth::ApiKey { .. } => return Ok(None),
            Auth::AwsSigv4(signature) => {
                let host = base.host_str().unwrap_or_default();
                Self::Aws {
                    scope: Scope {
                        region: region(signature.region.as_ref())?,
                        service: signature.service.unwrap_or_else(|| AwsService::at(host)).as_str(),
                    },
                    role: signature.role.clone(),
                }
            }
            Auth::BedrockToken(token) => Self::Token(TokenSource::Bedrock {
                region: region(token.region.as_ref())?,
                role: token.role.clone(),
            }),
            Auth::AzureEntra(application) => Self::Token(TokenSource::Entra {
                application: application.clone(),
                secret: secret
                    .filter(|_| application.credential == AzureCredential::ClientSecret)
                    .cloned(),
            }),
            Auth::Gcp(credential) => Self::Token(TokenSource::Google {
                credential: credential.clone(),
                key: secret
                    .filter(|_| *credential == GcpCredential::ServiceAccountKey)
                    .cloned(),
            }),
            Auth::OpenaiFederation(account) => Self::Token(TokenSource::OpenAi(account.clone())),
            Auth::AnthropicFederation(rule) => Self::Token(TokenSource::Anthropic(rule.clone())),
        }))
    }
}

/// True if AWS says by the kind of its error that a signature is outdated: another one may do.
pub(super) fn is_outdated(status: StatusCode, kind: Option<&str>) -> bool {
    const OUTDATED: [&str; 2] = ["ExpiredTokenException", "InvalidSignatureException"];
    let kind = kind.and_then(|kind| kind.split(':').next());
    status == StatusCode::FORBIDDEN && kind.is_some_and(|kind| OUTDATED.contains(&kind))
}
