//! A backend that speaks Responses too, where its answers are stored here (N1, N5, ST), and where what was made here
//! comes back (N6, CO).

use harness::client::pick;
use harness::provider::{openai, responses};

use super::native::bench;
use super::*;

/// Reasoning and a call, as such a backend answers.
fn called() -> Value {
    let reasoning = json!({
        "id": "rs_up1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hello"}],
        "encrypted_content": "gAAAA-k"
    });
    let call = json!({
        "id": "fc_up1", "type": "function_call", "status": "completed", "call_id": "call_k6", "name": "run",
        "arguments": "{}"
    });
    responses::of_output(json!([reasoning, call]))
}

/// The same without the ids by which its client knows them.
fn without_id(mut item: Value) -> Value {
    item.as_object_mut().unwrap().remove("id");
    item
}

fn path(response: &Value) -> String {
    format!("/v1/responses/{}", response["id"].as_str().unwrap())
}

async fn get(bench: &Bench, path: &str) -> Answer {
    Answer::of(bench.program.get(path)).await
}

#[tokio::test]
async fn n1_n5_st5_a_stored_answer_has_ids_of_ours_and_goes_back_without_them_p87() {
    let bench = bench(json!({"model_name": "gpt-x"})).await;
    let first = bench.ask(json!({"input": "hi"}), Reply::json(&called())).await.json();
    let sent = bench.received().json();
    assert_eq!(
        pick(&sent, ["store", "include"]),
        json!([false, ["reasoning.encrypted_content"]])
    );
    let key = first["id"].as_str().unwrap().strip_prefix("resp_").unwrap().to_owned();
    let mut expected = called();
    expected["id"] = format!("resp_{key}").into();
    expected["model"] = "m".into();
    expected["store"] = true.into();
    expected["output"][0]["id"] = format!("rs_{key}_0").into();
    expected["output"][1]["id"] = format!("fc_{key}_1").into();
    assert_eq!(first, expected);
    assert_eq!(get(&bench, &path(&first)).await.json(), first);

    let result = json!({"type": "function_call_output", "call_id": "call_k6", "output": "a.txt"});
    let next = json!({"previous_response_id": first["id"], "input": [result]});
    let second = bench.ask(next, Reply::json(&responses::response("Done."))).await.json();
    let sent = bench.received().json();
    let output = called()["output"].as_array().unwrap().clone();
    let said = json!({"type": "message", "role": "user", "content": "hi"});
    assert_eq!(
        sent["input"],
        json!([
            said,
            without_id(output[0].clone()),
            without_id(output[1].clone()),
            result
        ])
    );
    assert_eq!(sent.get("previous_response_id"), None);
    assert_eq!(
        pick(&second, ["store", "previous_response_id"]),
        json!([true, first["id"]])
    );
}

#[tokio::test]
async fn n5_st7_a_stored_answer_can_be_read_listed_and_deleted_and_is_never_cancelled() {
    let bench = bench(json!({})).await;
    let response = bench
        .ask(json!({}), Reply::json(&responses::response("Hi")))
        .await
        .json();
    let path = path(&response);
    let items = get(&bench, &format!("{path}/input_items")).await.json();
    assert_eq!(items["data"][0]["content"], "Hello");
    let cancelled = Answer::of(bench.program.post(&format!("{path}/cancel"))).await;
    assert_eq!(cancelled.error(400)[0], "unsupported_parameter");
    let deleted = Answer::of(bench.program.delete(&path)).await.json();
    assert_eq!(pick(&deleted, ["id", "deleted"]), json!([response["id"], true]));
    assert_eq!(get(&bench, &path).await.status, 404);
}

#[tokio::test]
async fn n5_rs4_a_stored_stream_has_ids_of_ours_in_all_its_events_and_is_stored_before_its_end() {
    let bench = bench(json!({})).await;
    for reply in [
        responses::stream(&["Hel", "lo"]),
        // A whole answer in place of a stream (B9.1).
        Reply::json(&responses::response("Hello")),
    ] {
        let answer = bench.ask(json!({"stream": true}), reply).await;
        assert!(!answer.text.contains("_up1"), "{}", answer.text);
        let events = answer.events();
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.completed");
        let response = &last["response"];
        assert_eq!(
            pick(response, ["model", "store", "status"]),
            json!(["m", true, "completed"])
        );
        let key = response["id"].as_str().unwrap().strip_prefix("resp_").unwrap();
        let item = format!("msg_{key}_0");
        assert_eq!(response["output"][0]["id"], item);
        for event in &events {
            let told = [&event["response"]["id"], &event["item"]["id"], &event["item_id"]];
            for id in told.into_iter().filter(|id| !id.is_null()) {
                assert!(*id == response["id"] || *id == item, "{event}");
            }
        }
        assert_eq!(&get(&bench, &path(response)).await.json(), response);
    }
}

#[tokio::test]
async fn n5_st4_a_stream_that_failed_says_that_it_is_not_stored() {
    let bench = bench(json!({})).await;
    for reply in [responses::begun(&["Once"]).end(), responses::begun(&["Once"]).reset()] {
        let events = bench.ask(json!({"stream": true}), reply).await.events();
        let last = events.last().unwrap();
        assert_eq!(last["type"], "response.failed");
        assert_eq!(pick(&last["response"], ["store", "status"]), json!([false, "failed"]));
        assert_eq!(get(&bench, &path(&last["response"])).await.status, 404);
        assert_eq!(last["response"]["id"], events[0]["response"]["id"]);
    }
}

#[tokio::test]
async fn n1_st6_an_item_that_is_referred_to_is_said_in_full() {
    let bench = bench(json!({})).await;
    let first = bench.ask(json!({}), Reply::json(&called())).await.json();
    let references = json!([
        {"type": "item_reference", "id": first["output"][1]["id"]},
        {"type": "function_call_output", "call_id": "call_k6", "output": "a.txt"},
    ]);
    let next = json!({"input": references, "store": false});
    let answer = bench.ask(next, Reply::json(&responses::response("Done."))).await;
    assert_eq!(
        answer.json()["id"],
        "resp_up1",
        "what is not stored has the backend's ids"
    );
    assert_eq!(
        bench.received().json()["input"][0],
        without_id(called()["output"][1].clone())
    );
}

#[tokio::test]
async fn n5_a_conversation_goes_on_at_a_backend_of_another_dialect() {
    let bench = Bench::start().await;
    let native = Provider::start();
    let admin = bench.gateway.admin();
    admin
        .create_model_with("native", &native, &json!({"protocol": "responses"}))
        .await;
    native.will(Reply::json(&called()));
    let first = Answer::of(bench.responses(&json!({"model": "native"}))).await.json();
    let result = json!({"type": "function_call_output", "call_id": "call_k6", "output": "a.txt"});
    let next = json!({"previous_response_id": first["id"], "input": [result]});
    let second = bench.ask(next, Reply::json(&openai::completion("Done."))).await.json();
    let said = bench.received().json()["messages"].clone();
    assert_eq!(said[1]["tool_calls"][0]["id"], "call_k6");
    assert_eq!(said[1]["reasoning_content"], "hello");
    native.will(Reply::json(&responses::response("Bye.")));
    let next = json!({"model": "native", "previous_response_id": second["id"], "input": "and?"});
    let third = Answer::of(bench.responses(&next)).await;
    assert_eq!(third.status, 200, "{}", third.text);
    let sent = native.received().pop().unwrap().json();
    assert_eq!(sent["input"].as_array().unwrap().len(), 6);
    assert!(!sent["input"].to_string().contains("\"id\":"), "{sent}");
}

fn triggered() -> Value {
    let story = json!({"role": "user", "content": "long story"});
    json!({"input": [story, {"type": "compaction_trigger"}], "store": false})
}

/// The compaction that a chat backend's summary came to.
async fn compacted(bench: &Bench) -> Value {
    let answer = bench
        .ask(triggered(), Reply::json(&responses::response("Summary.")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["output"].clone()
}

#[tokio::test]
async fn p86_n6_co1_r11_a_backend_is_asked_for_a_summary_and_gets_it_as_a_users_message() {
    let bench = bench(json!({})).await;
    let output = compacted(&bench).await;
    assert_eq!(output.as_array().unwrap().len(), 1);
    assert_eq!(output[0]["type"], "compaction");
    let asked = bench.received().json();
    assert!(
        asked["input"].to_string().contains("Summarize the conversation so far"),
        "{asked}"
    );
    assert!(!asked["input"].to_string().contains("compaction_trigger"));
    let next = json!({"input": [output[0], {"role": "user", "content": "go on"}], "store": false});
    let answer = bench.ask(next, Reply::json(&responses::response("On it goes."))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let text = "Summary of the conversation so far, written by another model:\nSummary.";
    let summary = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]});
    assert_eq!(
        bench.received().json()["input"],
        json!([summary, {"role": "user", "content": "go on"}])
    );
    let foreign = json!({"type": "compaction", "encrypted_content": "gw1.AAAA"});
    let refused = Answer::of(bench.responses(&json!({"input": [foreign]}))).await;
    assert_eq!(refused.error(400)[0], "invalid_encrypted_content");
}

#[tokio::test]
async fn co1_co3_a_backend_that_makes_its_own_compactions_is_asked_for_one() {
    let bench = bench(json!({"settings": {"compact": true}, "model_name": "gpt-x"})).await;
    let theirs = json!({"id": "cmp_1", "type": "compaction", "encrypted_content": "theirs"});
    let answer = bench
        .ask(triggered(), Reply::json(&responses::of_output(json!([theirs]))))
        .await;
    assert_eq!(answer.json()["output"], json!([theirs]));
    assert_eq!(bench.received().json()["input"], triggered()["input"]);

    let usage = json!({"input_tokens": 7, "output_tokens": 2, "total_tokens": 9});
    let object = json!({
        "id": "resp_1", "object": "response.compaction", "created_at": 1, "output": [theirs], "usage": usage
    });
    bench.provider.will(Reply::json(&object));
    let ask = json!({"model": "m", "input": "long story", "instructions": "Be brief."});
    let answer = Answer::of(bench.program.post("/v1/responses/compact").json(&ask)).await;
    assert_eq!(answer.json(), object);
    let sent = bench.received();
    assert_eq!(sent.path, "/v1/responses/compact");
    let said = json!({"type": "message", "role": "user", "content": "long story"});
    assert_eq!(
        sent.json(),
        json!({"model": "gpt-x", "instructions": "Be brief.", "input": [said]})
    );
}

#[tokio::test]
async fn p87_nothing_is_read_for_who_may_not_use_the_model_or_has_no_request_left() {
    let bench = bench(json!({})).await;
    let unknown = json!({"previous_response_id": format!("resp_{}", "k".repeat(32))});
    let answer = Answer::of(bench.responses(&unknown)).await;
    assert_eq!(answer.error(400)[0], "previous_response_not_found");
    let mut elsewhere = unknown.clone();
    elsewhere["model"] = "secret".into();
    assert_eq!(Answer::of(bench.responses(&elsewhere)).await.error(404)[1], "model");

    let admin = bench.gateway.admin();
    admin.create_policy("one", &json!({"rate_limit": 1})).await;
    let person = admin
        .create_person("b@example.com", json!({"quota_policy": "one"}))
        .await;
    let program = person.create_key().await;
    bench.provider.will(Reply::json(&responses::response("Hi")));
    let ask = json!({"model": "m", "input": "x"});
    assert_eq!(Answer::of(program.post("/v1/responses").json(&ask)).await.status, 200);
    let mut next = unknown;
    (next["model"], next["input"]) = ("m".into(), "x".into());
    assert_eq!(Answer::of(program.post("/v1/responses").json(&next)).await.status, 429);
}
