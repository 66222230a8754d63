//! The one catalogue of the messages that people read in responses of `/api/v1`, in English and Chinese (OP10).
//!
//! The code writes its messages in English, and the catalogue knows each of them by that text: a row is a code, the
//! text and the same in Chinese, with `{names}` in the place of figures and names, the parameters. So a message has its
//! code, its parameters and its Chinese wherever it was written, also where it has come through a deserialiser as text.
//! A test holds the sources to it: no message without its row.

mod advice;
mod row;
mod settings;
mod states;
mod values;

use std::collections::BTreeMap;

use serde_json::Value;

use super::language::Language;

pub use row::Row;

/// A message in one language, with what programs need of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub text: String,
    /// Absent for a message that the catalogue does not know.
    pub code: Option<&'static str>,
    pub params: BTreeMap<&'static str, Value>,
}

/// All messages.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [values::ROWS, states::ROWS, advice::ROWS, settings::ROWS]
        .into_iter()
        .flatten()
}

/// The message that reads `english`, in `language`.
pub fn tell(english: &str, language: Language) -> Told {
    let known = rows().filter_map(|row| Some((row, captured(row.english, english)?)));
    // The row with the longest text of its own says most exactly what the message is.
    let Some((row, params)) = known.max_by_key(|(row, _)| own_text(row.english)) else {
        return Told {
            text: english.to_owned(),
            code: None,
            params: BTreeMap::new(),
        };
    };
    Told {
        text: match language {
            Language::English => english.to_owned(),
            Language::Chinese => filled(row.chinese, &params),
        },
        code: Some(row.code),
        params: params.into_iter().map(|(name, text)| (name, as_value(text))).collect(),
    }
}

/// The message of this code, which has no parameters.
pub fn text_of(code: &str, language: Language) -> Option<&'static str> {
    let row = rows().find(|row| row.code == code)?;
    Some(language.choose(row.chinese, row.english))
}

/// A part of a template: text of its own, or a parameter.
enum Part<'a> {
    Text(&'a str),
    Parameter(&'a str),
}

fn parts(template: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, behind)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            rest = behind;
            return Some(Part::Parameter(name));
        }
        let (text, behind) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
        rest = behind;
        Some(Part::Text(text))
    })
}

fn own_text(template: &str) -> usize {
    parts(template)
        .map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Parameter(_) => 0,
        })
        .sum()
}

/// The parameters of `text`, if it is the template with some.
fn captured<'t>(template: &'static str, text: &'t str) -> Option<Vec<(&'static str, &'t str)>> {
    let (mut rest, mut open, mut params) = (text, None, Vec::new());
    let mut parts = parts(template).peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Parameter(name) => open = Some(name),
            Part::Text(own) => {
                // The last piece of text is that at the end.
                let at = match open {
                    None => rest.starts_with(own).then_some(0),
                    Some(_) if parts.peek().is_none() => rest.ends_with(own).then(|| rest.len() - own.len()),
                    Some(_) => rest.find(own),
                }?;
                if let Some(name) = open.take() {
                    params.push((name, &rest[..at]));
                }
                rest = &rest[at + own.len()..];
            }
        }
    }
    match open {
        Some(name) if !rest.is_empty() => params.push((name, rest)),
        None if rest.is_empty() => {}
        _ => return None,
    }
    params.iter().all(|(_, value)| !value.is_empty()).then_some(params)
}

fn filled(template: &str, params: &[(&str, &str)]) -> String {
    let value = |name: &str| {
        params
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| *value)
    };
    parts(template)
        .map(|part| match part {
            Part::Text(text) => text,
            Part::Parameter(name) => value(name),
        })
        .collect()
}

/// A number where it is one.
fn as_value(text: &str) -> Value {
    let number = text.parse::<u64>().ok().map(Value::from);
    number.unwrap_or_else(|| Value::from(text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn names(template: &'static str) -> BTreeSet<&'static str> {
        let parameters = parts(template).filter_map(|part| match part {
            Part::Parameter(name) => Some(name),
            Part::Text(_) => None,
        });
        parameters.collect()
    }

    #[test]
    fn op10_every_row_is_one_message_in_both_languages_with_the_same_parameters() {
        let (mut codes, mut texts) = (BTreeSet::new(), BTreeSet::new());
        for row in rows() {
            assert!(codes.insert(row.code), "{} stands twice", row.code);
            assert!(texts.insert(row.english), "{} stands twice", row.english);
            assert_eq!(names(row.english), names(row.chinese), "{}", row.code);
            assert!(
                row.chinese.chars().any(|character| ('一'..='鿿').contains(&character)),
                "{}",
                row.code
            );
            assert!(
                !row.english.contains("}{"),
                "{}: where does the first one end?",
                row.code
            );
            assert!(
                row.code
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{}",
                row.code
            );
        }
    }

    #[test]
    fn op10_every_row_is_found_by_its_own_text() {
        for row in rows() {
            let params: Vec<_> = names(row.english).into_iter().map(|name| (name, "seven")).collect();
            let told = tell(&filled(row.english, &params), Language::Chinese);
            assert_eq!(told.code, Some(row.code), "{}", row.english);
            assert_eq!(told.text, filled(row.chinese, &params));
        }
    }

    #[test]
    fn g18_figures_are_told_beside_the_text() {
        let told = tell("must be 1 to 3650", Language::Chinese);
        assert_eq!(
            (told.text.as_str(), told.code),
            ("必须在 1 到 3650 之间", Some("out_of_range"))
        );
        assert_eq!(json!(told.params), json!({"min": 1, "max": 3650}));
        let told = tell("there is no policy \"gold\"", Language::English);
        assert_eq!(told.text, "there is no policy \"gold\"");
        assert_eq!(json!(told.params), json!({"name": "gold"}));
        let told = tell("what nobody has written", Language::Chinese);
        assert_eq!((told.code, told.params.len()), (None, 0));
        assert_eq!(told.text, "what nobody has written");
    }
}
