//! A backend that speaks Responses too: bytes pass (N1 to N9).

use harness::client::{BACKEND_KEY, pick};
use harness::provider::responses;

use super::*;

/// A gateway with the model `m` of one scripted provider that speaks Responses.
pub(super) async fn bench(members: Value) -> Bench {
    let mut backend = json!({"protocol": "responses"});
    for (name, value) in members.as_object().unwrap() {
        backend[name] = value.clone();
    }
    Bench::with_backend(Gateway::start().await, &backend).await
}

#[tokio::test]
async fn n1_n2_s12_bytes_pass_but_for_the_model_and_nothing_is_stored() {
    let bench = bench(json!({"model_name": "gpt-x"})).await;
    let mut upstream = responses::of_output(json!([{"type": "hologram", "id": "h"}]));
    upstream["novel"] = json!({"b": 1, "a": 2.0});
    bench.provider.will(Reply::json(&upstream));
    let body =
        r#"{ "model":"m", "input":[{"type":"hologram"},{"role":"user","content":"é"}],"store":false,"x":{"b":1} }"#;
    let request = bench.program.post("/v1/responses").body(body);
    let answer = Answer::of(request.header("content-type", "application/json")).await;
    let mut expected = upstream.clone();
    expected["model"] = "m".into();
    assert_eq!(answer.json(), expected);
    let sent = bench.received();
    assert_eq!(sent.path, "/v1/responses");
    assert_eq!(sent.body, body.replace("\"m\"", "\"gpt-x\""));
    assert_eq!(sent.header("authorization"), format!("Bearer {BACKEND_KEY}"));
    bench.gateway.local().write_usage().await;
    let record = harness::client::data(bench.gateway.admin().get("/api/v1/admin/logs"), 200).await[0].clone();
    assert_eq!(
        pick(&record, ["endpoint", "input_tokens", "output_tokens", "outcome"]),
        json!(["responses", 3, 2, "complete"])
    );
}

#[tokio::test]
async fn n2_events_pass_with_their_numbers() {
    let bench = bench(json!({})).await;
    let answer = bench
        .ask(
            json!({"stream": true, "store": false}),
            responses::stream(&["Hel", "lo"]),
        )
        .await;
    let events = answer.events();
    let last = &events.last().unwrap()["response"];
    assert_eq!(
        pick(last, ["id", "model", "status"]),
        json!(["resp_up1", "m", "completed"])
    );
    assert_eq!(events[3]["delta"], "Hel");
    assert_eq!(bench.received().json()["store"], false);
}

#[tokio::test]
async fn n3_what_would_act_in_the_operators_account_is_refused_before_a_call() {
    let bench = bench(json!({})).await;
    for (field, value) in [
        ("background", json!(true)),
        ("conversation", json!("c")),
        ("prompt", json!({"id": "p"})),
    ] {
        let answer = Answer::of(bench.responses(&json!({field: value}))).await;
        assert_eq!(answer.error(400)[..2], ["unsupported_parameter", field]);
    }
    let reference = json!({"input": [{"type": "item_reference", "id": "msg_1"}]});
    assert_eq!(Answer::of(bench.responses(&reference)).await.error(404)[1], "input");
    assert!(bench.provider.received().is_empty());
}

#[tokio::test]
async fn n4_hosted_tools_pass_only_where_the_operator_lists_them() {
    for (settings, warning, kept) in [
        (json!({}), "dropped=tools.web_search", json!(null)),
        (
            json!({"hosted_tools": ["web_search"]}),
            "",
            json!([{"type": "web_search"}]),
        ),
    ] {
        let bench = bench(json!({"settings": settings})).await;
        let ask = json!({"tools": [{"type": "web_search"}]});
        let answer = bench.ask(ask, Reply::json(&responses::response("Hi"))).await;
        assert_eq!(answer.header("x-translation-warnings"), warning);
        assert_eq!(bench.received().json()["tools"], kept);
    }
}

#[tokio::test]
async fn n7_reasoning_that_the_backend_cannot_read_is_left_out_of_a_second_try() {
    let bench = bench(json!({})).await;
    let refusal =
        json!({"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_encrypted_content"}});
    let input =
        json!([{"type": "reasoning", "summary": [], "encrypted_content": "theirs"}, {"role": "user", "content": "go"}]);
    bench.provider.will(Reply::error(400, &refusal));
    let answer = bench
        .ask(json!({"input": input}), Reply::json(&responses::response("Hi")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("x-translation-warnings"), "dropped=reasoning");
    let sent = bench.provider.received();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].json()["input"], json!([{"role": "user", "content": "go"}]));
    // Without reasoning there is nothing to leave out.
    let answer = bench.ask(json!({"input": "go"}), Reply::error(400, &refusal)).await;
    assert_eq!(answer.error(400)[0], "invalid_encrypted_content");
    assert_eq!(bench.provider.received().len(), 3);
}

#[tokio::test]
async fn n8_a_stream_that_breaks_off_is_a_failed_response_with_the_next_number() {
    let bench = bench(json!({})).await;
    let error = json!({"type": "error", "code": "server_error", "message": "It broke."});
    for reply in [
        responses::begun(&["Once"]).end(),
        responses::begun(&["Once"]).reset(),
        responses::begun(&["Once"]).event(&error).end(),
    ] {
        let answer = bench.ask(json!({"stream": true, "store": false}), reply).await;
        let events = answer.events();
        assert_eq!(events.len(), 5);
        assert_eq!(events[4]["type"], "response.failed");
        let failed = &events[4]["response"];
        assert_eq!(
            pick(failed, ["id", "model", "status"]),
            json!(["resp_up1", "m", "failed"])
        );
        assert_eq!(failed["error"]["code"], "server_error");
    }
}

#[tokio::test]
async fn n9_a_refused_key_is_not_told_and_other_errors_pass() {
    let bench = bench(json!({})).await;
    let mut error = json!({"error": {"message": "no such parameter", "type": "invalid_request_error", "param": "x"}});
    error["error"]["code"] = "unknown_parameter".into();
    let answer = bench.ask(json!({}), Reply::error(400, &error)).await;
    assert_eq!(answer.error(400), ["unknown_parameter", "x", "no such parameter"]);
    let key = json!({"error": {"message": format!("Incorrect API key: {BACKEND_KEY}"), "code": "invalid_api_key"}});
    let answer = bench.ask(json!({}), Reply::error(401, &key)).await;
    assert_eq!(answer.error(502)[0], "upstream_error");
    assert!(!answer.text.contains(BACKEND_KEY));
}
