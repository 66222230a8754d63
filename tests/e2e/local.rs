//! The real `tidegate` program: what it says, how it ends, and what outlives it.

use std::time::Duration;

use harness::Gate;
use harness::client::Client;
use harness::process::LocalProcess;
use harness::provider::{Provider, Reply, openai};
use tempfile::TempDir;

const EMAIL: &str = "admin@localhost";

/// The first administrator, with the password that the first start shows.
async fn first_admin(local: &mut LocalProcess) -> (Client, String) {
    let email = local.line().await.unwrap();
    assert!(email.ends_with(EMAIL), "{email}");
    let password = local.line().await.unwrap();
    let password = password
        .strip_prefix("with the password ")
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned();
    (local.anybody().signed_in(EMAIL, &password).await, password)
}

#[tokio::test]
async fn p6_the_first_start_tells_how_to_sign_in_and_a_second_one_does_not() {
    let folder = TempDir::new().unwrap();
    let mut local = LocalProcess::start(folder.path()).await;
    let (admin, password) = first_admin(&mut local).await;
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    admin.create_model("m", &provider).await;
    let key = admin.create_key().await;
    let ended = local.terminate().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.log.contains(&password), "{}", ended.log);

    let local = LocalProcess::start(folder.path()).await;
    let _ = local.anybody().signed_in(EMAIL, &password).await;
    assert_eq!(
        local
            .anybody()
            .with(key.credential())
            .chat("m")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        local
            .anybody()
            .with(admin.credential())
            .get("/api/v1/user/keys")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(local.terminate().await.output, "");
}

#[tokio::test]
async fn a_folder_has_one_gateway() {
    let folder = TempDir::new().unwrap();
    let _first = LocalProcess::start(folder.path()).await;
    let second = LocalProcess::try_start(folder.path(), &[]).await.unwrap_err();
    assert!(!second.status.success());
    assert!(second.log.contains("another gateway uses the data"), "{}", second.log);
}

#[tokio::test]
async fn what_was_written_outlives_a_kill_in_mid_stream() {
    let folder = TempDir::new().unwrap();
    let mut local = LocalProcess::start(folder.path()).await;
    let (admin, password) = first_admin(&mut local).await;
    let provider = Provider::start();
    provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&Gate::new()));
    provider.will(openai::stream(&["Hel", "lo"]));
    admin.create_model("m", &provider).await;
    let program = admin.create_key().await;
    let mut answer = program.chat_stream("m").send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    local.kill().await;
    assert!(answer.chunk().await.is_err(), "the stream must not look complete");

    let local = LocalProcess::start(folder.path()).await;
    let _ = local.anybody().signed_in(EMAIL, &password).await;
    let answer = local
        .anybody()
        .with(program.credential())
        .chat_stream("m")
        .send()
        .await
        .unwrap();
    assert!(answer.text().await.unwrap().ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn sigterm_ends_it_within_5_seconds_with_running_streams_told_and_settled() {
    let folder = TempDir::new().unwrap();
    let mut local = LocalProcess::start(folder.path()).await;
    let (admin, _) = first_admin(&mut local).await;
    let provider = Provider::start();
    provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&Gate::new()));
    admin.create_model("m", &provider).await;
    let answer = admin.create_key().await.chat_stream("m").send().await.unwrap();
    let (ended, body) = tokio::join!(local.terminate(), answer.text());
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
    let body = body.unwrap();
    assert!(body.contains("\"error\"") && !body.contains("[DONE]"), "{body}");
    let settled = ended.log.lines().find(|line| line.contains("outcome=Stopped"));
    assert!(settled.is_some(), "{}", ended.log);
}

#[tokio::test]
async fn c1_serve_is_what_no_command_is() {
    let folder = TempDir::new().unwrap();
    for arguments in [["--reset-admin"].as_slice(), &["serve", "--reset-admin"]] {
        let ended = LocalProcess::run(folder.path(), arguments, &[]).await;
        assert!(
            ended
                .log
                .contains("tidegate cannot start: there is no administrator yet"),
            "{ended:?}"
        );
    }
    let both = LocalProcess::run(folder.path(), &["--reset-admin", "serve"], &[]).await;
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}
