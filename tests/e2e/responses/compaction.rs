//! Summaries in place of conversations: asked for by an item, and by a route of their own.

use harness::client::pick;
use harness::provider::openai;

use super::*;

const INSTRUCTION: &str = "Summarize the conversation so far for a handoff: goal, decisions, state, next steps. \
    Answer with the summary alone.";

fn story() -> Value {
    json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "long story"}]}])
}

fn triggered() -> Value {
    let mut input = story();
    input
        .as_array_mut()
        .unwrap()
        .push(json!({"type": "compaction_trigger"}));
    input
}

/// As Codex sends it.
fn compact() -> Value {
    json!({"input": triggered(), "store": false, "tools": tools(), "include": ["reasoning.encrypted_content"]})
}

#[tokio::test]
async fn co1_r11_a_trigger_asks_for_a_summary_that_stands_for_the_conversation() {
    let bench = Bench::start().await;
    let mut completion = openai::completion("Summary: a long story.");
    completion["choices"][0]["message"]["reasoning_content"] = "hm".into();
    let answer = bench.ask(compact(), Reply::json(&completion)).await.json();
    assert_eq!(pick(&answer, ["status", "object"]), json!(["completed", "response"]));
    assert_eq!(answer["usage"]["total_tokens"], 5);
    let sent = bench.received().json();
    let asked = json!([{"role": "user", "content": format!("long story\n{INSTRUCTION}")}]);
    assert_eq!((&sent["messages"], sent.get("tools")), (&asked, None));
    let output = answer["output"].as_array().unwrap();
    assert_eq!((output.len(), &output[0]["type"]), (1, &json!("compaction")));
    let id = answer["id"].as_str().unwrap().replace("resp_", "cmp_") + "_0";
    assert_eq!(output[0]["id"], id);
    let next = json!([output[0], {"role": "user", "content": "go on"}]);
    bench
        .ask(
            json!({"input": next, "store": false}),
            Reply::json(&openai::completion("On it goes.")),
        )
        .await;
    let said = "Summary of the conversation so far, written by another model:\nSummary: a long story.\ngo on";
    assert_eq!(
        bench.received().json()["messages"],
        json!([{"role": "user", "content": said}])
    );
}

#[tokio::test]
async fn co1_a_stream_has_one_item_and_no_text() {
    let bench = Bench::start().await;
    let mut members = compact();
    members["stream"] = true.into();
    let events = bench
        .ask(members, openai::stream(&["Summary: ", "short."]))
        .await
        .events();
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "output_item.done",
        "completed",
    ];
    assert_eq!(kinds, expected.map(|kind| format!("response.{kind}")));
    assert_eq!(events[4]["response"]["output"], json!([events[3]["item"]]));
    assert_eq!(events[2]["item"]["id"], events[3]["item"]["id"]);
}

#[tokio::test]
async fn co2_what_is_no_summary_is_an_error() {
    let bench = Bench::start().await;
    let mut called = openai::completion("Summary.");
    called["choices"][0]["message"]["tool_calls"] = json!([call("a", "run", "{}")]);
    let mut cut = openai::completion("Summ");
    cut["choices"][0]["finish_reason"] = "length".into();
    for completion in [openai::completion(""), openai::completion(" \n"), called, cut] {
        let answer = bench.ask(compact(), Reply::json(&completion)).await;
        assert_eq!(answer.status, 502, "{completion}");
    }
    let mut members = compact();
    members["stream"] = true.into();
    let events = bench.ask(members, openai::stream(&[" "])).await.events();
    let response = &events.last().unwrap()["response"];
    assert_eq!(
        (&response["status"], &response["error"]["code"]),
        (&json!("failed"), &json!("server_error"))
    );
    assert_eq!(response["output"], json!([]));
}

#[tokio::test]
async fn r11_a_trigger_in_mid_conversation_is_refused() {
    let bench = Bench::start().await;
    let input = json!([{"type": "compaction_trigger"}, {"role": "user", "content": "x"}]);
    let [code, param, _] = Answer::of(bench.responses(&json!({"input": input}))).await.error(400);
    assert_eq!((code.as_str(), param.as_str()), ("invalid_value", "input[0].type"));
}

#[tokio::test]
async fn co3_the_route_keeps_the_users_messages_before_the_summary() {
    let bench = Bench::start().await;
    bench.provider.will(Reply::json(&openai::completion("Summary.")));
    let said = json!({"role": "assistant", "content": "hm"});
    let mut input = story();
    input.as_array_mut().unwrap().push(said);
    let ask = json!({"model": "m", "input": input, "instructions": "Be brief.", "tools": tools()});
    let answer = Answer::of(bench.program.post("/v1/responses/compact").json(&ask)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let members: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["created_at", "id", "object", "output", "usage"]);
    assert_eq!(answer["object"], "response.compaction");
    assert_eq!(answer["output"][0], story()[0]);
    assert_eq!(
        (&answer["output"][1]["type"], answer["output"].as_array().unwrap().len()),
        (&json!("compaction"), 2)
    );
    let sent = bench.received().json();
    let messages = json!([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "long story"},
        {"role": "assistant", "content": "hm"}, {"role": "user", "content": INSTRUCTION},
    ]);
    assert_eq!((&sent["messages"], sent.get("tools")), (&messages, None));
}

#[tokio::test]
async fn co3_co2_a_stored_conversation_is_compacted_and_an_empty_summary_is_an_error() {
    let bench = Bench::start().await;
    let first = bench
        .ask(json!({}), Reply::json(&openai::completion("Hi")))
        .await
        .json();
    for (summary, status) in [("Summary.", 200), ("", 502)] {
        bench.provider.will(Reply::json(&openai::completion(summary)));
        let ask = json!({"model": "m", "previous_response_id": first["id"]});
        let answer = Answer::of(bench.program.post("/v1/responses/compact").json(&ask)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let ask = json!({"model": "m"});
    let [code, param, _] = Answer::of(bench.program.post("/v1/responses/compact").json(&ask))
        .await
        .error(400);
    assert_eq!((code.as_str(), param.as_str()), ("invalid_value", "input"));
}

#[tokio::test]
async fn co1_st5_a_stored_summary_stands_for_all_before_it() {
    let bench = Bench::start().await;
    let mut members = compact();
    members["store"] = true.into();
    let summary = bench
        .ask(members, Reply::json(&openai::completion("Summary.")))
        .await
        .json();
    let next = json!({"previous_response_id": summary["id"], "input": "go on"});
    bench.ask(next, Reply::json(&openai::completion("On it goes."))).await;
    let said = "Summary of the conversation so far, written by another model:\nSummary.\ngo on";
    assert_eq!(
        bench.received().json()["messages"],
        json!([{"role": "user", "content": said}])
    );
}

#[tokio::test]
async fn co4_a_clients_own_summarising_is_a_request_like_others() {
    let bench = Bench::start().await;
    let members = json!({"input": "Summarize all this.", "store": false});
    let answer = bench
        .ask(members, Reply::json(&openai::completion("Summary.")))
        .await
        .json();
    assert_eq!(answer["output"][0]["content"][0]["text"], "Summary.");
}
