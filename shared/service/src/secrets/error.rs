//! What can go wrong with secrets.

/// The store of secrets is unreachable or refuses.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("the secrets file cannot be used")]
    File(#[from] std::io::Error),
    #[error("the secrets file is not valid")]
    Format(#[from] serde_json::Error),
    #[error("Secrets Manager cannot be used")]
    Manager(#[source] Box<dyn std::error::Error + Send + Sync>),
}
