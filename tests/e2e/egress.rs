//! What leaves the gateway, and where to (promises 35, 36 and 38); and the connections to backends.

use harness::Gateway;
use harness::client::{BACKEND_KEY, Client, ask, data, message, status};
use harness::provider::{Provider, Reply, openai};
use harness::tls::TlsBackend;
use http::Version;
use local::Options;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::failures::failure_of;

#[tokio::test]
async fn p35_redirects_are_not_followed_and_their_place_is_not_told() {
    let (elsewhere, provider) = (Provider::start(), Provider::start());
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    let place = format!("{}/canary", elsewhere.base_url());
    for status in [301, 302, 303, 307, 308] {
        // Other backends each time: those that redirect are soon out.
        let (m, name) = (format!("m-{status}"), format!("native-{status}"));
        gateway.admin().create_model(&m, &provider).await;
        gateway
            .admin()
            .create_model_with(&name, &provider, &json!({"protocol": "anthropic"}))
            .await;
        let native = |path: &str| program.post(path).json(&message(&name));
        for request in [
            program.chat(&m),
            program.chat_stream(&m),
            program.message(&m),
            native("/v1/messages"),
        ] {
            provider.will(Reply::new(status, "text/plain", "canary").header("location", &place));
            let response = request.send().await.unwrap();
            assert!(!response.headers().contains_key("location"));
            let failed = failure_of(response).await;
            assert_eq!(failed.status, 502, "{status}");
            assert!(!failed.body.to_string().contains("canary"), "{}", failed.body);
        }
        provider.will(Reply::new(status, "text/plain", "canary").header("location", &place));
        let count = native("/v1/messages/count_tokens").send().await.unwrap();
        assert_eq!(count.status(), 200, "an estimate steps in");
    }
    let backends = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    let check = format!("/api/v1/admin/backends/{}/health", backends[0]["id"].as_str().unwrap());
    provider.will(Reply::redirect(&place));
    let found = data(gateway.admin().post(&check), 200).await;
    let told = (&found["status"], &found["error"]);
    assert_eq!(told, (&json!(307), &json!("status")), "reachable, and not followed");
    assert!(
        elsewhere.received().is_empty(),
        "nothing went to where the backend pointed"
    );
}

/// Members and headers by which other gateways let a client name an address, each with this one.
fn with_addresses(program: &Client, path: &str, body: &Value, url: &str) -> RequestBuilder {
    let mut body = body.clone();
    for member in ["api_base", "base_url", "url", "endpoint", "custom_llm_provider"] {
        body[member] = url.into();
    }
    [
        "x-base-url",
        "x-custom-host",
        "x-portkey-custom-host",
        "x-forwarded-host",
        "x-original-url",
    ]
    .into_iter()
    .fold(program.post(path).json(&body), |request, header| {
        request.header(header, url)
    })
}

#[tokio::test]
async fn p36_the_client_chooses_no_address() {
    let (trap, provider) = (
        Provider::start(),
        Provider::always(Reply::json(&openai::completion("Hello"))),
    );
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    let url = trap.base_url();
    let image = json!([{"role": "user", "content": [
        {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": format!("{url}/cat.png")}}
    ]}]);
    let document = json!([{"role": "user", "content": [
        {"type": "image", "source": {"type": "url", "url": format!("{url}/cat.png")}},
        {"type": "document", "source": {"type": "url", "url": format!("{url}/cat.pdf")}}
    ]}]);
    for (path, mut body, messages) in [
        ("/v1/chat/completions", ask("m"), image),
        ("/v1/messages", message("m"), document),
    ] {
        assert_eq!(status(with_addresses(&program, path, &body, &url)).await, 200, "{path}");
        body["messages"] = messages;
        let pictured = status(with_addresses(&program, path, &body, &url)).await;
        assert!(
            [200, 400].contains(&pictured),
            "{path}: passed as text, or refused: {pictured}"
        );
    }
    assert!(trap.received().is_empty(), "nothing went to where the client pointed");
    let received = provider.received();
    assert!(
        received
            .iter()
            .all(|request| provider.base_url().ends_with(request.header("host")))
    );
}

#[tokio::test]
async fn p38_of_a_backends_headers_only_a_few_reach_the_client() {
    let canaries = |reply: Reply| {
        let names = [
            "set-cookie",
            "server",
            "x-internal",
            "access-control-allow-origin",
            "via",
            "x-ratelimit-remaining",
            "openai-version",
        ];
        names
            .into_iter()
            .fold(reply, |reply, name| reply.header(name, "canary"))
    };
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    let failed = || Reply::error(429, &json!({"error": {"message": "slow down"}})).header("retry-after", "7");
    for (request, reply) in [
        (program.chat("m"), Reply::json(&openai::completion("Hello"))),
        (program.chat_stream("m"), openai::stream(&["Hello"])),
        (program.message("m"), Reply::json(&openai::completion("Hello"))),
        (program.chat("m"), failed()),
    ] {
        provider.will(canaries(reply));
        let response = request.send().await.unwrap();
        assert!(
            response
                .headers()
                .values()
                .all(|value| !value.to_str().unwrap().contains("canary")),
            "{:?}",
            response.headers()
        );
    }
}

#[tokio::test]
async fn p38_a_backend_gets_our_id_of_the_request_and_the_client_the_backends_renamed() {
    let failed = || Reply::error(429, &json!({"error": {"message": "slow down"}}));
    for (header, id, told) in [
        ("x-request-id", "up_1", Some("up_1")),
        ("request-id", "up-2", Some("up-2")),
        ("x-request-id", "no id", None),
    ] {
        let provider = Provider::start();
        let gateway = Gateway::start().await.with_model("m", &provider).await;
        let program = gateway.program().await;
        for (number, (request, reply)) in [
            (program.chat("m"), Reply::json(&openai::completion("Hello"))),
            (program.chat_stream("m"), openai::stream(&["Hello"])),
            (program.message("m"), Reply::json(&openai::completion("Hello"))),
            (program.message_stream("m"), openai::stream(&["Hello"])),
            (program.chat("m"), failed()),
        ]
        .into_iter()
        .enumerate()
        {
            provider.will(reply.header(header, id));
            let response = request.send().await.unwrap();
            let upstream = response
                .headers()
                .get("x-upstream-request-id")
                .map(|id| id.to_str().unwrap());
            assert_eq!(upstream, told);
            assert_eq!(
                provider.request(number).await.header("x-request-id"),
                response.headers()["x-request-id"]
            );
        }
    }
}

/// Everything that a backend of the Anthropic dialect receives, where it has one configured header.
const NATIVE_HEADERS: [&str; 13] = [
    "accept",
    "accept-encoding",
    "anthropic-beta",
    "anthropic-version",
    "content-length",
    "content-type",
    "host",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-api-key",
    "x-organization",
    "x-request-id",
];

#[tokio::test]
async fn p38_a_backend_gets_the_clients_dialect_headers_the_configured_ones_and_no_others() {
    let provider = Provider::always(Reply::json(&harness::provider::anthropic::message("Hello")));
    let gateway = Gateway::start().await;
    let members = json!({"protocol": "anthropic", "headers": {"x-organization": "us"}});
    gateway.admin().create_model_with("m", &provider, &members).await;
    let program = gateway.program().await;
    let request = program
        .message("m")
        .header("anthropic-version", "2023-06-01")
        .header("anthropic-beta", "a,b");
    let foreign = [
        "cookie",
        "x-api-version",
        "x-amz-date",
        "x-forwarded-for",
        "openai-organization",
        "x-stainless-lang",
        "origin",
    ];
    let request = foreign
        .into_iter()
        .fold(request, |request, name| request.header(name, "canary"));
    assert_eq!(status(request).await, 200);
    let received = provider.request(0).await;
    assert_eq!(received.header("x-api-key"), BACKEND_KEY);
    let passed = ["anthropic-version", "anthropic-beta", "x-organization"].map(|name| received.header(name));
    assert_eq!(passed, ["2023-06-01", "a,b", "us"]);
    let mut names = received.headers.keys();
    let unknown = names.find(|name| !NATIVE_HEADERS.contains(&name.as_str()));
    assert_eq!(unknown, None);
}

/// A gateway that believes the backend's authority, and has it as its model `m`.
async fn gateway(backend: &TlsBackend) -> Gateway {
    let backend_authorities = backend.authority().parse().unwrap();
    let gateway = Gateway::start_with(|options| Options {
        backend_authorities,
        ..options
    })
    .await;
    let model = gateway
        .admin()
        .post("/api/v1/admin/models")
        .json(&json!({"id": "m", "name": "m"}));
    data(model, 201).await;
    let entry = json!({"id": "b", "name": "b", "base_url": backend.base_url(), "model_name": "x"});
    data(
        gateway.admin().post("/api/v1/admin/models/m/backends").json(&entry),
        201,
    )
    .await;
    gateway
}

#[tokio::test]
async fn a_backend_of_a_private_authority_is_called_by_http_2_where_it_is_offered_and_over_one_connection() {
    for (protocols, version) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let backend = TlsBackend::start(protocols, &openai::completion("Hello"));
        let gateway = gateway(&backend).await;
        let program = gateway.program().await;
        for _ in 0..3 {
            let answer: Value = program.chat("m").send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["choices"][0]["message"]["content"], "Hello");
        }
        let checked = data(gateway.admin().post("/api/v1/admin/backends/b/health"), 200).await;
        assert_eq!(checked["healthy"], true, "{checked}");
        assert_eq!(backend.versions(), [version; 4], "{protocols:?}");
        assert_eq!(backend.connections(), 1, "{protocols:?}");
    }
}
