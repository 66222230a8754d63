//! Reads a Responses stream strictly, as the official SDKs and Codex do together: RS1 to RS5.

use serde_json::{Value, json};

/// The item that is open.
struct Open {
    item: Value,
    in_part: bool,
    said: String,
    is_told: bool,
}

/// What has been read.
#[derive(Default)]
struct Reader {
    id: Option<Value>,
    done: Vec<Value>,
    open: Option<Open>,
    end: Option<Value>,
}

/// The response of the event that ends a stream; panics at the first breach of the grammar.
pub(crate) fn read(stream: &[u8]) -> Value {
    let text = std::str::from_utf8(stream).unwrap();
    let mut reader = Reader::default();
    let events = text.split_terminator("\n\n").filter(|event| !event.starts_with(':'));
    for (number, event) in (0_u64..).zip(events) {
        let (name, data) = event.split_once('\n').expect("an event has two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).expect(data);
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str(), "RS3");
        assert_eq!(data["sequence_number"], json!(number), "RS3");
        assert!(reader.end.is_none(), "RS1: nothing follows the end");
        let expected = ["response.created", "response.in_progress"];
        if let Some(expected) = usize::try_from(number).ok().and_then(|number| expected.get(number)) {
            assert_eq!(data["type"], *expected, "RS1");
        }
        reader.event(&data);
    }
    reader.end.expect("RS1: a stream has an end")
}

impl Reader {
    fn event(&mut self, data: &Value) {
        let kind = data["type"].as_str().unwrap();
        if let Some(response) = data.get("response") {
            assert_eq!(
                self.id.get_or_insert_with(|| response["id"].clone()),
                &response["id"],
                "RS4"
            );
        }
        match kind {
            "response.created" | "response.in_progress" => assert_eq!(data["response"]["output"], json!([]), "RS6"),
            "response.completed" | "response.incomplete" | "response.failed" => self.terminal(kind, &data["response"]),
            "response.output_item.added" => {
                assert!(self.open.is_none(), "RS5");
                assert_eq!(data["output_index"], json!(self.done.len()), "RS4");
                let is_new = self.done.iter().all(|done| done["id"] != data["item"]["id"]);
                assert!(is_new, "RS4");
                self.open = Some(Open {
                    item: data["item"].clone(),
                    in_part: false,
                    said: String::new(),
                    is_told: false,
                });
            }
            "response.output_item.done" => self.item_done(data),
            _ => self.of_item(kind, data),
        }
    }

    fn of_item(&mut self, kind: &str, data: &Value) {
        assert_eq!(data["output_index"], json!(self.done.len()), "RS4");
        let open = self.open.as_mut().expect("RS4: an item is open");
        assert_eq!(data["item_id"], open.item["id"], "RS4");
        let (event, step) = kind.rsplit_once('.').unwrap();
        assert!(events_of(&open.item).contains(&event), "RS2: {kind}");
        if event.ends_with("_part") {
            open.in_part = step == "added";
            assert!(step == "added" || open.is_told, "RS2");
            return;
        }
        assert!(!open.is_told, "RS2");
        if step == "delta" {
            let delta = data["delta"].as_str().unwrap();
            assert!(!delta.is_empty());
            open.said += delta;
        } else {
            let told = ["text", "arguments", "input", "refusal"]
                .into_iter()
                .find_map(|name| data[name].as_str());
            assert_eq!(told, Some(open.said.as_str()), "RS4");
            open.is_told = true;
        }
    }

    fn item_done(&mut self, data: &Value) {
        let open = self.open.take().expect("RS2: an item is open");
        let item = &data["item"];
        assert_eq!(data["output_index"], json!(self.done.len()), "RS4");
        for name in ["id", "type", "call_id", "name", "namespace"] {
            assert_eq!(item[name], open.item[name], "RS4");
        }
        assert!(!open.in_part && (open.is_told || events_of(item).is_empty()), "RS2");
        assert!(events_of(item).is_empty() || text_of(item) == open.said, "RS4");
        self.done.push(item.clone());
    }

    fn terminal(&mut self, kind: &str, response: &Value) {
        assert_eq!(response["status"].as_str(), kind.strip_prefix("response."), "RS1");
        assert_eq!(response["output"], json!(self.done), "RS4");
        match &self.open {
            None => {}
            // A call that broke off is left out (RA6); of a response that failed, whatever was open (RS7).
            Some(open) => assert!(
                kind == "response.failed"
                    || (kind == "response.incomplete" && open.item["type"].as_str().unwrap().ends_with("_call")),
                "RS1"
            ),
        }
        self.end = Some(response.clone());
    }
}

/// The events within an item (RS2).
fn events_of(item: &Value) -> &'static [&'static str] {
    match item["type"].as_str().unwrap() {
        "message" => &["response.content_part", "response.output_text", "response.refusal"],
        "reasoning" => &[
            "response.content_part",
            "response.reasoning_text",
            "response.reasoning_summary_part",
            "response.reasoning_summary_text",
        ],
        "function_call" => &["response.function_call_arguments"],
        "custom_tool_call" => &["response.custom_tool_call_input"],
        "tool_search_call" => &[],
        other => panic!("an item of type {other}"),
    }
}

fn text_of(item: &Value) -> String {
    let parts = ["content", "summary"]
        .into_iter()
        .filter_map(|name| item[name].as_array())
        .flatten();
    let texts = parts.map(|part| part.get("text").unwrap_or(&part["refusal"]));
    let members = ["arguments", "input"].into_iter().filter_map(|name| item.get(name));
    texts.chain(members).map(|text| text.as_str().unwrap()).collect()
}
