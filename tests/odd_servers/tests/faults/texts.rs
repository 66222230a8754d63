//! Texts that are changed in a whole response.

use odd_servers::{Json, Protocol, Script, Style, judge_passed};

use super::*;

/// Every place in `json`: the path to a member or an item.
fn paths(json: &Json, path: &[String], into: &mut Vec<Vec<String>>) {
    let steps: Vec<(String, &Json)> = match json {
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, value)| (place.to_string(), value))
            .collect(),
        _ => return,
    };
    for (step, value) in steps {
        let path = [path, &[step]].concat();
        into.push(path.clone());
        paths(value, &path, into);
    }
}

#[test]
fn a_text_that_is_changed_in_a_whole_answer_is_found() {
    let mut tried = 0;
    for protocol in Protocol::ALL {
        for seed in 0..SEEDS {
            let script = Script::with(seed, protocol, false, &[]);
            let json = Json::parse(&String::from_utf8(script.body()).unwrap()).unwrap();
            let mut all = Vec::new();
            paths(&json, &[], &mut all);
            for path in all {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                let said = [
                    "text",
                    "thinking",
                    "reasoning",
                    "reasoning_content",
                    "content",
                    "arguments",
                    "name",
                    "finish_reason",
                    "stop_reason",
                    "status",
                ];
                let mut changed = json.clone();
                let in_input = path.contains(&"input");
                let of_item = protocol == Protocol::Responses && path.len() == 3 && path[2] == "status";
                let Some(Json::String(text)) = changed
                    .at_mut(&path)
                    .filter(|_| said.contains(&path[path.len() - 1]) && !in_input && !of_item)
                else {
                    continue;
                };
                text.push_str(" more");
                let wrong = reply(changed.write(Style::default()).into_bytes());
                assert!(found(&script, &wrong), "{protocol:?} {seed} {path:?}");
                assert!(judge_passed(&script, &wrong).is_err(), "{protocol:?} {seed} {path:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}
