//! Tokens by which other clouds know the gateway's role at AWS
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html>).

use aws_credential_types::Credentials;
use domain::secret::Secret;
use jiff::Timestamp;

use super::error::IdentityError;
use super::exchange::{ExchangeError, FormRequest};
use super::sigv4::{Scope, sign_post};
use crate::outbound::Pieces;

/// Seconds: it is used at once.
const LIFE: &str = "300";

/// The signed request for a token that is good for `audience`; at `endpoint`, else at the region's own.
pub(super) fn request(
    credentials: Credentials,
    region: &str,
    endpoint: Option<&str>,
    audience: &str,
    now: Timestamp,
) -> Result<FormRequest, IdentityError> {
    let own = format!("https://sts.{region}.amazonaws.com");
    let url = format!("{}/", endpoint.unwrap_or(&own).trim_end_matches('/'));
    let form = [
        ("Action", "GetWebIdentityToken"),
        ("Version", "2011-06-15"),
        ("Audience.member.1", audience),
        ("SigningAlgorithm", "RS256"),
        ("DurationSeconds", LIFE),
    ];
    let mut request = FormRequest::new(&url, &form)?;
    let scope = Scope {
        region: region.to_owned(),
        service: "sts",
    };
    let body = Pieces::from(request.body.clone());
    sign_post(credentials, &scope, now, &request.url, &mut request.headers, &body)?;
    Ok(request)
}

/// The token in a successful answer. Of its XML one element is wanted, which has neither attributes nor entities: a
/// token is of base64url and dots.
pub(super) fn read(body: &[u8]) -> Result<Secret, ExchangeError> {
    let text = std::str::from_utf8(body).map_err(|_| ExchangeError::NoToken)?;
    let rest = text.split_once("<WebIdentityToken>").map(|(_, rest)| rest);
    let token = rest
        .and_then(|rest| rest.split_once("</WebIdentityToken>"))
        .map(|(token, _)| token.trim());
    let is_token = |token: &&str| {
        !token.is_empty()
            && token
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    token.filter(is_token).map(Secret::from).ok_or(ExchangeError::NoToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_for_one_audience_and_signed_for_sts() {
        let credentials = Credentials::from_keys("AKIDEXAMPLE", "secret", None);
        let now = "2026-11-28T00:00:00Z".parse().unwrap();
        let request = request(credentials, "eu-central-1", None, "api://AzureADTokenExchange", now);
        let request = request.unwrap();
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
    fn the_answer_is_xml_with_one_wanted_element() {
        let xml = |token: &str| {
            format!(
                "<GetWebIdentityTokenResponse><GetWebIdentityTokenResult><Expiration>2026-11-28T00:05:00Z</Expiration>\
                 <WebIdentityToken>{token}</WebIdentityToken></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>"
            )
        };
        assert_eq!(read(xml("aA0-_.b.c").as_bytes()).unwrap().expose(), "aA0-_.b.c");
        for wrong in [
            String::new(),
            xml(""),
            xml("a<b"),
            xml("a b"),
            "<WebIdentityToken>a".to_owned(),
        ] {
            assert!(matches!(read(wrong.as_bytes()), Err(ExchangeError::NoToken)), "{wrong}");
        }
    }
}
