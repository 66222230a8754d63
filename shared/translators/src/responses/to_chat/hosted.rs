//! Items of tools that another server has run, in a conversation that has moved over from there (R12).

use crate::chat::request::ContentPart;
use crate::error::RequestError;
use crate::json::{Members, TextBuilder};
use crate::responses::wire::request::InputItem;

/// Members that only their maker understands, and pictures.
const UNREADABLE: [&str; 4] = ["result", "encrypted_content", "fingerprint", "outputs"];
/// A longer value is data, not text.
const LONGEST: usize = 32 * 1024;

/// True for the items of hosted tools.
pub(super) fn is_item(kind: &str) -> bool {
    let is_named = matches!(
        kind,
        "web_search_call" | "file_search_call" | "code_interpreter_call" | "image_generation_call"
    );
    let families = ["mcp_", "computer_", "shell_", "local_shell_", "apply_patch_", "program"];
    is_named || families.iter().any(|family| kind.starts_with(family))
}

/// `[<type> <its members>]`
pub(super) fn text<'a>(kind: &str, item: &InputItem<'a>) -> Result<ContentPart<'a>, RequestError> {
    let known = [
        ("name", item.name),
        ("arguments", item.arguments),
        ("input", item.input),
        ("output", item.output),
        ("content", item.content),
    ];
    let known = known.into_iter().filter_map(|(name, field)| Some((name, field.raw()?)));
    let rest = item.rest.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let readable = known
        .chain(rest)
        .filter(|(name, value)| !UNREADABLE.contains(name) && *name != "status" && value.get().len() <= LONGEST);
    let mut members = Members::default();
    for (name, value) in readable {
        members.push(name.into(), std::borrow::Cow::Borrowed(value));
    }
    let json = serde_json::to_string(&members)?;
    let text = TextBuilder::with_capacity(json.len() * 2 + 32)
        .literal("[")
        .plain(kind)?
        .literal(" ")
        .json(&json)
        .literal("]");
    Ok(ContentPart::text(text.build()?))
}
