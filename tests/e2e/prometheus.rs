//! Metrics as Prometheus reads them from the real program (docs/decisions/0077).

use harness::client::Client;
use harness::process::LocalProcess;
use harness::provider::{Provider, Reply, openai};
use serde_json::json;
use tempfile::TempDir;

const PASSWORD: &str = "password123";
/// Counted whatever is logged.
const VARIABLES: [(&str, &str); 2] = [("METRICS_LISTEN", "127.0.0.1:0"), ("ADMIN_PASSWORD", PASSWORD)];

/// A client of the port of metrics, which the second line on the terminal names.
async fn watcher(local: &mut LocalProcess) -> Client {
    let line = local.line().await.unwrap();
    let address = line.strip_prefix("Metrics are told on ").unwrap();
    Client::new(address.strip_suffix("/metrics").unwrap())
}

async fn read(watcher: &Client) -> String {
    let told = watcher.get("/metrics").send().await.unwrap();
    assert_eq!(told.headers()["content-type"], "text/plain; version=0.0.4");
    told.text().await.unwrap()
}

#[tokio::test]
async fn c4_requests_and_what_they_used_are_told_to_prometheus() {
    let folder = TempDir::new().unwrap();
    let mut local = LocalProcess::start_with(folder.path(), &VARIABLES).await;
    let watcher = watcher(&mut local).await;
    let admin = local.anybody().signed_in("admin@localhost", PASSWORD).await;
    let provider = Provider::start();
    provider.will(Reply::error(500, &json!({})));
    provider.will(Reply::json(&openai::completion("Hello")));
    provider.will(openai::stream(&["Hel", "lo"]));
    admin.create_model("m", &provider).await;
    let program = admin.create_key().await;
    assert_eq!(program.chat("m").send().await.unwrap().status(), 502);
    program.chat("m").send().await.unwrap().text().await.unwrap();
    program.chat_stream("m").send().await.unwrap().text().await.unwrap();

    let text = read(&watcher).await;
    for line in [
        "tidegate_requests_total{model=\"m\",status=\"200\"} 2",
        "tidegate_requests_total{status=\"502\",code=\"upstream_error\"} 1",
        "tidegate_first_byte_seconds_count{model=\"m\"} 2",
        "tidegate_request_duration_seconds_bucket{model=\"m\",le=\"+Inf\"} 2",
        "tidegate_requests_in_flight 0",
        &format!("tidegate_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
    }
    for (metric, more) in [
        ("tidegate_tokens_total", ",kind=\"input\""),
        ("tidegate_tokens_total", ",kind=\"output\""),
        ("tidegate_failed_attempts_total", ""),
    ] {
        let told = text
            .lines()
            .find(|line| line.starts_with(metric) && line.contains(more));
        let number: Option<f64> = told.and_then(|line| line.rsplit(' ').next()?.parse().ok());
        assert!(number.is_some_and(|number| number >= 1.0), "{metric}{more} in\n{text}");
    }
}

#[tokio::test]
async fn c4_the_port_of_metrics_has_nothing_else_and_the_gateways_has_no_metrics() {
    let folder = TempDir::new().unwrap();
    let mut local = LocalProcess::start_with(folder.path(), &VARIABLES).await;
    let watcher = watcher(&mut local).await;
    for path in ["/", "/health", "/api/v1/auth/options", "/v1/models"] {
        assert_eq!(watcher.get(path).send().await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(watcher.post("/metrics").send().await.unwrap().status(), 405);
    assert_eq!(local.anybody().get("/metrics").send().await.unwrap().status(), 404);
    assert!(local.terminate().await.status.success());
}
