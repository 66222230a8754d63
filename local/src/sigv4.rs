//! AWS Signature Version 4, as whoever is asked checks it.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use domain::access::digest::sha256_hex;
use domain::random;
use domain::secret::Secret;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};

const SCHEME: &str = "AWS4-HMAC-SHA256";
/// As far from now as a request may be signed.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);
/// Headers that every signature covers: where the request goes, when it was made, and what it asks for.
const COVERED: [&str; 3] = ["host", "x-amz-date", "x-amz-target"];

/// The one key of a door.
#[derive(Clone, Debug)]
pub struct AccessKey {
    pub id: String,
    pub secret: Secret,
}

impl AccessKey {
    pub(crate) fn generate() -> Self {
        Self {
            id: random::base62(20),
            secret: Secret::from(random::base62(40)),
        }
    }

    /// True if the request was signed with this key within the last minutes.
    pub(crate) fn has_signed(&self, head: &Parts, body: &[u8], now: Timestamp) -> bool {
        self.signature(head, body, now).unwrap_or(false)
    }

    /// `None` if the request has no signature of this form.
    fn signature(&self, head: &Parts, body: &[u8], now: Timestamp) -> Option<bool> {
        let header = |name: &str| head.headers.get(name)?.to_str().ok();
        let given = Authorization::parse(header("authorization")?)?;
        let date = header("x-amz-date")?;
        let (id, scope) = given.credential.split_once('/')?;
        let covers = |name: &str| given.signed_headers.split(';').any(|signed| signed == name);
        let is_now = now.duration_since(moment(date)?).abs() <= TOLERANCE;
        if id != self.id
            || !is_now
            || !date.starts_with(scope.split('/').next()?)
            || !COVERED.iter().all(|name| covers(name))
        {
            return Some(false);
        }
        let request = canonical(head, given.signed_headers, body)?;
        let text = format!("{SCHEME}\n{date}\n{scope}\n{}", sha256_hex(&request));
        let first = format!("AWS4{}", self.secret.expose()).into_bytes();
        let key = scope.split('/').fold(first, |key, part| mac(&key, part));
        let key = hmac::Key::new(HMAC_SHA256, &key);
        Some(hmac::verify(&key, text.as_bytes(), &bytes(given.signature)?).is_ok())
    }
}

/// The parts of the header of this name.
struct Authorization<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let parts = text.strip_prefix(SCHEME)?;
        let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name));
        Some(Self {
            credential: part("Credential=")?,
            signed_headers: part("SignedHeaders=")?,
            signature: part("Signature=")?,
        })
    }
}

/// `20261127T120000Z`
fn moment(text: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// The request as both sides write it down.
fn canonical(head: &Parts, signed: &str, body: &[u8]) -> Option<String> {
    let mut text = format!(
        "{}\n{}\n{}\n",
        head.method,
        head.uri.path(),
        head.uri.query().unwrap_or_default()
    );
    for name in signed.split(';') {
        let mut values = head.headers.get_all(name).iter();
        let (value, None) = (values.next()?.to_str().ok()?, values.next()) else {
            return None;
        };
        writeln!(text, "{name}:{}", value.trim()).ok()?;
    }
    let body = str::from_utf8(body).ok()?;
    write!(text, "\n{signed}\n{}", sha256_hex(body)).ok()?;
    Some(text)
}

fn mac(key: &[u8], part: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(HMAC_SHA256, key), part.as_bytes())
        .as_ref()
        .to_vec()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |place: usize| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> AccessKey {
        AccessKey {
            id: "AKIDEXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        }
    }

    /// The example `post-vanilla` of AWS's test suite for signatures, which has no target.
    #[test]
    fn the_request_is_written_down_as_aws_does() {
        let (head, ()) = http::Request::post("/")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .body(())
            .unwrap()
            .into_parts();
        let request = canonical(&head, "host;x-amz-date", b"").unwrap();
        let text = format!(
            "{SCHEME}\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n{}",
            sha256_hex(&request)
        );
        let first = format!("AWS4{}", key().secret.expose()).into_bytes();
        let signing = ["20150830", "us-east-1", "service", "aws4_request"]
            .iter()
            .fold(first, |key, part| mac(&key, part));
        let signature = mac(&signing, &text).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        assert_eq!(
            signature,
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }

    #[test]
    fn ha23_a_signature_covers_the_target_and_ends_soon() {
        let now: Timestamp = "2015-08-30T12:36:00Z".parse().unwrap();
        let (head, ()) = http::Request::post("/")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, \
                 Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            )
            .body(())
            .unwrap()
            .into_parts();
        assert!(!key().has_signed(&head, b"", now), "the target is not covered");
        assert!(!AccessKey::generate().has_signed(&head, b"", now));
    }
}
