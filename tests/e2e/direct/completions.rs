//! `POST /v1/completions` and `POST /v1/fim/completions`

use harness::Gateway;
use harness::client::{Client, data, pick, status};
use harness::provider::{Provider, Reply};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::newest;
use crate::failures::failure;

fn complete(program: &Client, body: &Value) -> RequestBuilder {
    program.post("/v1/completions").json(body)
}

fn completion(text: &str) -> Value {
    json!({
        "id": "cmpl-1", "object": "text_completion", "created": 1_700_000_000, "model": "provider-model",
        "choices": [{"text": text, "index": 0, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    })
}

fn chunk(choices: &Value) -> Value {
    json!({
        "id": "cmpl-1", "object": "text_completion", "created": 1_700_000_000, "model": "provider-model", "choices": choices
    })
}

fn piece(text: &str, finish_reason: &Value) -> Value {
    chunk(&json!([{"text": text, "index": 0, "logprobs": null, "finish_reason": finish_reason}]))
}

fn usage() -> Value {
    let mut chunk = chunk(&json!([]));
    chunk["usage"] = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    chunk
}

async fn gateway(provider: &Provider, settings: &Value) -> (Gateway, Client) {
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", provider, &json!({"settings": settings}))
        .await;
    let program = gateway.program().await;
    (gateway, program)
}

#[tokio::test]
async fn cp1_whatever_the_prompt_is_it_passes() {
    let provider = Provider::always(Reply::json(&completion("Hi")));
    let (gateway, program) = gateway(&provider, &json!({})).await;
    for (number, rest) in [
        json!({"prompt": "Hello", "suffix": "!", "echo": true, "logprobs": 5, "best_of": 20, "n": 2}),
        json!({"prompt": ["a", "b"], "max_tokens": 0}),
        json!({"prompt": [9906, 1917], "seed": 7, "logit_bias": {"50256": -100}}),
        json!({"prompt": [[9906], [1917]], "user": "u"}),
        json!({}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = rest;
        body["model"] = "m".into();
        let path = ["/v1/completions", "/v1/fim/completions"][number % 2];
        let response = program.post(path).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{body}");
        let mut expected = completion("Hi");
        expected["model"] = "m".into();
        assert_eq!(response.json::<Value>().await.unwrap(), expected);
        let received = provider.request(number).await;
        body["model"] = "provider-model".into();
        assert_eq!((received.path.as_str(), received.json()), ("/v1/completions", body));
    }
    let names = ["endpoint", "input_tokens", "output_tokens", "estimated", "streamed"];
    assert_eq!(
        pick(&newest(&gateway).await, names),
        json!(["completions", 3, 2, false, false])
    );
}

#[tokio::test]
async fn cp1_a_streams_usage_is_asked_for_and_taken_out_again() {
    let (first, last) = (piece("Hel", &Value::Null), piece("lo", &"stop".into()));
    let reply = || Reply::events().event(&first).event(&last).event(&usage()).done();
    let provider = Provider::answering({
        let reply = reply();
        move |_| reply.clone()
    });
    let (gateway, program) = gateway(&provider, &json!({})).await;
    let events = [&first, &last].map(|event| format!("data: {event}\n\n")).concat();
    let expected = events.replace("provider-model", "m");
    let told = format!("data: {}\n\n", usage()).replace("provider-model", "m");
    for (options, between) in [(json!(null), ""), (json!({"include_usage": true}), told.as_str())] {
        let body = json!({"model": "m", "prompt": "Hello", "stream": true, "stream_options": options});
        let response = complete(&program, &body).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(
            response.text().await.unwrap(),
            format!("{expected}{between}data: [DONE]\n\n")
        );
        let names = ["endpoint", "input_tokens", "output_tokens", "estimated", "streamed"];
        assert_eq!(
            pick(&newest(&gateway).await, names),
            json!(["completions", 3, 2, false, true])
        );
    }
    for request in provider.completions() {
        assert_eq!(request.json()["stream_options"], json!({"include_usage": true}));
    }
}

#[tokio::test]
async fn cp1_the_other_form_than_was_asked_for_is_the_same_text_or_an_error() {
    let provider = Provider::start();
    let (_gateway, program) = gateway(&provider, &json!({})).await;
    provider.will(Reply::json(&completion("Hello")));
    let body = json!({"model": "m", "prompt": "Hello", "stream": true});
    let text = complete(&program, &body).send().await.unwrap().text().await.unwrap();
    let mut events = text.split("\n\n").map(|event| event.trim_start_matches("data: "));
    let event: Value = serde_json::from_str(events.next().unwrap()).unwrap();
    assert_eq!(
        (&event["object"], &event["choices"][0]["text"]),
        (&"text_completion".into(), &"Hello".into())
    );
    assert_eq!(events.next(), Some("[DONE]"));

    provider.will(
        Reply::events()
            .event(&piece("Hel", &Value::Null))
            .event(&piece("lo", &"stop".into()))
            .done(),
    );
    let whole = failure(complete(&program, &json!({"model": "m", "prompt": "Hello"}))).await;
    assert_eq!(whole.status, 502);
}

#[tokio::test]
async fn cp2_a_stream_that_breaks_off_ends_with_an_error() {
    let provider = Provider::start();
    let (gateway, program) = gateway(&provider, &json!({})).await;
    provider.will(Reply::events().event(&piece("Hel", &Value::Null)).close());
    let body = json!({"model": "m", "prompt": "Hello", "stream": true});
    let text = complete(&program, &body).send().await.unwrap().text().await.unwrap();
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    let error: Value = serde_json::from_str(last.strip_prefix("data: ").unwrap()).unwrap();
    assert!(
        error["error"]["message"].is_string() && !text.contains("[DONE]"),
        "{text}"
    );
    assert_eq!(pick(&newest(&gateway).await, ["outcome"]), json!(["cut_short"]));
}

#[tokio::test]
async fn cp2_the_larger_of_n_and_best_of_times_the_limit_is_reserved() {
    let provider = Provider::always(Reply::json(&completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    gateway
        .admin()
        .create_policy("tight", &json!({"token_quota_daily": 100}))
        .await;
    let cases = [
        (json!({}), 200),
        (json!({"n": 6}), 200),
        (json!({"n": 2, "best_of": 7}), 429),
        (json!({"max_tokens": 101}), 429),
        (json!({"max_tokens": 30, "best_of": 3}), 200),
        (json!({"max_tokens": 30, "prompt": ["a", "b", "c", "d"]}), 429),
        (json!({"max_tokens": 30, "prompt": [1, 2, 3, 4]}), 200),
        (json!({"max_tokens": 0, "n": 8}), 200),
    ];
    for (number, (rest, expected)) in cases.into_iter().enumerate() {
        let (email, policy) = (format!("{number}@example.com"), json!({"quota_policy": "tight"}));
        let program = gateway.admin().create_person(&email, policy).await.create_key().await;
        let mut body = json!({"model": "m", "prompt": "Hello"});
        for (name, value) in rest.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(status(complete(&program, &body)).await, expected, "{rest}");
    }
    // What is reserved is what the backend is told.
    let limits: Vec<_> = provider
        .received()
        .iter()
        .map(|request| request.json()["max_tokens"].clone())
        .collect();
    assert_eq!(limits, [json!(16), json!(16), json!(30), json!(30), json!(0)]);
}

const TEMPLATE: &str = "<PRE>{prefix}<SUF>{suffix}<MID>";

#[tokio::test]
async fn cp3_a_suffix_becomes_a_part_of_the_prompt() {
    let provider = Provider::always(Reply::json(&completion("Hi")));
    let (_gateway, program) = gateway(&provider, &json!({"fim": TEMPLATE})).await;
    let sent = [
        r#"{"model":"m","prompt":"a\n","suffix":"\ud83d b","max_tokens":5}"#,
        r#"{"suffix":"}","prompt":"{","model":"m"}"#,
        r#"{"model":"m","prompt":"a","suffix":null}"#,
        r#"{"model":"m","prompt":["a"]}"#,
    ];
    let expected = [
        r#"{"model":"provider-model","prompt":"<PRE>a\n<SUF>\ud83d b<MID>","max_tokens":5}"#,
        r#"{"prompt":"<PRE>{<SUF>}<MID>","model":"provider-model"}"#,
        r#"{"model":"provider-model","prompt":"a","suffix":null}"#,
        r#"{"model":"provider-model","prompt":["a"]}"#,
    ];
    for (number, (body, expected)) in sent.into_iter().zip(expected).enumerate() {
        let request = program
            .post("/v1/fim/completions")
            .header("content-type", "application/json");
        assert_eq!(status(request.body(body)).await, 200, "{body}");
        let received = provider.request(number).await;
        assert_eq!(String::from_utf8(received.body.to_vec()).unwrap(), expected);
    }
    for prompt in [json!(["a"]), json!([1, 2]), Value::Null] {
        let body = json!({"model": "m", "prompt": prompt, "suffix": "b"});
        assert_eq!(failure(complete(&program, &body)).await.status, 400, "{prompt}");
    }
    assert_eq!(provider.received().len(), 4);
}

#[tokio::test]
async fn cp3_a_template_names_both_parts() {
    let gateway = Gateway::start().await;
    let model = json!({"id": "m", "name": "m"});
    data(gateway.admin().post("/api/v1/admin/models").json(&model), 201).await;
    for (fim, expected) in [("{prefix}", 400), ("fill", 400), ("pass", 201), (TEMPLATE, 201)] {
        let backend =
            json!({"name": "b", "base_url": "http://127.0.0.1:9", "model_name": "p", "settings": {"fim": fim}});
        let created = gateway.admin().post("/api/v1/admin/models/m/backends").json(&backend);
        assert_eq!(status(created).await, expected, "{fim}");
    }
}
