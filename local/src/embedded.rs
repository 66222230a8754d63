//! `DynamoDB` in this process: the SDK's HTTP client, served by the emulator instead of a socket.
//!
//! Without a socket nobody else on the machine, and no web page, can reach the tables.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

/// The header in which the SDK names the operation, behind this prefix.
const TARGET: &str = "x-amz-target";
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// The database does one thing at a time, and meanwhile one more request can be read or response be written. More
/// threads would wait for one another, each with memory of its own.
const AT_ONCE: usize = 2;

/// Sends the SDK's requests to a database of this process.
#[derive(Clone)]
pub struct EmbeddedClient {
    database: Database,
    turns: Arc<Semaphore>,
}

impl EmbeddedClient {
    pub fn new(database: Database) -> Self {
        Self {
            database,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl std::fmt::Debug for EmbeddedClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmbeddedClient")
    }
}

impl HttpClient for EmbeddedClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for EmbeddedClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (database, turns) = (self.database.clone(), Arc::clone(&self.turns));
        let operation = request
            .headers()
            .get(TARGET)
            .and_then(|target| target.strip_prefix(TARGET_PREFIX))
            .map(str::to_owned);
        let body = request.body().bytes().map(<[u8]>::to_vec);
        HttpConnectorFuture::new(async move {
            let (Some(operation), Some(body)) = (operation, body) else {
                return Err(ConnectorError::user("not a DynamoDB request".into()));
            };
            let turn = turns
                .acquire_owned()
                .await
                .map_err(|closed| ConnectorError::other(closed.into(), None))?;
            // The database locks and waits for the disk, also for who has stopped waiting for it: the turn goes along.
            let performing = move || {
                let _turn = turn;
                respond(&database, &operation, &body)
            };
            let response = tokio::task::spawn_blocking(performing).await;
            response.map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The response of `DynamoDB` to the body of a request for this operation, such as `GetItem`. Blocks.
pub fn respond(database: &Database, operation: &str, body: &[u8]) -> HttpResponse {
    let (status, body) = match perform(database, operation, body) {
        Ok(body) => (200, body),
        Err(error) => (error.status_code(), error.to_json().into_bytes()),
    };
    let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::new(status.into(), SdkBody::from(body))
}

/// Performs the operations that the store uses.
fn perform(database: &Database, operation: &str, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
    match operation {
        "GetItem" => run(body, |request| database.get_item(request)),
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "ListTables" => run(body, |request| database.list_tables(request)),
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "UpdateTable" => run(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
        other => Err(DynoxideError::ValidationException(format!(
            "the embedded database does not offer {other}"
        ))),
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    body: &[u8],
    operation: impl FnOnce(I) -> Result<O, DynoxideError>,
) -> Result<Vec<u8>, DynoxideError> {
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let response = operation(request)?;
    serde_json::to_vec(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
