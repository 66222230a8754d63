//! Tokens of Google Cloud: by the gateway's role at AWS
//! (<https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds>), or by a service account's key
//! (<https://developers.google.com/identity/protocols/oauth2/service-account>).

use std::time::Duration;

use aws_credential_types::Credentials;
use domain::access::service_account::ServiceAccountKey;
use domain::models::auth::{ServiceAccount, WorkloadProvider};
use domain::secret::Secret;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::IdentityError;
use super::exchange::{ExchangeError, TokenRequest};
use super::sigv4::{SignatureError, bearer, sign_post};
use super::sts;
use crate::outbound::Pieces;

/// The endpoint at which a service account's key is shown. The key's own file names one too, and is not obeyed.
const TOKEN: &str = "https://oauth2.googleapis.com/token";
const STS: &str = "https://sts.googleapis.com";
const IAM_CREDENTIALS: &str = "https://iamcredentials.googleapis.com";

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TARGET: HeaderName = HeaderName::from_static("x-goog-cloud-target-resource");

/// A request that only the role could have signed, for Google to make: AWS answers it with the role's name.
pub(super) fn subject_token(
    credentials: Credentials,
    region: &str,
    audience: &WorkloadProvider,
    now: Timestamp,
) -> Result<Secret, IdentityError> {
    let host = sts::host(region);
    let url = format!("https://{host}?Action=GetCallerIdentity&Version=2011-06-15");
    let target = HeaderValue::try_from(audience.as_str()).map_err(SignatureError::Header)?;
    let mut headers = HeaderMap::from_iter([(TARGET, target)]);
    let signed = Uri::try_from(url.as_str()).map_err(|_| ExchangeError::Address)?;
    sign_post(
        credentials,
        &sts::scope(region),
        now,
        &signed,
        &mut headers,
        &Pieces::default(),
    )?;
    headers.insert(HOST, HeaderValue::try_from(host).map_err(SignatureError::Header)?);
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().unwrap_or_default();
        json!({"key": name.as_str(), "value": value})
    };
    let headers: Vec<Value> = headers.iter().map(header).collect();
    let request = json!({"url": url, "method": "POST", "headers": headers}).to_string();
    Ok(quoted(&request).into())
}

/// `text` with all but unreserved characters escaped (RFC 3986 §2.3).
fn quoted(text: &str) -> String {
    let form = serde_urlencoded::to_string([("", text)]).unwrap_or_default();
    form.trim_start_matches('=').replace('+', "%20")
}

/// The exchange of a [`subject_token`] for one of Google.
pub(super) fn exchange(
    endpoint: Option<&str>,
    audience: &WorkloadProvider,
    subject: &Secret,
) -> Result<TokenRequest, ExchangeError> {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("audience", audience.as_str()),
        ("scope", SCOPE),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token", subject.expose()),
        ("subject_token_type", "urn:ietf:params:aws:token-type:aws4_request"),
    ];
    TokenRequest::form(&at(endpoint, STS, "/v1/token"), &form)
}

/// The request for a token of `account`, by whoever has `token`.
pub(super) fn impersonation(
    endpoint: Option<&str>,
    account: &ServiceAccount,
    token: &Secret,
) -> Result<TokenRequest, IdentityError> {
    let path = format!(
        "/v1/projects/-/serviceAccounts/{}:generateAccessToken",
        account.as_str()
    );
    let body = json!({"scope": [SCOPE], "lifetime": "3600s"});
    let mut request = TokenRequest::json(&at(endpoint, IAM_CREDENTIALS, &path), &body)?;
    request.headers.insert(AUTHORIZATION, bearer(token)?);
    Ok(request)
}

/// The token of a service account in a successful answer, and its life.
pub(super) fn read_impersonated(body: &[u8], now: Timestamp) -> Result<(Secret, Duration), ExchangeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        access_token: String,
        expire_time: Timestamp,
    }
    let answer: Answer = serde_json::from_slice(body).map_err(|_| ExchangeError::NoToken)?;
    let life = Duration::try_from(answer.expire_time.duration_since(now)).unwrap_or_default();
    Ok((answer.access_token.into(), life))
}

/// The request for a token by the key in `file`, and the assertion that it shows.
pub(super) fn by_key(
    endpoint: Option<&str>,
    file: &Secret,
    now: Timestamp,
) -> Result<(TokenRequest, Secret), IdentityError> {
    let assertion = ServiceAccountKey::parse(file)?.assertion(TOKEN, SCOPE, now)?;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", assertion.expose()),
    ];
    let request = TokenRequest::form(endpoint.unwrap_or(TOKEN), &form)?;
    Ok((request, assertion))
}

fn at(endpoint: Option<&str>, own: &str, path: &str) -> String {
    format!("{}{path}", endpoint.unwrap_or(own).trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws";

    fn audience() -> WorkloadProvider {
        POOL.to_owned().try_into().unwrap()
    }

    fn body(request: &TokenRequest) -> String {
        String::from_utf8(request.body.to_vec()).unwrap()
    }

    #[test]
    fn the_subject_is_a_request_that_google_makes() {
        let credentials = Credentials::from_keys("AKIDEXAMPLE", "secret", Some("session".to_owned()));
        let now = "2026-11-28T00:00:00Z".parse().unwrap();
        let token = subject_token(credentials, "eu-central-1", &audience(), now).unwrap();
        assert!(token.expose().starts_with("%7B%22"), "{}", token.expose());
        let unquoted = format!("a={}", token.expose());
        let (_, text) = url::form_urlencoded::parse(unquoted.as_bytes()).next().unwrap();
        let request: Value = serde_json::from_str(&text).unwrap();
        let url = "https://sts.eu-central-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!((&request["url"], &request["method"]), (&json!(url), &json!("POST")));
        let header = |name: &str| {
            let headers = request["headers"].as_array().unwrap();
            headers.iter().find(|header| header["key"] == name).unwrap()["value"]
                .as_str()
                .unwrap()
        };
        assert_eq!(
            (header("x-goog-cloud-target-resource"), header("host")),
            (POOL, "sts.eu-central-1.amazonaws.com")
        );
        assert_eq!(
            (header("x-amz-date"), header("x-amz-security-token")),
            ("20261128T000000Z", "session")
        );
        let signature = header("authorization");
        let signed = "SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource";
        assert!(
            signature.contains("/eu-central-1/sts/aws4_request") && signature.contains(signed),
            "{signature}"
        );
    }

    #[test]
    fn the_exchange_is_that_of_googles_token_service() {
        let request = exchange(None, &audience(), &"a%20b".into()).unwrap();
        assert_eq!(request.url.to_string(), "https://sts.googleapis.com/v1/token");
        assert_eq!(
            body(&request),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
             &audience=%2F%2Fiam.googleapis.com%2Fprojects%2F1%2Flocations%2Fglobal%2FworkloadIdentityPools%2Fp%2Fproviders%2Faws\
             &scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform\
             &requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&subject_token=a%2520b\
             &subject_token_type=urn%3Aietf%3Aparams%3Aaws%3Atoken-type%3Aaws4_request"
        );
    }

    #[test]
    fn a_service_account_is_impersonated() {
        let account = "a@p.iam.gserviceaccount.com".to_owned().try_into().unwrap();
        let request = impersonation(Some("http://127.0.0.1:1/"), &account, &"first".into()).unwrap();
        assert_eq!(
            request.url.to_string(),
            "http://127.0.0.1:1/v1/projects/-/serviceAccounts/a@p.iam.gserviceaccount.com:generateAccessToken"
        );
        assert_eq!(request.headers["authorization"], "Bearer first");
        assert_eq!(
            body(&request),
            r#"{"lifetime":"3600s","scope":["https://www.googleapis.com/auth/cloud-platform"]}"#
        );
        let now = "2026-11-28T00:00:00Z".parse().unwrap();
        let answer = br#"{"accessToken":"t","expireTime":"2026-11-28T00:59:59Z"}"#;
        let (token, life) = read_impersonated(answer, now).unwrap();
        assert_eq!((token.expose(), life.as_secs()), ("t", 3599));
        for wrong in [
            "{}",
            r#"{"accessToken":"t"}"#,
            r#"{"accessToken":"t","expireTime":"soon"}"#,
        ] {
            assert!(read_impersonated(wrong.as_bytes(), now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_shown_to_google_wherever_its_file_says() {
        let file = domain::access::service_account::new_key_file().unwrap();
        let (request, assertion) = by_key(None, &file, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(request.url.to_string(), TOKEN);
        assert_eq!(
            body(&request),
            format!(
                "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
                assertion.expose()
            )
        );
        assert!(matches!(
            by_key(None, &"{}".into(), Timestamp::UNIX_EPOCH),
            Err(IdentityError::NoServiceAccount(_))
        ));
    }
}
