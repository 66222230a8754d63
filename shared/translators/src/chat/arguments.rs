//! The arguments of a tool call while they arrive: one JSON object, whatever stands around it (B3).

use crate::json::{EscapedText, Unit};

const HOLLOW: &str = "{}";

/// Argument text in order, how far its JSON has come, and how much of it was sent.
#[derive(Debug, Default)]
pub struct Arguments {
    shape: Shape,
    /// Open braces and brackets.
    depth: u32,
    string: Quoting,
    /// The object, or all of a text that is none. Escaped.
    text: String,
    sent: usize,
    /// `{}` stood in front. It stands again if what follows it does not become an object (B3.1).
    gives_way: bool,
    /// Something else than white space stood behind the object, and was dropped.
    has_junk: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shape {
    /// Nothing but white space so far.
    #[default]
    Blank,
    /// A brace; what follows it tells if this can be JSON.
    Brace,
    /// An object that is not closed yet.
    Object,
    /// `{}`, which gives way to an object that follows (B3.1).
    Hollow,
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
    /// Takes a piece. What comes back may be sent at once, the rest is kept for [`take`](Self::take).
    pub fn push<'a>(&mut self, piece: EscapedText<'a>, live: bool) -> Option<EscapedText<'a>> {
        let live = live && self.shape == Shape::Object && !self.gives_way && self.sent == self.text.len();
        let piece = self.scan(piece);
        self.text.push_str(piece.escaped());
        if live && !piece.is_empty() {
            self.sent = self.text.len();
            return Some(piece);
        }
        None
    }

    /// What can be sent now: nothing before it is clear that an object comes (I6), and that `{}` is all of it.
    pub fn take(&mut self) -> Option<&str> {
        match self.shape {
            Shape::Object if !self.gives_way => self.unsent(),
            Shape::Complete => self.unsent(),
            _ => None,
        }
    }

    /// What is sent when no more comes. Text that is no object is wrapped into one, as in whole answers (B3.3).
    pub fn take_last(&mut self) -> Option<String> {
        self.fall_back();
        if self.shape == Shape::Other {
            let text = self.text.trim_start();
            let nothing = text.trim() == "null";
            return (!nothing).then(|| format!("{{\\\"raw_arguments\\\":\\\"{}\\\"}}", escape_again(text)));
        }
        if self.shape == Shape::Blank {
            return None;
        }
        self.unsent().map(str::to_owned)
    }

    /// The same as it came, also of text that is no object; nothing at all is an empty object (R9).
    pub fn take_rest(&mut self) -> Option<String> {
        self.fall_back();
        let is_void = match self.shape {
            Shape::Blank => true,
            Shape::Other => self.text.trim() == "null",
            Shape::Brace | Shape::Object | Shape::Hollow | Shape::Complete => false,
        };
        if is_void {
            return Some(HOLLOW.to_owned());
        }
        self.unsent().map(str::to_owned)
    }

    pub fn is_empty(&self) -> bool {
        self.shape == Shape::Blank && self.text.is_empty()
    }

    /// True if an object was begun and not ended (B3.2).
    pub fn is_cut(&self) -> bool {
        matches!(self.shape, Shape::Object | Shape::Brace) && !self.gives_way
    }

    pub fn is_complete(&self) -> bool {
        matches!(self.shape, Shape::Complete | Shape::Hollow)
    }

    /// True if something was dropped behind the object.
    pub fn has_junk(&self) -> bool {
        self.has_junk
    }

    /// All of the text, escaped.
    pub fn escaped(&self) -> &str {
        if self.is_hollow_again() {
            return HOLLOW;
        }
        self.text.trim_ascii()
    }

    /// True if what stands behind `{}` is no object so far.
    fn is_hollow_again(&self) -> bool {
        self.gives_way && matches!(self.shape, Shape::Brace | Shape::Object | Shape::Other)
    }

    /// To the `{}` that nothing took the place of.
    fn fall_back(&mut self) {
        if self.is_hollow_again() {
            HOLLOW.clone_into(&mut self.text);
            self.shape = Shape::Hollow;
        }
    }

    fn unsent(&mut self) -> Option<&str> {
        let from = std::mem::replace(&mut self.sent, self.text.len());
        self.text.get(from..).filter(|text| !text.is_empty())
    }

    /// The part of a piece that belongs to the arguments.
    fn scan<'a>(&mut self, piece: EscapedText<'a>) -> EscapedText<'a> {
        let (mut start, mut end, mut last) = (0, piece.escaped().len(), 0);
        if self.shape == Shape::Other {
            return piece;
        }
        for unit in piece.units() {
            let before = self.shape;
            self.step(unit);
            if before == Shape::Hollow && self.shape == Shape::Brace {
                self.text.clear();
                self.gives_way = true;
                start = last;
            } else if self.shape == Shape::Blank {
                start = unit.end;
            } else if self.shape == Shape::Complete && matches!(before, Shape::Complete | Shape::Hollow) {
                end = end.min(last);
            }
            last = unit.end;
        }
        let (kept, _) = piece.split_at(end.max(start));
        kept.split_at(start).1
    }

    fn step(&mut self, Unit { byte, .. }: Unit) {
        let is_blank = byte.is_ascii_whitespace();
        match self.shape {
            Shape::Blank | Shape::Hollow if byte == b'{' => {
                self.shape = Shape::Brace;
                self.depth = 1;
            }
            Shape::Blank if !is_blank => self.shape = Shape::Other,
            Shape::Brace if byte == b'}' => {
                self.shape = Shape::Hollow;
                self.depth = 0;
            }
            Shape::Brace if byte == b'"' => {
                self.shape = Shape::Object;
                self.string = Quoting::Inside;
            }
            Shape::Brace if !is_blank => self.shape = Shape::Other,
            Shape::Object => self.step_in_object(byte),
            Shape::Hollow | Shape::Complete if !is_blank => {
                self.shape = Shape::Complete;
                self.has_junk = true;
            }
            Shape::Blank | Shape::Brace | Shape::Hollow | Shape::Complete | Shape::Other => {}
        }
    }

    fn step_in_object(&mut self, byte: u8) {
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
pub(crate) fn escape_again(escaped: &str) -> String {
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

    /// All that is sent if the arguments arrive in two pieces, cut anywhere.
    fn sent(text: &str) -> Option<String> {
        let whole = of(&[text]).take_last();
        for unit in EscapedText::from_escaped(text).units() {
            let (head, tail) = text.split_at(unit.end);
            let mut arguments = Arguments::default();
            let mut sent = String::new();
            for piece in [head, tail] {
                let live = arguments.push(EscapedText::from_escaped(piece), true);
                sent.extend(live.map(EscapedText::escaped));
                sent.extend(arguments.take());
            }
            sent.extend(arguments.take_last());
            assert_eq!(sent, whole.clone().unwrap_or_default(), "{head} | {tail}");
        }
        whole
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
        assert_eq!(of(&[" ", "{"]).take(), None);
        assert_eq!(of(&[" ", "{", r#"\"a"#]).take(), Some(r#"{\"a"#));
    }

    #[test]
    fn b3_1_what_stands_behind_an_object_is_dropped() {
        let object = r#"{\"a\":1}"#;
        for junk in ["", r"\n", r"\n</tool_call>", "}", object, "{}"] {
            assert_eq!(sent(&format!("{object}{junk}")).as_deref(), Some(object), "{junk}");
        }
        assert!(of(&[object, "x"]).has_junk() && !of(&[object, r"\n"]).has_junk());
    }

    #[test]
    fn b3_1_an_empty_object_gives_way_to_a_real_one() {
        let object = r#"{\"a\":1}"#;
        for (text, expected) in [
            (format!("{{}}{object}"), object),
            (format!("{{ }}\\n{object}x"), object),
            (format!("{{}}{{}}{object}"), object),
            ("{}".to_owned(), "{}"),
            ("{}x".to_owned(), "{}"),
            (r#"{}{\"a\":"#.to_owned(), "{}"),
            ("{}{x".to_owned(), "{}"),
        ] {
            assert_eq!(sent(&text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn b3_2_an_object_without_its_end_is_cut() {
        assert!(of(&["{"]).is_cut() && of(&[r#"{\"a\":{}"#]).is_cut());
        assert!(!of(&["{}"]).is_cut() && !of(&[""]).is_cut() && !of(&["{'a'"]).is_cut());
    }

    #[test]
    fn b3_3_what_is_no_object_is_wrapped_whole() {
        let wrapped = |text: &str| Some(format!("{{\\\"raw_arguments\\\":\\\"{text}\\\"}}"));
        assert_eq!(sent("{'p': 'a'}"), wrapped("{'p': 'a'}"));
        assert_eq!(sent(r#"[1,\"x\\n\"]"#), wrapped(r#"[1,\\\"x\\\\n\\\"]"#));
        assert_eq!(sent("null"), None);
        assert_eq!(sent(" "), None);
        assert_eq!(of(&[]).take_last(), None);
    }
}
