//! A Responses client in front of a backend that speaks Anthropic Messages: two conversions, joined at the hub.

use harness::client::pick;
use harness::provider::anthropic;

use super::*;

async fn bench() -> Bench {
    let backend = json!({"protocol": "anthropic", "model_name": "claude-x"});
    Bench::with_backend(Gateway::start().await, &backend).await
}

#[tokio::test]
async fn ra1_o14_o17_a_response_is_a_message_of_the_backend() {
    let bench = bench().await;
    let mut message = anthropic::message("");
    message["content"] = json!([
        {"type": "thinking", "thinking": "I run ls.", "signature": "c2ln"},
        {"type": "tool_use", "id": "toolu_k5", "name": "run", "input": {"cmd": "ls"}}]);
    message["stop_reason"] = "tool_use".into();
    let ask = json!({"reasoning": {"effort": "low", "summary": "auto"}, "tools": tools()});
    let answer = bench.ask(ask, Reply::json(&message)).await;
    let response = answer.json();
    assert_eq!(answer.header("x-translation-warnings"), "dropped=tools.web_search");
    let output = response["output"].as_array().unwrap();
    assert_eq!(output[0]["summary"][0]["text"], "I run ls.");
    assert_eq!(
        pick(&output[1], ["type", "call_id", "name", "arguments"]),
        json!(["function_call", "toolu_k5", "run", "{\"cmd\":\"ls\"}"])
    );
    assert_eq!(answer.header("x-upstream-id"), "msg_1");
    let sent = bench.received();
    assert_eq!(
        (sent.path.as_str(), sent.header("anthropic-version")),
        ("/v1/messages", "2023-06-01")
    );
    let sent = sent.json();
    assert_eq!(
        pick(&sent, ["model", "max_tokens", "thinking", "output_config"]),
        json!(["claude-x", 32000, {"type": "adaptive", "display": "summarized"}, {"effort": "low"}])
    );
    assert_eq!(
        sent["messages"],
        json!([{"role": "user", "content": [{"type": "text", "text": "Hello"}]}])
    );
}

#[tokio::test]
async fn rs1_o33_a_stream_of_the_backend_is_one_of_responses() {
    let bench = bench().await;
    let answer = bench
        .ask(json!({"stream": true}), anthropic::stream(&["Hel", "lo"]))
        .await;
    let events = answer.events();
    let last = &events.last().unwrap()["response"];
    assert_eq!(last["output"][0]["content"][0]["text"], "Hello");
    assert_eq!(last["usage"]["total_tokens"], 5);
    let cut = anthropic::named(
        Reply::events(),
        json!({"type": "message_start", "message": anthropic::message("")}),
    );
    let answer = bench.ask(json!({"stream": true}), cut.end()).await;
    assert_eq!(answer.events().last().unwrap()["type"], "response.failed");
}

#[tokio::test]
async fn o25_r20_a_refusal_names_what_the_client_has_sent() {
    let bench = bench().await;
    let answer = Answer::of(bench.responses(&json!({"top_logprobs": 2}))).await;
    assert_eq!(answer.error(400)[..2], ["unsupported_parameter", "top_logprobs"]);
    assert!(bench.provider.received().is_empty());
}
