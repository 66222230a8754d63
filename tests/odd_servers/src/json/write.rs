//! Writing, in the styles of servers: with or without blanks, as UTF-8 or in ASCII with escapes.

use std::fmt::Write;

use super::Json;

/// `ascii` escapes all that is not ASCII, `spaces` puts blanks behind `,` and `:`: both are Python's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub ascii: bool,
    pub spaces: bool,
}

impl Json {
    pub fn write(&self, style: Style) -> String {
        let mut out = String::new();
        self.write_to(&mut out, style);
        out
    }

    fn write_to(&self, out: &mut String, style: Style) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(digits) => out.push_str(digits),
            Self::String(text) => write_string(text, out, style),
            Self::Array(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    separate(place, out, style);
                    item.write_to(out, style);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (place, (name, value)) in members.iter().enumerate() {
                    separate(place, out, style);
                    write_string(name, out, style);
                    out.push_str(if style.spaces { ": " } else { ":" });
                    value.write_to(out, style);
                }
                out.push('}');
            }
        }
    }
}

fn separate(place: usize, out: &mut String, style: Style) {
    if place > 0 {
        out.push_str(if style.spaces { ", " } else { "," });
    }
}

fn write_string(text: &str, out: &mut String, style: Style) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // The place of bytes that are no UTF-8, which are put in when all is written.
            '\u{fffd}' => out.push(character),
            _ if character < ' ' || style.ascii && !character.is_ascii() => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}
