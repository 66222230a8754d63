//! The history that a request goes on from: responses before it, and items of them.

use std::collections::HashSet;
use std::time::Duration;

use domain::clock::Clock;
use harness::client::status;
use harness::provider::openai;
use local::Options;
use proxy::Limits;

use super::*;

#[tokio::test]
async fn st4_st5_a_stream_is_stored_before_its_end_goes_out() {
    let bench = Bench::start().await;
    let events = bench
        .ask(json!({"stream": true}), openai::stream(&["Hel", "lo!"]))
        .await
        .events();
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["store"], true);
    assert_eq!(&bench.get(&path(response)).await.json(), response);
    bench
        .said(
            json!({"previous_response_id": id(response), "input": "And now?"}),
            "Well.",
        )
        .await;
    assert_eq!(
        bench.messages(),
        json!([user("Hello"), assistant("Hello!"), user("And now?")])
    );
}

#[tokio::test]
async fn st5_a_conversation_goes_on_with_calls_and_outputs_but_without_instructions_and_tools() {
    let bench = Bench::start().await;
    let mut completion = openai::completion("");
    let calls = json!([call("c1", "run", "{}")]);
    completion["choices"][0]["message"] = json!({"content": null, "tool_calls": calls, "reasoning_content": "look"});
    let members = json!({"instructions": "Be brief.", "tools": tools(), "reasoning": {"effort": "low"}});
    let first = bench.ask(members, Reply::json(&completion)).await.json();
    let output = json!({"type": "function_call_output", "call_id": "c1", "output": "done"});
    let second = bench
        .said(json!({"previous_response_id": id(&first), "input": [output]}), "Done.")
        .await;
    assert_eq!(second["previous_response_id"], first["id"]);
    let mut called = json!({"role": "assistant", "content": null, "tool_calls": calls, "reasoning_content": "look"});
    let result = json!({"role": "tool", "tool_call_id": "c1", "content": "done"});
    let sent = bench.received().json();
    assert_eq!(sent.get("tools"), None);
    assert_eq!(sent["messages"], json!([user("Hello"), called, result]));
    // ST9: it reads, and writes nothing.
    let members = json!({"previous_response_id": id(&second), "store": false, "input": "Thanks"});
    let third = bench.said(members, "Bye.").await;
    called = json!([user("Hello"), called, result, assistant("Done."), user("Thanks")]);
    assert_eq!(bench.messages(), called);
    assert_eq!(bench.get(&path(&third)).await.status, 404);
}

#[tokio::test]
async fn st5_st9_what_is_unknown_deleted_expired_or_anothers_is_not_found() {
    let clock = Clock::fixed("2026-11-27T08:00:00Z".parse().unwrap());
    let bench = Bench::of(Gateway::start_at(&clock).await).await;
    let admin = bench.gateway.admin();
    let [first, second, third] = [json!({}), json!({}), json!({})];
    let (first, second, third) = (
        bench.said(first, "a").await,
        bench.said(second, "b").await,
        bench.said(third, "c").await,
    );
    let child = bench.said(json!({"previous_response_id": id(&second)}), "d").await;
    for response in [&first, &second] {
        assert_eq!(status(bench.program.delete(&path(response))).await, 200);
    }
    let stranger = admin.create_person("b@example.com", json!({})).await.create_key().await;
    let calls = bench.provider.received().len();
    let refused = async |program: &Client, previous: &str| {
        let ask = json!({"model": "m", "input": "x", "previous_response_id": previous});
        let [code, param, message] = Answer::of(program.post("/v1/responses").json(&ask)).await.error(400);
        assert_eq!(
            (code.as_str(), param.as_str()),
            ("previous_response_not_found", "previous_response_id")
        );
        assert_eq!(message, format!("Previous response with id '{previous}' not found."));
    };
    for previous in ["resp_1", "x", "", id(&first), id(&child)] {
        refused(&bench.program, previous).await;
    }
    refused(&stranger, id(&third)).await;
    clock.advance(Duration::from_hours(30 * 24));
    refused(&bench.program, id(&third)).await;
    assert_eq!(bench.provider.received().len(), calls, "nobody was called");
}

#[tokio::test]
async fn st6_a_reference_stands_for_its_item_wherever_that_was_said() {
    let bench = Bench::start().await;
    let mut completion = openai::completion("Hello!");
    completion["choices"][0]["message"]["reasoning_content"] = "deep".into();
    let members = json!({"reasoning": {"effort": "low"}});
    let first = bench.ask(members, Reply::json(&completion)).await.json();
    let [thought, said] = [0, 1].map(|place| first["output"][place]["id"].clone());
    let asked = bench.get(&format!("{}/input_items", path(&first))).await.json()["data"][0]["id"].clone();
    let input = json!([
        {"type": "item_reference", "id": asked}, {"id": thought}, {"type": "item_reference", "id": said},
        {"role": "user", "content": "And now?"},
    ]);
    bench.said(json!({"input": input, "store": false}), "Well.").await;
    let mut message = assistant("Hello!");
    message["reasoning_content"] = "deep".into();
    assert_eq!(bench.messages(), json!([user("Hello"), message, user("And now?")]));
    let stranger = bench
        .gateway
        .admin()
        .create_person("b@example.com", json!({}))
        .await
        .create_key()
        .await;
    for (program, unknown) in [(&bench.program, json!("msg_1")), (&stranger, said)] {
        let ask = json!({"model": "m", "input": [{"type": "item_reference", "id": unknown}]});
        let [code, param, message] = Answer::of(program.post("/v1/responses").json(&ask)).await.error(404);
        assert_eq!((code.as_str(), param.as_str()), ("not_found", "input"));
        let begin = format!("Item with id '{}' not found. ", unknown.as_str().unwrap());
        assert!(message.starts_with(&begin), "{message}");
    }
}

#[tokio::test]
async fn st6_ha15_a_request_refers_to_no_more_than_there_is_room_for() {
    let limited = |options| Options {
        limits: Limits::with_max_body(40_000),
        ..options
    };
    let bench = Bench::of(Gateway::start_with(limited).await).await;
    let mut references = Vec::new();
    for _ in 0..6 {
        let response = bench.said(json!({"input": "x".repeat(30_000)}), "short").await;
        references.push(json!({"type": "item_reference", "id": response["output"][0]["id"]}));
    }
    bench.said(json!({"input": references[..5]}), "Well.").await;
    let ask = json!({"model": "m", "input": references});
    let [code, ..] = Answer::of(bench.program.post("/v1/responses").json(&ask))
        .await
        .error(413);
    assert_eq!(code, "request_too_large");
}

#[tokio::test]
async fn r8_st6_reasoning_without_its_blob_is_that_of_the_stored_item() {
    let bench = Bench::start().await;
    let mut completion = openai::completion("Hello!");
    completion["choices"][0]["message"]["reasoning_content"] = "deep".into();
    let first = bench
        .ask(json!({"reasoning": {"effort": "low"}}), Reply::json(&completion))
        .await
        .json();
    let bare = |id: &Value| json!([{"type": "reasoning", "id": id, "summary": []}, assistant("Hello!"), user("More")]);
    bench
        .said(json!({"input": bare(&first["output"][0]["id"])}), "Well.")
        .await;
    assert_eq!(bench.messages()[0]["reasoning_content"], "deep");
    bench.said(json!({"input": bare(&json!("rs_unknown"))}), "Well.").await;
    assert_eq!(
        bench.messages()[0],
        assistant("Hello!"),
        "what is not stored is no error"
    );
}

#[tokio::test]
async fn st5_a_conversation_of_any_length_goes_on() {
    let bench = Bench::start().await;
    let mut expected = Vec::new();
    let mut previous = Value::Null;
    for turn in 0..95 {
        let ask = format!("q{turn}");
        let response = bench
            .said(
                json!({"previous_response_id": previous, "input": ask}),
                &format!("a{turn}"),
            )
            .await;
        expected.push(user(&ask));
        assert_eq!(bench.messages(), json!(expected), "{turn}");
        expected.push(assistant(&format!("a{turn}")));
        previous = response["id"].clone();
    }
}

/// The next of some numbers that look random, and are the same in each run.
fn dice(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// A response of a tree, with the conversation of a client that sends everything.
#[derive(Clone, Default)]
struct Node {
    conversation: Vec<Value>,
    /// The ids of its ancestors, and its own.
    ids: Vec<String>,
}

#[tokio::test]
async fn st5_st6_in_random_trees_the_history_is_what_a_client_would_send_that_sends_everything() {
    let bench = Bench::start().await;
    let (mut nodes, mut gone) = (vec![Node::default()], HashSet::new());
    let mut state = 12;
    for step in 0..80 {
        let place = usize::try_from(dice(&mut state)).unwrap() % nodes.len();
        let mut node = nodes[place].clone();
        let previous = node.ids.last().cloned();
        if let Some(id) = previous.as_ref().filter(|_| dice(&mut state).is_multiple_of(6)) {
            let deleted = status(bench.program.delete(&format!("/v1/responses/{id}"))).await;
            assert_eq!(deleted, if gone.insert(id.clone()) { 200 } else { 404 });
            continue;
        }
        let members = json!({"previous_response_id": previous, "input": format!("q{step}")});
        if node.ids.iter().any(|id| gone.contains(id)) {
            let refused = Answer::of(bench.responses(&members)).await;
            assert_eq!(refused.error(400)[0], "previous_response_not_found");
            continue;
        }
        let response = bench.said(members, &format!("a{step}")).await;
        node.conversation.push(user(&format!("q{step}")));
        assert_eq!(bench.messages(), json!(node.conversation), "step {step}");
        node.conversation.push(assistant(&format!("a{step}")));
        node.ids.push(id(&response).to_owned());
        nodes.push(node);
    }
    assert!(nodes.len() > 25 && gone.len() > 3, "{} {}", nodes.len(), gone.len());
}
