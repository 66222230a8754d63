//! A trial of a backend's entry before it is saved: the event of the `health` function and its response (api.md §5).

use std::fmt;

use serde::{Deserialize, Serialize};

use domain::models::catalog::Backend;
use domain::models::health::FailureClass;
use domain::models::sso::StepResult;

/// The event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialRequest {
    pub trial: BackendTrial,
}

/// The entry to try.
#[derive(Clone, Serialize, Deserialize)]
pub struct BackendTrial {
    /// Its `model_name` may be empty: then no model is asked.
    pub backend: Backend,
    /// Used instead of the stored key.
    pub api_key: Option<String>,
}

/// What was found, step by step, and the models that the server lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackendTrialResult {
    pub passed: bool,
    pub steps: Vec<TrialStep>,
    pub models: Vec<String>,
}

/// One step. Tells a coarse reason and nothing that the server has sent (promise 37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialStep {
    pub step: TrialStepName,
    pub result: StepResult,
    #[serde(default)]
    pub reason: Option<FailureClass>,
    pub duration_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialStepName {
    /// The host has an address that may be called.
    Address,
    /// A server answers there.
    Connect,
    /// It takes the key.
    Credentials,
    /// It has the model.
    Model,
    /// The model answers a question.
    Answer,
}

/// Without the key.
impl fmt::Debug for BackendTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendTrial")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}
