//! To whom the gateway says who it is (promise 93): an administrator who could point its signature or its token at a
//! host of his own would have its rights. Hosts are matched whole, label by label.

use std::str::FromStr;

use url::Url;

use crate::models::auth::{Auth, AwsRegion};

/// The hosts of a vendor: names in front of suffixes. In a name `*` stands for characters of one label, and `{region}`
/// for a region of AWS.
struct Hosts {
    names: &'static [&'static str],
    suffixes: &'static [&'static str],
}

const REGION: &str = "{region}";

/// <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>, and by way of interface endpoints.
const AWS: &[Hosts] = &[
    Hosts {
        names: &[
            "bedrock-runtime.{region}",
            "bedrock-runtime-fips.{region}",
            "vpce-*.bedrock-runtime.{region}.vpce",
        ],
        suffixes: &["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"],
    },
    Hosts {
        names: &["bedrock-mantle.{region}", "aws-external-anthropic.{region}"],
        suffixes: &["api.aws"],
    },
];

/// Not `azure-api.net`, where anyone can rent a name.
const AZURE: &[Hosts] = &[Hosts {
    names: &["*"],
    suffixes: &[
        "openai.azure.com",
        "openai.azure.us",
        "openai.azure.cn",
        "services.ai.azure.com",
        "services.ai.azure.us",
        "services.ai.azure.cn",
        "cognitiveservices.azure.com",
        "cognitiveservices.azure.us",
        "cognitiveservices.azure.cn",
    ],
}];

/// <https://cloud.google.com/vertex-ai/docs/general/locations>, the Gemini API, and Claude as Anthropic runs it there.
const GOOGLE: &[Hosts] = &[Hosts {
    names: &[
        "aiplatform",
        "*-aiplatform",
        "aiplatform.*.rep",
        "generativelanguage",
        "claude",
    ],
    suffixes: &["googleapis.com"],
}];

const OPENAI: &[Hosts] = &[Hosts {
    names: &["api"],
    suffixes: &["openai.com"],
}];

const ANTHROPIC: &[Hosts] = &[Hosts {
    names: &["api"],
    suffixes: &["anthropic.com"],
}];

/// Origins that the owner of the deployment names besides the vendors' own: `IDENTITY_ORIGINS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityOrigins(Vec<url::Origin>);

impl FromStr for IdentityOrigins {
    type Err = String;

    /// Origins like `https://gateway.example.com`, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let origins = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let parsed = origins.map(|part| {
            let url = Url::parse(part)
                .ok()
                .filter(|url| url.has_host() && url.path() == "/" && url.query().is_none());
            let url = url.ok_or_else(|| format!("{part} is not an origin like https://gateway.example.com"))?;
            Ok(url.origin())
        });
        parsed.collect::<Result<_, String>>().map(Self)
    }
}

impl IdentityOrigins {
    /// True if the gateway may show at `url` the identity that `auth` is; true for everything that is none.
    pub fn admit(&self, auth: &Auth, url: &Url) -> bool {
        let vendors = match auth {
            Auth::None | Auth::ApiKey { .. } => return true,
            Auth::AwsSigv4(_) | Auth::BedrockToken(_) => AWS,
            Auth::AzureEntra(_) => AZURE,
            Auth::Gcp(_) => GOOGLE,
            Auth::OpenaiFederation(_) => OPENAI,
            Auth::AnthropicFederation(_) => ANTHROPIC,
        };
        let is_plain = url.scheme() == "https" && url.port().is_none();
        let is_vendors = || url.domain().is_some_and(|host| found(vendors, host).is_some());
        (is_plain && is_vendors()) || self.0.contains(&url.origin())
    }
}

/// The region that a host of AWS names.
pub fn region_at(url: &Url) -> Option<AwsRegion> {
    let Place { region } = found(AWS, url.domain()?)?;
    AwsRegion::try_from(region?.to_owned()).ok()
}

/// Facts that a vendor's host tells by its name.
#[derive(Clone, Copy, Default)]
struct Place<'h> {
    region: Option<&'h str>,
}

/// The facts of `host` if it is one of `hosts`.
fn found<'h>(hosts: &[Hosts], host: &'h str) -> Option<Place<'h>> {
    hosts.iter().find_map(|Hosts { names, suffixes }| {
        let mut before = suffixes
            .iter()
            .filter_map(|suffix| host.strip_suffix(suffix)?.strip_suffix('.'));
        before.find_map(|before| names.iter().find_map(|name| matched(name, before)))
    })
}

/// The facts of `text` if its labels are those of `name`.
fn matched<'h>(name: &str, text: &'h str) -> Option<Place<'h>> {
    let mut place = Place::default();
    let (mut wanted, mut labels) = (name.split('.'), text.split('.'));
    loop {
        match (wanted.next(), labels.next()) {
            (None, None) => return Some(place),
            (Some(REGION), Some(label)) => {
                AwsRegion::try_from(label.to_owned()).ok()?;
                place.region = Some(label);
            }
            (Some(wanted), Some(label)) if fits(wanted, label) => {}
            _ => return None,
        }
    }
}

fn fits(wanted: &str, label: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == label,
        Some((before, behind)) => {
            let rest = label.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
            rest.is_some_and(|rest| !rest.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::auth::AwsSignature;

    fn aws() -> Auth {
        Auth::AwsSigv4(AwsSignature::default())
    }

    fn admits(auth: &Auth, url: &str) -> bool {
        IdentityOrigins::default().admit(auth, &url.parse().unwrap())
    }

    #[test]
    fn p93_awss_signature_is_for_hosts_of_bedrock() {
        for url in [
            "https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic",
            "https://bedrock-runtime.eu-central-1.amazonaws.com:443/openai/v1",
            "https://BEDROCK-runtime.eu-central-1.amazonaws.com",
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
            "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu",
            "https://vpce-0a1b-2c.bedrock-runtime.eu-central-1.vpce.amazonaws.com",
            "https://bedrock-mantle.eu-central-1.api.aws/anthropic",
            "https://aws-external-anthropic.us-east-1.api.aws",
        ] {
            assert!(admits(&aws(), url), "{url}");
        }
    }

    #[test]
    fn p93_nobody_who_looks_like_bedrock_gets_a_signature() {
        for url in [
            "http://bedrock-runtime.eu-central-1.amazonaws.com",
            "https://bedrock-runtime.eu-central-1.amazonaws.com:8443",
            "https://bedrock-runtime.eu-central-1.amazonaws.com.evil.example",
            "https://evil.example/bedrock-runtime.eu-central-1.amazonaws.com",
            "https://evil-bedrock-runtime.eu-central-1.amazonaws.com",
            "https://evil.bedrock-runtime.eu-central-1.amazonaws.com",
            "https://bedrock-runtime.eu-central-1.evil.amazonaws.com",
            "https://bedrock-runtime.eu-central-1.evilamazonaws.com",
            "https://bedrock-runtime.eu-central-1.amazonaws.com.",
            "https://bedrock-runtime.amazonaws.com",
            "https://bedrock-runtime..amazonaws.com",
            "https://bedrock-runtime.s3.amazonaws.com",
            "https://bedrock-runtime.eu-central-1.s3.amazonaws.com",
            "https://bedrock.eu-central-1.amazonaws.com",
            "https://dynamodb.eu-central-1.amazonaws.com",
            "https://sts.eu-central-1.amazonaws.com",
            "https://vpce-.bedrock-runtime.eu-central-1.vpce.amazonaws.com",
            "https://vpce-1.dynamodb.eu-central-1.vpce.amazonaws.com",
            "https://bedrock-mantle.eu-central-1.amazonaws.com",
            "https://bedrock-runtime.eu-central-1.api.aws",
            "https://bedrock-mantle.eu-central-1.api.aws.evil.example",
            "https://127.0.0.1",
        ] {
            assert!(!admits(&aws(), url), "{url}");
        }
    }

    #[test]
    fn p93_a_token_of_entra_is_for_models_in_azure() {
        let written = r#"{"type":"azure_entra","tenant_id":"t","client_id":"c","credential":"aws_federation"}"#;
        let application: Auth = serde_json::from_str(written).unwrap();
        for url in [
            "https://mine.openai.azure.com/openai/v1",
            "https://mine.services.ai.azure.com/anthropic",
            "https://mine.cognitiveservices.azure.com",
            "https://mine.openai.azure.us",
            "https://mine.openai.azure.cn",
        ] {
            assert!(admits(&application, url), "{url}");
            assert!(!admits(&aws(), url), "{url}");
        }
        for url in [
            "http://mine.openai.azure.com",
            "https://openai.azure.com",
            "https://.openai.azure.com",
            "https://a.b.openai.azure.com",
            "https://mineopenai.azure.com",
            "https://mine.azure-api.net",
            "https://mine.openai.azure.com.evil.example",
            "https://mine.openai.azure.com:8443",
            "https://bedrock-runtime.eu-central-1.amazonaws.com",
        ] {
            assert!(!admits(&application, url), "{url}");
        }
    }

    #[test]
    fn p93_tokens_of_google_and_of_federations_are_for_these_vendors_alone() {
        let google = r#"{"type":"gcp","credential":"service_account_key"}"#;
        let openai = r#"{"type":"openai_federation","identity_provider_id":"i","service_account_id":"s"}"#;
        let anthropic = r#"{"type":"anthropic_federation","federation_rule_id":"r","organization_id":"o"}"#;
        let own = |auth: &str| match auth {
            auth if auth == google => vec![
                "https://aiplatform.googleapis.com/v1/projects/p/locations/global",
                "https://europe-west1-aiplatform.googleapis.com",
                "https://aiplatform.eu.rep.googleapis.com",
                "https://generativelanguage.googleapis.com/v1beta/openai",
                "https://claude.googleapis.com",
            ],
            auth if auth == openai => vec!["https://api.openai.com/v1"],
            _ => vec!["https://api.anthropic.com"],
        };
        let nobodys = [
            "http://aiplatform.googleapis.com",
            "https://aiplatform.googleapis.com.evil.example",
            "https://evil.aiplatform.googleapis.com",
            "https://evilaiplatform.googleapis.com",
            "https://-aiplatform.googleapis.com",
            "https://aiplatform.eu.us.rep.googleapis.com",
            "https://storage.googleapis.com",
            "https://sts.googleapis.com",
            "https://googleapis.com",
            "https://openai.com",
            "https://auth.openai.com",
            "https://api.openai.com:8443",
            "https://api.anthropic.com.evil.example",
        ];
        for auth in [google, openai, anthropic] {
            let of = |each: &str| serde_json::from_str::<Auth>(each).unwrap();
            for other in [google, openai, anthropic] {
                for url in own(other) {
                    assert_eq!(admits(&of(auth), url), auth == other, "{url} {auth}");
                }
            }
            assert!(nobodys.iter().all(|url| !admits(&of(auth), url)), "{auth}");
        }
    }

    #[test]
    fn p93_the_deployments_owner_may_name_other_origins() {
        let origins: IdentityOrigins = "https://apim.example.com, http://127.0.0.1:8080".parse().unwrap();
        let admits = |url: &str| origins.admit(&aws(), &url.parse().unwrap());
        for url in [
            "https://apim.example.com/bedrock",
            "https://apim.example.com:443",
            "http://127.0.0.1:8080/v1",
        ] {
            assert!(admits(url), "{url}");
        }
        for url in [
            "http://apim.example.com",
            "https://apim.example.com:444",
            "https://a.apim.example.com",
            "http://127.0.0.1:8081",
        ] {
            assert!(!admits(url), "{url}");
        }
        for wrong in ["apim.example.com", "https://a.example/path", "https://a.example?q", "*"] {
            assert!(wrong.parse::<IdentityOrigins>().is_err(), "{wrong}");
        }
        assert_eq!("".parse::<IdentityOrigins>().unwrap(), IdentityOrigins::default());
    }

    #[test]
    fn a_key_is_for_any_host() {
        assert!(admits(&Auth::None, "http://127.0.0.1:9"));
    }

    #[test]
    fn the_region_is_the_hosts() {
        for (url, region) in [
            (
                "https://bedrock-runtime.eu-central-1.amazonaws.com",
                Some("eu-central-1"),
            ),
            (
                "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
                Some("us-east-1"),
            ),
            ("https://apim.example.com", None),
        ] {
            let found = region_at(&url.parse().unwrap());
            assert_eq!(found.as_ref().map(AwsRegion::as_str), region, "{url}");
        }
    }
}
