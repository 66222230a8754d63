//! Errors, and the words by which agents know them.

use harness::provider::openai;

use super::*;

fn error(status: u16, message: &str) -> Reply {
    Reply::error(status, &json!({"error": {"message": message}}))
}

#[tokio::test]
async fn s6_1_statuses_and_types_are_anthropics() {
    let bench = Bench::start().await;
    for (theirs, ours, kind) in [
        (400, 400, "invalid_request_error"),
        (422, 400, "invalid_request_error"),
        (404, 404, "not_found_error"),
        (408, 504, "timeout_error"),
        (409, 409, "conflict_error"),
        (413, 413, "request_too_large"),
        (429, 429, "rate_limit_error"),
        (500, 502, "api_error"),
        (503, 529, "overloaded_error"),
        (504, 504, "timeout_error"),
        (529, 529, "overloaded_error"),
    ] {
        for stream in [false, true] {
            let answer = bench.ask(json!({"stream": stream}), error(theirs, "so it is")).await;
            assert_eq!(answer.error(ours), (kind.to_owned(), "so it is".to_owned()), "{theirs}");
            bench.recover().await;
        }
    }
}

#[tokio::test]
async fn s6_1_a_refusal_of_our_key_is_hidden_or_passed_by_setting() {
    let bench = Bench::start().await;
    for status in [401, 403] {
        let hidden = bench.ask(json!({}), error(status, "bad key sk-123")).await;
        let (kind, message) = hidden.error(502);
        assert!(kind == "api_error" && !message.contains("sk-123"), "{message}");
        bench.recover().await;
    }
    let bench = Bench::with(json!({"settings": {"upstream_auth_errors": "pass"}})).await;
    assert_eq!(
        bench.ask(json!({}), error(401, "bad key")).await.error(401).0,
        "authentication_error"
    );
    bench.recover().await;
    assert_eq!(
        bench.ask(json!({}), error(403, "not you")).await.error(403).0,
        "permission_error"
    );
}

#[tokio::test]
async fn s6_3_what_the_backend_says_of_another_try_is_passed_on() {
    let bench = Bench::start().await;
    let limited = error(429, "slow down")
        .header("retry-after", "7")
        .header("retry-after-ms", "6500")
        .header("x-should-retry", "false");
    let answer = bench.ask(json!({}), limited).await;
    assert_eq!(answer.error(429).0, "rate_limit_error");
    let told = ["retry-after", "retry-after-ms", "x-should-retry"].map(|name| answer.header(name));
    assert_eq!(told, ["7", "6500", "false"]);
}

#[tokio::test]
async fn s6_1_a_context_that_is_too_small_is_told_in_the_words_that_agents_know() {
    let bench = Bench::start().await;
    let input = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.";
    let answer = bench.ask(json!({}), error(400, input)).await;
    let (kind, message) = answer.error(400);
    assert_eq!(kind, "invalid_request_error");
    assert!(
        message.starts_with("prompt is too long: 9000 tokens > 8192 maximum") && message.contains(input),
        "{message}"
    );
    let both = "This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (7100 in the messages, 2000 in the completion).";
    let (_, message) = bench.ask(json!({}), error(400, both)).await.error(400);
    assert!(
        message.starts_with("input length and `max_tokens` exceed context limit: 7100 + 2000 > 8192"),
        "{message}"
    );
}

#[tokio::test]
async fn s6_1_pages_are_not_copied_and_silence_has_words() {
    let bench = Bench::start().await;
    let (kind, message) = bench
        .ask(
            json!({}),
            Reply::new(502, "text/html", "<html>Bad gateway at 10.0.0.1</html>"),
        )
        .await
        .error(502);
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("api_error", "upstream returned HTTP 502")
    );
    let unreachable = bench.ask(json!({}), Reply::raw("!%&/ garbage\r\n\r\n").close()).await;
    assert_eq!(unreachable.error(502).0, "api_error");
}

#[tokio::test]
async fn s6_1_our_own_errors_have_the_same_shape() {
    let bench = Bench::start().await;
    let wrong_key = bench
        .gateway
        .post("/v1/messages")
        .header("x-api-key", "sk-wrong")
        .json(&ask(&json!({})));
    assert_eq!(Answer::of(wrong_key).await.error(401).0, "authentication_error");
    assert_eq!(
        bench.refuse(json!({"model": "unknown"})).await.error(404).0,
        "not_found_error"
    );
    let no_json = bench
        .program
        .post("/v1/messages")
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(Answer::of(no_json).await.error(400).0, "invalid_request_error");
    let missing = bench.program.get("/v1/messages/batches");
    assert_eq!(Answer::of(missing).await.error(404).0, "not_found_error");
}

#[tokio::test]
async fn s3_1_wrong_requests_are_refused_by_path() {
    let bench = Bench::start().await;
    let unknown = json!([user(json!([{"type": "text", "text": "a"}, {"type": "hologram"}]))]);
    let orphan = json!([user(
        json!([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}])
    )]);
    for (members, words) in [
        (json!({"messages": []}), "messages: "),
        (json!({"messages": "hi"}), "messages: "),
        (json!({"max_tokens": 0}), "max_tokens: "),
        (
            json!({"messages": [{"role": "robot", "content": "x"}]}),
            "messages.0.role: ",
        ),
        (json!({"messages": unknown}), "messages.0.content.1.type: "),
        (json!({"messages": orphan}), "toolu_1"),
        (json!({"mcp_servers": [{"name": "x"}]}), "mcp_servers: "),
    ] {
        let (kind, message) = bench.refuse(members).await.error(400);
        assert_eq!(kind, "invalid_request_error");
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn s3_2_a_thread_is_refused_with_the_code_that_sdks_know() {
    let bench = Bench::start().await;
    let orphan = json!([user(
        json!([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}])
    )]);
    for members in [
        json!({"thread": {"type": "create"}}),
        json!({"thread": {"type": "continue", "previous_message_id": "msg_1"}, "messages": orphan, "stream": true}),
    ] {
        let answer = bench.refuse(members).await;
        assert_eq!(answer.error(400).0, "invalid_request_error");
        assert_eq!(
            answer.json()["error"]["details"],
            json!({"error_code": "thread_unsupported_request"})
        );
    }
}

#[tokio::test]
async fn p52_another_backend_is_asked_before_the_first_byte() {
    let bench = Bench::start().await;
    let other = Provider::always(openai::stream(&["Hi"]));
    bench.gateway.admin().create_backend("m", &other).await;
    for _ in 0..4 {
        bench.provider.will(error(500, "broken"));
        let answer = Answer::of(bench.messages(&json!({"stream": true}))).await;
        assert_eq!(answer.event_types().last().unwrap(), "message_stop");
    }
}

#[tokio::test]
async fn p52_the_smallest_of_the_backends_times_is_passed_on() {
    let bench = Bench::start().await;
    let other = Provider::always(error(429, "slow down").header("retry-after", "9"));
    // Whichever of the two is asked first.
    for model in ["m1", "m2", "m3", "m4"] {
        bench.gateway.admin().create_model(model, &bench.provider).await;
        bench.gateway.admin().create_backend(model, &other).await;
        bench.provider.will(error(429, "slow down").header("retry-after", "4"));
        let answer = Answer::of(bench.messages(&json!({"model": model}))).await;
        assert_eq!(
            (answer.error(429).0.as_str(), answer.header("retry-after")),
            ("rate_limit_error", "4")
        );
    }
}
