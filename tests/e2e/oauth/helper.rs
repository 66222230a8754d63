//! `tidegate login`, `token`, `logout` and `setup`, as the real program on somebody's computer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use futures_util::future::join_all;
use harness::binaries::binary;
use harness::identity_provider::Begun;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use url::Url;

use super::{Asked, Company};

/// A person's computer.
struct Computer {
    home: TempDir,
}

/// How a command has ended.
struct Ended {
    succeeded: bool,
    printed: String,
    said: String,
}

impl Computer {
    fn new() -> Self {
        Self {
            home: TempDir::new().unwrap(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("tidegate"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("BROWSER", "/bin/true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let ended = self.command(arguments).output().await.unwrap();
        Ended {
            succeeded: ended.status.success(),
            printed: String::from_utf8(ended.stdout).unwrap(),
            said: String::from_utf8(ended.stderr).unwrap(),
        }
    }

    /// `tidegate token`, which has to print a token and nothing else.
    async fn token(&self, arguments: &[&str]) -> String {
        let ended = self.run(&[&["token"], arguments].concat()).await;
        assert!(ended.succeeded && ended.said.is_empty(), "{}", ended.said);
        let token = ended.printed.strip_suffix('\n').unwrap();
        assert!(token.starts_with("tgat-") && !token.contains('\n'), "{token}");
        token.to_owned()
    }

    fn kept(&self) -> PathBuf {
        self.home.path().join(".config/tidegate")
    }

    /// Signs in, with the person of `company` in the browser.
    async fn log_in(&self, company: &Company, arguments: &[&str]) {
        let address = company.address();
        let mut login = self
            .command(&[&["login", &address], arguments].concat())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(login.stderr.take().unwrap()).lines();
        let shown = loop {
            let line = lines.next_line().await.unwrap().unwrap();
            if let Some(shown) = line.trim().strip_prefix(&address) {
                break shown.to_owned();
            }
        };
        if shown.starts_with("/device") {
            let url: Url = format!("{address}{shown}").parse().unwrap();
            let asked = company.asked_for(&super::parameter(&url, "user_code")).await;
            assert_eq!(company.decide(&asked, "approve").await.status(), 200);
        } else {
            let begun = Begun::by(&company.installation.gateway, &shown).await;
            let asked = Asked::of(company.come_back(&begun, &json!({})).await).await;
            let back = super::location(&company.decide(&asked, "approve").await);
            let page = company.installation.gateway.anybody().elsewhere(back.as_str());
            assert!(
                page.get("")
                    .send()
                    .await
                    .unwrap()
                    .text()
                    .await
                    .unwrap()
                    .contains("terminal")
            );
        }
        assert!(login.wait().await.unwrap().success());
    }
}

#[tokio::test]
async fn p98_a_person_signs_in_and_programs_get_tokens_that_end() {
    let (company, computer) = (Company::start().await, Computer::new());
    let before = computer.run(&["token"]).await;
    assert!(
        !before.succeeded && before.printed.is_empty() && before.said.contains("tidegate login"),
        "{}",
        before.said
    );
    computer.log_in(&company, &[]).await;
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(computer.kept()), mode(computer.kept().join("sign-ins.json"))),
        (0o700, 0o600)
    );
    let first = computer.token(&[]).await;
    assert_eq!(company.opens(&first).await, 200);
    // Who asks again at once was refused with what it got.
    let second = computer.token(&["--gateway", &company.address()]).await;
    assert_ne!(second, first);
    let out = computer.run(&["logout"]).await;
    assert!(out.succeeded, "{}", out.said);
    for token in [&first, &second] {
        assert_eq!(company.opens(token).await, 401);
    }
    let after = computer.run(&["token"]).await;
    assert!(!after.succeeded && after.printed.is_empty(), "{}", after.said);
    let kept = fs::read_to_string(computer.kept().join("sign-ins.json")).unwrap();
    assert!(!kept.contains("tg"), "{kept}");
}

#[tokio::test]
async fn processes_that_ask_at_once_share_one_sign_in() {
    let (company, computer) = (Company::start().await, Computer::new());
    // Each token is about to end as soon as it is there.
    company.set(json!({"access_token_seconds": 60})).await;
    computer.log_in(&company, &[]).await;
    for token in join_all((0..3).map(|_| computer.token(&[]))).await {
        assert_eq!(company.opens(&token).await, 200);
    }
    assert!(company.audit("sign_in.reuse").await.is_empty());
    assert_eq!(company.audit("sign_in.create").await.len(), 1);
}

#[tokio::test]
async fn a_sign_in_that_has_ended_is_told_with_what_to_do() {
    let (company, computer) = (Company::start().await, Computer::new());
    computer.log_in(&company, &[]).await;
    let token = computer.token(&[]).await;
    let revoked = company
        .post("/oauth/revoke", &[("token", &token)])
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 200);
    let refused = computer.run(&["token"]).await;
    let advice = format!("has ended: run `tidegate login {}`", company.address());
    assert!(!refused.succeeded && refused.said.contains(&advice), "{}", refused.said);
    assert!(
        !refused.said.contains("tg-") && !refused.said.contains(&token),
        "{}",
        refused.said
    );
}

#[tokio::test]
async fn a_code_is_shown_where_no_browser_is() {
    let (company, computer) = (Company::start().await, Computer::new());
    computer.log_in(&company, &["--device", "--client", "opencode"]).await;
    let token = computer.token(&["--client", "opencode"]).await;
    assert_eq!(company.opens(&token).await, 200);
    assert_eq!(
        company.audit("sign_in.create").await[0]["values"]["how"]["new"],
        "device"
    );
}

#[tokio::test]
async fn setup_shows_what_it_writes_and_writes_when_it_may() {
    let (company, computer) = (Company::start().await, Computer::new());
    let gateway = company.address();
    let settings = computer.home.path().join(".claude/settings.json");
    let shown = computer.run(&["setup", "claude", "--gateway", &gateway]).await;
    assert!(
        !shown.succeeded && shown.printed.contains("apiKeyHelper") && !settings.exists(),
        "{}",
        shown.printed
    );
    let written = computer.run(&["setup", "claude", "--gateway", &gateway, "--yes"]).await;
    assert!(written.succeeded, "{}", written.said);
    let settings: Value = serde_json::from_slice(&fs::read(&settings).unwrap()).unwrap();
    assert_eq!(settings["env"]["ANTHROPIC_BASE_URL"], gateway);
    let helper = settings["apiKeyHelper"].as_str().unwrap();
    assert!(
        helper.ends_with(&format!("tidegate token --gateway {gateway}")),
        "{helper}"
    );
    let codex = computer.run(&["setup", "codex", "--gateway", &gateway, "--yes"]).await;
    assert!(codex.succeeded, "{}", codex.said);
    let config = fs::read_to_string(computer.home.path().join(".codex/config.toml")).unwrap();
    assert!(
        config.contains(&format!("authorization_url = \"{gateway}/oauth/authorize\"")),
        "{config}"
    );
    assert!(config.contains("client_id = \"codex\""), "{config}");
}

#[tokio::test]
async fn a_gateway_on_another_computer_needs_https() {
    let refused = Computer::new().run(&["login", "http://gateway.example"]).await;
    assert!(
        !refused.succeeded && refused.said.contains("needs https"),
        "{}",
        refused.said
    );
}
