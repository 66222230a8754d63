//! What is refused before anything is done with it: sizes, encodings, framing, queries, versions (promises 26 to 29 and
//! 55).

use harness::Gateway;
use harness::client::{data, refusal};
use harness::provider::Provider;
use local::Options;
use reqwest::Body;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LIMIT: usize = 10_000;

async fn small() -> Gateway {
    Gateway::start_with(|options| Options {
        limits: proxy::Limits::with_max_body(LIMIT),
        ..options
    })
    .await
}

/// A body of unknown length that is too long, as one that is found out while it is read.
fn undeclared(length: usize) -> Body {
    let chunks = (0..length.div_ceil(1000)).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1000]));
    Body::wrap_stream(futures_util::stream::iter(chunks))
}

#[tokio::test]
async fn p26_a_body_over_the_limit_is_413_in_the_shape_of_its_route() {
    let provider = Provider::start();
    let gateway = small().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for body in [Body::from(vec![b' '; LIMIT + 1]), undeclared(LIMIT + 1)] {
        let chat = program
            .post("/v1/chat/completions")
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(refusal(chat, 413).await, "request_too_large");
    }
    let message = program
        .post("/v1/messages")
        .body(vec![b' '; LIMIT + 1])
        .send()
        .await
        .unwrap();
    assert_eq!(message.status(), 413);
    assert_eq!(
        message.json::<Value>().await.unwrap()["error"]["type"],
        "request_too_large"
    );
    for body in [Body::from(vec![b' '; 64 * 1024 + 1]), undeclared(64 * 1024 + 1)] {
        let login = gateway
            .post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(refusal(login, 413).await, "request_too_large");
    }
    assert!(provider.received().is_empty());
}

#[tokio::test]
async fn p26_compressed_bodies_are_415() {
    let gateway = small().await;
    let program = gateway.program().await;
    for encoding in ["gzip", "br", "zstd, gzip"] {
        let chat = program
            .post("/v1/chat/completions")
            .header("content-encoding", encoding)
            .body("{}");
        assert_eq!(refusal(chat, 415).await, "unsupported_media_type", "{encoding}");
        let login = gateway
            .post("/api/v1/auth/login")
            .header("content-encoding", encoding)
            .body("{}");
        assert_eq!(refusal(login, 415).await, "unsupported_media_type", "{encoding}");
    }
    let plain = program
        .post("/v1/chat/completions")
        .header("content-encoding", "identity")
        .json(&json!({}));
    assert_eq!(refusal(plain, 400).await, "invalid_value");
}

/// What comes back on a connection of its own until the gateway closes it.
async fn raw(gateway: &Gateway, request: &str) -> String {
    let mut connection = TcpStream::connect(gateway.local().address()).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn p29_framing_that_can_be_read_in_two_ways_ends_the_connection() {
    let gateway = small().await;
    let chunked = "2\r\n{}\r\n0\r\n\r\n";
    // Without a credential: what is read in spite of its framing is 401. The next request is never read.
    for (headers, body, status) in [
        ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", chunked, 401),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", chunked, 401),
        ("Content-Length: 2\r\nContent-Length: 3\r\n", "{}", 400),
        ("Content-Length: 2, 3\r\n", "{}", 400),
        ("Content-Length: +2\r\n", "{}", 400),
        ("Content-Length: two\r\n", "{}", 400),
        ("Content-Length : 2\r\n", "{}", 400),
        ("Content-Length: 2\r\nConnection: Content-Length\r\n", "{}", 400),
    ] {
        let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n";
        let next = "GET /health HTTP/1.1\r\nHost: h\r\n\r\n";
        let answer = raw(&gateway, &format!("{head}{headers}\r\n{body}{next}")).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{headers:?}: {answer}"
        );
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{headers:?}: {answer}");
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert!(body["error"]["message"].is_string(), "{headers:?}: {answer}");
    }
}

#[tokio::test]
async fn p29_what_is_no_http_is_told_so_in_json_that_both_families_of_clients_read() {
    let gateway = small().await;
    let many = "x: y\r\n".repeat(200);
    for (request, status, code) in [
        ("GET /v1/models\r\n\r\n".to_owned(), 400, "invalid_value"),
        ("G\0T /v1/models HTTP/1.1\r\n\r\n".to_owned(), 400, "invalid_value"),
        (
            format!("GET /v1/models HTTP/1.1\r\n{many}\r\n"),
            431,
            "request_too_large",
        ),
        (
            format!("GET /v1/models HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(20_000)),
            431,
            "request_too_large",
        ),
    ] {
        let answer = raw(&gateway, &request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(
            head.contains("content-type: application/json") && head.contains("x-request-id: "),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&body["type"], &body["error"]["code"]),
            (&json!("error"), &json!(code)),
            "{body}"
        );
        assert!(
            body["error"]["type"].is_string() && body["request_id"].is_string(),
            "{body}"
        );
    }
}

#[tokio::test]
async fn p28_a_wrong_query_names_its_field() {
    let gateway = Gateway::start().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("group_by=colour", "group_by"),
        ("colour=red", "colour"),
    ] {
        let answer = gateway
            .admin()
            .get(&format!("/api/v1/admin/usage?{query}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{query}");
        assert_eq!(
            answer.json::<Value>().await.unwrap()["error"]["field"],
            field,
            "{query}"
        );
    }
}

#[tokio::test]
async fn p55_deletions_too_are_of_the_version_that_was_seen() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin.create_policy("limited", &json!({"rate_limit": 1})).await;
    let backends = data(admin.get("/api/v1/admin/backends"), 200).await;
    let key = data(admin.post("/api/v1/user/keys").json(&json!({"name": "k"})), 201).await;
    let user = data(
        admin
            .post("/api/v1/admin/users")
            .json(&json!({"email": "a@b.c", "name": "A", "role": "user"})),
        201,
    )
    .await;
    let objects = [
        format!("admin/backends/{}", backends[0]["id"].as_str().unwrap()),
        "admin/models/m".to_owned(),
        "admin/policies/limited".to_owned(),
        format!("admin/users/{}", user["id"].as_str().unwrap()),
        format!("user/keys/{}", key["id"].as_str().unwrap()),
    ];
    for object in objects {
        let delete = |version| admin.delete(&format!("/api/v1/{object}")).header("if-match", version);
        assert_eq!(refusal(delete("\"7\""), 409).await, "version_conflict", "{object}");
        assert_eq!(delete("\"1\"").send().await.unwrap().status(), 200, "{object}");
    }
}

#[tokio::test]
async fn p28_numbers_and_names_of_models_and_backends_are_such_as_can_work() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    let backends = data(admin.get("/api/v1/admin/backends"), 200).await;
    let backend = format!("/api/v1/admin/backends/{}", backends[0]["id"].as_str().unwrap());
    let model = "/api/v1/admin/models/m".to_owned();
    for (path, change, field) in [
        (&model, json!({"context_window": 0}), "context_window"),
        (&model, json!({"max_output_tokens": 0}), "max_output_tokens"),
        (&backend, json!({"region": "eu\u{7}"}), "region"),
        (&backend, json!({"headers": {"X-Goog-Api-Key": "k"}}), "headers"),
        (&backend, json!({"headers": {"api-key": "k"}}), "headers"),
    ] {
        let answer = admin.put(path).json(&change).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{change}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
}
