//! Tool schemas that a backend can read (B10.1): repaired where they are broken for everybody, and without what its
//! grammar refuses.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::error::RequestError;
use crate::json::{EscapedText, Json, Members};
use crate::settings::Schema;

/// Deeper schemas are left as they are.
const MAX_DEPTH: usize = 64;
/// Members whose values are data, not schemas.
const DATA: [&str; 4] = ["default", "enum", "const", "examples"];
/// Members that name schemas.
const MAPS: [&str; 5] = [
    "properties",
    "$defs",
    "definitions",
    "patternProperties",
    "dependentSchemas",
];

/// A schema for a backend, and if something of it was left out.
#[derive(Debug)]
pub(crate) struct Fitted<'a> {
    pub(crate) schema: Json<'a>,
    pub(crate) lost: bool,
}

/// The schema as a backend with this setting reads it. Most need no change and are not parsed.
pub(crate) fn fit(schema: &RawValue, setting: Schema) -> Result<Fitted<'_>, RequestError> {
    let text = schema.get();
    let may_change = text.contains("null")
        || match setting {
            Schema::Full => false,
            Schema::Openai => text.contains("\"array\"") || text.contains("\"pattern\""),
            Schema::Llamacpp => text.contains("\"pattern\""),
        };
    let mut fitter = Fitter { setting, lost: false };
    let changed = if may_change { fitter.schema(schema, 0)? } else { None };
    Ok(Fitted {
        schema: changed.unwrap_or(Cow::Borrowed(schema)),
        lost: fitter.lost,
    })
}

/// The parameters of a function: its schema as a backend with this setting reads it, with the two members that every
/// backend asks for (TO1).
pub(crate) fn parameters(schema: &RawValue, setting: Schema) -> Result<Fitted<'_>, RequestError> {
    let Fitted { schema, lost } = fit(schema, setting)?;
    let members: Members<'_> = serde_json::from_str(schema.get())?;
    let missing = [("type", "\"type\":\"object\""), ("properties", "\"properties\":{}")];
    let missing = missing
        .iter()
        .filter(|(name, _)| !members.contains(name))
        .map(|(_, member)| *member);
    let added: Vec<_> = missing.collect();
    if added.is_empty() {
        return Ok(Fitted { schema, lost });
    }
    let body = schema.get().strip_suffix('}').unwrap_or_default().trim_end();
    let comma = if members.is_empty() { "" } else { "," };
    let completed = RawValue::from_string(format!("{body}{comma}{}}}", added.join(",")))?;
    Ok(Fitted {
        schema: Cow::Owned(completed),
        lost,
    })
}

struct Fitter {
    setting: Schema,
    lost: bool,
}

impl Fitter {
    /// `None` if the value stays as it is.
    fn schema<'a>(&mut self, json: &'a RawValue, depth: usize) -> Result<Option<Json<'a>>, RequestError> {
        match json.get().as_bytes().first() {
            _ if depth > MAX_DEPTH => Ok(None),
            Some(b'{') => self.object(json, depth),
            Some(b'[') => self.list(json, depth),
            _ => Ok(None),
        }
    }

    fn object<'a>(&mut self, json: &'a RawValue, depth: usize) -> Result<Option<Json<'a>>, RequestError> {
        let members: Members<'a> = serde_json::from_str(json.get())?;
        let lacks_items = self.setting == Schema::Openai && lacks_items(&members);
        let mut kept = Members::default();
        let mut changed = lacks_items;
        for (name, value) in members.0 {
            let Cow::Borrowed(raw) = value else { continue };
            let fitted = match name.as_ref() {
                "required" if raw.get() == "null" => {
                    changed = true;
                    continue;
                }
                "properties" if raw.get() == "null" => Some(raw_json("{}")?),
                "pattern" if self.refuses(raw) => {
                    (changed, self.lost) = (true, true);
                    continue;
                }
                name if DATA.contains(&name) => None,
                name if MAPS.contains(&name) => self.map(raw, depth + 1)?,
                _ => self.schema(raw, depth + 1)?,
            };
            changed |= fitted.is_some();
            kept.push(name, fitted.unwrap_or(Cow::Borrowed(raw)));
        }
        if lacks_items {
            kept.push(Cow::Borrowed("items"), raw_json("{}")?);
        }
        written(&kept, changed)
    }

    /// Schemas by name.
    fn map<'a>(&mut self, json: &'a RawValue, depth: usize) -> Result<Option<Json<'a>>, RequestError> {
        if !json.get().starts_with('{') {
            return Ok(None);
        }
        let mut members: Members<'a> = serde_json::from_str(json.get())?;
        let mut changed = false;
        for (_, value) in &mut members.0 {
            if let Cow::Borrowed(raw) = *value
                && let Some(fitted) = self.schema(raw, depth + 1)?
            {
                *value = fitted;
                changed = true;
            }
        }
        written(&members, changed)
    }

    fn list<'a>(&mut self, json: &'a RawValue, depth: usize) -> Result<Option<Json<'a>>, RequestError> {
        let items: Vec<&RawValue> = serde_json::from_str(json.get())?;
        let mut changed = false;
        let mut fitted = Vec::with_capacity(items.len());
        for item in items {
            let new = self.schema(item, depth + 1)?;
            changed |= new.is_some();
            fitted.push(new.unwrap_or(Cow::Borrowed(item)));
        }
        written(&fitted, changed)
    }

    /// True for a pattern that the backend's grammar cannot hold. llama.cpp wants it anchored
    /// (<https://github.com/ggml-org/llama.cpp/tree/master/grammars>).
    fn refuses(&self, pattern: &RawValue) -> bool {
        let Some(pattern) = EscapedText::of(pattern).map(EscapedText::decode) else {
            return false;
        };
        let has = |signs: &[&str]| signs.iter().any(|sign| pattern.contains(sign));
        match self.setting {
            Schema::Full => false,
            Schema::Openai => has(&["(?=", "(?!", "(?<", "\\p", "\\P"]),
            Schema::Llamacpp => {
                let is_anchored = pattern.starts_with('^') && pattern.ends_with('$');
                !is_anchored || has(&["(?", "\\p", "\\P", "\\b", "\\B", "\\u"])
            }
        }
    }
}

fn lacks_items(members: &Members<'_>) -> bool {
    let is_array = members.0.iter().any(|(name, value)| {
        let text = value.get();
        name == "type" && (text == "\"array\"" || text.starts_with('[') && text.contains("\"array\""))
    });
    is_array && !members.contains("items") && !members.contains("prefixItems")
}

fn written<'a>(value: &impl serde::Serialize, changed: bool) -> Result<Option<Json<'a>>, RequestError> {
    if changed {
        Ok(Some(Cow::Owned(serde_json::value::to_raw_value(value)?)))
    } else {
        Ok(None)
    }
}

fn raw_json<'a>(json: &str) -> Result<Json<'a>, RequestError> {
    Ok(Cow::Owned(RawValue::from_string(json.to_owned())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(schema: &str, setting: Schema) -> (String, bool) {
        let schema = RawValue::from_string(schema.to_owned()).unwrap();
        let fitted = fit(&schema, setting).unwrap();
        (fitted.schema.get().to_owned(), fitted.lost)
    }

    #[track_caller]
    fn check(setting: Schema, schema: &str, expected: &str, lost: bool) {
        assert_eq!(fitted(schema, setting), (expected.to_owned(), lost));
    }

    #[test]
    fn b10_1_null_members_are_repaired_everywhere() {
        let broken = r#"{"type":"object","properties":{"a":{"type":"object","required":null,"properties":null}},"required":null,"default":{"required":null}}"#;
        let repaired =
            r#"{"type":"object","properties":{"a":{"type":"object","properties":{}}},"default":{"required":null}}"#;
        for setting in [Schema::Full, Schema::Openai, Schema::Llamacpp] {
            check(setting, broken, repaired, false);
        }
    }

    #[test]
    fn b10_1_a_pattern_that_the_grammar_refuses_is_left_out() {
        let with =
            |pattern: &str| format!(r#"{{"properties":{{"pattern":{{"type":"string","pattern":"{pattern}"}}}}}}"#);
        let without = r#"{"properties":{"pattern":{"type":"string"}}}"#;
        for pattern in [r"^(?!_x_)[^\\p{Cc}]{1,200}$", r"^a(?=b)$", r"abc", r"^\\bx$"] {
            check(Schema::Llamacpp, &with(pattern), without, true);
            check(Schema::Full, &with(pattern), &with(pattern), false);
        }
        check(Schema::Llamacpp, &with(r"^[a-z]+$"), &with(r"^[a-z]+$"), false);
        check(Schema::Openai, &with(r"^a(?<=b)$"), without, true);
        check(Schema::Openai, &with("abc"), &with("abc"), false);
    }

    #[test]
    fn b10_1_a_list_gets_items_where_the_backend_wants_them() {
        let schema = r#"{"anyOf":[{"type":["array","null"]},{"type":"array","items":{"type":"array"}}],"enum":[{"type":"array"}]}"#;
        let expected = r#"{"anyOf":[{"type":["array","null"],"items":{}},{"type":"array","items":{"type":"array","items":{}}}],"enum":[{"type":"array"}]}"#;
        check(Schema::Openai, schema, expected, false);
        check(Schema::Full, schema, schema, false);
    }

    #[test]
    fn b10_1_a_schema_of_any_depth_is_no_danger() {
        let deep = format!("{}{}{}", "{\"items\":".repeat(100_000), "null", "}".repeat(100_000));
        check(Schema::Openai, &deep, &deep, false);
    }
}
