//! `POST /v1/rerank`, and paths that nobody serves.

use harness::Gateway;
use harness::client::{Client, pick};
use harness::provider::{Provider, Reply};
use serde_json::{Value, json};

use super::newest;
use crate::failures::failure;

async fn gateway(provider: &Provider, settings: &Value) -> (Gateway, Client) {
    let gateway = Gateway::start().await;
    let backend = json!({"settings": settings});
    gateway.admin().create_model_with("m", provider, &backend).await;
    let program = gateway.program().await;
    (gateway, program)
}

#[tokio::test]
async fn rr1_requests_and_rankings_pass_on_all_three_paths() {
    let answer = json!({
        "id": "r-1", "model": "provider-model", "usage": {"total_tokens": 9},
        "results": [{"index": 1, "relevance_score": 0.9, "document": {"text": "b"}}]
    });
    let provider = Provider::always(Reply::json(&answer));
    let (gateway, program) = gateway(&provider, &json!({})).await;
    for (number, path) in ["/v1/rerank", "/v2/rerank", "/rerank"].into_iter().enumerate() {
        let mut body = json!({
            "model": "m", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1, "return_documents": true, "max_tokens_per_doc": 5
        });
        let response = program.post(path).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut expected = answer.clone();
        expected["model"] = "m".into();
        assert_eq!(response.json::<Value>().await.unwrap(), expected);
        body["model"] = "provider-model".into();
        let received = provider.request(number).await;
        assert_eq!((received.path.as_str(), received.json()), ("/v1/rerank", body));
    }
    let names = ["endpoint", "input_tokens", "output_tokens", "estimated"];
    assert_eq!(pick(&newest(&gateway).await, names), json!(["rerank", 9, 0, false]));
}

/// What a client asks for besides a query and documents, TEI's ranks, and the results that they come to.
fn rankings() -> [(Value, Value, Value); 3] {
    let with_text = json!([{"index": 1, "score": 0.10, "text": "b"}, {"index": 0, "score": 8.5e-1, "text": "a"}]);
    let bare = json!([{"index": 1, "score": 0.1}, {"index": 0, "score": 0.8}]);
    let (first, second) = (
        json!({"index": 0, "relevance_score": 0.8}),
        json!({"index": 1, "relevance_score": 0.1}),
    );
    let with_document = json!({"index": 0, "relevance_score": 0.85, "document": {"text": "a"}});
    [
        (json!({}), bare.clone(), json!([first, second])),
        (json!({"top_n": 1}), bare, json!([first])),
        (
            json!({"top_n": 1, "return_documents": true}),
            with_text,
            json!([with_document]),
        ),
    ]
}

#[tokio::test]
async fn rr2_teis_ranks_become_a_ranking() {
    let provider = Provider::start();
    let (gateway, program) = gateway(&provider, &json!({"rerank": "tei"})).await;
    for (number, (rest, ranks, results)) in rankings().into_iter().enumerate() {
        provider.will(Reply::json(&ranks));
        let mut body = json!({"model": "m", "query": "q", "documents": ["a", {"text": "b"}]});
        for (name, value) in rest.as_object().unwrap() {
            body[name] = value.clone();
        }
        let response = program.post("/v1/rerank").json(&body).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let ranking: Value = response.json().await.unwrap();
        assert_eq!((&ranking["model"], &ranking["results"]), (&"m".into(), &results));
        assert!(ranking["id"].is_string() && ranking["usage"]["total_tokens"].as_u64() > Some(0));
        let sent = json!({
            "query": "q", "texts": ["a", "b"], "return_text": rest["return_documents"] == true, "raw_scores": false, "truncate": true
        });
        let received = provider.request(number).await;
        assert_eq!((received.path.as_str(), received.json()), ("/rerank", sent));
    }
    assert_eq!(
        pick(&newest(&gateway).await, ["endpoint", "estimated"]),
        json!(["rerank", true])
    );
}

#[tokio::test]
async fn rr2_what_tei_cannot_rank_is_refused_and_what_it_does_not_take_is_told() {
    let provider = Provider::start();
    let (_gateway, program) = gateway(&provider, &json!({"rerank": "tei"})).await;
    for body in [
        json!({"model": "m", "documents": ["a"]}),
        json!({"model": "m", "query": ["q"], "documents": ["a"]}),
        json!({"model": "m", "query": "q"}),
        json!({"model": "m", "query": "q", "documents": [1]}),
        json!({"model": "m", "query": "q", "documents": [{"title": "a"}]}),
        json!({"model": "m", "query": "q", "documents": ["a"], "top_n": "two"}),
    ] {
        assert_eq!(
            failure(program.post("/v1/rerank").json(&body)).await.status,
            400,
            "{body}"
        );
    }
    assert_eq!(provider.received().len(), 0);
    provider.will(Reply::json(&json!([])));
    let body = json!({"model": "m", "query": "q", "documents": [], "max_chunks_per_doc": 3});
    let response = program.post("/v1/rerank").json(&body).send().await.unwrap();
    assert_eq!(
        response.headers()["x-translation-warnings"],
        "dropped=max_chunks_per_doc"
    );
    provider.will(Reply::error(
        413,
        &json!({"error": "batch size 99 > 32", "error_type": "Validation"}),
    ));
    assert_eq!(failure(program.post("/v1/rerank").json(&body)).await.status, 413);
}

#[tokio::test]
async fn rr3_without_usage_the_query_counts_with_each_document() {
    let provider = Provider::always(Reply::json(&json!({"results": []})));
    let (gateway, program) = gateway(&provider, &json!({})).await;
    let body = json!({"model": "m", "query": "q".repeat(400), "documents": vec!["d"; 10]});
    assert_eq!(
        program.post("/v1/rerank").json(&body).send().await.unwrap().status(),
        200
    );
    let entry = newest(&gateway).await;
    assert!(
        (1000..1050).contains(&entry["input_tokens"].as_u64().unwrap()),
        "{entry}"
    );
    assert_eq!(entry["estimated"], true);
}

#[tokio::test]
async fn rr4_pa3_unknown_paths_are_404_in_the_dialect_of_the_path() {
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for path in [
        "images/generations",
        "audio/speech",
        "moderations",
        "files",
        "batches",
        "nothing",
    ] {
        let response = program
            .post(&format!("/v1/{path}"))
            .json(&json!({}))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 404);
        let expected = json!({
            "message": format!("Unknown request URL: POST /v1/{path}."), "type": "invalid_request_error", "param": null,
            "code": "unknown_url"
        });
        assert_eq!(response.json::<Value>().await.unwrap()["error"], expected);
    }
    let response = program.get("/v1/messages/batches").send().await.unwrap();
    assert_eq!(response.status(), 404);
    let error: Value = response.json().await.unwrap();
    assert_eq!(
        (&error["type"], &error["error"]["type"]),
        (&"error".into(), &"not_found_error".into())
    );
}
