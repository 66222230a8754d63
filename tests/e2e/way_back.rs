//! Administrators are never locked out, and a gateway whose process died is whole at its next start.

use std::net::TcpListener;
use std::path::Path;

use harness::client::{Client, PASSWORD, data, refusal, status};
use harness::process::LocalProcess;
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gate, Gateway};
use serde_json::json;
use tempfile::TempDir;

async fn second_admin(gateway: &Gateway) -> Client {
    let admin = json!({"role": "admin"});
    gateway.admin().create_person("second@example.com", admin).await
}

#[tokio::test]
async fn op1_p15_the_last_password_of_an_administrator_stays_while_single_sign_on_is_off() {
    let gateway = Gateway::start().await;
    let (admin, own) = (gateway.admin(), gateway.admin().account_path().await);
    let clear = json!({"password": null});
    assert_eq!(refusal(admin.put(&own).json(&clear), 409).await, "last_admin");
    // A second administrator without a password is no way in.
    let second = second_admin(&gateway).await;
    let other = second.account_path().await;
    admin.change(&other, &clear).await;
    for change in [json!({"role": "user"}), json!({"status": "disabled"}), clear.clone()] {
        assert_eq!(
            refusal(admin.put(&own).json(&change), 409).await,
            "last_admin",
            "{change}"
        );
    }
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    gateway
        .anybody()
        .signed_in(ADMIN_EMAIL, ADMIN_PASSWORD)
        .await
        .profile()
        .await;
    // With one it is.
    admin.change(&other, &json!({"password": PASSWORD})).await;
    admin.change(&own, &clear).await;
}

#[tokio::test]
async fn op1_p15_two_who_give_up_their_passwords_at_once_leave_one() {
    for _ in 0..8 {
        let gateway = Gateway::start().await;
        let (first, second) = (gateway.admin(), second_admin(&gateway).await);
        let clear = json!({"password": null});
        let (one, other) = (first.account_path().await, second.account_path().await);
        let (one, other) = tokio::join!(
            status(first.put(&one).json(&clear)),
            status(second.put(&other).json(&clear))
        );
        let mut statuses = [one, other];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test]
async fn op1_nothing_is_made_before_the_port_is_ours() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = LocalProcess::run(folder.path(), &["--listen", &address], &[]).await;
    assert!(!ended.status.success());
    assert!(
        ended.log.contains(&address) && ended.log.contains("--listen"),
        "{}",
        ended.log
    );
    let mut local = LocalProcess::start(folder.path()).await;
    assert!(local.line().await.unwrap().contains("The first administrator is"));
    assert!(local.line().await.unwrap().contains("with the password"));
}

async fn reset(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let arguments = [&["--reset-admin"], arguments].concat();
    let ended = LocalProcess::run(folder, &arguments, environment).await;
    assert!(ended.status.success(), "{ended:?}");
    ended.output
}

/// A gateway in `folder`, with the administrator's own password.
async fn with_password(folder: &Path) -> (LocalProcess, Client) {
    let local = LocalProcess::start_with(folder, &[("ADMIN_PASSWORD", ADMIN_PASSWORD)]).await;
    let admin = local.anybody().signed_in("admin@localhost", ADMIN_PASSWORD).await;
    (local, admin)
}

#[tokio::test]
async fn op1_a_password_of_the_environment_that_is_not_used_is_said_so() {
    let folder = TempDir::new().unwrap();
    let (local, _) = with_password(folder.path()).await;
    assert!(local.terminate().await.status.success());
    let other = [("ADMIN_PASSWORD", "another long password")];
    let mut local = LocalProcess::start_with(folder.path(), &other).await;
    assert!(local.line().await.unwrap().contains("ADMIN_PASSWORD is not used"));
    let in_use = LocalProcess::run(folder.path(), &["--reset-admin"], &[]).await;
    assert!(!in_use.status.success(), "{in_use:?}");
    assert!(in_use.log.contains("another gateway uses the data"), "{in_use:?}");
}

#[tokio::test]
async fn op1_who_owns_the_data_gets_a_new_password() {
    let folder = TempDir::new().unwrap();
    let (local, admin) = with_password(folder.path()).await;
    assert!(local.terminate().await.status.success());
    let told = reset(folder.path(), &["--admin-email", "nobody@example.com"], &[]).await;
    assert!(
        told.contains("The administrator admin@localhost has a new password"),
        "{told}"
    );
    let password = told.split("which is ").nth(1).unwrap().split(' ').next().unwrap();
    let local = LocalProcess::start(folder.path()).await;
    let again = local.anybody().signed_in("admin@localhost", password).await;
    again.profile().await;
    let old = local.anybody().with(admin.credential());
    assert_eq!(
        status(old.get("/api/v1/user/profile")).await,
        401,
        "the old sessions have ended"
    );
    let trail = data(again.get("/api/v1/admin/audit?action=admin.reset"), 200).await;
    assert_eq!(trail[0]["actor"], "system");
}

#[tokio::test]
async fn op1_the_account_that_is_named_is_an_active_administrator_again() {
    let folder = TempDir::new().unwrap();
    let (local, admin) = with_password(folder.path()).await;
    let second = admin
        .create_person("second@example.com", json!({"role": "admin"}))
        .await;
    let path = second.account_path().await;
    admin
        .change(&path, &json!({"role": "user", "status": "disabled"}))
        .await;
    assert!(local.terminate().await.status.success());
    let (email, chosen) = (
        ["--admin-email", "second@example.com"],
        [("ADMIN_PASSWORD", "a chosen password")],
    );
    let told = reset(folder.path(), &email, &chosen).await;
    assert!(
        told.contains("second@example.com") && !told.contains("a chosen"),
        "{told}"
    );
    let local = LocalProcess::start(folder.path()).await;
    let second = local
        .anybody()
        .signed_in("second@example.com", "a chosen password")
        .await;
    assert_eq!(second.profile().await["role"], "admin");
}

#[tokio::test]
async fn op2_options_that_cannot_work_are_refused_and_named() {
    let folder = TempDir::new().unwrap();
    for (arguments, variable, named) in [
        (&["--max-inflight", "0"][..], ("A", "b"), "--max-inflight"),
        (&[], ("MAX_INFLIGHT", "many"), "MAX_INFLIGHT"),
        (&["--log", "nonsense==="], ("A", "b"), "--log"),
        (&["--listen", "8080"], ("A", "b"), "--listen"),
        (&["--trusted-proxies", "nginx"], ("A", "b"), "--trusted-proxies"),
    ] {
        let ended = LocalProcess::run(folder.path(), arguments, &[variable]).await;
        assert!(!ended.status.success(), "{arguments:?}");
        assert!(
            ended.log.contains(named) || ended.log.contains(&named.to_lowercase().replace('_', "-")),
            "{named}: {}",
            ended.log
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn op3_a_start_after_a_crash_frees_the_places_of_the_dead() {
    let folder = TempDir::new().unwrap();
    let given = [("ADMIN_PASSWORD", ADMIN_PASSWORD)];
    let local = LocalProcess::start_with(folder.path(), &given).await;
    let admin = local.anybody().signed_in("admin@localhost", ADMIN_PASSWORD).await;
    let provider = Provider::start();
    admin
        .create_model_with("m", &provider, &json!({"max_concurrency": 1}))
        .await;
    admin.create_policy("one", &json!({"max_concurrency": 1})).await;
    let program = admin.create_program_under("one").await;
    provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&Gate::new()));
    let mut stream = program.chat_stream("m").send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    assert_eq!(status(program.chat("m")).await, 429);
    local.kill().await;

    let local = LocalProcess::start(folder.path()).await;
    provider.will(Reply::json(&openai::completion("Hello")));
    let program = local.anybody().with(program.credential());
    assert_eq!(status(program.chat("m")).await, 200);
    let admin = local.anybody().signed_in("admin@localhost", ADMIN_PASSWORD).await;
    let log = data(admin.get("/api/v1/admin/logs?outcome=abandoned"), 200).await;
    assert_eq!(
        log.as_array().unwrap().len(),
        1,
        "what the dead process had reserved is charged: {log}"
    );
}
