//! Bedrock's short-term keys: a signed address that nobody calls, as text. No network
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>, and the package `aws-bedrock-token-generator`).

use std::time::Duration;

use aws_credential_types::Credentials;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::secret::Secret;
use jiff::Timestamp;

use super::sigv4::{Scope, SignatureError, presigned_query};

/// The longest life of a key; it ends with the credentials that have signed it.
pub(super) const LIFE: Duration = Duration::from_hours(1);

const HOST: &str = "bedrock.amazonaws.com";
const ACTION: &str = "Action=CallWithBearerToken";

/// A key for `region`.
pub(super) fn key(credentials: Credentials, region: &str, now: Timestamp) -> Result<Secret, SignatureError> {
    let scope = Scope {
        region: region.to_owned(),
        service: "bedrock",
    };
    let signature = presigned_query(credentials, &scope, now, &format!("https://{HOST}/?{ACTION}"), LIFE)?;
    let address = format!("{HOST}/?{ACTION}&{signature}&Version=1");
    Ok(format!("bedrock-api-key-{}", STANDARD.encode(address)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_signed_address() {
        let credentials = Credentials::from_keys("AKIDEXAMPLE", "secret", Some("a/session".to_owned()));
        let key = key(credentials, "eu-central-1", "2026-11-28T00:00:00Z".parse().unwrap()).unwrap();
        let base64 = key.expose().strip_prefix("bedrock-api-key-").unwrap();
        let address = String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap();
        let url: url::Url = format!("https://{address}").parse().unwrap();
        assert_eq!((url.host_str(), url.path()), (Some("bedrock.amazonaws.com"), "/"));
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let value = |name: &str| {
            let found = query.iter().find(|(each, _)| each == name);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        assert_eq!(value("Action"), "CallWithBearerToken");
        assert_eq!(
            value("X-Amz-Credential"),
            "AKIDEXAMPLE/20261128/eu-central-1/bedrock/aws4_request"
        );
        assert_eq!((value("X-Amz-Expires"), value("X-Amz-SignedHeaders")), ("3600", "host"));
        assert_eq!(value("X-Amz-Security-Token"), "a/session");
        assert_eq!(value("X-Amz-Signature").len(), 64);
        assert!(address.ends_with("&Version=1"), "{address}");
    }
}
