//! Errors in every form (B6.1).

use odd_servers::Json;

/// The message of an error; `name` is that of its event. None where nothing says that it is one.
pub(crate) fn message(json: &Json, name: &str) -> Option<String> {
    if let Json::Array(items) = json {
        return items.first().and_then(|item| message(item, name));
    }
    let text = |path: &[&str]| json.text_at(path).filter(|text| !text.is_empty()).map(str::to_owned);
    let error = text(&["error", "message"])
        .or(text(&["error"]))
        .or(text(&["response", "error", "message"]));
    let error = error
        .or(text(&["base_resp", "status_msg"]))
        .or(text(&["choices", "0", "error", "message"]));
    if error.is_some() {
        return error;
    }
    if json.text_at(&["choices", "0", "finish_reason"]) == Some("error") {
        return Some("the backend failed".to_owned());
    }
    let kind = json.text_at(&["type"]);
    let answer = ["choices", "content", "output", "delta"]
        .iter()
        .any(|member| json.get(member).is_some());
    let answer = answer
        || kind.is_some_and(|kind| {
            kind.starts_with("response.") || kind.starts_with("message") || kind.starts_with("content")
        });
    let is_error = name == "error" || kind == Some("error") || json.text_at(&["object"]) == Some("error") || !answer;
    let said = || text(&["message"]).or(text(&["msg"])).or(text(&["detail"]));
    if is_error { said() } else { None }
}
