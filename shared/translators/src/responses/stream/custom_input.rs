//! The input of a custom tool, taken out of the arguments of the function that stands for it while they arrive (RA5,
//! RS5).
//!
//! The arguments are JSON in a JSON string, `{\"input\":\"…\"}`: escaped twice. What comes out is escaped once.

use crate::json::{EscapedText, Json, Members, Unit};

/// The member that holds the input (R14).
const INPUT: &str = "input";

/// How far the arguments have been read.
#[derive(Debug, Default)]
pub(super) struct CustomInput {
    place: Place,
    /// The name of the first member.
    name: String,
    /// An escape that is not whole, or the first half of a surrogate pair.
    pending: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    BeforeBrace,
    BeforeName,
    InName,
    BeforeColon,
    BeforeValue,
    InValue,
    /// Behind a backslash in the value, with so many hexadecimal digits to come; `None` before it is known which
    /// escape.
    InEscape(Option<u8>),
    BehindValue,
    /// Not the form in which the input is asked for.
    Other,
}

impl CustomInput {
    /// The part of the input that a piece of the arguments brings.
    pub(super) fn read(&mut self, piece: EscapedText<'_>) -> String {
        let mut input = String::new();
        let mut from = 0;
        for unit in piece.units() {
            let written = &piece.escaped()[from..unit.end];
            from = unit.end;
            self.step(unit, written, &mut input);
        }
        input
    }

    /// The input of arguments that are whole and have another form: the one string in them, or all of their text.
    pub(super) fn rest(&self, arguments: &str) -> Option<String> {
        if self.place != Place::Other {
            return None;
        }
        let text = EscapedText::from_escaped(arguments).decode();
        let members: Members<'_> = serde_json::from_str(&text).unwrap_or_default();
        let string = |json: &Json<'_>| EscapedText::of(json).map(|text| text.escaped().to_owned());
        let named = members.0.iter().find(|(name, _)| name == INPUT);
        let named = named.and_then(|(_, value)| string(value));
        let mut strings = members.0.iter().filter_map(|(_, value)| string(value));
        let only = strings.next().filter(|_| strings.next().is_none());
        Some(named.or(only).unwrap_or_else(|| arguments.to_owned()))
    }

    fn step(&mut self, Unit { byte, .. }: Unit, written: &str, input: &mut String) {
        let is_blank = byte.is_ascii_whitespace();
        self.place = match (self.place, byte) {
            (Place::BeforeBrace | Place::BeforeName | Place::BeforeColon | Place::BeforeValue, _) if is_blank => {
                self.place
            }
            (Place::BeforeBrace, b'{') => Place::BeforeName,
            (Place::BeforeName, b'"') => Place::InName,
            (Place::InName, b'"') if self.name == INPUT => Place::BeforeColon,
            (Place::InName, byte) if byte.is_ascii_alphanumeric() => {
                self.name.push(char::from(byte));
                Place::InName
            }
            (Place::BeforeColon, b':') => Place::BeforeValue,
            (Place::BeforeValue, b'"') => Place::InValue,
            (Place::InValue, b'"') => {
                input.push_str(&std::mem::take(&mut self.pending));
                Place::BehindValue
            }
            (Place::InValue, b'\\') => Place::InEscape(None),
            (Place::InValue, _) => self.token(written, input),
            (Place::InEscape(digits), byte) => self.escape(digits, byte, input),
            (Place::BehindValue, _) => Place::BehindValue,
            _ => Place::Other,
        };
    }

    /// A character behind a backslash.
    fn escape(&mut self, digits: Option<u8>, byte: u8, input: &mut String) -> Place {
        let character = char::from(byte);
        match digits {
            None if byte == b'u' => {
                self.pending.push_str("\\u");
                Place::InEscape(Some(4))
            }
            None if b"\"\\/bfnrt".contains(&byte) => self.token(&format!("\\{character}"), input),
            Some(left) if byte.is_ascii_hexdigit() => {
                self.pending.push(character);
                match left {
                    1 => {
                        let whole = self.pending.split_off(self.pending.len() - 6);
                        self.token(&whole, input)
                    }
                    left => Place::InEscape(Some(left - 1)),
                }
            }
            // No escape of JSON: the backslash stands for itself.
            _ if byte.is_ascii_graphic() => self.token(&format!("\\\\{character}"), input),
            _ => self.token("\\\\", input),
        }
    }

    /// A whole character. The first half of a surrogate pair waits for the second.
    fn token(&mut self, token: &str, input: &mut String) -> Place {
        input.push_str(&std::mem::take(&mut self.pending));
        if is_first_half(token) {
            token.clone_into(&mut self.pending);
        } else {
            input.push_str(token);
        }
        Place::InValue
    }
}

/// True for an escape from `\ud800` to `\udbff`.
fn is_first_half(token: &str) -> bool {
    let digits = token.strip_prefix("\\u").unwrap_or_default().as_bytes();
    matches!(digits, [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The input of arguments, given as they are, cut into pieces of `size` units.
    fn read(arguments: &str, size: usize) -> String {
        let escaped = serde_json::to_string(arguments).unwrap();
        let escaped = EscapedText::from_escaped(&escaped[1..escaped.len() - 1]);
        let ends: Vec<usize> = escaped.units().map(|unit| unit.end).collect();
        let mut input = CustomInput::default();
        let mut text = String::new();
        let mut from = 0;
        for end in ends.chunks(size).filter_map(|chunk| chunk.last()) {
            let piece = input.read(EscapedText::from_escaped(&escaped.escaped()[from..*end]));
            let _: String = serde_json::from_str(&format!("\"{piece}\"")).expect("each piece is text");
            text.push_str(&piece);
            from = *end;
        }
        text.push_str(&input.rest(escaped.escaped()).unwrap_or_default());
        serde_json::from_str(&format!("\"{text}\"")).unwrap()
    }

    #[test]
    fn ra5_rs5_the_input_is_unescaped_however_it_is_cut() {
        let text = "*** Begin\n\t\"quoted\" \\ back, grün 😀\u{7}";
        let escaped_beyond_ascii = r#"{ "input" : "*** Begin\n\t\"quoted\" \\ back, gr\u00fcn \ud83d\ude00\u0007" }"#;
        let plain = serde_json::json!({"input": text}).to_string();
        for arguments in [plain.as_str(), escaped_beyond_ascii] {
            for size in [1, 2, 3, 7, 1000] {
                assert_eq!(read(arguments, size), text, "{size}");
            }
        }
    }

    #[test]
    fn ra5_another_form_is_the_one_string_in_it_or_its_text() {
        for (arguments, input) in [
            (r#"{"patch":"a\nb"}"#, "a\nb"),
            (r#"{"n":1,"input":"a"}"#, "a"),
            (r#"{"n":1,"patch":"a"}"#, "a"),
            (r#"{"a":"x","b":"y"}"#, r#"{"a":"x","b":"y"}"#),
            (r#"{"input":{"a":1}}"#, r#"{"input":{"a":1}}"#),
            ("just text", "just text"),
            (r#"{"input":"","x":1}"#, ""),
        ] {
            assert_eq!(read(arguments, 2), input, "{arguments}");
        }
    }
}
