//! What calls leave in the books, in both dialects, streamed and not.

use harness::Gateway;
use harness::client::{Client, ask, data, message, pick};
use harness::provider::{Provider, Reply, anthropic, openai};
use local::{Options, Storage};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::answer;

/// A gateway with a priced model that `provider` serves, and a program.
async fn bench(provider: &Provider, backend: Value) -> (Gateway, Client) {
    let gateway = Gateway::start().await;
    gateway.admin().create_model_with("m", provider, &backend).await;
    let prices = json!({"input_price": 0.5, "output_price": 2});
    data(gateway.admin().put("/api/v1/admin/models/m").json(&prices), 200).await;
    let program = gateway.program().await;
    (gateway, program)
}

/// A request for a stream that does not ask for its usage.
fn quiet_stream(program: &Client) -> RequestBuilder {
    let mut body = ask("m");
    body["stream"] = true.into();
    program.post("/v1/chat/completions").json(&body)
}

/// Sends a request and returns the whole body of its response.
async fn text(request: RequestBuilder) -> String {
    request.send().await.unwrap().text().await.unwrap()
}

/// The log's newest entry, if it has one.
async fn newest(gateway: &Gateway) -> Value {
    gateway.local().write_usage().await;
    let logs = answer(gateway.admin(), "/api/v1/admin/logs", 200).await;
    logs["data"].get(0).cloned().unwrap_or_default()
}

/// `entry` without what differs from run to run.
fn stable(entry: &Value) -> Value {
    let names = [
        "endpoint",
        "streamed",
        "status",
        "outcome",
        "input_tokens",
        "output_tokens",
        "estimated",
        "cost_usd",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), entry[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn expected(endpoint: &str, streamed: bool) -> Value {
    json!({
        "endpoint": endpoint, "streamed": streamed, "status": 200, "outcome": "complete", "input_tokens": 3, "output_tokens": 2,
        "estimated": false, "cost_usd": 0.000_006
    })
}

#[tokio::test]
async fn each_call_is_entered_with_what_its_backend_told() {
    for (protocol, whole, stream) in [
        (
            "openai",
            Reply::json(&openai::completion("Hi")),
            openai::stream(&["H", "i"]),
        ),
        (
            "anthropic",
            Reply::json(&anthropic::message("Hi")),
            anthropic::stream(&["H", "i"]),
        ),
    ] {
        let provider = Provider::start();
        let (gateway, program) = bench(&provider, json!({"protocol": protocol})).await;
        let mut calls = vec![
            (program.message("m"), "messages", false),
            (program.message_stream("m"), "messages", true),
        ];
        if protocol == "openai" {
            calls.extend([
                (program.chat("m"), "chat_completions", false),
                (program.chat_stream("m"), "chat_completions", true),
            ]);
        }
        for (call, endpoint, streamed) in calls {
            provider.will(if streamed { stream.clone() } else { whole.clone() });
            text(call.header("user-agent", "claude-cli/2.1")).await;
            let entry = newest(&gateway).await;
            assert_eq!(stable(&entry), expected(endpoint, streamed), "{protocol}");
            assert_eq!(pick(&entry, ["client", "model"]), json!(["claude_code", "m"]));
            assert!(entry["first_byte_ms"].as_u64() <= entry["duration_ms"].as_u64() && entry["backend"].is_string());
        }
    }
}

#[tokio::test]
async fn b7_6_cache_writes_reach_the_log_from_both_protocols() {
    let mut message = anthropic::message("Hi");
    message["usage"] = json!({
        "input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 7,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}
    });
    let mut completion = openai::completion("Hi");
    completion["usage"] = json!({
        "prompt_tokens": 15, "completion_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 7}
    });
    for (protocol, response, one_hour) in [("anthropic", message, 4), ("openai", completion, 0)] {
        let provider = Provider::always(Reply::json(&response));
        let (gateway, program) = bench(&provider, json!({"protocol": protocol})).await;
        text(program.message("m")).await;
        let names = [
            "input_tokens",
            "cached_input_tokens",
            "cache_write_tokens",
            "cache_write_1h_tokens",
        ];
        let expected = json!([15, 5, 7, one_hour]);
        assert_eq!(pick(&newest(&gateway).await, names), expected, "{protocol}");
    }
}

#[tokio::test]
async fn usage_that_the_client_has_not_asked_for_is_asked_for_and_taken_out() {
    let provider = Provider::always(openai::stream(&["H", "i"]));
    let (gateway, program) = bench(&provider, json!({})).await;
    let quiet = text(quiet_stream(&program)).await;
    let told = text(program.chat_stream("m")).await;
    let usage = format!("data: {}\n\n", openai::usage()).replace("provider-model", "m");
    assert_eq!(told.replace(&usage, ""), quiet);
    assert!(told.contains(&usage) && quiet.ends_with("data: [DONE]\n\n"));
    for number in 0..2 {
        let asked = provider.request(number).await.json();
        assert_eq!(asked["stream_options"], json!({"include_usage": true}));
    }
    assert_eq!(stable(&newest(&gateway).await), expected("chat_completions", true));
}

#[tokio::test]
async fn p44_what_nobody_told_is_estimated_and_marked() {
    let provider = Provider::start();
    let (gateway, program) = bench(&provider, json!({"settings": {"stream_usage": false}})).await;
    let chunk = openai::chunk("twelve bytes");
    provider.will(Reply::events().event(&chunk).event(&openai::stop()).done());
    text(quiet_stream(&program)).await;
    let asked = provider.request(0).await.json();
    assert_eq!(asked.get("stream_options"), None, "the backend does not take it");
    let entry = newest(&gateway).await;
    assert_eq!(pick(&entry, ["estimated", "outcome"]), json!([true, "complete"]));
    assert_eq!(
        pick(&entry, ["input_tokens", "output_tokens"]),
        json!([3, 4]),
        "{entry}"
    );

    provider.will(Reply::events().event(&chunk).close());
    text(quiet_stream(&program)).await;
    let entry = newest(&gateway).await;
    assert_eq!(
        pick(&entry, ["estimated", "outcome", "output_tokens"]),
        json!([true, "cut_short", 3])
    );
}

#[tokio::test]
async fn p44_one_count_of_zero_is_zero() {
    let mut completion = openai::completion("Hi");
    completion["usage"] = json!({"prompt_tokens": 7, "completion_tokens": 0});
    let provider = Provider::always(Reply::json(&completion));
    let (gateway, program) = bench(&provider, json!({})).await;
    program.chat("m").send().await.unwrap();
    let entry = newest(&gateway).await;
    assert_eq!(
        (&entry["estimated"], &entry["input_tokens"], &entry["output_tokens"]),
        (&json!(false), &json!(7), &json!(0))
    );
}

#[tokio::test]
async fn b7_2_zeros_beside_text_are_estimated_and_marked() {
    let mut completion = openai::completion("Hi");
    completion["usage"] = json!({"prompt_tokens": 0, "completion_tokens": 0});
    let provider = Provider::always(Reply::json(&completion));
    let (gateway, program) = bench(&provider, json!({})).await;
    program.chat("m").send().await.unwrap();
    let entry = newest(&gateway).await;
    assert_eq!(entry["estimated"], true);
    assert!(
        entry["input_tokens"].as_u64() > Some(0) && entry["output_tokens"].as_u64() > Some(0),
        "{entry}"
    );
}

#[tokio::test]
async fn p42_what_delivered_nothing_has_used_nothing() {
    let provider = Provider::always(Reply::error(500, &json!({"error": {"message": "broken"}})));
    let (gateway, program) = bench(&provider, json!({"id": "b"})).await;
    program.message("m").json(&message("m")).send().await.unwrap();
    let entry = newest(&gateway).await;
    assert_eq!(
        (&entry["outcome"], &entry["status"], &entry["output_tokens"]),
        (&json!("failed"), &json!(502), &json!(0))
    );
    assert_eq!(entry["backend"], "b", "the one that was tried last");
    assert_eq!(
        answer(gateway.admin(), "/api/v1/user/usage", 200).await["data"][0]["errors"],
        1
    );
}

#[tokio::test]
async fn without_the_request_log_the_sums_remain() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let (gateway, program) = bench(&provider, json!({})).await;
    let off = gateway
        .admin()
        .put("/api/v1/admin/settings")
        .json(&json!({"request_log": false}));
    assert_eq!(data(off, 200).await["request_log"], false);
    for _ in 0..3 {
        program.chat("m").send().await.unwrap();
    }
    assert_eq!(newest(&gateway).await, Value::Null);
    let row = &answer(gateway.admin(), "/api/v1/user/usage?group_by=model", 200).await["data"][0];
    assert_eq!(
        (&row["model"], &row["requests"], &row["cost_usd"]),
        (&json!("m"), &json!(3), &json!(0.000_018))
    );
}

#[tokio::test]
async fn what_waits_is_written_when_the_gateway_ends() {
    let folder = TempDir::new().unwrap();
    let start = || {
        Gateway::start_with(|options| Options {
            storage: Storage::Folder(folder.path().to_owned()),
            ..options
        })
    };
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for _ in 0..120 {
        program.chat("m").send().await.unwrap();
    }
    gateway.shutdown().await;
    let gateway = start().await;
    assert_eq!(
        answer(gateway.admin(), "/api/v1/user/usage", 200).await["data"][0]["requests"],
        120
    );
    assert_eq!(
        answer(gateway.admin(), "/api/v1/user/logs?limit=200", 200).await["data"]
            .as_array()
            .unwrap()
            .len(),
        120
    );
}
