//! Heads of requests, tried on every route: types of bodies, names of the gateway, headers that come twice.

use harness::client::refusal;
use serde_json::Value;
use service::http::Dialect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::table::{Scene, forms, management, name, rows};

/// Types that a web page sends to any address without asking it first.
const UNASKED: [&str; 5] = [
    "text/plain",
    "TEXT/PLAIN;charset=utf-8",
    "text/plain; x=application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
];

#[tokio::test]
async fn ha22_no_route_of_management_reads_what_a_page_sends_unasked() {
    let scene = Scene::start().await;
    for row in management() {
        for kind in UNASKED {
            let request = scene.request(&row).header("content-type", kind).body("{}");
            assert_eq!(
                refusal(request, 415).await,
                "unsupported_media_type",
                "{} {kind}",
                name(&row)
            );
        }
        let request = scene.request(&row).body("{}");
        assert_eq!(
            refusal(request, 415).await,
            "unsupported_media_type",
            "{} without a type",
            name(&row)
        );
    }
}

#[tokio::test]
async fn ha22_every_form_is_json_and_says_so() {
    let scene = Scene::start().await;
    for (row, form) in forms() {
        let send = |kind: &str| scene.request(&row).header("content-type", kind).body(form.to_string());
        for kind in [
            "text/csv",
            "application/xml",
            "application/jsonp",
            "json",
            "application/octet-stream",
        ] {
            assert_eq!(
                refusal(send(kind), 415).await,
                "unsupported_media_type",
                "{} {kind}",
                name(&row)
            );
        }
    }
    for (row, form) in forms() {
        for kind in ["application/json; charset=utf-8", "Application/JSON"] {
            let request = scene.request(&row).header("content-type", kind);
            let status = request.body(form.to_string()).send().await.unwrap().status();
            assert_ne!(status, 415, "{} {kind}", name(&row));
        }
    }
}

#[tokio::test]
async fn ha22_on_loopback_no_route_of_management_answers_to_a_foreign_name() {
    let scene = Scene::start().await;
    for row in rows() {
        for host in ["evil.example", "localhost.evil.example:8080", "10.0.0.1"] {
            let response = scene.request(&row).header("host", host).send().await.unwrap();
            let is_refused = response.status() == 400 && response.text().await.unwrap().contains("by this name");
            assert_eq!(
                is_refused,
                Dialect::of_path(row.path) == Dialect::Management,
                "{} {host}",
                name(&row)
            );
        }
    }
}

#[tokio::test]
async fn ha22_one_host_is_named() {
    let scene = Scene::start().await;
    for hosts in [
        "",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: localhost\r\nHost: evil.example\r\n",
    ] {
        let request = format!("GET /api/v1/auth/options HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let mut connection = TcpStream::connect(scene.gateway.local().address()).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{hosts:?}: {answer}");
    }
}

/// Headers that one request has once: which of two is meant, nobody can know.
const SINGLE: [(&str, &str); 3] = [
    ("authorization", "Bearer x"),
    ("content-type", "application/json"),
    ("if-match", "\"1\""),
];

/// Headers of which there may be several.
const ANY: [(&str, &str); 18] = [
    ("accept", "text/csv"),
    ("accept-language", "zh"),
    ("anthropic-beta", "a"),
    ("anthropic-version", "2023-06-01"),
    ("access-control-request-method", "PUT"),
    ("cache-control", "no-cache"),
    ("content-encoding", "identity"),
    ("cookie", "a=b"),
    ("expect", "100-continue"),
    ("idempotency-key", "a"),
    ("origin", "https://page.example"),
    ("range", "bytes=0-1"),
    ("request-id", "a"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("user-agent", "me"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-request-id", "a"),
    ("x-stainless-retry-count", "1"),
];

#[tokio::test]
async fn every_header_may_come_twice_without_a_failure() {
    let scene = Scene::start().await;
    let mut rows = rows();
    // Last what takes the others their objects or their session.
    rows.sort_by_key(|row| row.method == "DELETE" || row.path.ends_with("/logout"));
    for row in rows {
        for (header, value) in ANY.into_iter().chain(SINGLE) {
            for second in [value, "another"] {
                let request = scene.request(&row).header(header, value).header(header, second);
                let response = request.send().await.unwrap();
                let status = response.status();
                assert!(!status.is_server_error(), "{}: {header}: {second}", name(&row));
                if status.is_client_error() {
                    assert_eq!(
                        response.headers()["content-type"],
                        "application/json",
                        "{}: {header}",
                        name(&row)
                    );
                    let error: Value = response.json().await.unwrap();
                    assert!(
                        error["error"]["message"].is_string() || error["error_description"].is_string(),
                        "{}: {header}: {error}",
                        name(&row)
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_list_on_two_lines_is_one_list() {
    let scene = Scene::start().await;
    let users = scene.gateway.admin().get("/api/v1/admin/users");
    let wanted = ["application/json;q=0.5", "text/csv"].into_iter();
    let response = wanted
        .fold(users, |users, line| users.header("accept", line))
        .send()
        .await
        .unwrap();
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let unknown = scene.gateway.admin().get("/api/v1/admin/users/nobody");
    let response = ["fr", "zh"]
        .into_iter()
        .fold(unknown, |request, line| request.header("accept-language", line));
    let error: Value = response.send().await.unwrap().json().await.unwrap();
    assert!(!error["error"]["message"].as_str().unwrap().is_ascii(), "{error}");
}

#[tokio::test]
async fn p78_a_header_that_decides_comes_once() {
    let scene = Scene::start().await;
    for (row, form) in forms() {
        let twice = |header: &str, values: [&str; 2]| {
            let request = scene.request(&row).body(form.to_string());
            values
                .into_iter()
                .fold(request, |request, value| request.header(header, value))
        };
        let response = twice("content-type", ["application/json", "text/plain"])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400, "{}", name(&row));
        assert_eq!(
            response.json::<Value>().await.unwrap()["error"]["field"],
            "content-type"
        );
        let encoded = twice("content-encoding", ["identity", "gzip"]).header("content-type", "application/json");
        assert_eq!(refusal(encoded, 415).await, "unsupported_media_type", "{}", name(&row));
        if form.get("version").is_some() {
            let versions = twice("if-match", ["\"1\"", "\"2\""]).header("content-type", "application/json");
            let response = versions.send().await.unwrap();
            assert_eq!(response.status(), 400, "{}", name(&row));
            assert_eq!(response.json::<Value>().await.unwrap()["error"]["field"], "If-Match");
        }
    }
}
