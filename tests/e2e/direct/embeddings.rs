//! `POST /v1/embeddings`

use std::fmt::Write as _;

use harness::Gateway;
use harness::client::{Client, data, pick};
use harness::provider::{Provider, Reply};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::newest;
use crate::failures::failure;

fn embeddings(program: &Client, model: &str) -> RequestBuilder {
    program
        .post("/v1/embeddings")
        .json(&json!({"model": model, "input": "Hello"}))
}

fn answer() -> Value {
    json!({
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
        "model": "provider-model",
        "usage": {"prompt_tokens": 4, "total_tokens": 4}
    })
}

/// An answer of so many vectors, in which the model's name comes last.
fn long_answer(vectors: usize) -> String {
    let mut body = r#"{"object":"list","data":["#.to_owned();
    for index in 0..vectors {
        let comma = if index == 0 { "" } else { "," };
        let vector = ["0.123456789"; 100].join(",");
        write!(
            body,
            r#"{comma}{{"object":"embedding","index":{index},"embedding":[{vector}]}}"#
        )
        .unwrap();
    }
    body + r#"],"usage":{"prompt_tokens":77,"total_tokens":77},"model":"provider-model"}"#
}

#[tokio::test]
async fn em1_bytes_pass_but_for_the_models_name() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    let upstream = r#"{ "object":"list","data":[ {"embedding":[1.0, 2e-05],"index":0} ],"model": "provider-model","x":{"model":"y"}}"#;
    provider.will(Reply::new(200, "application/json", upstream).header("x-request-id", "up-1"));
    let body = r#"{"input": [[1, 2],[3]],  "model":"m","dimensions":256,"encoding_format":"float","seed":1.50}"#;
    let request = program
        .post("/v1/embeddings")
        .header("content-type", "application/json")
        .body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-upstream-request-id"], "up-1");
    assert_eq!(response.content_length(), Some(upstream.len() as u64 - 13));
    assert_eq!(response.text().await.unwrap(), upstream.replace("provider-model", "m"));
    let received = provider.request(0).await;
    assert_eq!(received.path, "/v1/embeddings");
    assert_eq!(
        String::from_utf8(received.body.to_vec()).unwrap(),
        body.replace(r#""m""#, r#""provider-model""#)
    );
}

#[tokio::test]
async fn em3_the_input_is_entered_and_no_output() {
    let mut silent = answer();
    silent["usage"].take();
    let mut total = answer();
    total["usage"] = json!({"total_tokens": 9});
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let prices = json!({"input_price": 0.5, "output_price": 2});
    data(gateway.admin().put("/api/v1/admin/models/m").json(&prices), 200).await;
    let program = gateway.program().await;
    for (reply, tokens, estimated) in [(answer(), 4, false), (total, 9, false), (silent, 2, true)] {
        provider.will(Reply::json(&reply));
        assert_eq!(embeddings(&program, "m").send().await.unwrap().status(), 200);
        let entry = newest(&gateway).await;
        let names = [
            "endpoint",
            "outcome",
            "input_tokens",
            "output_tokens",
            "estimated",
            "streamed",
        ];
        let expected = json!(["embeddings", "complete", tokens, 0, estimated, false]);
        assert_eq!(pick(&entry, names), expected);
    }
}

#[tokio::test]
async fn em3_only_the_input_is_reserved() {
    let provider = Provider::always(Reply::json(&answer()));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    // A chat request without a limit of its own reserves 4096 tokens of output.
    gateway
        .admin()
        .create_policy("tight", &json!({"token_quota_daily": 100}))
        .await;
    let program = gateway.admin().create_program_under("tight").await;
    assert_eq!(failure(program.chat("m")).await.status, 429);
    let response = embeddings(&program, "m").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        provider.request(0).await.json(),
        json!({"model": "provider-model", "input": "Hello"})
    );
    let body = json!({"model": "m", "input": "word ".repeat(200)});
    let refused = failure(program.post("/v1/embeddings").json(&body)).await;
    assert_eq!((refused.status, provider.received().len()), (429, 1));
}

#[tokio::test]
async fn em4_a_long_answer_passes_while_it_comes() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    let body = long_answer(50_000);
    assert!(body.len() > 50 * 1024 * 1024);
    provider.will(Reply::new(200, "application/json", body.clone()));
    let response = embeddings(&program, "m").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let expected = body.replace("provider-model", "m");
    assert!(response.text().await.unwrap() == expected, "the same but for the name");
    let entry = newest(&gateway).await;
    assert_eq!(
        pick(&entry, ["outcome", "input_tokens", "estimated"]),
        json!(["complete", 77, false])
    );
}

#[tokio::test]
async fn em4_what_breaks_off_before_anything_was_sent_is_answered_by_another_backend() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    gateway.admin().create_backend("m", &provider).await;
    let program = gateway.program().await;
    let answer = answer();
    for broken in [
        Reply::json(&answer).cut(60).reset(),
        Reply::new(200, "application/json", r#"{"object":"list","data":[{"embedding":[0.1"#),
        Reply::json(&json!({"error": {"message": "busy", "type": "server_error"}})),
        Reply::new(200, "text/html", "<html>"),
    ] {
        provider.will(broken);
        provider.will(Reply::json(&answer));
        let response = embeddings(&program, "m").send().await.unwrap();
        assert_eq!(response.status(), 200);
        let body: Value = response.json().await.unwrap();
        assert_eq!((&body["data"], &body["model"]), (&answer["data"], &"m".into()));
    }
    assert_eq!(provider.received().len(), 8);
}

#[tokio::test]
async fn em4_a_long_answer_that_breaks_off_is_no_json() {
    let body = long_answer(10_000);
    let length = body.len();
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    provider.will(Reply::new(200, "application/json", body).cut(length - 1000).reset());
    let response = embeddings(&program, "m").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let received = response.bytes().await.unwrap_or_default();
    assert!(serde_json::from_slice::<Value>(&received).is_err());
    assert_eq!(pick(&newest(&gateway).await, ["outcome"]), json!(["cut_short"]));
}

#[tokio::test]
async fn em1_a_backend_of_another_protocol_has_no_such_endpoint() {
    let (openai, anthropic) = (Provider::always(Reply::json(&answer())), Provider::start());
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &anthropic, &json!({"protocol": "anthropic"}))
        .await;
    let program = gateway.program().await;
    let response = embeddings(&program, "m").send().await.unwrap();
    assert_eq!(response.status(), 400);
    let expected = json!({
        "message": "`m` has no backend for /v1/embeddings", "type": "invalid_request_error", "param": "model",
        "code": "model_not_supported"
    });
    assert_eq!(response.json::<Value>().await.unwrap()["error"], expected);
    gateway.admin().create_backend("m", &openai).await;
    for _ in 0..5 {
        assert_eq!(embeddings(&program, "m").send().await.unwrap().status(), 200);
    }
    assert_eq!((openai.received().len(), anthropic.received().len()), (5, 0));
}

#[tokio::test]
async fn em2_what_is_wrong_with_the_input_is_the_backends_to_say() {
    let refusal = json!({"error": {"message": "input must not be empty", "type": "invalid_request_error"}});
    let provider = Provider::always(Reply::error(400, &refusal));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for body in [json!({"model": "m", "input": []}), json!({"model": "m"})] {
        let response = program.post("/v1/embeddings").json(&body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let error = response.json::<Value>().await.unwrap();
        assert_eq!(error["error"]["message"], "input must not be empty");
    }
}
