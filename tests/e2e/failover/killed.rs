//! A backend that is killed and comes back: nobody notices whose answer had not begun. `cargo run --release -p e2e
//! --example killing` does the same for a minute, with requests at a steady rate.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::data;
use harness::killing::{Answers, Outcome, request};
use serde_json::json;

const KILLS: usize = 4;
/// Enough for both backends to be asked, and few enough for what a process may try again (promise 52).
const REQUESTS: usize = 12;

#[tokio::test]
async fn p52_a_backend_killed_with_requests_under_way_is_seen_by_nobody_whose_answer_had_not_begun() {
    let answers = Answers::new();
    let (mut mortal, steady) = (answers.provider(), answers.provider());
    let gateway = Gateway::start().await.with_model("m", &mortal).await;
    gateway.admin().create_backend("m", &steady).await;
    let backends = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    let mine = backends
        .as_array()
        .unwrap()
        .iter()
        .find(|backend| backend["base_url"] == mortal.base_url())
        .unwrap();
    let check = format!("/api/v1/admin/backends/{}/health", mine["id"].as_str().unwrap());
    let program = gateway.program().await;
    for kill in 1..=KILLS {
        answers.hold();
        let (asked, asked_steady) = (mortal.received().len(), steady.received().len());
        let killing = async {
            // Both are at work when it happens.
            tokio::join!(mortal.request(asked), steady.request(asked_steady));
            mortal.kill();
            answers.let_go();
        };
        let requests = join_all((0..REQUESTS).map(|number| request(&program, number)));
        let (outcomes, ()) = tokio::join!(requests, killing);
        let failed: Vec<_> = outcomes
            .iter()
            .filter(|outcome| !matches!(outcome, Outcome::Whole | Outcome::Broken))
            .collect();
        assert!(failed.is_empty(), "kill {kill}: {failed:?}");
        mortal.restart();
        let found = data(gateway.admin().post(&check), 200).await;
        assert_eq!(found["healthy"], json!(true), "it is let back: {found}");
    }
}
