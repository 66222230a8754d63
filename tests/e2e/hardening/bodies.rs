//! What bodies look like: objects are objects, at every depth, and messages about them are short.

use harness::Gateway;
use harness::client::{ask, data, refusal};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::table::{Place, Scene, at, forms, name, places, with};

/// Members whose values may be any JSON.
const FREE: [&str; 3] = ["model_params", "settings", "claims"];

/// Sends each body in turn by the row that it belongs to: none may be accepted, and the one that is well formed is not
/// refused for its form.
async fn all_refused(changes: impl Fn(&Value) -> Vec<String>) {
    let scene = Scene::start().await;
    for (row, form) in forms() {
        let name = name(&row);
        for body in changes(&form) {
            let response = scene.send(&row, body.clone()).send().await.unwrap();
            let status = response.status();
            let error: Value = response.json().await.unwrap();
            assert_eq!(
                (status.as_u16(), &error["error"]["code"]),
                (400, &json!("invalid_value")),
                "{name}: {body}"
            );
        }
    }
    for (row, form) in forms() {
        let response = scene.send(&row, form.to_string()).send().await.unwrap();
        let refused = response.status();
        let body = response.text().await.unwrap();
        assert!(refused != 400 && refused != 415, "{}: {form}: {body}", name(&row));
    }
}

fn is_free(place: &Place) -> bool {
    place.len() > 1 && FREE.iter().any(|free| place[0] == *free)
}

#[tokio::test]
async fn p78_ha17_no_form_takes_an_array_in_the_place_of_an_object() {
    all_refused(|form| {
        let objects = places(form)
            .into_iter()
            .filter(|place| at(form, place).is_object() && !is_free(place));
        let as_array = |place| {
            let values: Vec<_> = at(form, &place).as_object().unwrap().values().cloned().collect();
            with(form, &place, &json!(values).to_string())
        };
        objects.map(as_array).collect()
    })
    .await;
}

#[tokio::test]
async fn ha17_no_form_takes_a_member_twice_at_any_depth() {
    all_refused(|form| {
        let objects = places(form).into_iter().filter(|place| at(form, place).is_object());
        let doubled = |place| {
            let object = at(form, &place);
            let (name, value) = object.as_object().unwrap().iter().next()?;
            let text = object.to_string();
            // The second one is the same by another spelling of its name.
            let spelt = format!("\\u{:04x}{}", u32::from(name.chars().next()?), &name[1..]);
            let doubled = |again: &str| format!("{{\"{again}\":{value},{}", &text[1..]);
            Some([with(form, &place, &doubled(name)), with(form, &place, &doubled(&spelt))])
        };
        objects.filter_map(doubled).flatten().collect()
    })
    .await;
}

#[tokio::test]
async fn p78_ha17_no_form_takes_an_object_in_the_place_of_a_word() {
    all_refused(|form| {
        let words = places(form)
            .into_iter()
            .filter(|place| at(form, place).is_string() && !is_free(place));
        let as_object = |place| with(form, &place, &format!("{{{}: null}}", at(form, &place)));
        words.map(as_object).collect()
    })
    .await;
}

#[tokio::test]
async fn ha17_an_array_in_the_place_of_an_object_is_refused_everywhere() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let text =
        |request: RequestBuilder, body: &str| request.header("content-type", "application/json").body(body.to_owned());
    for (request, body) in [
        (
            gateway.post("/api/v1/auth/login"),
            r#"["a@example.com", "some password"]"#,
        ),
        (
            gateway.post("/api/v1/auth/register"),
            r#"["a@example.com", "some password", "A"]"#,
        ),
        (admin.put("/api/v1/user/profile"), r#"["A", null]"#),
        (admin.post("/api/v1/user/keys"), r#"["a key", null, null]"#),
        (admin.put("/api/v1/admin/settings"), "[true]"),
        (admin.post("/api/v1/admin/policies"), r#"{"name": "p", "hours": ["x"]}"#),
        (
            admin.post("/api/v1/admin/models"),
            r#"{"id": "m", "name": "m", "model_params": {"extra": {"a": 1, "a": 2}}}"#,
        ),
        (
            admin.post("/api/v1/admin/models"),
            r#"{"id": "m", "name": "m", "model_params": {"top_p": 1, "top_p": 0}}"#,
        ),
    ] {
        assert_eq!(refusal(text(request, body), 400).await, "invalid_value", "{body}");
    }
}

#[tokio::test]
async fn ha18_errors_repeat_the_beginning_of_long_names_only() {
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    let name = "m".repeat(10_000);
    let answer = program
        .post("/v1/chat/completions")
        .json(&ask(&name))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_client_error());
    assert!(answer.text().await.unwrap().len() < 1000);
    let unknown = gateway.admin().put("/api/v1/admin/settings").json(&json!({&name: 1}));
    let answer: Value = unknown.send().await.unwrap().json().await.unwrap();
    assert!(answer.to_string().len() < 1000, "{answer}");
}

#[tokio::test]
async fn ha2_a_backends_key_is_one_word() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    data(
        admin
            .post("/api/v1/admin/models")
            .json(&json!({"id": "m", "name": "m"})),
        201,
    )
    .await;
    let backend = |key: Value| {
        let body = json!({"name": "b", "base_url": "https://api.example.com", "model_name": "m", "api_key": key});
        admin.post("/api/v1/admin/models/m/backends").json(&body)
    };
    for wrong in [
        "",
        " ",
        "Bearer sk-123",
        " sk-123",
        "sk-123 ",
        "sk-\n123",
        "sk-123\r\n",
        "sk-\u{0}",
        "sk-schlüssel",
        "sk 123",
    ] {
        let response = backend(json!(wrong)).send().await.unwrap();
        assert_eq!(response.status(), 400, "{wrong:?}");
        let body = response.text().await.unwrap();
        assert!(
            body.contains("api_key") && (wrong.len() < 5 || !body.contains(wrong.trim())),
            "{body}"
        );
    }
    data(backend(json!("sk-123")), 201).await;
}
