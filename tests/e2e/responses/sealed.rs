//! Sealed content that a client carries for us: it comes back in the next turn, and is nothing in others' hands.

use harness::provider::openai;

use super::*;

const ASKED: &str = "reasoning.encrypted_content";

/// A completion that says `text` after `thought`.
fn thoughtful(thought: &str, text: &str) -> Reply {
    let mut completion = openai::completion(text);
    completion["choices"][0]["message"]["reasoning_content"] = thought.into();
    Reply::json(&completion)
}

/// The output of a turn in which the model has thought "deep thought", as a client keeps it that sends blobs alone.
async fn carried(bench: &Bench) -> Value {
    let members = json!({"store": false, "include": [ASKED], "reasoning": {"effort": "low"}});
    let response = bench.ask(members, thoughtful("deep thought", "done")).await.json();
    let blob = &response["output"][0]["encrypted_content"];
    assert!(blob.as_str().unwrap().starts_with("gw1."), "{response}");
    let thought = json!({"type": "reasoning", "summary": [], "encrypted_content": blob});
    let said = json!({"role": "assistant", "content": [{"type": "output_text", "text": "done"}]});
    json!([{"role": "user", "content": "think"}, thought, said, {"role": "user", "content": "more"}])
}

/// What the provider got of the assistant's turn in `input`, and the warnings.
async fn replayed(bench: &Bench, program: &Client, input: &Value) -> (Value, String) {
    bench.provider.will(Reply::json(&openai::completion("more")));
    let body = json!({"model": "m", "input": input, "store": false});
    let answer = Answer::of(program.post("/v1/responses").json(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let message = bench.received().json()["messages"][1].clone();
    (message, answer.header("x-translation-warnings").to_owned())
}

#[tokio::test]
async fn k1_k5_k6_r8_the_blob_alone_brings_the_thought_back_and_reaches_no_backend() {
    let bench = Bench::start().await;
    let input = carried(&bench).await;
    let (message, warnings) = replayed(&bench, &bench.program, &input).await;
    let said = json!({"role": "assistant", "content": "done", "reasoning_content": "deep thought"});
    assert_eq!((message, warnings.as_str()), (said, ""));
    assert!(!bench.received().json().to_string().contains("gw1."));
}

#[tokio::test]
async fn k2_anothers_blob_and_a_changed_one_are_foreign() {
    let bench = Bench::start().await;
    let mut input = carried(&bench).await;
    let person = bench.gateway.admin().create_person("b@example.com", json!({})).await;
    let other = person.create_key().await;
    let said = json!({"role": "assistant", "content": "done"});
    let foreign = (said, "dropped=reasoning".to_owned());
    assert_eq!(replayed(&bench, &other, &input).await, foreign);
    let own_again = bench.gateway.admin().create_key().await;
    let (message, _) = replayed(&bench, &own_again, &input).await;
    assert_eq!(
        message["reasoning_content"], "deep thought",
        "another key of the same person"
    );
    let mut blob = input[1]["encrypted_content"].as_str().unwrap().to_owned();
    let last = if blob.pop() == Some('A') { 'B' } else { 'A' };
    blob.insert(blob.len() / 2, last);
    input[1]["encrypted_content"] = blob.into();
    assert_eq!(replayed(&bench, &bench.program, &input).await, foreign);
}

#[tokio::test]
async fn k2_r11_a_compaction_that_was_not_made_here_is_refused() {
    let bench = Bench::start().await;
    let blob = carried(&bench).await[1]["encrypted_content"].clone();
    for blob in [json!("gAAAA"), blob] {
        let input = json!([{"type": "compaction", "encrypted_content": blob}, {"role": "user", "content": "go on"}]);
        let [code, param, message] = Answer::of(bench.responses(&json!({"input": input}))).await.error(400);
        assert_eq!((code.as_str(), param.as_str()), ("invalid_encrypted_content", "input"));
        assert_eq!(message, "The compaction at input[0] was not made here.");
    }
}
