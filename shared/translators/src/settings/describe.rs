//! The settings as a form offers them.

use serde::Serialize;
use serde_json::{Map, Value};

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettingInfo {
    pub name: &'static str,
    /// `bool`, `number`, `limit` (a number or `"none"`), `choice` (one of `values`), `choices` (some of them), `text`,
    /// `texts` or `object`.
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    pub default: Value,
    pub help: String,
}

/// What values a type of settings has.
pub(super) trait Describe {
    const KIND: &'static str;

    /// All values, where they can be listed.
    fn values() -> Vec<Value> {
        Vec::new()
    }
}

impl Describe for bool {
    const KIND: &'static str = "bool";
}

impl Describe for u32 {
    const KIND: &'static str = "number";
}

impl Describe for Vec<String> {
    const KIND: &'static str = "texts";
}

impl Describe for Map<String, Value> {
    const KIND: &'static str = "object";
}

impl SettingInfo {
    /// A setting of the type `T`. `help` is its documentation, which also names rules of the translation.
    pub(super) fn of<T: Describe + Serialize>(name: &'static str, default: &T, help: &[&str]) -> Self {
        Self {
            name,
            kind: T::KIND,
            values: T::values(),
            default: serde_json::to_value(default).unwrap_or_default(),
            help: without_references(&help.concat()),
        }
    }
}

/// `help` without what stands in parentheses: numbers of sections and rules, unless it is code.
fn without_references(help: &str) -> String {
    let mut text = String::new();
    let mut rest = help.trim();
    while let Some((before, behind)) = rest.split_once(" (") {
        let Some((inside, after)) = behind.split_once(')') else {
            break;
        };
        text.push_str(before);
        if inside.contains('`') {
            text.extend([" (", inside, ")"]);
        }
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{BackendOverrides, BackendSettings};
    use super::*;

    #[test]
    fn g9_each_setting_is_described_and_its_default_is_a_value_of_it() {
        let infos = BackendSettings::describe();
        let defaults = serde_json::to_value(BackendSettings::default()).unwrap();
        assert_eq!(infos.len(), defaults.as_object().unwrap().len());
        for SettingInfo {
            name,
            kind,
            values,
            default,
            help,
        } in infos
        {
            assert_eq!(defaults[name], default, "{name}");
            assert!(!help.is_empty() && !help.contains('§'), "{name}: {help}");
            assert_eq!(kind.starts_with("choice"), !values.is_empty(), "{name}");
            for value in values {
                let given = if kind == "choices" { json!([value]) } else { value };
                serde_json::from_value::<BackendOverrides>(json!({name: given})).unwrap();
            }
        }
    }

    #[test]
    fn references_are_left_out_and_code_is_not() {
        assert_eq!(without_references(" The most tools (TO10)."), "The most tools.");
        let code = "The regions (`geo`) where it computes (§2).";
        assert_eq!(without_references(code), "The regions (`geo`) where it computes.");
    }
}
