//! The `health` function as who checks: the cloud's home.

use serde_json::json;

use super::{CheckResult, ProbeError};
use crate::aws::Functions;
use domain::models::BackendId;

/// Asks the function of this name.
#[derive(Clone, Debug)]
pub struct FunctionProber {
    functions: Functions,
    name: String,
}

impl FunctionProber {
    pub fn new(functions: Functions, name: String) -> Self {
        Self { functions, name }
    }

    pub(super) async fn check(&self, id: &BackendId) -> Result<Option<CheckResult>, ProbeError> {
        let answer = self.functions.invoke(&self.name, &json!({"backend": id})).await?;
        Ok(serde_json::from_slice(&answer)?)
    }
}
