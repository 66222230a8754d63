//! Secrets in AWS Secrets Manager, one entry each: the cloud's home.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use domain::secret::Secret;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::error::SecretsError;

/// Entries named `<prefix><name>`. Its futures are boxed, so that the SDK's are compiled here alone.
#[derive(Clone, Debug)]
pub struct ManagerSecrets {
    client: Client,
    prefix: String,
}

impl ManagerSecrets {
    pub fn new(client: Client, prefix: String) -> Self {
        Self { client, prefix }
    }

    fn id(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub(super) fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretsError>> {
        async move {
            match self.client.get_secret_value().secret_id(self.id(name)).send().await {
                Ok(found) => Ok(found.secret_string.map(Secret::from)),
                Err(SdkError::ServiceError(error)) if error.err().is_resource_not_found_exception() => Ok(None),
                Err(error) => Err(unusable(error)),
            }
        }
        .boxed()
    }

    pub(super) fn put<'a>(&'a self, name: &'a str, secret: &'a Secret) -> BoxFuture<'a, Result<(), SecretsError>> {
        async move {
            let (id, text) = (self.id(name), secret.expose());
            match self
                .client
                .put_secret_value()
                .secret_id(&id)
                .secret_string(text)
                .send()
                .await
            {
                Ok(_) => Ok(()),
                Err(SdkError::ServiceError(error)) if error.err().is_resource_not_found_exception() => {
                    self.client
                        .create_secret()
                        .name(id)
                        .secret_string(text)
                        .send()
                        .await
                        .map_err(unusable)?;
                    Ok(())
                }
                Err(error) => Err(unusable(error)),
            }
        }
        .boxed()
    }

    /// Without a recovery window: the name must be free at once for a backend of the same id.
    pub(super) fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretsError>> {
        async move {
            let deletion = self
                .client
                .delete_secret()
                .secret_id(self.id(name))
                .force_delete_without_recovery(true);
            match deletion.send().await {
                Ok(_) => Ok(()),
                Err(SdkError::ServiceError(error)) if error.err().is_resource_not_found_exception() => Ok(()),
                Err(error) => Err(unusable(error)),
            }
        }
        .boxed()
    }
}

fn unusable<E: std::error::Error + Send + Sync + 'static>(error: SdkError<E>) -> SecretsError
where
    SdkError<E>: std::error::Error + Send + Sync + 'static,
{
    SecretsError::Manager(Box::new(error))
}
