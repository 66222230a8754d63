//! How many requests a second one user is served under limits, exactly as many as they allow: `cargo bench -p e2e
//! --bench quota`.
//!
//! All of it is in this process: the clients, the gateway, its database and the backend. What `DynamoDB` makes of it is
//! told in `docs/quotas.md`. `cargo test -p e2e --bench quota` only shows that it runs.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on says so and stops"
)]

use std::time::Instant;

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::Client;
use harness::provider::{Provider, Reply, openai};
use serde_json::json;

fn main() {
    // `cargo bench` says so; `cargo test` does not.
    let limit = if std::env::args().any(|argument| argument == "--bench") {
        1000
    } else {
        16
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for clients in [1, 8, 64] {
        runtime.block_on(measure(limit, clients));
    }
}

/// Lets so many clients ask until each is refused.
async fn measure(limit: usize, clients: usize) {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let limits = json!({"request_quota_daily": limit, "token_quota_daily": 1_000_000_000, "max_concurrency": 1000});
    gateway.admin().create_policy("limited", &limits).await;
    let program = gateway.admin().create_program_under("limited").await;
    let began = Instant::now();
    let served: usize = join_all((0..clients).map(|_| served(&program))).await.into_iter().sum();
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(
        (served, provider.completions().len()),
        (limit, limit),
        "exactly the limit is served"
    );
    println!(
        "{clients} clients: {served} requests in {seconds:.1} s, {:.0} a second",
        f64::from(u32::try_from(served).unwrap()) / seconds
    );
}

/// How often the program is served before it is refused.
async fn served(program: &Client) -> usize {
    let mut served = 0;
    loop {
        let answer = program.message("m").send().await.unwrap();
        let status = answer.status();
        answer.bytes().await.unwrap();
        if status == 429 {
            return served;
        }
        assert_eq!(status, 200);
        served += 1;
    }
}
