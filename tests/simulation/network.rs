//! The way between the store and the database, on which everything can go wrong that goes wrong in the cloud.
//!
//! Each call waits until the schedule decides what becomes of it. Nothing here knows what the calls are about.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use domain::clock::Clock;
use dynoxide::Database;
use serde_json::{Value, json};
use service::store::Store;
use tokio::sync::oneshot;

use crate::PREFIX;
use crate::dice::Dice;

tokio::task_local! {
    /// Which task of the schedule is running: its calls are told apart by it.
    pub(crate) static TASK: usize;
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// The request is lost.
    LostBefore,
    /// It is done, and the answer is lost.
    LostAfter,
    Doubled,
    /// The caller hears of a failure; the request arrives later.
    Late,
    Throttled,
    /// Another transaction is in the way.
    Conflict,
}

const FAULTS: [Fate; 6] = [
    Fate::LostBefore,
    Fate::LostAfter,
    Fate::Doubled,
    Fate::Late,
    Fate::Throttled,
    Fate::Conflict,
];

/// The network of one run, and the database at its end.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    line: Line,
    client: Client,
}

/// What the client of a network sends its requests through.
#[derive(Clone)]
struct Line(Arc<Inner>);

struct Inner {
    database: Database,
    /// Calls that wait for their fate.
    calls: Mutex<Vec<Call>>,
    /// Requests under way whose callers have given up.
    late: Mutex<Vec<Request>>,
    /// What the database has written, in its order.
    done: Mutex<Vec<Done>>,
}

#[derive(Clone, Debug)]
struct Request {
    operation: String,
    body: Vec<u8>,
}

struct Call {
    task: usize,
    request: Request,
    reply: oneshot::Sender<Result<HttpResponse, ConnectorError>>,
}

/// A write that the database has done, as both sides put it.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) operation: String,
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Vec<u8>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Network {
    /// Its clients' retries do not wait, and their patience is that of the schedule.
    pub(crate) fn new(database: Database) -> Self {
        let line = Line(Arc::new(Inner {
            database,
            calls: Mutex::default(),
            late: Mutex::default(),
            done: Mutex::default(),
        }));
        let client = service::aws::embedded_dynamodb(SharedHttpClient::new(line.clone()));
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(1));
        let config = client
            .config()
            .to_builder()
            .retry_config(retries)
            .timeout_config(TimeoutConfig::disabled());
        Self {
            line,
            client: Client::from_conf(config.build()),
        }
    }

    /// The store of a process that has just begun.
    pub(crate) fn store(&self, clock: Clock) -> Store {
        Store::new(self.client.clone(), PREFIX, clock)
    }

    /// The tasks whose calls wait, in their order.
    pub(crate) fn waiting(&self) -> Vec<usize> {
        let mut tasks: Vec<usize> = self.line.0.calls.lock().unwrap().iter().map(|call| call.task).collect();
        tasks.sort_unstable();
        tasks
    }

    /// Lets the call of `task` meet its fate.
    pub(crate) fn decide(&self, task: usize, fate: Fate) {
        let mut calls = self.line.0.calls.lock().unwrap();
        let Some(place) = calls.iter().position(|call| call.task == task) else {
            return;
        };
        let Call { request, reply, .. } = calls.remove(place);
        drop(calls);
        let lost = || Err(ConnectorError::timeout("lost".into()));
        let answer = match fate {
            Fate::Done => Ok(self.perform(&request)),
            Fate::LostBefore => lost(),
            Fate::LostAfter => {
                self.perform(&request);
                lost()
            }
            Fate::Doubled => {
                self.perform(&request);
                Ok(self.perform(&request))
            }
            Fate::Late => {
                self.line.0.late.lock().unwrap().push(request);
                lost()
            }
            Fate::Throttled => Ok(refusal("ProvisionedThroughputExceededException", &[])),
            Fate::Conflict => Ok(conflict(&request)),
        };
        // A caller that has died does not listen.
        let _ = reply.send(answer);
    }

    /// Drops the calls of a task that has died, as if they had never been sent, or lets them arrive later.
    pub(crate) fn abandon(&self, task: usize, dice: &mut Dice) {
        let mut calls = self.line.0.calls.lock().unwrap();
        while let Some(place) = calls.iter().position(|call| call.task == task) {
            let call = calls.remove(place);
            if dice.one_in(2) {
                self.line.0.late.lock().unwrap().push(call.request);
            }
        }
    }

    /// One of the late requests arrives. False if there is none.
    pub(crate) fn arrive_late(&self, dice: &mut Dice) -> bool {
        let mut late = self.line.0.late.lock().unwrap();
        if late.is_empty() {
            return false;
        }
        let place = dice.below(late.len());
        let request = late.remove(place);
        drop(late);
        self.perform(&request);
        true
    }

    /// What the database has done so far.
    pub(crate) fn take_done(&self) -> Vec<Done> {
        std::mem::take(&mut self.line.0.done.lock().unwrap())
    }

    fn perform(&self, request: &Request) -> HttpResponse {
        let response = local::embedded::respond(&self.line.0.database, &request.operation, &request.body);
        let is_write = matches!(request.operation.as_str(), "UpdateItem" | "TransactWriteItems");
        if is_write && response.status().is_success() {
            let answer = response.body().bytes().unwrap_or_default().to_vec();
            self.line.0.done.lock().unwrap().push(Done {
                operation: request.operation.clone(),
                request: request.body.clone(),
                answer,
            });
        }
        response
    }
}

impl Fate {
    /// Once in `odds` times a fault; never with 0.
    pub(crate) fn thrown(dice: &mut Dice, odds: u64) -> Self {
        if odds > 0 && dice.one_in(odds) {
            dice.pick(&FAULTS)
        } else {
            Self::Done
        }
    }
}

fn conflict(request: &Request) -> HttpResponse {
    if request.operation != "TransactWriteItems" {
        return refusal("TransactionConflictException", &[]);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let writes = body["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<&str> = (0..writes)
        .map(|place| if place == 0 { "TransactionConflict" } else { "None" })
        .collect();
    refusal("TransactionCanceledException", &reasons)
}

fn refusal(kind: &str, reasons: &[&str]) -> HttpResponse {
    let reasons: Vec<Value> = reasons.iter().map(|code| json!({"Code": code})).collect();
    let body = json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": kind, "CancellationReasons": reasons});
    HttpResponse::new(400.try_into().unwrap(), SdkBody::from(body.to_string()))
}

impl HttpClient for Line {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let request = Request {
            operation,
            body: request.body().bytes().unwrap_or_default().to_vec(),
        };
        let (reply, answer) = oneshot::channel();
        self.0.calls.lock().unwrap().push(Call {
            task: TASK.get(),
            request,
            reply,
        });
        HttpConnectorFuture::new(async move {
            answer
                .await
                .unwrap_or_else(|_| Err(ConnectorError::timeout("lost".into())))
        })
    }
}
