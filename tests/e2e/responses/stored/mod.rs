//! Stored responses: which are kept, how they are read, and whose they are.

mod history;

use harness::client::{pick, status};
use harness::provider::openai;

use super::*;

const SETTINGS: &str = "/api/v1/admin/settings";

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn assistant(text: &str) -> Value {
    json!({"role": "assistant", "content": text})
}

impl Bench {
    /// The response to `members`, in which the model says `text`.
    async fn said(&self, members: Value, text: &str) -> Value {
        let answer = self.ask(members, Reply::json(&openai::completion(text))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    fn messages(&self) -> Value {
        self.received().json()["messages"].clone()
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::of(self.program.get(path)).await
    }
}

fn id(response: &Value) -> &str {
    response["id"].as_str().unwrap()
}

fn path(response: &Value) -> String {
    format!("/v1/responses/{}", id(response))
}

#[tokio::test]
async fn st1_st4_what_a_client_does_not_say_is_yes_and_the_answer_tells_the_truth() {
    let bench = Bench::start().await;
    for (setting, wanted, is_stored) in [
        ("client", json!({}), true),
        ("client", json!({"store": null}), true),
        ("client", json!({"store": false}), false),
        ("explicit", json!({}), false),
        ("explicit", json!({"store": true}), true),
        ("off", json!({}), false),
        ("off", json!({"store": true}), false),
    ] {
        bench
            .gateway
            .admin()
            .change(SETTINGS, &json!({"responses_store": setting}))
            .await;
        let answer = bench
            .ask(wanted.clone(), Reply::json(&openai::completion("Hello!")))
            .await;
        let response = answer.json();
        assert_eq!(response["store"], is_stored, "{setting} {wanted}");
        let warns = setting == "off" && wanted["store"] == true;
        assert_eq!(
            answer.header("x-translation-warnings"),
            if warns { "dropped=store" } else { "" }
        );
        let shown = bench.get(&path(&response)).await;
        assert_eq!(shown.status, if is_stored { 200 } else { 404 }, "{setting} {wanted}");
        if is_stored {
            assert_eq!(shown.json(), response, "it is the object that the client got");
        }
    }
}

#[tokio::test]
async fn st4_what_failed_is_not_stored_and_what_was_cut_is() {
    let bench = Bench::start().await;
    let broken = Reply::events().event(&openai::chunk("Hel")).close();
    let events = bench.ask(json!({"stream": true}), broken).await.events();
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["status"], "failed");
    assert_eq!(bench.get(&path(response)).await.status, 404);
    let mut cut = openai::completion("Hel");
    cut["choices"][0]["finish_reason"] = "length".into();
    let response = bench.ask(json!({}), Reply::json(&cut)).await.json();
    assert_eq!(pick(&response, ["status", "store"]), json!(["incomplete", true]));
    assert_eq!(bench.get(&path(&response)).await.status, 200);
}

fn contents(list: &Value) -> Vec<Value> {
    let items = list["data"].as_array().unwrap().iter();
    items.map(|item| item["content"].clone()).collect()
}

#[tokio::test]
async fn st7_the_input_of_a_response_is_listed_in_pages() {
    let bench = Bench::start().await;
    let input: Vec<Value> = (0..25).map(|number| user(&format!("{number}"))).collect();
    let response = bench.said(json!({"input": input}), "Hello!").await;
    let items = format!("{}/input_items", path(&response));
    let list = bench.get(&items).await.json();
    let last_first: Vec<Value> = (5..25).rev().map(|number| json!(number.to_string())).collect();
    assert_eq!(contents(&list), last_first);
    assert_eq!(pick(&list, ["object", "has_more"]), json!(["list", true]));
    let ends = [&list["data"][0]["id"], &list["data"][19]["id"]];
    assert_eq!([&list["first_id"], &list["last_id"]], ends);
    let after = list["last_id"].as_str().unwrap();
    let rest = bench.get(&format!("{items}?after={after}&limit=100")).await.json();
    assert_eq!((contents(&rest).len(), &rest["has_more"]), (5, &json!(false)));
    let first = bench.get(&format!("{items}?order=asc&limit=1")).await.json();
    assert_eq!(contents(&first), ["0"]);
    for wrong in ["limit=0", "limit=101", "order=up", "after=nothing"] {
        assert_eq!(bench.get(&format!("{items}?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn st7_a_response_is_deleted_and_never_cancelled() {
    let bench = Bench::start().await;
    let response = bench.said(json!({}), "Hello!").await;
    let path = path(&response);
    let [code, param, _] = bench.get(&format!("{path}?stream=true")).await.error(400);
    assert_eq!((code.as_str(), param.as_str()), ("unsupported_parameter", "stream"));
    let [code, _, _] = Answer::of(bench.program.post(&format!("{path}/cancel")))
        .await
        .error(400);
    assert_eq!(code, "unsupported_parameter");
    let deleted = Answer::of(bench.program.delete(&path)).await.json();
    let expected = json!({"id": response["id"], "object": "response", "deleted": true});
    assert_eq!(deleted, expected);
    for gone in [path.clone(), format!("{path}/input_items")] {
        assert_eq!(bench.get(&gone).await.error(404)[0], "not_found");
    }
    for request in [
        bench.program.delete(&path),
        bench.program.post(&format!("{path}/cancel")),
    ] {
        assert_eq!(status(request).await, 404);
    }
}

#[tokio::test]
async fn st2_st8_nobody_elses_response_can_be_read_or_deleted_and_the_database_tells_nothing() {
    let bench = Bench::start().await;
    let response = bench.said(json!({"input": "a secret of mine"}), "Hello!").await;
    let admin = bench.gateway.admin();
    let stranger = admin.create_person("b@example.com", json!({})).await.create_key().await;
    let path = path(&response);
    for request in [
        stranger.get(&path),
        stranger.get(&format!("{path}/input_items")),
        stranger.delete(&path),
        stranger.post(&format!("{path}/cancel")),
    ] {
        assert_eq!(status(request).await, 404);
    }
    assert_eq!(status(admin.get(&path)).await, 401, "a session is no key");
    assert_eq!(bench.get(&path).await.status, 200);
}

#[tokio::test]
async fn st8_deleting_a_user_deletes_its_responses() {
    let bench = Bench::start().await;
    let admin = bench.gateway.admin();
    let person = admin.create_person("b@example.com", json!({})).await;
    let program = person.create_key().await;
    bench.provider.will(Reply::json(&openai::completion("Hello!")));
    let long: String = (0..40_000).map(|_| domain::random::base62(16)).collect();
    let ask = json!({"model": "m", "input": long});
    let response = Answer::of(program.post("/v1/responses").json(&ask)).await.json();
    let user = person.id().await;
    assert_eq!(response["store"], true);
    let owner = domain::models::UserId::parse(user.as_str()).unwrap();
    let store = bench.gateway.local().store().await.unwrap();
    // More than one transaction deletes.
    let more: Vec<String> = (0..25).map(|number| format!("resp_{number}")).collect();
    for id in &more {
        assert!(
            store
                .create_response(&owner, id, b"sealed", 9_999_999_999)
                .await
                .unwrap()
        );
    }
    let ids: Vec<&str> = more.iter().map(String::as_str).chain([id(&response)]).collect();
    let stored = async |most| store.responses(&owner, &ids, most).await.unwrap();
    assert!(stored(100).await.is_none(), "they have more than 100 bytes");
    assert_eq!(stored(10_000_000).await.unwrap().len(), ids.len());
    assert_eq!(status(admin.delete(&format!("/api/v1/admin/users/{user}"))).await, 200);
    assert!(stored(0).await.unwrap().is_empty());
}

#[tokio::test]
async fn st3_a_long_response_is_stored_in_parts() {
    let bench = Bench::start().await;
    // Random digits, since all else is deflated to nothing.
    let long: String = (0..60_000).map(|_| domain::random::base62(16)).collect();
    let response = bench.said(json!({"input": long}), "Hello!").await;
    assert_eq!(response["store"], true);
    bench
        .said(
            json!({"previous_response_id": id(&response), "input": "x", "store": false}),
            "Well.",
        )
        .await;
    assert_eq!(bench.messages(), json!([user(&long), assistant("Hello!"), user("x")]));
    assert_eq!(status(bench.program.delete(&path(&response))).await, 200);
    assert_eq!(bench.get(&path(&response)).await.status, 404);
}
