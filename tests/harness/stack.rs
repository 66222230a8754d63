//! An installation as it is in the cloud: tables and secrets outside, and each function a process of its own.

use auth::bootstrap::{self, FirstAdmin};
use domain::access::password::PasswordPolicy;
use domain::clock::Clock;
use domain::models::Email;
use service::config::SecretsConfig;
use service::resources::Resources;
use service::secrets::Secrets;
use service::store::Store;
use service::store::table::Table;
use tempfile::TempDir;

use crate::dynamo::Dynamo;
use crate::lambda::{Function, Functions};
use crate::{ADMIN_EMAIL, ADMIN_PASSWORD};

const TABLE_PREFIX: &str = "tidegate-";

/// Tables with the first administrator in them, and a folder for the secrets. Both are gone with it.
#[derive(Debug)]
pub struct Stack {
    dynamo: Dynamo,
    functions: Functions,
    folder: TempDir,
}

impl Stack {
    pub async fn start() -> Self {
        let stack = Self {
            dynamo: Dynamo::start(TABLE_PREFIX).await,
            functions: Functions::start(),
            folder: TempDir::new().unwrap(),
        };
        let store = stack.store();
        let secrets = Secrets::connect(&SecretsConfig::File(stack.secrets_file()), &stack.dynamo.config());
        let admin = FirstAdmin {
            email: Email::parse(ADMIN_EMAIL).unwrap(),
            password: Some(ADMIN_PASSWORD.into()),
        };
        bootstrap::run(&Resources::new(store, secrets), admin, PasswordPolicy::Strict)
            .await
            .unwrap();
        stack
    }

    /// What is behind the functions.
    pub fn store(&self) -> Store {
        Store::new(self.dynamo.client().clone(), TABLE_PREFIX, Clock::system())
    }

    /// Deletes a table: nothing can be written there any more.
    pub async fn lose(&self, table: Table) {
        let delete = self.dynamo.client().delete_table();
        let name = format!("{TABLE_PREFIX}{}", table.name());
        delete.table_name(name).send().await.unwrap();
    }

    /// Boots the function called `name` of this installation, which others of it can then invoke.
    pub async fn function(&self, name: &str) -> Function {
        self.function_at_once(name, 1).await
    }

    /// The same for a function whose process takes so many events at once.
    pub async fn function_at_once(&self, name: &str, events: usize) -> Function {
        let environment = [
            ("AWS_LAMBDA_MAX_CONCURRENCY", events.to_string()),
            ("AWS_REGION", self.dynamo.config().region),
            (
                "AWS_ENDPOINT_URL_DYNAMODB",
                self.dynamo.config().dynamodb_endpoint.unwrap(),
            ),
            ("AWS_ENDPOINT_URL_LAMBDA", self.functions.endpoint()),
            ("TABLE_PREFIX", TABLE_PREFIX.to_owned()),
            ("METRICS_NAMESPACE", "tidegate".to_owned()),
            ("SECRETS_FILE", self.secrets_file().display().to_string()),
            ("BACKEND_ALLOWED_CIDRS", "127.0.0.0/8".to_owned()),
        ];
        let function = Function::start(name, &environment).await;
        self.functions.add(name, &function);
        function
    }

    fn secrets_file(&self) -> std::path::PathBuf {
        self.folder.path().join("secrets.json")
    }
}
