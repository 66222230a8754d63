//! The curl lines of the README and of the Chinese pages, run as they stand there against a local gateway.

use std::fs;
use std::process::Stdio;

use harness::process::LocalProcess;
use harness::provider::{Provider, openai};
use harness::{Gateway, workspace};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// Where the README's gateway and its model server listen, and the password it signs in with.
const GATEWAY: &str = "http://127.0.0.1:8080";
const MODEL_SERVER: &str = "http://127.0.0.1:8000";
const PASSWORD: &str = "password123";

/// The blocks of shell commands that call the gateway, as one script: later blocks use what earlier ones have set.
fn script(page: &str) -> String {
    let page = fs::read_to_string(workspace().join(page)).unwrap();
    let blocks = page
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
    let script = script("README.md");
    assert!(
        script.contains(GATEWAY) && script.contains(MODEL_SERVER) && script.contains(PASSWORD),
        "{script}"
    );
    let script = script
        .replace(GATEWAY, local.base_url())
        .replace(MODEL_SERVER, &provider.base_url());

    let said = run(&script, &[]).await;
    assert!(
        said.contains("data: [DONE]") && said.contains("event: message_stop"),
        "{said}"
    );
}

#[tokio::test]
async fn the_commands_of_the_chinese_pages_work() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "kimi2.5", "name": "Kimi"}))
        .await;
    let person = admin.create_person("somebody@example.com", json!({})).await;
    let id = person.id().await;
    let address = format!("http://{}", gateway.local().address());
    let variables = [
        ("GATEWAY", address.as_str()),
        ("TOKEN", admin.credential()),
        ("ID", &id),
    ];
    for page in ["docs/zh/policies.md", "docs/zh/sso.md"] {
        let script = script(page);
        assert!(script.contains("curl"), "{page} has commands");
        run(&script, &variables).await;
    }
    assert_eq!(person.profile().await["quota_policy"], "team");
}

/// Runs the lines of a page and returns what they say. Each curl fails on a status that is an error, and so ends the
/// script.
async fn run(script: &str, variables: &[(&str, &str)]) -> String {
    let script = format!("set -euo pipefail\ncurl() {{ command curl --fail-with-body \"$@\"; }}\n{script}");
    let output = Command::new("bash")
        .args(["-c", &script])
        .envs(variables.iter().copied())
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
    said
}
