//! The request log, newest first.

use serde_json::{Value, json};

use super::{all, answer, books, enter};

/// Twenty requests of two people, the later the higher.
fn twenty() -> impl Iterator<Item = Value> {
    (0..20).map(|number| {
        let (user, model) = (["ann", "bob"][number % 2], ["glm", "kimi"][number / 10]);
        let status = if number % 5 == 0 { 502 } else { 200 };
        json!({
            "at": format!("2026-03-01T10:00:{number:02}Z"), "request_id": format!("r{number}"), "user": user, "model": model,
            "status": status, "department": if user == "ann" { json!("sales") } else { Value::Null }, "key": format!("k{}", number % 4)
        })
    })
}

fn requests(numbers: impl IntoIterator<Item = u32>) -> Vec<Value> {
    numbers.into_iter().map(|number| json!(format!("r{number}"))).collect()
}

#[tokio::test]
async fn p57_pages_of_all_shards_lose_and_double_nothing() {
    let gateway = books().await;
    enter(&gateway, twenty()).await;
    let admin = gateway.admin();
    let found = async |query: &str| all(admin, &format!("/api/v1/admin/logs?{query}"), "request_id").await;
    assert_eq!(found("").await, requests((0..20).rev()));
    assert_eq!(
        found("user=ann&").await,
        requests((0..20).rev().filter(|number| number % 2 == 0))
    );
    assert_eq!(found("department=sales&key=k2&").await, requests([18, 14, 10, 6, 2]));
    assert_eq!(found("model=kimi&status=502&").await, requests([15, 10]));
    assert_eq!(found("backend=other&").await, requests([]));
    assert_eq!(
        found("from=2026-03-01T10:00:05Z&to=2026-03-01T10:00:08.5Z&").await,
        requests((5..=8).rev())
    );
    assert_eq!(found("from=2026-03-01&to=2026-03-01&").await.len(), 20);
    assert_eq!(found("to=2026-02-28&").await, requests([]));
}

#[tokio::test]
async fn p39_people_read_their_own_log_and_managers_their_departments() {
    let gateway = books().await;
    let person = gateway.admin().create_person("ann@example.com", json!({})).await;
    let manager = gateway
        .admin()
        .create_person("max@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    enter(&gateway, twenty()).await;
    let own = person.profile().await["id"].clone();
    enter(
        &gateway,
        [json!({"user": own, "at": "2026-03-05T00:00:00Z", "request_id": "mine"})],
    )
    .await;
    assert_eq!(all(&person, "/api/v1/user/logs?", "request_id").await, ["mine"]);
    assert_eq!(all(&manager, "/api/v1/user/logs?", "request_id").await, requests([]));
    let of_sales = requests((0..20).rev().filter(|number| number % 2 == 0));
    assert_eq!(all(&manager, "/api/v1/admin/logs?", "request_id").await, of_sales);
    for query in ["user=bob", "department=other"] {
        assert_eq!(
            all(&manager, &format!("/api/v1/admin/logs?{query}&"), "request_id").await,
            requests([])
        );
    }
}

#[tokio::test]
async fn p57_a_cursor_is_good_for_its_list_and_caller_alone() {
    let gateway = books().await;
    let manager = gateway
        .admin()
        .create_person("max@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    enter(&gateway, twenty()).await;
    let page = answer(gateway.admin(), "/api/v1/admin/logs?limit=3", 200).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    for (client, path) in [
        (&manager, "/api/v1/admin/logs"),
        (gateway.admin(), "/api/v1/user/logs"),
        (gateway.admin(), "/api/v1/admin/usage"),
    ] {
        assert_eq!(
            answer(client, &format!("{path}?cursor={cursor}"), 400).await["error"]["field"],
            "cursor"
        );
    }
}

#[tokio::test]
async fn p57_a_cursor_from_before_the_time_that_is_asked_for_is_the_end_of_the_list() {
    let gateway = books().await;
    enter(&gateway, twenty()).await;
    let page = answer(gateway.admin(), "/api/v1/admin/logs?limit=3", 200).await;
    let later = format!(
        "/api/v1/admin/logs?from=2026-03-01T10:00:19Z&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        answer(gateway.admin(), &later, 200).await,
        json!({"data": [], "next_cursor": null, "names": {}})
    );
}

#[tokio::test]
async fn an_entry_tells_all_but_what_was_said() {
    let gateway = books().await;
    let own = gateway.admin().profile().await["id"].clone();
    enter(
        &gateway,
        [json!({"user": own, "at": "2026-03-05T00:00:00Z", "first_byte_ms": 12, "cost": 1_234_567})],
    )
    .await;
    let mut shown = answer(gateway.admin(), "/api/v1/admin/logs", 200).await["data"][0].take();
    assert!(shown["id"].take().is_string());
    let expected = json!({
        "id": null, "at": "2026-03-05T00:00:00Z", "request_id": "r", "user": own, "department": null, "key": "k", "model": "glm",
        "backend": "b", "endpoint": "chat_completions", "client": "curl", "streamed": false, "status": 200, "outcome": "complete",
        "input_tokens": 10, "cached_input_tokens": 4, "cache_write_tokens": 3, "cache_write_1h_tokens": 1, "output_tokens": 5, "reasoning_tokens": 2, "estimated": false,
        "cost_usd": 1.234_567, "price": null, "duration_ms": 30, "first_byte_ms": 12, "user_name": null, "user_email": null, "key_prefix": null,
        "policy": null, "asked_model": "glm", "code": null, "attempts": []
    });
    assert_eq!(shown, expected);
    let own_log = async || answer(gateway.admin(), "/api/v1/user/logs", 200).await["data"][0]["backend"].take();
    assert_eq!(
        own_log().await,
        Value::Null,
        "which backend it was is told to nobody else"
    );
    let settings = gateway
        .admin()
        .put("/api/v1/admin/settings")
        .json(&json!({"show_backend_id": true}));
    harness::client::data(settings, 200).await;
    assert_eq!(own_log().await, "b");
}

#[tokio::test]
async fn csv_has_the_same_columns_and_the_cursor_in_a_header() {
    let gateway = books().await;
    enter(&gateway, twenty()).await;
    let response = gateway
        .admin()
        .get("/api/v1/admin/logs?limit=2")
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap();
    let cursor = response.headers()["x-next-cursor"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with("id,at,request_id,user,department,key,model,backend,"),
        "{}",
        lines[0]
    );
    let told = ",2026-03-01T10:00:19Z,r19,bob,,k3,kimi,b,chat_completions,curl,false,200,complete,10,4,3,1,5,2,false,0.000007,,30,";
    assert!(lines[1].contains(told), "{}\n{}", lines[0], lines[1]);
    assert_eq!(lines.len(), 3);
    let next = answer(
        gateway.admin(),
        &format!("/api/v1/admin/logs?limit=2&cursor={cursor}"),
        200,
    )
    .await;
    assert_eq!(next["data"][0]["request_id"], "r17");
}

#[tokio::test]
async fn g13_the_log_is_filtered_by_what_became_of_a_request() {
    let gateway = books().await;
    let own = gateway.admin().profile().await["id"].clone();
    let at = "2026-03-10T11:00:00Z";
    enter(
        &gateway,
        [
            json!({"at": at, "user": own, "request_id": "a", "status": 200, "client": "console", "duration_ms": 10}),
            json!({"at": at, "user": own, "request_id": "b", "status": 503, "outcome": "failed", "duration_ms": 20}),
            json!({"at": at, "user": own, "request_id": "c", "status": 504, "outcome": "failed", "duration_ms": 30}),
        ],
    )
    .await;
    for list in ["/api/v1/admin/logs", "/api/v1/user/logs"] {
        for (filter, expected) in [
            ("request_id=b", "b"),
            ("outcome=failed", "bc"),
            ("client=console", "a"),
            ("status=503", "b"),
            ("status=5xx", "bc"),
            ("min_duration_ms=20", "bc"),
            ("status=5xx&min_duration_ms=30", "c"),
            ("request_id=nothing", ""),
        ] {
            let mut found = all(gateway.admin(), &format!("{list}?{filter}&"), "request_id").await;
            found.sort_by_key(ToString::to_string);
            let found: String = found.iter().filter_map(|id| id.as_str()).collect();
            assert_eq!(found, expected, "{list}?{filter}");
        }
        for bad in ["status=6xx", "outcome=odd", "min_duration_ms=long"] {
            assert_eq!(
                answer(gateway.admin(), &format!("{list}?{bad}"), 400).await["error"]["code"],
                "invalid_value"
            );
        }
    }
}
