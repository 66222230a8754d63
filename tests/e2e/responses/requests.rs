//! Requests and whole answers.

use harness::provider::openai;

use super::*;

#[tokio::test]
async fn ra1_h5_a_response_is_a_chat_completion_of_the_backend() {
    let bench = Bench::start().await;
    bench.provider.will(Reply::json(&openai::completion("Hello!")));
    let request = bench
        .responses(&json!({"instructions": "Be brief.", "store": false}))
        .header("session-id", "s-1")
        .header("x-codex-turn-metadata", "{}");
    let answer = Answer::of(request).await;
    let response = answer.json();
    assert_eq!(answer.status, 200, "{response}");
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.header("x-translation-warnings"), "");
    assert_eq!(
        harness::client::pick(&response, ["object", "status", "model", "store", "instructions"]),
        json!(["response", "completed", "m", false, "Be brief."])
    );
    assert_eq!(response["output"][0]["content"][0]["text"], "Hello!");
    assert_eq!(response["usage"]["total_tokens"], 5);
    let sent = bench.received();
    assert_eq!(
        sent.json()["messages"],
        json!([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}])
    );
    assert_eq!(
        (sent.header("session-id"), sent.header("x-codex-turn-metadata")),
        ("", "")
    );
}

#[tokio::test]
async fn r14_r15_r16_r18_tools_of_all_kinds_come_back_as_they_were_declared() {
    let bench = Bench::start().await;
    let mut completion = openai::completion("");
    completion["choices"][0]["message"] = json!({"content": null, "tool_calls": [
        call("a", "run", "{}"), call("b", "apply_patch", r#"{"input":"+x"}"#), call("c", "docs__find", "{}")]});
    let answer = bench.ask(json!({"tools": tools()}), Reply::json(&completion)).await;
    assert_eq!(answer.header("x-translation-warnings"), "dropped=tools.web_search");
    let output = answer.json()["output"].clone();
    let told = |item: &Value| harness::client::pick(item, ["type", "call_id", "name", "namespace", "input"]);
    let told: Vec<Value> = output.as_array().unwrap().iter().map(told).collect();
    assert_eq!(
        json!(told),
        json!([
            ["function_call", "a", "run", null, null],
            ["custom_tool_call", "b", "apply_patch", null, "+x"],
            ["function_call", "c", "find", "docs", null]
        ])
    );
    let mut input = vec![json!({"role": "user", "content": "Hello"})];
    input.extend(output.as_array().unwrap().iter().cloned());
    input.push(json!({"type": "function_call_output", "call_id": "a", "output": "done"}));
    bench
        .ask(
            json!({"tools": tools(), "input": input}),
            Reply::json(&openai::completion("Done.")),
        )
        .await;
    let messages = bench.received().json()["messages"].clone();
    assert_eq!(
        messages[1]["tool_calls"],
        completion["choices"][0]["message"]["tool_calls"]
    );
    let results: Vec<&Value> = (2..5).map(|place| &messages[place]["content"]).collect();
    assert_eq!(results, ["done", "aborted", "aborted"], "R7");
}

#[tokio::test]
async fn r22_st5_st6_refusals_have_openais_form_and_call_nobody() {
    let bench = Bench::start().await;
    for (members, status, code, param) in [
        (json!({"background": true}), 400, "unsupported_parameter", "background"),
        (
            json!({"previous_response_id": "resp_1"}),
            400,
            "previous_response_not_found",
            "previous_response_id",
        ),
        (
            json!({"input": [{"type": "item_reference", "id": "msg_1"}]}),
            404,
            "not_found",
            "input",
        ),
        (
            json!({"input": [{"type": "hologram"}]}),
            400,
            "invalid_value",
            "input[0].type",
        ),
        (
            json!({"tool_choice": {"type": "web_search"}, "tools": tools()}),
            400,
            "unsupported_tool",
            "tools",
        ),
        (json!({"model": "unknown"}), 404, "model_not_found", "model"),
    ] {
        let [found, place, _] = Answer::of(bench.responses(&members)).await.error(status);
        assert_eq!(found, code, "{members}");
        assert!(place == param || code == "model_not_found", "{members}: {place}");
    }
    assert!(bench.provider.received().is_empty(), "the provider was asked");
}

#[tokio::test]
async fn rs9_an_error_before_the_head_is_an_http_error() {
    let bench = Bench::start().await;
    for members in [json!({}), json!({"stream": true})] {
        let error = json!({"error": {"message": "slow down", "type": "rate_limit_error"}});
        let [code, _, message] = bench.ask(members, Reply::error(429, &error)).await.error(429);
        assert_eq!(
            (code.as_str(), message.as_str()),
            ("upstream_rate_limited", "slow down")
        );
    }
}

#[tokio::test]
async fn pa1_an_upgrade_is_refused_at_once_and_another_get_is_not_offered() {
    let bench = Bench::start().await;
    let stranger = bench.gateway.anybody();
    let answer = Answer::of(stranger.get("/v1/responses").header("upgrade", "websocket")).await;
    let [code, _, message] = answer.error(426);
    assert_eq!(code, "websocket_not_supported");
    assert_eq!(message, "Use HTTP: POST /v1/responses with \"stream\": true.");
    let answer = Answer::of(stranger.get("/v1/responses")).await;
    assert_eq!(answer.error(405)[0], "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn pa2_input_tokens_are_told_without_a_call() {
    let bench = Bench::start().await;
    let count = |input: &str| {
        bench
            .program
            .post("/v1/responses/input_tokens")
            .json(&json!({"model": "m", "input": input}))
    };
    let (short, long) = (
        Answer::of(count("Hello")).await.json(),
        Answer::of(count(&"Hello ".repeat(100))).await.json(),
    );
    assert_eq!(short["object"], "response.input_tokens");
    assert!(short["input_tokens"].as_u64().unwrap() >= 1);
    assert!(long["input_tokens"].as_u64().unwrap() > 50, "{long}");
    assert!(bench.provider.received().is_empty(), "the provider was asked");
}
