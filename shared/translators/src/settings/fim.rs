//! How a server takes a prompt whose middle is to be filled in.

use serde::{Deserialize, Serialize};

use super::describe::Describe;

const PREFIX: &str = "{prefix}";
const SUFFIX: &str = "{suffix}";

/// The setting `fim`: `pass`, or a template of the prompt, which has `{prefix}` and `{suffix}` once each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fim {
    /// The server takes `suffix` itself.
    #[default]
    Pass,
    Template(FimTemplate),
}

/// A prompt that models were trained to fill in, such as `<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FimTemplate(String);

impl FimTemplate {
    /// The prompt, a JSON string. `prefix` and `suffix` are the insides of JSON strings, and stay as they are written.
    pub fn render(&self, prefix: &str, suffix: &str) -> String {
        let escaped = serde_json::Value::from(self.0.as_str()).to_string();
        // What is filled in first might itself hold the other's mark.
        let (before, after) = escaped.split_once(PREFIX).unwrap_or((&escaped, ""));
        if let Some((start, middle)) = before.split_once(SUFFIX) {
            return [start, suffix, middle, prefix, after].concat();
        }
        let (middle, end) = after.split_once(SUFFIX).unwrap_or((after, ""));
        [before, prefix, middle, suffix, end].concat()
    }
}

impl Describe for Fim {
    const KIND: &'static str = "text";
}

impl TryFrom<String> for Fim {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let has_once = |mark: &str| text.matches(mark).count() == 1;
        if text == "pass" {
            Ok(Self::Pass)
        } else if has_once(PREFIX) && has_once(SUFFIX) {
            Ok(Self::Template(FimTemplate(text)))
        } else {
            Err(format!(
                "`fim` must be \"pass\", or a prompt with {PREFIX} and {SUFFIX} once each"
            ))
        }
    }
}

impl From<Fim> for String {
    fn from(fim: Fim) -> Self {
        match fim {
            Fim::Pass => "pass".to_owned(),
            Fim::Template(FimTemplate(text)) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str, prefix: &str, suffix: &str) -> String {
        match Fim::try_from(template.to_owned()).unwrap() {
            Fim::Pass => "pass".to_owned(),
            Fim::Template(template) => template.render(prefix, suffix),
        }
    }

    #[test]
    fn cp3_a_template_is_filled_in_whatever_comes_first() {
        assert_eq!(rendered("<P>{prefix}<S>{suffix}<M>", "a", "b"), r#""<P>a<S>b<M>""#);
        assert_eq!(rendered("[S]{suffix}[P]{prefix}", "a", "b"), r#""[S]b[P]a""#);
        assert_eq!(
            rendered("{prefix}\n\"{suffix}", r"a\n\ud83d", "{prefix}"),
            r#""a\n\ud83d\n\"{prefix}""#
        );
        assert_eq!(
            rendered("{prefix}-{suffix}", "{suffix}", "{prefix}"),
            r#""{suffix}-{prefix}""#
        );
        assert_eq!(rendered("pass", "a", "b"), "pass");
    }

    #[test]
    fn cp3_a_template_has_both_marks_once() {
        for text in ["", "passed", "{prefix}", "{suffix}", "{prefix}{suffix}{suffix}"] {
            assert!(Fim::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
