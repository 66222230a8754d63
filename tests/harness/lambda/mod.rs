//! Lambda, as a function sees it: a Runtime API on loopback that hands out events and takes the answers.
//!
//! The functions are the real binaries. Their answers are kept as they came over the wire, chunk by chunk, since
//! API Gateway shows exactly that to clients.

mod answer;
mod api;
mod invoke;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

use crate::binaries;
use crate::loopback::{Loopback, accept};
use api::Api;

pub use answer::{Answer, Chunk, Invocation, Mode};
pub use invoke::Functions;

/// A running function. Dropping it kills the process.
#[derive(Debug)]
pub struct Function {
    api: Arc<Api>,
    process: Child,
    log: NamedTempFile,
    _server: Loopback,
}

impl Function {
    /// Boots the function binary called `name` and waits for its first call of the Runtime API.
    pub async fn start(name: &str, environment: &[(&str, String)]) -> Self {
        Self::boot(&binaries::binary(name), environment).await
    }

    /// Boots a function that is no part of the product, but an example of the tests' package.
    pub async fn start_example(name: &str, environment: &[(&str, String)]) -> Self {
        Self::boot(&binaries::example(name), environment).await
    }

    /// Boots the program at `binary`.
    pub async fn boot(binary: &Path, environment: &[(&str, String)]) -> Self {
        let api = Arc::new(Api::default());
        let shared = api.clone();
        let server = Loopback::start(|listener| accept(listener, move |stream| api::serve(stream, shared.clone())));
        let log = NamedTempFile::new().unwrap();
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(lambda_environment(&server))
            .envs(environment.iter().map(|(name, value)| (name, value)));
        let process = command
            .stderr(Stdio::from(log.reopen().unwrap()))
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut function = Self {
            api,
            process,
            log,
            _server: server,
        };
        tokio::select! {
            () = function.api.polled.opened() => {}
            ended = function.process.wait() => panic!("{} ended with {}:\n{}", binary.display(), ended.unwrap(), function.log()),
        }
        function
    }

    /// Hands out `event`. Answers come as the function gives them.
    pub fn invoke(&self, event: Value) -> Invocation {
        self.api.invoke(event)
    }

    /// The same, with the millisecond since 1970 when the invocation has to end.
    pub fn invoke_until(&self, event: Value, deadline: i64) -> Invocation {
        self.api.invoke_until(event, deadline)
    }

    /// What the process has logged so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        self.log.reopen().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Memory that the process has taken at most so far, in KiB.
    pub fn peak_memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// True while the process lives.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }
}

/// What Lambda itself sets.
fn lambda_environment(server: &Loopback) -> [(&'static str, String); 8] {
    [
        ("AWS_LAMBDA_RUNTIME_API", server.address().to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "function".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_REGION", "eu-central-1".into()),
        ("AWS_ACCESS_KEY_ID", "test".into()),
        ("AWS_SECRET_ACCESS_KEY", "test".into()),
        ("AWS_SESSION_TOKEN", "test".into()),
    ]
}
