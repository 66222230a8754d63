//! `tidegate --demo`: an installation to look around in.

use std::collections::BTreeSet;

use harness::client::{Client, data};
use harness::process::LocalProcess;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A demo, and the password that it shows.
async fn demo(folder: &TempDir) -> (LocalProcess, String) {
    let mut demo = LocalProcess::start_demo(folder.path()).await.unwrap();
    let mut said = String::new();
    while !said.contains("Look around at ") {
        said = said + &demo.line().await.unwrap() + "\n";
    }
    assert!(said.starts_with("This is a demo: "), "{said}");
    assert!(
        said.contains(&format!("Its data stays in {}", folder.path().display())),
        "{said}"
    );
    let password = said
        .split("with the password ")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    (demo, password.to_owned())
}

async fn list(who: &Client, path: &str) -> Vec<Value> {
    data(who.get(&format!("/api/v1/{path}")), 200)
        .await
        .as_array()
        .unwrap()
        .clone()
}

/// The pages of an administrator have something to show.
async fn look_around(admin: &Client) {
    let overview = data(admin.get("/api/v1/admin/overview"), 200).await;
    let kinds: BTreeSet<_> = overview["attention"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].to_string())
        .collect();
    for kind in ["approvals", "backend_out", "limit_near", "shadow"] {
        assert!(kinds.contains(&format!("\"{kind}\"")), "{kinds:?}");
    }
    let requests = overview["now"]["requests"].as_u64().unwrap();
    assert!(requests > 2000, "{requests}");
    for (path, least) in [
        ("admin/users", 23),
        ("admin/departments", 4),
        ("admin/policies", 4),
        ("admin/models", 4),
        ("admin/backends", 7),
        ("admin/usage?group_by=day", 25),
        ("admin/usage?group_by=user", 20),
        ("admin/logs", 50),
        ("admin/audit", 50),
        ("admin/top-ups", 1),
        ("admin/policies/trial/shadow", 1),
    ] {
        let found = list(admin, path).await;
        assert!(found.len() >= least, "{path}: {}", found.len());
    }
    let backends = list(admin, "admin/backends").await;
    let turned = backends
        .iter()
        .filter(|backend| !backend["health"]["turns"].as_array().unwrap().is_empty());
    assert!(turned.count() > 2);
}

#[tokio::test]
async fn a_demo_has_people_and_traffic_and_its_models_answer() {
    let folder = TempDir::new().unwrap();
    let (demo, password) = demo(&folder).await;
    let admin = demo.anybody().signed_in("admin@localhost", &password).await;
    look_around(&admin).await;

    let manager = demo.anybody().signed_in("chen.jun@example.com", &password).await;
    assert_eq!(list(&manager, "admin/users").await.len(), 6, "of the own department");
    let user = demo.anybody().signed_in("lin.wei@example.com", &password).await;
    assert!(list(&user, "user/usage").await.len() > 10);

    let program = user.create_key().await;
    let asked = json!({"model": "claude-opus", "messages": [{"role": "user", "content": "What is a tide?"}]});
    let answer = program.post("/v1/chat/completions").json(&asked).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        text.contains("This is a demo") && text.contains("> What is a tide?"),
        "{text}"
    );
    let streamed = program
        .chat_stream("qwen3-coder")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        streamed.contains("demo") && streamed.trim_end().ends_with("data: [DONE]"),
        "{streamed}"
    );
    let page = demo
        .anybody()
        .get("/console/")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("<html data-demo "), "{page}");
    assert!(demo.terminate().await.status.success());
}

#[tokio::test]
async fn a_demo_touches_no_data_of_anybody() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("letter"), "dear").unwrap();
    let refused = LocalProcess::start_demo(folder.path()).await.unwrap_err();
    assert!(!refused.status.success());
    assert!(
        refused.log.contains("has something in it: name an empty folder"),
        "{}",
        refused.log
    );
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["letter"]);
    let other = TempDir::new().unwrap();
    let shared = LocalProcess::run(other.path(), &["--demo", "--store", "dynamodb"], &[]).await;
    assert!(
        !shared.status.success() && shared.log.contains("not in DynamoDB"),
        "{}",
        shared.log
    );
}
