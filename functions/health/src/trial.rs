//! A trial of a backend's entry, step by step, for administrators who set one up. It asks the model one short question,
//! and changes nothing.

use std::time::Duration;

use domain::models::auth::Auth;
use domain::models::catalog::Protocol;
use domain::models::health::FailureClass;
use domain::models::sso::StepResult;
use domain::secret::Secret;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use service::functions::{BackendTrial, BackendTrialResult, TrialStep, TrialStepName};
use service::outbound::ResponseBody;
use service::outbound::backend::MessagesCall;
use tokio::time::{Instant, timeout_at};
use translators::settings::{BackendSettings, MaxTokensField};

use crate::app::App;
use crate::caller::Caller;
use crate::models::Models;

/// Tokens that the answer may have: reasoning models think before they speak.
const MAX_TOKENS: u32 = 16;
/// Bytes read of an answer.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Walks from the address to an answer of the model; what depends on a step that failed is skipped.
pub async fn try_backend(app: &App, trial: BackendTrial) -> BackendTrialResult {
    let began = Instant::now();
    let end = began + app.timeout;
    let mut report = Report::default();
    let caller = match trial.api_key {
        Some(key) => Ok(Caller::with_key(app, &trial.backend, Some(Secret::from(key)))),
        None => Caller::of(app, &trial.backend).await,
    };
    match caller {
        Ok(caller) => walk(&caller, &mut report, end).await,
        Err(class) => report.end(TrialStepName::Credentials, class, began.elapsed()),
    }
    report.finish()
}

async fn walk(caller: &Caller<'_>, report: &mut Report, end: Instant) {
    let began = Instant::now();
    let list = async { caller.get(caller.addresses()?.route("models")).await };
    let list = timeout_at(end, list).await.unwrap_or(Err(FailureClass::Timeout));
    let status = match list {
        Err(class @ (FailureClass::Dns | FailureClass::ForbiddenAddress)) => {
            return report.end(TrialStepName::Address, class, began.elapsed());
        }
        Err(class) => {
            report.pass(TrialStepName::Address, Duration::ZERO);
            return report.end(TrialStepName::Connect, class, began.elapsed());
        }
        Ok(response) => {
            report.pass(TrialStepName::Address, Duration::ZERO);
            report.pass(TrialStepName::Connect, began.elapsed());
            let status = response.status();
            if status.is_success() {
                report.models = timeout_at(end, Models::read(response.into_body()))
                    .await
                    .unwrap_or_default();
            }
            status
        }
    };
    // Only requests of clients show the gateway's own identity (promise 93).
    if caller.backend.auth.as_ref().is_some_and(Auth::is_identity) {
        return;
    }
    if let Some(class) = refused_key(status) {
        return report.end(TrialStepName::Credentials, class, Duration::ZERO);
    }
    ask(caller, report, status, end).await;
}

/// Asks the model, whose answer says more than any list: of the key, and of a model that is served and not listed.
async fn ask(caller: &Caller<'_>, report: &mut Report, listed: StatusCode, end: Instant) {
    let name = caller.backend.model_name.as_str();
    if name.is_empty() {
        if listed.is_success() {
            report.pass(TrialStepName::Credentials, Duration::ZERO);
        }
        return;
    }
    let began = Instant::now();
    let answer = timeout_at(end, answer(caller))
        .await
        .unwrap_or(Err(FailureClass::Timeout));
    let lacks = report.models.lack(name);
    match answer {
        Err(class @ (FailureClass::Credentials | FailureClass::Secret)) => {
            report.end(TrialStepName::Credentials, class, began.elapsed());
        }
        Err(FailureClass::ModelMissing) => report.missing(began.elapsed()),
        Err(_) if lacks => report.missing(began.elapsed()),
        Err(class) => {
            report.pass(TrialStepName::Credentials, Duration::ZERO);
            report.pass(TrialStepName::Model, Duration::ZERO);
            report.end(TrialStepName::Answer, class, began.elapsed());
        }
        Ok(()) => {
            report.pass(TrialStepName::Credentials, Duration::ZERO);
            report.pass(TrialStepName::Model, Duration::ZERO);
            report.pass(TrialStepName::Answer, began.elapsed());
        }
    }
}

/// One short question.
async fn answer(caller: &Caller<'_>) -> Result<(), FailureClass> {
    let backend = caller.backend;
    let addresses = caller.addresses()?;
    let url = match backend.protocol {
        Protocol::Openai => addresses.route("chat/completions"),
        Protocol::Responses => addresses.route("responses"),
        Protocol::Anthropic | Protocol::AnthropicVertex => addresses.messages(&backend.model_name, MessagesCall::Whole),
    };
    let body = Value::Object(question(caller)).to_string().into_bytes();
    let response = caller.post(url, body).await?;
    match response.status().as_u16() {
        200..=299 if is_object(response).await => Ok(()),
        200..=299 => Err(FailureClass::Malformed),
        401 | 403 => Err(FailureClass::Credentials),
        402 => Err(FailureClass::Billing),
        404 => Err(FailureClass::ModelMissing),
        429 => Err(FailureClass::RateLimited),
        _ => Err(FailureClass::Status),
    }
}

fn question(caller: &Caller<'_>) -> Map<String, Value> {
    let backend = caller.backend;
    let settings = BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings).unwrap_or_default();
    let (prompt, max_tokens) = match (backend.protocol, settings.max_tokens_field) {
        (Protocol::Responses, _) => ("input", "max_output_tokens"),
        (Protocol::Openai, MaxTokensField::MaxCompletionTokens) => ("messages", "max_completion_tokens"),
        _ => ("messages", "max_tokens"),
    };
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(backend.model_name)),
        (prompt.to_owned(), json!([{"role": "user", "content": "Say hello."}])),
        (max_tokens.to_owned(), json!(MAX_TOKENS)),
    ]);
    match backend.protocol {
        // Nothing is to stay in the operator's account.
        Protocol::Responses => {
            body.insert("store".to_owned(), json!(false));
        }
        // The path has the model.
        Protocol::AnthropicVertex => {
            body.remove("model");
            body.insert("anthropic_version".to_owned(), json!("vertex-2023-10-16"));
        }
        Protocol::Openai | Protocol::Anthropic => {}
    }
    body.extend(settings.extra_body);
    body
}

/// True if the body is a JSON object without an error: an answer, and no page of something else at this address.
async fn is_object(response: Response<ResponseBody>) -> bool {
    let Ok(Some(body)) = response.into_body().read(MAX_ANSWER_BYTES).await else {
        return false;
    };
    let object: Option<Map<String, Value>> = serde_json::from_slice(&body).ok();
    object.is_some_and(|object| object.get("error").is_none_or(Value::is_null))
}

fn refused_key(status: StatusCode) -> Option<FailureClass> {
    matches!(status.as_u16(), 401 | 403).then_some(FailureClass::Credentials)
}

/// The steps so far.
#[derive(Default)]
struct Report {
    steps: Vec<TrialStep>,
    models: Models,
}

impl Report {
    const STEPS: [TrialStepName; 5] = [
        TrialStepName::Address,
        TrialStepName::Connect,
        TrialStepName::Credentials,
        TrialStepName::Model,
        TrialStepName::Answer,
    ];

    fn pass(&mut self, step: TrialStepName, duration: Duration) {
        self.add(step, StepResult::Pass, None, duration);
    }

    /// The step that failed; what comes behind it is skipped.
    fn end(&mut self, step: TrialStepName, class: FailureClass, duration: Duration) {
        self.add(step, StepResult::Fail, Some(class), duration);
    }

    /// The server takes the key and does not have the model.
    fn missing(&mut self, duration: Duration) {
        self.pass(TrialStepName::Credentials, Duration::ZERO);
        self.end(TrialStepName::Model, FailureClass::ModelMissing, duration);
    }

    fn add(&mut self, step: TrialStepName, result: StepResult, reason: Option<FailureClass>, duration: Duration) {
        self.steps.push(TrialStep {
            step,
            result,
            reason,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        });
    }

    fn finish(mut self) -> BackendTrialResult {
        let passed = self.steps.iter().all(|step| step.result != StepResult::Fail);
        for step in Self::STEPS {
            if !self.steps.iter().any(|tried| tried.step == step) {
                self.add(step, StepResult::Skipped, None, Duration::ZERO);
            }
        }
        self.steps
            .sort_by_key(|tried| Self::STEPS.iter().position(|step| *step == tried.step));
        BackendTrialResult {
            passed,
            steps: self.steps,
            models: self.models.into_names(),
        }
    }
}
