//! Whose fault an error of a backend is: the request's, the backend's, or its operator's (B6.3, B6.4). A table of
//! statuses and wordings.

/// Bytes of a body that are judged.
const MAX_BYTES: usize = 8 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// The request's: every backend would refuse it.
    Request,
    /// The request's content: moderation, policy.
    Content,
    /// The backend refused, and did not say whom it means: another one is asked.
    Unclear,
    /// The operator's: the key was refused.
    Credentials,
    /// The operator's: the account is out of credit.
    Billing,
    /// The operator's: the backend does not have the model.
    ModelMissing,
    RateLimit,
    Timeout,
    Backend,
}

/// Words about the account, in lower case, as a message and as a code.
const BILLING: [&str; 15] = [
    "insufficient balance",
    "insufficient_balance",
    "insufficient account balance",
    "insufficient credit",
    "insufficient_credit",
    "insufficient funds",
    "insufficient quota",
    "insufficient_quota",
    "insufficient_user_quota",
    "credit balance is too low",
    "exceeded your current quota",
    "account is in arrears",
    "arrearage",
    "billing hard limit",
    "requires more credits",
];
const CREDENTIALS: [&str; 18] = [
    "api key",
    "api_key",
    "api-key",
    "apikey",
    "access key",
    "credential",
    "authenticat",
    "unauthori",
    "not authorized",
    " key ",
    "invalid token",
    "expired token",
    "security token",
    "signature",
    "subscription key",
    "invalid_iam_token",
    "unsupported_country_region_territory",
    "country, region, or territory",
];
const CONTENT: [&str; 21] = [
    "moderation",
    "flagged",
    "content_filter",
    "content filter",
    "content_policy",
    "content policy",
    "content management policy",
    "content is not",
    "usage policy",
    "usage policies",
    "policy violation",
    "violat",
    "safety",
    "inappropriate",
    "sensitive",
    "harmful",
    "prohibited",
    "data_inspection_failed",
    "datainspectionfailed",
    "guardrail",
    "content was blocked",
];
const MODEL_CODES: [&str; 5] = [
    "model_not_found",
    "modelnotfound",
    "model_not_exist",
    "deploymentnotfound",
    "invalid_model",
];
const MISSING: [&str; 8] = [
    "not found",
    "not exist",
    "doesn't exist",
    "no such",
    "unknown model",
    "not have access",
    "not available",
    "not supported",
];

impl Blame {
    /// Of an error with `status`; `kind` is that of the header which AWS has for it (E2).
    pub(super) fn of(status: u16, kind: Option<&str>, body: &[u8]) -> Self {
        let body = &body[..body.len().min(MAX_BYTES)];
        let text = String::from_utf8_lossy(body).to_lowercase();
        match kind.or_else(|| aws_kind(&text)).and_then(Self::of_kind) {
            Some(blame) => blame,
            None => Self::of_text(status, &text),
        }
    }

    fn of_text(status: u16, text: &str) -> Self {
        let tells = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        match status {
            400..=499 if tells(&BILLING) => Self::Billing,
            401 => Self::Credentials,
            402 => Self::Billing,
            403 if tells(&CONTENT) => Self::Content,
            403 if tells(&MODEL_CODES) || names_missing_model(text) => Self::ModelMissing,
            403 if tells(&CREDENTIALS) => Self::Credentials,
            403 => Self::Unclear,
            404 if tells(&MODEL_CODES) || names_missing_model(text) => Self::ModelMissing,
            400 | 422 if tells(&MODEL_CODES) => Self::ModelMissing,
            408 => Self::Timeout,
            429 => Self::RateLimit,
            // A dependency of the server failed; Groq's capacity is exceeded (E3).
            424 | 498 => Self::Backend,
            400..=499 => Self::Request,
            _ => Self::Backend,
        }
    }

    /// AWS tells some kinds with statuses that mean something else: a service quota is a 400.
    fn of_kind(kind: &str) -> Option<Self> {
        let without_address = kind.split(':').next().unwrap_or_default();
        let name = without_address
            .rsplit('#')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        Some(match name.as_str() {
            "throttlingexception"
            | "toomanyrequestsexception"
            | "modelnotreadyexception"
            | "servicequotaexceededexception" => Self::RateLimit,
            "modeltimeoutexception" => Self::Timeout,
            "modelerrorexception"
            | "modelstreamerrorexception"
            | "internalserverexception"
            | "serviceunavailableexception" => Self::Backend,
            "accessdeniedexception"
            | "unrecognizedclientexception"
            | "expiredtokenexception"
            | "invalidsignatureexception"
            | "incompletesignatureexception"
            | "missingauthenticationtokenexception" => Self::Credentials,
            "resourcenotfoundexception" => Self::ModelMissing,
            "validationexception" => Self::Request,
            _ => return None,
        })
    }
}

/// The kind of an error of AWS in its body.
fn aws_kind(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("\"__type\"")?;
    rest.split('"').nth(1)
}

/// Anthropic says `model: <name>`, others that the model is not there.
fn names_missing_model(text: &str) -> bool {
    let names_model = text.contains("model") || text.contains("deployment");
    text.contains("\"model: ") || (names_model && MISSING.iter().any(|phrase| text.contains(phrase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statuses with bodies.
    const REFUSALS: &[(u16, &str, Blame)] = &[
        (
            400,
            r#"{"error":{"message":"max_tokens must be positive"}}"#,
            Blame::Request,
        ),
        (
            400,
            r#"{"error":{"message":"Your credit balance is too low to access the Anthropic API"}}"#,
            Blame::Billing,
        ),
        (
            400,
            r#"{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}"#,
            Blame::ModelMissing,
        ),
        (401, "", Blame::Credentials),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, Blame::Billing),
        (402, "", Blame::Billing),
        (
            403,
            r#"{"error":{"message":"Your input was flagged by moderation"}}"#,
            Blame::Content,
        ),
        (
            403,
            r#"{"error":{"message":"x","code":"content_policy_violation"}}"#,
            Blame::Content,
        ),
        (
            403,
            r#"{"error":{"message":"This content is not available in your region"}}"#,
            Blame::Content,
        ),
        (403, r#"{"error":{"message":"Invalid API key"}}"#, Blame::Credentials),
        (
            403,
            r#"{"error":{"code":"unsupported_country_region_territory","message":"x"}}"#,
            Blame::Credentials,
        ),
        (
            403,
            r#"{"error":{"message":"Your account has insufficient balance"}}"#,
            Blame::Billing,
        ),
        (
            403,
            r#"{"error":{"message":"Project does not have access to model `x`"}}"#,
            Blame::ModelMissing,
        ),
        (403, r#"{"error":{"message":"so it is"}}"#, Blame::Unclear),
        (403, "", Blame::Unclear),
        (
            404,
            r#"{"error":{"message":"The model `x` does not exist."}}"#,
            Blame::ModelMissing,
        ),
        (
            404,
            r#"{"error":"model \"x\" not found, try pulling it first"}"#,
            Blame::ModelMissing,
        ),
        (
            404,
            r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"}}"#,
            Blame::ModelMissing,
        ),
        (404, r#"{"error":{"message":"no file with this id"}}"#, Blame::Request),
        (408, "", Blame::Timeout),
        (429, r#"{"error":{"message":"slow down"}}"#, Blame::RateLimit),
        (
            429,
            r#"{"error":{"message":"x","code":"insufficient_quota"}}"#,
            Blame::Billing,
        ),
        (424, "", Blame::Backend),
        (498, "", Blame::Backend),
        (
            500,
            r#"{"error":{"message":"insufficient balance of shards"}}"#,
            Blame::Backend,
        ),
        (503, "", Blame::Backend),
    ];

    #[test]
    fn b6_3_b6_4_whose_fault_a_refusal_is() {
        for (status, body, expected) in REFUSALS {
            assert_eq!(Blame::of(*status, None, body.as_bytes()), *expected, "{status} {body}");
        }
    }

    #[test]
    fn e2_a_kind_of_aws_outranks_the_status() {
        for (status, kind, expected) in [
            (400, "ThrottlingException", Blame::RateLimit),
            (
                400,
                "ServiceQuotaExceededException:http://internal.amazon.com/coral/",
                Blame::RateLimit,
            ),
            (
                400,
                "com.amazon.coral.service#UnrecognizedClientException",
                Blame::Credentials,
            ),
            (404, "ResourceNotFoundException", Blame::ModelMissing),
            (400, "ValidationException", Blame::Request),
            (424, "ModelErrorException", Blame::Backend),
            (403, "SomethingElse", Blame::Unclear),
        ] {
            assert_eq!(Blame::of(status, Some(kind), b"{}"), expected, "{kind}");
            let body = format!(r#"{{"__type":"{kind}","message":"x"}}"#);
            assert_eq!(Blame::of(status, None, body.as_bytes()), expected, "{kind}");
        }
    }
}
