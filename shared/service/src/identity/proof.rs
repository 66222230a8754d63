//! The way in which one backend is shown the gateway's identity, as its entry says.

use domain::models::auth::{AwsRegion, AwsService, AwsSignature, AzureEntra};
use domain::secret::Secret;
use http::StatusCode;
use tokio::time::Instant;
use url::Url;

use super::sigv4::Scope;
use domain::access::identity_hosts::region_at;

/// The way in which one backend is shown the identity.
#[derive(Clone, Debug)]
pub struct Proof(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// By a signature.
    Aws(Scope),
    /// By a token.
    Token(TokenSource),
}

/// The ingredients of a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum TokenSource {
    /// Without a secret the role at AWS is shown.
    Entra {
        application: AzureEntra,
        secret: Option<Secret>,
    },
}

/// A proof that a request has shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The token, which no client and no log is to be told; `None` of a signature.
    pub token: Option<Secret>,
    /// When the token, or what the signature was made with, was fetched.
    pub(super) since: Instant,
}

impl Kind {
    /// The scope of signatures for a backend at `base`; `None` if neither entry nor address nor process has a region.
    pub(super) fn aws(signature: &AwsSignature, base: &Url, own_region: Option<&str>) -> Option<Self> {
        let named = signature.region.clone().or_else(|| region_at(base));
        let region = named.as_ref().map(AwsRegion::as_str).or(own_region)?;
        let host = base.host_str().unwrap_or_default();
        Some(Self::Aws(Scope {
            region: region.to_owned(),
            service: signature.service.unwrap_or_else(|| AwsService::at(host)).as_str(),
        }))
    }
}

/// True if AWS says by the kind of its error that a signature is outdated: another one may do.
pub(super) fn is_outdated(status: StatusCode, kind: Option<&str>) -> bool {
    const OUTDATED: [&str; 2] = ["ExpiredTokenException", "InvalidSignatureException"];
    let kind = kind.and_then(|kind| kind.split(':').next());
    status == StatusCode::FORBIDDEN && kind.is_some_and(|kind| OUTDATED.contains(&kind))
}
