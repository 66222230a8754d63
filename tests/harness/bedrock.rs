//! Bedrock as far as it looks at signatures: what came is signed anew with the same key, and must come out alike.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::json;

use crate::provider::{Provider, Received, Reply, anthropic, openai};

/// Names that must be among the signed headers when the request has them.
const ALWAYS_SIGNED: [&str; 5] = ["host", "content-type", "x-amz-", "anthropic-version", "anthropic-beta"];

/// A key at AWS, for a session.
#[derive(Clone, Debug)]
pub struct AwsKey {
    pub id: &'static str,
    pub secret: &'static str,
    pub session: &'static str,
}

/// The key that the scripted Bedrock knows.
pub const AWS_KEY: AwsKey = AwsKey {
    id: "ASIAIOSFODNN7EXAMPLE",
    secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    session: "a-session-token",
};

/// The key of the role that the scripted STS gives to whoever assumes it.
pub const ROLE_KEY: AwsKey = AwsKey {
    id: "ASIAROLEOFMODELS",
    secret: "another/secret+of/a/role",
    session: "the-roles-session",
};

impl AwsKey {
    pub fn credentials(&self) -> Credentials {
        Credentials::new(self.id, self.secret, Some(self.session.to_owned()), None, "test")
    }
}

/// What a signature is for: `<region>/<service>`.
pub fn scope(request: &Received) -> String {
    let credential = between(request.header("authorization"), "Credential=", ",");
    let parts: Vec<&str> = credential.split('/').collect();
    parts.get(2..4).map(|scope| scope.join("/")).unwrap_or_default()
}

/// A Bedrock that answers whoever signs with [`AWS_KEY`] in the dialect of the path.
pub fn start() -> Provider {
    start_for(&AWS_KEY)
}

/// The same for who signs with `key`.
pub fn start_for(key: &'static AwsKey) -> Provider {
    Provider::answering(|request| match check(request, key) {
        Err(problem) => refusal("InvalidSignatureException", problem),
        Ok(()) if request.path.contains("/messages") => Reply::json(&anthropic::message("Hello")),
        Ok(()) => Reply::json(&openai::completion("Hello")),
    })
}

/// A refusal in AWS's form.
pub fn refusal(kind: &str, problem: &str) -> Reply {
    Reply::error(403, &json!({"message": problem})).header("x-amzn-errortype", &format!("{kind}:http://aws/"))
}

/// Judges the signature of a request, which must be of `key`.
pub fn check(request: &Received, key: &AwsKey) -> Result<(), &'static str> {
    let authorization = request.header("authorization");
    let authorization = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no signature")?;
    let credential: Vec<&str> = between(authorization, "Credential=", ",").split('/').collect();
    let [id, _, region, service, "aws4_request"] = credential[..] else {
        return Err("not a credential");
    };
    if id != key.id || request.header("x-amz-security-token") != key.session {
        return Err("not a known key");
    }
    let signed: Vec<&str> = between(authorization, "SignedHeaders=", ",").split(';').collect();
    let left_out = |name: &&str| ALWAYS_SIGNED.iter().any(|each| name.starts_with(each)) && !signed.contains(name);
    if request
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .any(|name| left_out(&name))
    {
        return Err("a header is not signed");
    }
    let expected = signature(request, key, &signed, (region, service)).ok_or("it cannot be signed")?;
    if between(authorization, "Signature=", ",") == expected {
        Ok(())
    } else {
        Err("the signature does not match")
    }
}

/// The signature that the request must have.
fn signature(request: &Received, key: &AwsKey, signed: &[&str], (region, service): (&str, &str)) -> Option<String> {
    let time = request.header("x-amz-date");
    let time = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &time[..4],
        &time[4..6],
        &time[6..8],
        &time[9..11],
        &time[11..13],
        &time[13..15]
    );
    let time: jiff::Timestamp = time.parse().ok()?;
    let identity = key.credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::from(time))
        .settings(SigningSettings::default())
        .build()
        .ok()?
        .into();
    let headers = signed.iter().filter(|name| !name.starts_with("x-amz-"));
    let headers = headers.flat_map(|name| {
        let values = request.headers.get_all(*name).iter();
        values.filter_map(|value| Some((*name, value.to_str().ok()?)))
    });
    let url = format!("http://{}{}", request.header("host"), request.path);
    let signable = SignableRequest::new("POST", url, headers, SignableBody::Bytes(&request.body)).ok()?;
    let (_, signature) = sign(signable, &parameters).ok()?.into_parts();
    Some(signature)
}

/// What is between `before` and the next `end`, or the end of the text.
fn between<'t>(text: &'t str, before: &str, end: &str) -> &'t str {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split(end).next().unwrap_or_default()
}
