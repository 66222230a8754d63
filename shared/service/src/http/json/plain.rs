//! The library's words about a wrong value as ours: each says what the value must be, and none is Rust's (OP10).

use super::super::error::{ApiError, Code};
use super::super::language::Language;
use super::super::messages;

/// A library's message in plain words.
#[derive(Debug, PartialEq, Eq)]
struct Plain {
    message: String,
    /// The member that it is about, where the library tells only the object's path.
    member: Option<String>,
}

/// The refusal of the value at `path`, or of a member of it, of which the library says `text`.
pub(in super::super) fn refusal(path: &str, text: &str) -> ApiError {
    let Plain { message, member } = in_plain_words(text);
    let refusal = ApiError::new(Code::InvalidValue, message);
    match field(path, member.as_deref()) {
        Some(field) => refusal.field(field),
        None => refusal,
    }
}

/// The path of the member in the object at `path`.
fn field(path: &str, member: Option<&str>) -> Option<String> {
    match (path, member) {
        ("." | "", None) => None,
        ("." | "", Some(member)) => Some(member.to_owned()),
        (path, Some(member)) if path != member && !path.ends_with(&format!(".{member}")) => {
            Some(format!("{path}.{member}"))
        }
        (path, _) => Some(path.to_owned()),
    }
}

/// The library's message `text` in plain words.
fn in_plain_words(text: &str) -> Plain {
    let text = text.split(" at line ").next().unwrap_or_default();
    let about = |message: &str, member: Option<&str>| Plain {
        message: (*message).to_owned(),
        member: member.map(ToOwned::to_owned),
    };
    if let Some(member) = quoted_after(text, "missing field ") {
        return about("is required", Some(member));
    }
    if let Some(member) = quoted_after(text, "duplicate field ") {
        return about("stands twice", Some(member));
    }
    if let Some((member, _)) = text
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once("`, "))
    {
        let fields = expected_names(text);
        return match fields.as_str() {
            "" => about("there is no such field here", Some(member)),
            fields => about(
                &format!("there is no such field; the fields are {fields}"),
                Some(member),
            ),
        };
    }
    if let Some((member, _)) = text
        .strip_prefix("unknown variant of `")
        .and_then(|rest| rest.split_once("`, "))
    {
        return about(&format!("must be one of {}", expected_names(text)), Some(member));
    }
    if text.starts_with("unknown variant ") {
        return about(&format!("must be one of {}", expected_names(text)), None);
    }
    about(&instead(text), None)
}

/// What the value must be instead.
fn instead(text: &str) -> String {
    let is_known = |message: &str| messages::tell(message, Language::English).code.is_some();
    if let Some((_, expected)) = text.rsplit_once(", expected ") {
        let own = format!("must be {expected}");
        return kind(expected).map_or_else(
            || if is_known(&own) { own } else { OTHER.to_owned() },
            ToOwned::to_owned,
        );
    }
    if is_known(text) {
        return text.to_owned();
    }
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&[
        "invalid digit",
        "cannot parse integer",
        "number too large",
        "number too small",
    ]) {
        WHOLE.to_owned()
    } else if says(&["invalid float literal"]) {
        "must be a number".to_owned()
    } else if says(&["`true` or `false`"]) {
        "must be true or false".to_owned()
    } else if says(&["time", "date", "offset", "year", "month", "hour"]) {
        TIME.to_owned()
    } else {
        OTHER.to_owned()
    }
}

const WHOLE: &str = "must be a whole number that is not negative";
const TIME: &str = "must be a time, such as 2026-01-31T09:00:00Z";
const OTHER: &str = "does not have the right form";

/// What a type of the library's is called.
fn kind(expected: &str) -> Option<&'static str> {
    Some(match expected {
        "u8" => "must be a whole number, 0 to 255",
        "u16" => "must be a whole number, 0 to 65535",
        "u32" => "must be a whole number, 0 to 4294967295",
        "u64" | "usize" | "a nonzero u64" => WHOLE,
        "i8" | "i16" | "i32" | "i64" => "must be a whole number",
        "f32" | "f64" | "a JSON number" => "must be a number",
        "a boolean" => "must be true or false",
        "a string" | "a borrowed string" | "str" | "string or map" => "must be a string",
        "a sequence" => "must be a list",
        "a map" => "must be an object",
        object if object.starts_with("struct ") => "must be an object",
        time if time.contains("timestamp") || time.contains("datetime") => TIME,
        _ => return None,
    })
}

/// The name in backquotes right behind `prefix`.
fn quoted_after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix)?.strip_prefix('`')?.strip_suffix('`')
}

/// The names in backquotes that a value is expected to be one of.
fn expected_names(text: &str) -> String {
    let names = text.rsplit_once(", expected ").map_or("", |(_, names)| names);
    names.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What libraries say, and what is told instead.
    const WORDS: &[(&str, &str)] = &[
        (
            "unknown variant `king`, expected one of `user`, `manager`, `admin`",
            "must be one of user, manager, admin",
        ),
        ("unknown variant `x`, expected `a` or `b`", "must be one of a, b"),
        ("invalid type: string \"10\", expected u64", WHOLE),
        (
            "invalid type: integer `1`, expected a string at line 1 column 5",
            "must be a string",
        ),
        ("invalid type: map, expected a sequence", "must be a list"),
        (
            "invalid type: string \"x\", expected struct NewKey",
            "must be an object",
        ),
        (
            "invalid value: integer `70000`, expected u16",
            "must be a whole number, 0 to 65535",
        ),
        ("invalid digit found in string", WHOLE),
        ("provided string was not `true` or `false`", "must be true or false"),
        (
            "failed to find time component, which is required for parsing a timestamp",
            TIME,
        ),
        ("must have 1 to 128 characters", "must have 1 to 128 characters"),
        ("data did not match any variant of untagged enum Limit", OTHER),
    ];

    #[test]
    fn op10_the_librarys_words_become_ours() {
        for (text, message) in WORDS {
            assert_eq!(
                in_plain_words(text),
                Plain {
                    message: (*message).to_owned(),
                    member: None
                },
                "{text}"
            );
        }
        for (text, message) in [
            ("missing field `x` at line 1 column 2", "is required"),
            ("duplicate field `x`", "stands twice"),
            (
                "unknown field `x`, expected `a` or `b`",
                "there is no such field; the fields are a, b",
            ),
            ("unknown field `x`, there are no fields", "there is no such field here"),
        ] {
            let Plain { message: told, member } = in_plain_words(text);
            assert_eq!((told.as_str(), member.as_deref()), (message, Some("x")), "{text}");
        }
    }

    #[test]
    fn op10_a_missing_or_doubled_member_is_named_with_its_place() {
        for (path, member, expected) in [
            (".", None, None),
            (".", Some("name"), Some("name")),
            ("ranges[0]", Some("end"), Some("ranges[0].end")),
            ("inner.name", Some("name"), Some("inner.name")),
            ("name", None, Some("name")),
        ] {
            assert_eq!(field(path, member).as_deref(), expected, "{path} {member:?}");
        }
    }
}
