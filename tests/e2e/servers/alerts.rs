//! Alerts of limits that several servers see come to a percent at the same moment.

use std::time::Duration;

use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use serde_json::json;
use tokio::task::JoinSet;

use super::Installation;
use crate::warnings::told;

#[tokio::test]
async fn p96_servers_that_see_the_same_percent_at_once_make_one_alert() {
    let installation = Installation::start().await;
    let servers = [installation.server().await, installation.server().await];
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let admin = servers[0].anybody().signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    admin.create_model("m", &provider).await;
    let policy = json!({"request_quota_daily": 40, "notify": {"at": [25, 50, 75, 100]}});
    admin.create_policy("team", &policy).await;
    let program = admin.create_program_under("team").await;
    let mut asking = JoinSet::new();
    for number in 0..48 {
        let program: Client = program.elsewhere(servers[number % 2].base_url());
        asking.spawn(async move { program.chat("m").send().await.unwrap().status().as_u16() });
    }
    let statuses = tokio::time::timeout(Duration::from_mins(1), asking.join_all())
        .await
        .unwrap();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 40);
    // Requests that came at once are admitted in any order.
    let mut told = told(&data(admin.get("/api/v1/admin/alerts"), 200).await);
    told.sort();
    let mut once = told.clone();
    once.dedup();
    assert_eq!(told, once);
    let last = "user requests/day 100".to_owned();
    assert!(told.contains(&last), "{told:?}");
}
