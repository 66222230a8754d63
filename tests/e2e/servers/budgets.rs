//! The budget of a department whose people ask several servers at once.

use std::time::Duration;

use harness::client::{Client, data, pick, status};
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use serde_json::json;
use tokio::task::JoinSet;

use super::Installation;

#[tokio::test]
async fn p112_servers_together_overspend_no_budget() {
    const BUDGET: usize = 40;
    let installation = Installation::start().await;
    let servers = [installation.server().await, installation.server().await];
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let admin = servers[0].anybody().signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    admin.create_model("m", &provider).await;
    let limits = json!([{"what": "requests", "per": "total", "amount": BUDGET}]);
    admin
        .create("/api/v1/admin/departments", &json!({"name": "sales", "limits": limits}))
        .await;
    let mut programs = Vec::new();
    for number in 0..4 {
        let email = format!("{number}@example.com");
        let person = admin.create_person(&email, json!({"department": "sales"})).await;
        programs.push(person.create_key().await);
    }
    let mut asking = JoinSet::new();
    for number in 0..32 {
        let program: Client = programs[number % 4].elsewhere(servers[number / 4 % 2].base_url());
        asking.spawn(async move { program.chat("m").send().await.unwrap().status().as_u16() });
    }
    let mut statuses = tokio::time::timeout(Duration::from_mins(1), asking.join_all())
        .await
        .unwrap();
    // Who was refused amid others asks again: what is left can be spent by anybody, to the last request.
    for program in programs.iter().cycle().take(BUDGET) {
        statuses.push(status(program.chat("m")).await);
    }
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 429 | 503)),
        "{statuses:?}"
    );
    let usage = admin.get("/api/v1/admin/budgets?level=department&account=sales");
    let usage = data(usage, 200).await[0].clone();
    assert_eq!(pick(&usage, ["used", "lent", "left"]), json!([BUDGET, 0, 0]));
    // An admission that came too late for its client stays counted until the janitor comes.
    let late = statuses.iter().filter(|status| **status == 503).count();
    let served = provider.completions().len();
    assert!(
        (BUDGET - late.min(BUDGET)..=BUDGET).contains(&served),
        "{served}, {late} late"
    );
}
