//! The signatures of what webhooks get: of Standard Webhooks (<https://www.standardwebhooks.com>), and those of the
//! bots of Feishu and `DingTalk`.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The beginning of a secret that is the base64 of its bytes, as Standard Webhooks writes them.
const ENCODED: &str = "whsec_";

/// The header `webhook-signature` of a delivery: HMAC-SHA-256 over its id, its time in seconds since 1970 and its body.
pub fn signature(secret: &str, (id, seconds): (&str, i64), body: &[u8]) -> String {
    let decoded = secret.strip_prefix(ENCODED).and_then(|rest| BASE64.decode(rest).ok());
    let key = decoded.as_deref().unwrap_or(secret.as_bytes());
    let mut context = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, key));
    for part in [format!("{id}.{seconds}.").as_bytes(), body] {
        context.update(part);
    }
    format!("v1,{}", BASE64.encode(context.sign()))
}

/// The member `sign` of a message to a bot of Feishu: what is signed is nothing, by a key of time and secret.
pub fn feishu_sign(secret: &str, seconds: i64) -> String {
    sign(&format!("{seconds}\n{secret}"), "")
}

/// The parameter `sign` of the address of a bot of `DingTalk`.
pub fn dingtalk_sign(secret: &str, milliseconds: i64) -> String {
    sign(secret, &format!("{milliseconds}\n{secret}"))
}

fn sign(key: &str, text: &str) -> String {
    let key = hmac::Key::new(HMAC_SHA256, key.as_bytes());
    BASE64.encode(hmac::sign(&key, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p97_a_delivery_is_signed_as_standard_webhooks_has_it() {
        // The sample of its specification.
        let (id, seconds) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        assert_eq!(
            signature(
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                (id, seconds),
                br#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(
            signature("secret", ("alert_1", 1_795_946_400), br#"{"a":1}"#),
            "v1,B5h6Pqe9rtOAQAKWThzFUWLiFAJhhOdn+ujJnY5/KV4="
        );
    }

    #[test]
    fn p97_bots_of_feishu_and_dingtalk_have_signatures_of_their_own() {
        let sign = feishu_sign("secret", 1_599_360_473);
        assert_eq!(sign, "q4jswNiMy51J5JuQV566yJat0/lQ/c+22kINzUgKsGU=");
        let sign = dingtalk_sign("secret", 1_599_360_473_000);
        assert_eq!(sign, "h/3f4uEADBeKkVuXX2NS1pXSEqARbYb1RV0kmXPBfn0=");
    }
}
