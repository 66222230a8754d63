//! The status that a backend's words and codes for an error mean, for errors that came with none of their own.

pub(super) fn status_of_number(code: u64) -> Option<u16> {
    match code {
        400..=599 => u16::try_from(code).ok(),
        // GLM's own codes: too many requests at once, per minute, per day, or altogether. MiniMax: the same.
        1302 | 1303 | 1304 | 1305 | 1308 | 1002 | 1039 => Some(429),
        // GLM: the account is in arrears; the prompt is too long. MiniMax: no balance; the key; invalid parameters.
        1113 | 1008 => Some(402),
        1004 => Some(401),
        1261 | 2013 => Some(400),
        // MiniMax: timed out; sensitive content of the prompt, of the answer.
        1001 => Some(504),
        1026 | 1027 => Some(400),
        _ => None,
    }
}

pub(super) fn status_of_word(word: &str) -> Option<u16> {
    // AWS: `com.amazonaws#ThrottlingException`, in a header `ThrottlingException:http://…` (E2).
    let word = word.rsplit('#').next().unwrap_or(word);
    let word = word.split(':').next().unwrap_or(word);
    match word {
        "authentication_error"
        | "invalid_api_key"
        | "AuthenticationError"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "AccessDeniedException" => Some(401),
        "billing_error" | "insufficient_quota" => Some(402),
        "conflict_error" => Some(409),
        "invalid_request_error"
        | "BadRequestError"
        | "content_filter"
        | "invalid_prompt"
        | "INVALID_ARGUMENT"
        | "ValidationException" => Some(400),
        "not_found_error" | "model_not_found" | "NotFoundError" => Some(404),
        "overloaded" | "overloaded_error" | "UNAVAILABLE" => Some(529),
        "permission_error" | "PermissionDeniedError" => Some(403),
        "request_too_large" => Some(413),
        "timeout_error" | "ModelTimeoutException" => Some(504),
        "ThrottlingException" | "ModelNotReadyException" | "ServiceQuotaExceededException" | "RESOURCE_EXHAUSTED" => {
            Some(429)
        }
        "ModelErrorException"
        | "ModelStreamErrorException"
        | "ResourceNotFoundException"
        | "InternalServerException"
        | "UnknownOperationException" => Some(502),
        _ if tells_rate_limit(word) => Some(429),
        _ => None,
    }
}

pub(super) fn tells_rate_limit(text: &str) -> bool {
    let text = text.to_ascii_lowercase().replace(['_', '-'], " ");
    ["rate limit", "ratelimit", "too many requests"]
        .iter()
        .any(|phrase| text.contains(phrase))
}
