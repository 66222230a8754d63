//! Calls of one function by another, which may read what the caller may not: backends' keys and the client secret of
//! single sign-on (decision 23). In the local gateway the called function is in the same process.

mod backend_trial;
mod check;
mod sso_trial;

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aws::{InvokeError, LambdaClient};
use crate::store::StoreError;

pub use backend_trial::{BackendTrial, BackendTrialResult, TrialRequest, TrialStep, TrialStepName};
pub use check::{CheckRequest, CheckResult};
pub use sso_trial::{SsoPreview, SsoTrial, SsoTrialResult};

/// Why a call of a function has no response.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    #[error("the function cannot be invoked")]
    Invoke(#[from] InvokeError),
    #[error("the function's event cannot be written, or its response cannot be read")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Handler<Request, Response> = dyn Fn(Request) -> BoxFuture<'static, Result<Response, StoreError>> + Send + Sync;

/// A client of one function. Cheap to clone.
pub enum FunctionClient<Request, Response> {
    /// The Lambda function of this name.
    Lambda(LambdaClient, Arc<str>),
    /// A function of this process.
    InProcess(Arc<Handler<Request, Response>>),
}

impl<Request: Serialize, Response: DeserializeOwned> FunctionClient<Request, Response> {
    /// A client of the Lambda function called `name`.
    pub fn lambda(lambda: LambdaClient, name: &str) -> Self {
        Self::Lambda(lambda, name.into())
    }

    /// A client of `handler`, in this process.
    pub fn in_process<F>(handler: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response, StoreError>> + Send + 'static,
    {
        Self::InProcess(Arc::new(move |request| handler(request).boxed()))
    }

    /// The function's response to `request`.
    pub async fn call(&self, request: Request) -> Result<Response, FunctionError> {
        match self {
            Self::Lambda(lambda, name) => {
                let response = lambda.invoke(name, &serde_json::to_value(&request)?).await?;
                Ok(serde_json::from_slice(&response)?)
            }
            Self::InProcess(handler) => Ok(handler(request).await?),
        }
    }
}

/// Not derived: that would demand the same of `Request` and `Response`.
impl<Request, Response> Clone for FunctionClient<Request, Response> {
    fn clone(&self) -> Self {
        match self {
            Self::Lambda(lambda, name) => Self::Lambda(lambda.clone(), Arc::clone(name)),
            Self::InProcess(handler) => Self::InProcess(Arc::clone(handler)),
        }
    }
}

impl<Request, Response> fmt::Debug for FunctionClient<Request, Response> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lambda(_, name) => f.debug_tuple("Lambda").field(name).finish(),
            Self::InProcess(_) => f.write_str("InProcess"),
        }
    }
}
