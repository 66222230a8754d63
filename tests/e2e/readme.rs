//! The README's curl lines, run as they stand there against a real local gateway.

use std::fs;
use std::process::Stdio;

use harness::process::LocalProcess;
use harness::provider::{Provider, openai};
use harness::workspace;
use tempfile::TempDir;
use tokio::process::Command;

/// Where the README's gateway and its model server listen, and the password it signs in with.
const GATEWAY: &str = "http://127.0.0.1:8080";
const MODEL_SERVER: &str = "http://127.0.0.1:8000";
const PASSWORD: &str = "password123";

/// The blocks of shell commands that call the gateway, as one script: later blocks use what earlier ones have set.
fn script() -> String {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let blocks = readme
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("curl")).collect()
}

#[tokio::test]
async fn the_readmes_commands_work() {
    let folder = TempDir::new().unwrap();
    let local = LocalProcess::start_with(folder.path(), &[("ADMIN_PASSWORD", PASSWORD)]).await;
    let provider = Provider::always(openai::stream(&["Hel", "lo"]));
    let script = script();
    assert!(
        script.contains(GATEWAY) && script.contains(MODEL_SERVER) && script.contains(PASSWORD),
        "{script}"
    );
    let script = script
        .replace(GATEWAY, local.base_url())
        .replace(MODEL_SERVER, &provider.base_url());

    // Each curl fails on a status that is an error, and so ends the script.
    let script = format!("set -euo pipefail\ncurl() {{ command curl --fail-with-body \"$@\"; }}\n{script}");
    let output = Command::new("bash")
        .args(["-c", &script])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("data: [DONE]") && said.contains("event: message_stop"),
        "{said}"
    );
}
