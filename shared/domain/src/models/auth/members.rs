//! The members of an `auth` as they are written. Each is judged by itself first, so that a refusal names it, and then
//! whether its type has it.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::aws::{AwsRegion, AwsRole, AwsService, AwsSignature, BedrockToken, ExternalId, RoleArn};
use super::azure::{AzureCredential, AzureEntra, EntraId, EntraScope};
use super::entry::Auth;
use super::federation::{AnthropicFederation, OpenAiFederation, VendorId};
use super::gcp::{GcpCredential, ServiceAccount, WorkloadProvider};
use super::header::KeyHeader;

impl<'de> Deserialize<'de> for Auth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = Members::deserialize(deserializer)?;
        let auth = members.taken()?;
        match members.left() {
            Some(name) => Err(D::Error::unknown_field(name, members.kind.members())),
            None => Ok(auth),
        }
    }
}

/// Declares the members beside `type`, and which of them are left.
macro_rules! members {
    ($($name:ident: $type:ty,)+) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            #[serde(rename = "type")]
            kind: Kind,
            $($name: Option<$type>,)+
        }

        impl Members {
            /// A member that the type has not taken.
            fn left(&self) -> Option<&'static str> {
                [$((stringify!($name), self.$name.is_some())),+]
                    .into_iter()
                    .find(|(_, given)| *given)
                    .map(|(name, _)| name)
            }
        }
    };
}

members! {
    header: KeyHeader,
    region: AwsRegion,
    service: AwsService,
    role_arn: RoleArn,
    external_id: ExternalId,
    tenant_id: EntraId,
    client_id: EntraId,
    credential: Credential,
    scope: EntraScope,
    audience: WorkloadProvider,
    service_account: ServiceAccount,
    identity_provider_id: VendorId,
    service_account_id: VendorId,
    federation_rule_id: VendorId,
    organization_id: VendorId,
    workspace_id: VendorId,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    None,
    ApiKey,
    AwsSigv4,
    BedrockToken,
    AzureEntra,
    Gcp,
    OpenaiFederation,
    AnthropicFederation,
}

impl Kind {
    /// The members that it may have.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::ApiKey => &["header"],
            Self::AwsSigv4 => &["region", "service", "role_arn", "external_id"],
            Self::BedrockToken => &["region", "role_arn", "external_id"],
            Self::AzureEntra => &["tenant_id", "client_id", "credential", "scope"],
            Self::Gcp => &["credential", "audience", "service_account"],
            Self::OpenaiFederation => &["identity_provider_id", "service_account_id"],
            Self::AnthropicFederation => &[
                "federation_rule_id",
                "organization_id",
                "service_account_id",
                "workspace_id",
            ],
        }
    }
}

/// The proof that is shown to a token endpoint, of any type that has one.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Credential {
    AwsFederation,
    ClientSecret,
    ServiceAccountKey,
}

impl Members {
    /// The `auth` that the members say.
    fn taken<E: Error>(&mut self) -> Result<Auth, E> {
        Ok(match self.kind {
            Kind::None => Auth::None,
            Kind::ApiKey => Auth::ApiKey {
                header: required(&mut self.header, "header")?,
            },
            Kind::AwsSigv4 => Auth::AwsSigv4(AwsSignature {
                region: self.region.take(),
                service: self.service.take(),
                role: self.role()?,
            }),
            Kind::BedrockToken => Auth::BedrockToken(BedrockToken {
                region: self.region.take(),
                role: self.role()?,
            }),
            Kind::AzureEntra => Auth::AzureEntra(self.entra()?),
            Kind::Gcp => Auth::Gcp(self.gcp()?),
            Kind::OpenaiFederation => Auth::OpenaiFederation(self.openai()?),
            Kind::AnthropicFederation => Auth::AnthropicFederation(self.anthropic()?),
        })
    }

    fn role<E: Error>(&mut self) -> Result<Option<AwsRole>, E> {
        let external_id = self.external_id.take();
        match self.role_arn.take() {
            Some(role_arn) => Ok(Some(AwsRole { role_arn, external_id })),
            None if external_id.is_some() => Err(E::missing_field("role_arn")),
            None => Ok(None),
        }
    }

    fn entra<E: Error>(&mut self) -> Result<AzureEntra, E> {
        Ok(AzureEntra {
            tenant_id: required(&mut self.tenant_id, "tenant_id")?,
            client_id: required(&mut self.client_id, "client_id")?,
            credential: match required(&mut self.credential, "credential")? {
                Credential::AwsFederation => AzureCredential::AwsFederation,
                Credential::ClientSecret => AzureCredential::ClientSecret,
                Credential::ServiceAccountKey => return Err(other_credential("`aws_federation` or `client_secret`")),
            },
            scope: self.scope.take(),
        })
    }

    fn gcp<E: Error>(&mut self) -> Result<GcpCredential, E> {
        match required(&mut self.credential, "credential")? {
            Credential::AwsFederation => Ok(GcpCredential::AwsFederation {
                audience: required(&mut self.audience, "audience")?,
                service_account: self.service_account.take(),
            }),
            Credential::ServiceAccountKey => Ok(GcpCredential::ServiceAccountKey),
            Credential::ClientSecret => Err(other_credential("`aws_federation` or `service_account_key`")),
        }
    }

    fn openai<E: Error>(&mut self) -> Result<OpenAiFederation, E> {
        Ok(OpenAiFederation {
            identity_provider_id: required(&mut self.identity_provider_id, "identity_provider_id")?,
            service_account_id: required(&mut self.service_account_id, "service_account_id")?,
        })
    }

    fn anthropic<E: Error>(&mut self) -> Result<AnthropicFederation, E> {
        Ok(AnthropicFederation {
            federation_rule_id: required(&mut self.federation_rule_id, "federation_rule_id")?,
            organization_id: required(&mut self.organization_id, "organization_id")?,
            service_account_id: self.service_account_id.take(),
            workspace_id: self.workspace_id.take(),
        })
    }
}

fn required<T, E: Error>(member: &mut Option<T>, name: &'static str) -> Result<T, E> {
    member.take().ok_or_else(|| E::missing_field(name))
}

/// The refusal of a credential that is another type's.
fn other_credential<E: Error>(expected: &str) -> E {
    E::custom(format_args!("unknown variant of `credential`, expected {expected}"))
}
