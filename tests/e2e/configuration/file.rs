//! The document as a file, applied at the start of the real `tidegate` program.

use std::fs;

use harness::client::data;
use harness::process::LocalProcess;
use harness::workspace;
use tempfile::TempDir;

use super::EXPORT;

/// The example of docs/config.md.
fn example() -> String {
    let page = fs::read_to_string(workspace().join("docs/config.md")).unwrap();
    let block = page.split("```yaml\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// The variables that the example needs; and an address that stays, since the callback of single sign-on is below it.
const VARIABLES: [(&str, &str); 4] = [
    ("PUBLIC_URL", "https://gateway.example.com"),
    ("ZAI_API_KEY", "zai-key"),
    ("MOONSHOT_API_KEY", "moonshot-key"),
    ("SSO_CLIENT_SECRET", "client-secret"),
];

#[tokio::test]
async fn the_example_of_the_documents_starts_a_gateway_and_a_second_start_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let (file, stored) = (folder.path().join("gateway.yaml"), folder.path().join("data"));
    fs::write(&file, example()).unwrap();
    let environment = |password: &'static str| {
        let mut variables = VARIABLES.to_vec();
        variables.push(("CONFIG", file.to_str().unwrap()));
        variables.extend(Some(("ADMIN_PASSWORD", password)).filter(|(_, password)| !password.is_empty()));
        variables
    };
    let mut local = LocalProcess::start_with(&stored, &environment("password123")).await;
    let admin = local.anybody().signed_in("admin@localhost", "password123").await;
    let exported = data(admin.get(EXPORT), 200).await;
    let ids: Vec<_> = exported["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(ids, ["glm", "kimi"]);
    let backends = data(admin.get("/api/v1/admin/backends"), 200).await;
    let with_key = backends
        .as_array()
        .unwrap()
        .iter()
        .filter(|backend| backend["has_api_key"] == true)
        .count();
    assert_eq!(with_key, 2);
    assert_eq!(
        local.line().await.unwrap(),
        "The first administrator is admin@localhost"
    );
    let line = local.line().await.unwrap();
    assert_eq!(line, "The configuration is applied: 11 changes, 0 as they were");
    let said = local.terminate().await;
    assert_eq!(said.output, "", "with models there is no link to set it up");

    let mut again = LocalProcess::start_with(&stored, &environment("")).await;
    let line = again.line().await.unwrap();
    assert_eq!(line, "The configuration is applied: 0 changes, 11 as they were");
}

#[tokio::test]
async fn a_file_that_is_wrong_stops_the_start_with_its_reason() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("gateway.yaml");
    for (text, reason) in [
        ("models: [", "cannot be applied"),
        ("models:\n  - id: a\n    id: b\n", "cannot be applied"),
        ("models:\n  - {id: a, name: yes, enabled: maybe}\n", "models[0].enabled"),
        (
            "models:\n  - {id: a, name: '${NOT_THERE}'}\n",
            "NOT_THERE: the environment has no such variable",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let config = [("CONFIG", file.to_str().unwrap())];
        let ended = LocalProcess::try_start(&folder.path().join("data"), &config)
            .await
            .unwrap_err();
        assert!(
            !ended.status.success() && ended.log.contains(reason),
            "{text}: {}",
            ended.log
        );
    }
}
