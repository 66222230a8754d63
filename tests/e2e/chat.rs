//! `POST /v1/chat/completions`: what passes, how it passes, and what each failure of a backend becomes.

use harness::client::{BACKEND_KEY, ask};
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use reqwest::Response;
use serde_json::{Value, json};

use crate::failures::failure;

/// The next bytes of a streamed answer, as soon as they come.
async fn next(answer: &mut Response) -> String {
    String::from_utf8(answer.chunk().await.unwrap().unwrap_or_default().into()).unwrap()
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

#[tokio::test]
async fn a_completion_passes_as_it_is() {
    let spaced = "{ \"id\": \"x\",  \"choices\": [], \"new_field\": 1.0000000000000000001 }";
    let provider = Provider::always(Reply::new(200, "application/json", spaced));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let answer = gateway.program().await.chat("m").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(answer.headers()["content-length"], spaced.len().to_string());
    assert_eq!(answer.text().await.unwrap(), spaced);
}

#[tokio::test]
async fn only_the_models_name_differs_in_what_the_backend_gets() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let body = r#"{"top_k":1.50, "model" : "m","messages":[{"role":"user","content":"\u00e4"}] }"#;
    gateway
        .program()
        .await
        .post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    let received = provider.request(0).await;
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/v1/chat/completions")
    );
    assert_eq!(received.body, body.replace("\"m\"", "\"provider-model\""));
}

#[tokio::test]
async fn p38_the_backend_sees_its_own_credential_and_nothing_of_the_clients() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    program
        .chat("m")
        .header("cookie", "a=b")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-own", "1")
        .send()
        .await
        .unwrap();
    let received = provider.request(0).await;
    assert_eq!(received.header("authorization"), format!("Bearer {BACKEND_KEY}"));
    let known = [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-request-id",
    ];
    let unknown = received.headers.keys().find(|name| !known.contains(&name.as_str()));
    assert_eq!(unknown, None);
    assert!(!format!("{received:?}").contains(program.credential()));
}

#[tokio::test]
async fn p38_the_backend_works_in_the_clients_trace() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    gateway
        .program()
        .await
        .chat("m")
        .header("traceparent", parent)
        .header("tracestate", "a=1")
        .send()
        .await
        .unwrap();
    let received = provider.request(0).await;
    assert_eq!(
        (received.header("traceparent"), received.header("tracestate")),
        (parent, "a=1")
    );
}

/// What passes is as the provider sent it, but for the model's name.
fn named(text: &str) -> String {
    text.replace("provider-model", "m")
}

#[tokio::test]
async fn p48_a_stream_passes_event_by_event_as_the_provider_sends_it() {
    let provider = Provider::start();
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let (first, second) = (openai::chunk("Hel"), openai::chunk("lo"));
    let reply = Reply::events()
        .event(&first)
        .wait(&gates[0])
        .bytes(": ping\n\n")
        .wait(&gates[1])
        .event(&second);
    provider.will(reply.wait(&gates[2]).done());
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let mut answer = gateway.program().await.chat_stream("m").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(next(&mut answer).await, named(&event(&first)));
    for (gate, expected) in gates.iter().zip([
        ": ping\n\n".to_owned(),
        named(&event(&second)),
        "data: [DONE]\n\n".to_owned(),
    ]) {
        gate.open();
        assert_eq!(next(&mut answer).await, expected);
    }
    assert_eq!(next(&mut answer).await, "");
}

#[tokio::test]
async fn p48_a_stream_passes_byte_by_byte_however_the_provider_cuts_it() {
    let stream = format!(
        "{}: ping\r\n\r\nid: 7\n{}data: [DONE]\n\n",
        event(&openai::chunk("Grüße 🌊")),
        event(&openai::usage())
    );
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for size in [1, 2, 3, 7, 64, stream.len()] {
        provider.will(stream.as_bytes().chunks(size).fold(Reply::events(), Reply::bytes).end());
        let answer = program.chat_stream("m").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), named(&stream), "in pieces of {size}");
    }
}

#[tokio::test]
async fn p50_a_break_after_the_first_byte_is_one_error_event_and_no_end_mark() {
    let first = openai::chunk("Hel");
    let begun = || Reply::events().event(&first);
    let nonsense = json!({"error": {"message": "overheated"}});
    let breaks = [
        (
            "closed in mid-chunk",
            begun().event(&openai::chunk("lo")).cut(25).close(),
        ),
        ("reset", begun().reset()),
        ("ended without its end mark", begun().end()),
        ("garbage", begun().bytes("data: <html>\n\n").stall()),
        ("an error object", begun().event(&nonsense).stall()),
        (
            "an endless event",
            begun().bytes("data: 0123456789abcdef0123456789abcdef").endless(),
        ),
    ];
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for (what, reply) in breaks {
        provider.will(reply);
        let answer = program.chat_stream("m").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what}");
        let body = answer.text().await.unwrap();
        let rest = body
            .strip_prefix(&named(&event(&first)))
            .unwrap_or_else(|| panic!("{what}: {body}"));
        let error: Value = serde_json::from_str(rest.strip_prefix("data: ").unwrap()).unwrap();
        assert!(
            error["error"]["message"].is_string() && rest.ends_with("\n\n"),
            "{what}: {rest}"
        );
    }
}

#[tokio::test]
async fn p51_a_client_that_leaves_ends_the_backends_work() {
    let provider = Provider::start();
    provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&Gate::new()));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let mut answer = gateway.program().await.chat_stream("m").send().await.unwrap();
    next(&mut answer).await;
    drop(answer);
    provider.request(0).await.abandoned().await;
}

#[tokio::test]
async fn p52_a_backend_that_fails_before_its_first_byte_is_a_502() {
    let failures = [
        ("closes before the head", Reply::raw("").close()),
        ("resets before the head", Reply::raw("").reset()),
        ("is no HTTP server", Reply::raw("+OK hello\r\n").close()),
        ("sends a web page", Reply::new(200, "text/html", "<html>welcome</html>")),
        (
            "sends half an answer",
            Reply::json(&openai::completion("Hello")).cut(30).close(),
        ),
        (
            "answers with an error object",
            Reply::json(&json!({"error": {"message": "no"}})),
        ),
        ("redirects", Reply::redirect("http://127.0.0.1:9/")),
        ("fails", Reply::error(500, &json!({"error": {"message": "boom"}}))),
        (
            "refuses our credential",
            Reply::error(401, &json!({"error": {"message": BACKEND_KEY}})),
        ),
        ("forbids us", Reply::error(403, &json!({}))),
    ];
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for (number, (what, reply)) in failures.into_iter().enumerate() {
        // Each has backends of its own: one that has failed may be out.
        let (whole, streamed) = (format!("whole-{number}"), format!("streamed-{number}"));
        gateway.admin().create_model(&whole, &provider).await;
        gateway.admin().create_model(&streamed, &provider).await;
        for request in [program.chat(&whole), program.chat_stream(&streamed)] {
            provider.will(reply.clone());
            let failed = failure(request).await;
            assert_eq!(
                (failed.status, failed.code()),
                (502, "upstream_error"),
                "a backend that {what}: {}",
                failed.body
            );
            assert!(!failed.body.to_string().contains(BACKEND_KEY), "{}", failed.body);
        }
    }
}

#[tokio::test]
async fn a_backend_that_is_down_is_a_502_that_does_not_tell_its_address() {
    let provider = Provider::start();
    let address = provider.base_url();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    drop(provider);
    let failed = failure(gateway.program().await.chat("m")).await;
    assert_eq!((failed.status, failed.code()), (502, "upstream_error"));
    assert!(
        !failed.body.to_string().contains(address.trim_start_matches("http://")),
        "{}",
        failed.body
    );
}

#[tokio::test]
async fn p52_another_backend_answers_where_one_fails() {
    let (sick, well) = (
        Provider::always(Reply::raw("").close()),
        Provider::always(openai::stream(&["Hel", "lo"])),
    );
    let gateway = Gateway::start().await.with_model("m", &sick).await;
    gateway.admin().create_backend("m", &well).await;
    let program = gateway.program().await;
    for _ in 0..8 {
        let answer = program.chat_stream("m").send().await.unwrap();
        assert!(answer.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    }
    assert!(
        !sick.received().is_empty(),
        "with equal weights, eight requests all went to the second backend"
    );
}

#[tokio::test]
async fn a_backends_refusal_of_the_request_is_the_clients() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for (status, expected) in [(400, 400), (422, 400), (429, 429)] {
        provider.will(
            Reply::error(status, &json!({"error": {"message": "temperature is too high"}})).header("retry-after", "7"),
        );
        let failed = failure(program.chat("m")).await;
        assert_eq!(failed.status, expected, "{}", failed.body);
        assert!(
            status != 429 || failed.retry_after.as_deref() == Some("7"),
            "{:?}",
            failed.retry_after
        );
    }
}

#[tokio::test]
async fn what_is_no_chat_request_never_reaches_a_backend() {
    let provider = Provider::start();
    let limits = proxy::Limits::with_max_body(1000);
    let gateway = Gateway::start_with(|options| local::Options { limits, ..options })
        .await
        .with_model("m", &provider)
        .await;
    let program = gateway.program().await;
    let long = json!({"model": "m", "messages": [{"role": "user", "content": "x".repeat(1000)}]}).to_string();
    let cases = [
        ("not JSON", "{\"model\": \"m\"", 400, "invalid_json", None),
        ("nothing", "", 400, "invalid_json", None),
        (
            "trailing bytes",
            r#"{"model":"m","messages":[{}]} x"#,
            400,
            "invalid_json",
            None,
        ),
        ("no model", r#"{"messages":[{}]}"#, 400, "invalid_value", Some("model")),
        (
            "two models",
            r#"{"model":"m","model":"n","messages":[{}]}"#,
            400,
            "invalid_value",
            Some("model"),
        ),
        (
            "a model that is no text",
            r#"{"model":7,"messages":[{}]}"#,
            400,
            "invalid_value",
            Some("model"),
        ),
        (
            "no messages",
            r#"{"model":"m"}"#,
            400,
            "invalid_value",
            Some("messages"),
        ),
        (
            "n out of range",
            r#"{"model":"m","messages":[{}],"n":9}"#,
            400,
            "invalid_value",
            Some("n"),
        ),
        (
            "stream is no boolean",
            r#"{"model":"m","messages":[{}],"stream":"yes"}"#,
            400,
            "invalid_value",
            Some("stream"),
        ),
        (
            "an unknown model",
            r#"{"model":"M","messages":[{}]}"#,
            404,
            "model_not_found",
            Some("model"),
        ),
        ("a body too large", &long, 413, "request_too_large", None),
    ];
    for (what, body, status, code, param) in cases {
        let request = program
            .post("/v1/chat/completions")
            .header("content-type", "application/json")
            .body(body.to_owned());
        let failed = failure(request).await;
        assert_eq!(
            (failed.status, failed.code(), failed.body["error"]["param"].as_str()),
            (status, code, param),
            "{what}"
        );
    }
    let compressed = program.chat("m").header("content-encoding", "gzip");
    assert_eq!(failure(compressed).await.status, 415);
    let text = program
        .post("/v1/chat/completions")
        .header("content-type", "text/plain")
        .body(ask("m").to_string());
    assert_eq!(failure(text).await.code(), "unsupported_media_type");
    assert!(provider.received().is_empty());
}
