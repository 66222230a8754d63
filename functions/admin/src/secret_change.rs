//! A change of an object with a secret: the secret is stored before the entry that names it (decision 19).

use domain::secret::Secret;
use service::http::ApiError;

use crate::app::App;

/// Stores the secret under its new name, then writes the entry that names it, unless it is refused: then the secret
/// goes again. While it is not known whether the entry was written, the secret stays, since the entry may name it.
pub(crate) async fn write_with_secret(
    app: &App,
    secret: Option<(String, &Secret)>,
    write: impl Future<Output = Result<Option<ApiError>, ApiError>>,
) -> Result<(), ApiError> {
    if let Some((name, secret)) = &secret {
        app.secrets.put(name, secret).await?;
    }
    let Some(refusal) = write.await? else { return Ok(()) };
    if let Some((name, _)) = secret {
        app.secrets.delete(&name).await?;
    }
    Err(refusal)
}
