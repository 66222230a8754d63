//! Requests to AWS's token service: tokens by which others know the gateway's role, and credentials of other roles that
//! it assumes (<https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html>).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use domain::models::auth::{AwsRole, ExternalId};
use domain::secret::Secret;
use jiff::Timestamp;

use super::error::IdentityError;
use super::exchange::{ExchangeError, TokenRequest};
use super::sigv4::{Scope, sign_post};
use super::slot::Fetched;
use crate::outbound::Pieces;

const VERSION: (&str, &str) = ("Version", "2011-06-15");
/// Seconds of a web identity token: it is used at once.
const TOKEN_LIFE: &str = "300";
/// Seconds of an assumed role: the longest that every role allows.
const ROLE_LIFE: &str = "3600";

/// The token service of a region, and who asks it.
#[derive(Debug)]
pub(super) struct Sts<'a> {
    pub(super) credentials: Credentials,
    pub(super) region: &'a str,
    /// Another address than AWS's own.
    pub(super) endpoint: Option<&'a str>,
    pub(super) now: Timestamp,
}

impl Sts<'_> {
    /// The request for a token that is good for `audience`.
    pub(super) fn web_identity(self, audience: &str) -> Result<TokenRequest, IdentityError> {
        self.signed(&[
            ("Action", "GetWebIdentityToken"),
            VERSION,
            ("Audience.member.1", audience),
            ("SigningAlgorithm", "RS256"),
            ("DurationSeconds", TOKEN_LIFE),
        ])
    }

    /// The request for credentials of `role`.
    pub(super) fn assume(self, role: &AwsRole) -> Result<TokenRequest, IdentityError> {
        let mut form = vec![
            ("Action", "AssumeRole"),
            VERSION,
            ("RoleArn", role.role_arn.as_str()),
            ("RoleSessionName", "tidegate"),
            ("DurationSeconds", ROLE_LIFE),
        ];
        form.extend(
            role.external_id
                .as_ref()
                .map(ExternalId::as_str)
                .map(|id| ("ExternalId", id)),
        );
        self.signed(&form)
    }

    fn signed(self, form: &[(&str, &str)]) -> Result<TokenRequest, IdentityError> {
        let own = format!("https://{}", host(self.region));
        let url = format!("{}/", self.endpoint.unwrap_or(&own).trim_end_matches('/'));
        let mut request = TokenRequest::form(&url, form)?;
        let scope = scope(self.region);
        let body = Pieces::from(request.body.clone());
        sign_post(
            self.credentials,
            &scope,
            self.now,
            &request.url,
            &mut request.headers,
            &body,
        )?;
        Ok(request)
    }
}

/// The host of the token service in `region`, whose partition has names of its own.
pub(super) fn host(region: &str) -> String {
    let suffix = match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("sts.{region}.{suffix}")
}

pub(super) fn scope(region: &str) -> Scope {
    Scope {
        region: region.to_owned(),
        service: "sts",
    }
}

/// The web identity token in a successful answer.
pub(super) fn read_token(body: &[u8]) -> Result<Secret, ExchangeError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let token = element(body, "WebIdentityToken").filter(|token| token.bytes().all(is_plain));
    token.map(Secret::from).ok_or(ExchangeError::NoToken)
}

/// The credentials in a successful answer, and their end.
pub(super) fn read_credentials(body: &[u8]) -> Result<Fetched<Credentials>, ExchangeError> {
    let wanted = |name| element(body, name).ok_or(ExchangeError::NoToken);
    let end: Timestamp = wanted("Expiration")?.parse().map_err(|_| ExchangeError::NoToken)?;
    let value = Credentials::new(
        wanted("AccessKeyId")?,
        wanted("SecretAccessKey")?,
        Some(wanted("SessionToken")?.to_owned()),
        Some(SystemTime::from(end)),
        "assumed role",
    );
    Ok(Fetched { value, end })
}

/// The text of an element that stands once, and has neither attributes nor entities: ids, times, base64.
fn element<'b>(body: &'b [u8], name: &str) -> Option<&'b str> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    let inner = inner.trim();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>&".contains(&byte);
    (!inner.is_empty() && inner.bytes().all(is_plain)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sts() -> Sts<'static> {
        Sts {
            credentials: Credentials::from_keys("AKIDEXAMPLE", "secret", None),
            region: "eu-central-1",
            endpoint: None,
            now: "2026-11-28T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_request_is_for_one_audience_and_signed_for_sts() {
        let request = sts().web_identity("api://AzureADTokenExchange").unwrap();
        assert_eq!(request.url.to_string(), "https://sts.eu-central-1.amazonaws.com/");
        assert_eq!(
            request.body,
            "Action=GetWebIdentityToken&Version=2011-06-15&Audience.member.1=api%3A%2F%2FAzureADTokenExchange\
             &SigningAlgorithm=RS256&DurationSeconds=300"
        );
        let signature = request.headers["authorization"].to_str().unwrap();
        assert!(
            signature.contains("/20261128/eu-central-1/sts/aws4_request"),
            "{signature}"
        );
    }

    #[test]
    fn a_role_is_assumed_with_its_external_id() {
        let role = |external_id: &str| AwsRole {
            role_arn: "arn:aws:iam::123456789012:role/models".to_owned().try_into().unwrap(),
            external_id: external_id.to_owned().try_into().ok(),
        };
        let asked = |external_id| sts().assume(&role(external_id)).unwrap().body;
        let plain = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fmodels\
                     &RoleSessionName=tidegate&DurationSeconds=3600";
        assert_eq!(asked(""), plain);
        assert_eq!(asked("x/1"), format!("{plain}&ExternalId=x%2F1"));
    }

    #[test]
    fn partitions_have_their_hosts() {
        assert_eq!(host("us-east-1"), "sts.us-east-1.amazonaws.com");
        assert_eq!(host("cn-north-1"), "sts.cn-north-1.amazonaws.com.cn");
        assert_eq!(host("eusc-de-east-1"), "sts.eusc-de-east-1.amazonaws.eu");
    }

    #[test]
    fn the_answer_is_xml_with_one_wanted_element() {
        let xml = |token: &str| {
            format!(
                "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><Expiration>2026-11-28T00:05:00Z</Expiration>\
                 <WebIdentityToken>{token}</WebIdentityToken></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>"
            )
        };
        assert_eq!(read_token(xml("aA0-_.b.c").as_bytes()).unwrap().expose(), "aA0-_.b.c");
        for wrong in [
            String::new(),
            xml(""),
            xml("a<b"),
            xml("a b"),
            "<WebIdentityToken>a".to_owned(),
        ] {
            let read = read_token(wrong.as_bytes());
            assert!(matches!(read, Err(ExchangeError::NoToken)), "{wrong}");
        }
    }

    #[test]
    fn credentials_have_an_end() {
        let xml = |end: &str| {
            format!(
                "<R><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>a/b+c=</SecretAccessKey>\
                 <SessionToken>t/+=</SessionToken>{end}</Credentials></R>"
            )
        };
        let answer = xml("<Expiration>2026-11-28T01:00:00Z</Expiration>");
        let Fetched { value, end } = read_credentials(answer.as_bytes()).unwrap();
        assert_eq!((value.access_key_id(), value.secret_access_key()), ("ASIA1", "a/b+c="));
        assert_eq!(value.session_token(), Some("t/+="));
        assert_eq!(end, "2026-11-28T01:00:00Z".parse().unwrap());
        for wrong in [
            xml(""),
            xml("<Expiration>soon</Expiration>"),
            answer.replace("ASIA1", ""),
        ] {
            assert!(read_credentials(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
