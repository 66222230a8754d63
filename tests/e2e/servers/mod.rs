//! Several servers beside each other on one set of tables: the real program, killed and restarted behind a balancer.

mod alerts;
mod balancer;
mod budgets;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use harness::client::{Client, data};
use harness::dynamo::Dynamo;
use harness::killing::Answers;
use harness::process::LocalProcess;
use harness::provider::Provider;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use http::header::CONNECTION;
use jiff::SignedDuration;
use reqwest::RequestBuilder;
use serde_json::json;
use service::store::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;

use self::balancer::Balancer;

const SERVERS: usize = 3;
const KILLS: usize = 6;
/// Under way when a server is killed.
const AT_ONCE: usize = 24;
/// Requests a day of the program with a limit; it makes twelve in each of the rounds.
const DAILY: usize = 90;

/// The tables and secrets that servers share.
pub(crate) struct Installation {
    dynamo: Dynamo,
    folder: TempDir,
}

impl Installation {
    pub(crate) async fn start() -> Self {
        Self {
            dynamo: Dynamo::start("shared-").await,
            folder: TempDir::new().unwrap(),
        }
    }

    /// One more server.
    pub(crate) async fn server(&self) -> LocalProcess {
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

/// The end of a request.
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

/// Servers behind a balancer, of which some are killed.
struct Fleet {
    installation: Installation,
    balancer: Balancer,
    servers: VecDeque<LocalProcess>,
}

impl Fleet {
    async fn start() -> Self {
        let mut fleet = Self {
            installation: Installation::start().await,
            balancer: Balancer::start().await,
            servers: VecDeque::new(),
        };
        for _ in 0..SERVERS {
            fleet.grow().await;
        }
        fleet
    }

    async fn grow(&mut self) {
        let server = self.installation.server().await;
        self.balancer.add(server.base_url());
        self.servers.push_back(server);
    }

    /// Kills the oldest server; returns how many requests were open there.
    async fn kill_one(&mut self) -> usize {
        let killed = self.servers.pop_front().unwrap();
        let open = self.balancer.remove(killed.base_url());
        killed.kill().await;
        open
    }
}

/// Requests of both programs, during which a server is killed: how those of the limited and of the other one ended.
async fn round(
    fleet: &mut Fleet,
    [limited, unlimited]: [&Client; 2],
    [governed, free]: [&Provider; 2],
    answers: &Answers,
) -> [Vec<End>; 2] {
    answers.hold();
    let seen = [governed.received().len(), free.received().len()];
    let [mut of_limited, mut of_unlimited] = [JoinSet::new(), JoinSet::new()];
    for number in 0..AT_ONCE / 2 {
        of_limited.spawn(ask(limited.clone(), "governed", number));
        of_unlimited.spawn(ask(unlimited.clone(), "free", number));
    }
    governed.request(seen[0] + AT_ONCE / 2 - 1).await;
    free.request(seen[1] + AT_ONCE / 2 - 1).await;
    let open = fleet.kill_one().await;
    answers.let_go();
    let ends = [of_limited.join_all().await, of_unlimited.join_all().await];
    let cut = count(&ends.concat(), End::Cut);
    assert!(cut <= open, "{cut} of {open} requests of the killed server failed");
    assert_eq!(count(&ends.concat(), End::Refused), 0);
    ends
}

#[tokio::test]
async fn c1_servers_that_are_killed_overspend_nothing_and_lose_nothing() {
    let mut fleet = Fleet::start().await;
    let answers = Answers::new();
    let (governed, free) = (answers.provider(), answers.provider());
    let anybody = Client::new(fleet.balancer.url());
    let admin = anybody.signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    admin.create_model("governed", &governed).await;
    admin.create_model("free", &free).await;
    admin
        .create_policy("daily", &json!({"request_quota_daily": DAILY}))
        .await;
    let (limited, unlimited) = (admin.create_program_under("daily").await, admin.create_key().await);

    let (mut ends, mut unlimited_ends) = (Vec::new(), Vec::new());
    for _ in 0..KILLS {
        let [of_limited, of_unlimited] = round(&mut fleet, [&limited, &unlimited], [&governed, &free], &answers).await;
        ends.extend(of_limited);
        unlimited_ends.extend(of_unlimited);
        fleet.grow().await;
    }
    assert!(
        count(&ends, End::Cut) + count(&unlimited_ends, End::Cut) > 0,
        "none was killed at work"
    );
    while count(&ends, End::Refused) == 0 {
        ends.push(ask(limited.clone(), "governed", ends.len()).await);
    }
    let (whole, cut) = (count(&ends, End::Whole), count(&ends, End::Cut));
    assert_eq!(whole + cut, DAILY, "each request that began counts, and no more begin");
    assert_eq!(governed.completions().len(), DAILY);

    let logs = data(admin.get("/api/v1/admin/logs?model=governed&limit=200"), 200).await;
    let entries = logs.as_array().unwrap().iter();
    let recorded = entries.filter(|entry| entry["status"] == 200).count();
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
    let mut ending = JoinSet::new();
    ending.spawn(server.terminate());
    // Until it listens no more.
    while anybody.get("/ready").send().await.is_ok() {}
    answers.let_go();
    let rest = stream.text().await.unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    let ended = ending.join_next().await.unwrap().unwrap();
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
