//! The shape of Claude Code's requests (clients.md 7–17), from the client to the backend and back.

use std::fs;

use harness::workspace;

use super::*;

fn recorded(name: &str) -> Value {
    let path = workspace().join("tests/e2e/messages/claude_code").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn clients_7_to_13_a_turn_of_claude_code_is_what_a_template_takes() {
    let bench = Bench::with(json!({"preset": "vllm"})).await;
    let piece =
        json!({"id": "chatcmpl-tool-2", "function": {"name": "Read", "arguments": "{\"file_path\":\"/w/b.rs\"}"}});
    bench.provider.will(chunks(
        [chunk(json!({"reasoning_content": "Next."})), call_piece(0, piece)],
        "stop",
    ));
    let request = bench
        .program
        .post("/v1/messages?beta=true")
        .header("anthropic-version", "2023-06-01");
    let request = request.header(
        "anthropic-beta",
        "claude-code-20250219,interleaved-thinking-2025-05-14,message-threads-2026-08-12",
    );
    let answer = Answer::of(request.json(&recorded("turn.json"))).await;

    let sent = bench.received().json();
    assert_eq!(sent, recorded("turn.sent.json"), "{sent:#}");
    assert_eq!(
        answer.header("x-translation-warnings"),
        "dropped=context_management,safeguards,output_config.effort"
    );
    let events = answer.events();
    let call = events
        .iter()
        .find(|event| event["content_block"]["type"] == "tool_use")
        .unwrap();
    assert_eq!(call["content_block"]["name"], "Read");
    assert_eq!(events[events.len() - 2]["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn clients_10_the_web_search_of_claude_code_is_refused_by_name() {
    let bench = Bench::start().await;
    let tools = json!([{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]);
    let (kind, message) = bench.refuse(json!({"tools": tools, "stream": true})).await.error(400);
    assert!(
        kind == "invalid_request_error" && message.contains("web_search"),
        "{message}"
    );
}

#[tokio::test]
async fn clients_10_a_title_request_has_no_tools() {
    let bench = Bench::start().await;
    let format = json!({"type": "json_schema", "schema": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"], "additionalProperties": false}});
    let members =
        json!({"tools": [], "output_config": {"format": format}, "temperature": 1, "thinking": {"type": "disabled"}});
    bench
        .ask(
            members,
            completion(json!({"role": "assistant", "content": "{\"title\":\"x\"}"}), "stop"),
        )
        .await;
    assert!(bench.received().json().get("tools").is_none());
}

#[tokio::test]
async fn clients_16_the_context_display_counts_many_parts_at_once() {
    let bench = Bench::start().await;
    let mut turn = recorded("turn.json");
    for field in [
        "max_tokens",
        "stream",
        "thinking",
        "output_config",
        "context_management",
        "safeguards",
    ] {
        turn.as_object_mut().unwrap().remove(field);
    }
    let count = || Answer::of(bench.program.post("/v1/messages/count_tokens?beta=true").json(&turn));
    for answer in futures_util::future::join_all((0..26).map(|_| count())).await {
        assert!(answer.json()["input_tokens"].as_u64().unwrap() > 200, "{}", answer.text);
    }
}
