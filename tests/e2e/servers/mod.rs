//! Several servers beside each other on one set of tables: the real program, killed and restarted behind a balancer.

mod balancer;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use harness::client::{Client, data};
use harness::dynamo::Dynamo;
use harness::killing::Answers;
use harness::process::LocalProcess;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use http::header::CONNECTION;
use jiff::SignedDuration;
use reqwest::RequestBuilder;
use serde_json::json;
use service::store::Store;
use tempfile::TempDir;

use self::balancer::Balancer;

const SERVERS: usize = 3;
const KILLS: usize = 6;
/// Under way when a server is killed.
const AT_ONCE: usize = 24;
/// Requests a day of the program with a limit; it makes twelve in each of the rounds.
const DAILY: usize = 90;

/// The tables and secrets that servers share.
struct Installation {
    dynamo: Dynamo,
    folder: TempDir,
}

impl Installation {
    async fn start() -> Self {
        Self {
            dynamo: Dynamo::start("shared-").await,
            folder: TempDir::new().unwrap(),
        }
    }

    /// One more server.
    async fn server(&self) -> LocalProcess {
        let (config, secrets) = (self.dynamo.config(), self.folder.path().join("secrets.json"));
        let environment = HashMap::from([
            ("STORE", "dynamodb"),
            ("TABLE_PREFIX", "shared-"),
            ("SECRETS_FILE", secrets.to_str().unwrap()),
            ("AWS_REGION", &config.region),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            (
                "AWS_ENDPOINT_URL_DYNAMODB",
                config.dynamodb_endpoint.as_deref().unwrap(),
            ),
            ("ADMIN_EMAIL", ADMIN_EMAIL),
            ("ADMIN_PASSWORD", ADMIN_PASSWORD),
        ]);
        let environment: Vec<_> = environment.into_iter().collect();
        LocalProcess::start_with(self.folder.path(), &environment).await
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Refused,
    /// The connection ended before the answer did.
    Cut,
}

/// One request in one of six ways: three dialects, streamed and whole. Each has a connection of its own.
async fn ask(program: Client, model: &str, number: usize) -> End {
    let whole_response = || {
        let body = json!({"model": model, "input": "Hi"});
        program.post("/v1/responses").json(&body)
    };
    let request: RequestBuilder = match number % 6 {
        0 => program.chat(model),
        1 => program.chat_stream(model),
        2 => program.message(model),
        3 => program.message_stream(model),
        4 => program.response_stream(model),
        _ => whole_response(),
    };
    let Ok(response) = request.header(CONNECTION, "close").send().await else {
        return End::Cut;
    };
    let status = response.status();
    match response.text().await {
        Ok(text) if status == 200 && text.contains("lo") => End::Whole,
        Ok(_) if status == 429 => End::Refused,
        Ok(text) => panic!("{status} {text}"),
        Err(_) => End::Cut,
    }
}

fn count(ends: &[End], wanted: End) -> usize {
    ends.iter().filter(|end| **end == wanted).count()
}

#[tokio::test]
async fn c1_servers_that_are_killed_overspend_nothing_and_lose_nothing() {
    let installation = Installation::start().await;
    let balancer = Balancer::start().await;
    let mut servers = Vec::new();
    for _ in 0..SERVERS {
        let server = installation.server().await;
        balancer.add(server.base_url());
        servers.push(server);
    }
    let answers = Answers::new();
    let (governed, free) = (answers.provider(), answers.provider());
    let anybody = Client::new(balancer.url());
    let admin = anybody.signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    admin.create_model("governed", &governed).await;
    admin.create_model("free", &free).await;
    admin
        .create_policy("daily", &json!({"request_quota_daily": DAILY}))
        .await;
    let (limited, unlimited) = (admin.create_program_under("daily").await, admin.create_key().await);

    let (mut ends, mut limited_ends) = (Vec::new(), Vec::new());
    for round in 0..KILLS {
        answers.hold();
        let (seen, seen_free) = (governed.received().len(), free.received().len());
        let requests = (0..AT_ONCE / 2).flat_map(|number| {
            [
                tokio::spawn(ask(limited.clone(), "governed", number)),
                tokio::spawn(ask(unlimited.clone(), "free", number)),
            ]
        });
        let requests: Vec<_> = requests.collect();
        governed.request(seen + AT_ONCE / 2 - 1).await;
        free.request(seen_free + AT_ONCE / 2 - 1).await;
        let killed = servers.remove(round % servers.len());
        let open = balancer.remove(killed.base_url());
        killed.kill().await;
        answers.let_go();
        let round_ends: Vec<End> = join_all(requests).await.into_iter().map(Result::unwrap).collect();
        let cut = count(&round_ends, End::Cut);
        assert!(cut <= open, "{cut} of {open} requests of the killed server failed");
        assert_eq!(count(&round_ends, End::Refused), 0);
        limited_ends.extend(round_ends.iter().step_by(2).copied());
        ends.extend(round_ends);
        let server = installation.server().await;
        balancer.add(server.base_url());
        servers.push(server);
    }
    assert!(count(&ends, End::Cut) > 0, "no server was killed at work");

    while count(&limited_ends, End::Refused) == 0 {
        limited_ends.push(ask(limited.clone(), "governed", limited_ends.len()).await);
    }
    let (whole, cut) = (count(&limited_ends, End::Whole), count(&limited_ends, End::Cut));
    assert_eq!(whole + cut, DAILY, "each request that began counts, and no more begin");
    assert_eq!(governed.completions().len(), DAILY);

    let logs = data(admin.get("/api/v1/admin/logs?model=governed&limit=200"), 200).await;
    let recorded = logs
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["status"] == 200)
        .count();
    assert_eq!(recorded, whole, "what was delivered is in the books");
}

#[tokio::test]
async fn c1_a_server_lets_streams_end_and_tells_balancers() {
    let installation = Installation::start().await;
    let server = installation.server().await;
    let admin = server.anybody().signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let answers = Answers::new();
    let provider = answers.provider();
    admin.create_model("m", &provider).await;
    let program = admin.create_key().await;
    let anybody = server.anybody();
    assert_eq!(anybody.get("/ready").send().await.unwrap().status(), 200);

    answers.hold();
    let mut stream = program.chat_stream("m").send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    let ending = tokio::spawn(server.terminate());
    // Until it listens no more.
    while anybody.get("/ready").send().await.is_ok() {}
    answers.let_go();
    let rest = stream.text().await.unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    let ended = ending.await.unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.after < Duration::from_secs(30), "{ended:?}");
}

#[tokio::test]
async fn c1_a_server_without_a_region_says_so() {
    let folder = TempDir::new().unwrap();
    let environment = [("STORE", "dynamodb"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let ended = LocalProcess::try_start(folder.path(), &environment).await.unwrap_err();
    assert!(!ended.status.success());
    assert!(ended.log.contains("no AWS region: set AWS_REGION"), "{}", ended.log);
}

#[tokio::test]
async fn c1_of_several_servers_one_does_what_is_due() {
    let dynamo = Dynamo::start("shared-").await;
    let clock = domain::clock::Clock::fixed("2026-11-23T08:00:00Z".parse().unwrap());
    let store = Store::new(dynamo.client().clone(), "shared-", clock.clone());
    let until = || clock.now() + SignedDuration::from_mins(2);
    assert!(store.take_turn("schedule", "a", until()).await.unwrap());
    assert!(!store.take_turn("schedule", "b", until()).await.unwrap(), "it is a's");
    assert!(store.take_turn("schedule", "a", until()).await.unwrap(), "it stays a's");
    clock.advance(Duration::from_secs(121));
    assert!(store.take_turn("schedule", "b", until()).await.unwrap(), "a has died");
    assert!(!store.take_turn("schedule", "a", until()).await.unwrap());
}
