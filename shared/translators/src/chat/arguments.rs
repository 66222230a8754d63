//! The arguments of a tool call while they arrive.

use std::mem;

use crate::json::{EscapedText, Unit};

/// Argument text in order: the part that is not sent yet, and the state of the JSON.
#[derive(Debug, Default)]
pub struct Arguments {
    shape: Shape,
    /// Open braces and brackets.
    depth: u32,
    string: Quoting,
    unsent: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shape {
    /// Nothing but white space so far.
    #[default]
    Blank,
    /// An object that is not closed yet.
    Object,
    Complete,
    /// Something that is no object.
    Other,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Quoting {
    #[default]
    Outside,
    Inside,
    AfterBackslash,
}

impl Arguments {
    /// Takes a piece. The returned text may be sent at once, all other is kept for [`take`](Self::take).
    pub fn push<'a>(&mut self, piece: EscapedText<'a>, live: bool) -> Option<EscapedText<'a>> {
        for unit in piece.units() {
            self.scan(unit);
        }
        if live && self.unsent.is_empty() && self.is_object() {
            return Some(piece);
        }
        self.unsent.push_str(piece.escaped());
        None
    }

    /// The text that can be sent now: none before it is clear that an object comes (I6).
    pub fn take(&mut self) -> Option<String> {
        (self.is_object() && !self.unsent.is_empty()).then(|| mem::take(&mut self.unsent))
    }

    /// The text to be sent when no more comes. Text that is no object is wrapped into one, as in whole responses.
    pub fn take_last(&mut self) -> Option<String> {
        if self.is_object() {
            return self.take();
        }
        let text = mem::take(&mut self.unsent);
        let nothing = self.shape == Shape::Blank || text.trim() == "null";
        (!nothing).then(|| format!("{{\\\"raw_arguments\\\":\\\"{}\\\"}}", escape_again(&text)))
    }

    pub fn is_empty(&self) -> bool {
        self.shape == Shape::Blank && self.unsent.is_empty()
    }

    /// True if there is text that is no whole object.
    pub fn is_cut(&self) -> bool {
        matches!(self.shape, Shape::Object | Shape::Other)
    }

    pub fn is_complete(&self) -> bool {
        self.shape == Shape::Complete
    }

    fn is_object(&self) -> bool {
        matches!(self.shape, Shape::Object | Shape::Complete)
    }

    fn scan(&mut self, unit: Unit) {
        match self.shape {
            Shape::Blank if unit.byte == b'{' => {
                self.shape = Shape::Object;
                self.depth = 1;
            }
            Shape::Blank if !unit.byte.is_ascii_whitespace() => self.shape = Shape::Other,
            Shape::Object => self.scan_object(unit.byte),
            Shape::Blank | Shape::Complete | Shape::Other => {}
        }
    }

    fn scan_object(&mut self, byte: u8) {
        match (self.string, byte) {
            (Quoting::Outside, b'"') | (Quoting::AfterBackslash, _) => {
                self.string = Quoting::Inside;
            }
            (Quoting::Inside, b'"') => self.string = Quoting::Outside,
            (Quoting::Inside, b'\\') => self.string = Quoting::AfterBackslash,
            (Quoting::Outside, b'{' | b'[') => self.depth += 1,
            (Quoting::Outside, b'}' | b']') => self.depth -= 1,
            _ => {}
        }
        if self.depth == 0 {
            self.shape = Shape::Complete;
        }
    }
}

/// Escapes text that is escaped already: it stands in a string inside of a string.
fn escape_again(escaped: &str) -> String {
    escaped.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&str]) -> Arguments {
        let mut arguments = Arguments::default();
        for piece in pieces {
            arguments.push(EscapedText::from_escaped(piece), false);
        }
        arguments
    }

    #[test]
    fn s5_5_an_object_is_complete_at_its_last_brace() {
        for text in [
            "{}",
            r#" {\"a\":[{\"b\":\"}{\"}]}"#,
            r#"{\"a\":\"\\\"}\"}"#,
            r#"{\"a\":\"\\\\\"}"#,
        ] {
            let units: Vec<usize> = EscapedText::from_escaped(text).units().map(|unit| unit.end).collect();
            let complete: Vec<bool> = units.iter().map(|end| of(&[&text[..*end]]).is_complete()).collect();
            let (last, others) = complete.split_last().unwrap();
            assert!(*last && !others.contains(&true), "{text}: {complete:?}");
        }
    }

    #[test]
    fn i6_nothing_is_sent_before_an_object_begins() {
        assert_eq!(of(&[" ", "nu"]).take(), None);
        assert_eq!(of(&[" ", "{", r#"\"a"#]).take().as_deref(), Some(r#" {\"a"#));
    }

    #[test]
    fn s4_1_what_is_no_object_is_wrapped() {
        assert_eq!(
            of(&["[1,", r#"\"x\\n\"]"#]).take_last().as_deref(),
            Some(r#"{\"raw_arguments\":\"[1,\\\"x\\\\n\\\"]\"}"#)
        );
        assert_eq!(of(&["null"]).take_last(), None);
        assert_eq!(of(&[" "]).take_last(), None);
        assert_eq!(of(&[]).take_last(), None);
    }
}
