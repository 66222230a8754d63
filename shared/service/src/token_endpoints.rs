//! The addresses at which tokens are asked for. The deployment may name other places than the vendors' own, and no
//! entry may.

/// Token endpoints other than the vendors' own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenEndpoints {
    pub sts: Option<String>,
    pub azure_authority: Option<String>,
    pub google_sts: Option<String>,
    pub google_iam_credentials: Option<String>,
    pub google_token: Option<String>,
    pub openai: Option<String>,
    pub anthropic: Option<String>,
}

impl TokenEndpoints {
    /// Those that `variable` has a value for.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            sts: variable("AWS_ENDPOINT_URL_STS"),
            azure_authority: variable("AZURE_AUTHORITY_HOST"),
            google_sts: variable("GOOGLE_STS_ENDPOINT"),
            google_iam_credentials: variable("GOOGLE_IAM_CREDENTIALS_ENDPOINT"),
            google_token: variable("GOOGLE_TOKEN_ENDPOINT"),
            openai: variable("OPENAI_TOKEN_ENDPOINT"),
            anthropic: variable("ANTHROPIC_TOKEN_ENDPOINT"),
        }
    }
}
