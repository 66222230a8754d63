//! Limits as clients meet them: many at once, both dialects, streamed and not, and what the books say afterwards.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{self, Client, data, message, status};
use harness::provider::{Provider, Reply, openai};
use local::{Options, Storage};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lambda::Cloud;

const CLIENTS: usize = 64;

/// A program of a person under a policy of these limits.
async fn limited(gateway: &Gateway, limits: &Value) -> (Client, Client) {
    gateway.admin().create_policy("tight", limits).await;
    let person = gateway
        .admin()
        .create_person("a@example.com", json!({"quota_policy": "tight"}))
        .await;
    let program = person.create_key().await;
    (person, program)
}

/// Asks in one dialect or the other, and reads the answer to its end.
async fn ask(program: &Client, number: usize, streamed: bool) -> u16 {
    let request = match (number.is_multiple_of(2), streamed) {
        (true, false) => program.chat("m"),
        (true, true) => program.chat_stream("m"),
        (false, false) => program.message("m"),
        (false, true) => program.message_stream("m"),
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    response.bytes().await.unwrap();
    status
}

#[tokio::test]
async fn p73_ha13_counts_of_tokens_pass_the_rate_of_requests_and_no_other_limit() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let limits = json!({"rate_limit": 3, "rate_limit_window": 3600, "request_quota_daily": 2, "max_concurrency": 1});
    let (person, program) = limited(&gateway, &limits).await;
    let count = || program.post("/v1/messages/count_tokens").json(&message("m"));
    assert_eq!((status(count()).await, status(count()).await), (200, 200));
    assert_eq!(status(program.chat("m")).await, 200, "the day and the place are free");
    let refused = count().send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert!(quota.to_string().contains("\"request_quota_daily\""), "{quota}");
    let logs = data(person.get("/api/v1/user/logs"), 200).await;
    assert_eq!(logs.as_array().unwrap().len(), 1, "a count is no entry: {logs}");
}

#[tokio::test]
async fn p40_of_64_clients_at_once_exactly_the_limit_is_served_called_and_recorded() {
    let rate = json!({"rate_limit": 10, "rate_limit_window": 3600});
    let quota = json!({"request_quota_daily": 10});
    for (limits, streamed) in [(&rate, false), (&rate, true), (&quota, false), (&quota, true)] {
        let reply = if streamed {
            openai::stream(&["Hi"])
        } else {
            Reply::json(&openai::completion("Hi"))
        };
        let provider = Provider::always(reply);
        let gateway = Gateway::start().await.with_model("m", &provider).await;
        let (person, program) = limited(&gateway, limits).await;
        let before = provider.completions().len();
        let statuses = join_all((0..CLIENTS).map(|number| ask(&program, number, streamed))).await;
        let served = statuses.iter().filter(|status| **status == 200).count();
        assert!(
            statuses.iter().all(|status| [200, 429].contains(status)),
            "{statuses:?}"
        );
        assert_eq!((served, provider.completions().len() - before), (10, 10), "{limits}");
        let logs = data(person.get("/api/v1/user/logs"), 200).await;
        assert_eq!(logs.as_array().unwrap().len(), 10, "{logs}");
    }
}

/// Begins to read a stream and leaves.
async fn leave(program: &Client, number: usize) -> u16 {
    let request = if number.is_multiple_of(2) {
        program.chat_stream("m")
    } else {
        program.message_stream("m")
    };
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn p42_of_64_clients_that_leave_exactly_the_limit_is_served_called_and_recorded() {
    let folder = TempDir::new().unwrap();
    let start = || {
        Gateway::start_with(|options| Options {
            storage: Storage::Folder(folder.path().to_owned()),
            ..options
        })
    };
    let provider = Provider::always(Reply::events().event(&openai::chunk("Hel")).stall());
    let gateway = start().await.with_model("m", &provider).await;
    let (_, program) = limited(&gateway, &json!({"request_quota_daily": 10})).await;
    let statuses = join_all((0..CLIENTS).map(|number| leave(&program, number))).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        10,
        "{statuses:?}"
    );
    let calls = provider.completions();
    assert_eq!(calls.len(), 10);
    for call in calls {
        call.abandoned().await;
    }
    // Its end waits until all is settled.
    gateway.shutdown().await;
    let logs = data(start().await.admin().get("/api/v1/admin/logs?limit=100"), 200).await;
    assert_eq!(logs.as_array().unwrap().len(), 10, "{logs}");
}

#[tokio::test]
async fn p40_two_processes_over_the_same_tables_serve_exactly_the_limit() {
    const LIMIT: usize = 16;
    let provider = Provider::answering(|request| {
        let is_streamed = request.json()["stream"] == true;
        if is_streamed {
            openai::stream(&["Hi"])
        } else {
            Reply::json(&openai::completion("Hi"))
        }
    });
    let mut cloud = Cloud::with_model(&provider).await;
    let limits = json!({"request_quota_daily": LIMIT, "rate_limit": LIMIT, "rate_limit_window": 3600});
    let route = cloud
        .event("admin/update_policy")
        .to_string()
        .replace("policies/team", "policies/default");
    let mut update: Value = serde_json::from_str(&route).unwrap();
    update["body"] = limits.to_string().into();
    assert_eq!(cloud.function("admin").await.invoke(update).answer().await.status, 200);

    let processes = [
        cloud.stack.function_at_once("proxy", CLIENTS).await,
        cloud.stack.function_at_once("proxy", CLIENTS).await,
    ];
    let kinds =
        ["chat", "chat_stream", "messages", "messages_stream"].map(|kind| cloud.event(&format!("proxy/{kind}")));
    let asks = (0..CLIENTS).map(|number| processes[number / 4 % 2].invoke(kinds[number % 4].clone()));
    let statuses = join_all(asks.map(|invocation| async {
        let answer = invocation.answer().await;
        let status = answer.status;
        assert!(answer.end().await.1, "the answer ends regularly");
        status
    }))
    .await;
    assert!(
        statuses.iter().all(|status| [200, 429].contains(status)),
        "{statuses:?}"
    );
    let served = statuses.iter().filter(|status| **status == 200).count();
    let logs = cloud.invoke("keys/logs").await.json().await;
    let recorded = logs["data"].as_array().unwrap().len();
    assert_eq!((served, provider.completions().len(), recorded), (LIMIT, LIMIT, LIMIT));
}

#[tokio::test]
async fn p43_the_backend_is_told_the_limit_that_was_reserved() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await;
    let model = json!({"id": "m", "name": "m", "model_params": {"max_tokens": 50}});
    data(gateway.admin().post("/api/v1/admin/models").json(&model), 201).await;
    gateway.admin().create_backend("m", &provider).await;
    let (_person, program) = limited(&gateway, &json!({"token_quota_daily": 1000})).await;
    // Of the chats, some set a limit that is none, or none at all.
    let cases = [
        ("/v1/chat/completions", client::ask("m"), json!({}), 50),
        (
            "/v1/chat/completions",
            client::ask("m"),
            json!({"max_tokens": null}),
            50,
        ),
        (
            "/v1/chat/completions",
            client::ask("m"),
            json!({"max_completion_tokens": 0}),
            50,
        ),
        (
            "/v1/chat/completions",
            client::ask("m"),
            json!({"max_completion_tokens": 20}),
            20,
        ),
        ("/v1/chat/completions", client::ask("m"), json!({"max_tokens": 70}), 70),
        ("/v1/messages", client::message("m"), json!({"max_tokens": 20}), 20),
    ];
    for (path, mut ask, limit, told) in cases {
        ask.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
        assert_eq!(program.post(path).json(&ask).send().await.unwrap().status(), 200);
        let request = provider.completions().last().unwrap().json();
        let limits = ["max_tokens", "max_completion_tokens"].map(|name| request[name].as_u64());
        assert_eq!(
            limits.into_iter().flatten().collect::<Vec<_>>(),
            [told],
            "{limit}: {request}"
        );
    }
}

#[tokio::test]
async fn p43_what_stands_in_is_what_is_reserved_priced_and_recorded() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await;
    for (id, price) in [("idle", 1), ("spare", 1000)] {
        let model = json!({"id": id, "name": id, "input_price": price, "output_price": price});
        data(gateway.admin().post("/api/v1/admin/models").json(&model), 201).await;
    }
    gateway.admin().create_backend("spare", &provider).await;
    let (person, program) = limited(&gateway, &json!({"cost_quota_monthly": 1, "default_model": "spare"})).await;
    for (path, mut ask) in [
        ("/v1/chat/completions", client::ask("idle")),
        ("/v1/messages", client::message("idle")),
    ] {
        ask["max_tokens"] = 100.into();
        assert_eq!(program.post(path).json(&ask).send().await.unwrap().status(), 200);
        let logs = data(person.get("/api/v1/user/logs"), 200).await;
        // 5 tokens at 1000 dollars a million.
        assert_eq!(
            (&logs[0]["model"], &logs[0]["cost_usd"]),
            (&json!("spare"), &json!(0.005)),
            "{logs}"
        );
        ask["max_tokens"] = 1000.into();
        assert_eq!(
            program.post(path).json(&ask).send().await.unwrap().status(),
            429,
            "a thousand tokens of it cost a dollar"
        );
    }
}
